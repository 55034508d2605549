/**
 * `correlation`: Pearson's coefficient over the rows that have both columns, and their number. The reference's t and df are
 * functions of these two, and its p and interval of those.
 */
import type { ReferenceQuery } from "../referenceQuery.ts";
import { compareValue, EXACT, spreadTolerance } from "./compareValues.ts";
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
            ...(mustHide ? [] : compareTest(query, Number(n), Number(pearson))),
          ];
        },
      },
    ],
  };
};

/** t = r·√((n − 2)/(1 − r²)), where it is defined. */
function compareTest({ expected }: ReferenceQuery, n: number, r: number): string[] {
  if (typeof expected["t"] !== "number" || n < 3 || Math.abs(r) >= 1) return [];
  const t = r * Math.sqrt((n - 2) / (1 - r * r));
  return [
    compareValue("t", t, expected["t"], spreadTolerance(1)),
    compareValue("df", n - 2, expected["df"] ?? n - 2, EXACT),
  ].filter((problem) => problem !== undefined);
}
