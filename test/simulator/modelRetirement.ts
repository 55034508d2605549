/** The model of `DatasetRetirement`: data that are out of use for ever, and who has signed that they are erased. */
import { ZeroAddress } from "ethers";
import { ERASURE } from "../../workers/messages/signedStructs.ts";
import { hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { restricted } from "./modelMembers.ts";
import { recover } from "./modelSignatures.ts";
import { type CallScene, type Handlers, type ModelState, revert } from "./modelState.ts";
import { committeeOf, isOver, signerAt } from "./modelCommittees.ts";
import { ownDataset } from "./modelTerms.ts";

export function requireNotRetired({ retired }: ModelState, datasetId: string): void {
  if (retired.has(datasetId)) revert("DatasetRegistryRetired", datasetId);
}

function retire({ state, emit }: CallScene, datasetId: string, reason: string): void {
  const dataset = state.datasets.get(datasetId) ?? revert("DatasetRegistryUnknown", datasetId);
  state.retired.add(datasetId);
  emit("DatasetRetired", [datasetId, dataset.studyId, dataset.owner, reason]);
}

export function noteShares({ shares, holders }: ModelState, datasetId: string, epoch: bigint, version: bigint): void {
  const key = `${datasetId} ${epoch}`;
  const given = shares.get(key);
  if (given === undefined) holders.set(datasetId, [...(holders.get(datasetId) ?? []), epoch]);
  const versions = given === undefined || version > given.versions ? version : given.versions;
  shares.set(key, { confirmed: 0n, isErased: false, ...given, versions });
}

/** Bits of all workers that were given shares of it. */
function workersOf(state: ModelState, datasetId: string, epoch: bigint): bigint {
  const { workers } = committeeOf(state, state.datasets.get(datasetId)!.studyId, epoch);
  return (1n << BigInt(workers.length)) - 1n;
}

function isDue({ state, block }: CallScene, datasetId: string, epoch: bigint): boolean {
  return state.retired.has(datasetId) || isOver(state, state.datasets.get(datasetId)!.studyId, epoch, block);
}

function end({ state, emit }: CallScene, datasetId: string, epoch: bigint): void {
  state.shares.get(`${datasetId} ${epoch}`)!.isErased = true;
  emit("SharesErased", [datasetId, epoch]);
  const areAll = state.holders.get(datasetId)!.every((each) => state.shares.get(`${datasetId} ${each}`)!.isErased);
  if (state.retired.has(datasetId) && areAll) emit("DatasetErased", [datasetId]);
}

export const retirementHandlers: Handlers = {
  retire(scene, { studyId, reason }) {
    const { owner, datasetId } = ownDataset(scene, studyId, false);
    const { revoked } = scene.state.registries["DataOwnerRegistry"]!.members.get(owner.toLowerCase())!;
    if (revoked) revert("DatasetRegistryInactiveOwner", scene.sender);
    retire(scene, datasetId, reason);
    return [];
  },
  retireFor(scene, { datasetId, reason }) {
    restricted(scene);
    requireNotRetired(scene.state, datasetId);
    retire(scene, datasetId, reason);
    return [];
  },
  confirmErasure(scene, { datasetId, epoch, index, signature }) {
    const { state, chainId, self, emit } = scene;
    const given = state.shares.get(`${datasetId} ${epoch}`) ?? revert("DatasetRegistryNoShares", datasetId, epoch);
    if (!isDue(scene, datasetId, epoch)) revert("DatasetRegistryErasureNotDue", datasetId, epoch);
    const [worker, key] = signerAt(scene, state.datasets.get(datasetId)!.studyId, epoch, index);
    if (worker === ZeroAddress) revert("DatasetRegistryNoSuchWorker", datasetId, epoch, index);
    const { versions: version, confirmed: before } = given;
    const bit = 1n << (index - 1n);
    if ((before & bit) !== 0n) revert("DatasetRegistryErasureAlreadyConfirmed", datasetId, epoch, worker);
    const digest = hashTypedData(opalineDomain(chainId, self), ERASURE, { datasetId, epoch, worker, version });
    const recovered = recover(digest, signature);
    if (recovered !== key) revert("DatasetRegistryInvalidErasure", recovered, key);
    given.confirmed = before | bit;
    emit("ErasureConfirmed", [datasetId, epoch, worker, index, version]);
    if (given.confirmed === workersOf(state, datasetId, epoch)) end(scene, datasetId, epoch);
    return [];
  },
  isRetired: ({ state }, { datasetId }) => [state.retired.has(datasetId)],
  holders: ({ state }, { datasetId }) => [state.holders.get(datasetId) ?? []],
  versionsOf: ({ state }, { datasetId, epoch }) => [state.shares.get(`${datasetId} ${epoch}`)?.versions ?? 0],
  erasures(scene, { datasetId, epoch }) {
    const given = scene.state.shares.get(`${datasetId} ${epoch}`);
    if (given === undefined || !isDue(scene, datasetId, epoch)) return [false, 0, 0];
    return [true, given.confirmed, workersOf(scene.state, datasetId, epoch) & ~given.confirmed];
  },
};
