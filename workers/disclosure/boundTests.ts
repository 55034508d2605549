/**
 * Tests of sums of values against the least that they can be: Σ(x − least) = 3 is about three patients at most. So is whatever the sums
 * of one answer come to that no patient's values make negative (`nonNegativeSums.ts`), and the sums of a column and of its squares over all
 * of a set less those over parts of it. Products over such a rest are not tested.
 */
import { MOST_FAILING } from "../messages/gateLimits.ts";
import type { SizeTest } from "../messages/gatePlan.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import { valuesBesideGaps } from "./apartValues.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { Ends, NonNegativeSum, SignedSum } from "./nonNegativeSums.ts";
import { corners, distances, squares } from "./nonNegativeSums.ts";
import type { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import { apartFrom, intersect, isSubset, keyOf } from "./rowSet.ts";
import type { WeighedSums } from "./sizeTests.ts";
import { fieldsMultiplied } from "./sumFields.ts";
import type { ValueRange } from "./valueRange.ts";
import { valueRange } from "./valueRange.ts";

type Classes = (field: number) => FieldClasses;
type Tested = Pick<RequestTests, "tests" | "owners">;

/**
 * Each of them 0 or at least k, also with every owner's rows taken away. Of two values their numbers are levels (`levels.ts`).
 *
 * @param cell groups of the same cell that are shown before this one
 */
export function boundTests(
  tested: Tested & Pick<RequestTests, "facts">,
  group: DisclosedGroup,
  cell: readonly DisclosedGroup[],
  k: number,
): SizeTest[] {
  const { classes } = tested.facts;
  const rests = restsOf(group, cell).flatMap((rest) => restSums(rest, classes));
  return testsOf(tested, [...ownSums(group, classes, k), ...rests], k);
}

/** Of columns that are summed over disjoint sets, over all of them together. */
export function boundsOfAll(
  tested: Tested,
  groups: readonly DisclosedGroup[],
  fields: ReadonlySet<number>,
  classes: Classes,
  k: number,
): SizeTest[] {
  const found = [...fields].flatMap((field): NonNegativeSum[] => {
    const summed = groups.flatMap((group) => {
      const output = outputsOf(group, classes)([field]);
      const range = group.set === undefined ? undefined : valueRange(group.set, field, classes(field));
      return output === undefined || range === undefined ? [] : [{ set: group.set!, output, range }];
    });
    if (summed.length < groups.length) return [];
    const sums = summed.map(({ set, output }) => [set, output, 1n] as const);
    return distances(sums, endsOfAll(summed.map(({ range }) => range)));
  });
  return testsOf(tested, found, k);
}

function testsOf({ tests, owners }: Tested, sums: readonly NonNegativeSum[], k: number): SizeTest[] {
  return sums.flatMap(({ sum, least }) => {
    // k patients who add anything add k times the least: what is less is about fewer.
    const last = least * BigInt(k) - 1n;
    if (!isNamed(sum) || last >= MOST_FAILING) return [];
    return [undefined, ...owners].map((owner) => tests.weighed(sum, Number(last), owner));
  });
}

/** Weights are exact up to 2^53: products of numbers that are far from 0 are not tested. */
function isNamed({ outputs, rows }: WeighedSums): boolean {
  return [...outputs, ...rows].every(([, weight]) => Number.isSafeInteger(Number(weight)));
}

function ownSums(group: DisclosedGroup, classes: Classes, k: number): NonNegativeSum[] {
  const { set, sums } = group;
  if (set === undefined) return [];
  const outputOf = outputsOf(group, classes);
  return sums.flatMap((sum): NonNegativeSum[] => {
    const [first, second, ...others] = fieldsMultiplied(sum, classes) ?? [];
    if (first === undefined || others.length > 0) return [];
    const [a, b] = [first, second ?? first].map((field) => valueRange(set, field, classes(field)));
    if (a === undefined || b === undefined || (a.count <= 2n && b.count <= 2n)) return [];
    const x = outputOf([first]);
    if (x === undefined) return [];
    if (second === undefined) return [...distances([[set, x, 1n]], a), ...nearSums(set, first, x, classes, k)];
    const [y, product] = [outputOf([second]), outputOf([first, second])];
    if (y === undefined || product === undefined) return [];
    return first === second ? squares([[set, x, 1n]], [[set, product, 1n]], a) : corners(set, { x, y, product }, a, b);
  });
}

/** Of values beside a gap so wide that the sum tells how many have the one beyond it: what it leaves of the others. */
function nearSums(set: RowSet, field: number, output: number, classes: Classes, k: number): NonNegativeSum[] {
  return valuesBesideGaps(set, field, classes(field), k).flatMap(({ near, far, value }) => {
    const range = valueRange(near, field, classes(field));
    return range === undefined ? [] : distances([[near, output, 1n]], range, [[far, value]]);
  });
}

/** What is left of a set without disjoint parts of it. */
interface Rest {
  readonly whole: DisclosedGroup;
  readonly parts: readonly DisclosedGroup[];
  readonly rest: RowSet;
}

/** What a group leaves of others of its cell, or they of it, where values are summed: one part taken away, and disjoint ones together. */
export function restsOf(group: DisclosedGroup, cell: readonly DisclosedGroup[]): Rest[] {
  if (group.sums.length === 0) return [];
  const others = cell.filter(({ sums }) => sums.length > 0);
  const partsOf = (whole: DisclosedGroup): DisclosedGroup[] => others.filter(({ set }) => isProperPart(set, whole.set));
  const own = partsOf(group);
  const wholes = others.filter((whole) => isProperPart(group.set, whole.set));
  return [
    ...own.flatMap((part) => restOf(group, [part])),
    ...together(group, own),
    ...wholes.flatMap((whole) => [...restOf(whole, [group]), ...together(whole, [group, ...partsOf(whole)])]),
  ];
}

/** Without the first part and those that are disjoint from all before them. */
function together(whole: DisclosedGroup, parts: readonly DisclosedGroup[]): Rest[] {
  const apart = parts.reduce<DisclosedGroup[]>(
    (taken, part) => (taken.some(({ set }) => intersect(set!, part.set!) !== undefined) ? taken : [...taken, part]),
    [],
  );
  return apart.length < 2 ? [] : restOf(whole, apart);
}

function restOf(whole: DisclosedGroup, parts: readonly DisclosedGroup[]): Rest[] {
  const rest = parts.reduce<RowSet | undefined>((left, { set }) => left && apartFrom(left, set!), whole.set);
  return rest === undefined ? [] : [{ whole, parts, rest }];
}

function isProperPart(part: RowSet | undefined, whole: RowSet | undefined): boolean {
  if (part === undefined || whole === undefined || keyOf(part) === keyOf(whole)) return false;
  return isSubset(part, whole);
}

/** Of columns that are summed over a set and all of such parts, and of their squares. */
function restSums({ whole, parts, rest }: Rest, classes: Classes): NonNegativeSum[] {
  const groups = [whole, ...parts].map((group) => [group.set!, outputsOf(group, classes)] as const);
  const summed = (fields: readonly number[]): SignedSum | undefined => {
    const sums = groups.flatMap(([set, outputOf], at) => {
      const output = outputOf(fields);
      return output === undefined ? [] : [[set, output, at === 0 ? 1n : -1n] as const];
    });
    return sums.length === groups.length ? sums : undefined;
  };
  return whole.sums.flatMap((sum): NonNegativeSum[] => {
    const [field, second, ...others] = fieldsMultiplied(sum, classes) ?? [];
    if (field === undefined || others.length > 0 || (second !== undefined && second !== field)) return [];
    const [x, range] = [summed([field]), valueRange(rest, field, classes(field))];
    if (x === undefined || range === undefined) return [];
    if (second === undefined) return distances(x, range);
    const squared = summed([field, field]);
    return squared === undefined ? [] : squares(x, squared, range);
  });
}

/** Which output sums the product of these fields' values. */
function outputsOf(
  { outputs, counts, sums }: DisclosedGroup,
  classes: Classes,
): (fields: readonly number[]) => number | undefined {
  const summing = outputs.filter((output) => !counts.includes(output));
  const nameOf = (fields: readonly number[]): string => [...fields].sort((a, b) => a - b).join();
  const named = new Map(
    sums.flatMap((sum, at) => {
      const fields = fieldsMultiplied(sum, classes);
      return fields === undefined ? [] : [[nameOf(fields), summing[at]!] as const];
    }),
  );
  return (fields) => named.get(nameOf(fields));
}

/** Of values that lie in any of these. */
function endsOfAll(ranges: readonly ValueRange[]): Ends {
  const least = ranges.reduce((low, range) => (range.least < low ? range.least : low), ranges[0]!.least);
  const most = ranges.reduce((high, range) => (range.most > high ? range.most : high), ranges[0]!.most);
  const nearest = (distances: readonly bigint[]): bigint =>
    distances.filter((each) => each > 0n).reduce((near, each) => (near === 0n || each < near ? each : near), 0n);
  const up = nearest(ranges.map((range) => (range.least > least ? range.least - least : range.ends[0])));
  const down = nearest(ranges.map((range) => (range.most < most ? most - range.most : range.ends[1])));
  return { least, most, ends: [up, down] };
}
