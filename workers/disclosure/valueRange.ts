/** What a column of numbers can be on a set. */
import { greatestCommonDivisor } from "../field/greatestCommonDivisor.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn } from "./rowSet.ts";

/** Classes of neighbouring values. */
export interface Run {
  /** As bits. */
  readonly bits: bigint;
  readonly first: bigint;
  readonly last: bigint;
}

export interface ValueRange {
  readonly least: bigint;
  readonly most: bigint;
  /** Of values. */
  readonly count: bigint;
  /** All are multiples of it apart: 5 of 0.5, 1.0 and 2.0 in tenths; 0 of one value. */
  readonly step: bigint;
  /** How far the other values are at least from the least, and from the most; 0 of one value. */
  readonly ends: readonly [up: bigint, down: bigint];
  /** Ascending; values of one are a step apart, those of two further. */
  readonly runs: readonly Run[];
}

/** Undefined where no row has a number. O(classes · log classes). */
export function valueRange(set: RowSet, field: number, classes: FieldClasses): ValueRange | undefined {
  const allowed = classesIn(set, field) ?? allOf(classes.count);
  const ascending = Array.from({ length: classes.count }, (_, index): Run[] => {
    const [bits, bounds] = [1n << BigInt(index), classes.bounds(index)];
    return bounds === undefined || (allowed & bits) === 0n ? [] : [{ bits, first: bounds[0], last: bounds[1] }];
  })
    .flat()
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const [lowest, highest] = [ascending[0], ascending.at(-1)];
  if (lowest === undefined || highest === undefined) return undefined;
  const step = ascending.reduce((divisor, { first, last }) => {
    const within = last > first ? 1n : 0n;
    return greatestCommonDivisor(greatestCommonDivisor(divisor, first - lowest.first), within);
  }, 0n);
  const count = ascending.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  const [up, down] = [secondOf(ascending, 1n), secondOf(ascending.toReversed(), -1n)];
  const runs = runsOf(ascending, step);
  return { least: lowest.first, most: highest.last, count, step, ends: [up, down], runs };
}

/** From the first value, in their order, to the next. */
function secondOf([first, second]: readonly Run[], sign: 1n | -1n): bigint {
  if (first === undefined) return 0n;
  if (first.first !== first.last) return 1n;
  const next = sign === 1n ? second?.first : second?.last;
  return next === undefined ? 0n : sign * (next - first.first);
}

function runsOf(ascending: readonly Run[], step: bigint): Run[] {
  const runs: Run[] = [];
  for (const each of ascending) {
    const before = runs.at(-1);
    if (before === undefined || each.first > before.last + step) runs.push(each);
    else runs[runs.length - 1] = { bits: before.bits | each.bits, first: before.first, last: each.last };
  }
  return runs;
}
