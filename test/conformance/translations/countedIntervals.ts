/** The judge's cells of a statistic of order, gathered by row of the answer, and an answer's intervals against them. */
import { isHidden } from "../../../workers/statistics/hidden.ts";
import type { AnswerTable } from "../../../workers/statistics/finishAnswer.ts";
import type { JudgedCell, JudgedInterval } from "../judge/judgedAnswer.ts";
import { daysOf } from "../studyField.ts";
import { isSameKey, show } from "./compareValues.ts";
import { read, readList } from "./structuredValue.ts";
import type { JsonRecord } from "../referenceQuery.ts";

export interface CountedInterval extends Pick<JudgedInterval, "from" | "to"> {
  readonly count: number;
}

/** Cells that make up one statistic. */
export interface CountedRow {
  readonly keys: JudgedCell["keys"];
  readonly mustHide: boolean;
  readonly rules: readonly string[];
  readonly cells: readonly JudgedCell[];
}

/** @param width how many of the keys name a row of the answer */
export function countedRows(cells: readonly JudgedCell[], width: number): CountedRow[] {
  const rows = new Map<string, JudgedCell[]>();
  for (const cell of cells) {
    const key = JSON.stringify(cell.keys.slice(0, width));
    rows.set(key, [...(rows.get(key) ?? []), cell]);
  }
  return [...rows.values()].map((own) => ({
    keys: own[0]!.keys.slice(0, width),
    mustHide: own.some(({ hidden }) => hidden.has("count")),
    rules: [...new Set(own.flatMap(({ rules }) => rules))],
    cells: own,
  }));
}

/** One slice's, of one output, ascending. */
export function intervalsOf(cells: readonly JudgedCell[], output: number): CountedInterval[] {
  return cells.flatMap(({ interval, rows }) =>
    interval?.output === output ? [{ from: interval.from, to: interval.to, count: rows }] : [],
  );
}

/**
 * Every row of the answer: there, where it counts anybody or is hidden; hidden where any of its cells is; else as `compare` says.
 *
 * @param width how many of the answer's columns are keys, before the statistic
 * @param expected the reference's rows, each with its keys
 */
export function compareRows(
  { rows }: Pick<AnswerTable, "rows">,
  cells: readonly JudgedCell[],
  groupBy: readonly string[],
  expected: readonly JsonRecord[],
  compare: (got: unknown, row: CountedRow, expected: JsonRecord | undefined) => readonly string[],
): string[] {
  const counted = countedRows(cells, groupBy.length);
  const isOf = (keys: CountedRow["keys"]) => (row: readonly unknown[]) => keys.every((key, axis) => row[axis] === key);
  const stray = rows.filter((row) => counted.filter(({ keys }) => isOf(keys)(row)).length !== 1);
  const isExpected = (keys: CountedRow["keys"]) => (each: JsonRecord) =>
    groupBy.every((name, axis) => isSameKey(keys[axis]!, each[name]));
  const unmatched = expected.filter((each) => !counted.some(({ keys }) => isExpected(keys)(each)));
  const problems = counted.flatMap((row) => {
    const where = row.keys.length === 0 ? "the statistic" : `the statistic of ${show(row.keys)}`;
    const found = rows.filter(isOf(row.keys));
    const isNobody = row.keys.length > 0 && !row.mustHide && row.cells.every((cell) => cell.rows === 0);
    if (found.length !== (isNobody ? 0 : 1)) return [`${where} has ${found.length} rows in the answer`];
    if (isNobody) return [];
    const got = found[0]![groupBy.length];
    const why = row.rules.length === 0 ? "" : ` (${row.rules.join("; ")})`;
    if (isHidden(got) !== row.mustHide)
      return [`${where} is ${row.mustHide ? "shown and must not be" : "hidden and need not be"}${why}`];
    return row.mustHide ? [] : compare(got, row, expected.find(isExpected(row.keys)));
  });
  return [
    ...stray.map((row) => `no row is expected like ${show(row)}`),
    ...unmatched.map((each) => `no row can be the expected ${show(groupBy.map((name) => each[name]))}`),
    ...problems,
  ];
}

/** An answer's list of intervals, of which each has these members, and others that are compared elsewhere. */
export function compareIntervals(
  what: string,
  got: unknown,
  key: "count" | "events" | undefined,
  expected: readonly CountedInterval[],
): string[] {
  const list = Array.isArray(got) ? (got as readonly unknown[]) : [];
  if (list.length !== expected.length) return [`${what} are ${list.length}, expected ${expected.length}`];
  return expected.flatMap(({ from, to, count }, at) => {
    const isSame = read(list[at], "from") === from && read(list[at], "to") === to;
    const isCount = key === undefined || read(list[at], key) === count;
    return isSame && isCount
      ? []
      : [`interval ${at + 1} of ${what} is ${show(list[at])}, expected ${show({ from, to, count })}`];
  });
}

/** A number, or the days of a date. */
export function numberOf(text: unknown): number {
  const days = typeof text === "string" ? daysOf(text) : undefined;
  return days === undefined ? Number(text) : Number(days);
}

/** Beyond which no value is, so that it ends the last interval. */
export function endOf({ to }: Pick<JudgedInterval, "to">): number {
  return to === null ? Infinity : numberOf(to);
}

/** Whether a told interval is this one, or none where none is. */
export function isInterval(got: unknown, expected: Pick<JudgedInterval, "from" | "to"> | null): boolean {
  if (expected === null || got === null) return got === expected;
  return read(got, "from") === expected.from && read(got, "to") === expected.to;
}

export function listAt(got: unknown, ...path: readonly (string | number)[]): readonly unknown[] | undefined {
  return Array.isArray(read(got, ...path)) ? readList(got, ...path) : undefined;
}
