/** Numbers of rows of owners and versions are on chain: stories of sets that come close to them (k = 11). */
import { describe, it } from "node:test";
import assert from "node:assert/strict";

import type { Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import { complete, hidden, incomplete, outputsOf, people } from "./trackerStudy.ts";

const TABLE = "SELECT arm, COUNT(*) FROM trial GROUP BY arm";

function sites(one: readonly Row[], two: readonly Row[], schema = complete): ClearStudy {
  const trial = new ClearStudy(schema);
  trial.contribute("one", one);
  trial.contribute("two", two);
  return trial;
}

describe("the gate, where totals of parts are public", () => {
  it("hides a cell that is an owner's patients but for a few, and shows it when they are k", async () => {
    for (const [others, shown] of [
      [10, hidden],
      [11, 60n],
    ] as const) {
      const rest = "BCDE".split("").flatMap((arm) => people(60, { arm }));
      const trial = sites([...people(60), ...people(others, { arm: "B" })], rest);
      assert.equal(outputsOf(await trial.ask({ sql: TABLE }))[0], shown, `${others} others`);
    }
  });

  it("hides a cell that is a version's patients but for a few, and shows it when they are k", async () => {
    for (const [others, shown] of [
      [10, hidden],
      [11, 80n],
    ] as const) {
      const trial = new ClearStudy(complete);
      trial.contribute("one", [...people(80), ...people(others, { arm: "B" })]);
      trial.contribute("one", [...people(60, { arm: "C" }), ...people(60, { arm: "D" }), ...people(60, { arm: "E" })]);
      assert.equal(outputsOf(await trial.ask({ sql: TABLE }))[0], shown, `${others} others`);
    }
  });

  it("hides a cell that is all that an earlier request was about, but for a few", async () => {
    for (const isAsked of [true, false]) {
      const half = [...people(20), ...people(20, { sex: "M" })];
      const trial = sites(half, half);
      trial.contribute("three", [...people(5), ...people(100, { arm: "B" })]);
      const women = { sql: "SELECT COUNT(*) FROM trial WHERE sex = 'F'", versions: { one: 1, two: 1 } };
      if (isAsked) assert.deepEqual(outputsOf(await trial.ask(women)), [40n]);
      assert.equal(outputsOf(await trial.ask({ sql: TABLE }))[0], isAsked ? hidden : 85n);
    }
  });

  it("shows a cell that is exactly one owner's patients where zeros are shown", async () => {
    const trial = sites(people(80), people(80, { arm: "B" }));
    assert.deepEqual(outputsOf(await trial.ask({ sql: TABLE })), [80n, 80n, 0n, 0n, 0n]);
  });

  it("shows how many have a value though as many as an owner has patients, but for a few", async () => {
    const trial = sites(people(60, { age: null }), people(60), incomplete);
    trial.contribute("two", people(3));
    assert.deepEqual(outputsOf(await trial.ask({ sql: "SELECT AVG(age) FROM trial" })).slice(0, 1), [63n]);
  });

  it("looks at no part that is smaller than k, nor at one the request is not about", async () => {
    const trial = new ClearStudy(complete);
    trial.contribute("one", [...people(30), ...people(30, { arm: "B" })]);
    trial.contribute("one", people(10));
    trial.contribute("two", [...people(41), ...people(30, { arm: "B" })]);
    const versions = { one: 2, two: 0 };
    assert.deepEqual(outputsOf(await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A'", versions })), [
      40n,
    ]);
  });
});
