/**
 * What the shown cells of an answer add up to, where that is close to an earlier set: along the lines of a table, where a field is
 * summed over them (`margins.ts`); and those cells of one kind that may have patients in common with the earlier set. Which cells are
 * shown is known only when they have been tested one by one, so these tests are the closure's. One that fails hides some of the
 * cells, until what is left passes, or nothing is told that was not told before.
 *
 * Every size is a sum of the cells' own, so that no set needs a vector.
 */
import type { LineTest, SizeTest } from "../messages/gatePlan.ts";
import type { DisclosedGroup, DisclosedSets, FamilyMember } from "./disclosedSets.ts";
import { BN254_FR_MODULUS as R } from "../field/bn254.ts";
import type { HistoryFacts, KnownPrints, NewSet } from "./historyTests.ts";
import { earlierPairs } from "./historyTests.ts";
import type { DisclosedMargin } from "./margins.ts";
import { toldPart } from "./margins.ts";
import { NEVER_PASSES } from "./mergedPlan.ts";
import type { TestedSet } from "./pairTests.ts";
import { sumsOne } from "./pairTests.ts";
import type { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import { intersect } from "./rowSet.ts";
import { marginTests } from "./sumTests.ts";
import { unionOf, unionTest } from "./toldTables.ts";

/** Of the cells that a failing test could hide, one in so many, at least one: few are lost, and few turns are needed. */
const HIDDEN_AT_ONCE = 8;

/** Cells of one kind, which are disjoint. */
interface Kind {
  readonly members: readonly FamilyMember[];
  readonly summed: ReadonlySet<number>;
}

export class ShownSums {
  readonly #tests: RequestTests;
  readonly #disclosed: DisclosedSets;
  /** By margin: of counts that its sums tell together with earlier ones. */
  readonly #telling: readonly (readonly SizeTest[])[];
  readonly #kinds: readonly Kind[];
  /** By group. */
  readonly #tested: readonly (NewSet | undefined)[];
  /** By margin, for the cells that were shown when it was last asked for. */
  readonly #made = new Map<number, { readonly name: string; readonly tests: readonly SizeTest[] }>();

  /** Names all sizes, before the circuit is finished. */
  constructor(tests: RequestTests, disclosed: DisclosedSets, telling: readonly (readonly SizeTest[])[]) {
    this.#tests = tests;
    this.#disclosed = disclosed;
    this.#telling = telling;
    this.#kinds = kindsOf(disclosed.groups);
    this.#tested = disclosed.groups.map(({ set, summed, cell }) =>
      set === undefined ? undefined : tests.tested(set, summed, cell),
    );
    this.#nameSizes();
    // Counted, while a plan can still be refused for the number of its tests.
    this.linesOf(new Set());
  }

  /** What is to be tested when these groups are hidden. */
  linesOf(hidden: ReadonlySet<number>): LineTest[] {
    return [...this.#marginLines(hidden), ...this.#kinds.flatMap((kind) => this.#kindLines(kind, hidden))];
  }

  #nameSizes(): void {
    const { facts, tests } = this.#tests;
    const told = [...facts.earlier.map(({ set }) => set), ...facts.tables.flatMap(({ cells }) => cells)];
    for (const { members } of this.#kinds)
      for (const { set } of members) for (const before of [set, ...told]) tests.name(set, before);
    const { groups, margins } = this.#disclosed;
    const summed = facts.earlier.filter((before) => margins.some((margin) => sumsOne(margin, before)));
    for (const set of told) tests.name(set, set);
    for (const [b, c] of earlierPairs({ ...facts, earlier: summed })) tests.name(b.set, c.set);
    for (const { set, cell } of groups)
      for (const other of groups)
        if (other.cell === cell && set !== undefined && other.set !== undefined) tests.name(set, other.set);
  }

  /** That sums over the shown cells of each line are not too close to earlier ones, by themselves or with one or two others. */
  #marginLines(hidden: ReadonlySet<number>): LineTest[] {
    const facts = this.#factsWith(hidden);
    const before: NewSet[] = [];
    return this.#disclosed.margins.flatMap((margin, index) => {
      const shown = margin.groups.filter((group) => !hidden.has(group));
      const untold = shown.filter((group) => !this.#isToldTo(margin, this.#tested[group]!));
      if (margin.summed.size === 0 || shown.length < 2 || untold.length === 0) return [];
      const set = toldPart(margin, this.#disclosed.groups, (group) => !hidden.has(group));
      if (set === undefined) return [{ tests: [NEVER_PASSES], sacrifice: untold, groups: shown }];
      const tests = this.#marginTests(facts, index, margin, set, shown, before);
      const telling = shown.length === margin.groups.length ? this.#telling[index]! : [];
      return [
        ...(tests.length === 0 ? [] : [{ tests, sacrifice: someOf(untold), groups: shown }]),
        ...(telling.length === 0 ? [] : [{ tests: telling, sacrifice: untold, groups: shown }]),
      ];
    });
  }

  /** Lines of which all is shown are nobody or k, as their cells are: what three sets come to may be one. */
  #factsWith(hidden: ReadonlySet<number>): HistoryFacts {
    const { facts } = this.#tests;
    const whole = this.#disclosed.margins.filter(({ groups }) => !groups.some((group) => hidden.has(group)));
    const prints = whole.map(({ set }) => facts.fingerprints.of(set));
    const withLines = ({ own, missing }: KnownPrints): KnownPrints => ({ own: new Set([...own, ...prints]), missing });
    return { ...facts, here: withLines(facts.here), elsewhere: withLines(facts.elsewhere) };
  }

  /** @param before other margins, to which this one is added */
  #marginTests(
    facts: HistoryFacts,
    index: number,
    { summed }: DisclosedMargin,
    set: RowSet,
    shown: readonly number[],
    before: NewSet[],
  ): readonly SizeTest[] {
    const { tests } = this.#tests;
    const cells = shown.map((group) => this.#tested[group]!);
    const union = tests.asUnion(
      { ...set },
      cells.map((cell) => cell.set),
    );
    const tested: NewSet = { ...this.#tests.tested(union, summed), isMargin: true };
    if (this.#tests.isTold(tested)) return [];
    const name = [shown.join(), facts.here.own.size, ...before.map(({ print }) => print)].join("|");
    const known = this.#made.get(index);
    const own = known?.name === name ? known.tests : marginTests(facts, tested, [...cells, ...before]);
    this.#made.set(index, { name, tests: own });
    before.push(tested);
    return own;
  }

  /**
   * That cells of one kind do not make up nearly an earlier set: of each, those that may have patients in common with it. Not where
   * all of these make it up and it is known: then hidden ones are tested together (`hiddenLines.ts`).
   */
  #kindLines({ members, summed }: Kind, hidden: ReadonlySet<number>): LineTest[] {
    const lines = new Map<string, { readonly near: readonly FamilyMember[]; readonly earlier: TestedSet[] }>();
    for (const before of this.#tests.facts.earlier) {
      const all = members.filter(({ set }) => intersect(set, before.set) !== undefined);
      const isKnown = before.isOpened && !before.isUnknown;
      const near = all.filter(({ group }) => !hidden.has(group));
      const key = near.map(({ group }) => group).join();
      if (near.length < 2 || (isKnown && this.#printOf(all) === before.print)) continue;
      const line = lines.get(key) ?? { near, earlier: [] };
      line.earlier.push(before);
      lines.set(key, line);
    }
    return [...lines.values()].flatMap(({ near, earlier }) => {
      const untold = near.filter(({ group }) => !this.#isTold(this.#tested[group]!)).map(({ group }) => group);
      const tests = untold.length === 0 ? [] : this.#nearTests(near, summed, earlier);
      return tests.length === 0 ? [] : [{ tests, sacrifice: someOf(untold), groups: near.map(({ group }) => group) }];
    });
  }

  #nearTests(near: readonly FamilyMember[], summed: ReadonlySet<number>, earlier: readonly TestedSet[]): SizeTest[] {
    const { facts } = this.#tests;
    const sets = near.map(({ set }) => set);
    const union = unionOf(facts, sets, summed);
    return earlier.flatMap((before) => unionTest(facts, union, before, "passes"));
  }

  /** Of what they add up to. */
  #printOf(cells: readonly FamilyMember[]): bigint {
    return cells.reduce((sum, { group }) => (sum + this.#tested[group]!.print) % R, 0n);
  }

  /** What of a cell the margin is made up of: its sums, or its number, where these are counts by value. */
  #isToldTo(margin: DisclosedMargin, tested: NewSet): boolean {
    return sumsOne(margin, tested) ? this.#tests.isTold(tested) : tested.isEarlier;
  }

  /** Its number and all its sums, or that it is all rows. */
  #isTold(tested: NewSet): boolean {
    return tested.isEarlier && this.#tests.isTold(tested);
  }
}

/** The first, as of hidden cells that are too few together. */
function someOf(groups: readonly number[]): readonly number[] {
  return groups.slice(0, Math.ceil(groups.length / HIDDEN_AT_ONCE));
}

function kindsOf(groups: readonly DisclosedGroup[]): Kind[] {
  const kinds = new Map<number, { members: FamilyMember[]; summed: ReadonlySet<number> }>();
  groups.forEach(({ kind, set, summed }, group) => {
    if (set === undefined) return;
    const own = kinds.get(kind) ?? { members: [], summed };
    own.members.push({ set, group });
    kinds.set(kind, own);
  });
  return [...kinds.values()].filter(({ members }) => members.length > 1);
}
