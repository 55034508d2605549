/** The model of `contracts/query/QuerySmartContract.sol` and what it inherits: agreements, requests, answers. */
import { AbiCoder, ZeroAddress, ZeroHash, dataLength, dataSlice, getBytes, keccak256 } from "ethers";
import { BN254_FR_MODULUS } from "../../workers/field/bn254.ts";
import { decodeBounds } from "../../workers/messages/decodeDescriptor.ts";
import { MAX_RECIPIENTS, recipientsHash } from "../../workers/messages/sealedAnswer.ts";
import {
  Assurance,
  Outcome,
  ReleaseClass,
  type RequestContext,
  type Verdict,
  outputsHash,
  requestCommitment,
  statementHash,
} from "../../workers/messages/statement.ts";
import { ACCEPTANCE, ANSWER } from "../../workers/messages/signedStructs.ts";
import { hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { RequestState } from "../../workers/chain/querySmartContract.ts";
import { maskRootOf } from "./modelConsents.ts";
import { requireRunning } from "./modelEmergencyStop.ts";
import { activeMemberOf, isActive, keyOf, missingPurpose } from "./modelMembers.ts";
import { recover } from "./modelSignatures.ts";
import type { CallArguments, CallScene, Handlers, QueryContract, StoredRequest } from "./modelState.ts";
import { revert } from "./modelState.ts";
import { committeeOf, currentEpoch, quorumOf, signerAt } from "./modelCommittees.ts";
import { hashPolicy, studyOf } from "./modelStudies.ts";
import { openData } from "./modelTerms.ts";

const coder = AbiCoder.defaultAbiCoder();

function contractOf({ state, self }: CallScene): QueryContract {
  return state.contracts.get(self.toLowerCase()) ?? revert("QuerySmartContractNotClone");
}

function existing(scene: CallScene, requestId: string): StoredRequest {
  return contractOf(scene).requests.get(requestId) ?? revert("QuerySmartContractUnknownRequest", requestId);
}

function openRequest(scene: CallScene, context: RequestContext, querier: string): StoredRequest {
  const entry = existing(scene, context.requestId);
  if (entry.state !== RequestState.REQUESTED) revert("QuerySmartContractNotOpen", context.requestId, entry.state);
  checkWords(entry, context, querier, ZeroHash);
  return entry;
}

/** Of a request with these words behind it. */
function knownRequest(scene: CallScene, context: RequestContext, querier: string, answered: string): StoredRequest {
  const entry = existing(scene, context.requestId);
  checkWords(entry, context, querier, answered);
  return entry;
}

function checkWords(entry: StoredRequest, context: RequestContext, querier: string, answered: string): void {
  const given = requestCommitment(context, querier, answered);
  if (given !== entry.commitment) revert("QuerySmartContractCommitmentMismatch", given, entry.commitment);
}

/** The querier whose key sends. */
function authorise(scene: CallScene, contract: QueryContract): string {
  const { state, sender, timestamp, value } = scene;
  const { policy } = studyOf(state, contract.studyId);
  const querier = activeMemberOf(state, "QuerierRegistry", sender, timestamp);
  if (querier === ZeroAddress) revert("QuerySmartContractNotQuerier", sender);
  if (!contract.accepted.has(querier)) revert("QuerySmartContractAgreementNotAccepted", querier);
  const missing = missingPurpose(state, "QuerierRegistry", querier, policy.purposes);
  if (missing !== undefined) revert("QuerySmartContractMissingPurpose", missing);
  if (value !== policy.price) revert("QuerySmartContractWrongPayment", value, policy.price);
  return querier;
}

function checkParameters(parameters: string, bounds: string): void {
  const length = dataLength(parameters);
  const isCanonical =
    length >= 64 &&
    length % 32 === 0 &&
    BigInt(dataSlice(parameters, 0, 32)) === 32n &&
    BigInt(dataSlice(parameters, 32, 64)) === BigInt(length / 32 - 2);
  if (!isCanonical) revert("QuerySmartContractNonCanonicalParameters");
  const values = [...(coder.decode(["int256[]"], parameters)[0] as bigint[])];
  const allowed = decodeBounds(bounds);
  if (values.length !== allowed.length) revert("QuerySmartContractParameterCount", values.length, allowed.length);
  values.forEach((value, i) => {
    const { minimum, maximum, allowed: only } = allowed[i]!;
    const isWithin = value >= minimum && value <= maximum && (only.length === 0 || only.includes(value));
    if (!isWithin) revert("QuerySmartContractParameterOutOfBounds", i, value);
  });
}

/** Opens the data. @returns each dataset's root, the policy with the strictest k, and the k of the class */
function opened(scene: CallScene, querier: string, datasetIds: readonly string[], isSealed: boolean) {
  const { studyId, queryHash } = contractOf(scene);
  if (datasetIds.length === 0) revert("QuerySmartContractNoDatasets");
  const { policy } = studyOf(scene.state, studyId);
  const opening = {
    studyId,
    queryHash,
    datasetIds,
    querier,
    studyBudget: policy.openingsBudget,
    quota: policy.organisationQuota,
  };
  const { k, roots } = openData(scene, opening);
  roots.forEach((root, i) => {
    if (i > 0 && BigInt(datasetIds[i]!) <= BigInt(datasetIds[i - 1]!)) {
      revert("QuerySmartContractDatasetsNotAscending", i);
    }
    if (root === ZeroHash) revert("QuerySmartContractDatasetOfOtherStudy", datasetIds[i]);
  });
  const raised = { ...policy, k: k > policy.k ? k : policy.k };
  if (!isSealed || policy.sealedK === 0n) return { roots, policy: raised, k: raised.k };
  const sealedK = k > policy.sealedK ? k : policy.sealedK;
  return { roots, policy: { ...raised, sealedK }, k: sealedK };
}

function newContext(
  scene: CallScene,
  querier: string,
  { nonce, parameters, datasetIds, releaseClass, recipients }: CallArguments,
): { readonly context: RequestContext; readonly k: bigint } {
  const { state, chainId, self, block, timestamp } = scene;
  const { queryHash, studyId } = contractOf(scene);
  const parametersHash = keccak256(parameters);
  const isSealed = Number(releaseClass) === ReleaseClass.SEALED;
  const { roots: datasetRoots, policy, k } = opened(scene, querier, datasetIds, isSealed);
  const types = ["uint256", "address", "address", "uint256", "bytes32", "bytes32", "bytes32[]", "uint256"];
  const words = [chainId, self, querier, nonce, queryHash, parametersHash, datasetRoots, block];
  const context = {
    studyId,
    requestId: keccak256(coder.encode(types, words)),
    queryHash,
    parametersHash,
    policyHash: hashPolicy(policy),
    datasetRoots,
    committeeEpoch: currentEpoch(state, studyId),
    requestBlock: block,
    consentMaskRoot: maskRootOf(state, studyId, datasetIds, timestamp),
    releaseClass: Number(releaseClass) as ReleaseClass,
    recipientsHash: hashRecipients(Number(releaseClass), recipients),
  };
  return { context, k };
}

function hashRecipients(releaseClass: number, recipients: readonly string[]): string {
  const most = releaseClass === ReleaseClass.SEALED ? MAX_RECIPIENTS : 0;
  const isNone = recipients.length === 0;
  if (recipients.length > most || isNone !== (most === 0)) {
    revert("QuerySmartContractRecipientCount", recipients.length, most);
  }
  recipients.forEach((key, i) => {
    const isKey = dataLength(key) === 33 && /^0x0[23]/.test(key);
    const isAfter = i === 0 || BigInt(key) > BigInt(recipients[i - 1]!);
    if (!isKey || !isAfter) revert("QuerySmartContractInvalidRecipient", i);
  });
  return isNone ? ZeroHash : recipientsHash(recipients);
}

/** One bit an output, no other, and at least one; or none at all. */
function isBitmap(bitmap: Uint8Array, outputs: number): boolean {
  if (bitmap.length === 0) return true;
  if (bitmap.length !== Math.ceil(outputs / 8)) return false;
  const bits = [...bitmap].flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1));
  return bits.slice(outputs).every((bit) => bit === 0) && bits.includes(1);
}

