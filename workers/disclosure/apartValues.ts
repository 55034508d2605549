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
    ...rowsBeyondGaps(set, sums, k, facts).map((each): FewRows => ({ set: each, zero: "passes" })),
  ];
  const seen = new Set<string>();
  return few.filter((each) => !seen.has(keyOf(each.set)) && seen.add(keyOf(each.set)));
}

/** By wide gap, the rows beyond it. */
export function rowsBeyondGaps(set: RowSet, sums: readonly Sum[], k: number, facts: FieldFacts): RowSet[] {
  return rowsWithin(set, sums, facts, (runs) => gapsOf(runs, k).map(({ far }) => bitsOf(far)));
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
    return chosen(runs, all).flatMap((bits) => within(set, field, bits, all) ?? []);
  });
}

/** The rows of a set with these values. */
function within(set: RowSet, field: number, bits: bigint, all: bigint): RowSet | undefined {
  return setWhere(set.parts, times(conditionOf(set), oneOn(field, bits, all)));
}

/** A value beyond a wide gap, who has it, and who has one of the others. */
export interface ValueBesideGap {
  readonly near: RowSet;
  readonly far: RowSet;
  readonly value: bigint;
}

export function valuesBesideGaps(set: RowSet, field: number, classes: FieldClasses, k: number): ValueBesideGap[] {
  const all = allOf(classes.count);
  const gaps = gapsOf(valueRange(set, field, classes)?.runs ?? [], k);
  return gaps.flatMap(({ near, far: [first, ...others] }): ValueBesideGap[] => {
    if (first === undefined || others.length > 0 || first.first !== first.last) return [];
    const [these, those] = [bitsOf(near), first.bits].map((bits) => within(set, field, bits, all));
    return these === undefined || those === undefined ? [] : [{ near: these, far: those, value: first.first }];
  });
}

interface Gap {
  readonly near: readonly Run[];
  readonly far: readonly Run[];
}

/** By gap, what is on one side where all on the other are close together, and the reverse. */
function gapsOf(runs: readonly Run[], k: number): Gap[] {
  return runs.slice(1).flatMap((next, at) => {
    const [below, above] = [runs.slice(0, at + 1), runs.slice(at + 1)];
    const width = next.first - runs[at]!.last;
    const isWide = (near: readonly Run[]): boolean => width > BigInt(k - 1) * (near.at(-1)!.last - near[0]!.first);
    return [
      ...(isWide(below) ? [{ near: below, far: above }] : []),
      ...(isWide(above) ? [{ near: above, far: below }] : []),
    ];
  });
}

function bitsOf(runs: readonly Run[]): bigint {
  return runs.reduce((bits, each) => bits | each.bits, 0n);
}
