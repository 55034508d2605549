/** How a study that has data gets another committee (`contracts/study/ICommitteeChanges.sol`). */
import type { ContractRunner } from "ethers";
import type { ICommitteeChanges } from "../../types/study/ICommitteeChanges.ts";
import type { CommitteeApproval } from "../messages/typedData.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface CommitteeChanges {
  readonly address: string;
  approve(given: CommitteeApproval, signature: string): Promise<Mined>;
  isApproved(studyId: string, newEpoch: bigint, owner: string): Promise<boolean>;
  nonces(owner: string): Promise<bigint>;
}

const NAME = "CommitteeChanges";

export function committeeChanges(deployment: Deployment, runner: ContractRunner): CommitteeChanges {
  const contract = openContract<ICommitteeChanges>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    approve: (given, signature) => mine(deployment, `${NAME}.approve`, contract.approve({ ...given }, signature)),
    isApproved: (studyId, newEpoch, owner) =>
      read(deployment, `${NAME}.isApproved`, contract.isApproved(studyId, newEpoch, owner)),
    nonces: (owner) => read(deployment, `${NAME}.nonces`, contract.nonces(owner)),
  };
}
