/** A change of committee, step by step: proposed -> approved -> shared anew -> confirmed. */
import { AbiCoder, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { committeeHash } from "../../../workers/messages/committeeHash.ts";
import { COMMITTEE_APPROVAL, RECEIPT } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../../workers/messages/typedData.ts";
import { chainId, now } from "./chain.ts";
import { OWNERS, POLICY, type Policy, RELAYER, WORKERS, acceptAgreement, activateDatasets, ask } from "./consortium.ts";

/** The last two of the old committee's four are among the five. */
export const NEXT = WORKERS.slice(2, 7);
export const NEXT_THRESHOLD = 2;
export const NEXT_EPOCH = 2n;
export const addressesOf = (wallets: readonly HDNodeWallet[]): string[] => wallets.map(({ address }) => address);

export async function proposeNext<World extends Awaited<ReturnType<typeof activateDatasets>>>(world: World) {
  await world.committees.propose(world.studyId, addressesOf(NEXT), NEXT_THRESHOLD);
  return world;
}

export async function proposed(policy: Policy = POLICY) {
  return proposeNext(await activateDatasets(4, 1, policy));
}
export type ChangeWorld = Awaited<ReturnType<typeof proposed>>;

/** Of the proposal that stands. */
export async function approvalOf(world: ChangeWorld, owner: HDNodeWallet) {
  const newEpoch = await world.committees.proposedEpoch(world.studyId);
  return {
    studyId: world.studyId,
    oldEpoch: await world.committees.currentEpoch(world.studyId),
    newEpoch,
    committeeHash: await hashOfCommittee(world, newEpoch),
    owner: owner.address,
    name: "Dr. Olga Example",
    meaning: "These workers may hold our data.",
    signedAt: await now(),
    nonce: await world.changes.nonces(owner.address),
    deadline: (await now()) + 3600n,
  };
}

export async function hashOfCommittee({ committees, studyId }: ChangeWorld, epoch: bigint): Promise<string> {
  const { threshold, demonstration, workers } = await committees.committee(studyId, epoch);
  return committeeHash({ epoch, threshold: Number(threshold), demonstration, workers });
}

export async function approve(world: ChangeWorld, owner: HDNodeWallet, change: Record<string, unknown> = {}) {
  const given = { ...(await approvalOf(world, owner)), ...change };
  const domain = opalineDomain(chainId, await world.changes.getAddress());
  const signature = await owner.signTypedData(domain, COMMITTEE_APPROVAL, given);
  return world.changes.connect(RELAYER).approve(given, signature);
}

/** What `reshare` takes for one version, with the proposed workers' receipts. */
export async function resharing(world: ChangeWorld, owner: HDNodeWallet, version = 1n, take = "first") {
  const registry = await world.datasets.getAddress();
  const datasetId = await world.datasets.datasetIdOf(world.studyId, owner.address);
  const fileHashes = NEXT.map((_, j) => id(`${owner.address} version ${version} ${take} next file ${j + 1}`));
  const domain = opalineDomain(chainId, registry);
  const receipts = await Promise.all(
    NEXT.map((worker, j) =>
      worker.signTypedData(domain, RECEIPT, { datasetId, worker: worker.address, fileHash: fileHashes[j] }),
    ),
  );
  const sharesRoot = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32[]"], [fileHashes]));
  return { datasetId, version, fileHashes, receipts, sharesRoot, proof: id(`${owner.address} ${version} next proof`) };
}

export async function reshare(world: ChangeWorld, owner: HDNodeWallet, version = 1n, take?: string) {
  const { fileHashes, receipts, proof } = await resharing(world, owner, version, take);
  return world.changes.connect(owner).reshare(world.studyId, version, fileHashes, receipts, proof);
}

export async function confirm(world: ChangeWorld, index: number) {
  const [, content] = await world.changes.contentOf(world.studyId);
  return world.changes.connect(NEXT[index - 1] as HDNodeWallet).confirm(world.studyId, index, content);
}

/** All owners approved and shared their only version anew. */
export async function resharedWorld(policy: Policy = POLICY) {
  const world = await proposed(policy);
  for (const owner of OWNERS) await approve(world, owner);
  for (const owner of OWNERS) await reshare(world, owner);
  return world;
}

/** One call away from the new committee. */
export async function confirmedWorld() {
  const world = await resharedWorld();
  for (const index of [1, 2, 3, 4, 5]) await confirm(world, index);
  return world;
}

/** The same with an open request of the old committee. */
export async function confirmedWithRequest() {
  const world = await acceptAgreement();
  const { committees, studyId } = world;
  await committees.propose(studyId, addressesOf(NEXT), NEXT_THRESHOLD);
  for (const owner of OWNERS) await approve(world, owner);
  for (const owner of OWNERS) await reshare(world, owner);
  for (const index of [1, 2, 3, 4, 5]) await confirm(world, index);
  return { ...world, asked: await ask(world) };
}
