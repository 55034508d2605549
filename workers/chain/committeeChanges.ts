/** How a study that has data gets another committee (`contracts/study/ICommitteeChanges.sol`). */
import type { ContractRunner } from "ethers";
import type { ICommitteeChanges } from "../../types/study/ICommitteeChanges.ts";
import type { CommitteeApproval } from "../messages/typedData.ts";
import { sharesRoot } from "../messages/datasetRoot.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { allLogs, latestBlock } from "./logs.ts";
import type { JsonRpc } from "./provider.ts";
import { type Mined, mine, read } from "./transactions.ts";

export interface CommitteeChanges {
  readonly address: string;
  approve(given: CommitteeApproval, signature: string): Promise<Mined>;
  /**
   * One version's columns, shared among the proposed committee.
   *
   * @param fileHashes keccak256 of each worker's share file, by Shamir point
   * @param receipts each worker's EIP-712 Receipt, by Shamir point
   * @param ingestProof the dealing proof, 0x-hex (`messages/dealingProof.ts`)
   */
  reshare(
    studyId: string,
    version: bigint,
    fileHashes: readonly string[],
    receipts: readonly string[],
    ingestProof: string,
  ): Promise<Mined>;
  /** How many versions were shared among the committee of this epoch. */
  reshared(datasetId: string, epoch: bigint): Promise<bigint>;
  /** What counts of one version among the committee of this epoch, from the newest event; undefined for nothing. */
  resharing(rpc: JsonRpc, datasetId: string, epoch: bigint, version: bigint): Promise<KnownResharing | undefined>;
  isApproved(studyId: string, newEpoch: bigint, owner: string): Promise<boolean>;
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
    reshare: (studyId, version, fileHashes, receipts, ingestProof) =>
      mine(
        deployment,
        `${NAME}.reshare`,
        contract.reshare(studyId, version, [...fileHashes], [...receipts], ingestProof),
      ),
    reshared: (datasetId, epoch) => read(deployment, `${NAME}.reshared`, contract.reshared(datasetId, epoch)),
    resharing: (rpc, datasetId, epoch, version) => findResharing(deployment, rpc, datasetId, epoch, version),
    isApproved: (studyId, newEpoch, owner) =>
      read(deployment, `${NAME}.isApproved`, contract.isApproved(studyId, newEpoch, owner)),
    nonces: (owner) => read(deployment, `${NAME}.nonces`, contract.nonces(owner)),
  };
}

async function findResharing(
  deployment: Deployment,
  rpc: JsonRpc,
  datasetId: string,
  epoch: bigint,
  version: bigint,
): Promise<KnownResharing | undefined> {
  const abi = deployment.abi(NAME);
  const topics = abi.encodeFilterTopics("DatasetReshared", [datasetId]) as string[];
  const filter = { addresses: [deployment.address(NAME)], topics };
  const logs = await allLogs(rpc, filter, deployment.block, await latestBlock(rpc));
  const found = logs.flatMap(({ topics, data, transactionHash }) => {
    const { args } = abi.parseLog({ topics, data })!;
    if (args["version"] !== version || args["newEpoch"] !== epoch) return [];
    return [{ sharesRoot: sharesRoot([...(args["fileHashes"] as string[])]), transaction: transactionHash }];
  });
  return found.at(-1);
}
