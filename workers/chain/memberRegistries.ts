/** Members of each role: one contract per role, all of one shape (`contracts/identity/IMemberRegistry.sol`). */
import type { ContractRunner } from "ethers";
import type { IMemberRegistry } from "../../types/identity/IMemberRegistry.ts";
import type { KeyRotation } from "../messages/signedStructs.ts";
import { type Deployment, openContract } from "./deployment.ts";
import { type GovernedCall, governedCall } from "./governedCall.ts";
import { type Mined, mine, read } from "./transactions.ts";

/** Deployed name of each role's registry. */
export const MEMBER_REGISTRIES = {
  dataOwner: "DataOwnerRegistry",
  querier: "QuerierRegistry",
  worker: "WorkerRegistry",
  vetter: "VetterRegistry",
  board: "BoardRegistry",
  auditor: "AuditorRegistry",
} as const;
export type MemberRole = keyof typeof MEMBER_REGISTRIES;

export interface Member {
  /** The member's name: the account that was first admitted. */
  readonly account: string;
  /** The account that sends and signs for it now. */
  readonly key: string;
  /** keccak256 of the organisation's name. */
  readonly organisation: string;
  readonly organisationName: string;
  readonly issuer: string;
  /** Seconds since 1970. */
  readonly admittedAt: bigint;
  /** The last second at which the credential is valid. */
  readonly expiry: bigint;
  readonly revoked: boolean;
  /** SHA-256 of the DER certificate, lower case 0x-hex; zero where the role has none. */
  readonly tlsFingerprint: string;
  readonly endpoint: string;
  readonly encryptionKey: string;
  readonly purposes: readonly string[];
}

export interface Admission {
  readonly organisationName: string;
  readonly expiry: bigint;
  readonly tlsFingerprint: string;
  readonly endpoint: string;
  readonly encryptionKey: string;
  readonly purposes: readonly string[];
}

export interface MemberRegistry {
  readonly address: string;
  admit(account: string, admission: Admission): GovernedCall;
  revoke(account: string, reason: string): GovernedCall;
  setEndpoint(endpoint: string, tlsFingerprint: string): Promise<Mined>;
  /** Sent by the old key. */
  rotateKey(rotation: KeyRotation, signature: string): Promise<Mined>;
  /** Sent by the consortium. */
  replaceKey(rotation: KeyRotation, signature: string, reason: string): GovernedCall;
  /** The member, active or not, whose current key this is; undefined for any other account. */
  memberOf(key: string): Promise<string | undefined>;
  /** The same, if it is active. */
  activeMemberOf(key: string): Promise<string | undefined>;
  /** The member whose name, or present or former key, this is; undefined for none. */
  everMemberOf(key: string): Promise<string | undefined>;
  /** Admitted, not revoked, not expired, by the newest block's time. */
  isActive(account: string): Promise<boolean>;
  member(account: string): Promise<Member>;
  /** The member whose certificate this is; undefined for none. */
  accountOf(tlsFingerprint: string): Promise<string | undefined>;
  count(): Promise<number>;
  /** A page of at most 100, revoked ones included. */
  accounts(offset: number, limit: number): Promise<string[]>;
}

const NO_ACCOUNT = `0x${"00".repeat(20)}`;

function memberFrom(account: string, found: IMemberRegistry.MemberStructOutput): Member {
  return {
    account,
    key: found.key,
    organisation: found.organisation,
    organisationName: found.organisationName,
    issuer: found.issuer,
    admittedAt: found.admittedAt,
    expiry: found.expiry,
    revoked: found.revoked,
    tlsFingerprint: found.tlsFingerprint.toLowerCase(),
    endpoint: found.endpoint,
    encryptionKey: found.encryptionKey,
    purposes: [...found.purposes],
  };
}

function accountOrNone(account: string): string | undefined {
  return account === NO_ACCOUNT ? undefined : account;
}

/** @param runner a provider for reading, a signer for writing as well */
export function memberRegistry(deployment: Deployment, role: MemberRole, runner: ContractRunner): MemberRegistry {
  const name = MEMBER_REGISTRIES[role];
  const contract = openContract<IMemberRegistry>(deployment, name, runner);
  return {
    address: deployment.address(name),
    admit: (account, admission) => {
      const credential = { ...admission, purposes: [...admission.purposes] };
      const data = contract.interface.encodeFunctionData("admit", [account, credential]);
      return governedCall(deployment, name, "admit", data);
    },
    revoke: (account, reason) =>
      governedCall(deployment, name, "revoke", contract.interface.encodeFunctionData("revoke", [account, reason])),
    setEndpoint: (endpoint, fingerprint) =>
      mine(deployment, `${name}.setEndpoint`, contract.setEndpoint(endpoint, fingerprint)),
    rotateKey: (rotation, signature) => mine(deployment, `${name}.rotateKey`, contract.rotateKey(rotation, signature)),
    replaceKey: (rotation, signature, reason) => {
      const data = contract.interface.encodeFunctionData("replaceKey", [rotation, signature, reason]);
      return governedCall(deployment, name, "replaceKey", data);
    },
    memberOf: async (key) => accountOrNone(await read(deployment, `${name}.memberOf`, contract.memberOf(key))),
    async activeMemberOf(key) {
      return accountOrNone((await read(deployment, `${name}.activeMemberOf`, contract.activeMemberOf(key))).account);
    },
    everMemberOf: async (key) =>
      accountOrNone(await read(deployment, `${name}.everMemberOf`, contract.everMemberOf(key))),
    isActive: (account) => read(deployment, `${name}.isActive`, contract.isActive(account)),
    member: async (account) => memberFrom(account, await read(deployment, `${name}.member`, contract.member(account))),
    async accountOf(fingerprint) {
      return accountOrNone(await read(deployment, `${name}.accountOf`, contract.accountOf(fingerprint)));
    },
    count: async () => Number(await read(deployment, `${name}.count`, contract.count())),
    accounts: async (offset, limit) => [
      ...(await read(deployment, `${name}.accounts`, contract.accounts(offset, limit))),
    ],
  };
}
