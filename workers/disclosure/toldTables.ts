/**
 * What the cells of earlier answers tell when they are added up: those cells of one kind that may have patients in common with a new
 * set, or those that are in it, may be nearly that set, or be what it was on the data of then. So may hidden cells that a known total
 * leaves together. And an attempt at the order of values that was never posted may have
 * merged any neighbouring lines: each such interval may have been opened, none of its lines by itself.
 */
import { BN254_FR_MODULUS as R } from "../field/bn254.ts";
import type { SizeTest } from "../messages/gatePlan.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import { mergedCells, singleLines } from "../query/mergedLines.ts";
import { add, isSmall } from "./classFunction.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import { familiesOf } from "./disclosedSets.ts";
import type { Fingerprints } from "./fingerprints.ts";
import type { HistorySet } from "./historySet.ts";
import type { EarlierAnswer, HiddenFamily } from "./historySets.ts";
import type { HistoryFacts } from "./historyTests.ts";
import type { TestedSet } from "./pairTests.ts";
import { pairTest } from "./pairTests.ts";
import type { RowSet } from "./rowSet.ts";
import { conditionOf, intersect, isSubset, keyOf, setWhere } from "./rowSet.ts";

/** Cells of one kind of an earlier answer, or their levels of one kind. */
export interface ToldTable {
  /** Disjoint, at least two or none: those that it shows; of one that was never posted all, of the order of values single lines. */
  readonly cells: readonly RowSet[];
  /** Fields summed over them. */
  readonly summed: ReadonlySet<number>;
  /** Of one of the order of values that was never posted: by output and slice, the lines in their order. */
  readonly unposted: readonly (readonly RowSet[])[];
}

/** Hidden cells of one kind, or level, of an earlier answer, of which a known total leaves these together; at least two. */
export interface ToldRest {
  readonly cells: readonly RowSet[];
  readonly summed: ReadonlySet<number>;
}

/** By kind, and kind of level. @param mayBeShown of the answer's groups: shown, also as nobody, or perhaps */
export function toldTables(
  answer: EarlierAnswer,
  groups: readonly DisclosedGroup[],
  mayBeShown: (group: number) => boolean,
): ToldTable[] {
  const tables = familiesOf(groups).flatMap((family): ToldTable[] => {
    const shown = family.filter(({ group }) => mayBeShown(group));
    const cells = shown.map(({ set }) => set);
    return cells.length < 2 ? [] : [{ cells, summed: groups[shown[0]!.group]!.summed, unposted: [] }];
  });
  const unposted = answer.opened === "unknown" ? orderedLines(answer, groups) : [];
  return unposted.length === 0 ? tables : [...tables, { cells: [], summed: new Set(), unposted }];
}

/**
 * Of each answer with hidden cells, those of them that are known together: all rows of its data, or a set that was told, less the cells
 * that were shown.
 *
 * @param sets what was told
 */
export function knownRests(
  families: readonly HiddenFamily[],
  sets: readonly HistorySet[],
  fingerprints: Fingerprints,
): ToldRest[] {
  // Also those that only others know, or may know.
  const opened = sets.filter(({ isOpened }) => isOpened);
  const rests = families.flatMap((family) => {
    const all = { set: { parts: family.members[0]!.parts, conditions: [] }, summed: new Set<number>() };
    return [all, ...opened].flatMap((whole) => restsOf(family, whole, sets, fingerprints));
  });
  const named = rests.map((rest) => [`${rest.cells.map(keyOf).join()}=${[...rest.summed].join()}`, rest] as const);
  return [...new Map(named).values()];
}

/**
 * What is left of one total without an answer's shown cells, where its cells make it up: the hidden ones whose number nobody knows; and, of
 * each field that is summed over both, those whose sum nobody knows.
 */
function restsOf(
  { members, hidden, summed }: HiddenFamily,
  whole: Pick<HistorySet, "set" | "summed">,
  sets: readonly HistorySet[],
  fingerprints: Fingerprints,
): ToldRest[] {
  if (members[0]!.parts !== whole.set.parts) return [];
  const inside = members.filter((member) => isSubset(member, whole.set));
  const secret = new Set(hidden);
  const left = inside.filter((member) => secret.has(member));
  if (left.length < 2 || left.length === inside.length) return [];
  if (sumOf(fingerprints, inside) !== fingerprints.of(whole.set)) return [];
  const known = new Map(sets.filter(({ isShown }) => isShown).map((each) => [keyOf(each.set), each.toldHere.summed]));
  const fields = [...summed].filter((field) => whole.summed.has(field));
  return [undefined, ...fields].flatMap((field): ToldRest[] => {
    const isKnown = (told: ReadonlySet<number> | undefined): boolean =>
      told !== undefined && (field === undefined || told.has(field));
    const cells = left.filter((member) => !isKnown(known.get(keyOf(member))));
    return cells.length < 2 ? [] : [{ cells, summed: new Set(field === undefined ? [] : [field]) }];
  });
}

