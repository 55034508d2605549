/** What the gate asks of one query today: the study's k, how many answers it is compared with, and what that costs. */
import { ZeroAddress } from "ethers";
import { type Query, allLogs, datasetRegistry, latestBlock, parseQueryEvent, queryCatalogue } from "#chain";
import { isCoded } from "#errors";
import { gateCost } from "#query";
import type { Connection } from "./connection.ts";
import { mapBounded } from "./mapBounded.ts";
import { type OpenQuery, openDescriptor } from "./query.ts";
import { readAll } from "./study.ts";

export interface GateQuote {
  /** Requests of the study that were answered, whoever asked. */
  readonly earlierAnswers: number;
  /** If each of them disclosed as many sets as this query would, over all of the study's datasets. */
  readonly gateTests: number;
  readonly gateProducts: number;
  readonly gateRounds: number;
}

/** Each is one call of the node; a public one refuses many at once. */
const CALLS_AT_ONCE = 4;

/** The study's k (and that of sealed answers, where it has one), and the quote of a query that can be read: anyone may publish one that cannot. */
export async function quoteGate(
  connection: Connection,
  open: OpenQuery,
): Promise<Partial<GateQuote> & { k: number; sealedK?: number }> {
  const { k, sealedK } = open.study.policy;
  const ks = sealedK === 0 ? { k } : { k, sealedK };
  try {
    return { ...ks, ...(await quote(connection, open)) };
  } catch (error) {
    if (isCoded(error) && /^(DESCRIPTOR|CIRCUIT)_/.test(error.code)) return ks;
    throw error;
  }
}

async function quote(connection: Connection, { queryHash, query, study }: OpenQuery): Promise<GateQuote> {
  const { deployment, provider } = connection;
  const descriptor = await openDescriptor(connection, queryHash);
  const owners = await datasetRegistry(deployment, provider).count(query.studyId);
  const earlierAnswers = await countAnswers(connection, query.studyId);
  const { k } = study.policy;
  const { setsPerAnswer } = gateCost(descriptor, study.schema, { k, owners, earlier: 0 });
  const cost = gateCost(descriptor, study.schema, { k, owners, earlier: earlierAnswers * setsPerAnswer });
  return { earlierAnswers, gateTests: cost.tests, gateProducts: cost.products, gateRounds: cost.rounds };
}

/** Of all queries of the study: the data are what counts. O(queries) calls and one reading of their logs. */
async function countAnswers(connection: Connection, studyId: string): Promise<number> {
  const { deployment, provider } = connection;
  const addresses = (await queriesOf(connection, studyId)).map(({ queryContract }) => queryContract);
  const asked = addresses.filter((address) => address !== ZeroAddress);
  if (asked.length === 0) return 0;
  const logs = await allLogs(provider, { addresses: asked }, deployment.block, await latestBlock(provider));
  return logs.filter((log) => parseQueryEvent(deployment, log)?.name === "QueryAnswered").length;
}

async function queriesOf({ deployment, provider }: Connection, studyId: string): Promise<Query[]> {
  const catalogue = queryCatalogue(deployment, provider);
  const hashes = await readAll(catalogue.count(), (offset, limit) => catalogue.queries(offset, limit));
  const queries = await mapBounded(hashes, CALLS_AT_ONCE, (hash) => catalogue.query(hash));
  return queries.filter((query) => query.studyId === studyId);
}
