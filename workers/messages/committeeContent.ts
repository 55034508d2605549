/** What a worker of a proposed committee confirms, word for word as `contracts/study/CommitteeChanges.sol`. */
import { AbiCoder, keccak256 } from "ethers";

/** One version's shares among the proposed committee. */
export interface ResharedVersion {
  readonly sharesRoot: string;
  /** keccak256 of the dealing proof. */
  readonly ingestProofHash: string;
}

export interface ResharedDataset {
  readonly datasetId: string;
  /** Versions 1, 2, … */
  readonly versions: readonly ResharedVersion[];
}

const abi = AbiCoder.defaultAbiCoder();

/**
 * The hash of all that a proposed committee would serve over. O(datasets x versions).
 *
 * @param datasets in the registry's order, without those that were retired
 */
export function committeeContent(studyId: string, epoch: bigint, datasets: readonly ResharedDataset[]): string {
  const none = keccak256(abi.encode(["bytes32", "uint64"], [studyId, epoch]));
  return datasets.reduce((content, { datasetId, versions }) => {
    const tuples = versions.map(({ sharesRoot, ingestProofHash }) => [sharesRoot, ingestProofHash]);
    const types = ["bytes32", "bytes32", "tuple(bytes32 sharesRoot, bytes32 ingestProofHash)[]"];
    return keccak256(abi.encode(types, [content, datasetId, tuples]));
  }, none);
}
