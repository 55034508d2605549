/** `count`: rows that satisfy the condition, by group. */
import { groupAxes } from "../judge/judgedAnswer.ts";
import { compareCells } from "./compareCells.ts";
import type { ComparedColumn } from "./compareCells.ts";
import { EXACT } from "./compareValues.ts";
import { conditionKeys, groupItems, usesOf } from "./selection.ts";
import type { TranslateKind } from "./translation.ts";

export const translateCount: TranslateKind = (query) => {
  const groupBy = query.texts("group_by");
  return {
    table: query.text("table"),
    uses: usesOf(groupBy, []),
    ...conditionKeys(query),
    derived: [],
    statements: [
      {
        select: (naming) => [...groupItems(naming, groupBy), "COUNT(*) AS rows_counted"],
        groupBy,
        columns: [...groupBy, "count"],
        judged: { axes: groupAxes(groupBy), present: [] },
        compare: (answer, cells) => compareCells(query, groupBy, [COUNT], answer, cells),
      },
    ],
  };
};

const COUNT: ComparedColumn = {
  key: "count",
  tolerance: EXACT,
  hiddenWith: ["count"],
  read: ([count]) => count,
};
