/**
 * The hash of a query binds the schema and its own texts, not the study: the same texts are one query, of the study in which they
 * were published first. The catalogue would refuse them anywhere else, and gas would be spent: they are not sent at all.
 */
import { queryCatalogue, studyRegistry } from "#chain";
import { CodedError, isCoded } from "#errors";
import type { Connection } from "../connection.ts";
import type { QuerierErrorDetail } from "./activeQuery.ts";

/** @throws CodedError QUERY_ALREADY_PUBLISHED, with the study that has the query and what to change */
export async function refusePublished(connection: Connection, queryHash: string, studyId: string): Promise<void> {
  const published = await publishedIn(connection, queryHash);
  if (published === undefined) return;
  throw new CodedError<QuerierErrorDetail>(
    { code: "QUERY_ALREADY_PUBLISHED", queryHash, studyId: published },
    `query ${queryHash} ${await whereAndWhat(connection, published, studyId)}; nothing was sent`,
  );
}

/** Undefined for a query that the catalogue does not have. */
async function publishedIn({ deployment, provider }: Connection, queryHash: string): Promise<string | undefined> {
  try {
    return (await queryCatalogue(deployment, provider).query(queryHash)).studyId;
  } catch (error) {
    if (isCoded(error, "CHAIN_REVERTED")) return undefined;
    throw error;
  }
}

async function whereAndWhat({ deployment, provider }: Connection, published: string, studyId: string): Promise<string> {
  if (published === studyId) return "is published in this study already: `opaline querier show --query …`";
  const { name } = await studyRegistry(deployment, provider).study(published);
  const other = `is published already in another study of the same schema, ${JSON.stringify(name)} (${published})`;
  return `${other}: give another --agreement, which may name this study, or a column of the answer another AS name`;
}
