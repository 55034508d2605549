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
  /** If they were over all of the study's datasets, and none disclosed sets of another. */
  readonly gateTests: number;
  /** Multiplications, whatever the number of rows. */
  readonly gateProducts: number;
  /** Messages that wait for one another, besides those of the verification. */
  readonly gateRounds: number;
}

/** Each is one call of the node; a public one refuses many at once. */
const CALLS_AT_ONCE = 4;

/**
 * The study's k (and that of sealed answers, where it has one), and the quote of a query that can be read: anyone may publish
 * one that cannot.
 */
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
  const answers = await countAnswers(connection, query.studyId);
  const { k } = study.policy;
  const disclosed = await mapBounded([...answers], CALLS_AT_ONCE, async ([hash, count]) => {
    const earlier = hash === queryHash ? descriptor : await openDescriptor(connection, hash);
    return count * gateCost(earlier, study.schema, { k, owners, earlier: 0 }).setsPerAnswer;
  });
  const cost = gateCost(descriptor, study.schema, { k, owners, earlier: sum(disclosed) });
  const earlierAnswers = sum([...answers.values()]);
  return { earlierAnswers, gateTests: cost.tests, gateProducts: cost.products, gateRounds: cost.rounds };
}

/** By query of the study, of those that were answered: the data are what counts. O(queries) calls and one reading of their logs. */
async function countAnswers(connection: Connection, studyId: string): Promise<ReadonlyMap<string, number>> {
  const { deployment, provider } = connection;
  const queries = (await queriesOf(connection, studyId)).filter(
    ([, { queryContract }]) => queryContract !== ZeroAddress,
  );
  if (queries.length === 0) return new Map();
  const hashes = new Map(queries.map(([hash, { queryContract }]) => [queryContract.toLowerCase(), hash]));
  const addresses = queries.map(([, { queryContract }]) => queryContract);
  const logs = await allLogs(provider, { addresses }, deployment.block, await latestBlock(provider));
  const answers = new Map<string, number>();
  for (const log of logs.filter((each) => parseQueryEvent(deployment, each)?.name === "QueryAnswered")) {
    const hash = hashes.get(log.address.toLowerCase())!;
    answers.set(hash, (answers.get(hash) ?? 0) + 1);
  }
  return answers;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** With their hashes. */
async function queriesOf({ deployment, provider }: Connection, studyId: string): Promise<[string, Query][]> {
  const catalogue = queryCatalogue(deployment, provider);
  const hashes = await readAll(catalogue.count(), (offset, limit) => catalogue.queries(offset, limit));
  const queries = await mapBounded(hashes, CALLS_AT_ONCE, async (hash): Promise<[string, Query]> => {
    return [hash, await catalogue.query(hash)];
  });
  return queries.filter(([, query]) => query.studyId === studyId);
}
