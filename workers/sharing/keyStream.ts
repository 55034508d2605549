/**
 * The generator of pseudorandom sharings: AES-256-CTR with a zero counter under HKDF-SHA256(key; context), a fresh AES key
 * per context. Sources: NIST SP 800-38A, RFC 5869.
 */
import assert from "node:assert/strict";
import { createCipheriv, createHmac, createSecretKey, type KeyObject } from "node:crypto";

import type { RandomBytes } from "../field/field.ts";
import { MAX_DRAWN_WORDS, WORD_BYTES } from "../field/words.ts";

/** Never written: the key stream is what CTR mode makes of zeros. As much as a field draws at once. */
const ZEROS = new Uint8Array(MAX_DRAWN_WORDS * WORD_BYTES);

/** HKDF's first step, by key: it is the same for all contexts, and many are expanded from few keys. Gone with the key. */
const extracted = new WeakMap<Uint8Array, KeyObject>();
/** No salt: as many zeros as the hash has bytes. */
const SALT = createSecretKey(new Uint8Array(32));
/** Number of HKDF's first and only block: 32 bytes are one. */
const FIRST_BLOCK = Uint8Array.of(1);

/**
 * The stream's bytes, equal for all holders of the key. What a call returns is valid until the next one: its memory is then
 * given back at once, where waiting for the collector made it run at every few megabytes. For `Field.random`, which is done
 * with what it got before it asks again.
 */
export function keyStream(key: Uint8Array, context: string): RandomBytes {
  // As an object: of bytes, Node finds out by an exception that they are none, which takes longer than the rest.
  const cipher = createCipheriv("aes-256-ctr", createSecretKey(expand(key, context)), new Uint8Array(16));
  let last: Buffer | undefined;
  return (length) => {
    if (last !== undefined) giveBack(last);
    last = cipher.update(length <= ZEROS.length ? ZEROS.subarray(0, length) : new Uint8Array(length));
    assert.equal(last.length, length, "CTR mode keeps lengths");
    return last;
  };
}

/** HKDF-SHA256(key; no salt; context), 32 bytes [RFC 5869, section 2]. @param key never changes */
function expand(key: Uint8Array, context: string): Buffer {
  const known = extracted.get(key);
  const pseudorandomKey = known ?? createSecretKey(createHmac("sha256", SALT).update(key).digest());
  if (known === undefined) extracted.set(key, pseudorandomKey);
  return createHmac("sha256", pseudorandomKey).update(context).update(FIRST_BLOCK).digest();
}

/** Frees a buffer that has its memory to itself; small ones may share a pool with others. */
function giveBack({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
