/** The model of `contracts/study/`: studies, committees, datasets. */
import { AbiCoder, ParamType, ZeroAddress, ZeroHash, id, keccak256 } from "ethers";
import { datasetRoot, sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { type FieldRules, fieldRulesHash } from "../../workers/messages/fieldRules.ts";
import { RECEIPT, hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { abiOf } from "./modelDeployment.ts";
import { activeMemberOf, isActive, keyOf, organisationOf, restricted } from "./modelMembers.ts";
import { recover } from "./modelSignatures.ts";
import type {
  CallArguments,
  CallScene,
  Committee,
  Dataset,
  Handlers,
  ModelState,
  Policy,
  Segment,
  Study,
} from "./modelState.ts";
import { revert } from "./modelState.ts";
import { requireNotRetired } from "./modelRetirement.ts";
import { requireSigned } from "./modelTerms.ts";

const coder = AbiCoder.defaultAbiCoder();
const PRODUCTION_THRESHOLD = 2n;
const MAX_PAGE = 100;

export function studyOf(state: ModelState, studyId: string): Study {
  return state.studies.get(studyId) ?? revert("StudyRegistryUnknown", studyId);
}

export function policyType(): ParamType {
  return ParamType.from(abiOf("StudyRegistry").getFunction("register")!.inputs[2]!);
}

/** keccak256(abi.encode(Policy)). */
export function hashPolicy(policy: Policy): string {
  return keccak256(coder.encode([policyType()], [policy]));
}

/** Calldata has integers as bigint. */
function fieldRulesFrom({ uses, cuts }: CallArguments): FieldRules {
  const fieldCuts = (cuts as CallArguments[]).map(({ field, edges }) => ({ field: Number(field), edges: [...edges] }));
  return { uses: String(uses), cuts: fieldCuts };
}

export const studyHandlers: Handlers = {
  register(scene, { name, schema, policy_: policy, log2N, srsHash, fieldRules_: fieldRules }) {
    restricted(scene);
    const { state, chainId, self, timestamp, emit } = scene;
    const schemaHash = id(schema);
    const words = [chainId, self, schemaHash, id(name)];
    const studyId = keccak256(coder.encode(["uint256", "address", "bytes32", "bytes32"], words));
    if (state.studies.has(studyId)) revert("StudyRegistryAlreadyRegistered", studyId);
    const rules = fieldRulesFrom(fieldRules);
    if (policy.fieldRulesHash !== fieldRulesHash(rules)) revert("StudyRegistryInvalidPolicy", "fieldRulesHash");
    const policyHash = hashPolicy(policy);
    const study = { schemaHash, policyHash, srsHash, log2N, registeredAt: timestamp, name, policy, fieldRules: rules };
    state.studies.set(studyId, study);
    emit("StudyRegistered", [studyId, schemaHash, name, schema, policy, fieldRules]);
    return [studyId];
  },
  study: ({ state }, { studyId }) => [studyOf(state, studyId)],
  policy: ({ state }, { studyId }) => [studyOf(state, studyId).policy],
  fieldRules: ({ state }, { studyId }) => [studyOf(state, studyId).fieldRules],
  count: ({ state }) => [state.studies.size],
  studies: ({ state }, { offset, limit }) => [page([...state.studies.keys()], offset, limit)],
};

export function committeeOf(state: ModelState, studyId: string, epoch: bigint): Committee {
  const committee = state.committees.get(studyId)?.[Number(epoch) - 1];
  return committee ?? revert("CommitteeRegistryUnknown", studyId, epoch);
}

export function currentEpoch(state: ModelState, studyId: string): bigint {
  return BigInt(state.committees.get(studyId)?.length ?? 0);
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

export const committeeHandlers: Handlers = {
  appoint(scene, { studyId, workers, threshold }) {
    restricted(scene);
    const { state, timestamp, emit } = scene;
    if (state.frozen.has(studyId)) revert("CommitteeRegistryDatasetsExist", studyId);
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
    const epoch = currentEpoch(state, studyId) + 1n;
    const earlier = state.committees.get(studyId) ?? [];
    state.committees.set(studyId, [...earlier, { epoch, threshold, demonstration, workers }]);
    emit("CommitteeAppointed", [studyId, epoch, threshold, demonstration, workers]);
    return [epoch];
  },
  committee: ({ state }, { studyId, epoch }) => [committeeOf(state, studyId, epoch)],
  currentEpoch: ({ state }, { studyId }) => [currentEpoch(state, studyId)],
  /** No proposals, and nobody is followed once there are data. */
  isOver({ state }, { studyId, epoch }) {
    committeeOf(state, studyId, epoch);
    return [epoch !== currentEpoch(state, studyId)];
  },
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

export function datasetIdOf({ chainId, addresses }: CallScene, studyId: string, owner: string): string {
  const words = [chainId, addresses["DatasetRegistry"], studyId, owner];
  return keccak256(coder.encode(["uint256", "address", "bytes32", "address"], words));
}

/** Zero for a dataset that is not this study's. */
export function rootOf(state: ModelState, studyId: string, datasetId: string): string {
  const dataset = state.datasets.get(datasetId);
  return dataset?.studyId === studyId ? dataset.root : ZeroHash;
}

function checkSegment(earlier: readonly Segment[], version: bigint, segment: Segment, fileHashes: string[]): void {
  const expected = BigInt(earlier.length + 1);
  if (version !== expected) revert("DatasetRegistryWrongVersion", version, expected);
  if (segment.rowCount === 0n || segment.columnsRoot === ZeroHash) revert("DatasetRegistryEmptySegment");
  const computed = sharesRoot(fileHashes);
  if (segment.sharesRoot !== computed) revert("DatasetRegistrySharesRootMismatch", segment.sharesRoot, computed);
  if (earlier.some((known) => known.sharesRoot === computed)) revert("DatasetRegistrySegmentReused", computed);
}

interface Receipts {
  readonly studyId: string;
  readonly datasetId: string;
  readonly fileHashes: readonly string[];
  readonly receipts: readonly string[];
}

function checkReceipts(scene: CallScene, { studyId, datasetId, fileHashes, receipts }: Receipts): bigint {
  const epoch = currentEpoch(scene.state, studyId);
  if (epoch === 0n) revert("DatasetRegistryNoCommittee", studyId);
  const n = committeeOf(scene.state, studyId, epoch).workers.length;
  if (fileHashes.length !== n) revert("DatasetRegistryReceiptCount", fileHashes.length, n);
  if (receipts.length !== n) revert("DatasetRegistryReceiptCount", receipts.length, n);
  const domain = opalineDomain(scene.chainId, scene.self);
  receipts.forEach((receipt, i) => {
    const [worker, key, active] = signerAt(scene, studyId, epoch, BigInt(i + 1));
    if (!active) revert("DatasetRegistryInactiveWorker", worker);
    const recovered = recover(hashTypedData(domain, RECEIPT, { datasetId, worker, fileHash: fileHashes[i] }), receipt);
    if (recovered !== key) revert("DatasetRegistryInvalidReceipt", i, recovered, key);
  });
  return epoch;
}

export const datasetHandlers: Handlers = {
  activate(scene, { studyId, version_: version, segment, fileHashes, receipts, ingestProof }) {
    const { state, sender, timestamp, emit } = scene;
    const owner = activeMemberOf(state, "DataOwnerRegistry", sender, timestamp);
    if (owner === ZeroAddress) revert("DatasetRegistryInactiveOwner", sender);
    requireSigned(scene, studyId, owner);
    const datasetId = datasetIdOf(scene, studyId, owner);
    requireNotRetired(state, datasetId);
    const dataset: Dataset = state.datasets.get(datasetId) ?? { owner, studyId, segments: [], root: ZeroHash };
    checkSegment(dataset.segments, version, segment, fileHashes);
    if (ingestProof === "0x") revert("DatasetRegistryEmptyProof");
    const epoch = checkReceipts(scene, { studyId, datasetId, fileHashes, receipts });
    if (version === 1n && !state.frozen.has(studyId)) {
      state.frozen.add(studyId);
      emit("CommitteeRegistry:CommitteeFrozen", [studyId, epoch]);
    }
    const rows = dataset.segments.reduce((sum, { rowCount }) => sum + rowCount, segment.rowCount as bigint);
    const maximum = 1n << studyOf(state, studyId).log2N;
    if (rows > maximum) revert("DatasetRegistryTooManyRows", rows, maximum);
    dataset.segments.push(segment);
    dataset.root = datasetRoot(datasetId, version, dataset.segments);
    state.datasets.set(datasetId, dataset);
    emit("DatasetActivated", [datasetId, studyId, owner, version, epoch, segment, fileHashes, ingestProof]);
    const fee = studyOf(state, studyId).policy.storageFeePerRow * (segment.rowCount as bigint);
    if (scene.value !== fee) revert("DatasetRegistryWrongPayment", scene.value, fee);
    return [datasetId];
  },
  datasetIdOf: (scene, { studyId, owner }) => [datasetIdOf(scene, studyId, owner)],
  ownerOf: ({ state }, { datasetId }) => [state.datasets.get(datasetId)?.owner ?? ZeroAddress],
  version: ({ state }, { datasetId }) => [state.datasets.get(datasetId)?.segments.length ?? 0],
  segments: ({ state }, { datasetId }) => [state.datasets.get(datasetId)?.segments ?? []],
  datasetRoot: ({ state }, { datasetId }) => [state.datasets.get(datasetId)?.root ?? ZeroHash],
};

function page<Item>(items: readonly Item[], offset: bigint, limit: bigint): Item[] {
  const size = limit > BigInt(MAX_PAGE) ? MAX_PAGE : Number(limit);
  return items.slice(Number(offset), Number(offset) + size);
}