/** That what a new set leaves of an earlier answer's cells, whose total it is, is far from what is known. */
export function lateRestTests(facts: HistoryFacts, a: TestedSet): SizeTest[] {
  const { families, earlier, fingerprints } = facts;
  const rests = families.flatMap((family) => restsOf(family, a, earlier, fingerprints));
  return rests.flatMap(({ cells, summed }) => unionTests(facts, unionOf(facts, cells, summed)));
}

/** That cells together are far from what was told: sets, and what cells add up to. @param except one that is not compared: their total */
export function unionTests(facts: HistoryFacts, union: CellUnion, except?: TestedSet): SizeTest[] {
  const { set, ...told } = union;
  const opened = facts.earlier.filter((before) => before.isOpened && before !== except);
  const pairs = opened.flatMap((before) => unionTest(facts, union, before, "passes"));
  return set === undefined ? pairs : [...pairs, ...tableTests(facts, { ...told, set }, "passes")];
}

/** That a set is far from hidden cells that are known together. @param zero as of `tableTests` */
export function restTests(
  facts: HistoryFacts,
  a: TestedSet,
  zero: SizeTest["zero"],
  rests: readonly ToldRest[] = facts.rests,
): SizeTest[] {
  return rests.flatMap(({ cells, summed }) => unionTest(facts, unionOf(facts, cells, summed), a, zero));
}

/** By output and slice; none of other answers. */
function orderedLines({ descriptor, schema }: EarlierAnswer, groups: readonly DisclosedGroup[]): RowSet[][] {
  if (valueAxis(descriptor) === undefined) return [];
  const rows = new Map<string, RowSet[]>();
  mergedCells(descriptor, schema, singleLines(descriptor)).forEach(({ output, slice }, group) => {
    const key = `${output}|${slice.join()}`;
    const { set } = groups[group]!;
    if (set !== undefined) rows.set(key, [...(rows.get(key) ?? []), set]);
  });
  return [...rows.values()];
}

/**
 * That a set is far from what such cells add up to: of each kind, those that it may meet, and those that are in it; and each interval
 * that may have been opened.
 * Costs no row products beyond those of pairs with the cells.
 *
 * @param zero of one filter over different data: whether an unchanged set passes
 */
export function tableTests(
  facts: HistoryFacts,
  a: TestedSet,
  zero: SizeTest["zero"],
  tables: readonly ToldTable[] = facts.tables,
): SizeTest[] {
  return tables.flatMap(({ cells, summed, unposted }) => [
    ...cellTests(facts, a, { cells, summed }, zero),
    ...unposted.flatMap((lines) => intervalTests(facts, a, lines)),
  ]);
}

function cellTests(
  facts: HistoryFacts,
  a: TestedSet,
  { cells, summed }: Pick<ToldTable, "cells" | "summed">,
  zero: SizeTest["zero"],
): SizeTest[] {
  const meeting = cells.filter((cell) => intersect(cell, a.set) !== undefined);
  const inside = meeting.filter((cell) => isSubset(cell, a.set));
  const near = inside.length < meeting.length ? [meeting, inside] : [meeting];
  return near.flatMap((each) => (each.length < 2 ? [] : unionTest(facts, unionOf(facts, each, summed), a, zero)));
}

/** Disjoint sets together. */
export interface CellUnion {
  readonly cells: readonly RowSet[];
  readonly summed: ReadonlySet<number>;
  readonly print: bigint;
  /** Measured as the sum of the cells; undefined: it combines too many columns to be compared with. */
  readonly set: RowSet | undefined;
}

export function unionOf(
  { tests, fingerprints }: Pick<HistoryFacts, "tests" | "fingerprints">,
  cells: readonly RowSet[],
  summed: ReadonlySet<number>,
): CellUnion {
  const union = setWhere(cells[0]!.parts, cells.map(conditionOf).reduce(add))!;
  const isComparable = union.shape === undefined || isSmall(union.shape);
  const set = isComparable ? tests.asUnion(union, cells) : undefined;
  return { cells, summed, print: sumOf(fingerprints, cells), set };
}

/** That cells together differ from a set by no few rows. */
export function unionTest(
  facts: HistoryFacts,
  { set, ...union }: CellUnion,
  other: TestedSet,
  zero: SizeTest["zero"],
): SizeTest[] {
  if (union.print === other.print) return [];
  // What cannot be compared may be anything.
  if (set === undefined) return [facts.tests.pairWithUnion(other.set, union.cells, facts.jointK - 1, "fails")];
  return pairTest(facts, { ...union, set }, other, zero);
}

/** Every interval of two lines or more that it meets. */
function intervalTests(
  { jointK: k, tests, fingerprints }: HistoryFacts,
  a: TestedSet,
  lines: readonly RowSet[],
): SizeTest[] {
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