function checkVerdict(verdict: CallArguments, releaseClass: ReleaseClass): void {
  const { outcome, outputs, suppressedBitmap, sealedHash } = verdict;
  const answered = Number(outcome) === Outcome.ANSWERED;
  const hasKeys = answered && releaseClass === ReleaseClass.SEALED;
  const wellFormed =
    Number(outcome) !== Outcome.NONE &&
    answered === outputs.length > 0 &&
    isBitmap(getBytes(suppressedBitmap), outputs.length) &&
    hasKeys === (sealedHash !== ZeroHash);
  if (!wellFormed) revert("QuerySmartContractInvalidVerdict", outcome);
  outputs.forEach((output: bigint, i: number) => {
    if (output >= BN254_FR_MODULUS) revert("QuerySmartContractOutputOutOfField", i);
  });
}

function checkQuorum(scene: CallScene, context: RequestContext, digest: string, signatures: CallArguments[]): void {
  const { studyId, committeeEpoch } = context;
  const needed = quorumOf(committeeOf(scene.state, studyId, committeeEpoch));
  if (BigInt(signatures.length) < needed) revert("QuerySmartContractQuorum", signatures.length, needed);
  let previous = 0n;
  signatures.forEach(({ index, signature }, i) => {
    if (index <= previous) revert("QuerySmartContractSignaturesNotAscending", i);
    previous = index;
    const [, key, active] = signerAt(scene, studyId, committeeEpoch, index);
    const recovered = recover(digest, signature);
    if (!active || recovered !== key) revert("QuerySmartContractInvalidSigner", index, recovered, key);
  });
}

