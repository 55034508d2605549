/** Conditions on one column, as sets: the lines that an axis divides rows into, and those that have a value. */
import { readDecimal, scaleDecimal } from "../decimalText.ts";
import type { StudyField } from "../studyField.ts";
import type { ClearSet } from "./clearSet.ts";
import { intersect, isEmpty } from "./clearSet.ts";
import type { JudgedAxis } from "./judgedAnswer.ts";
import type { PossibleRows } from "./possibleRows.ts";

/** Rows as texts by column: the possible ones and those of the table, one after the other. */
export interface ClearRows {
  readonly possible: PossibleRows;
  /** [row][column], in the order of `possible.columns`. */
  readonly table: readonly (readonly (string | null)[])[];
}

export interface Line {
  readonly key: string | null;
  readonly set: ClearSet;
}

/** Categories in their order, missing last; or the intervals between breaks that a value can lie in. */
export function linesOf({ column, missing, breaks }: JudgedAxis, field: StudyField, rows: ClearRows): Line[] {
  const categories = field.type === "category" ? field.categories : [];
  const absent = missing && field.hasMissing ? [null] : [];
  if (breaks === undefined) {
    return [...categories, ...absent].map((key) => ({ key, set: rowsWhere(rows, column, (text) => text === key) }));
  }
  const places = Array.from({ length: breaks.length + 1 }, (_, place) => place);
  const lines = places.map((place) => ({
    key: String(place),
    set: rowsWhere(rows, column, (text) => text !== null && placeAmong(breaks, text) === place),
  }));
  return lines.filter(({ set }) => !isEmpty(set));
}

/** 0 below the first break, i from break i − 1 to break i, the last such closed, and one more above. */
function placeAmong(breaks: readonly number[], text: string): number {
  const reached = breaks.filter((each, index) => compare(text, each) >= (index === breaks.length - 1 ? 1 : 0));
  return reached.length;
}

/** Rows whose number is at least so much. */
export function atLeast(column: string, least: number, rows: ClearRows): ClearSet {
  return rowsWhere(rows, column, (text) => text !== null && compare(text, least) >= 0);
}

/** Exact: the sign of their difference. */
function compare(left: string, right: number): number {
  const [a, b] = [readDecimal(left)!, readDecimal(String(right))!];
  const decimals = Math.max(a.decimals, b.decimals);
  const difference = scaleDecimal(a, decimals).floor - scaleDecimal(b, decimals).floor;
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

/** @param is of the column's text, null where missing */
export function rowsWhere(
  { possible, table }: ClearRows,
  column: string,
  is: (text: string | null) => boolean,
): ClearSet {
  const at = possible.columns.indexOf(column);
  const bits = (texts: readonly (readonly (string | null)[])[]): Uint8Array =>
    Uint8Array.from(texts, (row) => (is(row[at] ?? null) ? 1 : 0));
  return { shape: bits(possible.rows), rows: bits(table) };
}

/** Of a set, the rows that have all of the columns. */
export function having(set: ClearSet, columns: readonly string[], rows: ClearRows): ClearSet {
  return columns.reduce(
    (kept, column) =>
      intersect(
        kept,
        rowsWhere(rows, column, (text) => text !== null),
      ),
    set,
  );
}
