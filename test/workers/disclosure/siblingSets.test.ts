/** Sets of one answer that come close to each other, or leave few patients together (k = 11). */
import { describe, it } from "node:test";
import assert from "node:assert/strict";

import { hidden, outputsOf, people, study } from "./trackerStudy.ts";

describe("the gate, of sets of one answer", () => {
  it("hides who of a hidden cell has a value where the others, and another hidden cell, are few together", async () => {
    for (const [missing, shown] of [
      [4, hidden],
      [7, hidden],
      [8, 28n],
    ] as const) {
      const trial = study([
        ...["A", "B", "D"].flatMap((arm) => people(40, { arm })),
        ...people(3, { arm: "C" }),
        ...people(28, { arm: "E" }),
        ...people(missing, { arm: "E", flag: null }),
      ]);
      const outputs = outputsOf(await trial.ask({ sql: "SELECT arm, COUNT(*), COUNT(flag) FROM trial GROUP BY arm" }));
      assert.deepEqual([outputs[4], outputs[5]], [hidden, hidden], "three patients");
      assert.equal(outputs[8], hidden, "or the three would be the rest of all patients");
      assert.equal(outputs[9], shown, `three and ${missing} are the rest but for those who have a flag`);
      assert.deepEqual(outputs.slice(0, 4), [40n, 40n, 40n, 40n]);
    }
  });

  it("hides who has one value of a column when they are those who have another column, but for a few", async () => {
    for (const [few, shown] of [
      [5, hidden],
      [6, 17n],
    ] as const) {
      const trial = study([
        ...people(40, { arm: "B" }),
        ...people(40, { flag: 1, response: 1 }),
        ...people(few, { flag: 1, response: null }),
        ...people(5, { flag: 0, response: 1 }),
        ...people(12, { flag: 0, response: null }),
      ]);
      const sql = "SELECT COUNT(*), COUNT(response), SUM(flag) FROM trial WHERE arm = 'A'";
      const outputs = outputsOf(await trial.ask({ sql }));
      const flags = outputs.at(-1);
      assert.equal(flags === undefined ? hidden : outputs[0]! - flags, shown, `${few} and 5`);
      assert.equal(outputs[1], 45n);
    }
  });

  it("hides the sum that, with the one over all patients, would tell a hidden one", async () => {
    const trial = study([...people(40), ...people(40, { sex: "M" })]);
    trial.contribute("two", [...people(40), ...people(3, { sex: "M" })]);
    assert.deepEqual(outputsOf(await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE sex = 'F'" })), [80n]);
    const table = "SELECT sex, SUM(age) FROM trial GROUP BY sex";
    const before = outputsOf(await trial.ask({ sql: table }));
    assert.equal(before[1], 80n * 45n);
    assert.deepEqual(before.slice(2), [hidden, hidden], "the first owner would know three men's");
    const whole = await trial.ask({ sql: "SELECT SUM(age) FROM trial" });
    assert.ok(whole.kind === "answered" && whole.outputs.includes(hidden), "all but the women");
  });

  it("hides it, too, when the one over all patients was shown first", async () => {
    const trial = study([...people(40), ...people(40, { sex: "M" })]);
    trial.contribute("two", [...people(40), ...people(3, { sex: "M" })]);
    assert.deepEqual(outputsOf(await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE sex = 'F'" })), [80n]);
    assert.deepEqual(outputsOf(await trial.ask({ sql: "SELECT SUM(age) FROM trial" })), [123n, 123n * 45n]);
    const outputs = outputsOf(await trial.ask({ sql: "SELECT sex, SUM(age) FROM trial GROUP BY sex" }));
    assert.deepEqual(outputs, [hidden, hidden, hidden, hidden]);
  });
});
