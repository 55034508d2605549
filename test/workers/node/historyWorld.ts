/** Workers that know of some requests of one study, on a chain that answers what it is asked or is away. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { ZeroAddress, id, keccak256 } from "ethers";
import { WHOLE_BLOCK } from "../../../workers/chain/follower.ts";
import { CodedError } from "../../../workers/errors.ts";
import { datasetRoot } from "../../../workers/messages/datasetRoot.ts";
import { encodeParameters } from "../../../workers/messages/descriptor.ts";
import { ReleaseClass, type RequestContext, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { requestToJson } from "../../../workers/node/chainEffects.ts";
import { ConsentMasks } from "../../../workers/node/consentMasks.ts";
import { DisclosureHistory } from "../../../workers/node/disclosureHistory.ts";
import { RequestedSegments } from "../../../workers/node/requestedSegments.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { VettedQueries } from "../../../workers/node/vettedQueries.ts";
import type { History } from "../../../workers/protocols/agreeHistory.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { queryHash } from "../../../workers/query/queryHash.ts";
import { type PartyIndex, partiesOf } from "../../../workers/sharing/parties.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { DEMO_SQL, trialSchema, trialSchemaText } from "../query/trialSchema.ts";
import { storeFolder } from "../store/storeFixture.ts";

const CONTRACT = "0x00000000000000000000000000000000000000c1";
const AGREEMENT = "I shall not try to identify anyone.";
export const STUDY = id("study");
export const DATASETS = [id("dataset 1"), id("dataset 2")].sort();
export const SEGMENTS = [3n, 5n].map((rowCount, i) => ({
  rowCount,
  columnsRoot: id(`c${i}`),
  sharesRoot: id(`s${i}`),
}));
export const PARAMETERS = [40n, 59n, 0n];
export const STUDY_K = 11;
/** Block of a request, when not said otherwise. */
export const BLOCK = 50;

export const compiled = await compileQuery(DEMO_SQL, trialSchema);
const QUERY_HASH = queryHash(
  trialSchema.hash,
  compiled.descriptorBytes,
  compiled.sql,
  compiled.boundsBytes,
  compiled.manifest,
  AGREEMENT,
);

export interface Worker {
  readonly store: Store;
  readonly history: DisclosureHistory;
  /** What was asked of the chain. */
  readonly asked: string[];
  /** Set, and the chain does not answer. */
  away: boolean;
}

export function workerWith(store: Store): Worker {
  const asked: string[] = [];
  const worker = { store, asked, away: false };
  const answer = <Value>(call: string, value: Value): Promise<Value> => {
    asked.push(call);
    const away = (): CodedError => new CodedError({ code: "CHAIN_UNREACHABLE", method: call }, "away");
    return worker.away ? Promise.reject(away()) : Promise.resolve(value);
  };
  const { descriptorBytes, sql, boundsBytes, manifest } = compiled;
  const queries = new VettedQueries({
    rpc: { send: () => assert.fail("nothing else is asked") },
    catalogue: {
      descriptor: () => answer("descriptor", descriptorBytes),
      publication: () => answer("publication", { sql, bounds: boundsBytes, manifest, agreement: AGREEMENT }),
    },
    studies: { schemaText: () => answer("schemaText", trialSchemaText) },
  });
  const requestedSegments = new RequestedSegments(
    { segments: () => answer("segments", [...SEGMENTS]) },
    store.segmentFacts,
  );
  const consent = new ConsentMasks({
    log: { changes: () => answer("consent", []) },
    rpc: { send: () => assert.fail("nothing else is asked") },
    studies: { policy: () => assert.fail("nothing restricts") },
    firstBlock: 1,
  });
  return Object.assign(worker, { history: new DisclosureHistory({ store, queries, requestedSegments, consent }) });
}

export function workerIn(test: TestContext, parent?: string): Worker {
  return workerWith(storeFolder(test, parent).open());
}

interface Change {
  readonly recipients?: readonly string[];
  readonly k?: number;
  readonly block?: number;
  readonly parameters?: string;
  readonly version?: number;
  readonly context?: Partial<RequestContext>;
}

/** Confirmed at these workers, and followed to its block. */
export function request(workers: readonly Worker[], name: string, change: Change = {}): ConfirmedRequest {
  const {
    recipients = [],
    k = 11,
    block = BLOCK,
    parameters = encodeParameters(PARAMETERS),
    version = 2,
    context = {},
  } = change;
  const requestId = id(name);
  const event: ConfirmedRequest["event"] = {
    requestId,
    querier: ZeroAddress,
    parameters,
    datasetIds: DATASETS,
    deadlineBlock: 100n,
    recipients,
    k,
    context: {
      studyId: STUDY,
      requestId,
      queryHash: QUERY_HASH,
      parametersHash: keccak256(parameters),
      policyHash: id("policy"),
      datasetRoots: DATASETS.map((dataset) => datasetRoot(dataset, BigInt(version), SEGMENTS.slice(0, version))),
      committeeEpoch: 1n,
      requestBlock: BigInt(block),
      consentMaskRoot: ZERO_HASH,
      releaseClass: ReleaseClass.PUBLIC,
      recipientsHash: ZERO_HASH,
      ...context,
    },
  };
  for (const { store } of workers) {
    store.requests.insert({ requestId, queryContract: CONTRACT, block, event: requestToJson(event) });
    store.requests.takeAttempt(requestId, 1n);
    follow(store, block);
  }
  const committee = { epoch: 1n, threshold: 1, demonstration: true, workers: [] };
  return { event, contract: CONTRACT, committee, self: 1 as PartyIndex };
}

export function follow(store: Store, block: number, logIndex = WHOLE_BLOCK): void {
  store.cursors.write("chain", { block, blockHash: id(`block ${block}`), logIndex });
}

export function agreed(requests: readonly ConfirmedRequest[], block = BLOCK): History {
  return {
    requestIds: requests.map(({ event }) => event.requestId).sort(),
    block,
    followed: block,
  };
}

export function answered({ store }: Worker, { event }: ConfirmedRequest, block: number): void {
  const shown = { suppressedBitmap: "0x0201", zeroOutputs: [0, 1, 3, 8], block };
  store.disclosures.recordAnswered({ requestId: event.requestId, studyId: event.context.studyId, ...shown });
}

/** Of each worker, in their order, what it takes for the history of the request. */
export function agreeAll(
  workers: readonly Worker[],
  about: ConfirmedRequest,
): Promise<PromiseSettledResult<History>[]> {
  const networks = loopbackNetworks(partiesOf(workers.length), { timeoutMs: 500 });
  return Promise.allSettled(workers.map(({ history }, position) => history.agree(about, networks[position]!)));
}
