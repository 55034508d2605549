/**
 * `quantile`: of type 7 and of type 1, by group, each a statement of its own. Without disclosure control each is a value, with it the
 * interval of merged lines that holds it.
 */
import type { AnswerTable } from "../../../workers/statistics/finishAnswer.ts";
import { isHidden } from "../../../workers/statistics/hidden.ts";
import { groupAxes } from "../judge/judgedAnswer.ts";
import type { JsonRecord } from "../referenceQuery.ts";
import { compareValue, isSameKey, show, sumTolerance } from "./compareValues.ts";
import { compareRows, numberOf } from "./countedIntervals.ts";
import { compareIntervalQuantiles } from "./intervalQuantiles.ts";
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
    judged: { axes: groupAxes(groupBy), present: [column], order: { column } },
    compare: (answer, cells, naming) => {
      const unit = naming.unit(column);
      if (cells.length === 0) return compareExact(answer, groupBy, groups, type, unit);
      return compareRows(answer, cells, groupBy, groups, (got, row, expected) =>
        compareIntervalQuantiles(got, row, expected, { type, probabilities, unit }),
      );
    },
  });
  return {
    table: query.text("table"),
    uses: usesOf(groupBy, [], [column]),
    ...conditionKeys(query),
    derived: [],
    statements: TYPES.map(statement),
  };
};

function compareExact(
  { rows }: AnswerTable,
  groupBy: readonly string[],
  groups: readonly JsonRecord[],
  type: number,
  unit: number,
): string[] {
  return rows.flatMap((row) => {
    const group = groups.find((each) => groupBy.every((name, axis) => isSameKey(row[axis], each[name])));
    if (group === undefined) return [`no group is expected like ${show(row)}`];
    const got = row[groupBy.length];
    if (isHidden(got)) return ["the quantiles are hidden without disclosure control"];
    return expectedList(group, `type${type}`).flatMap((value, place) => {
      const quantile = read(got, "quantiles", place, "value");
      const number = value === null ? null : numberOf(value);
      return compareValue(`quantile ${place + 1}`, quantile, number, sumTolerance(unit)) ?? [];
    });
  });
}
