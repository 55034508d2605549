/** Check 5 of queryPlan.ts: the segments that a request fixed by its roots, of which the shares are here and usable. */
import type { DatasetSegment } from "../chain/datasetRegistry.ts";
import type { QueryRequested } from "../chain/queryEvents.ts";
import type { SegmentRef } from "../disclosure/historySets.ts";
import type { StoredInputCheck } from "../store/inputCheckStore.ts";
import type { SegmentStatus } from "../store/segmentRows.ts";
import { nodeError } from "./nodeError.ts";
import { refuse } from "./planRefusal.ts";
import type { RequestedSegments } from "./requestedSegments.ts";

export interface PlannedSegmentsModules {
  readonly requestedSegments: RequestedSegments;
  /** Every version of a dataset that this worker has, or should have, in whichever committee. */
  storedSegments(datasetId: string): readonly SegmentStatus[];
  /** Undefined for a version that was not seen here to be given this committee. */
  inputCheck(datasetId: string, epoch: bigint, version: bigint): Pick<StoredInputCheck, "state" | "reason"> | undefined;
  /** Block in which the dataset was retired; undefined while it is not, as far as this worker has followed. */
  retiredIn(datasetId: string): number | undefined;
}

/**
 * @param isEmpty nobody is selected, whatever the rows are: no shares are needed. A dataset that is retired before all workers have
 *   said so does not make some of them say something else
 * @throws CodedError PLAN_REFUSED | PLAN_MISSING_SHARES | PLAN_BEING_CHECKED | PLAN_DATASET_REJECTED | PLAN_DATASET_RETIRED | CHAIN_* |
 *   STORE_*
 */
export async function plannedSegments(
  event: QueryRequested,
  modules: PlannedSegmentsModules,
  isEmpty: boolean,
): Promise<SegmentRef[]> {
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

/** Its shares are, or will be, gone. */
function checkThere(datasetId: string, { retiredIn }: PlannedSegmentsModules): void {
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
  { inputCheck }: PlannedSegmentsModules,
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
