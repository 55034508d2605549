/** The model of `contracts/query/QueryCatalogue.sol`. Descriptors are taken as canonical. */
import { ZeroAddress, ZeroHash, concat, dataLength, getCreate2Address, id, keccak256, toBeHex, AbiCoder } from "ethers";
import { Capacity } from "../../workers/chain/credits.ts";
import { decodeBounds, decodeDescriptor } from "../../workers/messages/decodeDescriptor.ts";
import { type Forbidden, forbiddenUse } from "../../workers/query/permittedFields.ts";
import { queryHash as hashQuery } from "../../workers/query/queryHash.ts";
import { activeMemberOf, keyHolderOf, organisationOf, restricted } from "./modelMembers.ts";
import type { CallScene, CatalogueEntry, Handlers, ModelState, VettedOnce } from "./modelState.ts";
import { revert } from "./modelState.ts";
import { hashPolicy, policyType, studyOf } from "./modelStudies.ts";
import { checkComment, sufficientUntil, useVetting } from "./modelVettings.ts";

const [PUBLISHED, ACTIVE, REVOKED, SUPERSEDED] = [1, 2, 3, 4] as const;

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

export function takesRequests({ state, timestamp }: CallScene, queryHash: string): boolean {
  const entry = state.catalogue.get(queryHash);
  return entry !== undefined && entry.state === ACTIVE && timestamp <= entry.activeUntil;
}

function authorOf({ state, sender, timestamp }: CallScene): string {
  const roles = ["QuerierRegistry", "VetterRegistry"];
  const members = roles.map((role) => activeMemberOf(state, role, sender, timestamp));
  return members.find((member) => member !== ZeroAddress) ?? revert("QueryCatalogueNotAuthor", sender);
}

function authoriseAuthor(scene: CallScene, queryHash: string): void {
  const { state, sender } = scene;
  const { author } = known(state, queryHash);
  const roles = ["QuerierRegistry", "VetterRegistry"];
  if (!roles.some((role) => keyHolderOf(state, role, sender) === author)) {
    revert("QueryCatalogueNotAuthorOf", queryHash, sender);
  }
  authorOf(scene);
}

function supersede(scene: CallScene, queryHash: string, successor: string): [] {
  const [entry, next] = [known(scene.state, queryHash), known(scene.state, successor)];
  if (entry.state !== ACTIVE) revert("QueryCatalogueNotActive", queryHash, entry.state);
  if (!takesRequests(scene, successor)) revert("QueryCatalogueNotActive", successor, next.state);
  if (queryHash === successor || entry.studyId !== next.studyId) {
    revert("QueryCatalogueInvalidSuccessor", queryHash, successor);
  }
  entry.state = SUPERSEDED;
  entry.successor = successor;
  scene.emit("QuerySuperseded", [queryHash, successor]);
  return [];
}

/** As `contracts/query/CloneArguments.sol` encodes them. */
function argumentsOf({ state, self }: CallScene, queryHash: string, entry: CatalogueEntry): string {
  const { studyId, agreementHash, author, bounds } = entry;
  const { policy } = studyOf(state, studyId);
  const isQuerier = organisationOf(state, "QuerierRegistry", author) !== ZeroHash;
  const words = [queryHash, studyId, agreementHash, self, policy.deadlineBlocks, policy.price];
  const paid = [isQuerier ? Capacity.QUERIER : Capacity.VETTER, author];
  const binding = [hashPolicy(policy), policy.k, policy.sealedK, policy.openingsBudget, policy.organisationQuota];
  const types = ["bytes32", "bytes32", "bytes32", "address", "uint64", "uint88", "uint8", "address"];
  const bindingTypes = ["bytes32", "uint16", "uint16", "uint32", "uint24"];
  return AbiCoder.defaultAbiCoder().encode(
    [...types, ...bindingTypes, "bytes", policyType()],
    [...words, ...paid, ...binding, bounds, policy],
  );
}

function activate(scene: CallScene, queryHash: string, entry: CatalogueEntry): void {
  const { state, emit } = scene;
  entry.state = ACTIVE;
  entry.queryContract = cloneAddress(scene, queryHash, argumentsOf(scene, queryHash, entry));
  const { studyId, agreementHash } = entry;
  const remembered = { accepted: new Set<string>(), nonces: new Map<string, bigint>(), requests: new Map() };
  state.contracts.set(entry.queryContract.toLowerCase(), { queryHash, studyId, agreementHash, ...remembered });
  emit("QueryActivated", [queryHash, entry.queryContract]);
  emit("DatasetRegistry:DataUserAdded", [queryHash, entry.queryContract]);
}

