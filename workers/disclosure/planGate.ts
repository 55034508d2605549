/**
 * What the gate must test before a request's answer may open (DESIGN, section 6): from the vetted bytes, the data's segments
 * and the history, all public, so that every worker makes the same plan. Start here.
 *
 * Cost: with s new sets that are not exempt, e distinct earlier ones and parts of the data with public totals, w = min(e, 64)
 * and k: s·e pairs of k factors and up to 3·s·w²/2 combinations of 4k − 3, less what is decided by construction; one product
 * per row and set that is not one condition and was not kept, and where a threshold is by digits, or a set no box, some more.
 */
import assert from "node:assert/strict";

import { BN254_FR_MODULUS } from "../field/bn254.ts";
import type { Field } from "../field/field.ts";
import type { Circuit } from "../messages/circuit.ts";
import type { GatePlan, OutputGroup, SizeTest } from "../messages/gatePlan.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import { withClasses } from "./classCatalogue.ts";
import type { DisclosedGroup, DisclosedSets, VettedRequest } from "./disclosedSets.ts";
import { disclosedSets, setsIn } from "./disclosedSets.ts";
import { Fingerprints } from "./fingerprints.ts";
import type { EarlierAnswer, HistorySet, HistorySets, SegmentRef } from "./historySets.ts";
import { historySets } from "./historySets.ts";
import type { HistoryFacts, NewSet, TestedSet } from "./historyTests.ts";
import { historyTests, isSameFilter, missingSumTests, sumTests } from "./historyTests.ts";
import { setsOfQuery } from "./querySets.ts";
import { LevelReader } from "./levels.ts";
import type { TellingSets } from "./levelsWithEarlier.ts";
import { levelsWithEarlier } from "./levelsWithEarlier.ts";
import { missingPrints } from "./missingCounts.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset, keyOf } from "./rowSet.ts";
import { SetVectors } from "./setVectors.ts";
import type { PartialColumn } from "./setVectors.ts";
import { SizeTests } from "./sizeTests.ts";
import type { KnownSet } from "./suppression.ts";
import { Suppression } from "./suppression.ts";
import { Universe } from "./universe.ts";
import { differInValidity } from "./validity.ts";

/** PUBLIC answers never show less, whatever the policy says. */
export const LEAST_K = 5;
/** The tests grow with k: more than this no study and no owner may ask, as the contracts have it, too. */
export const MOST_K = 1_000;

/**
 * Parts of one dataset's rows that consent may have told apart, in the request and all answers before it, beside one for each
 * version. What follows from what is decided over parts, in cubic time: a hospital that changed its patients' consents between
 * answers without end would stop its study. Such a request is refused, and so is not one of the answers that later ones meet.
 */
export const MOST_MASKS = 128;

export interface GatedRequest extends VettedRequest {
  /** In the request's order of datasets, versions ascending. */
  readonly segments: readonly SegmentRef[];
  /** Of the descriptor with these parameters, not empty by construction. */
  readonly circuit: Circuit;
}

export type RefusedPlan =
  "too few rows" | "too many masks" | "nobody is selected" | "same filter, too few changed rows";

export type Gate =
  /** Decided on public bytes: nothing is computed. */
  | { readonly refused: true; readonly reason: RefusedPlan }
  | {
      readonly refused: false;
      readonly plan: GatePlan;
      /** What `plan.circuit.columns` are, in that order. */
      readonly columns: readonly PartialColumn[];
      /** The rows of all vectors, in this order, and what the bits of `columns` stand for. */
      readonly universe: Pick<Universe, "segments" | "parts">;
      /** Product columns that are 0/1 indicators, with a name that is the same whenever the vector is. */
      readonly indicators: ReadonlyMap<number, string>;
      /** Outputs that are sizes, with a name that is the same whenever the number is. */
      readonly sizes: ReadonlyMap<number, string>;
    };

/**
 * @param history oldest first, without the request itself
 * @param k of the study's policy
 * @param field the attempt's own: the plan makes vectors in it, of public numbers, and keeps them
 * @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_*
 */
