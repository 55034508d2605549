/**
 * Statistics of the order of values (quantiles, survival) are finished from how many rows lie in each line of an axis of values.
 * The gate merges neighbouring lines into intervals until no count of them is small: for each output its own, one choice for
 * all slices of the table (the cells of a line that differ in the other axes). The answer says how by itself: an
 * interval is at the place of its first line, the places of its other lines are hidden.
 */
import assert from "node:assert/strict";

import type { CircuitOutput, LinearForm } from "../messages/circuit.ts";
import type { Descriptor } from "../messages/descriptor.ts";
import type { Merges } from "../messages/merges.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { axisSizes, cellCount, cellsOf } from "./axisSizes.ts";

/** An interval of lines in one slice, which an output counts. */
export interface MergedCell {
  readonly output: number;
  /** Indices of the other axes' lines, in the order of the axes. */
  readonly slice: readonly number[];
  /** Index among the output's intervals. */
  readonly interval: number;
  /** [first, end) */
  readonly lines: readonly [first: number, end: number];
  /** Positions among the query's outputs of its lines, the first line's first. */
  readonly positions: readonly number[];
}

/** Every line by itself. */
export function singleLines({ steps, columns }: Descriptor): Merges {
  const { lines } = valuesOf({ steps, columns });
  const starts = Array.from({ length: lines }, (_, line) => line);
  return steps[0]!.outputs.map(() => starts);
}

/** By output, then slice, then interval. */
export function mergedCells(descriptor: Descriptor, schema: StudySchema, merges: Merges): MergedCell[] {
  const { axis, lines } = valuesOf(descriptor);
  const step = descriptor.steps[0]!;
  assert(merges.length === step.outputs.length, "intervals of each output");
  for (const starts of merges) {
    assert(starts[0] === 0 && starts.every((start, at) => at === 0 || start > starts[at - 1]!), "ascending from 0");
    assert(starts.at(-1)! < lines, "starts are lines");
  }
  const sizes = axisSizes(step, schema);
  const slices = cellsOf(sizes.filter((_, at) => at !== axis));
  const placeOf = (slice: readonly number[], line: number): number =>
    slice.toSpliced(axis, 0, line).reduce((index, each, at) => index * sizes[at]! + each, 0);
  return merges.flatMap((starts, output) =>
    slices.flatMap((slice) =>
      starts.map((first, interval): MergedCell => {
        const end = starts[interval + 1] ?? lines;
        const own = Array.from({ length: end - first }, (_, line) => first + line);
        const positions = own.map((line) => placeOf(slice, line) * step.outputs.length + output);
        return { output, slice, interval, lines: [first, end], positions };
      }),
    ),
  );
}

/**
 * The intervals that an answer shows. Of an output of which nothing is shown: one, which is hidden.
 *
 * @param hidden positions among the outputs
 */
export function shownMerges(descriptor: Descriptor, schema: StudySchema, hidden: ReadonlySet<number>): Merges {
  const cells = mergedCells(descriptor, schema, singleLines(descriptor));
  return descriptor.steps[0]!.outputs.map((_, output) => {
    const shown = cells.filter((cell) => cell.output === output && !hidden.has(cell.positions[0]!));
    return [...new Set([0, ...shown.map(({ interval }) => interval)])].sort((a, b) => a - b);
  });
}

/** A circuit's outputs with each interval's at the place of its first line, and zeros at those of its other lines. */
export function mergeOutputs(
  outputs: readonly CircuitOutput[],
  descriptor: Descriptor,
  schema: StudySchema,
  merges: Merges,
): CircuitOutput[] {
  const merged = outputs.map((): CircuitOutput => NOTHING);
  for (const { positions } of mergedCells(descriptor, schema, merges))
    merged[positions[0]!] = sumOf(positions.map((position) => outputs[position]!));
  return merged;
}

/** How many outputs a query has. */
export function outputCount(descriptor: Descriptor, schema: StudySchema): number {
  const step = descriptor.steps[0]!;
  return cellCount(step, schema) * step.outputs.length;
}

const NOTHING: CircuitOutput = { left: { columns: [], products: [] }, right: undefined };

function valuesOf(descriptor: Pick<Descriptor, "steps" | "columns">): { axis: number; lines: number } {
  const values = valueAxis(descriptor);
  assert(values !== undefined, "there is an axis of values");
  return values;
}

/** Of outputs that have a factor in common, as those of one slice have: the sum of the others is linear. */
function sumOf(outputs: readonly CircuitOutput[]): CircuitOutput {
  const [first] = outputs;
  assert(first !== undefined);
  const has = (side: "left" | "right"): boolean => outputs.every((each) => isSame(each[side], first[side]));
  if (has("right")) return { left: sumOfForms(outputs.map(({ left }) => left)), right: first.right };
  assert(has("left"), "the lines of a slice have a factor in common");
  return { left: first.left, right: sumOfForms(outputs.map(({ right }) => right ?? assert.fail("two factors"))) };
}

function isSame(a: LinearForm | undefined, b: LinearForm | undefined): boolean {
  const text = (form: LinearForm | undefined): string =>
    form === undefined ? "" : `${form.columns.join(";")}|${form.products.join(";")}`;
  return text(a) === text(b);
}

function sumOfForms(forms: readonly LinearForm[]): LinearForm {
  const sum = (part: "columns" | "products"): [number, bigint][] => {
    const totals = new Map<number, bigint>();
    for (const form of forms)
      for (const [index, weight] of form[part]) totals.set(index, (totals.get(index) ?? 0n) + weight);
    return [...totals].filter(([, weight]) => weight !== 0n).sort(([a], [b]) => a - b);
  };
  return { columns: sum("columns"), products: sum("products") };
}
