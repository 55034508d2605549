import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CodedError } from "../../../workers/errors.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import type { SqlErrorDetail } from "../../../workers/query/sqlError.ts";
import { trialSchema } from "./trialSchema.ts";

type Refusal = readonly [sql: string, code: SqlErrorDetail["code"], fragment: string, position: string, says: RegExp];

const C = "SELECT COUNT(*) FROM trial WHERE ";

const REFUSALS: readonly Refusal[] = [
  ["", "SQL_SYNTAX", "", "1:1", /empty/],
  [";", "SQL_SYNTAX", ";", "1:1", /empty/],
  ["SELECT", "SQL_UNSUPPORTED", "SELECT", "1:1", /FROM is missing/],
  ["SELECT COUNT(*) FORM trial WHERE", "SQL_SYNTAX", "trial", "1:22", /syntax error/],
  ["SELECT COUNT(*) FROM trial WHERE site = 'abc", "SQL_SYNTAX", "'abc", "1:41", /unterminated/],
  ["SELECT COUNT(*)\nFROM trial\nWHERE age > :é", "SQL_UNSUPPORTED", ":é", "3:13", /a colon and a name/],
  ["SELECT COUNT(*) FROM trial WHERE age > $1", "SQL_UNSUPPORTED", "$1", "1:40", /:name/],
  ["INSERT INTO trial VALUES (1)", "SQL_UNSUPPORTED", "INSERT", "1:1", /only SELECT/],
  ["DROP TABLE trial", "SQL_UNSUPPORTED", "DROP", "1:1", /only SELECT/],
  ["COPY trial TO '/tmp/x'", "SQL_UNSUPPORTED", "COPY", "1:1", /only SELECT/],
  ["SELECT COUNT(*) FROM trial; DROP TABLE trial", "SQL_UNSUPPORTED", "DROP TABLE trial", "1:29", /one statement/],
  ["SELECT * FROM trial", "SQL_UNSUPPORTED", "*", "1:8", /rows never leave/],
  ["SELECT trial.* FROM trial", "SQL_UNSUPPORTED", "trial.*", "1:8", /rows never leave/],
  ["SELECT age FROM trial", "SQL_UNSUPPORTED", "SELECT age", "1:1", /at least one aggregate/],
  ["SELECT age, COUNT(*) FROM trial", "SQL_UNSUPPORTED", "age", "1:8", /GROUP BY/],
  ["SELECT arm, COUNT(*) FROM trial", "SQL_UNSUPPORTED", "arm", "1:8", /add arm to GROUP BY/],
  ["SELECT MIN(age) FROM trial", "SQL_UNSUPPORTED", "MIN(age)", "1:8", /one patient's value/],
  ["SELECT COUNT(*), max(age) m FROM trial", "SQL_UNSUPPORTED", "max(age) m", "1:18", /one patient's value/],
  ["SELECT COUNT(1) FROM trial", "SQL_UNSUPPORTED", "COUNT(1)", "1:8", /COUNT\(\*\)/],
  ["SELECT SUM(*) FROM trial", "SQL_UNSUPPORTED", "SUM(*)", "1:8", /only COUNT takes/],
  ["SELECT SUM(age + 1) FROM trial", "SQL_UNSUPPORTED", "SUM(age + 1)", "1:8", /not an expression/],
  ["SELECT SUM(age) / COUNT(*) FROM trial", "SQL_UNSUPPORTED", "SUM(age) / COUNT(*)", "1:8", /expressions/],
  ["SELECT COUNT(DISTINCT arm) FROM trial", "SQL_UNSUPPORTED", "COUNT(DISTINCT arm)", "1:8", /DISTINCT/],
  ["SELECT DISTINCT arm FROM trial", "SQL_UNSUPPORTED", "DISTINCT arm", "1:8", /GROUP BY/],
  [
    "SELECT COUNT(*) FILTER (WHERE age > 20) FROM trial",
    "SQL_UNSUPPORTED",
    "COUNT(*) FILTER (WHERE age > 20)",
    "1:8",
    /FILTER/,
  ],
  [
    "SELECT SUM(age) OVER (PARTITION BY arm) FROM trial",
    "SQL_UNSUPPORTED",
    "SUM(age) OVER (PARTITION BY arm)",
    "1:8",
    /window/,
  ],
  ["SELECT pg_sleep(10) FROM trial", "SQL_UNSUPPORTED", "pg_sleep(10)", "1:8", /not offered/],
  ["SELECT pg_catalog.count(age) FROM trial", "SQL_UNSUPPORTED", "pg_catalog.count(age)", "1:8", /not offered/],
  ["SELECT COUNT(*)::int FROM trial", "SQL_UNSUPPORTED", "COUNT(*)::int", "1:8", /expressions/],
  ["SELECT COUNT(*) FROM patients", "SQL_UNKNOWN_TABLE", "patients", "1:22", /trial/],
  ["SELECT COUNT(*) FROM public.trial", "SQL_UNSUPPORTED", "public.trial", "1:22", /without schema/],
  ["SELECT COUNT(*) FROM trial t", "SQL_UNSUPPORTED", "trial t", "1:22", /alias/],
  ["SELECT COUNT(*) FROM ONLY trial", "SQL_UNSUPPORTED", "ONLY trial", "1:22", /ONLY/],
  ["SELECT COUNT(*) FROM trial, other", "SQL_UNSUPPORTED", "other", "1:29", /joins/],
  ["SELECT COUNT(*) FROM trial JOIN other ON true", "SQL_UNSUPPORTED", "trial JOIN other ON true", "1:22", /joins/],
  ["SELECT COUNT(*) FROM (SELECT * FROM trial) x", "SQL_UNSUPPORTED", "(SELECT * FROM trial) x", "1:22", /by name/],
  [
    "SELECT COUNT(*) FROM trial GROUP BY arm HAVING COUNT(*) > 3",
    "SQL_UNSUPPORTED",
    "HAVING COUNT(*) > 3",
    "1:41",
    /WHERE/,
  ],
  [
    "SELECT COUNT(*) FROM trial GROUP BY arm ORDER BY arm",
    "SQL_UNSUPPORTED",
    "ORDER BY arm",
    "1:41",
    /order of the schema/,
  ],
  ["SELECT COUNT(*) FROM trial LIMIT 1", "SQL_UNSUPPORTED", "LIMIT 1", "1:28", /every group/],
  ["SELECT COUNT(*) FROM trial OFFSET 1", "SQL_UNSUPPORTED", "OFFSET 1", "1:28", /every group/],
  ["SELECT COUNT(*) FROM trial FOR UPDATE", "SQL_UNSUPPORTED", "FOR UPDATE", "1:28", /locking/],
  [
    "SELECT COUNT(*) FROM trial UNION SELECT COUNT(*) FROM trial",
    "SQL_UNSUPPORTED",
    "UNION SELECT COUNT(*)",
    "1:28",
    /set operations/,
  ],
  ["WITH x AS (SELECT 1) SELECT COUNT(*) FROM trial", "SQL_UNSUPPORTED", "WITH x", "1:1", /WITH/],
  ["SELECT COUNT(*) INTO y FROM trial", "SQL_UNSUPPORTED", "INTO y", "1:17", /INTO/],
  ["VALUES (1)", "SQL_UNSUPPORTED", "VALUES (1)", "1:1", /VALUES/],
  ["SELECT COUNT(*) FROM trial GROUP BY 1", "SQL_UNSUPPORTED", "1", "1:37", /column's name/],
  ["SELECT COUNT(*) FROM trial GROUP BY ROLLUP (arm)", "SQL_UNSUPPORTED", "ROLLUP (arm)", "1:37", /column names/],
  ["SELECT COUNT(*) FROM trial GROUP BY age", "SQL_TYPE", "age", "1:37", /categorical/],
  ["SELECT COUNT(*) FROM trial GROUP BY ArmX", "SQL_UNKNOWN_COLUMN", "ArmX", "1:37", /arm/],
  ["SELECT AVG(respons) FROM trial", "SQL_UNKNOWN_COLUMN", "respons", "1:12", /did you mean response/],
  ["SELECT AVG(patient_id) FROM trial", "SQL_UNKNOWN_COLUMN", "patient_id", "1:12", /never shared/],
  ["SELECT AVG(arm) FROM trial", "SQL_TYPE", "AVG(arm)", "1:8", /COUNT\(arm\)/],
  ["SELECT AVG(enrolled) FROM trial", "SQL_TYPE", "AVG(enrolled)", "1:8", /date/],
  ["SELECT COUNT(*), COUNT(*) FROM trial", "SQL_UNSUPPORTED", "COUNT(*)", "1:18", /AS/],
  [`${C}age = 20 OR age = 25`, "SQL_UNSUPPORTED", "age = 20 OR age = 25", "1:34", /OR is not offered/],
  [`${C}NOT age > 20`, "SQL_UNSUPPORTED", "NOT age > 20", "1:34", /NOT is not offered/],
  [`${C}age > 20 AND lower(arm) = 'x'`, "SQL_UNSUPPORTED", "lower(arm) = 'x'", "1:47", /function call/],
  [`${C}age + 1 > 20`, "SQL_UNSUPPORTED", "age + 1 > 20", "1:34", /arithmetic/],
  [`${C}age::text = '3'`, "SQL_UNSUPPORTED", "age::text = '3'", "1:34", /cast/],
  [`${C}age = weight`, "SQL_UNSUPPORTED", "age = weight", "1:34", /two columns/],
  [`${C}1 = 1`, "SQL_UNSUPPORTED", "1 = 1", "1:34", /no column/],
  [`${C}true`, "SQL_UNSUPPORTED", "true", "1:34", /a condition compares/],
  [`${C}arm`, "SQL_UNSUPPORTED", "arm", "1:34", /not a condition/],
  [`${C}arm LIKE 'drug%'`, "SQL_UNSUPPORTED", "arm LIKE 'drug%'", "1:34", /a condition compares/],
  [`${C}arm = NULL`, "SQL_UNSUPPORTED", "arm = NULL", "1:34", /IS NULL/],
  [`${C}arm IN ('control', NULL)`, "SQL_UNSUPPORTED", "arm IN ('control', NULL)", "1:34", /IS NULL/],
  [`${C}arm IS DISTINCT FROM 'x'`, "SQL_UNSUPPORTED", "arm IS DISTINCT FROM 'x'", "1:34", /a condition compares/],
  [`${C}arm IS TRUE`, "SQL_UNSUPPORTED", "arm IS TRUE", "1:34", /IS TRUE/],
  [`${C}arm IN (SELECT 'x')`, "SQL_UNSUPPORTED", "arm IN (SELECT 'x')", "1:34", /subqueries/],
  [`${C}arm NOT IN (SELECT 'x')`, "SQL_UNSUPPORTED", "arm NOT IN (SELECT 'x')", "1:34", /subqueries/],
  [`${C}EXISTS (SELECT 1)`, "SQL_UNSUPPORTED", "EXISTS (SELECT 1)", "1:34", /subqueries/],
  [`${C}age = ANY (ARRAY[20])`, "SQL_UNSUPPORTED", "age = ANY (ARRAY[20])", "1:34", /a condition compares/],
  [
    `${C}age BETWEEN SYMMETRIC 20 AND 30`,
    "SQL_UNSUPPORTED",
    "age BETWEEN SYMMETRIC 20 AND 30",
    "1:34",
    /a condition compares/,
  ],
  [`${C}age OPERATOR(pg_catalog.=) 20`, "SQL_UNSUPPORTED", "age OPERATOR(pg_catalog.=) 20", "1:34", /operator/],
  [`${C}age > 1e1`, "SQL_UNSUPPORTED", "1e1", "1:40", /plain digits/],
  [`${C}age = '20'`, "SQL_TYPE", "'20'", "1:40", /without quotes/],
  [`${C}enrolled > 2020`, "SQL_TYPE", "2020", "1:45", /YYYY-MM-DD/],
  [`${C}enrolled > '2021-02-29'`, "SQL_TYPE", "'2021-02-29'", "1:45", /existing date/],
  [`${C}arm = 1`, "SQL_TYPE", "1", "1:40", /single quotes/],
  [`${C}arm > 'control'`, "SQL_TYPE", "'control'", "1:40", /category/],
  [`${C}grade >= :g`, "SQL_TYPE", ":g", "1:43", /category/],
  [`${C}arm = 'Control'`, "SQL_UNKNOWN_CATEGORY", "'Control'", "1:40", /did you mean 'control'/],
  [`${C}site = 'O''Brian'`, "SQL_UNKNOWN_CATEGORY", "'O''Brian'", "1:41", /'O''Brien'/],
  [`${C}age > 42`, "SQL_NO_CUT_POINT", "age > 42", "1:34", /age >= 43.*40 and 45/],
  [`${C}age BETWEEN 20 AND 31`, "SQL_NO_CUT_POINT", "age BETWEEN 20 AND 31", "1:34", /age >= 32.*30 and 35/],
  [`${C}age = 20`, "SQL_NO_CUT_POINT", "age = 20", "1:34", /age >= 21/],
  [`${C}weight >= 80`, "SQL_NO_CUT_POINT", "weight >= 80", "1:34", /no cut-points/],
  [`${C}weight = :a`, "SQL_PARAMETER", ":a", "1:43", /no value of weight/],
  [`${C}age >= :a AND response >= :a`, "SQL_PARAMETER", ":a", "1:60", /another type/],
  [`${C}arm = :a AND biomarker = :a`, "SQL_PARAMETER", ":a", "1:59", /another type/],
  [`${C}age > 90`, "SQL_NEVER_TRUE", "age > 90", "1:34", /between 18 and 90/],
  [`${C}arm = 'control' AND arm = 'drug A'`, "SQL_NEVER_TRUE", "arm = 'drug A'", "1:54", /never TRUE/],
  [`${C}arm IS NULL`, "SQL_NEVER_TRUE", "arm IS NULL", "1:34", /never missing/],
  [`${C}age IS NULL AND age > 20`, "SQL_NO_CUT_POINT", "age > 20", "1:50", /age >= 21/],
  [`${C}age IS NULL AND age >= 20`, "SQL_NEVER_TRUE", "age >= 20", "1:50", /never TRUE/],
  ["SELECT COUNT(*) FROM trial -- \u202e", "SQL_UNSUPPORTED", "U+202E", "1:31", /invisible/],
  ...[
    "00AD",
    "034F",
    "061C",
    "180E",
    "200B",
    "200C",
    "200D",
    "202E",
    "2064",
    "3164",
    "FE0F",
    "FEFF",
    "E000",
    "D800",
  ].map((hex): Refusal => {
    const sql = `SELECT COUNT(*) FROM trial\n-- ${String.fromCodePoint(parseInt(hex, 16))}x`;
    return [sql, "SQL_UNSUPPORTED", `U+${hex}`, "2:4", new RegExp(`line 2, column 4: .*U\\+${hex}`)];
  }),
  ["SELECT COUNT(*) FROM trial -- \u{e0041}", "SQL_UNSUPPORTED", "U+E0041", "1:31", /invisible/],
  ["SELECT COUNT(*) FROM trial -- not this\rWHERE", "SQL_UNSUPPORTED", "U+000D", "1:39", /invisible/],
  ["SELECT COUNT(*) FROM trial\r\n-- a\r\r\n", "SQL_UNSUPPORTED", "U+000D", "2:5", /invisible/],
  ["SELECT COUNT(*)\u0000 FROM trial", "SQL_UNSUPPORTED", "U+0000", "1:16", /invisible/],
  [`SELECT COUNT(*) AS ${"n".repeat(64)} FROM trial`, "SQL_UNSUPPORTED", "n".repeat(64), "1:20", /63 bytes/],
  [
    "SELECT VAR_POP(age) FROM trial GROUP BY arm, biomarker, grade, site, arm",
    "SQL_TOO_LARGE",
    "SELECT VAR_POP(age)",
    "1:1",
    /1024/,
  ],
];

async function refusalOf(sql: string): Promise<CodedError<SqlErrorDetail>> {
  try {
    await compileQuery(sql, trialSchema);
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    return error as CodedError<SqlErrorDetail>;
  }
  throw new assert.AssertionError({ message: `compiled: ${sql}` });
}

describe("what the language refuses", () => {
  for (const [sql, code, fragment, position, says] of REFUSALS) {
    it(`${JSON.stringify(sql)} is ${code}`, async () => {
      const { detail, message } = await refusalOf(sql);
      const at = `${detail.line}:${detail.column}`;
      assert.deepEqual({ code: detail.code, fragment: detail.fragment, at }, { code, fragment, at: position });
      assert.match(message, says);
    });
  }

  it("counts columns in characters, before and after parameters", async () => {
    const { detail } = await refusalOf(
      "SELECT COUNT(*) FROM trial -- é 東 𝔘\nWHERE site = '東京' AND age >= :lower AND age > 42",
    );
    assert.deepEqual([detail.line, detail.column, detail.fragment], [2, 41, "age > 42"]);
  });

  it("takes tabs and both kinds of line ends", async () => {
    await compileQuery("SELECT COUNT(*)\r\n\tFROM trial\n", trialSchema);
  });

  it("refuses a query longer than 16 KiB, and deep parentheses without a crash", async () => {
    assert.equal((await refusalOf(`SELECT COUNT(*) FROM trial ${" ".repeat(16_400)}`)).code, "SQL_TOO_LARGE");
    const deep = `${C}${"(".repeat(3_000)}age + 1 > 2${")".repeat(3_000)}`;
    assert.equal((await refusalOf(deep)).code, "SQL_UNSUPPORTED");
  });

  it("refuses sums that could exceed the field", async () => {
    const options = { maxRows: 1n << 250n };
    await assert.rejects(compileQuery("SELECT AVG(age) FROM trial", trialSchema, options), {
      detail: { code: "SQL_OVERFLOW", fragment: "SELECT AVG(age)", line: 1, column: 1 },
    });
    await compileQuery("SELECT COUNT(*) FROM trial", trialSchema, options);
  });
});
