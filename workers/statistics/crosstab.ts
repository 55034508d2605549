/**
 * Pearson's chi-square test of an r×c table of counts, as R's `chisq.test` without correction on the table of the values
 * that occur: a row or column without subjects takes no part in the test. A table that is 2×2 then has the measures of
 * `twoByTwo.ts`; for larger tables there is no exact test.
 *
 * χ² = n·(Σ n_ij²/(r_i·c_j) − 1), exact until rounded.
 */
import assert from "node:assert/strict";
import { requirePossible } from "./answerError.ts";
import { chiSquareUpper } from "./distributions.ts";
import { ratioToNumber } from "./exactNumber.ts";
import type { Rational } from "./rational.ts";
import { minus, plus, rational, times, toNumber, ZERO } from "./rational.ts";
import type { TwoByTwo } from "./twoByTwo.ts";
import { twoByTwo } from "./twoByTwo.ts";

export interface Crosstab {
  readonly n: number;
  readonly rowTotals: readonly number[];
  readonly columnTotals: readonly number[];
  /** The test is null where fewer than two rows or two columns have subjects. */
  readonly chiSquare: number | null;
  readonly df: number | null;
  readonly p: number | null;
  /** The smallest expected count: below 5 the chi-square approximation is doubtful. */
  readonly minExpected: number | null;
  /** Null unless two rows and two columns have subjects. */
  readonly twoByTwo: TwoByTwo | null;
}

/**
 * @param counts rows of equal length
 * @throws CodedError ANSWER_INCONSISTENT for a count below 0
 */
export function crosstab(counts: readonly (readonly bigint[])[]): Crosstab {
  const width = counts[0]?.length ?? 0;
  assert(
    counts.every((row) => row.length === width),
    "rows of equal length",
  );
  requirePossible(
    counts.every((row) => row.every((count) => count >= 0n)),
    "crosstab",
  );
  const rowTotals = counts.map(sum);
  const columnTotals = Array.from({ length: width }, (_, column) => sum(counts.map((row) => row[column]!)));
  const totals = {
    n: Number(sum(rowTotals)),
    rowTotals: rowTotals.map(Number),
    columnTotals: columnTotals.map(Number),
  };
  const columns = indicesOfNonZero(columnTotals);
  const used = indicesOfNonZero(rowTotals).map((row) => columns.map((column) => counts[row]![column]!));
  if (used.length < 2 || columns.length < 2) {
    return { ...totals, chiSquare: null, df: null, p: null, minExpected: null, twoByTwo: null };
  }
  return { ...totals, ...test(used) };
}

function test(counts: readonly (readonly bigint[])[]): Omit<Crosstab, "n" | "rowTotals" | "columnTotals"> {
  const rows = counts.map(sum);
  const columns = counts[0]!.map((_, column) => sum(counts.map((row) => row[column]!)));
  const n = sum(rows);
  const chiSquare = toNumber(times(rational(n), minus(sumOfShares(counts, rows, columns), rational(1n))));
  const df = (rows.length - 1) * (columns.length - 1);
  const [[a, b] = [], [c, d] = []] = counts;
  const isTwoByTwo = rows.length === 2 && columns.length === 2;
  return {
    chiSquare,
    df,
    p: chiSquareUpper(chiSquare, df),
    minExpected: ratioToNumber(smallest(rows) * smallest(columns), n),
    twoByTwo: isTwoByTwo ? twoByTwo(a!, b!, c!, d!) : null,
  };
}

/** Σ n_ij²/(r_i·c_j): each row over the product of the columns, then the rows. */
function sumOfShares(
  counts: readonly (readonly bigint[])[],
  rows: readonly bigint[],
  columns: readonly bigint[],
): Rational {
  const product = columns.reduce((all, column) => all * column, 1n);
  const ofRow = (row: readonly bigint[]): bigint =>
    sum(row.map((count, column) => count * count * (product / columns[column]!)));
  return counts.map((row, index) => rational(ofRow(row), product * rows[index]!)).reduce(plus, ZERO);
}

function sum(counts: readonly bigint[]): bigint {
  return counts.reduce((total, count) => total + count, 0n);
}

function smallest(counts: readonly bigint[]): bigint {
  return counts.reduce((least, count) => (count < least ? count : least));
}

function indicesOfNonZero(totals: readonly bigint[]): number[] {
  return totals.flatMap((total, index) => (total === 0n ? [] : [index]));
}
