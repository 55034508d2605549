/**
 * The tests on numbers of patients, for a request with no history: which fail, by name (docs/query-language.md, "The gate").
 *
 * x patients pass a test when x >= least; none of them pass when `zero` says so. "All patients" is the only set that was
 * disclosed before; each hospital's number of patients is public.
 */
import type { ClearSet } from "./clearSet.ts";
import { areApart, countRows, difference, isSame, isSum, isWithin, sizeOf, sizeWithout } from "./clearSet.ts";
import type { JudgedGroup, JudgedSets } from "./judgedSets.ts";
import { setsIn } from "./judgedSets.ts";

export interface RuleFacts {
  readonly k: number;
  readonly sets: JudgedSets;
  readonly all: ClearSet;
  /** By hospital. */
  readonly owned: readonly ClearSet[];
  /** Whether two sets differ only in which values must be present: answers show how many are missing. */
  differInMissing(a: ClearSet, b: ClearSet): boolean;
}

/** All rows, or all without one hospital's, are too few for any sum over them. */
export function smallTableRules({ k, all, owned }: RuleFacts): string[] {
  const others = owned.length > 1 ? owned.map((own) => sizeWithout(all, own)) : [];
  return [sizeOf(all), ...others].some((size) => size < k)
    ? ["the table, or all of it but one owner's, is below k"]
    : [];
}

/** Of the cohort; none for the whole table. */
export function cohortRules(facts: RuleFacts): string[] {
  const { k, sets, all, owned } = facts;
  const { cohort } = sets;
  if (isSame(cohort, all)) return [];
  const fails = (size: number): boolean => size < k;
  const others = owned.length > 1 ? owned.map((own) => sizeWithout(cohort, own)) : [];
  const isExempt = facts.differInMissing(cohort, all);
  return [
    ...(fails(sizeOf(cohort)) ? ["the cohort is below k"] : []),
    ...(others.some(fails) ? ["the cohort but one owner's own is below k"] : []),
    ...(!isExempt && fails(difference(cohort, all)) ? ["all patients but the cohort are below k"] : []),
    ...(partTotals(facts, cohort).some(fails) ? ["the cohort is close to a part of the data"] : []),
  ];
}

/** Cells without patients are shown in answers about k patients a cell, also to an owner who takes its own away. */
export function areZerosShown({ k, sets, owned }: RuleFacts): boolean {
  const cells = sets.cells.filter(({ set }) => set.shape.includes(1)).length;
  if (cells < 2) return true;
  const others = owned.length > 1 ? owned.map((own) => sizeWithout(sets.cohort, own)) : [];
  return [sizeOf(sets.cohort), ...others].every((size) => size >= k * cells);
}

/** By group, the rules that hide it. */
export function groupRules(facts: RuleFacts): string[][] {
  const { sets, all } = facts;
  const answer = { zerosShown: areZerosShown(facts), isTable: isSum(cellsOf(facts), all), sets: setsIn(sets) };
  const earlier: Sibling[] = [];
  const found = sets.groups.map((group) => {
    const rules: string[] = [];
    for (const set of group.isNobody ? [] : [group.set, ...group.levels.map((level) => level.set)]) {
      const isCohort = isSame(set, sets.cohort);
      if (isSame(set, all) || isCohort) continue; // tested with the cohort, or exempt
      const sibling = {
        set,
        cells: isCellOf(facts, group, set) ? [group.cell] : [],
        sums: group.parts.includes("sum"),
      };
      rules.push(...setRules(facts, answer, sibling, earlier));
      earlier.push(sibling);
    }
    return [...new Set(rules)];
  });
  for (const { set, groups } of sets.totals ?? []) {
    const last = groups.findLast((group) => !sets.groups[group]!.isNobody);
    if (last === undefined || isSame(set, all) || isSame(set, sets.cohort)) continue;
    const total = { set, cells: groups, sums: false };
    const others = earlier.filter(({ cells }) => !cells.some((cell) => groups.includes(cell)));
    found[last]!.push(...nearRules(facts, answer, total, others).map((rule) => `of a total: ${rule}`));
    earlier.push(total);
  }
  return found;
}

interface Answer {
  readonly zerosShown: boolean;
  /** Its cells make up all patients. */
  readonly isTable: boolean;
  /** All that it discloses. */
  readonly sets: readonly ClearSet[];
}

interface Sibling {
  readonly set: ClearSet;
  /** The cell of which it is the rows, or those with a value present; of a total, those that it is of. */
  readonly cells: readonly number[];
  readonly sums: boolean;
}

