/** Hashes that bind a dataset's committed segments, word for word as `contracts/study/DatasetRegistry.sol`. */
import { AbiCoder, keccak256 } from "ethers";

/** One committed, append-only piece of a dataset (`contracts/types/Dataset.sol`). */
export interface Segment {
  /** Slots in this segment, padding excluded. */
  readonly rowCount: bigint;
  readonly columnsRoot: string;
  readonly sharesRoot: string;
}

const abi = AbiCoder.defaultAbiCoder();

/** keccak256(abi.encode(bytes32 datasetId, uint64 version, Segment[] segments)). */
export function datasetRoot(datasetId: string, version: bigint, segments: readonly Segment[]): string {
  const tuples = segments.map(({ rowCount, columnsRoot, sharesRoot }) => [rowCount, columnsRoot, sharesRoot]);
  return keccak256(
    abi.encode(
      ["bytes32", "uint64", "tuple(uint64 rowCount, bytes32 columnsRoot, bytes32 sharesRoot)[]"],
      [datasetId, version, tuples],
    ),
  );
}

/**
 * Which of a dataset's versions 1, 2, … a root is of: datasets only grow. O(versions²) hashed words at most.
 * @returns the segments up to that version; undefined where it is of none
 */
export function segmentsOfRoot<Known extends Segment>(
  datasetId: string,
  root: string,
  segments: readonly Known[],
): readonly Known[] | undefined {
  for (let count = segments.length; count > 0; count -= 1) {
    const beginning = segments.slice(0, count);
    if (datasetRoot(datasetId, BigInt(count), beginning) === root.toLowerCase()) return beginning;
  }
  return undefined;
}

/**
 * keccak256(abi.encode(bytes32[] fileHashes)).
 *
 * @param fileHashes keccak256 of each worker's share file; element j is worker j + 1
 */
export function sharesRoot(fileHashes: readonly string[]): string {
  return keccak256(abi.encode(["bytes32[]"], [fileHashes]));
}
