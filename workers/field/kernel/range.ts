/**
 * Intervals of integers, carried through the generator beside every value it emits code for. They are the proof that no
 * product, column or quotient leaves the range in which the machine computes it exactly: a generator that breaks a
 * bound stops with an assertion instead of emitting a kernel. `docs/field-kernel.md` derives the limits in prose.
 */
import assert from "node:assert/strict";

/** All integers from `low` to `high`, both included. */
export interface Range {
  readonly low: bigint;
  readonly high: bigint;
}

export const ZERO: Range = { low: 0n, high: 0n };

export function range(low: bigint, high: bigint): Range {
  assert(low <= high, "an empty range");
  return { low, high };
}

/** [−bound, bound]. */
export function symmetric(bound: bigint): Range {
  return range(-bound, bound);
}

/** What `bits` bits of two's complement hold: [−2^(bits − 1), 2^(bits − 1) − 1]. */
export function signedBits(bits: number): Range {
  const half = 1n << BigInt(bits - 1);
  return range(-half, half - 1n);
}

export function addRanges(a: Range, b: Range): Range {
  return range(a.low + b.low, a.high + b.high);
}

export function subtractRanges(a: Range, b: Range): Range {
  return range(a.low - b.high, a.high - b.low);
}

export function multiplyRanges(a: Range, b: Range): Range {
  const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
  return range(least(corners), greatest(corners));
}

/** The sum of `count` values of this range. */
export function repeatRange(a: Range, count: number): Range {
  return range(a.low * BigInt(count), a.high * BigInt(count));
}

/** floor((a + 2^(bits − 1)) / 2^bits): what a balanced digit of `bits` bits leaves to the next one. */
export function carryRange(a: Range, bits: number): Range {
  const half = 1n << BigInt(bits - 1);
  return range((a.low + half) >> BigInt(bits), (a.high + half) >> BigInt(bits)); // >> floors
}

/** max |x|. */
export function magnitude(a: Range): bigint {
  return greatest([-a.low, a.high]);
}

export function isWithin(a: Range, limit: Range): boolean {
  return limit.low <= a.low && a.high <= limit.high;
}

/** @throws AssertionError naming the bound: the kernel would compute something else than integers */
export function requireWithin(a: Range, limit: Range, bound: string): void {
  assert(isWithin(a, limit), `${bound}: [${a.low}, ${a.high}] leaves [${limit.low}, ${limit.high}]`);
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((smallest, value) => (value < smallest ? value : smallest));
}

function greatest(values: readonly bigint[]): bigint {
  return values.reduce((largest, value) => (value > largest ? value : largest));
}
