/** Deterministic bytes for tests: AES-256-CTR under SHA-256 of a seed. Never a source of real randomness. */
import { createCipheriv, createHash } from "node:crypto";

import type { RandomBytes } from "../../../workers/field/field.ts";

export function seededBytes(seed: string): RandomBytes {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
  return (length) => new Uint8Array(cipher.update(new Uint8Array(length)));
}

/** Serves `script` first, byte by byte whatever sizes are asked for, then the seeded stream. */
export function scriptedBytes(script: Uint8Array, seed: string): RandomBytes {
  const rest = seededBytes(seed);
  let served = 0;
  return (length) => {
    const head = script.subarray(served, served + length);
    served += head.length;
    const bytes = new Uint8Array(length);
    bytes.set(head);
    bytes.set(rest(length - head.length), head.length);
    return bytes;
  };
}
