/**
 * What a sealed answer is bound to: who may read it, and which keys its mask was made of. The hashes are on chain and in the
 * statement that workers sign; the contract computes the first, recipients check the others.
 */
import { AbiCoder, getBytes, hexlify, keccak256 } from "ethers";
import { secp256k1 } from "@noble/curves/secp256k1.js";

/** As many as one request may name. */
export const MAX_RECIPIENTS = 16;
/** A compressed point of secp256k1, SEC 1 section 2.3.3. */
export const RECIPIENT_BYTES = 33;

const abi = AbiCoder.defaultAbiCoder();

/** Why these are no recipients that a contract takes and workers encrypt to; undefined: they are. */
export type RecipientsFault = "none" | "too many" | "not ascending" | "no point of the curve";

/** @param recipients 0x-hex */
export function recipientsFault(recipients: readonly string[]): RecipientsFault | undefined {
  if (recipients.length === 0) return "none";
  if (recipients.length > MAX_RECIPIENTS) return "too many";
  if (!recipients.every(isPoint)) return "no point of the curve";
  const ascending = recipients.every((key, i) => i === 0 || BigInt(key) > BigInt(recipients[i - 1]!));
  return ascending ? undefined : "not ascending";
}

/** keccak256(abi.encode(bytes[])) */
export function recipientsHash(recipients: readonly string[]): string {
  return keccak256(abi.encode(["bytes[]"], [recipients]));
}

/** What is published of a key of the mask, so that a copy of it can be told from another: it is of 256 uniform bits. */
export function maskKeyHash(key: Uint8Array): string {
  return keccak256(key);
}

/** keccak256(abi.encode(bytes32[])) of the hashes, in the subsets' lexicographic order. */
export function sealedHash(maskKeyHashes: readonly string[]): string {
  return keccak256(abi.encode(["bytes32[]"], [maskKeyHashes]));
}

function isPoint(key: string): boolean {
  if (!/^0x0[23][0-9a-f]{64}$/i.test(key)) return false;
  try {
    return hexlify(secp256k1.Point.fromBytes(getBytes(key)).toBytes(true)) === key.toLowerCase();
  } catch {
    return false;
  }
}
