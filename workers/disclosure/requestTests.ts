/**
 * The tests of a request's sets, one by one: of sizes, and against what earlier answers have disclosed. What is done with them is
 * for `planGate.ts` and `planLines.ts`.
 */
import { residue } from "../field/bn254.ts";
import type { Field } from "../field/field.ts";
import type { SizeTest } from "../messages/gatePlan.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { DisclosedGroup, DisclosedSets } from "./disclosedSets.ts";
import { Fingerprints } from "./fingerprints.ts";
import type { HistorySet } from "./historySet.ts";
import type { HistorySets } from "./historySets.ts";
import { mayTellMore, NO_SUMS } from "./historySet.ts";
import type { HiddenSums, HistoryFacts, NewSet, OwnPrints } from "./historyTests.ts";
import { amongTests, historyTests } from "./historyTests.ts";
import type { SummedGroup } from "./levelsWithEarlier.ts";
import { KnownMissing } from "./missingCounts.ts";
import type { TestedSet } from "./pairTests.ts";
import { isSameFilter, pairTest } from "./pairTests.ts";
import type { GatedRequest } from "./preparedRequest.ts";
import { setsOfQuery } from "./querySets.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset, keyOf } from "./rowSet.ts";
import { SetVectors } from "./setVectors.ts";
import { SizeTests } from "./sizeTests.ts";
import { sumTests } from "./sumTests.ts";
import { isSameSum } from "./summedPoints.ts";
import type { KnownSet } from "./suppression.ts";
import { knownRests } from "./toldTables.ts";
import type { Universe } from "./universe.ts";
import { differInValidity } from "./validity.ts";

export interface RequestPlace {
  readonly universe: Universe;
  readonly parts: bigint;
  readonly k: number;
  /** Of tests against what others told, at least k. */
  readonly jointK: number;
  /** The attempt's own: plans make vectors in it, of public numbers, and keep them. */
  readonly field: Field;
  readonly catalogue: ClassCatalogue;
}

export class RequestTests {
  readonly vectors: SetVectors;
  readonly tests: SizeTests;
  readonly facts: HistoryFacts;
  readonly fingerprints: Fingerprints;
  readonly whole: WholeTable;
  /** Earlier sets but for all rows of the request. */
  readonly others: readonly HistorySet[];
  readonly #disclosed: DisclosedSets;
  readonly #k: number;
  /** Key of all rows of the request. */
  readonly #all: string;
  readonly #known: ReadonlyMap<string, HistorySet>;
  /** By cell, its rows, where a group is these. */
  readonly #counted: ReadonlyMap<number, RowSet>;
  /** By cell, the sets of its groups. */
  readonly #groupSets = new Map<number, readonly RowSet[]>();
  /** Rows of each owner; none where there is one. */
  readonly owners: readonly RowSet[];

