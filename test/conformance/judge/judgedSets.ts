/**
 * The sets that one answer discloses: its cohort; of every cell its rows, and those that have the summed columns; and where
 * sums count them, smaller sets (docs/query-language.md, "The gate").
 */
import type { StudyField } from "../studyField.ts";
import type { ClearSet } from "./clearSet.ts";
import { atLeast, having, linesOf, rowsWhere } from "./cellLines.ts";
import type { ClearRows } from "./cellLines.ts";
import { intersect, isEmpty, isSame, isWithin, minus } from "./clearSet.ts";
import type { JudgedInterval, JudgedShape, Part } from "./judgedAnswer.ts";
import { FEW_VALUES, MOST_POINTS, toldSets } from "./toldSets.ts";

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

/** A set that several groups add up to. */
export interface JudgedTotal {
  readonly set: ClearSet;
  /** Ascending. */
  readonly groups: readonly number[];
}

export interface CellSet {
  readonly keys: readonly (string | null)[];
  readonly set: ClearSet;
  readonly interval?: JudgedInterval;
}

export interface JudgedSets {
  readonly cohort: ClearSet;
  readonly cells: readonly CellSet[];
  readonly groups: readonly JudgedGroup[];
  /** Of a statistic of order: what its intervals add up to. */
  readonly totals?: readonly JudgedTotal[];
  /** A number, not a category, is summed over so few values that its sums count them. */
  readonly hasFewNumbers: boolean;
}

type Fields = ReadonlyMap<string, StudyField>;

/** @param matching the rows that satisfy the condition */
export function judgedSets(matching: ClearSet, place: Place, shape: JudgedShape): JudgedSets {
  const { rows, fields } = place;
  const cohort = having(matching, shape.present, rows);
  const lines = shape.axes.map((axis) => linesOf(axis, fields.get(axis.column)!, rows));
  const cells = lines.reduce<CellSet[]>(
    (all, axis) =>
      all.flatMap(({ keys, set }) =>
        axis.map((line) => ({ keys: [...keys, line.key], set: intersect(set, line.set) })),
      ),
    [{ keys: [], set: cohort }],
  );
  const groups = cells.flatMap(({ set }, cell) =>
    groupsOf(cohort, set, place, shape).map((group) => ({ cell, ...group })),
  );
  const numbers = (shape.summed?.columns ?? []).filter((column) => fields.get(column)!.type !== "category");
  const hasFewNumbers = groups.some(({ set }) => numbers.some((column) => isCounted(set, column, shape, rows)));
  return { cohort, cells, groups, hasFewNumbers };
}

function isCounted(set: ClearSet, column: string, { summed }: JudgedShape, rows: ClearRows): boolean {
  const isFew = valuesIn(set, column, rows).size <= FEW_VALUES;
  return isFew && toldIn(set, [column], [], summed!.sums, rows).length > 0;
}

/** The cohort, and what the groups disclose, each as often as it is disclosed. */
export function setsIn({ cohort, groups }: JudgedSets): ClearSet[] {
  const disclosed = groups.filter(({ isNobody }) => !isNobody);
  return [cohort, ...disclosed.flatMap(({ set, levels }) => [set, ...levels.map((level) => level.set)])];
}

interface Place {
  readonly rows: ClearRows;
  readonly fields: Fields;
  /** Whether two sets differ only in which values must be present. */
  readonly differInMissing: (a: ClearSet, b: ClearSet) => boolean;
}

function groupsOf(
  cohort: ClearSet,
  whole: ClearSet,
  { rows, fields, differInMissing }: Place,
  shape: JudgedShape,
): Omit<JudgedGroup, "cell">[] {
  const group = (parts: readonly Part[], set: ClearSet, levels: readonly Level[]): Omit<JudgedGroup, "cell"> => {
    return { parts, set, isNobody: isEmpty(set), levels };
  };
  const counts = thresholdsOf(shape, fields).map((least, index, all) => {
    const column = shape.counted!.column;
    const set = intersect(whole, atLeast(column, least, rows));
    const wider = index === 0 ? whole : intersect(whole, atLeast(column, all[index - 1]!, rows));
    // Nested sets are counted: so is what each takes away from the one before.
    return group([`at least ${least}`], set, existing([{ value: `below ${least}`, set: minus(wider, set) }]));
  });
  if (shape.summed === undefined) return [group(["count"], whole, []), ...counts];
  const indicated = (shape.indicators ?? []).map(({ column }) => column);
  const present = having(cohort, [...shape.summed.columns, ...indicated], rows);
  const isAll = isSame(present, cohort);
  const set = isAll ? whole : intersect(whole, present);
  const levels = levelsOf(set, shape, rows);
  if (shape.sumsAlone === true) {
    return sumsOf(set, shape, rows).map((sums) => group(["sum"], sums.set, sums.levels));
  }
  if (isAll) return [group(["count", "sum"], set, levels)];
  // Where another condition chooses who lacks a summed column, the two numbers count them.
  const rest = differInMissing(whole, set) ? [] : existing([{ value: "rest", set: minus(whole, set) }]);
  return [group(["count"], whole, []), group(["sum"], set, [...levels, ...rest])];
}

function existing(levels: readonly Level[]): Level[] {
  return levels.filter(({ set }) => !isEmpty(set));
}

function thresholdsOf({ counted }: JudgedShape, fields: Fields): number[] {
  const field = counted === undefined ? undefined : fields.get(counted.column);
  return field?.type === "category" ? field.categories.map(Number).filter((value) => value > 0) : [];
}

