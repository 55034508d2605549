/**
 * Quantiles of a counted list of values, of R's types 7 and 1 (Hyndman & Fan 1996), exactly: the probability is a rational,
 * so 0.05 is one twentieth and no position is moved across an order statistic by rounding.
 *
 *   type 7   linear between the order statistics around position 1 + (n−1)p   (R's default, SQL's PERCENTILE_CONT)
 *   type 1   the smallest value with at least n·p values up to it             (inverse of the distribution function)
 */
import assert from "node:assert/strict";
import { requirePossible } from "./answerError.ts";
import { ratioToNumber } from "./exactNumber.ts";
import type { Rational } from "./rational.ts";

export interface CountedValue {
  /** Scaled by 10^decimals. */
  readonly value: bigint;
  readonly count: bigint;
}

export interface Quantile {
  readonly n: number;
  /** Null without values. */
  readonly type7: number | null;
  readonly type1: number | null;
}

/** The order statistics of a quantile, counted from 1 to n. */
export interface QuantilePositions {
  /** The value at this position is the quantile of type 1. */
  readonly type1: bigint;
  /** Type 7 is `lower` plus `fraction` of the way to the next position. */
  readonly lower: bigint;
  readonly fraction: Rational;
}

/**
 * @param values ascending
 * @param p in [0, 1]
 * @throws CodedError ANSWER_INCONSISTENT for a count below 0
 */
export function quantile(values: readonly CountedValue[], p: Rational, decimals: number): Quantile {
  assert(
    values.every(({ value }, index) => index === 0 || values[index - 1]!.value < value),
    "ascending values",
  );
  requirePossible(
    values.every(({ count }) => count >= 0n),
    "quantile",
  );
  const n = values.reduce((sum, { count }) => sum + count, 0n);
  if (n === 0n) return { n: 0, type7: null, type1: null };
  const scale = 10n ** BigInt(decimals);
  const { type1, lower, fraction } = quantilePositions(n, p);
  const below = valueAt(values, lower);
  const above = fraction.numerator === 0n ? below : valueAt(values, lower + 1n);
  const type7 = below * fraction.denominator + (above - below) * fraction.numerator;
  return {
    n: Number(n),
    type7: ratioToNumber(type7, fraction.denominator * scale),
    type1: ratioToNumber(valueAt(values, type1), scale),
  };
}

/** n >= 1, p in [0, 1]. */
export function quantilePositions(n: bigint, p: Rational): QuantilePositions {
  assert(p.numerator >= 0n && p.numerator <= p.denominator, "a probability");
  const rank = (n * p.numerator + p.denominator - 1n) / p.denominator;
  const steps = (n - 1n) * p.numerator;
  return {
    type1: rank > 0n ? rank : 1n,
    lower: 1n + steps / p.denominator,
    fraction: { numerator: steps % p.denominator, denominator: p.denominator },
  };
}

function valueAt(values: readonly CountedValue[], position: bigint): bigint {
  let before = 0n;
  for (const { value, count } of values) {
    before += count;
    if (before >= position) return value;
  }
  throw new RangeError(`position ${position} is beyond the last value`);
}
