/**
 * The sets that one answer discloses: its cohort; of every cell its rows, and those that have the summed columns; and where
 * a column of few values is summed, the rows of each value (docs/query-language.md, "The gate").
 */
import { readDecimal, scaleDecimal } from "../decimalText.ts";
import type { StudyField } from "../studyField.ts";
import type { ClearSet } from "./clearSet.ts";
import { intersect, isEmpty, isSame } from "./clearSet.ts";
import type { JudgedAxis, JudgedShape, Part } from "./judgedAnswer.ts";
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
  readonly parts: readonly Part[];
  readonly set: ClearSet;
  /** The set is one that no row can be in. */
  readonly isNobody: boolean;
  readonly levels: readonly Level[];
}

interface Level {
  readonly value: string;
  readonly set: ClearSet;
}

export interface JudgedSets {
  readonly cohort: ClearSet;
  readonly cells: readonly { readonly keys: readonly (string | null)[]; readonly set: ClearSet }[];
  readonly groups: readonly JudgedGroup[];
  /** A number, not a category, is summed over so few values that its sums count them. */
  readonly hasFewNumbers: boolean;
}

type Fields = ReadonlyMap<string, StudyField>;

/** @param matching the rows that satisfy the condition */
export function judgedSets(matching: ClearSet, rows: ClearRows, fields: Fields, shape: JudgedShape): JudgedSets {
  const cohort = having(matching, shape.present, rows);
  const lines = shape.axes.map((axis) => linesOf(axis, fields.get(axis.column)!, rows));
  const cells = lines.reduce<JudgedSets["cells"][number][]>(
    (all, axis) =>
      all.flatMap(({ keys, set }) =>
        axis.map((line) => ({ keys: [...keys, line.key], set: intersect(set, line.set) })),
      ),
    [{ keys: [], set: cohort }],
  );
  const groups = cells.flatMap(({ set }, cell) =>
    groupsOf(cohort, set, { rows, fields }, shape).map((group) => ({ cell, ...group })),
  );
  const numbers = (shape.summed?.columns ?? []).filter((column) => fields.get(column)!.type !== "category");
  const hasFewNumbers = groups.some(({ set }) =>
    numbers.some((column) => levelsOf(set, column, shape, rows).length > 0),
  );
  return { cohort, cells, groups, hasFewNumbers };
}

/** The cohort, and what the groups disclose, each as often as it is disclosed. */
export function setsIn({ cohort, groups }: JudgedSets): ClearSet[] {
  const disclosed = groups.filter(({ isNobody }) => !isNobody);
  return [cohort, ...disclosed.flatMap(({ set, levels }) => [set, ...levels.map((level) => level.set)])];
}

interface Place {
  readonly rows: ClearRows;
  readonly fields: Fields;
}

function groupsOf(
  cohort: ClearSet,
  whole: ClearSet,
  { rows, fields }: Place,
  shape: JudgedShape,
): Omit<JudgedGroup, "cell">[] {
  const group = (parts: readonly Part[], set: ClearSet, levels: readonly Level[]): Omit<JudgedGroup, "cell"> => {
    return { parts, set, isNobody: isEmpty(set), levels };
  };
  const counts = thresholdsOf(shape, fields).map((least) =>
    group([`at least ${least}`], intersect(whole, atLeast(shape.counted!.column, least, rows)), []),
  );
  if (shape.summed === undefined) return [group(["count"], whole, []), ...counts];
  const present = having(cohort, shape.summed.columns, rows);
  const isAll = isSame(present, cohort);
  const set = isAll ? whole : intersect(whole, present);
  const single = shape.summed.columns.map((column) => levelsOf(set, column, shape, rows));
  const indicated = (shape.indicators ?? []).map((indicator) => sidesOf(set, indicator, rows));
  const levels = [...single, ...indicated];
  const all = [...levels.flat(), ...crossings(levels)];
  return isAll ? [group(["count", "sum"], set, all)] : [group(["count"], whole, []), group(["sum"], set, all)];
}

