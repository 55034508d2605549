/**
 * What a grid tells of a quantile: with c_1 < … < c_m and the number of values below c_1, in each [c_i, c_{i+1}), and from
 * c_m up, the intervals that hold the quantiles of type 1 and 7.
 */
import assert from "node:assert/strict";
import { requirePossible } from "./answerError.ts";
import { ratioToNumber } from "./exactNumber.ts";
import { quantilePositions } from "./quantile.ts";
import type { Rational } from "./rational.ts";

/** lower <= quantile < upper; null where the grid has no limit on that side. */
export interface GridInterval {
  readonly lower: number | null;
  readonly upper: number | null;
}

export interface QuantileInterval {
  readonly n: number;
  /** Null without values. */
  readonly type7: GridInterval | null;
  readonly type1: GridInterval | null;
}

/**
 * @param cutPoints ascending, scaled by 10^decimals
 * @param counts one more than the cut-points
 * @throws CodedError ANSWER_INCONSISTENT for a count below 0
 */
export function quantileInterval(
  cutPoints: readonly bigint[],
  counts: readonly bigint[],
  p: Rational,
  decimals: number,
): QuantileInterval {
  assert(counts.length === cutPoints.length + 1, "one count more than cut-points");
  requirePossible(
    counts.every((count) => count >= 0n),
    "quantile",
  );
  const n = counts.reduce((sum, count) => sum + count, 0n);
  if (n === 0n) return { n: 0, type7: null, type1: null };
  const cutPoint = (index: number): number | null => {
    const value = cutPoints[index];
    return value === undefined ? null : ratioToNumber(value, 10n ** BigInt(decimals));
  };
  // Between two values of different cells, type 7 can be anywhere from the first cell to the second.
  const spanning = (first: bigint, last: bigint): GridInterval => ({
    lower: cutPoint(cellOf(counts, first) - 1),
    upper: cutPoint(cellOf(counts, last)),
  });
  const { type1, lower, fraction } = quantilePositions(n, p);
  return {
    n: Number(n),
    type7: spanning(lower, fraction.numerator === 0n ? lower : lower + 1n),
    type1: spanning(type1, type1),
  };
}

/** The index of the cell that holds the value at a position from 1 to n. */
function cellOf(counts: readonly bigint[], position: bigint): number {
  let before = 0n;
  return counts.findIndex((count) => {
    before += count;
    return before >= position;
  });
}
