/**
 * Copies of a sealed answer's mask keys, each encrypted to one recipient: what a worker publishes of the keys it holds.
 *
 *   copy = R ‖ AES-256-GCM(K, nonce 0; key_1 ‖ key_2 ‖ …)       33 + 32·keys + 16 bytes
 *   K    = HKDF-SHA256(x(r·Q); no salt; "Opaline.KeyCopy.v1" ‖ R ‖ Q ‖ place), R = r·G fresh, Q the recipient's key
 *
 * ECIES over secp256k1: points compressed, the shared secret is the x-coordinate (SEC 1, section 5.1; NIST SP 800-56A,
 * section 5.7.1.2), RFC 5869, NIST SP 800-38D. K serves one message, so the nonce need not vary.
 *
 * Protects: only the holder of Q's secret key learns the keys, and a copy does not open as another answer's. Does not
 * authenticate the worker: anyone can encrypt to Q, so a key counts only if its hash is the answer's (`openMaskKeys`).
 * Whoever later obtains Q's secret key can read every answer sealed to it.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { AbiCoder, getBytes, hexlify } from "ethers";
import { secp256k1 } from "@noble/curves/secp256k1.js";

import type { RandomBytes } from "../field/field.ts";
import { maskKeyHash, RECIPIENT_BYTES } from "./sealedAnswer.ts";

/** The answer that the keys belong to. Hex in any case. */
export interface SealedPlace {
  readonly chainId: bigint;
  /** The Query Smart Contract. */
  readonly contract: string;
  readonly requestId: string;
  readonly attempt: bigint;
}

const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE = new Uint8Array(12);
/** C(6, 3) keys are held by each worker of seven participants: longer copies are no honest worker's. */
const MAX_KEYS = 20;
/** Bytes from which a secret key is drawn, so that it is uniform but for 2^-128. */
const SEED_BYTES = 48;

const abi = AbiCoder.defaultAbiCoder();

/** One recipient's copy, 0x-hex. @param recipient a point, as `recipientsFault` checks */
export function encryptMaskKeys(
  maskKeys: readonly Uint8Array[],
  place: SealedPlace,
  recipient: string,
  randomBytes: RandomBytes,
): string {
  const secret = secp256k1.utils.randomSecretKey(Uint8Array.from(randomBytes(SEED_BYTES)));
  const ephemeral = secp256k1.getPublicKey(secret, true);
  const key = copyKey(secret, getBytes(recipient), ephemeral, getBytes(recipient), place);
  const cipher = createCipheriv("aes-256-gcm", key, NONCE, { authTagLength: TAG_BYTES });
  const encrypted = Buffer.concat([...maskKeys.map((each) => cipher.update(each)), cipher.final()]);
  return hexlify(Buffer.concat([ephemeral, encrypted, cipher.getAuthTag()]));
}

/** The keys in a copy, whoever made it; none when it is not one to this recipient of this answer. */
export function decryptMaskKeys(copy: string, place: SealedPlace, secretKey: Uint8Array): Uint8Array[] {
  const bytes = getBytes(copy);
  const length = bytes.length - RECIPIENT_BYTES - TAG_BYTES;
  if (length <= 0 || length % KEY_BYTES !== 0 || length > MAX_KEYS * KEY_BYTES) return [];
  const ephemeral = bytes.subarray(0, RECIPIENT_BYTES);
  try {
    const own = secp256k1.getPublicKey(secretKey, true);
    const key = copyKey(secretKey, ephemeral, ephemeral, own, place);
    const decipher = createDecipheriv("aes-256-gcm", key, NONCE, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    const encrypted = bytes.subarray(RECIPIENT_BYTES, bytes.length - TAG_BYTES);
    const plain = Buffer.concat([decipher.update(encrypted), decipher.final()]);
    return Array.from({ length: length / KEY_BYTES }, (_, i) =>
      Uint8Array.from(plain.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES)),
    );
  } catch {
    // No point, or no tag of this key: somebody's bytes, of which a recipient says nothing.
    return [];
  }
}

/**
 * The mask's keys in the order of their hashes, out of any copies; undefined while one is missing. Keys of other hashes are
 * passed over, whoever published them. O(copies).
 *
 * @param copies published for this recipient
 */
export function openMaskKeys(
  maskKeyHashes: readonly string[],
  copies: readonly string[],
  place: SealedPlace,
  secretKey: Uint8Array,
): Uint8Array[] | undefined {
  const found = new Map<string, Uint8Array>();
  for (const copy of copies) {
    if (found.size === maskKeyHashes.length) break;
    for (const key of decryptMaskKeys(copy, place, secretKey)) {
      const hash = maskKeyHash(key);
      if (maskKeyHashes.includes(hash)) found.set(hash, key);
    }
  }
  const keys = maskKeyHashes.flatMap((hash) => found.get(hash) ?? []);
  return keys.length === maskKeyHashes.length ? keys : undefined;
}

/** @param point the other side's */
function copyKey(
  secret: Uint8Array,
  point: Uint8Array,
  ephemeral: Uint8Array,
  recipient: Uint8Array,
  { chainId, contract, requestId, attempt }: SealedPlace,
): Uint8Array {
  const shared = secp256k1.getSharedSecret(secret, point, true).subarray(1);
  const place = abi.encode(["uint256", "address", "bytes32", "uint64"], [chainId, contract, requestId, attempt]);
  const info = Buffer.concat([Buffer.from("Opaline.KeyCopy.v1"), ephemeral, recipient, getBytes(place)]);
  return new Uint8Array(hkdfSync("sha256", shared, new Uint8Array(0), info, KEY_BYTES));
}
