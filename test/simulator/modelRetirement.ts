/** The model of `DatasetRetirement`: data that are out of use for ever, and who has signed that they are erased. */
import { ZeroAddress } from "ethers";
import { ERASURE, hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { restricted } from "./modelMembers.ts";
import { recover } from "./modelSignatures.ts";
import { type CallScene, type Handlers, type ModelState, revert } from "./modelState.ts";
import { committeeOf, currentEpoch, signerAt } from "./modelStudies.ts";
import { ownDataset } from "./modelTerms.ts";

export function requireNotRetired({ retired }: ModelState, datasetId: string): void {
  if (retired.has(datasetId)) revert("DatasetRegistryRetired", datasetId);
}

function retire({ state, emit }: CallScene, datasetId: string, reason: string): void {
  const dataset = state.datasets.get(datasetId) ?? revert("DatasetRegistryUnknown", datasetId);
  state.retired.add(datasetId);
  emit("DatasetRetired", [datasetId, dataset.studyId, dataset.owner, reason]);
}

/** The only committee that was given shares: the first dataset of a study freezes it, and the model has no proposals. */
function holderOf(state: ModelState, datasetId: string): bigint | undefined {
  const dataset = state.datasets.get(datasetId);
  return dataset === undefined ? undefined : currentEpoch(state, dataset.studyId);
}

/** Bits of all workers that hold shares of it. */
function workersOf(state: ModelState, datasetId: string): bigint {
  const { studyId } = state.datasets.get(datasetId)!;
  const { workers } = committeeOf(state, studyId, currentEpoch(state, studyId));
  return (1n << BigInt(workers.length)) - 1n;
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
    if (epoch !== holderOf(state, datasetId)) revert("DatasetRegistryNoShares", datasetId, epoch);
    if (!state.retired.has(datasetId)) revert("DatasetRegistryErasureNotDue", datasetId, epoch);
    const { studyId, segments } = state.datasets.get(datasetId)!;
    const [worker, key] = signerAt(scene, studyId, epoch, index);
    if (worker === ZeroAddress) revert("DatasetRegistryNoSuchWorker", datasetId, epoch, index);
    const before = state.erasures.get(datasetId) ?? 0n;
    const bit = 1n << (index - 1n);
    if ((before & bit) !== 0n) revert("DatasetRegistryErasureAlreadyConfirmed", datasetId, epoch, worker);
    const version = BigInt(segments.length);
    const digest = hashTypedData(opalineDomain(chainId, self), ERASURE, { datasetId, epoch, worker, version });
    const recovered = recover(digest, signature);
    if (recovered !== key) revert("DatasetRegistryInvalidErasure", recovered, key);
    state.erasures.set(datasetId, before | bit);
    emit("ErasureConfirmed", [datasetId, epoch, worker, index, version]);
    if ((before | bit) === workersOf(state, datasetId)) {
      emit("SharesErased", [datasetId, epoch]);
      emit("DatasetErased", [datasetId]);
    }
    return [];
  },
  isRetired: ({ state }, { datasetId }) => [state.retired.has(datasetId)],
  holders({ state }, { datasetId }) {
    const epoch = holderOf(state, datasetId);
    return [epoch === undefined ? [] : [epoch]];
  },
  versionsOf: ({ state }, { datasetId, epoch }) => [
    epoch === holderOf(state, datasetId) ? state.datasets.get(datasetId)!.segments.length : 0,
  ],
  erasures({ state }, { datasetId, epoch }) {
    if (epoch !== holderOf(state, datasetId) || !state.retired.has(datasetId)) return [false, 0, 0];
    const confirmed = state.erasures.get(datasetId) ?? 0n;
    return [true, confirmed, workersOf(state, datasetId) & ~confirmed];
  },
};
