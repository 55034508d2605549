/**
 * What the gate must test before a request's answer may open (docs/query-language.md, "The gate"): from the vetted bytes, the
 * data's segments and the history, all public, so that every worker makes the same plan. Start here.
 *
 * Cost, with s new sets that are not exempt, e distinct earlier ones and parts of the data with public totals, and w = min(e, 64), twice where
 * participants name that many which were never posted, less what is decided by construction; what is about several cells is made anew as
 * cells are hidden:
 *
 *   pairs                              s·e tests           of k factors
 *   with two earlier ones              up to 3·s·w²/2      of 4k − 3
 *   two new ones with an earlier one   up to 3·s²·w/2      of 4k − 3
 *   three of one cell with one sum     up to 3 a triple    of 4k − 3
 *   two new ones                       up to s²/2          of k
 *   a growth; missing values, summed   one each            of k
 *   each kind of cells, together       2·e                 of k
 *   each line with sums: pairs         e                   of k
 *     and combinations                 up to 3·w²/2        of 4k − 3
 *   sizes                              1 product per row for each set that is not one condition and was not kept; some more where a
 *                                      threshold is by digits, or a set no box
 */
import type { Field } from "../field/field.ts";
import type { GatePlan, OutputGroup, SizeTest } from "../messages/gatePlan.ts";
import { numberLines } from "./axisLines.ts";
import { cellTests } from "./cellTests.ts";
import type { Classes } from "./choices.ts";
import type { DisclosedGroup, DisclosedSets } from "./disclosedSets.ts";
import type { EarlierAnswer, HistorySets } from "./historySets.ts";
import { mayTellMore } from "./historySet.ts";
import type { NewSet } from "./historyTests.ts";
import { cellsOf, COMBINED_SETS, historyTests } from "./historyTests.ts";
import type { SummedSet } from "./levels.ts";
import { LevelReader } from "./levels.ts";
import type { SummedGroup, TellingSets } from "./levelsWithEarlier.ts";
import { byGroup, hasFewValues, levelsWithEarlier, mayTellCounts, toldTogether } from "./levelsWithEarlier.ts";
import { mergedPlan, NEVER_PASSES } from "./mergedPlan.ts";
import type { Pause } from "./pieces.ts";
import { Pieces } from "./pieces.ts";
import type { TestedSet } from "./pairTests.ts";
import { missingSumTests, sumsOne } from "./pairTests.ts";
import type { GatedRequest, RefusedPlan } from "./preparedRequest.ts";
import { prepareRequest } from "./preparedRequest.ts";
import type { RequestPlace } from "./requestTests.ts";
import { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import { keyOf } from "./rowSet.ts";
import type { PartialColumn } from "./setVectors.ts";
import { ShownSums } from "./shownSums.ts";
import type { KnownSet } from "./suppression.ts";
import { Suppression } from "./suppression.ts";
import type { Universe } from "./universe.ts";
import { gapTests, valueTests } from "./valueTests.ts";
import { differInValidity } from "./validity.ts";

/** Combinations of sets that are looked at in one piece: each makes up to three tests, in some tens of microseconds. */
const PIECE = 1_000;

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
 * @param k of the request's release class
 * @param field the attempt's own: the plan makes vectors in it, of public numbers, and keeps them
 * @param pause between pieces of a large plan, which can take seconds; absent: none
 * @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_*; what `pause` throws
 */
export async function planGate(
  request: GatedRequest,
  history: readonly EarlierAnswer[],
  k: number,
  field: Field,
  pause?: Pause,
): Promise<Gate> {
  const prepared = prepareRequest(request, history, k, (disclosed, earlier, classes, parts) => {
    const levels = new LevelReader(classes, () => false);
    const classesOf: Classes = (on) => classes.classes(on);
    const opened = [...earlier.counted, ...earlier.sets];
    const tellingOf = (sets: readonly SummedGroup[]): TellingSets[] =>
      levelsWithEarlier(sets, opened, levels, classesOf);
    return {
      telling: byGroup(disclosed.groups, tellingOf),
      tellingMargins: tellingOf(disclosed.margins),
      told: toldTogether(opened, parts, levels, classesOf),
      counted: earlier.counted,
    };
  });
  if (prepared.refused) return prepared;
  const { disclosed, earlier, made } = prepared;
  return new Planning(request, disclosed, earlier, { ...prepared, ...made, field, pause }).finish();
}

interface Place extends RequestPlace {
  /** By group, what it tells together with earlier answers. */
  readonly telling: readonly TellingSets[];
  /** By margin. */
  readonly tellingMargins: readonly TellingSets[];
  /** What earlier answers told together on other data. */
  readonly told: readonly RowSet[];
  /** Lines of earlier tables. */
  readonly counted: HistorySets["counted"];
  readonly pause: Pause | undefined;
}

class Planning {
  readonly #request: GatedRequest;
  readonly #disclosed: DisclosedSets;
  readonly #place: Place;
  readonly #tests: RequestTests;
  readonly #suppression: Suppression;

  constructor(request: GatedRequest, disclosed: DisclosedSets, earlier: HistorySets, place: Place) {
    this.#request = request;
    this.#disclosed = disclosed;
    this.#place = place;
    this.#tests = new RequestTests(request, disclosed, earlier, place);
    const { whole, others, fingerprints, tests } = this.#tests;
    const single = place.universe.partSets().map((set) => ({ set, summed: new Set<number>(), sums: [] }));
    const shown = others.flatMap(({ set, isOpened, isUnknown, toldHere }) =>
      isOpened && !isUnknown ? [{ set, ...toldHere }] : [],
    );
    this.#suppression = new Suppression({
      field: place.field,
      k: place.k,
      jointK: place.jointK,
      fingerprints,
      catalogue: place.catalogue,
      tests,
      groups: disclosed.groups,
      totals: disclosed.totals,
      known: [...single, whole.shown, ...shown],
      suspected: this.#equalMargins(),
      unknown: [...whole.unknown, ...others.filter(mayTellMore)],
      families: earlier.families,
      owners: this.#tests.owners,
      pause: place.pause,
    });
  }

  /** Margins that are sums which are known, if nobody lacks a column: their hidden cells may not follow. */
  #equalMargins(): KnownSet[] {
    const { earlier, classes, fingerprints } = this.#tests.facts;
    return this.#disclosed.margins.filter(({ set, summed }) =>
      earlier.some(
        ({ toldHere, print, set: before }) =>
          sumsOne({ summed }, toldHere) && print !== fingerprints.of(set) && differInValidity(classes, set, before),
      ),
    );
  }

  async finish(): Promise<Gate & { refused: false }> {
    const cohort = this.#tests.cohortTests();
    const zeros = this.#tests.zeroTests();
    const groups = await this.#groupTests();
    const sums = new ShownSums(this.#tests, this.#disclosed, {
      whole: this.#disclosed.margins.map(({ set }, index) => [
        ...this.#tellingTests(this.#place.tellingMargins[index]!),
        ...this.#tests.growthTests(set, this.#place.told),
      ]),
      mayTell: (margin, set) => this.#mayTellCounts({ set, sums: this.#disclosed.margins[margin]!.sums }),
      pause: this.#place.pause,
    });
    // Counted as if nothing were hidden, while a plan can still be refused for the number of its tests.
    await sums.linesOf(new Set());
    this.#tests.tests.stopCounting();
    const { circuit, columns, indicators, sizes } = this.#tests.vectors.finish();
    const { universe, catalogue } = this.#place;
    const naming = { schemaHash: this.#request.schema.hash, classes: (on: number) => catalogue.classes(on) };
    const named = (what: "rows" | "number", sets: ReadonlyMap<number, RowSet>): Map<number, string> =>
      new Map([...sets].map(([index, set]) => [index, universe.nameOf(what, set, naming)]));
    const { merges } = this.#request;
    const measures = this.#request.circuit.outputs.length;
    const close: GatePlan["close"] = async (given) => {
      const { hidden, lines } = await this.#suppression.close(given);
      return { hidden, lines: [...lines, ...(await sums.linesOf(hidden))] };
    };
    const plan: GatePlan = { circuit, measures, cohort, zeros, groups, close };
    return {
      refused: false,
      plan: merges === undefined ? plan : mergedPlan(plan, this.#request, merges),
      columns,
      universe,
      indicators: named("rows", indicators),
      sizes: named("number", sizes),
    };
  }

  async #groupTests(): Promise<OutputGroup[]> {
    const siblings: NewSet[] = [];
    const ofCells = new Map<number, NewSet[]>();
    /** By cell: its sets with a sum that was not told before, then those whose sums were. */
    const summed = new Map<number, { readonly added: TestedSet[]; readonly told: TestedSet[] }>();
    const found: OutputGroup[] = [];
    const pieces = new Pieces(this.#place.pause, PIECE);
    const earlier = Math.min(this.#tests.others.length, COMBINED_SETS);
    for (const [index, group] of this.#disclosed.groups.entries()) {
      const tests = this.#tellingTests(this.#place.telling[index]!);
      const isRepeated = this.#tests.isToldExactly(group);
      if (!isRepeated) tests.push(...valueTests(this.#tests, this.#disclosed.groups, index, this.#place.k));
      for (const [at, set] of (group.set === undefined ? [] : [group.set, ...group.levels]).entries()) {
        const tested = this.#tests.tested(set, group.summed, group);
        const isTold = (isRepeated && at <= group.ownLevels) || this.#tests.isTold(tested);
        if (this.#tests.needsNoSizeTest(set)) tests.push(...this.#tests.newSumTests(tested, siblings, isTold));
        else {
          tests.push(...this.#tests.sizeTests(set, "ifShown"));
          tests.push(...historyTests(this.#tests.facts, tested, "passes", siblings));
        }
        // Of the cohort, too.
        if (!tested.isEarlier) tests.push(...this.#tests.growthTests(set, this.#place.told));
        await pieces.did(1 + earlier + earlier ** 2 / 2 + siblings.length * (1 + earlier));
        // What was told before is combined as such.
        if (!tested.isEarlier || !isTold) siblings.push(tested);
        const { added, told } = summed.get(group.cell) ?? { added: [], told: [] };
        summed.set(group.cell, { added, told });
        tests.push(...missingSumTests(this.#tests.facts, tested, isTold ? added : [...added, ...told]));
        (isTold ? told : added).push(tested);
      }
      tests.push(...cellTests(this.#tests, group, ofCells));
      found.push({ outputs: group.outputs, tests, within: this.#cellCount(group) });
    }
    const totals = this.#totalTests(siblings);
    return found.map((group, index) => ({ ...group, tests: [...group.tests, ...(totals.get(index) ?? [])] }));
  }

  /**
   * Of totals, which are as large as their groups: not too close to anything earlier, or the last of the groups is hidden.
   *
   * @param siblings of the groups
   */
  #totalTests(siblings: readonly NewSet[]): Map<number, SizeTest[]> {
    const { groups: all, totals } = this.#disclosed;
    const tests = new Map<number, SizeTest[]>();
    const before: NewSet[] = [...siblings];
    for (const { set, groups } of totals) {
      const last = groups.findLast((group) => all[group]!.set !== undefined);
      if (last === undefined || this.#tests.needsNoSizeTest(set)) continue;
      const tested = { ...this.#tests.tested(set, new Set()), cells: groups };
      const apart = before.filter((each) => !cellsOf(each).some((cell) => groups.includes(cell)));
      const own = historyTests(this.#tests.facts, tested, "passes", apart);
      tests.set(last, [...(tests.get(last) ?? []), ...own]);
      before.push(tested);
    }
    return tests;
  }

  #mayTellCounts(told: SummedSet): boolean {
    const { schema, descriptor } = this.#request;
    const { earlier, classes } = this.#tests.facts;
    // Cells that are apart by a field tell how many have which of its values by themselves.
    const axes = descriptor.steps[0]!.axes.filter((axis) => {
      const { length } = numberLines(axis, this.#place.catalogue);
      return length > 0 && length >= axis.lines.length;
    });
    const apart = new Set(axes.map(({ field }) => field));
    const hasFew = (field: number): boolean => !apart.has(field) && hasFewValues(schema.fields[field]!);
    return earlier.some((before) => before.isOpened && mayTellCounts(before, told, classes, hasFew));
  }

  #tellingTests({ sets, rests, near, isUntold }: TellingSets): SizeTest[] {
    if (isUntold) return [NEVER_PASSES];
    const { told, counted, jointK } = this.#place;
    const earlier = [...told, ...counted.map(({ set }) => set), ...this.#tests.others.map(({ set }) => set)];
    return [
      ...sets.flatMap((set) => [
        ...this.#tests.sizeTests(set, "ifShown", jointK),
        ...this.#tests.growthTests(set, earlier),
      ]),
      ...rests.flatMap(({ set, sums }) => gapTests(this.#tests, set, sums, jointK)),
      ...near.flatMap(({ level, beside }) => this.#tests.sumSizeTests([[level, undefined], ...beside], jointK)),
    ];
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
}
