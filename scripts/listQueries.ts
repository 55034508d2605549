/**
 * All published queries, for the lists. Anyone admitted may publish any bytes: a query that cannot be read is a row that
 * says so, never the end of the list.
 */
import { type Query, chainTime, queryCatalogue } from "#chain";
import { isCoded } from "#errors";
import { decodeBounds, decodeDescriptor } from "#messages";
import type { Connection } from "./connection.ts";
import { mapBounded } from "./mapBounded.ts";
import { type Standing, standingOf } from "./query.ts";
import { readAll } from "./study.ts";

export interface ListedQuery {
  readonly queryHash: string;
  readonly query: Query;
  readonly state: Standing;
  /** Null when the publication cannot be read. */
  readonly sql: string | null;
  /** The code of what is wrong with it. */
  readonly unreadable: string | undefined;
}

/** Each publication is looked for in all the chain's logs; a public node refuses many such scans at once. */
const SCANS_AT_ONCE = 4;

/** @param wanted asked before the publication is looked for; @throws CodedError CHAIN_UNREACHABLE */
export async function listQueries(
  connection: Connection,
  wanted: (query: Query, state: Standing) => boolean,
): Promise<ListedQuery[]> {
  const catalogue = queryCatalogue(connection.deployment, connection.provider);
  const hashes = await readAll(catalogue.count(), (offset, limit) => catalogue.queries(offset, limit));
  const time = await chainTime(connection.provider);
  const rows = await mapBounded(hashes, SCANS_AT_ONCE, async (queryHash) => {
    const query = await catalogue.query(queryHash);
    const state = standingOf(query, time);
    return wanted(query, state) ? { queryHash, query, state, ...(await readTexts(connection, queryHash)) } : undefined;
  });
  return rows.filter((row) => row !== undefined);
}

/** What a row shows instead of a text that cannot be read. */
export function sqlOrUnreadable({ sql, unreadable }: Pick<ListedQuery, "sql" | "unreadable">): string {
  return unreadable === undefined ? (sql ?? "") : `(unreadable: ${unreadable})`;
}

/** For a cell of a table. One with a comment to the end of a line stays as it is: joined, it would read otherwise. */
export function sqlLine(sql: string): string {
  return sql.includes("--") ? sql : sql.trim().replace(/\s*\n\s*/g, " ");
}

async function readTexts(
  { deployment, provider }: Connection,
  queryHash: string,
): Promise<Pick<ListedQuery, "sql" | "unreadable">> {
  const catalogue = queryCatalogue(deployment, provider);
  try {
    const { sql, bounds } = await catalogue.publication(provider, queryHash);
    decodeBounds(bounds);
    decodeDescriptor(await catalogue.descriptor(queryHash));
    return { sql, unreadable: undefined };
  } catch (error) {
    // A node that is away says nothing about the query. Anything else, whatever it is, is this query's own.
    if (isCoded(error, "CHAIN_UNREACHABLE")) throw error;
    return { sql: null, unreadable: isCoded(error) ? error.code : "QUERY_UNREADABLE" };
  }
}
