import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CodedError } from "../../../workers/errors.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import type { SqlErrorDetail } from "../../../workers/query/sqlError.ts";
import { trialSchema } from "./trialSchema.ts";

type Refusal = readonly [sql: string, code: SqlErrorDetail["code"], fragment: string, position: string, says: RegExp];

const C = "SELECT COUNT(*) FROM trial WHERE ";

const REFUSALS: readonly Refusal[] = [
  ["SELECT age, COUNT(*) FROM trial", "SQL_UNSUPPORTED", "age", "1:8", /GROUP BY/],
  ["SELECT arm, COUNT(*) FROM trial", "SQL_UNSUPPORTED", "arm", "1:8", /add arm to GROUP BY/],
  ["SELECT COUNT(*) FROM patients", "SQL_UNKNOWN_TABLE", "patients", "1:22", /trial/],
  ["SELECT COUNT(*) FROM trial GROUP BY age", "SQL_TYPE", "age", "1:37", /categorical/],
  ["SELECT COUNT(*) FROM trial GROUP BY ArmX", "SQL_UNKNOWN_COLUMN", "ArmX", "1:37", /arm/],
  ["SELECT AVG(respons) FROM trial", "SQL_UNKNOWN_COLUMN", "respons", "1:12", /did you mean response/],
  [`${C}arm = "agent"`, "SQL_UNSUPPORTED", 'arm = "agent"', "1:34", /two columns.*; text stands in single quotes$/],
  [
    `${C}arm IN ("agent")`,
    "SQL_UNSUPPORTED",
    'arm IN ("agent")',
    "1:34",
    /another column.*; text stands in single quotes$/,
  ],
  ["SELECT AVG(patient_id) FROM trial", "SQL_UNKNOWN_COLUMN", "patient_id", "1:12", /never shared/],
  ["SELECT AVG(arm) FROM trial", "SQL_TYPE", "AVG(arm)", "1:8", /COUNT\(arm\)/],
  ["SELECT AVG(enrolled) FROM trial", "SQL_TYPE", "AVG(enrolled)", "1:8", /date/],
  ["SELECT COUNT(*), COUNT(*) FROM trial", "SQL_UNSUPPORTED", "COUNT(*)", "1:18", /AS/],
  [`${C}age = '20'`, "SQL_TYPE", "'20'", "1:40", /without quotes/],
  [`${C}enrolled > 2020`, "SQL_TYPE", "2020", "1:45", /YYYY-MM-DD/],
  [`${C}enrolled > '2021-02-29'`, "SQL_TYPE", "'2021-02-29'", "1:45", /existing date/],
  [`${C}arm = 1`, "SQL_TYPE", "1", "1:40", /single quotes/],
  [`${C}arm > 1`, "SQL_TYPE", "1", "1:40", /single quotes/],
  [`${C}grade > '1'`, "SQL_TYPE", "'1'", "1:42", /without quotes/],
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

describe("what the compiler refuses", () => {
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

  it("refuses sums that could exceed the field", async () => {
    const options = { maxRows: 1n << 250n };
    await assert.rejects(compileQuery("SELECT AVG(age) FROM trial", trialSchema, options), {
      detail: { code: "SQL_OVERFLOW", fragment: "SELECT AVG(age)", line: 1, column: 1 },
    });
    await compileQuery("SELECT COUNT(*) FROM trial", trialSchema, options);
  });
});