export function planGate(request: GatedRequest, history: readonly EarlierAnswer[], k: number, field: Field): Gate {
  assert(!request.segments.some(({ isErased }) => isErased), "nothing is asked of erased data");
  const universe = new Universe([request, ...history].map(({ segments }) => segments));
  const parts = universe.bits(request.segments);
  const least = Math.max(k, LEAST_K);
  if (isSmallTable(universe, parts, least)) return { refused: true, reason: "too few rows" };
  if (universe.masksOf(request.segments) > MOST_MASKS) return { refused: true, reason: "too many masks" };
  const { made, catalogue } = withClasses(request.schema, [request, ...history], (classes) => {
    const disclosed = disclosedSets(request, parts, classes);
    const earlier = historySets(history, (refs) => universe.bits(refs), classes);
    const levels = new LevelReader(classes, () => false);
    return {
      disclosed,
      earlier,
      telling: levelsWithEarlier(disclosed.groups, earlier.sets, levels, (field) => classes.classes(field)),
    };
  });
  const { disclosed, earlier, telling } = made;
  if (disclosed.cohort === undefined) return { refused: true, reason: "nobody is selected" };
  if (isSameCohort(disclosed, earlier, universe, least)) {
    return { refused: true, reason: "same filter, too few changed rows" };
  }
  return new Planning(request, disclosed, earlier, { universe, parts, k: least, field, catalogue, telling }).finish();
}

/** Sizes of the whole table are public, and not tested; but its sums would be about fewer than k patients, or tell an owner so. */
function isSmallTable(universe: Universe, parts: bigint, k: number): boolean {
  const owners = universe.owners(parts);
  const others = owners.length > 1 ? owners.map((own) => parts & ~own) : [];
  return [parts, ...others].some((rows) => universe.rows(rows) < k);
}

/** One filter over data that differ in some rows, new or taken out, but fewer than k: the difference would be about them. */
function isSameCohort({ cohort }: DisclosedSets, { cohorts }: HistorySets, universe: Universe, k: number): boolean {
  if (cohort === undefined) return false;
  return cohorts.some((known) => {
    const changed = universe.rows(known.parts ^ cohort.parts);
    return isSameFilter(known, cohort) && changed > 0 && changed < k;
  });
}

interface Place {
  readonly universe: Universe;
  readonly parts: bigint;
  readonly k: number;
  readonly field: Field;
  readonly catalogue: ClassCatalogue;
  /** By group, what it tells together with earlier answers. */
  readonly telling: readonly TellingSets[];
}

/** Of what cannot be shown at all. */
const NEVER_PASSES: SizeTest = { terms: [], constant: 0, last: 0, zero: "fails" };

class Planning {
  readonly #request: GatedRequest;
  readonly #disclosed: DisclosedSets;
  readonly #place: Place;
  readonly #vectors: SetVectors;
  readonly #tests: SizeTests;
  readonly #facts: HistoryFacts;
  /** Key of all rows of the request. */
  readonly #all: string;
  readonly #known: ReadonlyMap<string, HistorySet>;
  readonly #suppression: Suppression;
  readonly #owners: readonly RowSet[];

