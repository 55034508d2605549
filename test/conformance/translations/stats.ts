/** `stats`: moments of one column, by group. `min` and `max` are one patient's values: not asked, not compared. */
import type { AnswerValue } from "../../../workers/statistics/finishAnswer.ts";
import { HIDDEN, isHidden } from "../../../workers/statistics/hidden.ts";
import { groupAxes } from "../judge/judgedAnswer.ts";
import type { ComparedColumn } from "./compareCells.ts";
import { compareCells } from "./compareCells.ts";
import { EXACT, spreadTolerance, sumTolerance } from "./compareValues.ts";
import { conditionKeys, groupItems, usesOf } from "./selection.ts";
import type { TranslateKind } from "./translation.ts";

export const translateStats: TranslateKind = (query) => {
  const column = query.text("column");
  const groupBy = query.texts("group_by");
  return {
    table: query.text("table"),
    uses: usesOf(groupBy, [column]),
    ...conditionKeys(query),
    derived: [],
    statements: [
      {
        select: (naming) => {
          const x = naming.column(column);
          const moments = STATISTICS.map(([name, alias]) => `${name}(${x}) AS ${alias}`);
          return [...groupItems(naming, groupBy), "COUNT(*) AS rows_counted", ...moments];
        },
        groupBy,
        columns: [...groupBy, "rows", ...REPORTED],
        judged: { axes: groupAxes(groupBy), present: [], summed: { columns: [column], sums: 2 } },
        compare: (answer, cells, naming) => compareCells(query, groupBy, compared(naming.unit(column)), answer, cells),
      },
    ],
  };
};

const STATISTICS = [
  ["COUNT", "values_counted"],
  ["SUM", "total"],
  ["AVG", "average"],
  ["VAR_SAMP", "variance"],
  ["STDDEV_SAMP", "deviation"],
] as const;
const REPORTED = ["n", "sum", "mean", "var", "sd"];

const valueAt = (index: number) => (values: readonly AnswerValue[]) => values[index];

function compared(unit: number): ComparedColumn[] {
  const [sum, spread] = [sumTolerance(unit), spreadTolerance(unit)];
  return [
    { key: "count", tolerance: EXACT, hiddenWith: ["count"], read: valueAt(0) },
    { key: "n", tolerance: EXACT, hiddenWith: ["sum"], read: valueAt(1) },
    { key: "n_missing", tolerance: EXACT, hiddenWith: ["count", "sum"], read: missing },
    { key: "sum", tolerance: sum, hiddenWith: ["sum"], read: valueAt(2) },
    { key: "mean", tolerance: sum, hiddenWith: ["sum"], read: valueAt(3) },
    { key: "var", tolerance: spreadTolerance(unit * unit), hiddenWith: ["sum"], read: valueAt(4) },
    { key: "sd", tolerance: spread, hiddenWith: ["sum"], read: valueAt(5) },
  ];
}

/** Rows without a value: follows where both numbers are shown. */
function missing([rows, n]: readonly AnswerValue[]): AnswerValue {
  return isHidden(rows) || isHidden(n) ? HIDDEN : Number(rows) - Number(n);
}
