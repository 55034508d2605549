/**
 * What a request comes down to: a circuit, and which stored segments it runs over. Made from public facts only, each
 * checked by this worker itself: whoever controls another worker, the delegate or the querier cannot make it compute
 * anything but the vetted query, with parameters in bounds, over exactly the data that the request fixed.
 *
 *  0. The consortium has not stopped requests and answers.
 *  1. The catalogue names this contract for the query, nobody had revoked or superseded it before the request, and its
 *     vettings had not lapsed then. (A query that had lapsed and was prolonged since is told by the contract only, which took
 *     no request in between.)
 *  2. queryHash recomputes from schema, descriptor, SQL, bounds, manifest and agreement.
 *  3. The parameters hash to the context's and lie in the vetted bounds.
 *  4. The policy is the study's, read and hashed, with a k of the release class that an owner may have raised; the query uses
 *     only fields that it permits, and cuts them only where it does, whatever the catalogue took; a sealed answer has recipients
 *     that can be encrypted to.
 *  5. Every dataset root recomputes from the first v segments, for some v, that some committee was given; of each of them the very file that
 *     its activation names for this worker (and sharesRoot binds) is stored, of this committee and number of rows, and
 *     was checked: its columns are well-formed (`activeCheck.ts`). None of them was retired since.
 *  6. The consent mask is the one that the chain's own log gives at the request's block; what it takes out, no vector of the
 *     computation has (`consentMasks.ts`).
 */
import { keccak256 } from "ethers";
import type { Deployment } from "../chain/deployment.ts";
import type { DatasetSegment } from "../chain/datasetRegistry.ts";
import type { EmergencyStop } from "../chain/emergencyStop.ts";
import { allLogs } from "../chain/logs.ts";
import { type JsonRpc, blockTime } from "../chain/provider.ts";
import { type Query, type QueryCatalogue, QueryState } from "../chain/queryCatalogue.ts";
import type { QueryRequested } from "../chain/queryEvents.ts";
import { type Policy, type StudyRegistry, policyHash } from "../chain/studyRegistry.ts";
import type { SegmentRef } from "../disclosure/historySets.ts";
import { LEAST_K, LEAST_SEALED_K, MOST_K } from "../disclosure/preparedRequest.ts";
import type { Circuit } from "../messages/circuit.ts";
import type { Descriptor } from "../messages/descriptor.ts";
import { NO_FIELD_RULES } from "../messages/fieldRules.ts";
import { ReleaseClass, ZERO_HASH } from "../messages/statement.ts";
import { recipientsFault, recipientsHash } from "../messages/sealedAnswer.ts";
import { type Forbidden, forbiddenUse } from "../query/permittedFields.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { StoredInputCheck } from "../store/inputCheckStore.ts";
import type { SegmentStatus } from "../store/segmentRows.ts";
import { type CodedError, isCoded } from "../errors.ts";
import type { ConsentMasks } from "./consentMasks.ts";
import type { ConfirmedRequest } from "./requestModules.ts";
import type { RequestedSegments } from "./requestedSegments.ts";
import { nodeError } from "./nodeError.ts";
import { requestCircuit } from "./requestCircuit.ts";
import { type VettedQueries, type VettedQuery, readParameters } from "./vettedQueries.ts";

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
  | {
      readonly empty: false;
      readonly circuit: Circuit;
      readonly datasets: readonly PlannedDataset[];
      /** What the gate is planned from. */
      readonly descriptor: Descriptor;
      readonly parameters: readonly bigint[];
      readonly schema: StudySchema;
      /** In the order of the rows: of each dataset in turn, versions 1..version. */
      readonly segments: readonly SegmentRef[];
      /** Smallest set that may be disclosed, to the readers of the release class. */
      readonly k: number;
      /** Where that is a k of SEALED answers alone: the one of PUBLIC answers, which holds together with others. */
      readonly jointK?: number;
      /** Of PUBLIC answers, without the owners' terms: which earlier answers had a lower one. */
      readonly studyK: number;
      /** 0: none. */
      readonly historyCap: number;
    };

