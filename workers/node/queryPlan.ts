/**
 * What a request comes down to: a circuit, and which stored segments it runs over. Made from public facts only, each
 * checked by this worker itself: whoever controls another worker, the delegate or the querier cannot make it compute
 * anything but the vetted query, with parameters in bounds, over exactly the data that the request fixed.
 *
 *  1. The catalogue names this contract for the query, and nobody had revoked it before the request.
 *  2. queryHash recomputes from schema, descriptor, SQL, bounds, manifest and agreement.
 *  3. The parameters hash to the context's and lie in the vetted bounds.
 *  4. Policy, release class and consent mask are the ones this version serves.
 *  5. Every dataset root recomputes from the registry's first v segments for some v; of each of them the very file that
 *     its activation names for this worker (and sharesRoot binds) is stored, of this committee and number of rows, and
 *     was checked: its columns are well-formed (`activeCheck.ts`).
 */
import { keccak256 } from "ethers";
import type { Deployment } from "../chain/deployment.ts";
import type { DatasetRegistry, DatasetSegment } from "../chain/datasetRegistry.ts";
import { allLogs } from "../chain/logs.ts";
import type { JsonRpc } from "../chain/provider.ts";
import { type QueryCatalogue, QueryState } from "../chain/queryCatalogue.ts";
import type { QueryRequested } from "../chain/querySmartContract.ts";
import type { StudyRegistry } from "../chain/studyRegistry.ts";
import type { Circuit } from "../messages/circuit.ts";
import { datasetRoot } from "../messages/datasetRoot.ts";
import { type Descriptor, type ParameterBound } from "../messages/descriptor.ts";
import { decodeBounds, decodeDescriptor, decodeParameters } from "../messages/decodeDescriptor.ts";
import { ReleaseClass, ZERO_HASH } from "../messages/statement.ts";
import { checkParameters } from "../query/bindParameters.ts";
import { buildCircuit } from "../query/buildCircuit.ts";
import { queryHash } from "../query/queryHash.ts";
import { parseSchema } from "../schema/parseSchema.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { StoredInputCheck } from "../store/inputCheckStore.ts";
import type { SegmentStatus } from "../store/shareStore.ts";
import { isCoded } from "../errors.ts";
import type { ConfirmedRequest } from "./requestModules.ts";
import { nodeError } from "./nodeError.ts";

/** Versions 1..version of a dataset, all stored here; rows are concatenated in the request's order of datasets. */
export interface PlannedDataset {
  readonly datasetId: string;
  readonly version: bigint;
}

export type QueryPlan =
  /** The parameters describe no set at all: refused without MPC. */
  | { readonly empty: true }
  | { readonly empty: false; readonly circuit: Circuit; readonly datasets: readonly PlannedDataset[] };

export interface PlanModules {
  readonly rpc: JsonRpc;
  readonly deployment: Deployment;
  readonly catalogue: QueryCatalogue;
  readonly studies: StudyRegistry;
  readonly datasets: DatasetRegistry;
  /** Every version of a dataset that this worker has, or should have. */
  storedSegments(datasetId: string): readonly SegmentStatus[];
  /** Undefined for a version whose activation was not seen here. */
  inputCheck(datasetId: string, version: bigint): Pick<StoredInputCheck, "state" | "reason"> | undefined;
}

interface VettedQuery {
  readonly schema: StudySchema;
  readonly descriptor: Descriptor;
  readonly bounds: readonly ParameterBound[];
}

function refuse(event: QueryRequested, reason: string): never {
  const { requestId } = event;
  throw nodeError({ code: "PLAN_REFUSED", requestId, reason }, `Request ${requestId} is not computed: ${reason}`);
}

/** @throws CodedError PLAN_REFUSED | PLAN_MISSING_SHARES | PLAN_BEING_CHECKED | PLAN_DATASET_REJECTED | CHAIN_* */
export async function planQuery(request: ConfirmedRequest, modules: PlanModules): Promise<QueryPlan> {
  const { event } = request;
  checkContext(event);
  await checkPolicy(event, modules);
  const query = await vettedQuery(request, modules);
  const parameters = readParameters(event, query);
  const circuit = buildCircuit(query.descriptor, parameters, query.schema);
  const datasets = await plannedDatasets(request, modules);
  if (circuit.empty) return { empty: true };
  return { empty: false, circuit: circuit.circuit, datasets };
}

/** Check 4, the part that needs no chain. */
function checkContext(event: QueryRequested): void {
  const { context, datasetIds, parameters } = event;
  if (context.requestId !== event.requestId) refuse(event, "the context is another request's");
  if (context.releaseClass !== ReleaseClass.PUBLIC || context.recipientsHash !== ZERO_HASH) {
    refuse(event, "only PUBLIC results are served");
  }
  if (context.consentMaskRoot !== ZERO_HASH) refuse(event, "consent masks are not served");
  if (context.datasetRoots.length !== datasetIds.length) refuse(event, "one root per dataset is needed");
  if (datasetIds.some((id, i) => i > 0 && BigInt(id) <= BigInt(datasetIds[i - 1]!))) {
    refuse(event, "the datasets are not ascending");
  }
  if (keccak256(parameters) !== context.parametersHash) refuse(event, "the parameters are not the context's");
}

