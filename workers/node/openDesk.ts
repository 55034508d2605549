/** Connects the request desk to this worker's chain, store and mesh. */
import { committeeChanges } from "../chain/committeeChanges.ts";
import { datasetRegistry } from "../chain/datasetRegistry.ts";
import { type QuerySmartContract, querySmartContract } from "../chain/querySmartContract.ts";
import { equivocationToJson } from "../messages/equivocation.ts";
import type { Frame } from "../messages/frame.ts";
import type { Store } from "../store/openStore.ts";
import type { Mesh } from "../transport/mesh.ts";
import type { Timers } from "../transport/timers.ts";
import type { RequestRecords } from "./requestModules.ts";
import type { AttemptCounts } from "./attemptCounts.ts";
import type { ColumnCache } from "./columnCache.ts";
import type { IndicatorCache } from "./indicatorCache.ts";
import type { Committees, StandingSeat } from "./committees.ts";
import { computeRequest } from "./computeRequest.ts";
import { ConfirmationDesk } from "./confirmationDesk.ts";
import { writeDisputeFile } from "./disputeFile.ts";
import { ErasureDesk } from "./erasureDesk.ts";
import { type KeyPublishing, keyPublishing } from "./keyPublishing.ts";
import { type Log, errorFields } from "./log.ts";
import type { oneAfterAnother } from "./posting.ts";
import { RequestDesk } from "./requestDesk.ts";
import { verdictFromJson, verdictToJson } from "./storedVerdict.ts";
import type { WorkerChain } from "./workerChain.ts";
import type { WorkerModules } from "./workerModules.ts";

/** Each rank waits this part of an attempt's time for the one before to post. */
const TAKEOVER_PARTS = 3;

/** One transaction of this worker's account after another. */
export type InTurn = ReturnType<typeof oneAfterAnother>;

export interface DeskParts {
  readonly modules: WorkerModules;
  readonly chain: WorkerChain;
  readonly store: Store;
  readonly committees: Committees;
  readonly mesh: Mesh;
  readonly timers: Timers;
  readonly counts: AttemptCounts;
}

/** What queries keep between attempts, and what sends their transactions. */
export interface QueryParts {
  readonly columns: ColumnCache;
  readonly indicators: IndicatorCache;
  readonly inTurn: InTurn;
}

export function openDesk(parts: DeskParts & QueryParts): RequestDesk {
  const { modules, chain, store, columns, indicators, inTurn, committees, mesh, timers, counts } = parts;
  const { configuration, wallet, log, monotonic } = modules;
  const { deployment } = chain;
  const { attemptTimeoutMs } = configuration;
  const contractOf = contractsOf(parts);
  return new RequestDesk(
    {
      chainId: deployment.chainId,
      deployment,
      committees,
      store,
      timers,
      now: monotonic,
      log,
      signer: wallet,
      records: recordsIn(store, configuration.dataDir),
      counts,
      inTurn,
      isConnected: (address) => mesh.isConnected(address),
      send: (address, frame) => sendAndForget(mesh, log, address, frame),
      compute: computeRequest({ modules, chain, store, columns, indicators, mesh }),
      keysOf: ({ event: { context } }) => committees.keys(context.studyId, context.committeeEpoch),
      isKeyOf: async (worker, account) =>
        (await chain.workers.everMemberOf(account))?.toLowerCase() === worker.toLowerCase(),
      stateOf: async ({ contract, event }) => (await contractOf(contract).requestOf(event.requestId)).state,
      answer: ({ contract, event }, verdict, signatures) => contractOf(contract).answer(event, verdict, signatures),
      expire: ({ contract, event }) => contractOf(contract).expire(event),
    },
    { attemptTimeoutMs, takeoverMs: Math.ceil(attemptTimeoutMs / TAKEOVER_PARTS) },
  );
}

/** Sends the keys of sealed answers when they are due. */
export function openKeyPublishing(
  parts: Pick<DeskParts, "modules" | "chain" | "store"> & { inTurn: InTurn },
): KeyPublishing {
  const { modules, store, inTurn } = parts;
  const { log, monotonic } = modules;
  const contractOf = contractsOf(parts);
  return keyPublishing({
    store,
    log,
    now: monotonic,
    inTurn,
    publish: (contract, ended, copies) => contractOf(contract).publishKeyCopies(ended, copies),
  });
}

/** Confirms that this worker can take over in a proposed committee. @param seats this worker's, as they stand now */
export function openConfirmationDesk(
  parts: Pick<DeskParts, "modules" | "chain" | "store"> & { inTurn: InTurn; seats: () => readonly StandingSeat[] },
): ConfirmationDesk {
  const { modules, chain, store, inTurn, seats } = parts;
  const { log, monotonic, wallet } = modules;
  const { deployment, rpc, datasets } = chain;
  const changes = committeeChanges(deployment, wallet.connect(rpc));
  return new ConfirmationDesk({ store, log, now: monotonic, inTurn, datasets, changes, seats });
}

/** Erases shares that are over, and posts the receipts. @param self this worker's name */
export function openErasureDesk(
  parts: Pick<DeskParts, "modules" | "chain" | "store" | "counts"> & { inTurn: InTurn; self: () => string },
): ErasureDesk {
  const { modules, chain, store, inTurn, counts, self } = parts;
  const { log, monotonic, wallet } = modules;
  const { deployment, rpc } = chain;
  const datasets = datasetRegistry(deployment, wallet.connect(rpc));
  const { chainId } = deployment;
  return new ErasureDesk({ store, log, now: monotonic, inTurn, counts, chainId, self, signer: wallet, datasets });
}

function contractsOf({
  modules,
  chain,
}: Pick<DeskParts, "modules" | "chain">): (address: string) => QuerySmartContract {
  const signer = modules.wallet.connect(chain.rpc);
  return (address) => querySmartContract(chain.deployment, address, signer);
}

function recordsIn({ requests, equivocations }: Store, dataDir: string): RequestRecords {
  return {
    lastAttempt: (requestId) => requests.get(requestId)?.lastAttempt ?? 0n,
    takeAttempt: (requestId, attempt) => requests.takeAttempt(requestId, attempt),
    recordSigned: (requestId, verdict, { statement, resultHash }) =>
      requests.recordSigned(requestId, { attempt: verdict.attempt, statement, resultHash }, verdictToJson(verdict)),
    signedVerdict: (requestId) => {
      const text = requests.signedVerdict(requestId);
      return text === undefined ? undefined : verdictFromJson(text);
    },
    keepEquivocation(evidence) {
      equivocations.keep(evidence.context.requestId, evidence.index, equivocationToJson(evidence));
    },
    keepDispute: (requestId, signed) => writeDisputeFile(dataDir, requestId, signed),
  };
}

export function sendAndForget(mesh: Mesh, log: Log, address: string, frame: Frame): void {
  mesh.send(address.toLowerCase(), frame).catch((error: unknown) => {
    log("debug", "frame-not-sent", { peer: address, ...errorFields(error) });
  });
}
