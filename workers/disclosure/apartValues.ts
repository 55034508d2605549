/**
 * Whose values lie apart. Of a column whose sum is told, a value that is apart from all others of the set, as in `age = 60 OR age >= 70`,
 * tells how few have another, each of which differs from it by more than a step. And those beyond a gap, as of the values 0 to 4 and 99, are
 * told where they are few, if the gap is wider than the others could make up: with k patients, none of them and one of them beyond it
 * never come to the same sum.
 */
import type { SizeTest } from "../messages/gatePlan.ts";
import { oneOn, times } from "./classFunction.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, conditionOf, keyOf, setWhere } from "./rowSet.ts";
import type { Sum } from "./summedPoints.ts";
import type { Run } from "./valueRange.ts";
import { valueRange } from "./valueRange.ts";

/** Rows of a set that may not be few. */
export interface FewRows {
  readonly set: RowSet;
  /** That nobody is beyond a gap tells of nobody. */
  readonly zero: SizeTest["zero"];
}

interface FieldFacts {
  classes(field: number): FieldClasses;
}

/** Of each column at most three sets for each run of its values. O(classes · log classes + runs²) for each. */
export function rowsApart(set: RowSet, sums: readonly Sum[], k: number, facts: FieldFacts): FewRows[] {
  const few = [
    ...rowsButOne(set, sums, facts).map((each): FewRows => ({ set: each, zero: "ifShown" })),
    ...rowsWithin(set, sums, facts, (runs) => beyondGaps(runs, BigInt(k))).map((each): FewRows => ({
      set: each,
      zero: "passes",
    })),
  ];
  const seen = new Set<string>();
  return few.filter((each) => !seen.has(keyOf(each.set)) && seen.add(keyOf(each.set)));
}

/** By value that is apart from all others, the rows that have another. */
export function rowsButOne(set: RowSet, sums: readonly Sum[], facts: FieldFacts): RowSet[] {
  return rowsWithin(set, sums, facts, (runs, all) =>
    runs.flatMap(({ bits, first, last }) => (first === last ? [all & ~bits] : [])),
  );
}

/** By column with a sum of its own whose values have gaps: its rows of these classes. */
function rowsWithin(
  set: RowSet,
  sums: readonly Sum[],
  facts: FieldFacts,
  chosen: (runs: readonly Run[], all: bigint) => bigint[],
): RowSet[] {
  const values = new Set(sums.flatMap((sum) => (sum.length === 1 && sum[0]!.isValue ? [sum[0]!.field] : [])));
  return [...values].flatMap((field) => {
    const classes = facts.classes(field);
    const runs = valueRange(set, field, classes)?.runs ?? [];
    const all = allOf(classes.count);
    if (runs.length < 2) return [];
    return chosen(runs, all).flatMap(
      (bits) => setWhere(set.parts, times(conditionOf(set), oneOn(field, bits, all))) ?? [],
    );
  });
}

/** By gap, the classes above it where all below are close together, and the reverse. */
function beyondGaps(runs: readonly Run[], k: bigint): bigint[] {
  return runs.slice(1).flatMap((next, at) => {
    const [below, above] = [runs.slice(0, at + 1), runs.slice(at + 1)];
    const gap = next.first - runs[at]!.last;
    const isWide = (others: readonly Run[]): boolean => gap > (k - 1n) * (others.at(-1)!.last - others[0]!.first);
    const bitsOf = (part: readonly Run[]): bigint => part.reduce((bits, each) => bits | each.bits, 0n);
    return [...(isWide(below) ? [bitsOf(above)] : []), ...(isWide(above) ? [bitsOf(below)] : [])];
  });
}
