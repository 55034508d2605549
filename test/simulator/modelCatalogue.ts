/** The model of `contracts/query/QueryCatalogue.sol`: publish, vet, revoke. Descriptors are taken as canonical. */
import { ZeroAddress, concat, dataLength, getCreate2Address, id, keccak256, toBeHex, AbiCoder } from "ethers";
import { VETTING, hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { queryHash as hashQuery } from "../../workers/query/queryHash.ts";
import { activeMemberOf, isActive, keyOf, organisationOf, restricted } from "./modelMembers.ts";
import { recover } from "./modelSignatures.ts";
import type { CallArguments, CallScene, CatalogueEntry, Handlers, ModelState } from "./modelState.ts";
import { revert } from "./modelState.ts";
import { studyOf } from "./modelStudies.ts";

const [PUBLISHED, ACTIVE, REVOKED] = [1, 2, 3];

function known(state: ModelState, queryHash: string): CatalogueEntry {
  return state.catalogue.get(queryHash) ?? revert("QueryCatalogueUnknown", queryHash);
}

/** Where `CodeStorage.write` puts its contract. */
function codeAddress({ self }: CallScene, salt: string, content: string): string {
  const size = toBeHex(dataLength(content) + 1, 2);
  return getCreate2Address(self, salt, keccak256(concat(["0x61", size, "0x80600a3d393df3", "0x00", content])));
}

/** Where OpenZeppelin's `cloneDeterministicWithImmutableArgs` puts a clone. */
function cloneAddress({ self, addresses }: CallScene, salt: string, args: string): string {
  const head = ["0x61", toBeHex(dataLength(args) + 45, 2), "0x3d81600a3d39f3363d3d373d3d3d363d73"];
  const code = [...head, addresses["QuerySmartContract"]!, "0x5af43d82803e903d91602b57fd5bf3", args];
  return getCreate2Address(self, salt, keccak256(concat(code)));
}

function inverted(hash: string): string {
  return toBeHex(BigInt(hash) ^ ((1n << 256n) - 1n), 32);
}

function authorOf({ state, sender, timestamp }: CallScene): string {
  const roles = ["QuerierRegistry", "VetterRegistry"];
  const members = roles.map((role) => activeMemberOf(state, role, sender, timestamp));
  return members.find((member) => member !== ZeroAddress) ?? revert("QueryCatalogueNotAuthor", sender);
}

function isOwnOrganisation(state: ModelState, organisation: string, author: string): boolean {
  return ["QuerierRegistry", "VetterRegistry"].some((role) => organisationOf(state, role, author) === organisation);
}

function useVetting(scene: CallScene, entry: CatalogueEntry, vetting: CallArguments, signature: string): void {
  const { state, timestamp, chainId, self } = scene;
  const vetter = String(vetting["vetter"]);
  if (timestamp > vetting["deadline"]) revert("QueryCatalogueVettingExpired", vetting["deadline"]);
  if (!isActive(state, "VetterRegistry", vetter, timestamp)) revert("QueryCatalogueNotVetter", vetter);
  const organisation = organisationOf(state, "VetterRegistry", vetter);
  if (isOwnOrganisation(state, organisation, entry.author)) revert("QueryCatalogueOwnOrganisation", vetter);
  if (entry.vetted.has(vetter)) revert("QueryCatalogueAlreadyVetted", vetting["queryHash"], vetter);
  const nonce = state.vettingNonces.get(vetter) ?? 0n;
  if (vetting["nonce"] !== nonce) revert("InvalidAccountNonce", vetter, nonce);
  const recovered = recover(hashTypedData(opalineDomain(chainId, self), VETTING, vetting), signature);
  const key = keyOf(state, "VetterRegistry", vetter);
  if (recovered !== key) revert("QueryCatalogueInvalidSignature", recovered, key);
  state.vettingNonces.set(vetter, nonce + 1n);
  entry.vetted.add(vetter);
  if (vetting["approved"] === true) entry.approvers.push(vetter);
}

function countApprovals({ state, timestamp }: CallScene, entry: CatalogueEntry): void {
  const counted = entry.approvers
    .filter((vetter) => isActive(state, "VetterRegistry", vetter, timestamp))
    .map((vetter) => organisationOf(state, "VetterRegistry", vetter))
    .filter((organisation) => !isOwnOrganisation(state, organisation, entry.author));
  entry.approvals = counted.length;
  entry.organisations = new Set(counted).size;
}

function activateWhenApproved(scene: CallScene, queryHash: string, entry: CatalogueEntry): void {
  const { state, self, emit } = scene;
  const { vettings, vettingOrganisations } = studyOf(state, entry.studyId).policy;
  if (entry.approvals < vettings || entry.organisations < vettingOrganisations) return;
  const types = ["bytes32", "bytes32", "bytes32", "address", "address"];
  const origin = [queryHash, entry.studyId, entry.agreementHash, self, entry.boundsCode];
  entry.state = ACTIVE!;
  entry.queryContract = cloneAddress(scene, queryHash, AbiCoder.defaultAbiCoder().encode(types, origin));
  const { studyId, agreementHash } = entry;
  const remembered = { accepted: new Set<string>(), nonces: new Map<string, bigint>(), requests: new Map() };
  state.contracts.set(entry.queryContract.toLowerCase(), { queryHash, studyId, agreementHash, ...remembered });
  emit("QueryActivated", [queryHash, entry.queryContract]);
  emit("DatasetRegistry:DataUserAdded", [entry.queryContract]);
}

export const catalogueHandlers: Handlers = {
  publish(scene, args) {
    const author = authorOf(scene);
    const { state, emit } = scene;
    const [studyId, sql, bounds, manifest, agreement] = ["studyId", "sql", "bounds", "manifest", "agreement"].map(
      (name) => String(args[name]),
    ) as [string, string, string, string, string];
    const descriptor = String(args["descriptor_"]);
    const { schemaHash } = studyOf(state, studyId);
    const queryHash = hashQuery(schemaHash, descriptor, sql, bounds, manifest, agreement);
    if (state.catalogue.has(queryHash)) revert("QueryCatalogueAlreadyPublished", queryHash);
    const codes = {
      descriptorCode: codeAddress(scene, queryHash, descriptor),
      boundsCode: codeAddress(scene, inverted(queryHash), bounds),
    };
    const vetting = { approvals: 0, organisations: 0, approvers: [], vetted: new Set<string>() };
    const entry = { studyId, schemaHash, agreementHash: id(agreement), author, descriptor, bounds };
    const unclaimed = { state: PUBLISHED!, queryContract: ZeroAddress };
    state.catalogue.set(queryHash, { ...entry, ...codes, ...vetting, ...unclaimed });
    emit("QueryPublished", [queryHash, studyId, author, sql, bounds, manifest, agreement]);
    return [queryHash];
  },
  vet(scene, { vetting, signature }) {
    const entry = known(scene.state, vetting.queryHash);
    if (entry.state !== PUBLISHED) revert("QueryCatalogueNotPublished", vetting.queryHash, entry.state);
    useVetting(scene, entry, vetting, signature);
    if (vetting.approved) countApprovals(scene, entry);
    const { queryHash, vetter, approved, name, meaning, signedAt } = vetting;
    scene.emit("QueryVetted", [queryHash, vetter, approved, name, meaning, signedAt]);
    if (approved) activateWhenApproved(scene, queryHash, entry);
    return [];
  },
  revoke(scene, { queryHash, reason }) {
    restricted(scene);
    const entry = known(scene.state, queryHash);
    if (entry.state === REVOKED) revert("QueryCatalogueAlreadyRevoked", queryHash);
    entry.state = REVOKED!;
    scene.emit("QueryRevoked", [queryHash, reason]);
    return [];
  },
  query: ({ state }, { queryHash }) => [known(state, queryHash)],
  descriptor: ({ state }, { queryHash }) => [known(state, queryHash).descriptor],
  isActive: ({ state }, { queryHash }) => [state.catalogue.get(queryHash)?.state === ACTIVE],
  nonces: ({ state }, { vetter }) => [state.vettingNonces.get(vetter) ?? 0n],
};
