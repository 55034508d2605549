/**
 * Statistics of the order of values (quantiles, survival) are finished from how many rows lie in each line of an axis of values.
 * The gate merges neighbouring lines until no count of them is small. The answer is then that of the same query with fewer cuts,
 * and says so itself: a merged interval is at the place of its first line, the places of its other lines are hidden.
 */
import assert from "node:assert/strict";

import type { Axis, Descriptor, Factor, Term } from "../messages/descriptor.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { axisSizes, cellCount, cellsOf } from "./axisSizes.ts";

export interface MergedLines {
  /** With an interval for each start in place of the lines. */
  readonly descriptor: Descriptor;
  /** Of each of its outputs, the position among the outputs of the whole query. */
  readonly positions: readonly number[];
  /** Of each of its outputs, which interval it is of. */
  readonly intervals: readonly number[];
  /** Outputs of the whole query. */
  readonly total: number;
}

/**
 * @param starts the first line of each interval, ascending from 0
 * @returns as given, every output at its place, where no line is merged or no axis could be
 */
export function mergeLines(descriptor: Descriptor, schema: StudySchema, starts: readonly number[]): MergedLines {
  const values = valueAxis(descriptor);
  const [step, ...others] = descriptor.steps;
  assert(values !== undefined && step !== undefined, "there is an axis of values");
  assert(starts[0] === 0 && starts.every((start, at) => at === 0 || start > starts[at - 1]!), "ascending from 0");
  assert(starts.at(-1)! < values.lines, "starts are lines");
  const sizes = axisSizes(step, schema);
  const width = step.outputs.length;
  const factors = [...descriptor.factors];
  const axes = step.axes.map((axis, at) => (at === values.axis ? mergedAxis(axis, starts, factors) : axis));
  const merged = { ...step, axes };
  const cells = cellsOf(axisSizes(merged, schema));
  const positions = cells.flatMap((cell) => {
    const first = cell.map((line, at) => (at === values.axis ? starts[line]! : line));
    const place = first.reduce((index, line, at) => index * sizes[at]! + line, 0);
    return step.outputs.map((_, output) => place * width + output);
  });
  const intervals = cells.flatMap((cell) => step.outputs.map(() => cell[values.axis]!));
  return {
    descriptor: { ...descriptor, factors, steps: [merged, ...others] },
    positions,
    intervals,
    total: outputCount(descriptor, schema),
  };
}

/**
 * The lines that an answer shows, as first lines of intervals. Nothing shown: one interval, which is hidden.
 *
 * @param hidden positions among the outputs of the whole query
 */
export function shownStarts(descriptor: Descriptor, schema: StudySchema, hidden: ReadonlySet<number>): number[] {
  const values = valueAxis(descriptor);
  const [step] = descriptor.steps;
  assert(values !== undefined && step !== undefined, "there is an axis of values");
  const width = step.outputs.length;
  const shown = new Set([0]);
  cellsOf(axisSizes(step, schema)).forEach((cell, index) => {
    if (step.outputs.some((_, output) => !hidden.has(index * width + output))) shown.add(cell[values.axis]!);
  });
  return [...shown].sort((a, b) => a - b);
}

/** How many outputs a query has. */
export function outputCount(descriptor: Descriptor, schema: StudySchema): number {
  const [step] = descriptor.steps;
  return step === undefined ? 0 : cellCount(step, schema) * step.outputs.length;
}

function mergedAxis(axis: Axis, starts: readonly number[], factors: Factor[]): Axis {
  const lines = starts.map((start, at) => {
    const within = axis.lines.slice(start, starts[at + 1]);
    const [only, ...more] = within;
    if (more.length === 0) return only!;
    return factors.push({ terms: summedTerms(within.flatMap((line) => factors[line]!.terms)) }) - 1;
  });
  return { ...axis, cuts: starts.slice(1).map((start) => axis.cuts[start - 1]!), lines };
}

function summedTerms(terms: readonly Term[]): Term[] {
  const sums = new Map<number, bigint>();
  for (const { coefficient, signal } of terms) sums.set(signal, (sums.get(signal) ?? 0n) + coefficient);
  return [...sums]
    .filter(([, coefficient]) => coefficient !== 0n)
    .sort(([a], [b]) => a - b)
    .map(([signal, coefficient]) => ({ coefficient, signal }));
}
