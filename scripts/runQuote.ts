/** What a query costs today, before it is asked: rows, multiplications, messages, numbers on the chain, budgets and gas. */
import { type DatasetRegistry, committeeRegistry, datasetRegistry } from "#chain";
import { isCoded } from "#errors";
import { queryCost } from "#query";
import type { Connection } from "./connection.ts";
import { mapBounded } from "./mapBounded.ts";
import { openingsBudgetOf } from "./openingsBudget.ts";
import { type OpenQuery, openDescriptor } from "./query.ts";
import { readAll } from "./study.ts";

export interface RunQuote {
  /** Of all of the study's datasets as they are now, padding included. */
  readonly rows: string;
  /** Rows × products: with the gate's (`gateProducts`), what the workers multiply. */
  readonly multiplications: string;
  /** That one worker sends to multiply rows, before the checks of products and the gate; none before the study has a committee. */
  readonly bytesPerWorker: string | undefined;
  readonly rounds: number;
  /** Words of the answer on the chain. */
  readonly openedNumbers: number;
  /** Of those that can be asked, i.e. were not retired. */
  readonly datasets: readonly DatasetBudget[];
  /** Of the transaction that posts the answer, which the worker that posts it pays. */
  readonly answerGasAbout: number;
}

export interface DatasetBudget {
  readonly datasetId: string;
  /** Requests over it so far, of all queriers. */
  readonly openingsUsed: number;
  readonly openingsBudget: number;
}

const CALLS_AT_ONCE = 4;
const ELEMENT_BYTES = 32n;
/** Measured at (4, 1): 104,392 for six numbers (`test/contracts/gas.test.ts`). A number is a word of call data and of an event. */
const ANSWER_GAS = 99_600;
const NUMBER_GAS = 800;

/** Nothing of a query that cannot be read: anyone may publish one. */
export async function quoteRun(connection: Connection, open: OpenQuery): Promise<Partial<RunQuote>> {
  try {
    return await quote(connection, open);
  } catch (error) {
    if (isCoded(error) && /^(DESCRIPTOR|CIRCUIT)_/.test(error.code)) return {};
    throw error;
  }
}

async function quote(connection: Connection, { queryHash, query, study }: OpenQuery): Promise<RunQuote> {
  const { deployment, provider } = connection;
  const cost = queryCost(await openDescriptor(connection, queryHash), study.schema);
  const registry = datasetRegistry(deployment, provider);
  const { studyId } = query;
  const ids = await readAll(registry.count(studyId), (offset, limit) => registry.datasets(studyId, offset, limit));
  const datasets = await mapBounded(ids, CALLS_AT_ONCE, (id) => registry.dataset(id));
  const rows = datasets.reduce((sum, { rowCount }) => sum + rowCount, 0n);
  const multiplications = rows * BigInt(cost.products);
  const threshold = await thresholdOf(connection, studyId);
  return {
    rows: String(rows),
    multiplications: String(multiplications),
    bytesPerWorker: threshold === undefined ? undefined : String(bytesSent(multiplications, threshold)),
    rounds: cost.rounds,
    openedNumbers: cost.openedValues,
    datasets: await budgetsOf(registry, ids, study.policy.openingsBudget),
    answerGasAbout: ANSWER_GAS + NUMBER_GAS * cost.openedValues,
  };
}

async function budgetsOf(
  registry: DatasetRegistry,
  ids: readonly string[],
  studyBudget: number,
): Promise<DatasetBudget[]> {
  const found = await mapBounded(ids, CALLS_AT_ONCE, async (datasetId) => {
    if (await registry.isRetired(datasetId)) return [];
    const { openingsUsed } = await registry.dataset(datasetId);
    const { openingsBudget } = await registry.termsOf(datasetId);
    return [{ datasetId, openingsUsed, openingsBudget: openingsBudgetOf(openingsBudget, studyBudget) }];
  });
  return found.flat();
}

async function thresholdOf({ deployment, provider }: Connection, studyId: string): Promise<number | undefined> {
  const committees = committeeRegistry(deployment, provider);
  const epoch = await committees.currentEpoch(studyId);
  return epoch === 0n ? undefined : (await committees.committee(studyId, epoch)).threshold;
}

/** A reduction of degree sends about 3t elements in 2t + 1 (workers/protocols/evaluateCircuit.ts). */
function bytesSent(multiplications: bigint, t: number): bigint {
  return (multiplications * 3n * BigInt(t) * ELEMENT_BYTES) / BigInt(2 * t + 1);
}
