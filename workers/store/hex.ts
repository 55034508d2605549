/** Ids between their 0x-hex form, which the rest of the worker uses, and bytes, which are stored. */
import { storeError } from "./errors.ts";

const HEX = /^0x(?:[0-9a-f]{2})+$/;

/** @throws CodedError STORE_INVALID naming `field` */
export function hexToBytes(hex: string, length: number, field: string): Uint8Array {
  const lower = hex.toLowerCase();
  if (!HEX.test(lower) || lower.length !== 2 + 2 * length) {
    throw storeError({ code: "STORE_INVALID", field }, `${field} is not ${length} bytes of 0x-hex`);
  }
  return Buffer.from(lower.slice(2), "hex");
}

export function bytesToHex(bytes: unknown): string {
  return `0x${Buffer.from(bytes as Uint8Array).toString("hex")}`;
}

const MAX_I64 = (1n << 63n) - 1n;

/** SQLite's integers are signed 64-bit. @throws CodedError STORE_INVALID naming `field` */
export function storedInteger(value: number | bigint, field: string): bigint {
  const integer = BigInt(value);
  if (integer < 0n || integer > MAX_I64) throw storeError({ code: "STORE_INVALID", field }, `${field} is out of range`);
  return integer;
}
