/** Field elements as 32-byte big-endian words, read and written as four 64-bit limbs. */

export const WORD_BYTES = 32;

/** Words drawn at once by `Field.random`: 64 KiB keeps an AES stream at full speed without large buffers. */
export const MAX_DRAWN_WORDS = 2048;

/** The unsigned integer in the 32 bytes at `offset`; any value below 2^256. */
export function readWord(view: DataView, offset: number): bigint {
  return (
    (view.getBigUint64(offset) << 192n) |
    (view.getBigUint64(offset + 8) << 128n) |
    (view.getBigUint64(offset + 16) << 64n) |
    view.getBigUint64(offset + 24)
  );
}

/** Writes 0 <= value < 2^256; `setBigUint64` keeps the low 64 bits of each limb. */
export function writeWord(view: DataView, offset: number, value: bigint): void {
  view.setBigUint64(offset, value >> 192n);
  view.setBigUint64(offset + 8, value >> 128n);
  view.setBigUint64(offset + 16, value >> 64n);
  view.setBigUint64(offset + 24, value);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
