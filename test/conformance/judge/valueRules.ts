/**
 * Where sums of values may tell of few patients though no number of rows is small (docs/query-language.md, "The gate"). Which cells
 * are hidden for that is not judged: only where none can be. Every such test is of a sum to which rows add nothing that have one of
 * at most two values, or one value of either of two columns; it passes where k rows have others, also without one hospital's. Where
 * values have gaps, rows of all values on one side may add nothing: nothing is judged then, nor of four values, whose levels have gaps.
 */
import type { StudyField } from "../studyField.ts";
import type { ClearRows } from "./cellLines.ts";
import type { ClearSet } from "./clearSet.ts";
import { isSame, minus, unite } from "./clearSet.ts";
import type { JudgedShape } from "./judgedAnswer.ts";
import type { RuleFacts } from "./sizeRules.ts";

/** The rows, and what is summed over them. */
export interface SummedRows {
  readonly rows: ClearRows;
  readonly fields: ReadonlyMap<string, StudyField>;
  readonly shape: JudgedShape;
  /** Columns of the condition. */
  readonly compared: ReadonlySet<string>;
}

/**
 * Over the sets of each cell, what they leave of each other, and hidden cells together.
 *
 * @param hidden cells with a hidden sum
 */
export function maySumsTell(
  { k, sets, owned }: RuleFacts,
  { rows, fields, shape, compared }: SummedRows,
  hidden: ReadonlySet<number>,
): boolean {
  const { summed } = shape;
  if (summed === undefined) return false;
  if (summed.columns.some((column) => hasGaps(column, fields.get(column)!, compared))) return true;
  const columns = summed.columns.map((column) => columnOf(column, rows, fields));
  const isFew = (set: ClearSet): boolean =>
    [set, ...(owned.length > 1 ? owned.map((own) => minus(set, own)) : [])].some((each) => {
      const inside = rows.table.flatMap((row, index) => (each.rows[index] === 1 ? [row] : []));
      return columns.some((x, at) => {
        return hasFewOthers(inside, x, k) || columns.slice(at + 1).some((y) => haveFewOthers(inside, x, y, k));
      });
    });
  const told = sets.groups.filter(({ parts, isNobody }) => parts.includes("sum") && !isNobody);
  const cells = [...new Set(told.map(({ cell }) => cell))].map((cell) => told.filter((group) => group.cell === cell));
  const secret = told.filter(({ cell }) => hidden.has(cell)).map(({ set }) => set);
  // A total, of the table or a line of it, may leave any of them together.
  if (secret.length > MOST_HIDDEN || unionsOf(secret).some(isFew)) return true;
  return cells.some((groups) => setsOfCell(groups.map(({ set }) => set)).some(isFew));
}

/** Of one cell: its sets, and the rows of one that are not in others. */
function setsOfCell(sets: readonly ClearSet[]): ClearSet[] {
  const rests = sets.flatMap((whole) => {
    const others = sets.filter((other) => !isSame(other, whole));
    return [...others.map((other) => minus(whole, other)), ...(others.length > 1 ? [minus(whole, unite(others))] : [])];
  });
  return [...sets, ...rests];
}

/** Also those that a condition may leave. */
function hasGaps(name: string, field: StudyField, compared: ReadonlySet<string>): boolean {
  if (compared.has(name)) return true;
  if (field.type !== "category") return false;
  const numbers = field.categories.map(Number).sort((a, b) => a - b);
  const steps = new Set(numbers.slice(1).map((number, at) => number - numbers[at]!));
  return steps.size > 1 || numbers.length > 3;
}

/** Of which every union is looked at. */
const MOST_HIDDEN = 8;

/** Of two sets or more. */
function unionsOf(sets: readonly ClearSet[]): ClearSet[] {
  const chosen = sets.reduce<ClearSet[][]>((all, set) => [...all, ...all.map((some) => [...some, set])], [[]]);
  return chosen.filter(({ length }) => length > 1).map((some) => unite(some));
}

interface Column {
  readonly at: number;
  /** As the study has it; undefined: more than three. */
  readonly values: number | undefined;
}

function columnOf(name: string, { possible }: ClearRows, fields: ReadonlyMap<string, StudyField>): Column {
  const field = fields.get(name)!;
  const values = field.type === "category" && field.categories.length <= 3 ? field.categories.length : undefined;
  return { at: possible.columns.indexOf(name), values };
}

type TableRow = readonly (string | null)[];

/** Of two values their numbers are told; of three a sum has one that adds nothing; of more a sum and a sum of squares have two. */
function hasFewOthers(rows: readonly TableRow[], { at, values }: Column, k: number): boolean {
  if (values !== undefined && values <= 2) return false;
  const counts = new Map<string | null, number>();
  for (const row of rows) counts.set(row[at]!, (counts.get(row[at]!) ?? 0) + 1);
  const largest = [...counts.values()].sort((a, b) => b - a).slice(0, values === 3 ? 1 : 2);
  return rows.length - largest.reduce((sum, count) => sum + count, 0) < k;
}

/** Of a product. */
function haveFewOthers(rows: readonly TableRow[], x: Column, y: Column, k: number): boolean {
  if ((x.values ?? 3) <= 2 && (y.values ?? 3) <= 2) return false;
  const [left, right] = [x, y].map(({ at }) => [...new Set(rows.map((row) => row[at]!))]);
  return left!.some((a) => right!.some((b) => rows.filter((row) => row[x.at] !== a && row[y.at] !== b).length < k));
}