/** Calldata has integers as bigint; the enums of `messages/` are numbers. */
function contextFrom(raw: CallArguments): RequestContext {
  return { ...(raw as unknown as RequestContext), releaseClass: Number(raw["releaseClass"]) as 0 | 1 };
}

function end(
  scene: CallScene,
  entry: StoredRequest,
  { context, querier }: { readonly context: RequestContext; readonly querier: string },
  verdict: CallArguments,
  statement: string,
): void {
  const { requestId } = context;
  const { attempt, outcome, suppressedBitmap, outputs, sealedHash } = verdict;
  entry.assurance = Assurance.QUORUM;
  entry.outcome = Number(outcome);
  if (Number(outcome) !== Outcome.ANSWERED) {
    const failed = Number(outcome) === Outcome.FAILED_UNAVAILABLE;
    entry.state = failed ? RequestState.FAILED : RequestState.REFUSED;
    return scene.emit("QueryRefused", [requestId, attempt, outcome, statement]);
  }
  entry.state = RequestState.ANSWERED;
  entry.suppressed = dataLength(suppressedBitmap) > 0;
  entry.commitment = requestCommitment(context, querier, outputsHash(outputs));
  scene.emit("QueryAnswered", [requestId, attempt, suppressedBitmap, outputs, sealedHash, statement]);
}

/** @returns the statement */
function checkSigned(
  scene: CallScene,
  context: RequestContext,
  verdict: CallArguments,
  signatures: CallArguments[],
): string {
  checkVerdict(verdict, context.releaseClass);
  const { chainId, self } = scene;
  const statement = statementHash({ chainId, contract: self, context, verdict: verdict as unknown as Verdict });
  const digest = hashTypedData(opalineDomain(chainId, self), ANSWER, { statement });
  checkQuorum(scene, context, digest, signatures);
  return statement;
}

/** Another outcome; or, of what was answered in public, other outputs. */
function contradicts(
  entry: StoredRequest,
  answered: string,
  verdict: CallArguments,
  releaseClass: ReleaseClass,
): boolean {
  const outcome = Number(verdict["outcome"]);
  if (outcome !== entry.outcome) return true;
  if (outcome !== Outcome.ANSWERED || releaseClass === ReleaseClass.SEALED) return false;
  return outputsHash(verdict["outputs"]) !== answered;
}