function thresholdsOf({ counted }: JudgedShape, fields: Fields): number[] {
  const field = counted === undefined ? undefined : fields.get(counted.column);
  return field?.type === "category" ? field.categories.map(Number).filter((value) => value > 0) : [];
}

function having(set: ClearSet, columns: readonly string[], rows: ClearRows): ClearSet {
  return columns.reduce(
    (kept, column) =>
      intersect(
        kept,
        rowsWhere(rows, column, (text) => text !== null),
      ),
    set,
  );
}

/** With s different sums over a set, the counts of v possible values follow when v <= s + 1. */
function levelsOf(set: ClearSet, column: string, { summed }: JudgedShape, rows: ClearRows): Level[] {
  const at = rows.possible.columns.indexOf(column);
  const texts = rows.possible.rows.flatMap((row, index) => (set.shape[index] === 1 ? [row[at] ?? null] : []));
  const values = [...new Set(texts.filter((text) => text !== null))];
  if (values.length < 2 || values.length > summed!.sums + 1) return [];
  return values.map((value) => ({
    value: `${column}=${value}`,
    set: intersect(
      set,
      rowsWhere(rows, column, (text) => text === value),
    ),
  }));
}

/** Rows of which an indicator is 1, and of which it is 0. */
function sidesOf(set: ClearSet, { column, value }: { column: string; value: string }, rows: ClearRows): Level[] {
  const side = (is: boolean): Level => ({
    value: `${column}${is ? "=" : "<>"}${value}`,
    set: intersect(
      set,
      rowsWhere(rows, column, (text) => (text === value) === is),
    ),
  });
  const sides = [side(true), side(false)];
  return sides.some((each) => isEmpty(each.set)) ? [] : sides;
}

/** The sum of the product of two columns of two values counts the rows with each pair of them. */
function crossings(levels: readonly (readonly Level[])[]): Level[] {
  const paired = levels.filter(({ length }) => length === 2);
  return paired.flatMap((left, index) =>
    paired
      .slice(index + 1)
      .flatMap((right) =>
        left.flatMap((a) => right.map((b) => ({ value: `${a.value},${b.value}`, set: intersect(a.set, b.set) }))),
      ),
  );
}

interface Line {
  readonly key: string | null;
  readonly set: ClearSet;
}

/** Categories in their order, or intervals between breaks; missing last. */
function linesOf({ column, missing, breaks }: JudgedAxis, field: StudyField, rows: ClearRows): Line[] {
  const categories = field.type === "category" ? field.categories : [];
  const absent = missing && field.hasMissing ? [null] : [];
  if (breaks === undefined) {
    return [...categories, ...absent].map((key) => ({ key, set: rowsWhere(rows, column, (text) => text === key) }));
  }
  const places = Array.from({ length: breaks.length + 1 }, (_, place) => place);
  return places.map((place) => ({
    key: String(place),
    set: rowsWhere(rows, column, (text) => text !== null && placeAmong(breaks, text) === place),
  }));
}

/** 0 below the first break, i from break i − 1 to break i, the last such closed, and one more above. */
function placeAmong(breaks: readonly number[], text: string): number {
  const reached = breaks.filter((each, index) => compare(text, each) >= (index === breaks.length - 1 ? 1 : 0));
  return reached.length;
}

function atLeast(column: string, least: number, rows: ClearRows): ClearSet {
  return rowsWhere(rows, column, (text) => text !== null && compare(text, least) >= 0);
}

/** Exact: the sign of their difference. */
function compare(left: string, right: number): number {
  const [a, b] = [readDecimal(left)!, readDecimal(String(right))!];
  const decimals = Math.max(a.decimals, b.decimals);
  const difference = scaleDecimal(a, decimals).floor - scaleDecimal(b, decimals).floor;
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

function rowsWhere({ possible, table }: ClearRows, column: string, is: (text: string | null) => boolean): ClearSet {
  const at = possible.columns.indexOf(column);
  const bits = (texts: readonly (readonly (string | null)[])[]): Uint8Array =>
    Uint8Array.from(texts, (row) => (is(row[at] ?? null) ? 1 : 0));
  return { shape: bits(possible.rows), rows: bits(table) };
}
