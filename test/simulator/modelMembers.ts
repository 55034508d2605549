/** The model of `contracts/identity/MemberRegistry.sol`, all roles alike but for the fields that a role needs. */
import { ZeroAddress, ZeroHash, id } from "ethers";
import type { CallScene, Handlers, Member, ModelState, Registry } from "./modelState.ts";
import { revert } from "./modelState.ts";

const MAX_PURPOSES = 32;

export function isActive(state: ModelState, registry: string, account: string, timestamp: bigint): boolean {
  const member = state.registries[registry]!.members.get(account.toLowerCase());
  return member !== undefined && !member.revoked && timestamp <= member.expiry;
}

export function organisationOf(state: ModelState, registry: string, account: string): string {
  return state.registries[registry]!.members.get(account.toLowerCase())?.organisation ?? ZeroHash;
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
      members.set(account.toLowerCase(), { ...admission, organisation, issuer, admittedAt, revoked: false });
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

/** Who connects needs an endpoint and a certificate; whom others encrypt to, a key. */
function requireFields(name: string, admission: Record<string, unknown>): void {
  if (name !== "WorkerRegistry") return;
  if (admission["endpoint"] === "") revert("MemberRegistryMissingField", "endpoint");
  if (admission["tlsFingerprint"] === ZeroHash) revert("MemberRegistryMissingField", "tlsFingerprint");
  if (!/^0x0[23][0-9a-f]{64}$/.test(String(admission["encryptionKey"]))) {
    revert("MemberRegistryMissingField", "encryptionKey");
  }
}
