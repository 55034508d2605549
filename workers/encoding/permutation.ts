/** A uniformly random order of slots, so that a slot says nothing about a row's place in the hospital's file. */
import type { RandomBytes } from "../field/field.ts";

const UINT32_RANGE = 2 ** 32;
const DRAW_BYTES = 4;
/** Asked for at once, as far as draws are left: a call costs more than the bytes. */
const MOST_DRAWS = 16_384;

/** Fisher-Yates. Element i of the result is the slot of row i. @param length at most 2^32 */
export function randomPermutation(length: number, randomBytes: RandomBytes): Uint32Array {
  const slots = Uint32Array.from({ length }, (_, index) => index);
  const draw = drawsOf(length - 1, randomBytes);
  for (let last = length - 1; last > 0; last -= 1) {
    const other = uniformBelow(last + 1, draw);
    const moved = slots[last] as number;
    slots[last] = slots[other] as number;
    slots[other] = moved;
  }
  return slots;
}

/** Draws at or above the largest multiple of `bound` are refused: no slot is likelier than another. */
function uniformBelow(bound: number, draw: () => number): number {
  const limit = UINT32_RANGE - (UINT32_RANGE % bound);
  for (;;) {
    const drawn = draw();
    if (drawn < limit) return drawn % bound;
  }
}

/** Uniform 32-bit numbers. `expected` of them are asked for in bulk; those that refusals add come one by one. */
function drawsOf(expected: number, randomBytes: RandomBytes): () => number {
  let left = expected;
  let bytes: DataView = new DataView(new ArrayBuffer(0));
  let offset = 0;
  return () => {
    if (offset === bytes.byteLength) {
      const count = Math.max(1, Math.min(left, MOST_DRAWS));
      left -= count;
      const drawn = randomBytes(count * DRAW_BYTES);
      bytes = new DataView(drawn.buffer, drawn.byteOffset, drawn.byteLength);
      offset = 0;
    }
    offset += DRAW_BYTES;
    return bytes.getUint32(offset - DRAW_BYTES);
  };
}
