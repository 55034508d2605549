/** Connects a plan and a run to this worker's chain, store and mesh. */
import type { Store } from "../store/openStore.ts";
import type { Mesh } from "../transport/mesh.ts";
import { openSession } from "../transport/session.ts";
import type { ActiveRequestModules, ConfirmedRequest } from "./requestModules.ts";
import type { ColumnCache } from "./columnCache.ts";
import { DisclosureHistory } from "./disclosureHistory.ts";
import type { IndicatorCache } from "./indicatorCache.ts";
import { type PlanModules, planQuery } from "./queryPlan.ts";
import { type AttemptNetwork, type RunModules, runQuery } from "./queryRun.ts";
import { RequestedSegments } from "./requestedSegments.ts";
import { VettedQueries } from "./vettedQueries.ts";
import type { WorkerChain } from "./workerChain.ts";
import type { WorkerModules } from "./workerModules.ts";

export interface ComputationParts {
  readonly modules: Pick<WorkerModules, "randomBytes" | "field">;
  readonly chain: WorkerChain;
  readonly store: Store;
  readonly columns: ColumnCache;
  readonly indicators: IndicatorCache;
  readonly mesh: Mesh;
}

export function computeRequest(parts: ComputationParts): ActiveRequestModules["compute"] {
  const { modules, chain, store, columns, indicators, mesh } = parts;
  const { deployment, rpc, catalogue, studies, datasets } = chain;
  const queries = new VettedQueries({ rpc, catalogue, studies });
  const requestedSegments = new RequestedSegments(datasets);
  const plan: PlanModules = {
    rpc,
    deployment,
    catalogue,
    studies,
    queries,
    requestedSegments,
    storedSegments: (datasetId) => store.shares.segments(datasetId),
  };
  const run: Omit<RunModules, "openNetwork"> = {
    field: modules.field,
    chainId: deployment.chainId,
    randomBytes: modules.randomBytes,
    plan: (confirmed) => planQuery(confirmed, plan),
    columns,
    indicators,
    history: new DisclosureHistory({ store, queries, requestedSegments }),
  };
  return (request, proposal, signal, timeoutMs) =>
    runQuery(request, proposal, signal, {
      ...run,
      openNetwork: (of, attempt, members, ended) =>
        openAttemptNetwork(mesh, of, { attempt, members, signal: ended, timeoutMs }),
    });
}

interface AttemptPlace {
  readonly attempt: bigint;
  readonly members: Parameters<RunModules["openNetwork"]>[2];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

function openAttemptNetwork(
  mesh: Mesh,
  { event, self }: ConfirmedRequest,
  { attempt, members, timeoutMs, signal }: AttemptPlace,
): AttemptNetwork {
  return openSession({
    mesh,
    session: event.requestId.toLowerCase(),
    epoch: event.context.committeeEpoch,
    attempt,
    self,
    members: new Map([...members].map(([party, address]) => [party, address.toLowerCase()])),
    timeoutMs,
    signal,
  });
}
