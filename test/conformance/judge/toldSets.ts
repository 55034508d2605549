/**
 * Counts that follow from sums. A set of rows is told when its indicator is a linear combination of 1 and of what is summed: of a
 * column of two values, from its sum; of one of three, with its squares; of the values 1 to 4, {1, 4} and {2, 3}; of two
 * columns of two values, from the sum of their product. The smallest told sets are counted as if each had been asked for.
 */
import { isZero, PrimeSpan } from "./primeSpan.ts";
import { readDecimal, scaleDecimal } from "../decimalText.ts";

/** A quadratic takes each of two values twice at most: of more than four values no set is told by a column's own sums. */
export const FEW_VALUES = 4;

/** Their subsets are looked at one by one. */
export const MOST_POINTS = 16;

/**
 * @param points possible values of the columns of few values: numbers as texts, distinct points
 * @param squared whether squares are summed, and with several columns their products
 * @returns positions of points, set by set; none where only all of them together are told
 * @throws Error for more points than can be looked at
 */
export function toldSets(points: readonly (readonly string[])[], squared: boolean): number[][] {
  if (points.length > MOST_POINTS) {
    throw new Error(`the judge would look at all sets of ${points.length} points, at most of ${MOST_POINTS}`);
  }
  const span = new PrimeSpan();
  for (const sum of sumsOf(points, squared)) span.insert(span.residual(Float64Array.from(sum)));
  const told: number[] = [];
  for (const subset of subsetsBySize(points.length)) {
    if (told.some((smaller) => (smaller & subset) === smaller)) continue;
    const indicator = Float64Array.from(points, (_, point) => (subset >> point) & 1);
    if (isZero(span.residual(indicator))) told.push(subset);
  }
  const all = points.map((_, point) => point);
  return told.length < 2 ? [] : told.map((subset) => all.filter((point) => ((subset >> point) & 1) === 1));
}

/** By point: 1, every column, and every product of two of them. */
function sumsOf(points: readonly (readonly string[])[], squared: boolean): number[][] {
  const columns = (points[0] ?? []).map((_, column) => integers(points.map((point) => point[column]!)));
  const products = columns.flatMap((left, index) =>
    columns.slice(index).map((right) => left.map((value, point) => value * right[point]!)),
  );
  const sums = [points.map(() => 1n), ...columns, ...(squared ? products : [])];
  return sums.map((sum) => sum.map(PrimeSpan.residue));
}

/** The same texts as integers, times one power of ten. */
function integers(texts: readonly string[]): bigint[] {
  const read = texts.map((text) => readDecimal(text) ?? { digits: 0n, decimals: 0 });
  const decimals = Math.max(...read.map((decimal) => decimal.decimals));
  return read.map((decimal) => scaleDecimal(decimal, decimals).floor);
}

function subsetsBySize(count: number): number[] {
  const size = (subset: number): number => subset.toString(2).replaceAll("0", "").length;
  const all = Array.from({ length: 2 ** count - 1 }, (_, index) => index + 1);
  return all.sort((left, right) => size(left) - size(right));
}
