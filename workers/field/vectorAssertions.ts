/** Misuse of vectors that every implementation refuses, with the same words. */
import assert from "node:assert/strict";

export function assertSameLength(left: number, right: number): void {
  assert(left === right, `vectors of ${left} and ${right} elements`);
}

/** Elements [from, to) of a vector of `length`. */
export function assertWindow(from: number, to: number, length: number): void {
  assert(Number.isInteger(from) && Number.isInteger(to), "view bounds are not integers");
  assert(0 <= from && from <= to && to <= length, `view [${from}, ${to}) of a vector of ${length}`);
}
