import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import type { AnswerTable } from "../../../workers/statistics/finishAnswer.ts";
import { finishAnswer } from "../../../workers/statistics/finishAnswer.ts";
import { HIDDEN, isHidden } from "../../../workers/statistics/hidden.ts";
import { trialSchema } from "../query/trialSchema.ts";

async function finish(sql: string, sums: readonly bigint[], hidden: readonly number[] = []): Promise<AnswerTable> {
  const { descriptor } = await compileQuery(sql, trialSchema);
  const residues = sums.map((sum) => (sum < 0n ? sum + BN254_FR_MODULUS : sum));
  return finishAnswer(descriptor, trialSchema, residues, new Set(hidden));
}

const MOMENTS =
  "SELECT COUNT(age), SUM(age), AVG(age), VAR_POP(age), VAR_SAMP(age), STDDEV_POP(age), STDDEV_SAMP(age) FROM trial";

describe("finishAnswer", () => {
  it("finishes moments exactly", async () => {
    const { columns, rows } = await finish(MOMENTS, [3n, 6n, 14n]);
    assert.deepEqual(columns.slice(0, 3), ["COUNT(age)", "SUM(age)", "AVG(age)"]);
    assert.deepEqual(rows, [[3, 6, 2, 2 / 3, 1, Math.sqrt(2 / 3), 1]]);
  });

  it("gives null where SQL does: no values, and sample variances of one", async () => {
    assert.deepEqual((await finish(MOMENTS, [0n, 0n, 0n])).rows, [[0, null, null, null, null, null, null]]);
    assert.deepEqual((await finish(MOMENTS, [1n, 50n, 2500n])).rows, [[1, 50, 50, 0, null, 0, null]]);
  });

  it("scales decimals back, with signs", async () => {
    const sql = "SELECT SUM(response), AVG(response), VAR_SAMP(response) FROM trial";
    // -0.10, 0.20, 0.20
    assert.deepEqual((await finish(sql, [3n, 30n, 900n])).rows, [[0.3, 0.1, 0.03]]);
    assert.deepEqual((await finish(sql, [2n, -30n, 500n])).rows, [[-0.3, -0.15, 0.005]]);
  });

  it("does not lose a small spread on a large mean", async () => {
    const n = 10n ** 9n;
    const large = 10n ** 15n;
    const [row] = (
      await finish("SELECT VAR_POP(age) FROM trial", [
        2n * n,
        2n * n * large + n,
        n * large * large + n * (large + 1n) ** 2n,
      ])
    ).rows;
    assert.deepEqual(row, [0.25]);
  });

  it("gives integers beyond 2^53 as text", async () => {
    const { rows } = await finish("SELECT COUNT(age), SUM(age) FROM trial", [1n << 53n, -(1n << 60n)]);
    assert.deepEqual(rows, [["9007199254740992", "-1152921504606846976"]]);
  });

  it("orders groups as the schema does, missing last, and leaves out groups without rows", async () => {
    const sql = "SELECT biomarker, COUNT(*), AVG(response), arm FROM trial GROUP BY arm, biomarker";
    const cells = [
      [2n, 1n, 500n],
      [0n, 0n, 0n],
      [1n, 0n, 0n],
      [0n, 0n, 0n],
      [4n, 2n, -100n],
      [0n, 0n, 0n],
      [0n, 0n, 0n],
      [0n, 0n, 0n],
      [1n, 1n, 7n],
    ];
    assert.deepEqual((await finish(sql, cells.flat())).rows, [
      ["positive", 2, 5, "control"],
      [null, 1, null, "control"],
      ["negative", 4, -0.5, "drug A"],
      [null, 1, 0.07, "drug B"],
    ]);
  });

  it("gives one row without GROUP BY and none for a table of empty groups", async () => {
    assert.deepEqual((await finish("SELECT COUNT(*) FROM trial", [0n])).rows, [[0]]);
    assert.deepEqual((await finish("SELECT COUNT(*) FROM trial GROUP BY arm", [0n, 0n, 0n])).rows, []);
  });

  it("lists a group whose count is hidden with its keys, and what is shown of its sums", async () => {
    const sql = "SELECT COUNT(*), arm, AVG(response) FROM trial GROUP BY arm";
    const sums = [0n, 2n, 500n, 12n, 12n, 2400n, 0n, 0n, 0n];
    assert.deepEqual(await finish(sql, sums, [0]), {
      columns: ["COUNT(*)", "arm", "AVG(response)"],
      rows: [
        [HIDDEN, "control", 2.5],
        [12, "drug A", 2],
      ],
      suppression: { cells: 3, hidden: 0, partlyHidden: 1 },
    });
    const { rows, suppression } = await finish(sql, [0n, 0n, 0n, 12n, 12n, 2400n, 0n, 0n, 0n], [0, 1, 2, 6, 7, 8]);
    assert.deepEqual(rows.at(-1), [HIDDEN, "drug B", HIDDEN]);
    assert.deepEqual(suppression, { cells: 3, hidden: 2, partlyHidden: 0 });
  });

  it("hides the columns that need a hidden sum, and shows the others of the cell", async () => {
    const sql = "SELECT arm, COUNT(*), AVG(response), COUNT(age), VAR_POP(age) FROM trial GROUP BY arm";
    // Of each cell: rows, n(response), sum(response), n(age), sum(age), squares(age).
    const cell = [20n, 0n, 0n, 20n, 40n, 100n];
    const { rows, suppression } = await finish(sql, [...cell, ...cell, ...cell], [1, 2, 11, 12]);
    assert.deepEqual(rows, [
      ["control", 20, HIDDEN, 20, 1],
      ["drug A", 20, null, 20, HIDDEN],
      ["drug B", HIDDEN, null, 20, 1],
    ]);
    assert.deepEqual(suppression, { cells: 3, hidden: 0, partlyHidden: 3 });
  });

  it("hides columns of the one row without GROUP BY", async () => {
    const sql = "SELECT COUNT(*), SUM(age), AVG(response) FROM trial";
    const shown = await finish(sql, [40n, 39n, 900n, 0n, 0n], [3, 4]);
    assert.deepEqual(shown.rows, [[40, 900, HIDDEN]]);
    assert.deepEqual(shown.suppression, { cells: 1, hidden: 0, partlyHidden: 1 });
    const hidden = await finish(sql, [0n, 0n, 0n, 0n, 0n], [0, 1, 2, 3, 4]);
    assert.deepEqual(hidden.rows, [[HIDDEN, HIDDEN, HIDDEN]]);
    assert.deepEqual(hidden.suppression, { cells: 1, hidden: 1, partlyHidden: 0 });
  });

  it("never takes hidden sums for impossible ones", async () => {
    const { rows } = await finish("SELECT COUNT(age), VAR_POP(age) FROM trial", [20n, 40n, 0n], [2]);
    assert.deepEqual(rows, [[20, HIDDEN]]);
  });

  it("gives a hidden value that is no text, no number and not null, in JSON, too", async () => {
    const { rows } = await finish("SELECT COUNT(*) FROM trial", [0n], [0]);
    assert.equal(JSON.stringify(rows), '[[{"hidden":true}]]');
    assert.ok(isHidden(rows[0]![0]));
    for (const value of [null, undefined, "hidden", "(hidden)", 0, {}]) assert.equal(isHidden(value), false);
  });

  it("refuses outputs that no rows can give", async () => {
    const sql = "SELECT VAR_POP(age) FROM trial";
    const { descriptor } = await compileQuery(sql, trialSchema);
    assert.throws(() => finishAnswer(descriptor, trialSchema, [1n, 2n], new Set()), {
      detail: { code: "ANSWER_LENGTH", expected: 3, given: 2 },
    });
    assert.throws(() => finishAnswer(descriptor, trialSchema, [1n, 2n, BN254_FR_MODULUS], new Set()), {
      detail: { code: "ANSWER_NOT_CANONICAL", index: 2 },
    });
    await assert.rejects(finish(sql, [-1n, 0n, 0n]), { detail: { code: "ANSWER_IMPOSSIBLE", cell: 0 } });
    await assert.rejects(finish(sql, [2n, 4n, 7n]), { detail: { code: "ANSWER_IMPOSSIBLE", cell: 0 } });
  });
});