  constructor(request: GatedRequest, disclosed: DisclosedSets, earlier: HistorySets, place: Place) {
    this.#request = request;
    this.#disclosed = disclosed;
    this.#place = place;
    const fingerprints = new Fingerprints((field) => place.catalogue.classes(field).count);
    this.#vectors = this.#startVectors();
    this.#tests = new SizeTests(this.#vectors);
    const all: RowSet = { parts: place.parts, conditions: [] };
    const owners = place.universe.owners(place.parts).map((bits): RowSet => ({ parts: bits, conditions: [] }));
    this.#owners = owners.length > 1 ? owners : [];
    this.#all = keyOf(all);
    this.#known = new Map(earlier.sets.map((known) => [keyOf(known.set), known]));
    const print = (set: RowSet): bigint => fingerprints.of(set);
    const others = earlier.sets.filter(({ set }) => keyOf(set) !== keyOf(all));
    const whole = wholeTable(all, this.#known.get(keyOf(all)));
    const known = [whole.tested, ...others];
    const added = setsIn(disclosed);
    const sets = [...added, ...known.map(({ set }) => set)];
    const growths = added.flatMap((set) =>
      known.flatMap((before) => (isSameFilter(set, before.set) ? [difference(print(set), print(before.set))] : [])),
    );
    const opened = others.flatMap(({ set, isOpened }) => (isOpened ? [set] : []));
    const compared = new Set(known.map(({ set }) => keyOf(set)));
    this.#facts = {
      k: place.k,
      tests: this.#tests,
      fingerprints,
      totals: place.universe.knownTotals(place.parts, place.k).filter((set) => !compared.has(keyOf(set))),
      earlier: known.filter(({ isEmpty }) => !isEmpty).map((each) => ({ ...each, print: print(each.set) })),
      own: new Set([...sets.map(print), ...growths]),
      missing: missingPrints([...added, all, ...opened], print, (field) => place.catalogue.classes(field)),
      cells: disclosed.cells,
      lines: new Map(),
      rows: (bits) => place.universe.rows(bits),
      isErased: (bits) => place.universe.isErased(bits),
      classes: (field) => place.catalogue.classes(field),
    };
    const single = place.universe.partSets().map((set) => ({ set, summed: new Set<number>(), sums: [] }));
    this.#suppression = new Suppression({
      field: place.field,
      k: place.k,
      fingerprints,
      catalogue: place.catalogue,
      tests: this.#tests,
      groups: disclosed.groups,
      known: [...single, whole.shown, ...others.filter(({ isOpened, isUnknown }) => isOpened && !isUnknown)],
      unknown: [...whole.unknown, ...others.filter(({ isUnknown }) => isUnknown)],
      families: earlier.families,
    });
  }

  finish(): Gate & { refused: false } {
    const cohort = this.#cohortTests();
    const zeros = this.#zeroTests();
    const groups = this.#groupTests();
    const { circuit, columns, indicators, sizes } = this.#vectors.finish();
    const { universe, catalogue } = this.#place;
    const naming = { schemaHash: this.#request.schema.hash, classes: (on: number) => catalogue.classes(on) };
    const named = (what: "rows" | "number", sets: ReadonlyMap<number, RowSet>): Map<number, string> =>
      new Map([...sets].map(([index, set]) => [index, universe.nameOf(what, set, naming)]));
    return {
      refused: false,
      plan: {
        circuit,
        measures: this.#request.circuit.outputs.length,
        cohort,
        zeros,
        groups,
        close: (hidden) => this.#suppression.close(hidden),
      },
      columns,
      universe,
      indicators: named("rows", indicators),
      sizes: named("number", sizes),
    };
  }

  #startVectors(): SetVectors {
    const { circuit, schema } = this.#request;
    const { catalogue, parts } = this.#place;
    return new SetVectors({
      schema,
      classes: (field) => catalogue.classes(field),
      circuit,
      parts,
      known: setsOfQuery(this.#request, catalogue, parts),
    });
  }

  /** The whole table is; and a cohort that has been one before, though perhaps of a table, which did not show its size. */
  #isExemptCohort(cohort: RowSet): boolean {
    const key = keyOf(cohort);
    return key === this.#all || this.#known.get(key)?.isPosted === true;
  }

  #tested(set: RowSet, summed: ReadonlySet<number>, cell?: number): NewSet {
    const whole = cell === undefined ? undefined : this.#disclosed.cells[cell];
    const isCell = whole !== undefined && differInValidity(this.#facts.classes, set, whole);
    const shown = this.#facts.earlier.filter(
      (before) => before.isShown && isSameFilter(before.set, set) && isSubset(before.set, set),
    );
    const grownFrom = shown.at(-1)?.set.parts ?? 0n;
    return { set, summed, print: this.#facts.fingerprints.of(set), cell: isCell ? cell : undefined, grownFrom };
  }

  /** At least k, with every owner's rows taken away too, and far from what is known; the complement is a pair with all rows. */
  #cohortTests(): SizeTest[] {
    const { cohort } = this.#disclosed;
    if (cohort === undefined || this.#isExemptCohort(cohort)) return [];
    return [
      ...this.#sizeTests(cohort, "fails"),
      ...historyTests(this.#facts, this.#tested(cohort, new Set()), "fails", []),
    ];
  }

  #sizeTests(set: RowSet, zero: SizeTest["zero"]): SizeTest[] {
    const { k } = this.#place;
    const owned = this.#owners.map((owner) => this.#tests.without(set, owner, k - 1, zero));
    return [this.#tests.size(set, k - 1, zero), ...owned];
  }

  /** Zeros are shown only in answers about k patients a cell, also to an owner who takes its own away. */
  #zeroTests(): SizeTest[] {
    const { cohort, cells } = this.#disclosed;
    const count = cells.filter((cell) => cell !== undefined).length;
    if (cohort === undefined || count < 2) return [];
    const last = this.#place.k * count - 1;
    const others = this.#owners.map((owner) => this.#tests.without(cohort, owner, last, "fails"));
    return [this.#tests.size(cohort, last, "fails"), ...others];
  }

  #groupTests(): OutputGroup[] {
    const siblings: NewSet[] = [];
    /** By cell: its sets with a sum that was not told before, then those whose sums were. */
    const summed = new Map<number, { readonly added: TestedSet[]; readonly told: TestedSet[] }>();
    return this.#disclosed.groups.map((group, index) => {
      const tests = this.#tellingTests(this.#place.telling[index]!);
      for (const set of group.set === undefined ? [] : [group.set, ...group.levels]) {
        const tested = this.#tested(set, group.summed, group.cell);
        if (this.#isTested(set)) tests.push(...this.#newSumTests(tested));
        else {
          tests.push(...this.#sizeTests(set, "ifShown"));
          tests.push(...historyTests(this.#facts, tested, "passes", siblings));
          siblings.push(tested);
        }
        const { added, told } = summed.get(group.cell) ?? { added: [], told: [] };
        summed.set(group.cell, { added, told });
        const isTold = this.#isTold(tested);
        tests.push(...missingSumTests(this.#facts, tested, isTold ? added : [...added, ...told]));
        (isTold ? told : added).push(tested);
      }
      return { outputs: group.outputs, tests, within: this.#cellCount(group) };
    });
  }

  #tellingTests({ sets, isUntold }: TellingSets): SizeTest[] {
    if (isUntold) return [NEVER_PASSES];
    return sets.flatMap((set) => this.#sizeTests(set, "ifShown"));
  }

  /** The group that counts the cell's rows, where it is another. */
  #cellCount({ cell, kind }: DisclosedGroup): number | undefined {
    const { groups, cells } = this.#disclosed;
    const whole = cells[cell];
    const index = groups.findIndex(
      (other) =>
        other.cell === cell && other.set !== undefined && whole !== undefined && keyOf(other.set) === keyOf(whole),
    );
    return index < 0 || groups[index]!.kind === kind ? undefined : index;
  }

  /** All rows, whose number is public; what was shown before; a cell that is the cohort, which is tested with it. */
  #isTested(set: RowSet): boolean {
    const { cohort } = this.#disclosed;
    const key = keyOf(set);
    const isCohort = cohort !== undefined && key === keyOf(cohort) && !this.#isExemptCohort(cohort);
    return key === this.#all || isCohort || this.#known.get(key)?.isShown === true;
  }

  /** Of a set that needs no other test: whether a field is summed over it for the first time. */
  #newSumTests(tested: NewSet): SizeTest[] {
    return this.#isTold(tested) ? [] : sumTests(this.#facts, tested);
  }

  /** Whether all its sums were shown before. */
  #isTold({ set, summed }: TestedSet): boolean {
    const before = this.#known.get(keyOf(set));
    return [...summed].every((field) => before?.isShown === true && before.summed.has(field));
  }
}

/** All rows of the request: their number is public, sums over them are what earlier answers show, or may. */
function wholeTable(
  all: RowSet,
  before: HistorySet | undefined,
): { tested: HistorySet; shown: KnownSet; unknown: readonly HistorySet[] } {
  const summed = before?.isOpened === true ? before.summed : new Set<number>();
  const sums = before?.isOpened === true ? before.sums : [];
  const number = { isPosted: true, isShown: true, isOpened: true, isUnknown: false, isAlone: true, isEmpty: false };
  const isUnknown = before?.isUnknown === true;
  return {
    tested: { set: all, summed, sums, ...number },
    shown: { set: all, summed: isUnknown ? new Set() : summed, sums: isUnknown ? [] : sums },
    unknown: isUnknown ? [before] : [],
  };
}

function difference(a: bigint, b: bigint): bigint {
  return (((a - b) % BN254_FR_MODULUS) + BN254_FR_MODULUS) % BN254_FR_MODULUS;
}
