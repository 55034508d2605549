/** What an owner signs a committee by, word for word as `contracts/study/CommitteeChanges.sol`. */
import { AbiCoder, keccak256 } from "ethers";

export interface HashedCommittee {
  readonly epoch: bigint;
  readonly threshold: number;
  readonly demonstration: boolean;
  readonly workers: readonly string[];
}

const COMMITTEE = "tuple(uint64 epoch, uint8 threshold, bool demonstration, address[] workers)";

/** keccak256(abi.encode(Committee)). */
export function committeeHash({ epoch, threshold, demonstration, workers }: HashedCommittee): string {
  const words = [epoch, threshold, demonstration, [...workers]];
  return keccak256(AbiCoder.defaultAbiCoder().encode([COMMITTEE], [words]));
}
