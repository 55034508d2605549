/**
 * Plans which lines of values are merged before quantiles or survival are counted over them (DESIGN, section 6): every count of an
 * interval, in every slice of the table, must be of no patients or of at least k, also when one owner takes its own away. What is
 * counted of an interval are its outputs' sets and, of two of which one lies in the other, the rest.
 *
 * An earlier answer over the same conditions may have shown intervals of the same values. New ones do not cross these: they make them
 * up, or lie within one; and by how many patients one of them has grown since is a count, too. So later looks at a growing
 * study pass the gate's history tests, though each look may merge other lines.
 *
 * Cost: with m lines in u units, s slices, c counts and w owners, up to s·c·(1 + w)·(m²/u + u²)/2 tests of k−1 failing values.
 */
import assert from "node:assert/strict";

import type { LinePlan, SizeTest } from "../messages/gatePlan.ts";
import type { Circuit } from "../messages/circuit.ts";
import { axisSizes, cellsOf } from "../query/axisSizes.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import type { DisclosedSets } from "./disclosedSets.ts";
import type { EarlierAnswer, HistorySets } from "./historySets.ts";
import { isSameFilter } from "./historyTests.ts";
import type { GatedRequest, RefusedPlan } from "./preparedRequest.ts";
import { prepareRequest } from "./preparedRequest.ts";
import type { RequestPlace } from "./requestTests.ts";
import { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset } from "./rowSet.ts";
import type { PartialColumn } from "./setVectors.ts";
import type { Universe } from "./universe.ts";
import type { Field } from "../field/field.ts";

export type LineGate =
  | { readonly refused: true; readonly reason: RefusedPlan }
  | {
      readonly refused: false;
      readonly plan: LinePlan;
      /** What `plan.circuit.columns` are, in that order. */
      readonly columns: readonly PartialColumn[];
      readonly universe: Pick<Universe, "segments" | "parts">;
    };

/**
 * @param request whose descriptor has an axis of values
 * @param history oldest first, without the request itself
 * @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_*
 */
export function planLines(request: GatedRequest, history: readonly EarlierAnswer[], k: number, field: Field): LineGate {
  const prepared = prepareRequest(request, history, k, () => undefined);
  if (prepared.refused) return prepared;
  const { disclosed, earlier } = prepared;
  // Its sums do not open: only their sets are counted.
  const counted = { ...request, circuit: { ...request.circuit, outputs: [] } };
  return new LinePlanning(counted, disclosed, earlier, { ...prepared, field }).finish();
}

/** Rows of `set` that are not in `without`; of some parts of the data. */
interface Count {
  readonly set: RowSet;
  readonly without: RowSet | undefined;
}

/** What an earlier answer showed over the same conditions. */
interface ShownUnits {
  /** Scaled values at which its intervals begin, but the first. */
  readonly cuts: readonly bigint[];
  /** Data that it did not have. */
  readonly grown: bigint;
}

class LinePlanning {
  readonly #tests: RequestTests;
  readonly #place: RequestPlace;
  /** By slice and line. */
  readonly #counts: readonly (readonly (readonly Count[])[])[];
  /** Parts of the data in each of which no count may be small. */
  readonly #parts: readonly bigint[];
  readonly #shown: ShownUnits;
  readonly #lines: number;
  readonly #cuts: readonly bigint[];

  constructor(request: GatedRequest, disclosed: DisclosedSets, earlier: HistorySets, place: RequestPlace) {
    this.#place = place;
    this.#tests = new RequestTests(request, disclosed, earlier, place);
    const values = valueAxis(request.descriptor);
    assert(values !== undefined, "the query has an axis of values");
    this.#lines = values.lines;
    const step = request.descriptor.steps[0]!;
    const axis = step.axes[values.axis]!;
    this.#cuts = axis.cuts;
    this.#counts = countsOf(disclosed, cellsOf(axisSizes(step, request.schema)), values.axis);
    this.#parts = [place.parts, ...this.#tests.owners.map(({ parts }) => place.parts & ~parts)];
    this.#shown = shownUnits(request, disclosed, earlier, axis, place);
    this.#nameSizes();
  }

