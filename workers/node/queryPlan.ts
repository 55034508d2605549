/**
 * What a request comes down to: a circuit, and which stored segments it runs over. Made from public facts only, each
 * checked by this worker itself: whoever controls another worker, the delegate or the querier cannot make it compute
 * anything but the vetted query, with parameters in bounds, over exactly the data that the request fixed.
 *
 *  0. The consortium has not stopped requests and answers.
 *  1. The catalogue names this contract for the query, nobody had revoked or superseded it before the request, and its
 *     vettings had not lapsed then. (A query that had lapsed and was prolonged since is told by the contract only, which took
 *     no request in between.)
 *  2. queryHash recomputes from schema, descriptor, SQL, bounds, manifest and agreement. Both in `standingQuery.ts`.
 *  3. The parameters hash to the context's and lie in the vetted bounds.
 *  4. The policy is the study's, read and hashed, with a k of the release class that an owner may have raised; the query uses
 *     only fields that it permits, and cuts them only where it does, whatever the catalogue took; a sealed answer has recipients
 *     that can be encrypted to (`requestPolicy.ts`).
 *  5. Every dataset root recomputes from the first v segments, for some v, that some committee was given; of each of them the
 *     very file that its activation names for this worker (and sharesRoot binds) is stored, of this committee and number of
 *     rows, and was checked: its columns are well-formed (`activeCheck.ts`). None of them was retired since
 *     (`plannedSegments.ts`).
 *  6. The consent mask is the one that the chain's own log gives at the request's block; what it takes out, no vector of the
 *     computation has (`consentMasks.ts`).
 */
import { keccak256 } from "ethers";
import type { EmergencyStop } from "../chain/emergencyStop.ts";
import type { QueryRequested } from "../chain/queryEvents.ts";
import type { StudyRegistry } from "../chain/studyRegistry.ts";
import type { SegmentRef } from "../disclosure/historySets.ts";
import { type CodedError, isCoded } from "../errors.ts";
import type { Circuit } from "../messages/circuit.ts";
import type { Descriptor } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { ConsentMasks } from "./consentMasks.ts";
import { nodeError } from "./nodeError.ts";
import { refuse } from "./planRefusal.ts";
import { type PlannedSegmentsModules, plannedSegments } from "./plannedSegments.ts";
import { requestCircuit } from "./requestCircuit.ts";
import type { ConfirmedRequest } from "./requestModules.ts";
import { type LeastSets, checkPermitted, checkRelease, readK } from "./requestPolicy.ts";
import { type StandingQueryModules, standingQuery } from "./standingQuery.ts";
import { type VettedQuery, readParameters } from "./vettedQueries.ts";

/** Versions 1..version of a dataset, all stored here; rows are concatenated in the request's order of datasets. */
export interface PlannedDataset {
  readonly datasetId: string;
  /** The request's: whose shares they are. */
  readonly epoch: bigint;
  readonly version: bigint;
}

export type QueryPlan =
  /** The parameters describe no set at all: refused without MPC. */
  | { readonly empty: true }
  | (LeastSets & {
      readonly empty: false;
      readonly circuit: Circuit;
      readonly datasets: readonly PlannedDataset[];
      /** What the gate is planned from. */
      readonly descriptor: Descriptor;
      readonly parameters: readonly bigint[];
      readonly schema: StudySchema;
      /** In the order of the rows: of each dataset in turn, versions 1..version. */
      readonly segments: readonly SegmentRef[];
      /** Of PUBLIC answers, without the owners' terms: which earlier answers had a lower one. */
      readonly studyK: number;
      /** 0: none. */
      readonly historyCap: number;
    });

export interface PlanModules extends StandingQueryModules, PlannedSegmentsModules {
  readonly emergencyStop: Pick<EmergencyStop, "isStopped">;
  readonly studies: StudyRegistry;
  readonly consent: Pick<ConsentMasks, "apply">;
}

function stopped({ requestId }: QueryRequested): CodedError {
  const why = "the consortium has stopped all requests and answers";
  return nodeError({ code: "PLAN_STOPPED", requestId }, `Request ${requestId} is not computed now: ${why}`);
}

/**
 * What may change is asked of the chain every time: the emergency stop, the policy, whether the query stands. The rest is asked
 * once.
 *
 * @throws CodedError PLAN_STOPPED | PLAN_REFUSED | PLAN_MISSING_SHARES | PLAN_BEING_CHECKED | PLAN_DATASET_REJECTED |
 *   PLAN_DATASET_RETIRED | PLAN_UNTOLD_SETS | CHAIN_*
 */
export async function planQuery(request: ConfirmedRequest, modules: PlanModules): Promise<QueryPlan> {
  const { event } = request;
  if (await modules.emergencyStop.isStopped()) throw stopped(event);
  checkContext(event);
  const policy = await modules.studies.policy(event.context.studyId);
  const ks = readK(event, policy);
  const query = await standingQuery(request, modules);
  await checkPermitted(event, query, policy, modules.studies);
  const parameters = boundParameters(event, query);
  const { descriptor, schema } = query;
  const circuit = requestCircuit(event.requestId, { descriptor, parameters, schema });
  const isEmpty = circuit === undefined;
  const segments = await maskedSegments(event, await plannedSegments(event, modules, isEmpty), modules);
  if (isEmpty) return { empty: true };
  const datasets = newestVersions(event, segments);
  const limits = { ...ks, studyK: policy.k, historyCap: policy.historyCap };
  return { empty: false, circuit, datasets, descriptor, parameters, schema, segments, ...limits };
}

/** Of check 4, the part that needs no chain. */
function checkContext(event: QueryRequested): void {
  const { context, datasetIds, parameters } = event;
  if (context.requestId !== event.requestId) refuse(event, "the context is another request's");
  checkRelease(event);
  if (context.datasetRoots.length !== datasetIds.length) refuse(event, "one root per dataset is needed");
  if (datasetIds.some((id, i) => i > 0 && BigInt(id) <= BigInt(datasetIds[i - 1]!))) {
    refuse(event, "the datasets are not ascending");
  }
  if (keccak256(parameters) !== context.parametersHash) refuse(event, "the parameters are not the context's");
}

/** Check 3. */
function boundParameters(event: QueryRequested, query: VettedQuery): bigint[] {
  try {
    return readParameters(event.parameters, query);
  } catch (error) {
    refuse(event, `the parameters are not the vetted ones (${isCoded(error) ? error.code : "malformed"})`);
  }
}

/** Check 6. */
async function maskedSegments(
  event: QueryRequested,
  segments: readonly SegmentRef[],
  { consent }: PlanModules,
): Promise<SegmentRef[]> {
  return (await consent.apply(event, segments)) ?? refuse(event, "the consent mask is not the chain's");
}

/** The last segment of each dataset is the version that was asked for. */
function newestVersions({ context }: QueryRequested, segments: readonly SegmentRef[]): PlannedDataset[] {
  const epoch = context.committeeEpoch;
  const versions = new Map(segments.map(({ datasetId, version }) => [datasetId, version]));
  return [...versions].map(([datasetId, version]) => ({ datasetId, epoch, version }));
}
