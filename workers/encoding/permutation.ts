/** A uniformly random order of slots, so that a slot says nothing about a row's place in the hospital's file. */
import type { RandomBytes } from "../field/field.ts";

const UINT32_RANGE = 2 ** 32;

/** Fisher-Yates. Element i of the result is the slot of row i. @param length at most 2^32 */
export function randomPermutation(length: number, randomBytes: RandomBytes): Uint32Array {
  const slots = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last -= 1) {
    const other = uniformBelow(last + 1, randomBytes);
    const moved = slots[last] as number;
    slots[last] = slots[other] as number;
    slots[other] = moved;
  }
  return slots;
}

/** Draws at or above the largest multiple of `bound` are refused: no slot is likelier than another. */
function uniformBelow(bound: number, randomBytes: RandomBytes): number {
  const limit = UINT32_RANGE - (UINT32_RANGE % bound);
  for (;;) {
    const bytes = randomBytes(4);
    const draw = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
    if (draw < limit) return draw % bound;
  }
}
