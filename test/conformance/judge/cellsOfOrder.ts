/**
 * Cells of a statistic of the order of values: for each output, slice (a cell of the other axes) and interval of values the rows
 * that are counted. They come in this order.
 */
import { decimalText, readDecimal, scaleDecimal } from "../decimalText.ts";
import { dateText, daysOf } from "../studyField.ts";
import type { NumericStudyField, StudyField } from "../studyField.ts";
import type { ClearRows } from "./cellLines.ts";
import { rowsWhere } from "./cellLines.ts";
import type { ClearSet } from "./clearSet.ts";
import { intersect, isEmpty, minus, unite } from "./clearSet.ts";
import type { JudgedOrder } from "./judgedAnswer.ts";
import type { CellSet, JudgedSets, JudgedTotal } from "./judgedSets.ts";

export interface OrderedLines {
  readonly slices: JudgedSets;
  /** Rows that each output counts. */
  readonly outputs: readonly ClearSet[];
  /** Ascending: each line's rows, and the value that it starts with, as text. */
  readonly lines: readonly { readonly set: ClearSet; readonly start: string }[];
}

/** Of each output, ascending from 0: the first line of each interval. */
export type Starts = readonly (readonly number[])[];

/** Where lines of a field's values start, scaled. */
export function valueStarts(field: StudyField): bigint[] {
  return field.type === "category" ? [] : [field.minimum, ...field.cuts];
}

/** @param slices the cells of the other axes */
export function readLines(
  { column, ends }: JudgedOrder,
  slices: JudgedSets,
  rows: ClearRows,
  fields: ReadonlyMap<string, StudyField>,
): OrderedLines {
  const field = fields.get(column)!;
  const starts = valueStarts(field);
  const lines = starts.map((start, line) => {
    const end = starts[line + 1];
    const isInside = (value: bigint): boolean => value >= start && (end === undefined || value < end);
    const set = rowsWhere(rows, column, (text) => text !== null && isInside(scaledValue(field, text)));
    return { set, start: valueText(field, start) };
  });
  if (ends === undefined) return { slices, outputs: [slices.cohort], lines };
  const events = rowsWhere(rows, ends.column, isEvent(fields.get(ends.column)!, ends.event));
  return { slices, outputs: [minus(slices.cohort, events), intersect(slices.cohort, events)], lines };
}

export function singleLines(lines: OrderedLines): JudgedSets {
  return cellsBetween(
    lines,
    lines.outputs.map(() => lines.lines.map((_, line) => line)),
  );
}

export function cellsBetween({ slices, outputs, lines }: OrderedLines, starts: Starts): JudgedSets {
  const cells = outputs.flatMap((counted, output) =>
    slices.cells.flatMap(({ keys, set }) => {
      const own = intersect(counted, set);
      return starts[output]!.map((first, at): CellSet => {
        const end = starts[output]![at + 1];
        const inside = unite(lines.slice(first, end).map((line) => line.set));
        const to = end === undefined ? null : lines[end]!.start;
        return { keys, set: intersect(own, inside), interval: { output, from: lines[first]!.start, to } };
      });
    }),
  );
  const groups = cells.map(({ set }, cell) => {
    return { cell, parts: ["count"] as const, set, isNobody: isEmpty(set), levels: [] };
  });
  return { ...slices, cells, groups, totals: totalsOf(slices.cells.length, starts, cells) };
}

/** Of each slice: every output's rows, and those of all outputs; where they are not one interval. */
function totalsOf(slices: number, starts: Starts, cells: readonly CellSet[]): JudgedTotal[] {
  const places = starts.map((own, output) => {
    const before = starts.slice(0, output).reduce((sum, { length }) => sum + length * slices, 0);
    return (slice: number): number[] => own.map((_, at) => before + slice * own.length + at);
  });
  return Array.from({ length: slices }, (_, slice) => slice).flatMap((slice) => {
    const each = places.map((of) => of(slice));
    return [...each, ...(each.length < 2 ? [] : [each.flat()])].flatMap((groups) =>
      groups.length < 2 ? [] : [{ set: unite(groups.map((group) => cells[group]!.set)), groups }],
    );
  });
}

/** The category of that text; else the one that is the same number. */
function isEvent(field: StudyField, event: string): (text: string | null) => boolean {
  const categories = field.type === "category" ? field.categories : [];
  const isNumber = (text: string): boolean => JSON.stringify(numberIn(text)) === JSON.stringify(numberIn(event));
  const same = numberIn(event) === undefined ? undefined : categories.find(isNumber);
  const category = categories.includes(event) ? event : same;
  return (text) => text !== null && text === category;
}

function numberIn(text: string): readonly string[] | undefined {
  const decimal = readDecimal(text);
  return decimal === undefined ? undefined : [String(decimal.digits), String(decimal.decimals)];
}

function scaledValue(field: StudyField, text: string): bigint {
  const days = field.type === "date" ? daysOf(text) : undefined;
  if (days !== undefined) return days;
  return scaleDecimal(readDecimal(text)!, field.type === "category" ? 0 : field.decimals).floor;
}

function valueText(field: StudyField, value: bigint): string {
  return field.type === "date" ? dateText(value) : decimalText(value, (field as NumericStudyField).decimals);
}