function refuseForbidden(forbidden: Forbidden | undefined): void {
  if (forbidden === undefined) return;
  if (forbidden.kind === "cut") revert("QueryCatalogueCutNotPermitted", forbidden.field, forbidden.cut);
  if (forbidden.kind === "bind") revert("QueryCatalogueNonCanonical", "bind");
  revert(forbidden.kind === "site" ? "QueryCatalogueSiteClosed" : "QueryCatalogueFieldNotPermitted", forbidden.field);
}

export const catalogueHandlers: Handlers = {
  publish(scene, args) {
    const author = authorOf(scene);
    const { state, emit } = scene;
    const [studyId, sql, bounds, manifest, agreement] = ["studyId", "sql", "bounds", "manifest", "agreement"].map(
      (name) => String(args[name]),
    ) as [string, string, string, string, string];
    const descriptor = String(args["descriptor_"]);
    const { schemaHash, policy, fieldRules } = studyOf(state, studyId);
    const closedSite = Number(policy.closedSite);
    refuseForbidden(forbiddenUse(decodeDescriptor(descriptor), decodeBounds(bounds), { closedSite, fieldRules }));
    const queryHash = hashQuery(schemaHash, descriptor, sql, bounds, manifest, agreement);
    if (state.catalogue.has(queryHash)) revert("QueryCatalogueAlreadyPublished", queryHash);
    const codes = {
      descriptorCode: codeAddress(scene, queryHash, descriptor),
      boundsCode: codeAddress(scene, inverted(queryHash), bounds),
    };
    const counted = { approvals: 0, organisations: 0, activeUntil: 0n, successor: ZeroHash };
    const vetting = { ...counted, standing: new Map<string, bigint>(), vetted: new Map<string, VettedOnce>() };
    const entry = { studyId, schemaHash, agreementHash: id(agreement), author, descriptor, bounds };
    const unclaimed = { state: PUBLISHED, queryContract: ZeroAddress };
    state.catalogue.set(queryHash, { ...entry, ...codes, ...vetting, ...unclaimed });
    emit("QueryPublished", [queryHash, studyId, author, sql, bounds, manifest, agreement]);
    return [queryHash];
  },
  vet(scene, { vetting, signature }) {
    const { queryHash, approved } = vetting;
    const entry = known(scene.state, queryHash);
    if (entry.state !== PUBLISHED && entry.state !== ACTIVE) revert("QueryCatalogueClosed", queryHash, entry.state);
    useVetting(scene, entry, vetting, signature);
    const until = sufficientUntil(scene, entry);
    const said = ["comment", "name", "meaning", "signedAt", "validUntil"].map((name) => vetting[name]);
    scene.emit("QueryVetted", [queryHash, vetting.vetter, approved, ...said]);
    if (!approved || until <= entry.activeUntil) return [];
    if (entry.state === PUBLISHED) activate(scene, queryHash, entry);
    entry.activeUntil = until;
    scene.emit("QueryProlonged", [queryHash, until]);
    return [];
  },
  comment(scene, { queryHash, text }) {
    known(scene.state, queryHash);
    checkComment(text, 1);
    const { state, sender, timestamp } = scene;
    const vetter = activeMemberOf(state, "VetterRegistry", sender, timestamp);
    if (vetter === ZeroAddress) authoriseAuthor(scene, queryHash);
    const account = vetter === ZeroAddress ? known(state, queryHash).author : vetter;
    scene.emit("QueryCommented", [queryHash, account, text]);
    return [];
  },
  supersede(scene, { queryHash, successor }) {
    authoriseAuthor(scene, successor);
    authoriseAuthor(scene, queryHash);
    return supersede(scene, queryHash, successor);
  },
  supersedeForAuthor(scene, { queryHash, successor }) {
    restricted(scene);
    return supersede(scene, queryHash, successor);
  },
  revoke(scene, { queryHash, reason }) {
    restricted(scene);
    const entry = known(scene.state, queryHash);
    if (entry.state === REVOKED) revert("QueryCatalogueAlreadyRevoked", queryHash);
    entry.state = REVOKED;
    scene.emit("QueryRevoked", [queryHash, reason]);
    return [];
  },
  query: ({ state }, { queryHash }) => [known(state, queryHash)],
  descriptor: ({ state }, { queryHash }) => [known(state, queryHash).descriptor],
  isActive: (scene, { queryHash }) => [takesRequests(scene, queryHash)],
  successorOf: ({ state }, { queryHash }) => [state.catalogue.get(queryHash)?.successor ?? ZeroHash],
  vettingOf({ state }, { queryHash, vetter }) {
    const found = state.catalogue.get(queryHash)?.vetted.get(vetter);
    return [found?.decision ?? 0, found?.validUntil ?? 0n];
  },
  nonces: ({ state }, { vetter }) => [state.vettingNonces.get(vetter) ?? 0n],
};
