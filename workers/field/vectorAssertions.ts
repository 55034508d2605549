/** Misuse of vectors that every implementation refuses, with the same words. */
import assert from "node:assert/strict";

import type { FieldVector } from "./field.ts";

export function assertSameLength(left: number, right: number): void {
  assert(left === right, `vectors of ${left} and ${right} elements`);
}

/** Elements [from, to) of a vector of `length`. */
export function assertWindow(from: number, to: number, length: number): void {
  assert(Number.isInteger(from) && Number.isInteger(to), "view bounds are not integers");
  assert(0 <= from && from <= to && to <= length, `view [${from}, ${to}) of a vector of ${length}`);
}

/** As many vectors in both, at least one, all of one length. */
export function assertSameShape(a: readonly FieldVector[], b: readonly FieldVector[]): void {
  const [first] = a;
  assert(first !== undefined, "at least one vector");
  assert.equal(a.length, b.length, "as many vectors on either side");
  for (const { length } of [...a, ...b]) assertSameLength(first.length, length);
}
