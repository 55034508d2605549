/** The model of `CommitteeChanges`: how a study that has data gets another committee. */
import { ZeroAddress, ZeroHash, keccak256 } from "ethers";
import { committeeContent } from "../../workers/messages/committeeContent.ts";
import { committeeHash } from "../../workers/messages/committeeHash.ts";
import { datasetRoot, sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { COMMITTEE_APPROVAL } from "../../workers/messages/signedStructs.ts";
import { hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { committeeOf, currentEpoch, install, proposedEpoch, signerAt } from "./modelCommittees.ts";
import { activeMemberOf, isActive, keyHolderOf, keyOf } from "./modelMembers.ts";
import { noteShares } from "./modelRetirement.ts";
import { recover } from "./modelSignatures.ts";
import {
  type CallArguments,
  type CallScene,
  type Handlers,
  type ModelState,
  type Resharing,
  revert,
} from "./modelState.ts";
import { checkReceipts, datasetIdOf, datasetsOf } from "./modelStudies.ts";

const OWNERS = "DataOwnerRegistry";

function proposed(state: ModelState, studyId: string): bigint {
  return proposedEpoch(state, studyId) || revert("CommitteeChangesNotProposed", studyId, 0n);
}

/** Data that a change would move. */
function isAffected({ datasets, retired }: ModelState, datasetId: string): boolean {
  return datasets.has(datasetId) && !retired.has(datasetId);
}

function resharingsOf(state: ModelState, datasetId: string, epoch: bigint): readonly Resharing[] {
  return state.resharings.get(`${datasetId} ${epoch}`) ?? [];
}

function approvalKey(studyId: string, epoch: bigint, owner: string): string {
  return `${studyId} ${epoch} ${owner}`;
}

function checkProposal(state: ModelState, { studyId, oldEpoch, newEpoch, committeeHash: given }: CallArguments): void {
  if (proposed(state, studyId) !== newEpoch) revert("CommitteeChangesNotProposed", studyId, newEpoch);
  const current = currentEpoch(state, studyId);
  if (oldEpoch !== current) revert("CommitteeChangesWrongEpoch", oldEpoch, current);
  const { threshold, ...committee } = committeeOf(state, studyId, newEpoch);
  const expected = committeeHash({ ...committee, threshold: Number(threshold) });
  if (given !== expected) revert("CommitteeChangesWrongCommittee", given, expected);
}

function useNonce(state: ModelState, owner: string): bigint {
  const nonce = state.approvalNonces.get(owner) ?? 0n;
  state.approvalNonces.set(owner, nonce + 1n);
  return nonce;
}

function keep(state: ModelState, key: string, versions: number, version: bigint, resharing: Resharing): void {
  const all = [...(state.resharings.get(key) ?? [])];
  const expected = BigInt(all.length + 1);
  if (version === 0n || version > expected || version > BigInt(versions)) {
    revert("CommitteeChangesWrongVersion", version, expected);
  }
  const at = Number(version) - 1;
  const used = `${key} ${resharing.sharesRoot}`;
  if (state.usedSharesRoots.has(used)) revert("DatasetRegistrySegmentReused", resharing.sharesRoot);
  state.usedSharesRoots.add(used);
  all[at] = resharing;
  state.resharings.set(key, all);
}

function contentOf(state: ModelState, studyId: string): { epoch: bigint; content: string } {
  const epoch = proposed(state, studyId);
  const affected = datasetsOf(state, studyId).filter((datasetId) => isAffected(state, datasetId));
  const all = affected.map((datasetId) => {
    const { owner, segments } = state.datasets.get(datasetId)!;
    if (!state.approvals.has(approvalKey(studyId, epoch, owner))) revert("CommitteeChangesNotApproved", studyId, owner);
    const versions = resharingsOf(state, datasetId, epoch);
    if (versions.length !== segments.length) {
      revert("CommitteeChangesNotReshared", datasetId, versions.length, segments.length);
    }
    return { datasetId, versions };
  });
  return { epoch, content: committeeContent(studyId, epoch, all) };
}

function replaceShares({ state, emit }: CallScene, datasetId: string, all: readonly Resharing[]): void {
  const dataset = state.datasets.get(datasetId)!;
  all.forEach(({ sharesRoot: root }, i) => (dataset.segments[i] = { ...dataset.segments[i]!, sharesRoot: root }));
  const version = BigInt(all.length);
  dataset.root = datasetRoot(datasetId, version, dataset.segments);
  const roots = all.map(({ sharesRoot: root }) => root);
  emit("DatasetRegistry:SharesReplaced", [datasetId, dataset.studyId, version, roots]);
}

export const changeHandlers: Handlers = {
  approve(scene, { given, signature }) {
    const { state, chainId, self, timestamp, emit } = scene;
    const { studyId, newEpoch, owner, name, meaning, signedAt, nonce, deadline } = given;
    checkProposal(state, given);
    if (timestamp > deadline) revert("CommitteeChangesSignatureExpired", deadline);
    if (!isActive(state, OWNERS, owner, timestamp)) revert("CommitteeChangesNotOwner", owner);
    const datasetId = datasetIdOf(scene, studyId, owner);
    if (!isAffected(state, datasetId)) revert("CommitteeChangesNotAffected", datasetId);
    const approval = approvalKey(studyId, newEpoch, owner);
    if (state.approvals.has(approval)) revert("CommitteeChangesAlreadyApproved", studyId, owner);
    const expected = state.approvalNonces.get(owner) ?? 0n;
    if (nonce !== expected) revert("InvalidAccountNonce", owner, expected);
    const recovered = recover(hashTypedData(opalineDomain(chainId, self), COMMITTEE_APPROVAL, given), signature);
    const key = keyOf(state, OWNERS, owner);
    if (recovered !== key) revert("CommitteeChangesInvalidSignature", recovered, key);
    useNonce(state, owner);
    state.approvals.add(approval);
    emit("CommitteeApproved", [studyId, newEpoch, owner, name, meaning, signedAt]);
    return [];
  },
  cancelNonce({ state, sender, emit }) {
    const owner = keyHolderOf(state, OWNERS, sender);
    if (owner === ZeroAddress) revert("CommitteeChangesNotOwner", sender);
    emit("NonceCancelled", [owner, useNonce(state, owner)]);
    return [];
  },
  reshare(scene, { studyId, version, fileHashes, receipts, ingestProof }) {
    const { state, sender, timestamp, emit } = scene;
    const epoch = proposed(state, studyId);
    const owner = activeMemberOf(state, OWNERS, sender, timestamp);
    if (owner === ZeroAddress) revert("CommitteeChangesNotOwner", sender);
    if (!state.approvals.has(approvalKey(studyId, epoch, owner))) revert("CommitteeChangesNotApproved", studyId, owner);
    const datasetId = datasetIdOf(scene, studyId, owner);
    if (!isAffected(state, datasetId)) revert("CommitteeChangesNotAffected", datasetId);
    if (ingestProof === "0x") revert("CommitteeChangesEmptyProof");
    checkReceipts(scene, { studyId, epoch, datasetId, fileHashes, receipts });
    const resharing = { sharesRoot: sharesRoot(fileHashes), ingestProofHash: keccak256(ingestProof) };
    const versions = state.datasets.get(datasetId)!.segments.length;
    keep(state, `${datasetId} ${epoch}`, versions, version, resharing);
    noteShares(state, datasetId, epoch, version);
    emit("DatasetReshared", [datasetId, studyId, owner, version, epoch, fileHashes, ingestProof]);
    return [];
  },
  confirm(scene, { studyId, index, content }) {
    const { state, sender, emit } = scene;
    const { epoch, content: expected } = contentOf(state, studyId);
    const [worker, key, active] = signerAt(scene, studyId, epoch, index);
    if (!active || key !== sender) revert("CommitteeChangesNotWorker", sender, index);
    if (content !== expected) revert("CommitteeChangesOtherContent", content, expected);
    const place = `${studyId} ${epoch} ${index}`;
    if (state.confirmations.get(place) === content) revert("CommitteeChangesAlreadyConfirmed", studyId, worker);
    state.confirmations.set(place, content);
    emit("CommitteeChangeConfirmed", [studyId, epoch, worker, index, content]);
    return [];
  },
  complete(scene, { studyId }) {
    const { state } = scene;
    const { epoch, content } = contentOf(state, studyId);
    committeeOf(state, studyId, epoch).workers.forEach((_, i) => {
      const confirmed = state.confirmations.get(`${studyId} ${epoch} ${i + 1}`);
      if (confirmed !== content) revert("CommitteeChangesNotConfirmed", studyId, i + 1);
    });
    install(scene, studyId);
    for (const datasetId of datasetsOf(state, studyId)) {
      if (isAffected(state, datasetId)) replaceShares(scene, datasetId, resharingsOf(state, datasetId, epoch));
    }
    return [];
  },
  isApproved: ({ state }, { studyId, newEpoch, owner }) => [state.approvals.has(approvalKey(studyId, newEpoch, owner))],
  reshared: ({ state }, { datasetId, newEpoch }) => [resharingsOf(state, datasetId, newEpoch).length],
  confirmed: ({ state }, { studyId, newEpoch, index }) => [
    state.confirmations.get(`${studyId} ${newEpoch} ${index}`) ?? ZeroHash,
  ],
  contentOf({ state }, { studyId }) {
    const { epoch, content } = contentOf(state, studyId);
    return [epoch, content];
  },
  nonces: ({ state }, { owner }) => [state.approvalNonces.get(owner) ?? 0n],
};
