/** What a member's new key signs, to take over from the old one: the statement, and as a file for a key that is lost. */
import { readFileSync } from "node:fs";
import { type BaseWallet, computeAddress } from "ethers";
import { type Deployment, type MemberRegistry, type MemberRole, MEMBER_REGISTRIES } from "#chain";
import { CodedError } from "#errors";
import { KEY_ROTATION, type KeyRotation, opalineDomain, signTypedData, signerOf } from "#messages";
import { kebabCase } from "./names.ts";

export type KeyRotationErrorDetail =
  /** Neither the present key of a member of this role, nor a former one. */
  | { readonly code: "KEY_NOT_MEMBERS"; readonly role: string; readonly key: string }
  /** An account is a member's name or key once, in one role. */
  | { readonly code: "KEY_USED"; readonly key: string; readonly member: string }
  | { readonly code: "KEY_MEMBER_REVOKED"; readonly member: string }
  | { readonly code: "KEY_PROOF_INVALID"; readonly path: string; readonly reason: string }
  /** Of another deployment, role or member, or too late. */
  | { readonly code: "KEY_PROOF_REFUSED"; readonly path: string; readonly field: string };

export interface SignedRotation {
  readonly rotation: KeyRotation;
  /** The new key's. */
  readonly signature: string;
}

/** A signed rotation with the place it is for. */
export interface KeyProof extends SignedRotation {
  readonly role: string;
  readonly chainId: string;
  readonly registry: string;
}

interface Drafting {
  readonly deployment: Deployment;
  readonly role: MemberRole;
  readonly registry: MemberRegistry;
  readonly member: string;
  readonly newKey: BaseWallet;
  readonly deadline: bigint;
}

/**
 * Signed by the new key. What others encrypt to moves along where it was the old key's own public key; another one stays.
 *
 * @throws CodedError KEY_USED | KEY_MEMBER_REVOKED | CHAIN_REVERTED
 */
export async function signRotation(drafting: Drafting): Promise<SignedRotation> {
  const { deployment, registry, member, newKey, deadline } = drafting;
  const { key: oldKey, encryptionKey, revoked } = await registry.member(member);
  if (revoked) {
    const message = `${member} is revoked, for good: a new account must be admitted instead`;
    throw new CodedError<KeyRotationErrorDetail>({ code: "KEY_MEMBER_REVOKED", member }, message);
  }
  await requireUnused(registry, newKey.address);
  const isKeysOwn = addressOrNone(encryptionKey) === oldKey;
  const moved = isKeysOwn ? newKey.signingKey.compressedPublicKey : encryptionKey;
  const rotation = { member, oldKey, newKey: newKey.address, encryptionKey: moved, deadline };
  const domain = opalineDomain(deployment.chainId, registry.address);
  return { rotation, signature: await signTypedData(newKey, domain, KEY_ROTATION, rotation) };
}

/** @throws CodedError KEY_USED */
export async function requireUnused(registry: MemberRegistry, key: string): Promise<void> {
  const member = await registry.everMemberOf(key);
  if (member === undefined) return;
  const message = `${key} is or was the account of member ${member}; make a new key with \`create-key\``;
  throw new CodedError<KeyRotationErrorDetail>({ code: "KEY_USED", key, member }, message);
}

export function proofText(
  { deployment, role, registry }: Pick<Drafting, "deployment" | "role" | "registry">,
  { rotation, signature }: SignedRotation,
): string {
  const proof: KeyProof = {
    role: kebabCase(role),
    chainId: String(deployment.chainId),
    registry: registry.address,
    rotation,
    signature,
  };
  const text = JSON.stringify(proof, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value), 2);
  return `${text}\n`;
}

/** What a proof must be for. */
export interface ProofPlace {
  readonly deployment: Deployment;
  readonly role: MemberRole;
  readonly member: string;
  /** The chain's clock. */
  readonly now: bigint;
}

/**
 * Reads a proof, and that it says what is asked for: whoever handed it in may have taken the wrong one.
 *
 * @throws CodedError KEY_PROOF_INVALID | KEY_PROOF_REFUSED
 */
export function readProof(path: string, { deployment, role, member, now }: ProofPlace): SignedRotation {
  const { rotation, signature, ...place } = parseProof(path);
  const registry = deployment.address(MEMBER_REGISTRIES[role]);
  const expected: readonly (readonly [field: string, isRight: boolean, told: string])[] = [
    ["chainId", place.chainId === String(deployment.chainId), `chain ${place.chainId}`],
    ["role", place.role === kebabCase(role), `role ${place.role}`],
    ["registry", isSame(place.registry, registry), `registry ${place.registry}, of another deployment`],
    ["member", isSame(rotation.member, member), `member ${rotation.member}`],
  ];
  const wrong = expected.find(([, isRight]) => !isRight);
  if (wrong !== undefined) throw refusedProof(path, wrong[0], `it is for ${wrong[2]}`);
  const signer = signerOf(opalineDomain(deployment.chainId, registry), KEY_ROTATION, rotation, signature);
  if (signer === undefined || !isSame(signer, rotation.newKey)) {
    throw refusedProof(path, "signature", "the new key has not signed it");
  }
  if (rotation.deadline < now) throw refusedProof(path, "deadline", "it has expired; let the member make another");
  return { rotation, signature };
}

function parseProof(path: string): KeyProof {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw invalidProof(path, "it cannot be read");
  }
  try {
    const { role, chainId, registry, rotation: raw, signature } = JSON.parse(text) as KeyProof;
    const { member, oldKey, newKey, encryptionKey, deadline } = raw;
    const texts = [role, chainId, registry, signature, member, oldKey, newKey, encryptionKey];
    if (!texts.every((value) => typeof value === "string")) throw invalidProof(path, "not a proof");
    const rotation = { member, oldKey, newKey, encryptionKey, deadline: BigInt(deadline) };
    return { role, chainId, registry, rotation, signature };
  } catch {
    throw invalidProof(path, "it is not what `prove-key` wrote");
  }
}

function invalidProof(path: string, reason: string): CodedError<KeyRotationErrorDetail> {
  return new CodedError({ code: "KEY_PROOF_INVALID", path, reason }, `--proof ${path}: ${reason}`);
}

function refusedProof(path: string, field: string, why: string): CodedError<KeyRotationErrorDetail> {
  return new CodedError({ code: "KEY_PROOF_REFUSED", path, field }, `--proof ${path}: ${why}; nothing was sent`);
}

/** The registry checks the form of a public key, not that there is such a point. */
function addressOrNone(publicKey: string): string | undefined {
  try {
    return computeAddress(publicKey);
  } catch {
    return undefined;
  }
}

function isSame(account: string, other: string): boolean {
  return account.toLowerCase() === other.toLowerCase();
}
