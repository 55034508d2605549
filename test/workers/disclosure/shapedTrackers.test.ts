/** Ways to single a patient out with OR, any threshold, table lines and statistics of two columns (k = 11). */
import { describe, it } from "node:test";
import assert from "node:assert/strict";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { ClearAnswer } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import { complete, hidden, outputsOf, people, searched, study } from "./trackerStudy.ts";

const counted = (where: string): { readonly sql: string } => ({ sql: `SELECT COUNT(*) FROM trial WHERE ${where}` });

describe("the gate, of OR and NOT", () => {
  it("refuses a cohort that differs from an earlier one by what OR adds, at k − 1, and shows it at k", async () => {
    for (const [few, kind] of [
      [10, "refused"],
      [11, "answered"],
    ] as const) {
      const trial = study([
        ...people(40),
        ...people(few, { arm: "B", sex: "M" }),
        ...people(40, { arm: "B" }),
        ...people(30, { arm: "C" }),
      ]);
      assert.deepEqual(outputsOf(await trial.ask(counted("arm = 'A'"))), [40n]);
      assert.equal((await trial.ask(counted("arm = 'A' OR (arm = 'B' AND sex = 'M')"))).kind, kind, String(few));
    }
  });

  it("refuses all but a few, however it is written", async () => {
    for (const where of [
      "NOT (arm = 'B' AND sex = 'M')",
      "arm <> 'B' OR sex <> 'M'",
      "NOT (NOT (arm <> 'B') AND NOT (sex <> 'M'))",
    ]) {
      const trial = study([...people(40), ...people(5, { arm: "B", sex: "M" }), ...people(40, { arm: "B" })]);
      assert.equal((await trial.ask(counted(where))).kind, "refused", where);
    }
  });

  it("tests nothing that was shown before, however it is written, and is the same set", async () => {
    const trial = study([...people(40), ...people(40, { arm: "B", sex: "M" }), ...people(40, { arm: "B" })]);
    const first = await trial.plan(counted("NOT (arm = 'B' AND sex = 'M')"));
    assert.ok(first.gate?.refused === false && first.gate.plan.cohort.length > 0);
    assert.deepEqual(outputsOf(await trial.ask(counted("NOT (arm = 'B' AND sex = 'M')"))), [80n]);
    const again = await trial.plan(counted("sex <> 'M' OR arm <> 'B'"));
    assert.ok(again.gate?.refused === false);
    assert.deepEqual(again.gate.plan.cohort, []);
  });

  it("hides the cell of a table that an earlier union leaves few of, at k − 1, and shows it at k", async () => {
    for (const [few, shown] of [
      [10, hidden],
      [11, 51n],
    ] as const) {
      const trial = study([
        ...people(40),
        ...people(40, { arm: "B" }),
        ...people(few, { arm: "B", sex: "M" }),
        ...people(40, { arm: "C", sex: "M" }),
      ]);
      assert.deepEqual(outputsOf(await trial.ask(counted("arm = 'A' OR (arm = 'B' AND sex = 'F')"))), [80n]);
      const cells = outputsOf(await trial.ask({ sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm" }));
      assert.equal(cells[1], shown, `${few} of arm B are not in the union`);
      assert.equal(cells[0], 40n);
    }
  });

  it("refuses a union from which, with its part, few follow, and the rest of their arm", async () => {
    const trial = study([
      ...people(40, { sex: "F" }),
      ...people(40, { sex: "M" }),
      ...people(40, { arm: "B", sex: "F" }),
      ...people(4, { arm: "B", sex: "M" }),
      ...people(60, { arm: "C", sex: "F" }),
    ]);
    assert.deepEqual(outputsOf(await trial.ask(counted("arm = 'A'"))), [80n]);
    assert.equal((await trial.ask(counted("arm = 'A' OR sex = 'M'"))).kind, "refused");
    assert.deepEqual(outputsOf(await trial.ask(counted("arm = 'B'"))), [44n]);
    assert.equal((await trial.ask(counted("arm = 'B' AND (arm = 'C' OR sex = 'F')"))).kind, "refused");
  });
});

describe("the gate, of any threshold", () => {
  const ages = [
    ...people(40, { age: 30 }),
    ...people(6, { age: 41 }),
    ...people(5, { age: 42 }),
    ...people(40, { age: 50 }),
  ];

  it("refuses one that leaves out a few more, and shows one that leaves out none or many", async () => {
    const trial = study(ages, searched);
    const older = (lo: string) => ({ ...counted("age > :lo"), parameters: { lo } });
    assert.deepEqual(outputsOf(await trial.ask(older("40"))), [51n]);
    assert.equal((await trial.ask(older("41"))).kind, "refused", "six");
    assert.deepEqual(outputsOf(await trial.ask(older("42"))), [40n]);
    assert.equal((await trial.ask(older("39"))).kind, "refused", "none: a difference that is about fewer than k");
    assert.deepEqual(outputsOf(await trial.ask(older("40"))), [51n], "asked before");
  });

  it("compares one with a cut-point that is the same, and knows it", async () => {
    const trial = study(ages, searched);
    assert.deepEqual(outputsOf(await trial.ask(counted("age >= 40"))), [51n]);
    const plan = await trial.plan({ ...counted("age > :lo"), parameters: { lo: "39" } });
    assert.ok(plan.gate?.refused === false);
    assert.deepEqual(plan.gate.plan.cohort, []);
  });

  it("names what it keeps alike whatever else was asked", async () => {
    const asked = { ...counted("age > :lo AND sex = 'F'"), parameters: { lo: "44" } };
    const namesOf = async (trial: ClearStudy): Promise<string[]> => {
      const { gate } = await trial.plan(asked);
      assert.ok(gate?.refused === false);
      return [...gate.indicators.values(), ...gate.sizes.values()];
    };
    const [alone, after] = [study(ages, searched), study(ages, searched)];
    const names = await namesOf(alone);
    await after.ask({ ...counted("age > :lo"), parameters: { lo: "35" } });
    await after.ask(counted("age <= 45 OR sex = 'M'"));
    const others = new Set(await namesOf(after));
    assert.ok(names.length > 0 && names.every((name) => others.has(name)));
  });

  it("hides table lines between cuts of few, and shows no line from which they follow", async () => {
    const bins = "SELECT BIN(age, 35, 45), COUNT(*) FROM trial GROUP BY BIN(age, 35, 45)";
    const trial = study([...people(40, { age: 30 }), ...people(5, { age: 44 }), ...people(40, { age: 45 })], searched);
    const outputs = outputsOf(await trial.ask({ sql: bins }));
    assert.equal(outputs[1], hidden);
    assert.ok(outputs.filter((value) => value === hidden).length > 1, "their number is all less the others");
    assert.deepEqual(outputsOf(await study(ages, searched).ask({ sql: bins })), [40n, 11n, 40n]);
  });
});

describe("the gate, of statistics of two columns", () => {
  it("hides a sum over those who have both columns when few have the one alone", async () => {
    for (const [few, isShown] of [
      [10, false],
      [11, true],
    ] as const) {
      const rows = [...people(20), ...people(20, { response: 0 }), ...people(few, { response: null })];
      const trial = study([...rows, ...people(40, { arm: "C", sex: "M" })]);
      const sql = "SELECT AVG(value), COVAR_POP(value, response) FROM trial WHERE arm = 'A' OR sex = 'F'";
      const outputs = outputsOf(await trial.ask({ sql }));
      assert.equal(outputs.includes(hidden), !isShown, `${few}: the difference is their values`);
    }
  });

  it("hides it, too, where the one is summed over all patients, or over the cohort, in any order", async () => {
    for (const selection of ["AVG(age), COVAR_POP(age, response)", "COVAR_POP(age, response), AVG(age)"])
      for (const where of ["", " WHERE sex = 'F' OR arm = 'B'"])
        for (const [few, isShown] of [
          [10, false],
          [11, true],
        ] as const) {
          const rows = [...people(20), ...people(20, { response: 0 }), ...people(few, { response: null })];
          const trial = study([...rows, ...people(40, { arm: "C", sex: "M" })]);
          const sql = `SELECT ${selection} FROM trial${where}`;
          const outputs = outputsOf(await trial.ask({ sql }));
          assert.equal(!outputs.includes(hidden), isShown, `${few}: ${sql}`);
          const again = outputsOf(await trial.ask({ sql }));
          assert.deepEqual(again, outputs, "as before");
        }
  });

  it("hides one of two sums over who has one of two columns where few have only one", async () => {
    for (const [few, isShown] of [
      [0, true],
      [10, false],
      [11, true],
    ] as const) {
      const trial = study([
        ...[0, 1].flatMap((response) => [0, 1].flatMap((flag) => people(20, { flag, response }))),
        ...people(few, { flag: null }),
        ...people(40, { sex: "M" }),
      ]);
      const sql = "SELECT COVAR_POP(age, response), COVAR_POP(age, flag) FROM trial WHERE sex = 'F' OR arm = 'B'";
      assert.equal(!outputsOf(await trial.ask({ sql })).includes(hidden), isShown, String(few));
    }
  });

  it("counts of who has both columns may differ by few from who has the one", async () => {
    const trial = study([...people(40), ...people(3, { response: null })]);
    const outputs = outputsOf(await trial.ask({ sql: "SELECT COUNT(value), REGR_COUNT(value, response) FROM trial" }));
    assert.ok(!outputs.includes(hidden), "a number of missing values");
  });

  it("hides a regression on a condition that few do not satisfy, at k − 1, and shows it at k", async () => {
    for (const [few, isShown] of [
      [10, false],
      [11, true],
    ] as const) {
      const trial = study([...people(40), ...people(few, { sex: "M" }), ...people(40, { arm: "B" })]);
      const sql = "SELECT LINEAR_REGRESSION(value, INDICATOR(sex = 'F')) FROM trial WHERE arm = 'A'";
      const answer = await trial.ask({ sql });
      assert.equal(outputsOf(answer).includes(hidden), !isShown, String(few));
    }
  });

  it("hides products of two two-valued columns where a cell of their table is small", async () => {
    for (const [few, isShown] of [
      [10, false],
      [11, true],
    ] as const) {
      const trial = study([
        ...people(30, { response: 1, flag: 1 }),
        ...people(30, { response: 1, flag: 0 }),
        ...people(30, { response: 0, flag: 1 }),
        ...people(few, { response: 0, flag: 0 }),
      ]);
      const outputs = outputsOf(await trial.ask({ sql: "SELECT CORR(response, flag) FROM trial" }));
      assert.equal(!outputs.includes(hidden), isShown, String(few));
    }
  });

  it("hides sums of a column times one of two values where few have one of these", async () => {
    const schema = parseSchema(
      JSON.stringify({
        name: "pairs",
        table: "trial",
        subject: "id",
        fields: [
          { name: "value", type: "integer", minimum: 0, maximum: 1000, required: true },
          { name: "flag", type: "integer", minimum: 0, maximum: 1, required: true },
        ],
      }),
    );
    const answerOf = (few: number): Promise<ClearAnswer> => {
      const trial = new ClearStudy(schema);
      const rows = Array.from({ length: 50 + few }, (_, row) => ({ value: BigInt(row), flag: row < few ? 1n : 0n }));
      trial.contribute("one", rows);
      return trial.ask({ sql: "SELECT COVAR_POP(value, flag) FROM trial" });
    };
    assert.ok(outputsOf(await answerOf(10)).every((value) => value === hidden));
    assert.ok(!outputsOf(await answerOf(11)).includes(hidden));
  });

  it("shows who has a condition beside all, and hides who is left, however the sums come", async () => {
    const trial = study([...people(40), ...people(4, { arm: "B" })], complete);
    const sql = "SELECT COUNT(*), LINEAR_REGRESSION(value, INDICATOR(arm = 'A')) FROM trial";
    const outputs = outputsOf(await trial.ask({ sql }));
    assert.equal(outputs[0], 44n, "all patients");
    assert.ok(outputs.includes(hidden));
  });
});
