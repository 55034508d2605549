/** The model of `CommitteeRegistry`: who holds a study's shares, who is proposed to follow, and who was followed. */
import { ZeroAddress } from "ethers";
import { isActive, keyOf, organisationOf, restricted } from "./modelMembers.ts";
import { type CallScene, type Committee, type Handlers, type ModelState, revert } from "./modelState.ts";
import { studyOf } from "./modelStudies.ts";

const PRODUCTION_THRESHOLD = 2n;

/** Also one that is only proposed. */
export function committeeOf(state: ModelState, studyId: string, epoch: bigint): Committee {
  const committee = state.committees.get(studyId)?.[Number(epoch) - 1];
  return committee ?? revert("CommitteeRegistryUnknown", studyId, epoch);
}

export function currentEpoch(state: ModelState, studyId: string): bigint {
  return state.currentEpochs.get(studyId) ?? 0n;
}

export function proposedEpoch(state: ModelState, studyId: string): bigint {
  return state.proposedEpochs.get(studyId) ?? 0n;
}

/** Whether nothing asked of it can be answered any more. */
export function isOver(state: ModelState, studyId: string, epoch: bigint, block: bigint): boolean {
  committeeOf(state, studyId, epoch);
  if (epoch === currentEpoch(state, studyId) || epoch === proposedEpoch(state, studyId)) return false;
  return block > (state.boundUntil.get(`${studyId} ${epoch}`) ?? 0n);
}

export function quorumOf({ workers, threshold }: Committee): bigint {
  const [absent, computing] = [BigInt(workers.length) - threshold, 2n * threshold + 1n];
  return absent < computing ? absent : computing;
}

/** The worker at a Shamir point, its key, and whether it is active now; zero addresses for no point. */
export function signerAt(scene: CallScene, studyId: string, epoch: bigint, index: bigint): [string, string, boolean] {
  const { state, timestamp } = scene;
  const worker = state.committees.get(studyId)?.[Number(epoch) - 1]?.workers[Number(index) - 1];
  if (worker === undefined) return [ZeroAddress, ZeroAddress, false];
  return [worker, keyOf(state, "WorkerRegistry", worker), isActive(state, "WorkerRegistry", worker, timestamp)];
}

/** Gives the study's next epoch to workers that may have it. */
function seat({ state, timestamp }: CallScene, studyId: string, workers: string[], threshold: bigint): Committee {
  const n = BigInt(workers.length);
  if (threshold === 0n || n < 2n * threshold + 1n || n < 3n || n > 7n) {
    revert("CommitteeRegistryInvalidSize", n, threshold);
  }
  const { policy } = studyOf(state, studyId);
  const minimum = policy.minimumThreshold > PRODUCTION_THRESHOLD ? policy.minimumThreshold : PRODUCTION_THRESHOLD;
  const demonstration = threshold < minimum;
  if (demonstration && !policy.demonstration) revert("CommitteeRegistryThresholdTooLow", threshold, minimum);
  const organisations: string[] = [];
  for (const worker of workers) {
    if (!isActive(state, "WorkerRegistry", worker, timestamp)) revert("CommitteeRegistryInactiveWorker", worker);
    const organisation = organisationOf(state, "WorkerRegistry", worker);
    if (organisations.includes(organisation)) revert("CommitteeRegistrySameOrganisation", organisation);
    organisations.push(organisation);
  }
  const earlier = state.committees.get(studyId) ?? [];
  const seated = { epoch: BigInt(earlier.length + 1), threshold, demonstration, workers };
  state.committees.set(studyId, [...earlier, seated]);
  return seated;
}

function endProposal(state: ModelState, studyId: string): Committee {
  const epoch = proposedEpoch(state, studyId);
  if (epoch === 0n) revert("CommitteeRegistryNotProposed", studyId);
  state.proposedEpochs.delete(studyId);
  return committeeOf(state, studyId, epoch);
}

