/** How a study that has data gets another committee (`contracts/study/ICommitteeChanges.sol`). */
import type { ContractRunner } from "ethers";
import type { ICommitteeChanges } from "../../types/study/ICommitteeChanges.ts";
import type { CommitteeApproval } from "../messages/signedStructs.ts";
import { sharesRoot } from "../messages/datasetRoot.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { allLogs, latestBlock } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface CommitteeChanges {
  readonly address: string;
  approve(given: CommitteeApproval, signature: string): Promise<Mined>;
  /** The sender's signed and unused approval can no longer be relayed. */
  cancelNonce(): Promise<Mined>;
  /**
   * @param fileHashes keccak256 of each proposed worker's share file, by Shamir point
   * @param receipts each proposed worker's EIP-712 Receipt, by Shamir point
   * @param ingestProof the dealing proof, 0x-hex (`messages/dealingProof.ts`)
   */
  reshare(
    studyId: string,
    version: bigint,
    fileHashes: readonly string[],
    receipts: readonly string[],
    ingestProof: string,
  ): Promise<Mined>;
  /** @param index the worker's point in the proposed committee @param content what `contentOf` gives */
  confirm(studyId: string, index: number, content: string): Promise<Mined>;
  complete(studyId: string): Promise<Mined>;
  isApproved(studyId: string, newEpoch: bigint, owner: string): Promise<boolean>;
  /** How many versions of a dataset were shared among the committee of this epoch. */
  reshared(datasetId: string, newEpoch: bigint): Promise<bigint>;
  /** Of one version among the committee of this epoch, oldest first: the last one counts, none of the others ever again. */
  resharings(rpc: JsonRpc, datasetId: string, newEpoch: bigint, version: bigint): Promise<KnownResharing[]>;
  /** What the worker at a point has confirmed; zeros for nothing. */
  confirmed(studyId: string, newEpoch: bigint, index: number): Promise<string>;
  /** The hash of all that the proposed committee would serve over. @throws CodedError CHAIN_REVERTED while something is missing */
  contentOf(studyId: string): Promise<{ newEpoch: bigint; content: string }>;
  nonces(owner: string): Promise<bigint>;
}

export interface KnownResharing {
  readonly sharesRoot: string;
  readonly transaction: string;
}

const NAME = "CommitteeChanges";

export function committeeChanges(deployment: Deployment, runner: ContractRunner): CommitteeChanges {
  const contract = openContract<ICommitteeChanges>(deployment, NAME, runner);
  return {
    address: deployment.address(NAME),
    approve: (given, signature) => mine(deployment, `${NAME}.approve`, contract.approve({ ...given }, signature)),
    cancelNonce: () => mine(deployment, `${NAME}.cancelNonce`, contract.cancelNonce()),
    reshare: (studyId, version, fileHashes, receipts, ingestProof) =>
      mine(
        deployment,
        `${NAME}.reshare`,
        contract.reshare(studyId, version, [...fileHashes], [...receipts], ingestProof),
      ),
    confirm: (studyId, index, content) =>
      mine(deployment, `${NAME}.confirm`, contract.confirm(studyId, index, content)),
    complete: (studyId) => mine(deployment, `${NAME}.complete`, contract.complete(studyId)),
    isApproved: (studyId, newEpoch, owner) =>
      read(deployment, `${NAME}.isApproved`, contract.isApproved(studyId, newEpoch, owner)),
    reshared: (datasetId, newEpoch) => read(deployment, `${NAME}.reshared`, contract.reshared(datasetId, newEpoch)),
    resharings: (rpc, datasetId, newEpoch, version) => findResharings(deployment, rpc, datasetId, newEpoch, version),
    confirmed: (studyId, newEpoch, index) =>
      read(deployment, `${NAME}.confirmed`, contract.confirmed(studyId, newEpoch, index)),
    async contentOf(studyId) {
      const { newEpoch, content } = await read(deployment, `${NAME}.contentOf`, contract.contentOf(studyId));
      return { newEpoch, content };
    },
    nonces: (owner) => read(deployment, `${NAME}.nonces`, contract.nonces(owner)),
  };
}

async function findResharings(
  deployment: Deployment,
  rpc: JsonRpc,
  datasetId: string,
  epoch: bigint,
  version: bigint,
): Promise<KnownResharing[]> {
  const abi = deployment.abi(NAME);
  const topics = abi.encodeFilterTopics("DatasetReshared", [datasetId]) as string[];
  const filter = { addresses: [deployment.address(NAME)], topics };
  const logs = await allLogs(rpc, filter, deployment.block, await latestBlock(rpc));
  return logs.flatMap(({ topics, data, transactionHash }) => {
    const { args } = abi.parseLog({ topics, data })!;
    if (args["version"] !== version || args["newEpoch"] !== epoch) return [];
    return [{ sharesRoot: sharesRoot([...(args["fileHashes"] as string[])]), transaction: transactionHash }];
  });
}
