/** Sets of scaled integers within a numeric field's bounds, as sorted, disjoint, non-adjacent closed intervals. */
import type { NumericField } from "../schema/studySchema.ts";

export type Interval = readonly [lo: bigint, hi: bigint];
export type IntervalSet = readonly Interval[];

export function allValues({ minimum, maximum }: Pick<NumericField, "minimum" | "maximum">): IntervalSet {
  return [[minimum, maximum]];
}

/** Clamped to the field's bounds; empty when lo > hi. */
export function interval(field: Pick<NumericField, "minimum" | "maximum">, lo: bigint, hi: bigint): IntervalSet {
  const from = lo < field.minimum ? field.minimum : lo;
  const to = hi > field.maximum ? field.maximum : hi;
  return from > to ? [] : [[from, to]];
}

export function complement(field: Pick<NumericField, "minimum" | "maximum">, set: IntervalSet): IntervalSet {
  const gaps: Interval[] = [];
  let from = field.minimum;
  for (const [lo, hi] of set) {
    if (lo > from) gaps.push([from, lo - 1n]);
    from = hi + 1n;
  }
  if (from <= field.maximum) gaps.push([from, field.maximum]);
  return gaps;
}

export function intersect(a: IntervalSet, b: IntervalSet): IntervalSet {
  const common = a.flatMap(([lo, hi]) =>
    b.map(([from, to]): Interval => [lo > from ? lo : from, hi < to ? hi : to]).filter(([from, to]) => from <= to),
  );
  return merge(common);
}

export function union(a: IntervalSet, b: IntervalSet): IntervalSet {
  return merge([...a, ...b]);
}

export function isAll({ minimum, maximum }: Pick<NumericField, "minimum" | "maximum">, set: IntervalSet): boolean {
  return set.length === 1 && set[0]![0] === minimum && set[0]![1] === maximum;
}

function merge(parts: readonly Interval[]): IntervalSet {
  const merged: [bigint, bigint][] = [];
  for (const [lo, hi] of [...parts].sort((x, y) => (x[0] < y[0] ? -1 : x[0] > y[0] ? 1 : 0))) {
    const last = merged.at(-1);
    if (last === undefined || lo > last[1] + 1n) merged.push([lo, hi]);
    else if (hi > last[1]) last[1] = hi;
  }
  return merged;
}
