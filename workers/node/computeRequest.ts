/** Connects a plan and a run to this worker's chain, store and mesh. */
import { isCoded } from "../errors.ts";
import type { Store } from "../store/openStore.ts";
import type { Mesh } from "../transport/mesh.ts";
import { openAttemptNetwork } from "./attemptNetwork.ts";
import type { ColumnCache } from "./columnCache.ts";
import { ConsentMasks } from "./consentMasks.ts";
import { DisclosureHistory } from "./disclosureHistory.ts";
import type { IndicatorCache } from "./indicatorCache.ts";
import { errorFields } from "./log.ts";
import { type PlanModules, planQuery } from "./queryPlan.ts";
import { type RunModules, runQuery } from "./queryRun.ts";
import type { ActiveRequestModules } from "./requestModules.ts";
import { RequestedSegments } from "./requestedSegments.ts";
import { VettedQueries } from "./vettedQueries.ts";
import { waitUnlessAborted } from "./waiting.ts";
import type { WorkerChain } from "./workerChain.ts";
import type { WorkerModules } from "./workerModules.ts";

export interface ComputationParts {
  readonly modules: Pick<WorkerModules, "randomBytes" | "field" | "log">;
  readonly chain: WorkerChain;
  readonly store: Store;
  readonly columns: ColumnCache;
  readonly indicators: IndicatorCache;
  readonly mesh: Mesh;
}

export function computeRequest(parts: ComputationParts): ActiveRequestModules["compute"] {
  const { modules, chain, store, columns, indicators, mesh } = parts;
  const { deployment, rpc, emergencyStop, catalogue, studies, datasets } = chain;
  const queries = new VettedQueries({ rpc, catalogue, studies });
  const requestedSegments = new RequestedSegments(datasets, store.segmentFacts);
  const consent = new ConsentMasks({ log: chain.consents, rpc, studies, firstBlock: deployment.block });
  const plan: PlanModules = {
    rpc,
    deployment,
    emergencyStop,
    catalogue,
    studies,
    queries,
    requestedSegments,
    consent,
    storedSegments: (datasetId) => store.shares.segments(datasetId),
    inputCheck: (datasetId, epoch, version) => store.inputChecks.ofVersion(datasetId, epoch, version),
    retiredIn: (datasetId) => store.retirements.get(datasetId)?.block,
  };
  const run: Omit<RunModules, "openNetwork" | "pause"> = {
    field: modules.field,
    chainId: deployment.chainId,
    randomBytes: modules.randomBytes,
    plan: (confirmed) => planQuery(confirmed, plan),
    columns,
    indicators,
    keyCopies: store.keyCopies,
    history: new DisclosureHistory({ store, queries, requestedSegments, consent }),
    refused: ({ event }, error) => {
      const what = isCoded(error, "PLAN_UNTOLD_SETS") ? "request-of-untold-sets" : "request-over-unusable-dataset";
      modules.log("warn", what, { requestId: event.requestId, ...errorFields(error) });
    },
  };
  return (request, proposal, signal, timeoutMs) =>
    runQuery(request, proposal, signal, {
      ...run,
      pause: async () => {
        await waitUnlessAborted(mesh.timers, 0, signal);
        signal.throwIfAborted();
      },
      openNetwork: ({ event, self }, attempt, members, ended) => {
        const { requestId: session, context } = event;
        const place = { session, epoch: context.committeeEpoch, attempt, self, members };
        return openAttemptNetwork(mesh, place, timeoutMs, ended);
      },
    });
}
