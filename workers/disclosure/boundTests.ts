/**
 * Tests of sums of values against the least that they can be: Σ(x − least) = 3 is about three patients at most. So is whatever the sums
 * of one answer come to that no patient's values make negative (`nonNegativeSums.ts`), and the sum of a column over all of a set less that
 * over a part of it. Products over such a rest are not tested.
 */
import { MOST_FAILING } from "../messages/gateLimits.ts";
import type { SizeTest } from "../messages/gatePlan.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { Ends, NonNegativeSum } from "./nonNegativeSums.ts";
import { corners, distances, squares } from "./nonNegativeSums.ts";
import type { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset, keyOf, without } from "./rowSet.ts";
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
  return testsOf(tested, [...ownSums(group, classes), ...cell.flatMap((other) => rests(group, other, classes))], k);
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
    const last = least * BigInt(k - 1);
    if (!isNamed(sum) || last > MOST_FAILING) return [];
    return [undefined, ...owners].map((owner) => tests.weighed(sum, Number(last), owner));
  });
}

/** Weights are exact up to 2^53: products of numbers that are far from 0 are not tested. */
function isNamed({ outputs, rows }: WeighedSums): boolean {
  return [...outputs, ...rows].every(([, weight]) => Number.isSafeInteger(Number(weight)));
}

function ownSums(group: DisclosedGroup, classes: Classes): NonNegativeSum[] {
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
    if (second === undefined) return distances([[set, x, 1n]], a);
    const [y, product] = [outputOf([second]), outputOf([first, second])];
    if (y === undefined || product === undefined) return [];
    return first === second ? squares(set, { sum: x, squares: product }, a) : corners(set, { x, y, product }, a, b);
  });
}

/** What two sets of a cell leave, one of which is a part of the other. */
export function restOf(
  a: DisclosedGroup,
  b: DisclosedGroup,
): { readonly whole: RowSet; readonly part: RowSet; readonly rest: RowSet; readonly isFirst: boolean } | undefined {
  const [one, other] = [a.set, b.set];
  if (one === undefined || other === undefined || keyOf(one) === keyOf(other)) return undefined;
  const isFirst = isSubset(other, one);
  const [whole, part] = isFirst ? [one, other] : [other, one];
  const rest = isSubset(part, whole) ? without(whole, part) : undefined;
  return rest === undefined ? undefined : { whole, part, rest, isFirst };
}

/** Of columns that are summed over both of such sets. */
function rests(a: DisclosedGroup, b: DisclosedGroup, classes: Classes): NonNegativeSum[] {
  const found = restOf(a, b);
  if (found === undefined) return [];
  const { whole, part, rest, isFirst } = found;
  const [inWhole, inPart] = (isFirst ? [a, b] : [b, a]).map((group) => outputsOf(group, classes));
  return a.sums.flatMap((sum): NonNegativeSum[] => {
    const fields = fieldsMultiplied(sum, classes);
    if (fields?.length !== 1) return [];
    const [more, less] = [inWhole!(fields), inPart!(fields)];
    const range = valueRange(rest, fields[0]!, classes(fields[0]!));
    if (more === undefined || less === undefined || range === undefined) return [];
    const sums = [
      [whole, more, 1n],
      [part, less, -1n],
    ] as const;
    return distances(sums, range);
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
