/**
 * Opened sums to the answer's table, in public and exactly: bigint rationals, each value rounded once to a double.
 *
 * As in SQL: without GROUP BY there is always one row; with it, a group without rows is left out, and a missing group
 * value is a group of its own (key null). Output 0 of a grouped query is its number of rows. Rows come in the order of
 * the schema's categories, missing last, the last group column fastest.
 *
 * Where the gate hides: a column that needs a hidden sum is hidden, the others of the cell are shown. A group whose number
 * of rows is hidden has a row with its keys and nothing else, always: it may have no rows at all, and the reader learns
 * only that it is hidden.
 */
import { BN254_FR_MODULUS } from "../field/bn254.ts";
import type { Column, Descriptor } from "../messages/descriptor.ts";
import { Finish } from "../messages/descriptor.ts";
import { axisSizes, cellsOf } from "../query/buildCircuit.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { answerError } from "./answerError.ts";
import type { Hidden } from "./hidden.ts";
import { HIDDEN } from "./hidden.ts";
import { finishMoments } from "./moments.ts";

export type AnswerValue = string | number | null | Hidden;

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

/** One cell's sums, signed; undefined where hidden. */
type Sums = readonly (bigint | undefined)[];

/**
 * @param outputs canonical residues, row-major by cell, then in the step's output order
 * @param hidden indices of the outputs that are hidden, whatever `outputs` holds there
 * @throws CodedError ANSWER_*
 */
export function finishAnswer(
  descriptor: Descriptor,
  schema: StudySchema,
  outputs: readonly bigint[],
  hidden: ReadonlySet<number>,
): AnswerTable {
  const step = descriptor.steps[0]!;
  const cells = cellsOf(axisSizes(step, schema));
  const width = step.outputs.length;
  if (outputs.length !== cells.length * width) {
    const detail = { code: "ANSWER_LENGTH", expected: cells.length * width, given: outputs.length } as const;
    throw answerError(detail, `${detail.given} outputs are given, the query has ${detail.expected}`);
  }
  const signed = outputs.map(toSigned).map((sum, index) => (hidden.has(index) ? undefined : sum));
  const sumsByCell = cells.map((_, cell): Sums => signed.slice(cell * width, (cell + 1) * width));
  const grouped = step.axes.length > 0;
  const rows = cells.flatMap((lines, cell) => {
    const sums = sumsByCell[cell]!;
    if (grouped && sums[0] === 0n) return [];
    const keys = lines.map((line, axis) => keyText(schema, step.axes[axis]!.field, line));
    return [descriptor.columns.map((column) => finishColumn(column, sums, keys, cell))];
  });
  return { columns: descriptor.columns.map(({ name }) => name), rows, suppression: countHidden(sumsByCell) };
}

/** A cell's number of rows may be hidden for what it would tell of other cells, and its sums be shown. */
function countHidden(cells: readonly Sums[]): HiddenCells {
  const touched = cells.filter((sums) => sums.includes(undefined));
  const hidden = touched.filter((sums) => sums.every((sum) => sum === undefined)).length;
  return { cells: cells.length, hidden, partlyHidden: touched.length - hidden };
}

function finishColumn(column: Column, sums: Sums, keys: readonly (string | null)[], cell: number): AnswerValue {
  const [first = 0, second, third] = column.sums;
  if (column.finish === Finish.GROUP) return keys[first]!;
  if (column.sums.some((index) => sums[index] === undefined)) return HIDDEN;
  const at = (index: number | undefined): bigint => (index === undefined ? 0n : sums[index]!);
  const [n, sum, squares] = [at(first), at(second), at(third)];
  if (n < 0n || (third !== undefined && n * squares < sum * sum)) {
    throw answerError({ code: "ANSWER_IMPOSSIBLE", cell }, `the sums of cell ${cell} belong to no rows`);
  }
  return finishMoments(column.finish, { n, sum, squares, decimals: column.decimals });
}

function keyText(schema: StudySchema, index: number, line: number): string | null {
  const field = schema.fields[index];
  return field?.type === "category" ? (field.categories[line] ?? null) : null;
}

function toSigned(residue: bigint, index: number): bigint {
  if (residue < 0n || residue >= BN254_FR_MODULUS) {
    throw answerError({ code: "ANSWER_NOT_CANONICAL", index }, `output ${index} is not a residue below r`);
  }
  return residue > BN254_FR_MODULUS / 2n ? residue - BN254_FR_MODULUS : residue;
}