export interface PlanModules {
  readonly rpc: JsonRpc;
  readonly deployment: Deployment;
  readonly emergencyStop: Pick<EmergencyStop, "isStopped">;
  readonly catalogue: QueryCatalogue;
  readonly studies: StudyRegistry;
  readonly queries: VettedQueries;
  readonly requestedSegments: RequestedSegments;
  readonly consent: Pick<ConsentMasks, "apply">;
  /** Every version of a dataset that this worker has, or should have, in whichever committee. */
  storedSegments(datasetId: string): readonly SegmentStatus[];
  /** Undefined for a version that was not seen here to be given this committee. */
  inputCheck(datasetId: string, epoch: bigint, version: bigint): Pick<StoredInputCheck, "state" | "reason"> | undefined;
  /** Block in which the dataset was retired; undefined while it is not, as far as this worker has followed. */
  retiredIn(datasetId: string): number | undefined;
}

function refuse(event: QueryRequested, reason: string): never {
  const { requestId } = event;
  throw nodeError({ code: "PLAN_REFUSED", requestId, reason }, `Request ${requestId} is not computed: ${reason}`);
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
  const query = await vettedQuery(request, modules);
  await checkPermitted(event, query, policy, modules);
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

/** Check 4, the part that needs no chain. */
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

function checkRelease(event: QueryRequested): void {
  const { context, recipients } = event;
  if (context.releaseClass === ReleaseClass.PUBLIC) {
    if (recipients.length > 0 || context.recipientsHash !== ZERO_HASH)
      refuse(event, "a PUBLIC answer has no recipients");
    return;
  }
  const fault = recipientsFault(recipients);
  if (fault !== undefined) refuse(event, `the recipients of the sealed answer are not usable: ${fault}`);
  if (recipientsHash(recipients) !== context.recipientsHash) refuse(event, "the recipients are not the context's");
}

/** Of check 4, that the k is the policy's or stricter. */
function readK(event: QueryRequested, policy: Policy): Pick<QueryPlan & { empty: false }, "k" | "jointK"> {
  const { k, context } = event;
  const isOwnK = context.releaseClass === ReleaseClass.SEALED && policy.sealedK !== 0;
  const least = isOwnK ? policy.sealedK : policy.k;
  const raised = isOwnK ? { ...policy, k: Math.max(policy.k, k), sealedK: k } : { ...policy, k };
  // An owner may be stricter than the study, never more generous; the hash binds the event's word.
  if (k < least || k > MOST_K || policyHash(raised) !== context.policyHash) {
    refuse(event, "the policy is not the study's");
  }
  if (!isOwnK) return { k: Math.max(k, LEAST_K) };
  return { k: Math.max(k, LEAST_SEALED_K), jointK: Math.max(raised.k, LEAST_K) };
}

/** Of check 4, that the query is one the catalogue had to take. */
async function checkPermitted(
  event: QueryRequested,
  { descriptor, bounds, schema }: VettedQuery,
  policy: Policy,
  { studies }: PlanModules,
): Promise<void> {
  const { closedSite, fieldRulesHash } = policy;
  const isUnruled = fieldRulesHash === ZERO_HASH;
  const fieldRules = isUnruled ? NO_FIELD_RULES : await studies.fieldRules(event.context.studyId, policy);
  const forbidden = forbiddenUse(descriptor, bounds, { closedSite, fieldRules });
  if (forbidden === undefined) return;
  const name = schema.fields[forbidden.field]?.name ?? `field ${forbidden.field}`;
  refuse(event, `the policy does not let a query ${FORBIDDEN[forbidden.kind]} ${name}`);
}

const FORBIDDEN: Readonly<Record<Forbidden["kind"], string>> = {
  site: "use, as the site,",
  use: "use so",
  cut: "cut so finely",
  bind: "cut so",
};

/** Checks 1 and 2. */
async function vettedQuery(request: ConfirmedRequest, modules: PlanModules): Promise<VettedQuery> {
  const { event, contract } = request;
  const { context } = event;
  const query = await modules.catalogue.query(context.queryHash);
  if (query.queryContract.toLowerCase() !== contract.toLowerCase())
    refuse(event, "the catalogue names another contract");
  if (query.studyId !== context.studyId) refuse(event, "the query is another study's");
  await checkStood(event, query, modules);
  const vetted = await modules.queries.read(context.queryHash, context.studyId);
  return vetted ?? refuse(event, "the query's parts do not hash to what was vetted");
}

/** Of check 1, whether the query took requests then. Its activeUntil only grows: what is past today was past then. */
async function checkStood(event: QueryRequested, query: Query, modules: PlanModules): Promise<void> {
  const { state, activeUntil } = query;
  if (state === QueryState.REVOKED || state === QueryState.SUPERSEDED) await checkEndedAfter(event, modules);
  else if (state !== QueryState.ACTIVE) refuse(event, "the query is not vetted");
  const requestTime = await blockTime(modules.rpc, event.context.requestBlock);
  if (requestTime > activeUntil) refuse(event, "the query's vettings had lapsed");
}

/** A request made while the query was active is served; within one block the contract itself decided the order. */
async function checkEndedAfter(event: QueryRequested, { rpc, deployment, catalogue }: PlanModules): Promise<void> {
  const abi = deployment.abi("QueryCatalogue");
  const ends = ["QueryRevoked", "QuerySuperseded"].map((name) => abi.getEvent(name)!.topicHash);
  const filter = { addresses: [catalogue.address], topics: [ends, event.context.queryHash] };
  const before = await allLogs(rpc, filter, deployment.block, Number(event.context.requestBlock) - 1);
  if (before.length > 0) refuse(event, "the query had been revoked or superseded");
}

/** Check 3. */
function boundParameters(event: QueryRequested, query: VettedQuery): bigint[] {
  try {
    return readParameters(event.parameters, query);
  } catch (error) {
    refuse(event, `the parameters are not the vetted ones (${isCoded(error) ? error.code : "malformed"})`);
  }
}

/**
 * Check 5.
 *
 * @param isEmpty nobody is selected, whatever the rows are: no shares are needed. A dataset that is retired before all workers have
 *   said so does not make some of them say something else
 */
async function plannedSegments(event: QueryRequested, modules: PlanModules, isEmpty: boolean): Promise<SegmentRef[]> {
  const planned: SegmentRef[] = [];
  for (const [i, datasetId] of event.datasetIds.entries()) {
    const segments = await modules.requestedSegments.ofRoot(datasetId, event.context.datasetRoots[i]!);
    if (segments === undefined) refuse(event, `the root of dataset ${datasetId} is none of its versions'`);
    if (!isEmpty) checkThere(datasetId, modules);
    const stored = modules.storedSegments(datasetId);
    for (const [position, segment] of segments.entries()) {
      const version = BigInt(position + 1);
      if (!isEmpty) checkStored(event, datasetId, version, segment, stored);
      if (!isEmpty) checkWellFormed(event, datasetId, version, modules);
      planned.push({ datasetId, version, rowCount: segment.rowCount });
    }
  }
  return planned;
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

/** Its shares are, or will be, gone. */
function checkThere(datasetId: string, { retiredIn }: PlanModules): void {
  const block = retiredIn(datasetId);
  if (block === undefined) return;
  const message = `Dataset ${datasetId} was retired in block ${block}: nothing is computed over it`;
  throw nodeError({ code: "PLAN_DATASET_RETIRED", datasetId, block }, message);
}

/** What the chain gave the committee is what is stored: `active` means that the file is the one the chain names. */
function checkStored(
  { context }: QueryRequested,
  datasetId: string,
  version: bigint,
  { rowCount }: DatasetSegment,
  stored: readonly SegmentStatus[],
): void {
  const missing = (reason: string): never => {
    const detail = { code: "PLAN_MISSING_SHARES", datasetId, version: String(version), reason } as const;
    throw nodeError(detail, `Dataset ${datasetId}, version ${version}: ${reason}`);
  };
  const known = stored.filter((segment) => segment.version === version && segment.state !== "pending");
  const segment = known.find(({ epoch }) => epoch === context.committeeEpoch);
  if (segment === undefined) {
    return missing(
      known.length > 0 ? "the stored shares are another epoch's" : "its activation has not been seen here",
    );
  }
  if (segment.state === "missing") return missing("no shares are stored here");
  if (segment.rowCount === undefined || BigInt(segment.rowCount) !== rowCount) {
    return missing("the stored shares have another number of rows");
  }
}

/** Nothing is computed over columns that an owner may have dealt as it liked. */
function checkWellFormed(
  { context }: QueryRequested,
  datasetId: string,
  version: bigint,
  { inputCheck }: PlanModules,
): void {
  const check = inputCheck(datasetId, context.committeeEpoch, version);
  if (check?.state === "checked") return;
  const place = { datasetId, version: String(version) };
  if (check?.state === "rejected") {
    const reason = check.reason ?? "unknown";
    const message = `Dataset ${datasetId}, version ${version}, was rejected: ${reason}`;
    throw nodeError({ code: "PLAN_DATASET_REJECTED", ...place, reason }, message);
  }
  throw nodeError(
    { code: "PLAN_BEING_CHECKED", ...place },
    `Dataset ${datasetId}, version ${version}, is being checked`,
  );
}
