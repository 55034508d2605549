/** Committees: which workers hold a study's shares (`contracts/study/ICommitteeRegistry.sol`). */
import type { ContractRunner } from "ethers";
import type { ICommitteeRegistry } from "../../types/study/ICommitteeRegistry.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface Committee {
  readonly epoch: bigint;
  /** Shamir degree t. */
  readonly threshold: number;
  /** True: too small for production; every answer says so. */
  readonly demonstration: boolean;
  /** workers[j - 1] is Shamir point j: a member's name, which is not the key it signs with once that was rotated. */
  readonly workers: readonly string[];
}

export interface CommitteeRegistry {
  readonly address: string;
  appoint(studyId: string, workers: readonly string[], threshold: number): GovernedCall;
  /** Who shall follow the committee of a study that has data. */
  propose(studyId: string, workers: readonly string[], threshold: number): GovernedCall;
  withdrawProposal(studyId: string, reason: string): GovernedCall;
  /** Of a committee that was followed, once nothing can be asked of it any more. */
  releaseDeposits(studyId: string, epoch: bigint): Promise<Mined>;
  /** Also one that is proposed. */
  committee(studyId: string, epoch: bigint): Promise<Committee>;
  /** 0 before the first appointment. */
  currentEpoch(studyId: string): Promise<bigint>;
  /** 0 for none. */
  proposedEpoch(studyId: string): Promise<bigint>;
  /** The last block in which a committee that was followed may answer; 0 unless its deposits are still bound. */
  boundUntil(studyId: string, epoch: bigint): Promise<bigint>;
  quorum(studyId: string, epoch: bigint): Promise<number>;
  signer(studyId: string, epoch: bigint, index: number): Promise<{ worker: string; key: string; active: boolean }>;
  /** keys[j - 1] signs for point j now. */
  keys(studyId: string, epoch: bigint): Promise<string[]>;
}

const NAME = "CommitteeRegistry";

/** min(n − t, 2t + 1): the number of signatures an answer needs; all honest workers, but no more than compute. */
export function quorumOf(n: number, t: number): number {
  return Math.min(n - t, 2 * t + 1);
}

export function committeeRegistry(deployment: Deployment, runner: ContractRunner): CommitteeRegistry {
  const contract = openContract<ICommitteeRegistry>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    appoint: (studyId, workers, threshold) => {
      const data = contract.interface.encodeFunctionData("appoint", [studyId, [...workers], threshold]);
      return governedCall(deployment, NAME, "appoint", data);
    },
    propose: (studyId, workers, threshold) => {
      const data = contract.interface.encodeFunctionData("propose", [studyId, [...workers], threshold]);
      return governedCall(deployment, NAME, "propose", data);
    },
    withdrawProposal: (studyId, reason) => {
      const data = contract.interface.encodeFunctionData("withdrawProposal", [studyId, reason]);
      return governedCall(deployment, NAME, "withdrawProposal", data);
    },
    releaseDeposits: (studyId, epoch) =>
      mine(deployment, `${NAME}.releaseDeposits`, contract.releaseDeposits(studyId, epoch)),
    async committee(studyId, epoch) {
      const found = await read(deployment, `${NAME}.committee`, contract.committee(studyId, epoch));
      return {
        epoch: found.epoch,
        threshold: Number(found.threshold),
        demonstration: found.demonstration,
        workers: [...found.workers],
      };
    },
    currentEpoch: (studyId) => read(deployment, `${NAME}.currentEpoch`, contract.currentEpoch(studyId)),
    proposedEpoch: (studyId) => read(deployment, `${NAME}.proposedEpoch`, contract.proposedEpoch(studyId)),
    boundUntil: (studyId, epoch) => read(deployment, `${NAME}.boundUntil`, contract.boundUntil(studyId, epoch)),
    quorum: async (studyId, epoch) => Number(await read(deployment, `${NAME}.quorum`, contract.quorum(studyId, epoch))),
    async signer(studyId, epoch, index) {
      const found = await read(deployment, `${NAME}.signer`, contract.getFunction("signer")(studyId, epoch, index));
      return { worker: found.worker, key: found.key, active: found.active };
    },
    keys: async (studyId, epoch) => [
      ...(await read(deployment, `${NAME}.keys`, contract.getFunction("keys")(studyId, epoch))),
    ],
  };
}
