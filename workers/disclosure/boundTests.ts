/**
 * Tests of sums of values against the ends of their range: Σ(x − least) = 3 is about three patients at most. So is whatever the sums of
 * one answer come to that no patient's values make negative: products of the distances of two columns from their ends, of one from both,
 * or from two neighbouring values; and what a sum over all of a set leaves of one over a part of it.
 */
import type { SizeTest } from "../messages/gatePlan.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset, keyOf, without } from "./rowSet.ts";
import type { WeighedSums } from "./sizeTests.ts";
import type { Sum } from "./summedPoints.ts";
import type { ValueRange } from "./valueRange.ts";
import { valueRange } from "./valueRange.ts";

/** Pairs of neighbouring values that are looked at: a column of more is not nearly constant by its unit. */
const MOST_NEIGHBOURS = 64n;

/** A sum that is never negative, and a multiple of the step. */
interface Bounded {
  readonly sum: WeighedSums;
  readonly step: bigint;
}

/** A test multiplies as many factors as it has failing values: sums in larger steps are not tested. */
const MOST_FAILING = 5_000n;

/**
 * Each of them 0 or at least k, also with every owner's rows taken away. Of two values their numbers are levels (`levels.ts`).
 *
 * @param cell groups of the same cell that are shown before this one
 */
export function boundTests(
  { tests, facts, owners }: Pick<RequestTests, "tests" | "facts" | "owners">,
  group: DisclosedGroup,
  cell: readonly DisclosedGroup[],
  k: number,
): SizeTest[] {
  const found = [
    ...ownBounds(group, facts.classes),
    ...cell.flatMap((other) => restBounds(group, other, facts.classes)),
  ];
  return testsOf({ tests, owners }, found, k);
}

function testsOf(
  { tests, owners }: Pick<RequestTests, "tests" | "owners">,
  bounds: readonly Bounded[],
  k: number,
): SizeTest[] {
  return bounds.flatMap(({ sum, step }) => {
    const last = step * BigInt(k - 1);
    if (!isNamed(sum) || last > MOST_FAILING) return [];
    return [undefined, ...owners].map((owner) => tests.weighed(sum, Number(last), owner));
  });
}

/** A weight that no test can name is that of an end that nobody's values are near. */
function isNamed({ outputs, rows }: WeighedSums): boolean {
  return [...outputs, ...rows].every(([, weight]) => Number.isSafeInteger(Number(weight)));
}

/** Of columns that are summed over disjoint sets, over all of them together: 0 or at least k. */
export function boundsOfAll(
  { tests, owners }: Pick<RequestTests, "tests" | "owners">,
  groups: readonly DisclosedGroup[],
  fields: ReadonlySet<number>,
  classes: (field: number) => FieldClasses,
  k: number,
): SizeTest[] {
  const bounds = [...fields].flatMap((field): Bounded[] => {
    const summed = groups.flatMap(({ set, ...group }) => {
      const output = outputsOf(group)([field]);
      const range = set === undefined ? undefined : valueRange(set, field, classes(field));
      return set === undefined || output === undefined || range === undefined ? [] : [{ set, output, range }];
    });
    if (summed.length < groups.length) return [];
    const ranges = summed.map(({ range }) => range);
    const least = ranges.reduce((low, range) => (range.least < low ? range.least : low), ranges[0]!.least);
    const most = ranges.reduce((high, range) => (range.most > high ? range.most : high), ranges[0]!.most);
    const step = ranges.every((range) => range.least === least && range.step === ranges[0]!.step)
      ? ranges[0]!.step
      : 1n;
    return endsOf({ least, most }).map(([end, sign]): Bounded => {
      const outputs = summed.map(({ output }) => [output, sign] as const);
      return { sum: { outputs, rows: summed.map(({ set }) => [set, -sign * end] as const) }, step };
    });
  });
  return testsOf({ tests, owners }, bounds, k);
}

function ownBounds(group: DisclosedGroup, classes: (field: number) => FieldClasses): Bounded[] {
  const { set } = group;
  if (set === undefined) return [];
  const outputOf = outputsOf(group);
  const rangeOf = (field: number): ValueRange | undefined => valueRange(set, field, classes(field));
  const single = (field: number): number | undefined => outputOf([field]);
  return fieldsOf(group.sums).flatMap((fields): Bounded[] => {
    const [first, second, ...others] = fields;
    const output = outputOf(fields)!;
    const [a, b] = [first!, second ?? first!].map(rangeOf);
    if (a === undefined || b === undefined || others.length > 0) return [];
    if (second === undefined) return a.count <= 2n ? [] : endsOf(a).map((end) => distance(set, output, end, a.step));
    const [x, y] = [single(first!), single(second)];
    if (x === undefined || y === undefined) return [];
    if (first === second) return squares(set, { sum: x, squares: output }, a);
    if (a.count <= 2n && b.count <= 2n) return [];
    const step = a.step * b.step;
    const sums = { x, y, product: output };
    return endsOf(a).flatMap((one) => endsOf(b).map((other) => ({ sum: corner(set, sums, one, other), step })));
  });
}

