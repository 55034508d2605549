/** The model of `contracts/study/`: studies and datasets. */
import { AbiCoder, ParamType, ZeroAddress, ZeroHash, id, keccak256 } from "ethers";
import { datasetRoot, sharesRoot } from "../../workers/messages/datasetRoot.ts";
import { type FieldRules, fieldRulesHash } from "../../workers/messages/fieldRules.ts";
import { RECEIPT } from "../../workers/messages/signedStructs.ts";
import { hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { abiOf } from "./modelDeployment.ts";
import { committeeOf, currentEpoch, signerAt } from "./modelCommittees.ts";
import { activeMemberOf, restricted } from "./modelMembers.ts";
import { recover } from "./modelSignatures.ts";
import type { CallArguments, CallScene, Dataset, Handlers, ModelState, Policy, Segment, Study } from "./modelState.ts";
import { revert } from "./modelState.ts";
import { noteShares, requireNotRetired } from "./modelRetirement.ts";
import { requireSigned } from "./modelTerms.ts";

const coder = AbiCoder.defaultAbiCoder();
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

export interface Receipts {
  readonly studyId: string;
  readonly epoch: bigint;
  readonly datasetId: string;
  readonly fileHashes: readonly string[];
  readonly receipts: readonly string[];
}

/** Of the dataset registry's domain, whoever asks. */
export function checkReceipts(scene: CallScene, { studyId, epoch, datasetId, fileHashes, receipts }: Receipts): void {
  const n = committeeOf(scene.state, studyId, epoch).workers.length;
  if (fileHashes.length !== n) revert("DatasetRegistryReceiptCount", fileHashes.length, n);
  if (receipts.length !== n) revert("DatasetRegistryReceiptCount", receipts.length, n);
  const domain = opalineDomain(scene.chainId, scene.addresses["DatasetRegistry"]!);
  receipts.forEach((receipt, i) => {
    const [worker, key, active] = signerAt(scene, studyId, epoch, BigInt(i + 1));
    if (!active) revert("DatasetRegistryInactiveWorker", worker);
    const recovered = recover(hashTypedData(domain, RECEIPT, { datasetId, worker, fileHash: fileHashes[i] }), receipt);
    if (recovered !== key) revert("DatasetRegistryInvalidReceipt", i, recovered, key);
  });
}

/** Those with a version, in the order of their first. */
export function datasetsOf(state: ModelState, studyId: string): string[] {
  return [...state.datasets].flatMap(([datasetId, dataset]) => (dataset.studyId === studyId ? [datasetId] : []));
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
    const epoch = currentEpoch(state, studyId);
    if (epoch === 0n) revert("DatasetRegistryNoCommittee", studyId);
    checkReceipts(scene, { studyId, epoch, datasetId, fileHashes, receipts });
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
    noteShares(state, datasetId, epoch, version);
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
  count: ({ state }, { studyId }) => [datasetsOf(state, studyId).length],
  datasets: ({ state }, { studyId, offset, limit }) => [page(datasetsOf(state, studyId), offset, limit)],
};

function page<Item>(items: readonly Item[], offset: bigint, limit: bigint): Item[] {
  const size = limit > BigInt(MAX_PAGE) ? MAX_PAGE : Number(limit);
  return items.slice(Number(offset), Number(offset) + size);
}
