/** What sums of one answer over a set come to that no patient's values make negative: 0, or about so many patients as it is small. */
import { MOST_NEIGHBOURS } from "../messages/gateLimits.ts";
import type { RowSet } from "./rowSet.ts";
import type { WeighedSums } from "./sizeTests.ts";
import type { Run, ValueRange } from "./valueRange.ts";

export interface NonNegativeSum {
  readonly sum: WeighedSums;
  /** What a patient adds who does not add 0. */
  readonly least: bigint;
}

/** Of an end of a range, on which side the others are, and how far they are at least. */
type End = readonly [end: bigint, sign: 1n | -1n, next: bigint];

export type Ends = Pick<ValueRange, "least" | "most" | "ends">;

function endsOf({ least, most, ends: [up, down] }: Ends): readonly [End, End] {
  return [
    [least, 1n, up],
    [most, -1n, down],
  ];
}

/** A sum over sets, each with an output of its own, added or taken away. */
export type SignedSum = readonly (readonly [set: RowSet, output: number, weight: 1n | -1n])[];

/**
 * From either end of a range ±Σ(x − end); none where x is the same everywhere.
 *
 * @param beyond rows in the sums' outputs, not in their sets, all of one x
 */
export function distances(
  sums: SignedSum,
  range: Ends,
  beyond: readonly (readonly [set: RowSet, x: bigint])[] = [],
): NonNegativeSum[] {
  if (range.least === range.most) return [];
  return endsOf(range).map(([end, sign, next]) => {
    const outputs = sums.map(([, output, weight]) => [output, sign * weight] as const);
    const rows = [
      ...sums.map(([set, , weight]) => [set, -sign * weight * end] as const),
      ...beyond.map(([set, x]) => [set, -sign * x] as const),
    ];
    return { sum: { outputs, rows }, least: next };
  });
}

/** From each corner of two ranges ±Σ(x − end)(y − other end). */
export function corners(
  set: RowSet,
  { x, y, product }: { readonly x: number; readonly y: number; readonly product: number },
  a: ValueRange,
  b: ValueRange,
): NonNegativeSum[] {
  if (a.count === 1n || b.count === 1n) return [];
  return endsOf(a).flatMap(([end, sign, next]) =>
    endsOf(b).map(([other, otherSign, otherNext]): NonNegativeSum => {
      const both = sign * otherSign;
      const outputs = [
        [product, both],
        [x, -both * other],
        [y, -both * end],
      ] as const;
      return { sum: { outputs, rows: [[set, both * end * other]] }, least: next * otherNext };
    }),
  );
}

/**
 * Σ(x − least)(most − x), which is 0 at both ends; for each end the like that is 0 there alone, and the same at the value next to it and at
 * the other end; and of neighbours c and d Σ(x − c)(x − d). Of three values their numbers are levels (`levels.ts`).
 *
 * @param sum of x
 * @param squared of x², over the same sets
 */
export function squares(sum: SignedSum, squared: SignedSum, range: ValueRange): NonNegativeSum[] {
  const { least, most, count, step, ends, runs } = range;
  if (count <= 3n) return [];
  const between = (c: bigint, d: bigint, sign: 1n | -1n): WeighedSums => {
    const outputs = [
      ...squared.map(([, output, weight]) => [output, sign * weight] as const),
      ...sum.map(([, output, weight]) => [output, -sign * weight * (c + d)] as const),
    ];
    return { outputs, rows: sum.map(([set, , weight]) => [set, sign * weight * c * d] as const) };
  };
  const width = most - least;
  const [up, down] = ends;
  const inside = { sum: between(least, most, -1n), least: lesser(up * (width - up), down * (width - down)) };
  const atOneEnd = endsOf(range).map(([end, sign, next]): NonNegativeSum => {
    return { sum: between(end, end + sign * (width + next), -1n), least: next * width };
  });
  const values = count - 1n <= MOST_NEIGHBOURS ? valuesIn(runs, step) : [];
  const pairs = values.slice(1).map((d, at): NonNegativeSum => {
    const [before, c, after] = [values[at - 1], values[at]!, values[at + 2]];
    const below = before === undefined ? undefined : (c - before) * (d - before);
    const above = after === undefined ? undefined : (after - c) * (after - d);
    return {
      sum: between(c, d, 1n),
      least: below === undefined || above === undefined ? (below ?? above)! : lesser(below, above),
    };
  });
  return [inside, ...atOneEnd, ...pairs];
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Ascending. */
function valuesIn(runs: readonly Run[], step: bigint): bigint[] {
  return runs.flatMap(({ first, last }) =>
    Array.from({ length: Number((last - first) / step) + 1 }, (_, index) => first + BigInt(index) * step),
  );
}
