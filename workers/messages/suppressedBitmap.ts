/**
 * Which outputs of an ANSWERED verdict are hidden: "0x" when none is; otherwise exactly ceil(outputs / 8) bytes. Output i
 * is bit i mod 8, counted from the least significant, of byte floor(i / 8). Bits past the last output are 0, at least one
 * bit is 1, and a hidden output is posted as 0, or of a sealed answer as its mask: every set of hidden outputs has one
 * encoding. Outputs come in one order on the wire, so bit i needs no table: bytes grow with the output's number.
 */
import { getBytes, hexlify } from "ethers";
import { CodedError } from "../errors.ts";

export type SuppressedBitmapErrorDetail = {
  readonly code: "SUPPRESSED_BITMAP_INVALID";
  readonly reason: "bytes" | "length" | "stray bits" | "nothing hidden" | "hidden output not 0";
};

const BITS = 8;
/** 0x-hex of whole bytes, lower case: two spellings would be two encodings. */
const HEX_BYTES = /^0x(?:[0-9a-f]{2})*$/;

/** Bytes of a bitmap that hides anything. */
export function bitmapBytes(outputs: number): number {
  return Math.ceil(outputs / BITS);
}

/**
 * @param hidden indices below `outputs`
 * @throws RangeError when an index is not one of an output: a bug of the caller
 */
export function encodeSuppressed(hidden: ReadonlySet<number>, outputs: number): string {
  if (hidden.size === 0) return "0x";
  const bytes = new Uint8Array(bitmapBytes(outputs));
  for (const output of hidden) {
    if (!Number.isInteger(output) || output < 0 || output >= outputs) throw new RangeError(`no output ${output}`);
    bytes[Math.floor(output / BITS)]! |= 1 << (output % BITS);
  }
  return hexlify(bytes);
}

/**
 * @param outputs as posted with the bitmap
 * @param isSealed each of them with a mask added
 * @returns indices of the hidden outputs, ascending
 * @throws CodedError SUPPRESSED_BITMAP_INVALID
 */
export function decodeSuppressed(bitmap: string, outputs: readonly bigint[], isSealed = false): ReadonlySet<number> {
  if (!HEX_BYTES.test(bitmap)) throw invalid("bytes");
  const bytes = getBytes(bitmap);
  if (bytes.length === 0) return new Set();
  if (bytes.length !== bitmapBytes(outputs.length)) throw invalid("length");
  const set = (bit: number): boolean => ((bytes[Math.floor(bit / BITS)]! >> (bit % BITS)) & 1) === 1;
  for (let bit = outputs.length; bit < bytes.length * BITS; bit++) if (set(bit)) throw invalid("stray bits");
  const hidden = new Set([...outputs.keys()].filter(set));
  if (hidden.size === 0) throw invalid("nothing hidden");
  for (const output of hidden) if (!isSealed && outputs[output] !== 0n) throw invalid("hidden output not 0");
  return hidden;
}

/** Whether it is one of the form above, whatever the hidden outputs are posted as. */
export function isBitmap(bitmap: string, outputs: number): boolean {
  try {
    decodeSuppressed(bitmap.toLowerCase(), Array<bigint>(outputs).fill(0n));
    return true;
  } catch {
    return false;
  }
}

/** Of a bitmap that was checked when its answer was posted: the hidden outputs, ascending. */
export function postedSuppressed(bitmap: string): ReadonlySet<number> {
  const bytes = getBytes(bitmap);
  const bits = Array.from({ length: bytes.length * BITS }, (_, bit) => bit);
  return new Set(bits.filter((bit) => ((bytes[Math.floor(bit / BITS)]! >> (bit % BITS)) & 1) === 1));
}

function invalid(reason: SuppressedBitmapErrorDetail["reason"]): CodedError<SuppressedBitmapErrorDetail> {
  const detail = { code: "SUPPRESSED_BITMAP_INVALID", reason } as const;
  return new CodedError(detail, `The bitmap of hidden outputs is malformed: ${reason}`);
}