/** ±Σ(x − end). */
function distance(set: RowSet, output: number, [end, sign]: End, step: bigint): Bounded {
  return { sum: { outputs: [[output, sign]], rows: [[set, -sign * end]] }, step };
}

/** ±Σ(x − end)(y − other end). */
function corner(
  set: RowSet,
  { x, y, product }: { readonly x: number; readonly y: number; readonly product: number },
  [end, sign]: End,
  [other, otherSign]: End,
): WeighedSums {
  const both = sign * otherSign;
  const outputs = [
    [product, both],
    [x, -both * other],
    [y, -both * end],
  ] as const;
  return { outputs, rows: [[set, both * end * other]] };
}

/** Σ(x − least)(most − x), and of neighbours c and d Σ(x − c)(x − d), of even numbers of steps. Of three values their numbers are levels. */
function squares(
  set: RowSet,
  { sum, squares }: { readonly sum: number; readonly squares: number },
  { least, most, count: values, step }: ValueRange,
): Bounded[] {
  if (values <= 3n) return [];
  const inside: WeighedSums = {
    outputs: [
      [squares, -1n],
      [sum, least + most],
    ],
    rows: [[set, -least * most]],
  };
  const steps = (most - least) / step;
  const neighbours = Array.from({ length: steps <= MOST_NEIGHBOURS ? Number(steps) : 0 }, (_, at): Bounded => {
    const c = least + BigInt(at) * step;
    const d = c + step;
    const outputs = [
      [squares, 1n],
      [sum, -(c + d)],
    ] as const;
    return { sum: { outputs, rows: [[set, c * d]] }, step: 2n * step * step };
  });
  return [{ sum: inside, step: step * step }, ...neighbours];
}

/** Of columns that are summed over two sets of a cell, one of them a part of the other: over the rest. */
function restBounds(a: DisclosedGroup, b: DisclosedGroup, classes: (field: number) => FieldClasses): Bounded[] {
  if (a.set === undefined || b.set === undefined || keyOf(a.set) === keyOf(b.set)) return [];
  const [whole, part] = isSubset(b.set, a.set) ? [a, b] : [b, a];
  if (!isSubset(part.set!, whole.set!)) return [];
  const rest = without(whole.set!, part.set!);
  if (rest === undefined) return [];
  const [inWhole, inPart] = [outputsOf(whole), outputsOf(part)];
  return fieldsOf(whole.sums).flatMap((fields): Bounded[] => {
    const outputs = [inWhole(fields), inPart(fields)];
    const range = valueRange(rest, fields[0]!, classes(fields[0]!));
    if (fields.length > 1 || outputs[1] === undefined || range === undefined) return [];
    return endsOf(range).map(([end, sign]): Bounded => {
      const rows = [
        [whole.set!, -sign * end],
        [part.set!, sign * end],
      ] as const;
      const sum = {
        outputs: [
          [outputs[0]!, sign],
          [outputs[1]!, -sign],
        ],
        rows,
      } as const;
      return { sum, step: range.step };
    });
  });
}

/** Of an end, on which side the others are. */
type End = readonly [end: bigint, sign: 1n | -1n];

function endsOf({ least, most }: Pick<ValueRange, "least" | "most">): readonly [End, End] {
  return [
    [least, 1n],
    [most, -1n],
  ];
}

/** Of sums that are products of values alone, their fields. */
function fieldsOf(sums: readonly Sum[]): number[][] {
  return sums.filter((sum) => sum.every(({ isValue }) => isValue)).map((sum) => sum.map(({ field }) => field));
}

/** Which output sums the product of these fields' values. */
function outputsOf({
  outputs,
  counts,
  sums,
}: Pick<DisclosedGroup, "outputs" | "counts" | "sums">): (fields: readonly number[]) => number | undefined {
  const summing = outputs.filter((output) => !counts.includes(output));
  const nameOf = (fields: readonly number[]): string => [...fields].sort((a, b) => a - b).join();
  const named = new Map(
    sums.flatMap((sum, at) =>
      sum.every(({ isValue }) => isValue) ? [[nameOf(sum.map(({ field }) => field)), summing[at]!] as const] : [],
    ),
  );
  return (fields) => named.get(nameOf(fields));
}
