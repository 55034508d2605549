/** The model of `contracts/identity/MemberRegistry.sol`, all roles alike but for the fields that a role needs. */
import { ZeroAddress, ZeroHash, id } from "ethers";
import { KEY_ROTATION } from "../../workers/messages/signedStructs.ts";
import { hashTypedData, opalineDomain } from "../../workers/messages/typedData.ts";
import { recover } from "./modelSignatures.ts";
import type { CallArguments, CallScene, Handlers, Member, ModelState, Registry } from "./modelState.ts";
import { revert } from "./modelState.ts";

const MAX_PURPOSES = 32;

export function isActive(state: ModelState, registry: string, account: string, timestamp: bigint): boolean {
  const member = state.registries[registry]!.members.get(account.toLowerCase());
  return member !== undefined && !member.revoked && timestamp <= member.expiry;
}

export function organisationOf(state: ModelState, registry: string, account: string): string {
  return state.registries[registry]!.members.get(account.toLowerCase())?.organisation ?? ZeroHash;
}

/** The key that signs for a member now; the zero address for no member. */
export function keyOf(state: ModelState, registry: string, account: string): string {
  return state.registries[registry]!.members.get(account.toLowerCase())?.key ?? ZeroAddress;
}

/** The member whose name, or present or former key, this is; the zero address for no such. */
function everMemberOf({ members, rotatedTo }: Registry, key: string): string {
  return members.has(key.toLowerCase()) ? key : (rotatedTo.get(key.toLowerCase()) ?? ZeroAddress);
}

function memberOfKey(registry: Registry, key: string): string {
  const account = [key, registry.rotatedTo.get(key.toLowerCase())].find(
    (candidate) => candidate !== undefined && memberOf(registry, candidate)?.key === key,
  );
  return account ?? ZeroAddress;
}

/** The member whose current key this is, active or not; the zero address for any other account. */
export function keyHolderOf(state: ModelState, registry: string, key: string): string {
  return memberOfKey(state.registries[registry]!, key);
}

/** The active member whose current key this is; the zero address for any other account. */
export function activeMemberOf(state: ModelState, registry: string, key: string, timestamp: bigint): string {
  const account = memberOfKey(state.registries[registry]!, key);
  return isActive(state, registry, account, timestamp) ? account : ZeroAddress;
}

export function missingPurpose(
  state: ModelState,
  registry: string,
  account: string,
  purposes: readonly string[],
): string | undefined {
  const held = state.registries[registry]!.members.get(account.toLowerCase())?.purposes ?? [];
  return purposes.find((purpose) => !held.includes(purpose));
}

/** Only the consortium may call this. */
export function restricted({ sender, addresses }: CallScene): void {
  if (sender !== addresses["consortium"]) revert("AccessManagedUnauthorized", sender);
}

