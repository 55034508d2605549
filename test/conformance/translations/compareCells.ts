/** An answer that is one row per group against the groups of a reference and what the judge says is hidden. */
import type { AnswerTable, AnswerValue } from "../../../workers/statistics/finishAnswer.ts";
import { isHidden } from "../../../workers/statistics/hidden.ts";
import type { JudgedCell, Part } from "../judge/judgedAnswer.ts";
import { isRecord } from "../referenceQuery.ts";
import type { JsonRecord, JsonValue, ReferenceQuery } from "../referenceQuery.ts";
import { badQuery } from "../conformanceError.ts";
import { compareValue, isSameKey, show } from "./compareValues.ts";
import type { Tolerance } from "./compareValues.ts";

export interface ComparedColumn {
  /** In the reference. */
  readonly key: string;
  readonly tolerance: Tolerance;
  /** Hidden when one of these parts of the cell is. */
  readonly hiddenWith: readonly Part[];
  /** Of a row's values after its keys. */
  read(values: readonly AnswerValue[]): AnswerValue | undefined;
}

/** @param groupBy the answer's first columns, in this order */
export function compareCells(
  query: ReferenceQuery,
  groupBy: readonly string[],
  columns: readonly ComparedColumn[],
  { rows }: AnswerTable,
  cells: readonly JudgedCell[],
): string[] {
  const groups = expectedGroups(query, groupBy);
  const isOf = (keys: readonly (string | null)[]) => (row: readonly AnswerValue[]) =>
    keys.every((key, axis) => row[axis] === key);
  const known = cells.map(({ keys }) => isOf(keys));
  const stray = rows.filter((row) => !known.some((is) => is(row))).map((row) => `no group is ${show(row)}`);
  const problems = cells.flatMap((cell) => {
    const row = rows.find(isOf(cell.keys));
    const group = groups.find((each) => groupBy.every((column, axis) => isSameKey(cell.keys[axis]!, each[column])));
    return compareCell(cell, row?.slice(groupBy.length), group, columns);
  });
  const unmatched = groups.filter(
    (group) => !cells.some(({ keys }) => groupBy.every((column, axis) => isSameKey(keys[axis]!, group[column]))),
  );
  return [...stray, ...problems, ...unmatched.map((group) => `no cell is the expected group ${show(group)}`)];
}

function compareCell(
  cell: JudgedCell,
  values: readonly AnswerValue[] | undefined,
  expected: JsonRecord | undefined,
  columns: readonly ComparedColumn[],
): string[] {
  const where = cell.keys.length === 0 ? "" : ` of ${show(cell.keys)}`;
  const isAbsent = cell.keys.length > 0 && cell.rows === 0 && !cell.hidden.has("count");
  if (values === undefined) return isAbsent ? [] : [`the row${where} is missing`];
  if (isAbsent) return [`a group of nobody${where} is shown`];
  return columns.flatMap(({ key, tolerance, hiddenWith, read }) => {
    const got = read(values);
    const mustHide = hiddenWith.some((part) => cell.hidden.has(part));
    if (mustHide !== isHidden(got)) {
      const why = cell.rules.length > 0 ? ` (${cell.rules.join("; ")})` : "";
      return [`${key}${where} is ${isHidden(got) ? "hidden and need not be" : "shown and must not be"}${why}`];
    }
    if (mustHide) return [];
    const value = expected?.[key];
    if (expected === undefined) return [`${key}${where} is ${show(got)}, and the reference has no such group`];
    return value === undefined ? [] : (compareValue(`${key}${where}`, got, value, tolerance) ?? []);
  });
}

/** Without groups `expected` itself is the one there is, and how many rows match may be told beside it. */
function expectedGroups(query: ReferenceQuery, groupBy: readonly string[]): JsonRecord[] {
  const { expected } = query;
  if (groupBy.length === 0) return [query.matched === undefined ? expected : { count: query.matched, ...expected }];
  const groups: JsonValue | undefined = expected["groups"];
  if (Array.isArray(groups) && (groups as readonly JsonValue[]).every(isRecord)) return groups as JsonRecord[];
  throw badQuery(query.id, '"expected" has no list of "groups"');
}
