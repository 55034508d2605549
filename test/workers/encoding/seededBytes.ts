/** Reproducible bytes for tests: AES-256-CTR of zeros under SHA-256(seed). Not secret. */
import { createCipheriv, createHash } from "node:crypto";
import type { RandomBytes } from "../../../workers/field/field.ts";

export function seededBytes(seed: string | number): RandomBytes {
  const key = createHash("sha256").update(String(seed)).digest();
  const cipher = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
  return (length) => new Uint8Array(cipher.update(new Uint8Array(length)));
}
