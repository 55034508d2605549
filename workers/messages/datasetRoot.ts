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
 * keccak256(abi.encode(bytes32[] fileHashes)).
 *
 * @param fileHashes keccak256 of each worker's share file; element j is worker j + 1
 */
export function sharesRoot(fileHashes: readonly string[]): string {
  return keccak256(abi.encode(["bytes32[]"], [fileHashes]));
}
