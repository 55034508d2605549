/**
 * What counts over intervals tell of a quantile: the intervals that hold the order statistics of types 1 and 7. Between two values of
 * different intervals, type 7 can be anywhere from the first interval to the second.
 */
import { requirePossible } from "./answerError.ts";
import { quantilePositions } from "./quantile.ts";
import type { Rational } from "./rational.ts";

/** Indices of intervals. */
export interface CellRange {
  readonly first: number;
  readonly last: number;
}

export interface QuantileCells {
  /** Undefined without values. */
  readonly type7: CellRange | undefined;
  readonly type1: CellRange | undefined;
}

/**
 * @param counts of values, by interval, ascending
 * @throws CodedError ANSWER_INCONSISTENT for a count below 0
 */
export function quantileCells(counts: readonly bigint[], p: Rational): QuantileCells {
  requirePossible(
    counts.every((count) => count >= 0n),
    "quantile",
  );
  const n = counts.reduce((sum, count) => sum + count, 0n);
  if (n === 0n) return { type7: undefined, type1: undefined };
  const range = (first: bigint, last: bigint): CellRange => ({
    first: cellOf(counts, first),
    last: cellOf(counts, last),
  });
  const { type1, lower, fraction } = quantilePositions(n, p);
  return { type7: range(lower, fraction.numerator === 0n ? lower : lower + 1n), type1: range(type1, type1) };
}

/** The index of the cell that holds the value at a position from 1 to n. */
function cellOf(counts: readonly bigint[], position: bigint): number {
  let before = 0n;
  return counts.findIndex((count) => {
    before += count;
    return before >= position;
  });
}