export const queryContractHandlers: Handlers = {
  acceptAgreement(scene, { acceptance, signature }) {
    const { state, chainId, self, timestamp, emit } = scene;
    const contract = contractOf(scene);
    const { querier, queryHash, agreementHash, nonce, name, meaning, signedAt, deadline } = acceptance;
    if (queryHash !== contract.queryHash) revert("QuerySmartContractWrongQuery", queryHash, contract.queryHash);
    if (agreementHash !== contract.agreementHash) {
      revert("QuerySmartContractWrongAgreement", agreementHash, contract.agreementHash);
    }
    if (timestamp > deadline) revert("QuerySmartContractAcceptanceExpired", deadline);
    if (!isActive(state, "QuerierRegistry", querier, timestamp)) revert("QuerySmartContractNotQuerier", querier);
    const expected = contract.nonces.get(querier) ?? 0n;
    if (nonce !== expected) revert("InvalidAccountNonce", querier, expected);
    const recovered = recover(hashTypedData(opalineDomain(chainId, self), ACCEPTANCE, acceptance), signature);
    const key = keyOf(state, "QuerierRegistry", querier);
    if (recovered !== key) revert("QuerySmartContractInvalidAcceptance", recovered, key);
    contract.nonces.set(querier, expected + 1n);
    contract.accepted.add(querier);
    emit("AgreementAccepted", [querier, agreementHash, name, meaning, signedAt]);
    return [];
  },
  request(scene, args) {
    const { state, block, emit } = scene;
    const { parameters, datasetIds, releaseClass, recipients } = args;
    const contract = contractOf(scene);
    hashRecipients(Number(releaseClass), recipients);
    const querier = authorise(scene, contract);
    checkParameters(parameters, state.catalogue.get(contract.queryHash)!.bounds);
    const { context, k } = newContext(scene, querier, args);
    const deadlineBlock = block + studyOf(state, contract.studyId).policy.deadlineBlocks;
    if (contract.requests.has(context.requestId)) revert("QuerySmartContractAlreadyRequested", context.requestId);
    contract.requests.set(context.requestId, {
      deadlineBlock,
      state: RequestState.REQUESTED,
      assurance: Assurance.NONE,
      suppressed: false,
      outcome: Outcome.NONE,
      commitment: requestCommitment(context, querier, ZeroHash),
      disputed: false,
    });
    const said = [context.requestId, querier, parameters, datasetIds, context, deadlineBlock, recipients, k];
    emit("QueryRequested", said);
    requireRunning(scene);
    return [context.requestId];
  },
  answer(scene, { context: raw, querier, verdict, signatures }) {
    const context = contextFrom(raw);
    const entry = openRequest(scene, context, querier);
    if (scene.block > entry.deadlineBlock) {
      revert("QuerySmartContractDeadlinePassed", entry.deadlineBlock, scene.block);
    }
    const statement = checkSigned(scene, context, verdict, signatures);
    end(scene, entry, { context, querier }, verdict, statement);
    requireRunning(scene);
    return [];
  },
  dispute(scene, { context: raw, querier, outputsHash: answered, verdict, signatures }) {
    const context = contextFrom(raw);
    const { requestId } = context;
    const entry = knownRequest(scene, context, querier, answered);
    if (entry.outcome === Outcome.NONE) revert("QuerySmartContractNothingToDispute", requestId, entry.state);
    if (entry.disputed) revert("QuerySmartContractAlreadyDisputed", requestId);
    if (!contradicts(entry, answered, verdict, context.releaseClass)) {
      revert("QuerySmartContractNoConflict", requestId, entry.outcome);
    }
    const statement = checkSigned(scene, context, verdict, signatures);
    entry.disputed = true;
    const { attempt, outcome, suppressedBitmap, outputs, sealedHash } = verdict;
    scene.emit("QueryDisputed", [requestId, attempt, outcome, suppressedBitmap, outputs, sealedHash, statement]);
    return [];
  },
  isDisputed: (scene, { requestId }) => [contractOf(scene).requests.get(requestId)?.disputed ?? false],
  publishKeyCopies(scene, { context: raw, querier, outputsHash: answered, index, maskKeyHashes, copies }) {
    const context = contextFrom(raw);
    const { requestId, releaseClass, studyId, committeeEpoch } = context;
    const entry = knownRequest(scene, context, querier, answered);
    if (entry.state !== RequestState.ANSWERED || releaseClass !== ReleaseClass.SEALED) {
      revert("QuerySmartContractNotSealedAnswer", requestId, entry.state, releaseClass);
    }
    const [, key] = signerAt(scene, studyId, committeeEpoch, index);
    if (key !== scene.sender) revert("QuerySmartContractNotWorker", scene.sender, index);
    const fits =
      maskKeyHashes.length <= 35 &&
      copies.length <= MAX_RECIPIENTS &&
      copies.every((copy: string) => dataLength(copy) <= 689);
    if (!fits) revert("QuerySmartContractKeyCopiesTooLarge");
    scene.emit("KeyCopiesPublished", [requestId, index, maskKeyHashes, copies]);
    return [];
  },
  expire(scene, { context: raw, querier }) {
    const context = contextFrom(raw);
    const entry = openRequest(scene, context, querier);
    if (scene.block <= entry.deadlineBlock) {
      revert("QuerySmartContractDeadlineNotReached", entry.deadlineBlock, scene.block);
    }
    entry.state = RequestState.EXPIRED;
    scene.emit("QueryExpired", [context.requestId]);
    return [];
  },
  requestOf(scene, { requestId }) {
    const none = { state: 0, assurance: 0, suppressed: false, outcome: 0, commitment: `0x${"00".repeat(28)}` };
    return [contractOf(scene).requests.get(requestId) ?? none];
  },
  hasAccepted: (scene, { querier }) => [contractOf(scene).accepted.has(querier)],
  nonces: (scene, { querier }) => [contractOf(scene).nonces.get(querier) ?? 0n],
  queryHash: (scene) => [contractOf(scene).queryHash],
  studyId: (scene) => [contractOf(scene).studyId],
};
