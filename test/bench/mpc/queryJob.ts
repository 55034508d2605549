/**
 * One vetted query at one worker, from its descriptor to the signature on its statement: the real plan's circuit, the
 * real `runQuery` over the mesh, the column cache and the share store. Only the chain is missing: what the registries would
 * say of request and data is in the options.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { id, keccak256 } from "ethers";
import { decodeDescriptor } from "../../../workers/messages/decodeDescriptor.ts";
import { encodeParameters } from "../../../workers/messages/descriptor.ts";
import { ReleaseClass, statementHash, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { Outcome } from "../../../workers/messages/statement.ts";
import type { Verdict } from "../../../workers/messages/statement.ts";
import { decodeSuppressed } from "../../../workers/messages/suppressedBitmap.ts";
import { ANSWER } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain, signTypedData } from "../../../workers/messages/typedData.ts";
import type { QueryPlan } from "../../../workers/node/queryPlan.ts";
import type { IndicatorCache } from "../../../workers/node/indicatorCache.ts";
import type { RunModules } from "../../../workers/node/queryRun.ts";
import { runQuery } from "../../../workers/node/queryRun.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { agreeHistory } from "../../../workers/protocols/agreeHistory.ts";
import { buildCircuit } from "../../../workers/query/buildCircuit.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { Session } from "../../../workers/transport/session.ts";
import { CHAIN_ID, EPOCH } from "./benchWorker.ts";
import type { BenchWorker } from "./benchWorker.ts";
import { startClock, THRESHOLD, WORKERS } from "./jobs.ts";
import type { Timed } from "./jobs.ts";
import type { StudyQuery } from "./study.ts";

export interface QueryJob {
  /** Makes the request's id: a new one for every run. */
  readonly run: string;
  readonly query: StudyQuery;
  readonly datasetId: string;
  readonly version: bigint;
  /** Rows of versions 1..version. */
  readonly rowCounts: readonly bigint[];
  /** Its answer counts as earlier for those that follow. */
  readonly isEarlier: boolean;
  /** Forget the columns first: they are then decrypted and parsed from the store. */
  readonly cold: boolean;
}

export interface QueryResult extends Timed {
  readonly outcome: Outcome;
  readonly outputs: readonly bigint[];
  readonly signature: string;
}

const CONTRACT = `0x${"c0".repeat(20)}`;
const ATTEMPT = 1n;
/** The default policy's. */
const K = 11;

/**
 * W3, W5 and the sweep. Indicators of earlier queries are kept, as a worker keeps them; the measured query's own is not: each
 * run computes it.
 */
export async function runStudyQuery(worker: BenchWorker, job: QueryJob): Promise<QueryResult> {
  if (job.cold) worker.kept.forget(job.datasetId, EPOCH);
  const request = requestOf(worker, job);
  const plan = planOf(job);
  const { requestId, context } = request.event;
  worker.store.requests.insert({ requestId, queryContract: CONTRACT, block: 1, event: "{}" });
  worker.store.requests.takeAttempt(requestId, ATTEMPT);
  const participants = request.committee.workers.map((_, position) => position + 1) as BenchWorker["self"][];
  const proposal = { requestId: request.event.requestId, attempt: ATTEMPT, participants };
  await meet(worker, job.run);
  let session: Session | undefined;
  const stopClock = startClock();
  const verdict = await runQuery(request, proposal, new AbortController().signal, {
    field: worker.field,
    chainId: CHAIN_ID,
    randomBytes: (length) => randomBytes(length),
    plan: () => Promise.resolve(plan),
    refused: (_, error) => {
      throw error;
    },
    columns: worker.columns,
    keyCopies: worker.store.keyCopies,
    indicators: job.isEarlier ? worker.indicators : borrowing(worker.indicators),
    history: historyOf(worker, context.studyId),
    pause: () => setImmediate(),
    openNetwork: (of, attempt, members, signal) =>
      (session = worker.openSession(of.event.requestId, attempt, members.size, signal)),
  });
  const statement = statementHash({ chainId: CHAIN_ID, contract: CONTRACT, context: request.event.context, verdict });
  const signature = await signTypedData(worker.wallet, opalineDomain(CHAIN_ID, CONTRACT), ANSWER, { statement });
  const times = stopClock();
  const { outcome, outputs } = verdict;
  if (job.isEarlier) remember(worker, plan, verdict);
  return { ...times, ...session!.traffic, outcome, outputs, signature };
}