/** The smallest sets that the sums over a set count (`toldSets.ts`), by the columns of few values among them. */
function levelsOf(set: ClearSet, { summed }: Pick<JudgedShape, "summed">, rows: ClearRows): Level[] {
  const { columns, sums } = summed!;
  return toldIn(set, countedColumns(set, columns, sums, rows), [], sums, rows);
}

function countedColumns(set: ClearSet, columns: readonly string[], sums: number, rows: ClearRows): string[] {
  const few = columns.filter((column) => valuesIn(set, column, rows).size <= FEW_VALUES);
  return few.filter((column) => toldIn(set, [column], [], sums, rows).length > 0);
}

interface Sums {
  readonly set: ClearSet;
  readonly levels: readonly Level[];
}

/**
 * Of a regression: over all its rows; over those of whom an indicator is 1, which are counted and whose columns are summed; over
 * those of whom two are, who are counted. What only all of these together tell is told with the last.
 */
function sumsOf(set: ClearSet, { summed, indicators = [] }: JudgedShape, rows: ClearRows): Sums[] {
  const { columns, sums } = summed!;
  const sides = indicators.map(({ column, value }) =>
    intersect(
      set,
      rowsWhere(rows, column, (text) => text === value),
    ),
  );
  const pairs = sides.flatMap((a, index) => sides.slice(index + 1).map((b) => intersect(a, b)));
  const own: Sums[] = [
    { set, levels: levelsOf(set, { summed: summed! }, rows) },
    ...sides.map((side) => ({ set: side, levels: levelsOf(side, { summed: { columns, sums: 1 } }, rows) })),
    ...pairs.map((pair) => ({ set: pair, levels: [] })),
  ];
  const distinct = own.filter((each, index) => !own.slice(0, index).some((other) => isSame(each.set, other.set)));
  const seen = distinct.flatMap((each) => [each.set, ...each.levels.map((level) => level.set)]);
  const told = toldIn(set, countedColumns(set, columns, sums, rows), indicators, sums, rows);
  const joint = told.filter((level) => !seen.some((other) => isSame(level.set, other)));
  return distinct.map((each, index) =>
    index === distinct.length - 1 ? { ...each, levels: [...each.levels, ...joint] } : each,
  );
}

type Indicator = NonNullable<JudgedShape["indicators"]>[number];

/** Among many points, of up to four columns at a time: a 0/1 function of degree two depends on no more columns of two values. */
function toldIn(
  set: ClearSet,
  columns: readonly string[],
  indicators: readonly Indicator[],
  sums: number,
  rows: ClearRows,
): Level[] {
  const at = (column: string): number => rows.possible.columns.indexOf(column);
  const factors: Factor[] = [
    ...columns.map(
      (column): Factor =>
        (row) =>
          row[at(column)] ?? "",
    ),
    ...indicators.map(
      ({ column, value }): Factor =>
        (row) =>
          row[at(column)] === value ? "1" : "0",
    ),
  ];
  if (pointsOf(set, factors, rows).length <= MOST_POINTS) return toldBy(set, factors, sums, rows);
  const few = fewAtATime(factors).filter((some) => pointsOf(set, some, rows).length <= MOST_POINTS);
  const told = few.flatMap((some) => toldBy(set, some, sums, rows));
  const distinct = told.filter((level, index) => !told.slice(0, index).some((other) => isSame(other.set, level.set)));
  const isSmaller = (a: Level, b: Level): boolean => a !== b && isWithin(a.set, b.set);
  return distinct.filter((level) => !distinct.some((other) => isSmaller(other, level)));
}

/** A summed column, or an indicator, of a row. */
type Factor = (row: readonly (string | null)[]) => string;

const AT_A_TIME = 4;

function fewAtATime(factors: readonly Factor[]): Factor[][] {
  const subsets = factors.reduce<Factor[][]>(
    (all, factor) => [...all, ...all.filter(({ length }) => length < AT_A_TIME).map((some) => [...some, factor])],
    [[]],
  );
  return subsets.filter(({ length }) => length > 0);
}

function keyOf(factors: readonly Factor[]): (row: readonly (string | null)[]) => string {
  return (row) => JSON.stringify(factors.map((factor) => factor(row)));
}

function pointsOf(set: ClearSet, factors: readonly Factor[], { possible }: ClearRows): string[] {
  const keys = possible.rows.map(keyOf(factors));
  return [...new Set(keys.filter((_, index) => set.shape[index] === 1))];
}

function toldBy(set: ClearSet, factors: readonly Factor[], sums: number, rows: ClearRows): Level[] {
  const points = pointsOf(set, factors, rows);
  const told = toldSets(
    points.map((point) => JSON.parse(point) as string[]),
    sums > 1,
  );
  const [possible, table] = [rows.possible.rows.map(keyOf(factors)), rows.table.map(keyOf(factors))];
  return told.map((positions) => {
    const inside = new Set(positions.map((position) => points[position]));
    const bits = (of: readonly string[]): Uint8Array => Uint8Array.from(of, (key) => (inside.has(key) ? 1 : 0));
    return { value: [...inside].join(), set: intersect(set, { shape: bits(possible), rows: bits(table) }) };
  });
}

function valuesIn(set: ClearSet, column: string, { possible }: ClearRows): ReadonlySet<string | null> {
  const at = possible.columns.indexOf(column);
  return new Set(possible.rows.flatMap((row, index) => (set.shape[index] === 1 ? [row[at] ?? null] : [])));
}
