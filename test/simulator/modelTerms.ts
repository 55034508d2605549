/** The model of what owners agree to and forbid: study agreements, their own terms, vetoes, openings. */
import { ZeroAddress, ZeroHash } from "ethers";
import { STUDY_SIGNATURE } from "../../workers/messages/signedStructs.ts";
import { hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { takesRequests } from "./modelCatalogue.ts";
import {
  activeMemberOf,
  isActive,
  keyHolderOf,
  keyOf,
  missingPurpose,
  organisationOf,
  restricted,
} from "./modelMembers.ts";
import { recover } from "./modelSignatures.ts";
import { type CallScene, type Handlers, type ModelState, type Terms, revert } from "./modelState.ts";
import { requireNotRetired } from "./modelRetirement.ts";
import { datasetIdOf, rootOf, studyOf } from "./modelStudies.ts";

const NO_TERMS: Terms = { k: 0n, openingsBudget: 0n, closed: false, purposes: [] };

function vetoKey(queryHash: string, datasetId: string): string {
  return `${queryHash} ${datasetId}`;
}

export function requireSigned({ state }: CallScene, studyId: string, owner: string): void {
  const newest = BigInt(state.agreements.get(studyId)?.length ?? 0);
  const signed = state.signed.get(`${studyId} ${owner.toLowerCase()}`) ?? 0n;
  if (newest === 0n || signed !== newest) revert("DatasetRegistryAgreementNotSigned", studyId, owner);
}

export interface Opening {
  readonly studyId: string;
  readonly queryHash: string;
  readonly datasetIds: readonly string[];
  readonly querier: string;
  readonly studyBudget: bigint;
  /** 0: none. */
  readonly quota: bigint;
}

function countRequest(state: ModelState, studyId: string, organisation: string, quota: bigint): void {
  const key = `${studyId} ${organisation}`;
  const used = state.requestsOf.get(key) ?? 0n;
  if (used >= quota) revert("DatasetRegistryQuotaSpent", studyId, organisation, quota);
  state.requestsOf.set(key, used + 1n);
}

/** @returns the strictest k of the owners, and each dataset's root, 0 where it is not the study's */
export function openData(scene: CallScene, { studyId, queryHash, datasetIds, querier, studyBudget, quota }: Opening) {
  const { state } = scene;
  if (!takesRequests(scene, queryHash)) revert("DatasetRegistryInactiveQuery", queryHash);
  if (quota !== 0n) countRequest(state, studyId, organisationOf(state, "QuerierRegistry", querier), quota);
  let k = 0n;
  const roots = datasetIds.map((datasetId) => {
    const root = rootOf(state, studyId, datasetId);
    if (root === ZeroHash) return root;
    if (state.vetoes.has(vetoKey(queryHash, datasetId))) revert("DatasetRegistryVetoed", datasetId, queryHash);
    const terms = state.terms.get(datasetId) ?? NO_TERMS;
    requireNotRetired(state, datasetId);
    if (terms.closed) revert("DatasetRegistryClosed", datasetId);
    const own = terms.openingsBudget;
    const budget = own !== 0n && own < studyBudget ? own : studyBudget;
    const used = state.openings.get(datasetId) ?? 0n;
    if (used >= budget) revert("DatasetRegistryBudgetSpent", datasetId, budget);
    const missing = missingPurpose(state, "QuerierRegistry", querier, terms.purposes);
    if (missing !== undefined) revert("DatasetRegistryMissingPurpose", datasetId, missing);
    state.openings.set(datasetId, used + 1n);
    if (terms.k > k) k = terms.k;
    return root;
  });
  return { k, roots };
}

/** Not retired. */
export function ownDataset(scene: CallScene, studyId: string, active: boolean): { owner: string; datasetId: string } {
  const { state, sender, timestamp } = scene;
  const registry = "DataOwnerRegistry";
  const owner = active ? activeMemberOf(state, registry, sender, timestamp) : keyHolderOf(state, registry, sender);
  if (owner === ZeroAddress) revert("DatasetRegistryInactiveOwner", sender);
  const datasetId = datasetIdOf(scene, studyId, owner);
  requireNotRetired(state, datasetId);
  return { owner, datasetId };
}

/** Of the DatasetRegistry. */
export const termsHandlers: Handlers = {
  setTerms(scene, { studyId, terms }) {
    const { owner, datasetId } = ownDataset(scene, studyId, terms.closed !== true);
    if (terms.k !== 0n && (terms.k < 5n || terms.k > 1_000n)) revert("DatasetRegistryInvalidTerms", "k");
    if (terms.purposes.length > 16) revert("DatasetRegistryInvalidTerms", "purposes");
    scene.state.terms.set(datasetId, terms);
    scene.emit("TermsSet", [datasetId, owner, terms]);
    return [];
  },
  veto(scene, { studyId, queryHash, reason }) {
    const { owner, datasetId } = ownDataset(scene, studyId, false);
    const key = vetoKey(queryHash, datasetId);
    if (scene.state.vetoes.has(key)) revert("DatasetRegistryVetoed", datasetId, queryHash);
    scene.state.vetoes.add(key);
    scene.emit("QueryVetoed", [queryHash, datasetId, owner, reason]);
    return [];
  },
  liftVeto(scene, { studyId, queryHash }) {
    const { owner, datasetId } = ownDataset(scene, studyId, true);
    if (!scene.state.vetoes.delete(vetoKey(queryHash, datasetId))) {
      revert("DatasetRegistryNotVetoed", datasetId, queryHash);
    }
    scene.emit("VetoLifted", [queryHash, datasetId, owner]);
    return [];
  },
  termsOf({ state }, { datasetId }) {
    const terms = state.terms.get(datasetId) ?? NO_TERMS;
    return [{ ...terms, closed: terms.closed || state.retired.has(datasetId) }];
  },
  isVetoed: ({ state }, { queryHash, datasetId }) => [state.vetoes.has(vetoKey(queryHash, datasetId))],
};

export const agreementHandlers: Handlers = {
  publish(scene, { studyId, documentHash, jurisdiction, parties }) {
    restricted(scene);
    const { state, emit } = scene;
    studyOf(state, studyId);
    const earlier = state.agreements.get(studyId) ?? [];
    if (documentHash === ZeroHash) revert("StudyAgreementsMissingField", "documentHash");
    if (jurisdiction === "") revert("StudyAgreementsMissingField", "jurisdiction");
    if (parties.length === 0) revert("StudyAgreementsMissingField", "parties");
    if (earlier.at(-1) === documentHash) revert("StudyAgreementsSameDocument", documentHash);
    state.agreements.set(studyId, [...earlier, documentHash]);
    const version = BigInt(earlier.length + 1);
    emit("StudyAgreementPublished", [studyId, version, documentHash, jurisdiction, parties]);
    return [version];
  },
  sign(scene, { given, signature }) {
    const { state, chainId, self, timestamp, emit } = scene;
    const { studyId, version, documentHash, owner, name, meaning, signedAt, nonce, deadline } = given;
    const versions = state.agreements.get(studyId) ?? [];
    if (versions.length === 0) revert("StudyAgreementsUnknown", studyId, version);
    if (version !== BigInt(versions.length)) revert("StudyAgreementsWrongVersion", version, versions.length);
    if (documentHash !== versions.at(-1)) revert("StudyAgreementsWrongDocument", documentHash, versions.at(-1));
    if (timestamp > deadline) revert("StudyAgreementsSignatureExpired", deadline);
    if (!isActive(state, "DataOwnerRegistry", owner, timestamp)) revert("StudyAgreementsNotOwner", owner);
    const place = `${studyId} ${owner.toLowerCase()}`;
    if (state.signed.get(place) === version) revert("StudyAgreementsAlreadySigned", studyId, owner);
    const expected = state.signingNonces.get(owner) ?? 0n;
    if (nonce !== expected) revert("InvalidAccountNonce", owner, expected);
    const recovered = recover(hashTypedData(opalineDomain(chainId, self), STUDY_SIGNATURE, given), signature);
    const key = keyOf(state, "DataOwnerRegistry", owner);
    if (recovered !== key) revert("StudyAgreementsInvalidSignature", recovered, key);
    state.signingNonces.set(owner, expected + 1n);
    state.signed.set(place, version);
    emit("StudyAgreementSigned", [studyId, version, owner, name, meaning, signedAt]);
    return [];
  },
};
