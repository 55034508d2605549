/**
 * The sets that one answer discloses: its cohort; of every cell its rows, and those that have the summed column; and where
 * a column of few values is summed, the rows of each value (docs/query-language.md, "The gate").
 */
import type { StudyField } from "../studyField.ts";
import type { ClearSet } from "./clearSet.ts";
import { intersect, isEmpty, isSame } from "./clearSet.ts";
import type { JudgedShape } from "./judgedAnswer.ts";
import type { PossibleRows } from "./possibleRows.ts";

/** Rows as texts by column: the possible ones and those of the table, one after the other. */
export interface ClearRows {
  readonly possible: PossibleRows;
  /** [row][column], in the order of `possible.columns`. */
  readonly table: readonly (readonly (string | null)[])[];
}

/** What is shown or hidden together: the sums over one set of one cell. */
export interface JudgedGroup {
  readonly cell: number;
  /** Counts the cell's rows; else sums over those that have the column. One group does both where these are the same. */
  readonly counts: boolean;
  readonly sums: boolean;
  readonly set: ClearSet;
  /** The set is one that no row can be in. */
  readonly isNobody: boolean;
  readonly levels: readonly { readonly value: string; readonly set: ClearSet }[];
}

export interface JudgedSets {
  readonly cohort: ClearSet;
  readonly cells: readonly { readonly keys: readonly (string | null)[]; readonly set: ClearSet }[];
  readonly groups: readonly JudgedGroup[];
  /** A number, not a category, is summed over so few values that its sums count them. */
  readonly hasFewNumbers: boolean;
}

export function judgedSets(
  cohort: ClearSet,
  rows: ClearRows,
  fields: ReadonlyMap<string, StudyField>,
  { groupBy, summed }: JudgedShape,
): JudgedSets {
  const holds = (column: string, is: (text: string | null) => boolean): ClearSet => rowsWhere(rows, column, is);
  const cells = keysOf(groupBy.map((column) => fields.get(column)!)).map((keys) => ({
    keys,
    set: keys.reduce(
      (set, key, axis) =>
        intersect(
          set,
          holds(groupBy[axis]!, (text) => text === key),
        ),
      cohort,
    ),
  }));
  let hasFewNumbers = false;
  const groups = cells.flatMap(({ set: whole }, cell): JudgedGroup[] => {
    const counted = { cell, counts: true, sums: false, set: whole, isNobody: isEmpty(whole), levels: [] };
    if (summed === undefined) return [counted];
    const present = intersect(
      cohort,
      holds(summed.column, (text) => text !== null),
    );
    const isAll = isSame(present, cohort);
    const set = isAll ? whole : intersect(whole, present);
    const levels = levelsOf(set, summed, rows);
    if (levels.length > 0 && fields.get(summed.column)!.type !== "category") hasFewNumbers = true;
    const sums = { cell, counts: isAll, sums: true, set, isNobody: isEmpty(set), levels };
    return isAll ? [sums] : [counted, sums];
  });
  return { cohort, cells, groups, hasFewNumbers };
}

/** The cohort, and what the groups disclose, each as often as it is disclosed. */
export function setsIn({ cohort, groups }: JudgedSets): ClearSet[] {
  const disclosed = groups.filter(({ isNobody }) => !isNobody);
  return [cohort, ...disclosed.flatMap(({ set, levels }) => [set, ...levels.map((level) => level.set)])];
}

/** Every combination of categories, missing last, the last column fastest. */
function keysOf(axes: readonly StudyField[]): (string | null)[][] {
  return axes.reduce<(string | null)[][]>(
    (keys, field) => {
      const categories = field.type === "category" ? field.categories : [];
      const lines = [...categories, ...(field.hasMissing ? [null] : [])];
      return keys.flatMap((key) => lines.map((line) => [...key, line]));
    },
    [[]],
  );
}

/** With s different sums over a set, the counts of v possible values follow when v <= s + 1. */
function levelsOf(
  set: ClearSet,
  { column, sums }: NonNullable<JudgedShape["summed"]>,
  rows: ClearRows,
): JudgedGroup["levels"] {
  const at = rows.possible.columns.indexOf(column);
  const texts = rows.possible.rows.flatMap((row, index) => (set.shape[index] === 1 ? [row[at] ?? null] : []));
  const values = [...new Set(texts.filter((text) => text !== null))];
  if (values.length < 2 || values.length > sums + 1) return [];
  return values.map((value) => ({
    value,
    set: intersect(
      set,
      rowsWhere(rows, column, (text) => text === value),
    ),
  }));
}

function rowsWhere({ possible, table }: ClearRows, column: string, is: (text: string | null) => boolean): ClearSet {
  const at = possible.columns.indexOf(column);
  const bits = (texts: readonly (readonly (string | null)[])[]): Uint8Array =>
    Uint8Array.from(texts, (row) => (is(row[at] ?? null) ? 1 : 0));
  return { shape: bits(possible.rows), rows: bits(table) };
}
