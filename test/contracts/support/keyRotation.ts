/** A member's key gives way to another one. */
import type { HDNodeWallet } from "ethers";
import type { MemberRegistry } from "../../../types/identity/MemberRegistry.ts";
import { KEY_ROTATION, type KeyRotation } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../../workers/messages/typedData.ts";
import { account, chainId, now } from "./chain.ts";

/** Funded, and nobody's at first. */
export const NEW_KEY = account(19);
/** Without funds: they sign, and send nothing. */
export const LATER_KEYS = [20, 21].map(account) as [HDNodeWallet, HDNodeWallet];

/** To a new key that brings its own public key to encrypt to. */
export async function rotationOf(
  registry: MemberRegistry,
  member: string,
  newKey: HDNodeWallet,
  change: Partial<KeyRotation> = {},
): Promise<KeyRotation> {
  return {
    member,
    oldKey: await registry.keyOf(member),
    newKey: newKey.address,
    encryptionKey: newKey.signingKey.compressedPublicKey,
    deadline: (await now()) + 3600n,
    ...change,
  };
}

export async function signRotation(registry: MemberRegistry, rotation: KeyRotation, by: HDNodeWallet) {
  return by.signTypedData(opalineDomain(chainId, await registry.getAddress()), KEY_ROTATION, rotation);
}

/** @param oldKey sends; it is the member's name unless another is given */
export async function rotate(
  registry: MemberRegistry,
  oldKey: HDNodeWallet,
  newKey: HDNodeWallet,
  member = oldKey.address,
  change: Partial<KeyRotation> = {},
) {
  const rotation = await rotationOf(registry, member, newKey, change);
  const signature = await signRotation(registry, rotation, newKey);
  return registry.connect(oldKey).rotateKey(rotation, signature);
}

/** The consortium's act; `registry` is connected to it. */
export async function replace(
  registry: MemberRegistry,
  member: string,
  newKey: HDNodeWallet,
  change: Partial<KeyRotation> = {},
) {
  const rotation = await rotationOf(registry, member, newKey, change);
  return registry.replaceKey(rotation, await signRotation(registry, rotation, newKey), "laptop stolen");
}
