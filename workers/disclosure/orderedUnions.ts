/**
 * What intervals of values tell when they are added up. A later look at a study that grows may merge what an earlier one told
 * apart: how many rows the merged interval had then is known, as the sum of its parts. And an attempt that was never posted may have
 * merged any neighbouring lines: each such interval may have been opened, none of its lines by itself.
 */
import type { EarlierAnswer } from "./historySets.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import type { SizeTest } from "../messages/gatePlan.ts";
import { BN254_FR_MODULUS as R } from "../field/bn254.ts";
import { mergedCells, singleLines } from "../query/mergedLines.ts";
import type { HistoryFacts, TestedSet } from "./historyTests.ts";
import type { RowSet } from "./rowSet.ts";
import { intersect, isSubset } from "./rowSet.ts";

/** An earlier answer of the order of values. */
export interface OrderedTable {
  /** Its data. */
  readonly parts: bigint;
  /** Disjoint cells that it shows; of one that was never posted, single lines. */
  readonly cells: readonly RowSet[];
  /** Of one that was never posted: by output and slice, the lines in their order. */
  readonly unposted: readonly (readonly RowSet[])[];
}

/** None for other answers. @param groups of the answer */
export function orderedTable(
  { descriptor, schema, opened }: EarlierAnswer,
  groups: readonly DisclosedGroup[],
  parts: bigint,
): OrderedTable[] {
  if (valueAxis(descriptor) === undefined) return [];
  const isHidden = ({ outputs }: DisclosedGroup): boolean =>
    opened !== "unknown" && outputs.some((output) => opened.hiddenOutputs.has(output));
  const cells = groups.flatMap((group) => (group.set === undefined || isHidden(group) ? [] : [group.set]));
  if (opened !== "unknown") return [{ parts, cells, unposted: [] }];
  const rows = new Map<string, RowSet[]>();
  mergedCells(descriptor, schema, singleLines(descriptor)).forEach(({ output, slice }, group) => {
    const key = `${output}|${slice.join()}`;
    const { set } = groups[group]!;
    if (set !== undefined) rows.set(key, [...(rows.get(key) ?? []), set]);
  });
  return [{ parts, cells, unposted: [...rows.values()] }];
}

/**
 * That a set is far from what such an answer's cells add up to: from itself on the data of then, and from each interval that may have been
 * opened. Costs no row products beyond those of pairs with the cells.
 *
 * @param zero of one filter over different data: whether an unchanged set passes
 */
export function unionTests(facts: HistoryFacts, a: TestedSet, zero: SizeTest["zero"]): SizeTest[] {
  return facts.tables.flatMap(({ parts, cells, unposted }) => [
    ...growthTest(facts, a, { parts, cells }, zero),
    ...unposted.flatMap((lines) => intervalTests(facts, a, lines)),
  ]);
}

/** Where several cells make up the set as it was: it has grown, or lost, no few rows since. */
function growthTest(
  { k, tests, fingerprints, rows, isErased }: HistoryFacts,
  { set, print }: TestedSet,
  { parts, cells }: Pick<OrderedTable, "parts" | "cells">,
  zero: SizeTest["zero"],
): SizeTest[] {
  const then = { ...set, parts };
  const inside = cells.filter((cell) => isSubset(cell, then));
  if (inside.length < 2 || parts === set.parts || (parts & set.parts) === 0n) return [];
  const printThen = fingerprints.of(then);
  if (printThen === print || sumOf(fingerprints, inside) !== printThen) return [];
  const apart = set.parts ^ parts;
  return [tests.pairWithUnion(set, inside, k - 1, rows(apart) >= k && !isErased(apart) ? zero : "fails")];
}

/** Every interval of two lines or more that it meets. */
function intervalTests({ k, tests, fingerprints }: HistoryFacts, a: TestedSet, lines: readonly RowSet[]): SizeTest[] {
  return lines.flatMap((_, first) =>
    lines.slice(first + 1).flatMap((__, more) => {
      const interval = lines.slice(first, first + more + 2);
      const meets = interval.some((line) => intersect(line, a.set) !== undefined);
      if (!meets || sumOf(fingerprints, interval) === a.print) return [];
      return isGrown(fingerprints, a, interval) ? [] : [tests.pairWithUnion(a.set, interval, k - 1, "fails")];
    }),
  );
}

/** Of one filter over other data: there is another test. */
function isGrown(fingerprints: HistoryFacts["fingerprints"], { set }: TestedSet, interval: readonly RowSet[]): boolean {
  const [{ parts }] = interval as [RowSet];
  return parts !== set.parts && sumOf(fingerprints, interval) === fingerprints.of({ ...set, parts });
}

/** Of disjoint sets together. */
function sumOf(fingerprints: HistoryFacts["fingerprints"], sets: readonly RowSet[]): bigint {
  return sets.reduce((sum, set) => (sum + fingerprints.of(set)) % R, 0n);
}