/** A round of its own, so that no worker is timed while it waits for another process to get going. */
async function meet(worker: BenchWorker, run: string): Promise<void> {
  const network = worker.openSession(id(`meet ${run}`), ATTEMPT, WORKERS);
  const others = network.parties.filter((party) => party !== worker.self);
  const word = new Uint8Array(1);
  await network.exchange("begin", new Map(others.map((party) => [party, word])), new Map(others.map((p) => [p, 1])));
  network.close();
}

type ComputedPlan = QueryPlan & { readonly empty: false };

function planOf({ query, datasetId, version, rowCounts }: QueryJob): ComputedPlan {
  const [schema, descriptor] = [parseSchema(query.schemaText), decodeDescriptor(query.descriptor)];
  const built = buildCircuit(descriptor, [], schema);
  assert(!built.empty, "the benchmark asks for somebody");
  const segments = rowCounts.map((rowCount, index) => ({ datasetId, version: BigInt(index + 1), rowCount }));
  const datasets = [{ datasetId, epoch: EPOCH, version }];
  const limits = { k: K, studyK: K, historyCap: 0 };
  return { empty: false, circuit: built.circuit, datasets, descriptor, parameters: [], schema, segments, ...limits };
}

/** The earlier answers over the same process's data, agreed as in an attempt, and the durable record in the real store. */
function historyOf({ history, store }: BenchWorker, studyId: string): RunModules["history"] {
  const ids = history.map(({ requestId }) => requestId).sort();
  return {
    agree: (_, network) => agreeHistory(network, { requestIds: ids, block: 1 }, 1),
    resolve: () => Promise.resolve([...history]),
    openings: ({ event }, attempt, history) => {
      const opened = { requestId: event.requestId, studyId, attempt, history, overlaps: true };
      const knownWhenPlanned = store.disclosures.checkPlan(opened);
      return {
        aboutToOpen: (opening) => store.disclosures.recordAboutToOpen({ ...opened, knownWhenPlanned, ...opening }),
        refused: () => store.disclosures.closeAttempt(event.requestId, attempt),
      };
    },
    end: () => undefined,
  };
}

/** Gives what was kept, keeps nothing. */
function borrowing(indicators: IndicatorCache): RunModules["indicators"] {
  return {
    tag: (place, name) => indicators.tag(place, name),
    borrow: (attempt, place, name) => indicators.borrow(attempt, place, name),
    keep: () => undefined,
  };
}

function remember({ history }: BenchWorker, plan: ComputedPlan, { outcome, outputs, suppressedBitmap }: Verdict): void {
  if (outcome !== Outcome.ANSWERED) return;
  const hiddenOutputs = decodeSuppressed(suppressedBitmap, outputs);
  const zeroOutputs = new Set(
    outputs.flatMap((value, index) => (value === 0n && !hiddenOutputs.has(index) ? [index] : [])),
  );
  const requestId = id(`earlier ${history.length}`);
  history.push({ ...plan, requestId, opened: { hiddenOutputs, zeroOutputs } });
}

function requestOf(worker: BenchWorker, { run, query, datasetId, version }: QueryJob): ConfirmedRequest {
  const requestId = id(run);
  const parameters = encodeParameters([]);
  const workers = worker.registry.slice(0, WORKERS).map(({ address }) => address);
  return {
    contract: CONTRACT,
    self: worker.self,
    committee: { epoch: EPOCH, threshold: THRESHOLD, demonstration: true, workers },
    event: {
      requestId,
      querier: worker.wallet.address,
      parameters,
      datasetIds: [datasetId],
      deadlineBlock: 1n,
      recipients: [],
      k: K,
      context: {
        studyId: id(`study of ${run}`),
        requestId,
        queryHash: id(query.sql),
        parametersHash: keccak256(parameters),
        policyHash: id("policy"),
        datasetRoots: [id(`${datasetId} ${version}`)],
        committeeEpoch: EPOCH,
        requestBlock: 1n,
        consentMaskRoot: ZERO_HASH,
        releaseClass: ReleaseClass.PUBLIC,
        recipientsHash: ZERO_HASH,
      },
    },
  };
}