  finish(): LineGate & { readonly refused: false } {
    const cohort = this.#tests.cohortTests();
    const zeros = this.#tests.zeroTests();
    const { circuit, columns } = this.#tests.vectors.finish();
    const tests = (slice: number, first: number, last: number): SizeTest[] =>
      this.#parts.flatMap((parts) => this.#countTests(slice, first, last, parts, "ifShown"));
    const plan: LinePlan = {
      ...{ circuit: circuit satisfies Circuit, cohort, zeros, lines: this.#lines, slices: this.#counts.length },
      units: [0, ...this.#cuts.flatMap((cut, at) => (this.#shown.cuts.includes(cut) ? [at + 1] : []))],
      lineTests: tests,
      unitTests: (slice, first, last) => [
        ...tests(slice, first, last),
        ...this.#countTests(slice, first, last, this.#shown.grown, "passes"),
      ],
    };
    return { refused: false, plan, columns, universe: this.#place.universe };
  }

  /** Sizes are part of the circuit: those of single lines, of which all tests are sums, are named before it is finished. */
  #nameSizes(): void {
    for (const slice of this.#counts.keys())
      for (let line = 0; line < this.#lines; line++)
        for (const parts of [...this.#parts, this.#shown.grown]) this.#countTests(slice, line, line, parts, "passes");
  }

  /** A test for each count that the lines have, of what is in these parts of the data. */
  #countTests(slice: number, first: number, last: number, parts: bigint, zero: SizeTest["zero"]): SizeTest[] {
    const lines = this.#counts[slice]!.slice(first, last + 1);
    return lines[0]!.flatMap((_, count) => {
      const within = lines.flatMap((counts) => restricted(counts[count]!, parts));
      if (within.length === 0) return [];
      return [this.#tests.tests.sum(within, this.#place.k - 1, zero)];
    });
  }
}

function restricted({ set, without }: Count, parts: bigint): (readonly [RowSet, RowSet | undefined])[] {
  const own = set.parts & parts;
  if (own === 0n) return [];
  return [[{ ...set, parts: own }, without && { ...without, parts: own }]];
}

/** Of each line of each slice the same counts, in one order. */
function countsOf(
  { groups, cells }: DisclosedSets,
  places: readonly (readonly number[])[],
  axis: number,
): (readonly (readonly Count[])[])[] {
  const kinds = [...new Set(groups.map(({ kind }) => kind))];
  const setOf = new Map(groups.map(({ cell, kind, set }) => [`${cell}|${kind}`, set]));
  const sets = cells.map((_, cell) => kinds.map((kind) => setOf.get(`${cell}|${kind}`)));
  const slices = new Map<string, number[]>();
  places.forEach((place, cell) => {
    const key = place.filter((_, at) => at !== axis).join();
    slices.set(key, [...(slices.get(key) ?? []), cell]);
  });
  return [...slices.values()].map((own) => countsOfSlice(own.map((cell) => sets[cell]!)));
}

/** @param lines sets by kind; undefined: empty by construction */
function countsOfSlice(lines: readonly (readonly (RowSet | undefined)[])[]): (readonly Count[])[] {
  const kinds = [...(lines[0] ?? []).keys()];
  const isWithin = (part: number, whole: number): boolean =>
    lines.every(
      ({ [part]: inner, [whole]: outer }) => inner === undefined || (outer && isSubset(inner, outer)) === true,
    );
  const rests = kinds.flatMap((whole) =>
    kinds.flatMap((part) => (part !== whole && isWithin(part, whole) ? [[whole, part] as const] : [])),
  );
  return lines.map((sets) => {
    const count = (set: RowSet | undefined, without?: RowSet): Count => ({ set: set ?? NOBODY, without });
    return [...kinds.map((kind) => count(sets[kind])), ...rests.map(([whole, part]) => count(sets[whole], sets[part]))];
  });
}

const NOBODY: RowSet = { parts: 0n, conditions: [] };

/** The newest posted answer over the same conditions with intervals of the same values, at cuts of this grid. */
function shownUnits(
  { descriptor, schema }: GatedRequest,
  { cohort }: DisclosedSets,
  { cohorts }: HistorySets,
  axis: { readonly field: number; readonly cuts: readonly bigint[] },
  { parts }: RequestPlace,
): ShownUnits {
  assert(descriptor.schemaHash.toLowerCase() === schema.hash.toLowerCase(), "the schema is the descriptor's");
  for (const { set, answer } of cohorts.toReversed()) {
    if (answer.opened === "unknown" || cohort === undefined || !isSameFilter(set, cohort)) continue;
    const shown = answer.descriptor.steps[0]!.axes.find(({ field }) => field === axis.field);
    const isOnGrid = shown !== undefined && shown.cuts.every((cut) => axis.cuts.includes(cut));
    if (isOnGrid) return { cuts: shown.cuts, grown: parts & ~set.parts };
  }
  return { cuts: [], grown: 0n };
}
