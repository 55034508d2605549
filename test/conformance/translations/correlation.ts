/**
 * `correlation`: Pearson's coefficient over the rows that have both columns, and their number. The reference's t, p and interval
 * are functions of these two.
 */
import { EXACT, spreadTolerance } from "./compareValues.ts";
import { conditionKeys, usesOf } from "./selection.ts";
import { compareShown } from "./structuredValue.ts";
import type { TranslateKind } from "./translation.ts";

export const translateCorrelation: TranslateKind = (query) => {
  const [x, y] = [query.text("x"), query.text("y")];
  return {
    table: query.text("table"),
    uses: usesOf([], [x, y]),
    ...conditionKeys(query),
    derived: [],
    statements: [
      {
        select: (naming) => {
          const pair = `${naming.column(y)}, ${naming.column(x)}`;
          return [`REGR_COUNT(${pair}) AS pairs_counted`, `CORR(${pair}) AS coefficient`];
        },
        groupBy: [],
        columns: ["n", "pearson"],
        judged: { axes: [], present: [], summed: { columns: [x, y], sums: 2 }, sumsAlone: true },
        compare: ({ rows }, [cell]) => {
          const [n, pearson] = rows[0] ?? [];
          const mustHide = cell?.hidden.has("sum") === true;
          return [
            ...compareShown("n", n, query.expected["n"], EXACT, mustHide),
            ...compareShown("pearson", pearson, query.expected["pearson"], spreadTolerance(1), mustHide),
          ];
        },
      },
    ],
  };
};
