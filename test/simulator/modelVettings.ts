/** The model of `contracts/query/Vettings.sol` and `Approvals.sol`: who may vet, and until when approvals suffice. */
import { toUtf8Bytes } from "ethers";
import { VETTING } from "../../workers/messages/signedStructs.ts";
import { hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { isActive, keyOf, organisationOf } from "./modelMembers.ts";
import { recover } from "./modelSignatures.ts";
import type { CallArguments, CallScene, CatalogueEntry, ModelState } from "./modelState.ts";
import { revert } from "./modelState.ts";
import { studyOf } from "./modelStudies.ts";

const [APPROVED, REJECTED] = [1, 2] as const;
const MAX_VALIDITY = 1_096n * 86_400n;
const MAX_COMMENT = 2_000;
const MOST_APPROVALS = 64;

export function checkComment(text: string, least: number): void {
  const { length } = toUtf8Bytes(text);
  if (length < least || length > MAX_COMMENT) revert("QueryCatalogueCommentLength", length, MAX_COMMENT);
}

function isOwnOrganisation(state: ModelState, organisation: string, author: string): boolean {
  return ["QuerierRegistry", "VetterRegistry"].some((role) => organisationOf(state, role, author) === organisation);
}

export function useVetting(scene: CallScene, entry: CatalogueEntry, vetting: CallArguments, signature: string): void {
  const { state, timestamp, chainId, self } = scene;
  const vetter = String(vetting["vetter"]);
  if (timestamp > vetting["deadline"]) revert("QueryCatalogueVettingExpired", vetting["deadline"]);
  if (!isActive(state, "VetterRegistry", vetter, timestamp)) revert("QueryCatalogueNotVetter", vetter);
  const organisation = organisationOf(state, "VetterRegistry", vetter);
  if (isOwnOrganisation(state, organisation, entry.author)) revert("QueryCatalogueOwnOrganisation", vetter);
  checkContent(scene, entry, vetting);
  const nonce = state.vettingNonces.get(vetter) ?? 0n;
  if (vetting["nonce"] !== nonce) revert("InvalidAccountNonce", vetter, nonce);
  const recovered = recover(hashTypedData(opalineDomain(chainId, self), VETTING, vetting), signature);
  const key = keyOf(state, "VetterRegistry", vetter);
  if (recovered !== key) revert("QueryCatalogueInvalidSignature", recovered, key);
  state.vettingNonces.set(vetter, nonce + 1n);
  const { approved, validUntil } = vetting;
  entry.vetted.set(vetter, { decision: approved === true ? APPROVED : REJECTED, validUntil });
  entry.standing.delete(vetter);
  for (const [other, until] of entry.standing) if (until < timestamp) entry.standing.delete(other);
  if (approved !== true) return;
  if (entry.standing.size === MOST_APPROVALS) revert("QueryCatalogueTooManyApprovals", vetting["queryHash"]);
  entry.standing.set(vetter, validUntil);
}

function checkContent({ timestamp }: CallScene, entry: CatalogueEntry, vetting: CallArguments): void {
  const { queryHash, vetter, approved, comment, validUntil } = vetting;
  checkComment(comment, approved === true ? 0 : 1);
  const [earliest, latest] = approved === true ? [timestamp, timestamp + MAX_VALIDITY] : [0n, 0n];
  if (validUntil < earliest || validUntil > latest) revert("QueryCatalogueInvalidValidity", validUntil, latest);
  const before = entry.vetted.get(vetter);
  const repeats = before !== undefined && approved === true && validUntil <= before.validUntil;
  if (before?.decision === REJECTED || repeats) revert("QueryCatalogueAlreadyVetted", queryHash, vetter);
}

/** Counts anew; by trying every end of an approval, unlike the contract. 0 where they do not suffice. */
export function sufficientUntil({ state, timestamp }: CallScene, entry: CatalogueEntry): bigint {
  const counted = [...entry.standing]
    .filter(([vetter]) => isActive(state, "VetterRegistry", vetter, timestamp))
    .map(([vetter, until]) => ({ until, organisation: organisationOf(state, "VetterRegistry", vetter) }))
    .filter(({ organisation }) => !isOwnOrganisation(state, organisation, entry.author));
  entry.approvals = counted.length;
  entry.organisations = new Set(counted.map(({ organisation }) => organisation)).size;
  const { vettings, vettingOrganisations } = studyOf(state, entry.studyId).policy;
  const suffices = (time: bigint): boolean => {
    const then = counted.filter(({ until }) => until >= time);
    return (
      then.length >= vettings && new Set(then.map(({ organisation }) => organisation)).size >= vettingOrganisations
    );
  };
  const ends = counted.map(({ until }) => until).filter(suffices);
  return ends.reduce((latest, until) => (until > latest ? until : latest), 0n);
}