export function memberHandlers(name: string): Handlers {
  const registryOf = ({ state }: CallScene): Registry => state.registries[name]!;
  const active = ({ state, timestamp }: CallScene, account: string): boolean =>
    isActive(state, name, account, timestamp);
  const holderOf = (scene: CallScene, fingerprint: string): string => {
    const account = registryOf(scene).claims.get(fingerprint)?.account;
    if (account === undefined || !active(scene, account)) return ZeroAddress;
    return memberOf(registryOf(scene), account)?.tlsFingerprint === fingerprint ? account : ZeroAddress;
  };
  return {
    admit(scene, { account, admission }) {
      restricted(scene);
      const { members, claims } = registryOf(scene);
      const known = memberOf(registryOf(scene), account);
      if (known?.revoked === true) revert("MemberRegistryAlreadyRevoked", account);
      if (registryOf(scene).rotatedTo.has(account.toLowerCase())) revert("MemberRegistryAccountUsed", account);
      const organisation = id(admission.organisationName);
      const prolongs = known !== undefined && admission.expiry > known.expiry && organisation === known.organisation;
      if (active(scene, account) && !prolongs) revert("MemberRegistryAlreadyAdmitted", account);
      if (admission.expiry < scene.timestamp) revert("MemberRegistryInvalidExpiry", admission.expiry);
      if (admission.organisationName === "") revert("MemberRegistryMissingField", "organisationName");
      if (admission.purposes.length > MAX_PURPOSES) {
        revert("MemberRegistryTooManyPurposes", admission.purposes.length, MAX_PURPOSES);
      }
      requireFields(name, admission);
      const holder = holderOf(scene, admission.tlsFingerprint);
      const isTaken = admission.tlsFingerprint !== ZeroHash && holder !== ZeroAddress && holder !== account;
      if (isTaken) revert("MemberRegistryFingerprintInUse", admission.tlsFingerprint);
      claims.set(admission.tlsFingerprint, { account, vouched: true });
      const { sender: issuer, timestamp: admittedAt } = scene;
      const [key, admissions] = [known?.key ?? account, (known?.admissions ?? 0n) + 1n];
      const named = { organisation, issuer, admittedAt, revoked: false, key, admissions };
      members.set(account.toLowerCase(), { ...admission, ...named });
      scene.emit("MemberAdmitted", [account, organisation, admission.expiry]);
      return [];
    },
    revoke(scene, { account, reason }) {
      restricted(scene);
      const member = memberOf(registryOf(scene), account);
      if (member === undefined) return revert("MemberRegistryNotMember", account);
      if (member.revoked) revert("MemberRegistryAlreadyRevoked", account);
      member.revoked = true;
      scene.emit("MemberRevoked", [account, reason]);
      return [];
    },
    rotateKey(scene, { rotation, signature }) {
      const { sender } = scene;
      const { member: account } = rotation;
      if (!active(scene, account)) revert("MemberRegistryNotMember", account);
      const current = keyOf(scene.state, name, account);
      if (sender !== current) revert("MemberRegistryNotCurrentKey", sender, current);
      if (rotation.oldKey !== current) revert("MemberRegistryNotCurrentKey", rotation.oldKey, current);
      rotate(scene, registryOf(scene), rotation, signature);
      return [];
    },
    replaceKey(scene, { rotation, signature }) {
      restricted(scene);
      const known = memberOf(registryOf(scene), rotation.member);
      if (known === undefined) return revert("MemberRegistryNotMember", rotation.member);
      if (known.revoked) revert("MemberRegistryAlreadyRevoked", rotation.member);
      rotate(scene, registryOf(scene), rotation, signature);
      return [];
    },
    keyOf: ({ state }, { account }) => [keyOf(state, name, account)],
    signerOf: (scene, { account }) => [keyOf(scene.state, name, account), active(scene, account)],
    activeKeysOf: (scene, { accounts }) => [
      (accounts as string[]).map((account) =>
        active(scene, account) ? keyOf(scene.state, name, account) : ZeroAddress,
      ),
    ],
    memberOf: (scene, { key }) => [memberOfKey(registryOf(scene), key)],
    activeMemberOf({ state, timestamp }, { key }) {
      const account = activeMemberOf(state, name, key, timestamp);
      return [account, organisationOf(state, name, account)];
    },
    everMemberOf: (scene, { key }) => [everMemberOf(registryOf(scene), key)],
    member(scene, { account }) {
      const member = memberOf(registryOf(scene), account);
      return [member ?? revert("MemberRegistryNotMember", account)];
    },
    isActive: (scene, { account }) => [active(scene, account)],
    organisationOf: ({ state }, { account }) => [organisationOf(state, name, account)],
    accountOf: (scene, { tlsFingerprint }) => [holderOf(scene, tlsFingerprint)],
  };
}

function memberOf({ members }: Registry, account: string): Member | undefined {
  return members.get(account.toLowerCase());
}

function rotate(scene: CallScene, registry: Registry, rotation: CallArguments, signature: string): void {
  const { chainId, self, timestamp, emit } = scene;
  const { member: account, newKey, encryptionKey, deadline } = rotation;
  const entry = memberOf(registry, account)!;
  const oldKey = entry.key;
  if (timestamp > deadline) revert("MemberRegistryRotationExpired", deadline);
  if (everMemberOf(registry, newKey) !== ZeroAddress) revert("MemberRegistryAccountUsed", newKey);
  const isNeeded = entry.encryptionKey !== "0x" || encryptionKey !== "0x";
  if (isNeeded && !isPublicKey(encryptionKey)) revert("MemberRegistryMissingField", "encryptionKey");
  const recovered = recover(hashTypedData(opalineDomain(chainId, self), KEY_ROTATION, rotation), signature);
  if (recovered !== newKey) revert("MemberRegistryInvalidRotation", recovered, newKey);
  entry.key = newKey;
  entry.encryptionKey = encryptionKey;
  registry.rotatedTo.set(newKey.toLowerCase(), account);
  emit("MemberKeyRotated", [account, oldKey, newKey]);
}

function isPublicKey(text: unknown): boolean {
  return /^0x0[23][0-9a-f]{64}$/.test(String(text));
}

/** Who connects needs an endpoint and a certificate; whom others encrypt to, a key. */
function requireFields(name: string, admission: Record<string, unknown>): void {
  if (name !== "WorkerRegistry") return;
  if (admission["endpoint"] === "") revert("MemberRegistryMissingField", "endpoint");
  if (admission["tlsFingerprint"] === ZeroHash) revert("MemberRegistryMissingField", "tlsFingerprint");
  if (!isPublicKey(admission["encryptionKey"])) revert("MemberRegistryMissingField", "encryptionKey");
}