function isCellOf({ sets, differInMissing }: RuleFacts, { cell }: JudgedGroup, set: ClearSet): boolean {
  const whole = sets.cells[cell]!.set;
  return isSame(set, whole) || differInMissing(set, whole);
}

function setRules(facts: RuleFacts, answer: Answer, own: Sibling, earlier: readonly Sibling[]): string[] {
  const { k, owned } = facts;
  const { set } = own;
  const fails = (size: number): boolean => (size === 0 ? !answer.zerosShown : size < k);
  const others = owned.length > 1 ? owned.map((owner) => sizeWithout(set, owner)) : [];
  return [
    ...(fails(sizeOf(set)) ? [sizeOf(set) === 0 ? "a cell of nobody" : "a cell below k"] : []),
    ...(others.some(fails) ? ["a cell but one owner's own is below k"] : []),
    ...nearRules(facts, answer, own, earlier),
  ];
}

/** That it is close to what is known, or to another set of the answer. */
function nearRules(facts: RuleFacts, answer: Answer, own: Sibling, earlier: readonly Sibling[]): string[] {
  const { k, all } = facts;
  const { set } = own;
  const fails = (size: number): boolean => (size === 0 ? !answer.zerosShown : size < k);
  const isNearAll = !facts.differInMissing(set, all) && difference(set, all) < k;
  return [
    ...(isNearAll ? ["a cell is close to all patients"] : []),
    ...(partTotals(facts, set).some(fails) ? ["a cell is close to a part of the data"] : []),
    ...(earlier.some((other) => areClose(facts, own, other)) ? ["two sets of one answer are close"] : []),
    ...(earlier.some((other) => isSmallTogether(facts, answer, own, other))
      ? ["two sets and all patients are close"]
      : []),
  ];
}

/** Distances from each hospital's public number of patients, where it is at least k. */
function partTotals({ k, all, owned, differInMissing }: RuleFacts, set: ClearSet): number[] {
  if (owned.length < 2 || differInMissing(set, all)) return [];
  return owned.filter((own) => sizeOf(own) >= k).map((own) => difference(set, own));
}

/** Sets of one answer, neither in the other, that meet: their difference. */
function areClose(facts: RuleFacts, a: Sibling, b: Sibling): boolean {
  if (isWithin(a.set, b.set) || isWithin(b.set, a.set) || areApart(a.set, b.set)) return false;
  if (!(a.sums && b.sums) && facts.differInMissing(a.set, b.set)) return false;
  return difference(a.set, b.set) < facts.k;
}

/**
 * a + b − all: the patients in both, or in neither. What is left of all patients beside two cells that make it up with others
 * is other cells, which have tests of their own; and how many lack a value may be shown.
 */
function isSmallTogether(facts: RuleFacts, answer: Answer, a: Sibling, b: Sibling): boolean {
  const { all, k } = facts;
  if (isWithin(a.set, b.set) || isWithin(b.set, a.set)) return false;
  const isOfCells = a.cells.length > 0 && b.cells.length > 0;
  if (answer.isTable && isOfCells && !a.cells.some((cell) => b.cells.includes(cell))) return false;
  if (countRows([a.set, b.set], (inside) => inside !== 1) >= k) return false;
  const known = [all, ...answer.sets];
  if (isSum([a.set, b.set], all) || known.some((set) => isCombination(set.shape, a.set, b.set))) return false;
  return !missingShapes(facts, known).some((shape) => isCombination(shape, a.set, b.set));
}

/** Of each disclosed set but those of its rows that have some column: 1 on its rows without. */
function missingShapes({ differInMissing }: RuleFacts, known: readonly ClearSet[]): Uint8Array[] {
  return known.flatMap((whole) =>
    known
      .filter((part) => isWithin(part, whole) && !isSame(part, whole) && differInMissing(whole, part))
      .map((part) => whole.shape.map((bit, index) => bit - part.shape[index]!)),
  );
}

/** Whether rows that have tests of their own, or need none, are a + b − all, or its negative. */
function isCombination(shape: Uint8Array, a: ClearSet, b: ClearSet): boolean {
  const both = (index: number): number => a.shape[index]! + b.shape[index]! - 1;
  return shape.every((bit, index) => bit === both(index)) || shape.every((bit, index) => bit === -both(index));
}

function cellsOf({ sets }: RuleFacts): ClearSet[] {
  return sets.cells.map(({ set }) => set);
}