  constructor(request: GatedRequest, disclosed: DisclosedSets, earlier: HistorySets, place: RequestPlace) {
    this.#disclosed = disclosed;
    this.#k = place.k;
    const fingerprints = new Fingerprints((field) => place.catalogue.classes(field).count);
    this.fingerprints = fingerprints;
    this.vectors = startVectors(request, place);
    this.tests = new SizeTests(this.vectors);
    const all: RowSet = { parts: place.parts, conditions: [] };
    const owners = place.universe.owners(place.parts).map((bits): RowSet => ({ parts: bits, conditions: [] }));
    this.owners = owners.length > 1 ? owners : [];
    this.#all = keyOf(all);
    this.#counted = countedCells(disclosed);
    this.#known = new Map(earlier.sets.map((known) => [keyOf(known.set), known]));
    const print = (set: RowSet): bigint => fingerprints.of(set);
    this.others = earlier.sets.filter(({ set }) => keyOf(set) !== keyOf(all));
    this.whole = wholeTable(all, this.#known.get(keyOf(all)));
    const known = [this.whole.tested, ...this.others];
    const shown = [all, ...this.others.filter(({ isShown }) => isShown).map(({ set }) => set), ...earlier.lines];
    const elsewhere = this.others.filter(({ isShownToOthers }) => isShownToOthers).map(({ set }) => set);
    const here = new KnownMissing(print, (field) => place.catalogue.classes(field)).with(shown);
    const compared = new Set(known.map(({ set }) => keyOf(set)));
    this.facts = {
      jointK: place.jointK,
      tests: this.tests,
      fingerprints,
      totals: place.universe.knownTotals(place.parts, place.k).filter((set) => !compared.has(keyOf(set))),
      earlier: known.filter(({ isEmpty }) => !isEmpty).map((each) => ({ ...each, print: print(each.set) })),
      own: ownPrints(disclosed, known, print),
      missing: { here, elsewhere: elsewhere.length === 0 ? here : here.with(elsewhere) },
      cells: disclosed.cells,
      tables: earlier.tables,
      families: earlier.families,
      rests: knownRests(earlier.families, earlier.sets, fingerprints),
      empties: [...new Set(earlier.empties.map(print))],
      lines: new Map(),
      rows: (bits) => place.universe.rows(bits),
      isErased: (bits) => place.universe.isErased(bits),
      classes: (field) => place.catalogue.classes(field),
    };
  }

  /** At least k, with every owner's rows taken away too, and far from what is known; the complement is a pair with all rows. */
  cohortTests(): SizeTest[] {
    const { cohort } = this.#disclosed;
    if (cohort === undefined || this.#isExemptCohort(cohort)) return [];
    const tests = historyTests(this.facts, this.tested(cohort, new Set()), "fails", []);
    // Whether zeros are shown is tested with it, and not known before.
    const decided = tests.map((test): SizeTest => (test.zero === "ifShown" ? { ...test, zero: "fails" } : test));
    return [...this.sizeTests(cohort, "fails"), ...decided];
  }

  /** At least k, or as `zero` says none; the same with every owner's rows taken away. */
  sizeTests(set: RowSet, zero: SizeTest["zero"], k = this.#k): SizeTest[] {
    const owned = this.owners.map((owner) => this.tests.without(set, owner, k - 1, zero));
    return [this.tests.size(set, k - 1, zero), ...owned];
  }

  /** The same of disjoint sets together, each without a part of it: of erased rows nobody can say that there are none. */
  sumSizeTests(sets: readonly (readonly [set: RowSet, part: RowSet | undefined])[], k: number): SizeTest[] {
    const zero = sets.some(([set]) => this.facts.isErased(set.parts)) ? "fails" : "ifShown";
    const owned = this.owners.map((owner) => this.tests.sumWithout(sets, owner, k - 1, zero));
    return [this.tests.sum(sets, k - 1, zero), ...owned];
  }

  /** Zeros are shown only in answers about k patients a cell, also to an owner who takes its own away. */
  zeroTests(): SizeTest[] {
    const { cohort, cells } = this.#disclosed;
    const count = cells.filter((cell) => cell !== undefined).length;
    if (cohort === undefined || count < 2) return [];
    const last = this.#k * count - 1;
    const others = this.owners.map((owner) => this.tests.without(cohort, owner, last, "fails"));
    return [this.tests.size(cohort, last, "fails"), ...others];
  }

  /** @param group that tells it, if it is one's own set or a level */
  tested(set: RowSet, summed: ReadonlySet<number>, group?: Pick<DisclosedGroup, "cell" | "set">): NewSet {
    const whole = group === undefined ? undefined : this.#disclosed.cells[group.cell];
    const isCell = whole !== undefined && differInValidity(this.facts.classes, set, whole);
    const shown = this.facts.earlier.filter(
      (before) => before.isShown && !before.isMargin && isSameFilter(before.set, set) && isSubset(before.set, set),
    );
    const before = shown.at(-1);
    return {
      set,
      summed,
      print: this.facts.fingerprints.of(set),
      cell: isCell ? group?.cell : undefined,
      grownFrom: before?.set.parts ?? 0n,
      grownSums: before?.toldHere.summed ?? new Set(),
      isEarlier: this.#isEarlier(set),
      shownWith: [...new Set([set, ...(group === undefined ? [] : this.#shownWith(group))])],
      ofCell: group === undefined ? [] : this.#ofCell(group.cell),
    };
  }

  #ofCell(cell: number): readonly RowSet[] {
    let sets = this.#groupSets.get(cell);
    if (sets === undefined) {
      sets = this.#disclosed.groups.flatMap((group) =>
        group.cell === cell && group.set !== undefined ? [group.set] : [],
      );
      this.#groupSets.set(cell, sets);
    }
    return sets;
  }

  /** Its set, and the cell's rows, where their number is an output without which nothing of the cell is shown (`planGate.ts`). */
  #shownWith({ cell, set }: Pick<DisclosedGroup, "cell" | "set">): RowSet[] {
    return [set, this.#counted.get(cell)].filter((each) => each !== undefined);
  }

  /** Whether its size is public, was shown before, or is the cohort's, which is tested with it. */
  needsNoSizeTest(set: RowSet): boolean {
    const { cohort } = this.#disclosed;
    const isCohort = cohort !== undefined && keyOf(set) === keyOf(cohort) && !this.#isExemptCohort(cohort);
    return isCohort || this.#isEarlier(set);
  }

  /**
   * Of a set that needs no other test: where a field is summed over it for the first time, and beside sets of the answer before it,
   * which the cohort was not combined with.
   *
   * @param siblings of the answer, before it
   * @param isTold whether all its sums were shown before
   */
  newSumTests(tested: NewSet, siblings: readonly NewSet[], isTold: boolean): SizeTest[] {
    if (!isTold) return sumTests(this.facts, tested, siblings);
    return tested.isEarlier ? [] : amongTests(this.facts, tested, siblings);
  }

  /** That a set has neither grown nor shrunk by few since it was told on other data. @param told sets, of which those of its filter count */
  growthTests(set: RowSet, told: readonly RowSet[]): SizeTest[] {
    const counted = (each: RowSet): TestedSet => {
      return { set: each, summed: new Set(), print: this.facts.fingerprints.of(each) };
    };
    const before = told.filter((each) => each.parts !== set.parts && isSameFilter(each, set));
    return before.flatMap((each) => pairTest(this.facts, counted(set), counted(each), "passes"));
  }

  /** All rows, or shown before and then tested. */
  #isEarlier(set: RowSet): boolean {
    const key = keyOf(set);
    const before = this.#known.get(key);
    return key === this.#all || (before?.isShown === true && !before.isMargin);
  }

  /** Whether its number was shown before, or is that of all rows; or the sum of a field. */
  isShown({ set, isEarlier }: NewSet, field: number | undefined): boolean {
    if (field === undefined) return isEarlier;
    const before = this.#known.get(keyOf(set));
    return before?.isShown === true && before.toldHere.summed.has(field);
  }

  /** Whether all its sums were shown before. */
  isTold({ set, summed }: TestedSet): boolean {
    const before = this.#known.get(keyOf(set));
    return [...summed].every((field) => before?.isShown === true && before.toldHere.summed.has(field));
  }

  /** Whether each of its very sums was shown before: one of squares tells more than one of values. */
  isToldExactly({ set, sums }: SummedGroup): boolean {
    const before = set === undefined ? undefined : this.#known.get(keyOf(set));
    return sums.every((sum) => before?.isShown === true && before.toldHere.sums.some((told) => isSameSum(told, sum)));
  }

  /** The whole table is; and a cohort that has been one before, though perhaps of a table, which did not show its size. */
  #isExemptCohort(cohort: RowSet): boolean {
    const key = keyOf(cohort);
    const before = this.#known.get(key);
    return key === this.#all || (before?.isPosted === true && !before.isMargin);
  }
}

/** Of the request's sets, and of what they have grown by; of sets of posted answers. */
function ownPrints(
  { cohort, groups }: DisclosedSets,
  known: readonly HistorySet[],
  print: (set: RowSet) => bigint,
): OwnPrints {
  const own = groups.flatMap(({ set, levels, summed }) =>
    set === undefined ? [] : [set, ...levels].map((each): readonly [RowSet, HiddenSums] => [each, summed]),
  );
  const added = cohort === undefined ? own : [[cohort, "any"] as const, ...own];
  const prints = new Map<bigint, HiddenSums[]>();
  const add = (each: bigint, sums: HiddenSums): void => {
    prints.set(each, [...(prints.get(each) ?? []), sums]);
  };
  for (const [set, sums] of added) {
    add(print(set), sums);
    // A growth is tested on its own only where the number before was opened; and its sum is secret only where the sum before was told.
    for (const before of known.filter((each) => each.isOpened && isSameFilter(set, each.set))) {
      const told = before.toldHere.summed;
      const grown = sums === "any" ? sums : new Set([...sums].filter((field) => told.has(field)));
      add(residue(print(set) - print(before.set)), grown);
    }
  }
  for (const { set, isPosted } of known) if (isPosted) add(print(set), "any");
  return prints;
}

function countedCells({ groups, cells }: DisclosedSets): Map<number, RowSet> {
  const keys = cells.map((cell) => cell && keyOf(cell));
  return new Map(
    groups.flatMap(({ cell, set }) => (set !== undefined && keyOf(set) === keys[cell] ? [[cell, set] as const] : [])),
  );
}

/** What is known of all rows of a request. */
interface WholeTable {
  readonly tested: HistorySet;
  readonly shown: KnownSet;
  readonly unknown: readonly HistorySet[];
}

function startVectors(request: GatedRequest, { catalogue, parts }: RequestPlace): SetVectors {
  const { circuit, schema } = request;
  return new SetVectors({
    schema,
    classes: (field) => catalogue.classes(field),
    circuit,
    parts,
    known: setsOfQuery(request, catalogue, parts),
  });
}

/** All rows of the request: their number is public, sums over them are what earlier answers show, or may. */
function wholeTable(all: RowSet, before: HistorySet | undefined): WholeTable {
  const { summed, sums, openSummed } = before?.isOpened === true ? before : NO_SUMS;
  const toldHere = before?.isOpened === true ? before.toldHere : NO_SUMS;
  const number = { isPosted: true, isShown: true, isOpened: true, isUnknown: false, isAlone: true, isAnswered: true };
  const others = { isEmpty: false, isMargin: false, isToldToOthers: false, isShownToOthers: false };
  return {
    tested: { set: all, summed, sums, openSummed, ...number, ...others, toldHere },
    shown: { set: all, ...toldHere },
    unknown: before !== undefined && mayTellMore(before) ? [before] : [],
  };
}