/** By `CommitteeChanges`: the proposed committee follows the one that serves. */
export function install({ state, block, timestamp, emit }: CallScene, studyId: string): void {
  const { epoch, threshold, demonstration, workers } = endProposal(state, studyId);
  for (const worker of workers) {
    if (!isActive(state, "WorkerRegistry", worker, timestamp)) revert("CommitteeRegistryInactiveWorker", worker);
  }
  const { deadlineBlocks } = studyOf(state, studyId).policy;
  state.boundUntil.set(`${studyId} ${currentEpoch(state, studyId)}`, block + deadlineBlocks);
  state.currentEpochs.set(studyId, epoch);
  emit("CommitteeRegistry:CommitteeAppointed", [studyId, epoch, threshold, demonstration, workers]);
}

export const committeeHandlers: Handlers = {
  appoint(scene, { studyId, workers, threshold }) {
    restricted(scene);
    const { state, emit } = scene;
    if (state.frozen.has(studyId)) revert("CommitteeRegistryDatasetsExist", studyId);
    const { epoch, demonstration } = seat(scene, studyId, workers, threshold);
    state.currentEpochs.set(studyId, epoch);
    emit("CommitteeAppointed", [studyId, epoch, threshold, demonstration, workers]);
    return [epoch];
  },
  propose(scene, { studyId, workers, threshold }) {
    restricted(scene);
    const { state, emit } = scene;
    if (!state.frozen.has(studyId)) revert("CommitteeRegistryNoDatasets", studyId);
    const pending = proposedEpoch(state, studyId);
    if (pending !== 0n) revert("CommitteeRegistryProposalPending", studyId, pending);
    const { epoch, demonstration } = seat(scene, studyId, workers, threshold);
    state.proposedEpochs.set(studyId, epoch);
    emit("CommitteeProposed", [studyId, epoch, threshold, demonstration, workers]);
    return [epoch];
  },
  withdrawProposal(scene, { studyId, reason }) {
    restricted(scene);
    const { epoch } = endProposal(scene.state, studyId);
    scene.emit("CommitteeProposalWithdrawn", [studyId, epoch, reason]);
    return [];
  },
  releaseDeposits({ state, block, emit }, { studyId, epoch }) {
    const key = `${studyId} ${epoch}`;
    const until = state.boundUntil.get(key) ?? revert("CommitteeRegistryNothingToRelease", studyId, epoch);
    if (block <= until) revert("CommitteeRegistryRequestsOpen", until, block);
    state.boundUntil.delete(key);
    emit("CommitteeReleased", [studyId, epoch]);
    return [];
  },
  committee: ({ state }, { studyId, epoch }) => [committeeOf(state, studyId, epoch)],
  currentEpoch: ({ state }, { studyId }) => [currentEpoch(state, studyId)],
  proposedEpoch: ({ state }, { studyId }) => [proposedEpoch(state, studyId)],
  boundUntil: ({ state }, { studyId, epoch }) => [state.boundUntil.get(`${studyId} ${epoch}`) ?? 0n],
  isOver: ({ state, block }, { studyId, epoch }) => [isOver(state, studyId, epoch, block)],
  isFrozen: ({ state }, { studyId }) => [state.frozen.has(studyId)],
  quorum: ({ state }, { studyId, epoch }) => [quorumOf(committeeOf(state, studyId, epoch))],
  signer: (scene, { studyId, epoch, index }) => signerAt(scene, studyId, epoch, index),
  signers: (scene, { studyId, epoch, indices }) => [
    quorumOf(committeeOf(scene.state, studyId, epoch)),
    (indices as bigint[]).map((index) => {
      const [, key, active] = signerAt(scene, studyId, epoch, index);
      return active ? key : ZeroAddress;
    }),
  ],
  keys: ({ state }, { studyId, epoch }) => [
    committeeOf(state, studyId, epoch).workers.map((worker) => keyOf(state, "WorkerRegistry", worker)),
  ],
};