async function checkPolicy(event: QueryRequested, { studies }: PlanModules): Promise<void> {
  const { policyHash } = await studies.study(event.context.studyId);
  if (policyHash !== event.context.policyHash) refuse(event, "the policy is not the study's");
}

/** Checks 1 and 2. */
async function vettedQuery(request: ConfirmedRequest, modules: PlanModules): Promise<VettedQuery> {
  const { event, contract } = request;
  const { catalogue, studies, rpc } = modules;
  const { context } = event;
  const query = await catalogue.query(context.queryHash);
  if (query.queryContract.toLowerCase() !== contract.toLowerCase())
    refuse(event, "the catalogue names another contract");
  if (query.studyId !== context.studyId) refuse(event, "the query is another study's");
  if (query.state === QueryState.REVOKED) await checkRevokedAfter(event, modules);
  else if (query.state !== QueryState.ACTIVE) refuse(event, "the query is not vetted");
  const [descriptor, { sql, bounds, manifest, agreement }, schemaText] = await Promise.all([
    catalogue.descriptor(context.queryHash),
    catalogue.publication(rpc, context.queryHash),
    studies.schemaText(rpc, context.studyId),
  ]);
  const schema = parseSchema(schemaText);
  const recomputed = queryHash(schema.hash, descriptor, sql, bounds, manifest, agreement);
  if (recomputed !== context.queryHash) refuse(event, "the query's parts do not hash to what was vetted");
  return { schema, descriptor: decodeDescriptor(descriptor), bounds: decodeBounds(bounds) };
}

/** A request made while the query was active is served; within one block the contract itself decided the order. */
async function checkRevokedAfter(event: QueryRequested, { rpc, deployment, catalogue }: PlanModules): Promise<void> {
  const topics = deployment
    .abi("QueryCatalogue")
    .encodeFilterTopics("QueryRevoked", [event.context.queryHash]) as string[];
  const filter = { addresses: [catalogue.address], topics };
  const before = await allLogs(rpc, filter, deployment.block, Number(event.context.requestBlock) - 1);
  if (before.length > 0) refuse(event, "the query had been revoked");
}

/** Check 3. */
function readParameters(event: QueryRequested, { bounds }: VettedQuery): bigint[] {
  try {
    const values = decodeParameters(event.parameters);
    checkParameters(bounds, values);
    return values;
  } catch (error) {
    refuse(event, `the parameters are not the vetted ones (${isCoded(error) ? error.code : "malformed"})`);
  }
}

/** Check 5. */
async function plannedDatasets({ event }: ConfirmedRequest, modules: PlanModules): Promise<PlannedDataset[]> {
  const planned: PlannedDataset[] = [];
  for (const [i, datasetId] of event.datasetIds.entries()) {
    const segments = await modules.datasets.segments(datasetId);
    const count = segmentsOfRoot(datasetId, segments, event.context.datasetRoots[i]!);
    if (count === undefined) refuse(event, `the root of dataset ${datasetId} is none of its versions'`);
    const stored = modules.storedSegments(datasetId);
    segments.slice(0, count).forEach((segment, position) => {
      checkStored(event, datasetId, BigInt(position + 1), segment, stored);
      checkWellFormed(datasetId, BigInt(position + 1), modules);
    });
    planned.push({ datasetId, version: BigInt(count) });
  }
  return planned;
}

/** Segments are only ever appended: the version is the number of them whose root it is. */
function segmentsOfRoot(datasetId: string, segments: readonly DatasetSegment[], root: string): number | undefined {
  for (let count = segments.length; count > 0; count--) {
    if (datasetRoot(datasetId, BigInt(count), segments.slice(0, count)) === root) return count;
  }
  return undefined;
}

/** What the chain activated is what is stored: `active` means that the file is the one its activation names. */
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
  const segment = stored.find((known) => known.version === version && known.state !== "pending");
  if (segment === undefined) return missing("its activation has not been seen here");
  if (segment.state === "missing") return missing("no shares are stored here");
  if (segment.rowCount === undefined || BigInt(segment.rowCount) !== rowCount) {
    return missing("the stored shares have another number of rows");
  }
  if (segment.epoch !== context.committeeEpoch) return missing("the stored shares are another epoch's");
}

/** Nothing is computed over columns that an owner may have dealt as it liked. */
function checkWellFormed(datasetId: string, version: bigint, { inputCheck }: PlanModules): void {
  const check = inputCheck(datasetId, version);
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
