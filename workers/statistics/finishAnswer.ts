/**
 * Opened sums to the answer's table, in public and exactly: bigint rationals, each value rounded once to a double.
 *
 * As in SQL: without GROUP BY there is always one row; with it, a group without rows is left out, and a missing group
 * value is a group of its own (key null). Output 0 of a query with table lines is its number of rows. Rows come in the order of
 * the lines, missing last, the last group column fastest. A statistic of a table takes in axes of its own: it has one value for
 * each cell of the others.
 *
 * Where the gate hides: a column that needs a hidden sum is hidden, the others of the cell are shown. A group whose number
 * of rows is hidden has a row with its keys and nothing else, always: it may have no rows at all, and the reader learns
 * only that it is hidden.
 */
import { BN254_FR_MODULUS } from "../field/bn254.ts";
import type { Descriptor } from "../messages/descriptor.ts";
import { Finish } from "../messages/descriptor.ts";
import { axisSizes, cellsOf } from "../query/axisSizes.ts";
import { mergedCells, outputCount, shownMerges, singleLines } from "../query/mergedLines.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { answerError } from "./answerError.ts";
import type { AxisLabel } from "./axisLabels.ts";
import { axisLabels } from "./axisLabels.ts";
import type { CellValue, Sums } from "./finishCell.ts";
import { finishCell } from "./finishCell.ts";
import type { OrderedFacts, OrderedValue } from "./finishOrdered.ts";
import { orderedRows } from "./finishOrdered.ts";
import type { TableValue } from "./finishTable.ts";
import { finishTable } from "./finishTable.ts";

export type AnswerValue = AxisLabel | CellValue | TableValue | OrderedValue;

/** How many of the query's cells are not shown, or not in full. */
export interface HiddenCells {
  readonly cells: number;
  /** With every sum hidden, or their number of rows. */
  readonly hidden: number;
  /** With some sums hidden. */
  readonly partlyHidden: number;
}

export interface AnswerTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly AnswerValue[])[];
  readonly suppression: HiddenCells;
}

export interface FinishOptions {
  /** Each line of an axis of values holds one value: of data that are public, and opened without the gate. */
  readonly linesAreValues?: boolean;
}

/**
 * @param outputs canonical residues, row-major by cell, then in the step's output order
 * @param hidden indices of the outputs that are hidden, whatever `outputs` holds there; lines of values that are hidden in all cells
 *   are merged with the line before (`mergedLines.ts`)
 * @throws CodedError ANSWER_*
 */
export function finishAnswer(
  descriptor: Descriptor,
  schema: StudySchema,
  outputs: readonly bigint[],
  hidden: ReadonlySet<number>,
  { linesAreValues = false }: FinishOptions = {},
): AnswerTable {
  const expected = outputCount(descriptor, schema);
  if (outputs.length !== expected) {
    const detail = { code: "ANSWER_LENGTH", expected, given: outputs.length } as const;
    throw answerError(detail, `${detail.given} outputs are given, the query has ${detail.expected}`);
  }
  const step = descriptor.steps[0]!;
  const labels = step.axes.map((axis) => axisLabels(axis, schema));
  const signed = outputs.map(toSigned).map((sum, index) => (hidden.has(index) ? undefined : sum));
  if (valueAxis(descriptor) !== undefined) {
    const merges = linesAreValues ? singleLines(descriptor) : shownMerges(descriptor, schema, hidden);
    return finishOrder({ descriptor, schema, merges, linesAreValues, labels }, signed);
  }
  const width = step.outputs.length;
  const cells = cellsOf(axisSizes(step, schema));
  const sumsByCell = cells.map((_, cell): Sums => signed.slice(cell * width, (cell + 1) * width));
  const { columns } = descriptor;
  const taken = columns.find(({ finish }) => finish !== Finish.GROUP)?.axes ?? [];
  const shown = step.axes.flatMap((_, axis) => (taken.includes(axis) ? [] : [axis]));
  const rows = groupsOf(cells, shown).flatMap((group) => {
    const sums = group.map((cell) => sumsByCell[cell]!);
    if (shown.length > 0 && sums.every(([rowCount]) => rowCount === 0n)) return [];
    const lines = cells[group[0]!]!;
    return [
      columns.map((column): AnswerValue => {
        const { finish, axes } = column;
        if (finish === Finish.GROUP) return labels[column.sums[0]!]![lines[column.sums[0]!]!]!;
        if (axes.length === 0) return finishCell(column, sums[0]!, { cell: group[0]!, schema, descriptor });
        const place = { labels: axes.map((axis) => labels[axis]!), axes: axes.map((axis) => step.axes[axis]!), schema };
        return finishTable(column, orderedBy(axes, group, cells, sumsByCell), place);
      }),
    ];
  });
  return { columns: columns.map(({ name }) => name), rows, suppression: countHidden(sumsByCell) };
}

/** Groups without rows are left out. */
function finishOrder(facts: OrderedFacts, outputs: readonly (bigint | undefined)[]): AnswerTable {
  const { descriptor, schema, merges, labels } = facts;
  const { columns } = descriptor;
  const statistic = columns.find(({ finish }) => finish !== Finish.GROUP)!;
  const rows = orderedRows(facts, statistic, outputs).filter(({ isEmpty }) => !isEmpty);
  const cells = mergedCells(descriptor, schema, merges);
  const hidden = cells.filter(({ positions }) => outputs[positions[0]!] === undefined).length;
  return {
    columns: columns.map(({ name }) => name),
    rows: rows.map(({ lines, value }) =>
      columns.map(({ finish, sums: [axis] }) => (finish === Finish.GROUP ? labels[axis!]![lines.get(axis!)!]! : value)),
    ),
    suppression: { cells: cells.length, hidden, partlyHidden: 0 },
  };
}

/** Cells with the same lines of the shown axes, in order; without any, all cells. */
function groupsOf(cells: readonly (readonly number[])[], shown: readonly number[]): number[][] {
  const groups = new Map<string, number[]>();
  cells.forEach((lines, cell) => {
    const key = shown.map((axis) => lines[axis]!).join();
    const group = groups.get(key) ?? [];
    group.push(cell);
    groups.set(key, group);
  });
  return [...groups.values()];
}

/** A statistic's own table, row-major by its axes in their order. */
function orderedBy(
  axes: readonly number[],
  group: readonly number[],
  cells: readonly (readonly number[])[],
  sums: readonly Sums[],
): Sums[] {
  const compare = (a: number, b: number): number => {
    const axis = axes.find((each) => cells[a]![each] !== cells[b]![each]);
    return axis === undefined ? 0 : cells[a]![axis]! - cells[b]![axis]!;
  };
  return [...group].sort(compare).map((cell) => sums[cell]!);
}

/** A cell's number of rows may be hidden for what it would tell of other cells, and its sums be shown. */
function countHidden(cells: readonly Sums[]): HiddenCells {
  const touched = cells.filter((sums) => sums.includes(undefined));
  const hidden = touched.filter((sums) => sums.every((sum) => sum === undefined)).length;
  return { cells: cells.length, hidden, partlyHidden: touched.length - hidden };
}

function toSigned(residue: bigint, index: number): bigint {
  if (residue < 0n || residue >= BN254_FR_MODULUS) {
    throw answerError({ code: "ANSWER_NOT_CANONICAL", index }, `output ${index} is not a residue below r`);
  }
  return residue > BN254_FR_MODULUS / 2n ? residue - BN254_FR_MODULUS : residue;
}
