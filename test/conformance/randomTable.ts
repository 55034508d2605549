/** fast-check: small tables of a few hospitals, and queries over them, mostly near the rules' limits. */

import { fc } from "../support/fastCheck.ts";
import type { CsvTable, DictionaryField } from "./referenceDirectory.ts";
import { ReferenceQuery } from "./referenceQuery.ts";
import type { JsonRecord } from "./referenceQuery.ts";

export interface TableCase {
  readonly table: CsvTable;
  /** The query's keys, for reports of what failed. */
  readonly keys: JsonRecord;
  readonly query: ReferenceQuery;
}

const NAME = "trial";

const field = (name: string, type: string): DictionaryField => ({ name, type, description: "" });
const FIELDS: readonly DictionaryField[] = [
  field("site", "string"),
  field("arm", "string"),
  field("sex", "string"),
  field("grade", "integer"),
  field("flag", "integer"),
  field("score", "number"),
];

const cell = (texts: readonly string[], isMissing: boolean): fc.Arbitrary<string | null> =>
  fc.oneof(
    { arbitrary: fc.constantFrom(...texts), weight: 8 },
    { arbitrary: fc.constant(null), weight: isMissing ? 1 : 0 },
  );

/** Rows alike, so that cells have many patients, or few. */
const bundle = (mayMiss: readonly boolean[]) =>
  fc.tuple(
    fc.oneof(
      { arbitrary: fc.integer({ min: 1, max: 12 }), weight: 2 },
      { arbitrary: fc.integer({ min: 13, max: 60 }), weight: 1 },
    ),
    fc.tuple(
      cell(["A", "B", "C"], mayMiss[0]!),
      cell(["x", "y", "z"], mayMiss[1]!),
      cell(["f", "m"], mayMiss[2]!),
      cell(["0", "1", "2"], mayMiss[3]!),
      cell(["0", "1"], mayMiss[4]!),
      cell(["0", "2.5", "7", "19.5"], mayMiss[5]!),
    ),
  );

const table: fc.Arbitrary<CsvTable> = fc
  .array(fc.boolean(), { minLength: FIELDS.length, maxLength: FIELDS.length })
  .chain((mayMiss) => fc.array(bundle(mayMiss), { minLength: 3, maxLength: 14 }))
  // A column without any text would become a number's.
  .filter((bundles) => [0, 1, 2].every((column) => bundles.some(([, row]) => row[column] !== null)))
  .map(tableOf);

/** @param bundles rows of site, arm, sex, grade, flag and score, so many of each */
export function tableOf(bundles: readonly (readonly [count: number, row: readonly (string | null)[]])[]): CsvTable {
  return {
    name: NAME,
    fields: FIELDS,
    columns: FIELDS.map(({ name }) => name),
    rows: bundles.flatMap(([count, row]) => Array.from({ length: count }, () => row)),
  };
}

export function caseOf(table: CsvTable, kind: string, keys: JsonRecord): TableCase {
  const asked = { table: NAME, expected: {}, ...keys };
  return { table, keys: asked, query: new ReferenceQuery("case", kind, asked) };
}

const CONDITIONS = [
  "arm = 'x'",
  "arm IN ('x', 'y')",
  "arm <> 'z'",
  "sex = 'f'",
  "sex IS NULL",
  "sex IS NOT NULL",
  "grade >= 1",
  "grade = 2",
  "flag = 1",
  "score > 2.5",
  "score BETWEEN 2.5 AND 7",
  "score < 19",
  "score IS NOT NULL",
  "site <> 'C'",
  "site = 'A'",
];

/** Of every kind whose cells the judge knows: a statistic that the compiler refuses is not asked. */
const statistics: fc.Arbitrary<{ readonly kind: string; readonly keys: JsonRecord }> = fc.oneof(
  { arbitrary: fc.constant({ kind: "count", keys: {} }), weight: 3 },
  {
    arbitrary: fc.constantFrom("score", "flag", "grade").map((column) => ({ kind: "stats", keys: { column } })),
    weight: 3,
  },
  fc.constantFrom(["arm", "sex"], ["grade", "site"]).map(([row, col]) => ({ kind: "crosstab", keys: { row, col } })),
  fc.constant({ kind: "histogram", keys: { column: "score", breaks: [0, 2.5, 10], expected: { groups: [] } } }),
  fc
    .constantFrom(["score", "flag"], ["grade", "flag"], ["score", "grade"])
    .map(([x, y]) => ({ kind: "correlation", keys: { x, y } })),
  fc
    .constantFrom("score ~ flag", "score ~ grade + flag", "score ~ flag + I(arm=='x')", "grade ~ I(sex=='f')")
    .map((formula) => ({ kind: "linear_regression", keys: { formula } })),
);

const query: fc.Arbitrary<Pick<TableCase, "keys" | "query">> = fc
  .record({
    conditions: fc.subarray(CONDITIONS, { maxLength: 2 }),
    word: fc.constantFrom(" AND ", " AND ", " OR "),
    groups: fc.oneof(fc.subarray(["site", "arm", "sex"], { maxLength: 2 }), fc.constant(["grade"])),
    statistic: statistics,
  })
  .map(({ conditions, word, groups, statistic: { kind, keys } }) => {
    const where = conditions.length === 0 ? {} : { where: conditions.join(word) };
    const grouped = ["count", "stats", "histogram"].includes(kind) ? { group_by: groups } : {};
    const asked = { table: NAME, ...grouped, ...where, expected: {}, ...keys };
    return { keys: asked, query: new ReferenceQuery("random", kind, asked) };
  });

export const tableCase: fc.Arbitrary<TableCase> = fc
  .tuple(table, query)
  .map(([made, asked]) => ({ table: made, ...asked }));
