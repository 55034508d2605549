import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { parseSchema } from "../../workers/schema/parseSchema.ts";
import { clearAnswer } from "../../scripts/demo/clearAnswer.ts";

const schema = parseSchema(
  JSON.stringify({
    name: "clear",
    table: "trial",
    subject: "id",
    missingValues: ["", "NA"],
    fields: [
      { name: "arm", type: "category", categories: ["A", "B"], required: true },
      { name: "response", type: "category", categories: ["0", "1"] },
      { name: "age", type: "integer", minimum: 18, maximum: 90, cutPoints: { from: 20, to: 90, step: 10 } },
    ],
  }),
);

const files = ["id,arm,response,age\n1,A,1,30\n2,A,0,40\n3,B,,50\n", 'id,age,arm,response\n4,60,B,1\n5,NA,"B",0\n'];

describe("clearAnswer", () => {
  it("runs the SQL text over all files, whatever their column order", () => {
    const sql = "SELECT arm, COUNT(*), AVG(response), AVG(age), VAR_SAMP(age) FROM trial GROUP BY arm ORDER BY arm";
    assert.deepEqual(clearAnswer(files, schema, sql, {}), [
      ["A", 2, 0.5, 35, 50],
      ["B", 3, 0.5, 55, 50],
    ]);
  });

  it("binds named parameters, and reads missing values as NULL", () => {
    const sql = "SELECT COUNT(*), COUNT(age) FROM trial WHERE age BETWEEN :lo AND :hi AND arm = :arm";
    assert.deepEqual(clearAnswer(files, schema, sql, { lo: 0, hi: 100, arm: "B" }), [[2, 2]]);
    assert.deepEqual(clearAnswer(files, schema, "SELECT COUNT(*), COUNT(age) FROM trial", {}), [[5, 4]]);
  });

  it("compares a numeric category as the text it is", () => {
    assert.deepEqual(clearAnswer(files, schema, "SELECT COUNT(*), SUM(response) FROM trial WHERE response = 1", {}), [
      [2, 2],
    ]);
  });

  it("rounds a variance of integers once", () => {
    const file = `id,arm,response,age\n${[61, 62, 64].map((age, i) => `${i},A,1,${age}`).join("\n")}\n`;
    assert.deepEqual(clearAnswer([file], schema, "SELECT VAR_POP(age), VAR_SAMP(age) FROM trial", {}), [
      [14 / 9, 7 / 3],
    ]);
  });

  it("gives no variance of fewer than two values", () => {
    const sql = "SELECT VAR_SAMP(age), VAR_POP(age), STDDEV_SAMP(age) FROM trial WHERE age = 60";
    assert.deepEqual(clearAnswer(files, schema, sql, {}), [[null, 0, null]]);
  });
});
