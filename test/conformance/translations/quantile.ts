/** `quantile`: of type 7 and of type 1, by group, each a statement of its own. */
import { isHidden } from "../../../workers/statistics/hidden.ts";
import type { JsonRecord, JsonValue } from "../referenceQuery.ts";
import { compareValue, isSameKey, show, sumTolerance } from "./compareValues.ts";
import { conditionKeys, groupItems, usesOf } from "./selection.ts";
import { expectedList, expectedRecords, read } from "./structuredValue.ts";
import type { Statement, TranslateKind } from "./translation.ts";

const TYPES = [7, 1];

export const translateQuantile: TranslateKind = (query) => {
  const column = query.text("column");
  const groupBy = query.texts("group_by");
  const probabilities = query.numbers("probs");
  const groups = groupBy.length === 0 ? [query.expected] : expectedRecords(query, "groups");
  const statement = (type: number): Statement => ({
    select: (naming) => [
      ...groupItems(naming, groupBy),
      `QUANTILE(${[naming.column(column), ...probabilities].join(", ")}, TYPE ${type}) AS quantiles`,
    ],
    groupBy,
    columns: [...groupBy, `type${type}`],
    judged: undefined,
    compare: ({ rows }, _cells, naming) =>
      rows.flatMap((row) => {
        const group = groups.find((each) => groupBy.every((name, axis) => isSameKey(row[axis], each[name])));
        if (group === undefined) return [`no group is expected like ${show(row)}`];
        return compareQuantiles(row[groupBy.length], group, type, naming.unit(column));
      }),
  });
  return {
    table: query.text("table"),
    uses: usesOf(groupBy, [], [column]),
    ...conditionKeys(query),
    derived: [],
    statements: TYPES.map(statement),
  };
};

/** Each is a value, or the interval of the grid that it lies in. */
function compareQuantiles(got: unknown, expected: JsonRecord, type: number, unit: number): string[] {
  if (isHidden(got)) return ["the quantiles are hidden, which the judge knows no rule for"];
  return expectedList(expected, `type${type}`).flatMap((value, place) => {
    const quantile = read(got, "quantiles", place, "value");
    const problem = isInterval(quantile)
      ? outside(quantile, value)
      : compareValue(`quantile ${place + 1}`, quantile, value, sumTolerance(unit));
    return problem === undefined ? [] : [problem];
  });
}

function isInterval(value: unknown): boolean {
  return typeof value === "object" && value !== null && "lower" in value && "upper" in value;
}

function outside(interval: unknown, expected: JsonValue): string | undefined {
  const [lower, upper] = [read(interval, "lower") ?? -Infinity, read(interval, "upper") ?? Infinity];
  const isInside = Number(lower) <= Number(expected) && Number(expected) <= Number(upper);
  return isInside ? undefined : `the quantile ${show(expected)} lies outside ${show(interval)}`;
}
