/**
 * Plans which lines of values are merged before quantiles or survival are counted over them (docs/query-language.md,
 * "The gate"): what an output counts of an interval, in every slice of the table, must be no rows or at least k, also when one
 * owner takes its own away.
 *
 * An earlier answer to the same query over the same conditions has shown intervals. New ones are made up of these, and by how
 * many rows they have grown since is a number like others. So later looks at a growing study pass the gate's history tests,
 * though each look may merge more lines than the one before.
 *
 * Cost: with m lines, s slices, p outputs and w owners, up to p·s·(2 + w)·m²/2 tests of k−1 failing values.
 */
import assert from "node:assert/strict";

import type { Field } from "../field/field.ts";
import { encodeDescriptor } from "../messages/descriptor.ts";
import type { LinePlan, SizeTest } from "../messages/gatePlan.ts";
import type { Merges } from "../messages/merges.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import { mergedCells, singleLines } from "../query/mergedLines.ts";
import type { DisclosedSets } from "./disclosedSets.ts";
import type { EarlierAnswer, HistorySets } from "./historySets.ts";
import { isSameFilter } from "./pairTests.ts";
import type { GatedRequest, RefusedPlan } from "./preparedRequest.ts";
import { prepareRequest } from "./preparedRequest.ts";
import type { RequestPlace } from "./requestTests.ts";
import { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import type { PartialColumn } from "./setVectors.ts";
import type { Universe } from "./universe.ts";

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
 * @param request of the order of values, its lines not merged
 * @param history oldest first, without the request itself
 * @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_*
 */
export function planLines(request: GatedRequest, history: readonly EarlierAnswer[], k: number, field: Field): LineGate {
  assert(request.merges === undefined, "lines are merged once");
  const prepared = prepareRequest(request, history, k, () => undefined);
  if (prepared.refused) return prepared;
  const { disclosed, earlier } = prepared;
  // Its sums do not open: only their sets are counted.
  const counted = { ...request, circuit: { ...request.circuit, outputs: [] } };
  return new LinePlanning(counted, disclosed, earlier, { ...prepared, field }).finish();
}

/** From answers to the same query over the same conditions that showed anything. */
interface EarlierLook {
  /** Of the newest. */
  readonly starts: Merges;
  /** Data that the newest one on other data did not have: asked again, what had grown by few is no more than it was. */
  readonly grown: bigint;
}

class LinePlanning {
  readonly #tests: RequestTests;
  readonly #place: RequestPlace;
  /** By output, slice and line; undefined: empty by construction. */
  readonly #sets: readonly (readonly (readonly (RowSet | undefined)[])[])[];
  /** Parts of the data in each of which no count may be small. */
  readonly #parts: readonly bigint[];
  readonly #look: EarlierLook;
  readonly #lines: number;

  constructor(request: GatedRequest, disclosed: DisclosedSets, earlier: HistorySets, place: RequestPlace) {
    this.#place = place;
    this.#tests = new RequestTests(request, disclosed, earlier, place);
    this.#lines = valueAxis(request.descriptor)!.lines;
    this.#sets = setsOf(request, disclosed);
    this.#parts = [place.parts, ...this.#tests.owners.map(({ parts }) => place.parts & ~parts)];
    this.#look = earlierLook(request, disclosed, earlier, place);
    this.#nameSizes();
  }

  finish(): LineGate & { readonly refused: false } {
    const cohort = this.#tests.cohortTests();
    const zeros = this.#tests.zeroTests();
    const { circuit, columns } = this.#tests.vectors.finish();
    const { starts, grown } = this.#look;
    const plan: LinePlan = {
      ...{ circuit, cohort, zeros, lines: this.#lines, slices: this.#sets[0]!.length, starts },
      tests: (...place) => [
        ...this.#parts.map((parts) => this.#test(place, parts, "ifShown")),
        ...(grown === 0n ? [] : [this.#test(place, grown, "passes", this.#place.jointK)]),
      ],
    };
    return { refused: false, plan, columns, universe: this.#place.universe };
  }

  /** Sizes are part of the circuit: those of single lines, of which all tests are sums, are named before it is finished. */
  #nameSizes(): void {
    this.#sets.forEach((slices, output) => {
      for (const slice of slices.keys())
        for (let line = 0; line < this.#lines; line++)
          for (const parts of [...this.#parts, this.#look.grown])
            this.#test([output, slice, line, line], parts, "passes");
    });
  }

  /** That the lines count no few rows in these parts of the data: by the k of PUBLIC answers, as all see what was merged. */
  #test(
    [output, slice, first, last]: readonly [output: number, slice: number, first: number, last: number],
    parts: bigint,
    zero: SizeTest["zero"],
    k = this.#place.jointK,
  ): SizeTest {
    const lines = this.#sets[output]![slice]!.slice(first, last + 1);
    const within = lines.flatMap((set) => {
      const own = set === undefined ? 0n : set.parts & parts;
      return set === undefined || own === 0n ? [] : [[{ ...set, parts: own }, undefined] as const];
    });
    // Lines that nobody can be in tell nothing.
    const isPossible = lines.some((set) => set !== undefined);
    return this.#tests.tests.sum(within, k - 1, isPossible ? zero : "passes");
  }
}

function setsOf({ descriptor, schema }: GatedRequest, { groups }: DisclosedSets): (RowSet | undefined)[][][] {
  const sets: (RowSet | undefined)[][][] = [];
  const places = new Map<string, number>();
  mergedCells(descriptor, schema, singleLines(descriptor)).forEach(({ output, slice, interval }, group) => {
    const own = (sets[output] ??= []);
    const key = `${output}|${slice.join()}`;
    const at = places.get(key) ?? own.push([]) - 1;
    places.set(key, at);
    own[at]![interval] = groups[group]!.set;
  });
  return sets;
}

function earlierLook(
  { descriptor }: GatedRequest,
  { cohort }: DisclosedSets,
  { cohorts }: HistorySets,
  { parts }: RequestPlace,
): EarlierLook {
  const query = encodeDescriptor(descriptor);
  const looks = cohorts.filter(({ set, answer }) => {
    const isSame = cohort !== undefined && isSameFilter(set, cohort) && encodeDescriptor(answer.descriptor) === query;
    return isSame && showsIntervals(answer);
  });
  const before = looks.findLast(({ set }) => set.parts !== parts);
  return {
    starts: looks.at(-1)?.answer.merges ?? singleLines(descriptor),
    grown: before === undefined ? 0n : parts & ~before.set.parts,
  };
}

function showsIntervals({ descriptor, schema, opened, merges }: EarlierAnswer): boolean {
  if (opened === "unknown" || merges === undefined) return false;
  const cells = mergedCells(descriptor, schema, merges);
  return cells.some(({ positions }) => !opened.hiddenOutputs.has(positions[0]!));
}
