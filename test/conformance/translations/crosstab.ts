/** `crosstab`: counts of two categories together, of rows that have both, and the tests of their independence. */
import type { JudgedCell } from "../judge/judgedAnswer.ts";
import type { JsonRecord, JsonValue, ReferenceQuery } from "../referenceQuery.ts";
import { EXACT, isSameKey, show, spreadTolerance } from "./compareValues.ts";
import { conditionKeys, usesOf } from "./selection.ts";
import { compareShown, expectedList, read, readList } from "./structuredValue.ts";
import type { TranslateKind } from "./translation.ts";

export const translateCrosstab: TranslateKind = (query) => {
  const [row, column] = [query.text("row"), query.text("col")];
  return {
    table: query.text("table"),
    uses: usesOf([row, column], []),
    ...conditionKeys(query),
    derived: [],
    statements: [
      {
        select: (naming) => [`CROSSTAB(${naming.column(row)}, ${naming.column(column)}) AS cross_table`],
        groupBy: [],
        columns: ["crosstab"],
        judged: {
          axes: [
            { column: row, missing: false },
            { column, missing: false },
          ],
          present: [row, column],
        },
        compare: ({ rows }, cells) => compareTable(query, rows[0]?.[0], cells),
      },
    ],
  };
};

/** By key in the reference, where the answer has it. */
const TESTS: readonly (readonly [key: string, ...path: string[]])[] = [
  ["n_complete", "n"],
  ["chisq", "chiSquare"],
  ["df", "df"],
  ["p", "p"],
  ["min_expected", "minExpected"],
  ["chisq_yates", "twoByTwo", "yates", "chiSquare"],
  ["odds_ratio", "twoByTwo", "oddsRatio", "estimate"],
];

function compareTable({ expected }: ReferenceQuery, table: unknown, cells: readonly JudgedCell[]): string[] {
  const [rows, columns] = [readList(table, "rows"), readList(table, "columns")];
  const counts = cells.flatMap(({ keys: [row, column], hidden }) => {
    const got = read(table, "counts", rows.indexOf(row), columns.indexOf(column));
    const count = expectedCount(expected, row!, column!);
    return compareShown(`the count of ${show([row, column])}`, got, count, EXACT, hidden.has("count"));
  });
  const mustHide = cells.some(({ hidden }) => hidden.has("count"));
  const test = read(table, "test");
  if (mustHide) return [...counts, ...compareShown("the test", test, undefined, EXACT, true)];
  const tests = TESTS.flatMap(([key, ...path]) =>
    compareShown(key, read(test, ...path), expected[key], spreadTolerance(0), false),
  );
  return [...counts, ...tests];
}

/** 0 where the reference's table has no such line. */
function expectedCount(expected: JsonRecord, row: string | null, column: string | null): JsonValue {
  const lineOf = (key: string, label: string | null): number =>
    expectedList(expected, key).findIndex((each) => isSameKey(label, each));
  const count = read(expected["counts"], lineOf("rows", row), lineOf("cols", column));
  return typeof count === "number" || typeof count === "string" ? count : 0;
}
