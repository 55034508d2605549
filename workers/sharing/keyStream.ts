/**
 * The generator of pseudorandom sharings: AES-256-CTR with a zero counter under HKDF-SHA256(key; context), a fresh AES key
 * per context. Sources: NIST SP 800-38A, RFC 5869.
 */
import assert from "node:assert/strict";
import { createCipheriv, hkdfSync } from "node:crypto";

import type { RandomBytes } from "../field/field.ts";
import { MAX_DRAWN_WORDS, WORD_BYTES } from "../field/words.ts";

/** Never written: the key stream is what CTR mode makes of zeros. As much as a field draws at once. */
const ZEROS = new Uint8Array(MAX_DRAWN_WORDS * WORD_BYTES);

/**
 * The stream's bytes, equal for all holders of the key. What a call returns is valid until the next one: its memory is then
 * given back at once, where waiting for the collector made it run at every few megabytes. For `Field.random`, which is done
 * with what it got before it asks again.
 */
export function keyStream(key: Uint8Array, context: string): RandomBytes {
  const streamKey = new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), context, 32));
  const cipher = createCipheriv("aes-256-ctr", streamKey, new Uint8Array(16));
  let last: Buffer | undefined;
  return (length) => {
    if (last !== undefined) giveBack(last);
    last = cipher.update(length <= ZEROS.length ? ZEROS.subarray(0, length) : new Uint8Array(length));
    assert.equal(last.length, length, "CTR mode keeps lengths");
    return last;
  };
}

/** Frees a buffer that has its memory to itself; small ones may share a pool with others. */
function giveBack({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
