/**
 * AES-256-GCM with random 96-bit nonces, everything about a ciphertext's place bound as associated data: moved to
 * another dataset, version, file, column, chunk, epoch or table, it does not decrypt.
 *
 * One key encrypts one committee's shares of one dataset. At 2^32 chunks under a key, 4 trillion words, two nonces would meet with probability
 * 2^-33 (NIST SP 800-38D, 8.3); no dataset comes near.
 *
 * Stored form: nonce 12 | ciphertext | tag 16. Adversary: whoever reads or edits the file, but not the keys. Rolling a
 * whole file back to an older copy is not detected here.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { RandomBytes } from "../field/field.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const SEAL_OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES;

export function seal(
  key: Uint8Array,
  context: Uint8Array,
  plaintext: Uint8Array,
  randomBytes: RandomBytes,
): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES }).setAAD(context);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @returns undefined when the tag fails: no byte of a forged or misplaced ciphertext is ever returned */
export function unseal(key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < SEAL_OVERHEAD_BYTES) return undefined;
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(context)
    .setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, tagAt));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}

/** A segment as its ciphertexts are bound to it. */
export interface SealedSegment {
  readonly datasetId: Uint8Array;
  readonly version: bigint;
  readonly fileHash: Uint8Array;
  readonly epoch: bigint;
  readonly rowCount: bigint;
}

export function chunkContext(segment: SealedSegment, columnId: Uint8Array, chunk: number): Uint8Array {
  return Buffer.concat([segmentContext("Opaline.store.chunk.v1", segment), columnId, u64(BigInt(chunk))]);
}

export function seedsContext(segment: SealedSegment): Uint8Array {
  return segmentContext("Opaline.store.seeds.v1", segment);
}

/** Of the key of one committee's shares. */
export function keyContext(datasetId: Uint8Array, epoch: bigint): Uint8Array {
  return Buffer.concat([Buffer.from("Opaline.store.datasetKey.v2\0"), datasetId, u64(epoch)]);
}

/** Of a key made when a dataset had one committee, and so one key, for ever. */
export function onlyKeyContext(datasetId: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from("Opaline.store.datasetKey.v1\0"), datasetId]);
}

function segmentContext(table: string, { datasetId, version, fileHash, epoch, rowCount }: SealedSegment): Buffer {
  return Buffer.concat([Buffer.from(`${table}\0`), datasetId, u64(version), fileHash, u64(epoch), u64(rowCount)]);
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
