/** Forgeries of a 65-byte signature that a contract must refuse, each in its own way. */
import { Signature, concat, dataSlice, getBytes, hexlify, toBeHex } from "ethers";

/** Order of secp256k1, SEC 2 section 2.4.1. */
const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The other valid s of the same signature: malleable, so refused. */
export function highS(signature: string): { signature: string; s: string } {
  const { r, s, v } = Signature.from(signature);
  const high = toBeHex(SECP256K1_ORDER - BigInt(s), 32);
  return { signature: concat([r, high, v === 27 ? "0x1c" : "0x1b"]), s: high };
}

/** ERC-2098: 64 bytes. */
export function compact(signature: string): string {
  return Signature.from(signature).compactSerialized;
}

export function withTrailingByte(signature: string): string {
  return concat([signature, "0x00"]);
}

export function withV(signature: string, v: number): string {
  return concat([dataSlice(signature, 0, 64), toBeHex(v, 1)]);
}

/** r and s zero: ecrecover gives the zero address. */
export function zeroSignature(): string {
  return hexlify(getBytes(concat([toBeHex(0, 64), "0x1b"])));
}
