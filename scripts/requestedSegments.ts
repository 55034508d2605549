/** Which segments a request fixed by its roots, whichever committee it was asked of. */
import { type DatasetSegment, datasetRegistry, segmentsByCommittee } from "#chain";
import { segmentsOfRoot } from "#messages";
import type { Connection } from "./connection.ts";

/**
 * The segments of versions 1..v of a dataset. The chain's state knows the roots of the committee that serves, its events all.
 *
 * @returns undefined when no version of the dataset had this root
 * @throws CodedError CHAIN_*
 */
export async function requestedSegments(
  { deployment, provider }: Connection,
  datasetId: string,
  root: string,
): Promise<readonly DatasetSegment[] | undefined> {
  const today = await datasetRegistry(deployment, provider).segments(datasetId);
  const found = segmentsOfRoot(datasetId, root, today);
  if (found !== undefined) return found;
  const committees = await segmentsByCommittee(deployment, provider, datasetId);
  return committees.map((segments) => segmentsOfRoot(datasetId, root, segments)).find((each) => each !== undefined);
}
