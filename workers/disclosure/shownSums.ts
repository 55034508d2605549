/**
 * What the shown cells of an answer add up to, where that is close to an earlier set: along the lines of a table, where a field is
 * summed over them (`margins.ts`); and of cells of one kind those that may have patients in common with the earlier set, and those
 * that are in it. And the hidden cells that a known total, less these, tells together. Which cells are shown is known only when they
 * have been tested one by one, so these tests are the closure's. One that fails hides some of the cells, until what is left
 * passes, or nothing is told that was not told before.
 *
 * Every size is a sum of the cells' own, so that no set needs a vector.
 */
import type { LineTest, SizeTest } from "../messages/gatePlan.ts";
import type { EarlierSet, Family, Member } from "./comparedFamilies.ts";
import { comparedFamilies, printOf } from "./comparedFamilies.ts";
import type { DisclosedSets } from "./disclosedSets.ts";
import type { HistoryFacts, NewSet } from "./historyTests.ts";
import { earlierPairs } from "./historyTests.ts";
import type { DisclosedMargin } from "./margins.ts";
import { toldPart } from "./margins.ts";
import { NEVER_PASSES } from "./mergedPlan.ts";
import type { TestedSet } from "./pairTests.ts";
import type { Pause } from "./pieces.ts";
import { Pieces } from "./pieces.ts";
import { sumsOne } from "./pairTests.ts";
import type { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import { marginTests } from "./sumTests.ts";
import type { CellUnion } from "./toldTables.ts";
import { unionTests, unionOf, unionTest } from "./toldTables.ts";

/** Pairs of sets that are looked at in one piece. */
const PIECE = 2_000;

/** Of the cells that a failing test could hide, one in so many, at least one: fewer at once would need more turns of some rounds each. */
const HIDDEN_AT_ONCE = 8;

/** What sums over lines tell together with earlier answers. */
interface MarginTelling {
  /** By margin, of which all is shown: tests of counts that they tell. */
  readonly whole: readonly (readonly SizeTest[])[];
  /** Of some of a margin's cells: whether they may tell counts, of which there are no tests. */
  mayTell(margin: number, told: RowSet): boolean;
  readonly pause: Pause | undefined;
}

export class ShownSums {
  readonly #tests: RequestTests;
  readonly #disclosed: DisclosedSets;
  readonly #telling: MarginTelling;
  readonly #families: readonly Family[];
  /** By group. */
  readonly #tested: readonly (NewSet | undefined)[];
  /** By margin, for the cells that were shown when it was last asked for. */
  readonly #made = new Map<number, { readonly name: string; readonly tests: readonly SizeTest[] }>();

  /** Names all sizes, before the circuit is finished. */
  constructor(tests: RequestTests, disclosed: DisclosedSets, telling: MarginTelling) {
    this.#tests = tests;
    this.#disclosed = disclosed;
    this.#telling = telling;
    this.#families = comparedFamilies(disclosed.groups, tests);
    this.#tested = disclosed.groups.map((group) =>
      group.set === undefined ? undefined : tests.tested(group.set, group.summed, group),
    );
    this.#nameSizes();
  }

  /** What is to be tested when these groups are hidden. @throws what the pause throws */
  async linesOf(hidden: ReadonlySet<number>): Promise<LineTest[]> {
    const pieces = new Pieces(this.#telling.pause, PIECE);
    const lines = await this.#marginLines(hidden, pieces);
    for (const family of this.#families) {
      await pieces.did(family.members.length * family.near.size);
      lines.push(...this.#nearLines(family, hidden), ...this.#restLines(family, hidden));
    }
    return lines;
  }

  #nameSizes(): void {
    const { facts, tests } = this.#tests;
    const cells = [...facts.tables, ...facts.rests].flatMap((each) => each.cells);
    const told = [...facts.earlier.map(({ set }) => set), ...cells];
    for (const { members } of this.#families)
      for (const { tested } of members) for (const before of [tested.set, ...told]) tests.name(tested.set, before);
    for (const set of told) tests.name(set, set);
    const { groups, margins } = this.#disclosed;
    const summed = facts.earlier.filter((before) => margins.some((margin) => sumsOne(margin, before)));
    for (const [b, c] of earlierPairs({ ...facts, earlier: summed })) tests.name(b.set, c.set);
    for (const { set, cell } of groups)
      for (const other of groups)
        if (other.cell === cell && set !== undefined && other.set !== undefined) tests.name(set, other.set);
  }

  /** That sums over the shown cells of each line are not too close to earlier ones, by themselves or with one or two others. */
  async #marginLines(hidden: ReadonlySet<number>, pieces: Pieces): Promise<LineTest[]> {
    const { groups: all, margins } = this.#disclosed;
    const isShown = (group: number): boolean => !hidden.has(group);
    const whole = margins.filter(({ groups }) => groups.every(isShown));
    const facts = this.#factsWith(whole);
    const before: NewSet[] = [];
    const lines: LineTest[] = [];
    for (const [index, margin] of margins.entries()) {
      const shown = margin.groups.filter(isShown);
      if (shown.length < 2) continue;
      if (margin.summed.size === 0) {
        lines.push(...this.#countedLine(index, shown, hidden));
        continue;
      }
      // With each earlier set, alone and with another.
      await pieces.did((shown.length + before.length + facts.earlier.length) * facts.earlier.length);
      const set = toldPart(margin, all, isShown);
      const untold = shown.filter((group) => !this.#isToldTo(margin, this.#tested[group]!));
      const inexact = shown.filter((group) => !this.#tests.isToldExactly(all[group]!));
      if (set === undefined) {
        lines.push(...this.#line([NEVER_PASSES], untold, hidden, shown));
        continue;
      }
      const name = [shown, whole.map((each) => margins.indexOf(each)), before.map(({ print }) => print)].join("|");
      const tests = this.#marginTests(facts, { index, name, set, shown }, before);
      lines.push(
        ...this.#line(tests, someOf(untold), hidden, shown),
        ...this.#line(this.#tellingTests(index, set, shown), inexact, hidden, shown),
      );
    }
    return lines;
  }

  /** How many are in a line may tell counts with earlier sums, and may have changed by few. Looked at are lines that are shown whole. */
  #countedLine(index: number, shown: readonly number[], hidden: ReadonlySet<number>): LineTest[] {
    if (shown.length < this.#disclosed.margins[index]!.groups.length) return [];
    const untold = shown.filter((group) => !this.#tested[group]!.isEarlier);
    return this.#line(this.#telling.whole[index]!, someOf(untold), hidden, shown);
  }

  /** Lines of which all is shown are nobody or k, as their cells are: what three sets come to may be one. */
  #factsWith(whole: readonly DisclosedMargin[]): HistoryFacts {
    const { facts } = this.#tests;
    const sets = whole.map(({ set }) => set);
    const prints = sets.map((set) => facts.fingerprints.of(set));
    const { here, elsewhere } = facts.missing;
    const missing = { here: here.with(sets), elsewhere: elsewhere === here ? here.with(sets) : elsewhere.with(sets) };
    return { ...facts, own: new Map([...facts.own, ...prints.map((print) => [print, ["any"]] as const)]), missing };
  }

  /** @param before other margins, to which this one is added */
  #marginTests(
    facts: HistoryFacts,
    { index, name, set, shown }: { index: number; name: string; set: RowSet; shown: readonly number[] },
    before: NewSet[],
  ): readonly SizeTest[] {
    const { tests } = this.#tests;
    const cells = shown.map((group) => this.#tested[group]!);
    const sets = cells.map((cell) => cell.set);
    const union = tests.asUnion({ ...set }, sets);
    const whole = this.#tests.tested(union, this.#disclosed.margins[index]!.summed);
    const tested: NewSet = { ...whole, isMargin: true, shownWith: [...whole.shownWith, ...sets] };
    if (this.#tests.isTold(tested)) return [];
    const known = this.#made.get(index);
    const own = known?.name === name ? known.tests : marginTests(facts, tested, [...cells, ...before]);
    this.#made.set(index, { name, tests: own });
    before.push(tested);
    return own;
  }

  /** Of counts that a line's sums tell together with earlier answers; where it is not shown whole, there are no tests of them. */
  #tellingTests(index: number, told: RowSet, shown: readonly number[]): readonly SizeTest[] {
    if (shown.length === this.#disclosed.margins[index]!.groups.length) return this.#telling.whole[index]!;
    return this.#telling.mayTell(index, told) ? [NEVER_PASSES] : [];
  }

  /**
   * That cells of one kind do not make up nearly an earlier set. Not where they make it up with hidden ones and it is known: what
   * these are together is tested then (`hiddenLines.ts`).
   */
  #nearLines(family: Family, hidden: ReadonlySet<number>): LineTest[] {
    const lines = new Map<string, { readonly near: readonly Member[]; readonly earlier: TestedSet[] }>();
    for (const [before, { meeting, inside }] of family.near) {
      if (isKnown(before) && printOf(meeting) === before.print) continue;
      for (const members of [meeting, ...(inside.length < meeting.length ? [inside] : [])]) {
        const near = members.filter(({ group }) => !hidden.has(group));
        if (near.length < 2) continue;
        const key = near.map(({ group }) => group).join();
        const line = lines.get(key) ?? { near, earlier: [] };
        line.earlier.push(before);
        lines.set(key, line);
      }
    }
    const { summed } = family;
    return [...lines.values()].flatMap(({ near, earlier }) =>
      this.#unionLine(
        { union: near, shown: near, summed },
        (facts, union) => earlier.flatMap((before) => unionTest(facts, union, before, "passes")),
        hidden,
      ),
    );
  }

  /** That hidden cells, which a total less the shown ones tells together, are not nearly what else is known. */
  #restLines(family: Family, hidden: ReadonlySet<number>): LineTest[] {
    const wholes = [...family.near].filter(([before, { meeting }]) => printOf(meeting) === before.print);
    return wholes.flatMap(([whole, { meeting }]) => {
      const shown = meeting.filter(({ group }) => !hidden.has(group));
      const left = meeting.filter(({ group }) => hidden.has(group));
      if (shown.length === 0) return [];
      // What was shown before is known by itself: the number, or a sum.
      const fields = [...family.summed].filter((field) => whole.summed.has(field));
      return [undefined, ...fields].flatMap((field) => {
        const rest = left.filter(({ tested }) => !this.#tests.isShown(tested, field));
        if (rest.length < 2) return [];
        const summed = new Set(field === undefined ? [] : [field]);
        return this.#unionLine(
          { union: rest, shown, summed },
          (facts, union) => unionTests(facts, union, whole),
          hidden,
        );
      });
    });
  }

  /** That some cells together are far from what is known, or some of those shown are hidden. */
  #unionLine(
    { union, shown, summed }: { union: readonly Member[]; shown: readonly Member[]; summed: ReadonlySet<number> },
    testsOf: (facts: HistoryFacts, union: CellUnion) => readonly SizeTest[],
    hidden: ReadonlySet<number>,
  ): LineTest[] {
    const { facts } = this.#tests;
    const untold = shown.filter(({ tested }) => !this.#isWhollyTold(tested)).map(({ group }) => group);
    if (untold.length === 0) return [];
    const sets = union.map(({ tested }) => tested.set);
    const tests = testsOf(facts, unionOf(facts, sets, summed));
    const groups = [...union, ...shown].map(({ group }) => group);
    return this.#line(tests, someOf(untold), hidden, groups);
  }

  /**
   * A cell is hidden with all that is shown of it: who is in it and lacks no column, or satisfies a condition, may be nearly all of
   * it.
   */
  #line(
    tests: readonly SizeTest[],
    failing: readonly number[],
    hidden: ReadonlySet<number>,
    groups: readonly number[],
  ): LineTest[] {
    const { groups: all } = this.#disclosed;
    const cells = new Set(failing.map((group) => all[group]!.cell));
    const sacrifice = all.flatMap(({ cell, set }, group) =>
      cells.has(cell) && set !== undefined && !hidden.has(group) ? [group] : [],
    );
    return tests.length === 0 || sacrifice.length === 0 ? [] : [{ tests, sacrifice, groups }];
  }

  /** What of a cell the margin is made up of: its sums, or its number, where these are counts by value. */
  #isToldTo(margin: DisclosedMargin, tested: NewSet): boolean {
    return sumsOne(margin, tested) ? this.#tests.isTold(tested) : tested.isEarlier;
  }

  /** Its number and all its sums, or that it is all rows. */
  #isWhollyTold(tested: NewSet): boolean {
    return tested.isEarlier && this.#tests.isTold(tested);
  }
}

/** The first of them. */
function someOf(groups: readonly number[]): readonly number[] {
  return groups.slice(0, Math.ceil(groups.length / HIDDEN_AT_ONCE));
}

function isKnown({ isOpened, isUnknown }: EarlierSet): boolean {
  return isOpened && !isUnknown;
}
