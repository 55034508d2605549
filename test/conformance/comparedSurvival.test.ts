/** Survival that is told by interval: right answers pass, and each that differs in one thing fails. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { HIDDEN } from "../../workers/statistics/hidden.ts";
import type { Ends } from "./judgedIntervals.ts";
import { cells, compare, hiddenOf } from "./judgedIntervals.ts";
import type { JsonRecord } from "./referenceQuery.ts";
import { translated } from "./translatedQuery.ts";
import type { TranslatedQuery } from "./translatedQuery.ts";
import { upperChiSquare } from "./translations/chiSquareTail.ts";

describe("curves by interval", () => {
  const expected = (change: JsonRecord = {}): JsonRecord => {
    const curve = { n: 100, events: 60, times: [5, 35, 90], surv: [1, 0.8, 0.45], quartiles_25_50_75: [40, 80, null] };
    return { curves: [{ ...curve, ...change }] };
  };
  const from = (change: JsonRecord = {}): TranslatedQuery =>
    translated("km_logrank", { time: "time", status: "status", expected: expected(change) });
  const judged = [...cells([], 0, ["10", "60"], [20, 20]), ...cells([], 1, ["10", "40", "90"], [25, 20, 15])];
  // 100, 75 and 55 − 20 at risk at most; at least 80, 35 and 15, where all may have had the event.
  const survival = [0.75, 0.55, 0.55 * (1 - 15 / 35)];
  const lowest = [1 - 25 / 80, (1 - 25 / 80) * (1 - 20 / 35), 0];
  const greenwood = [
    25 / (100 * 75),
    25 / (100 * 75) + 20 / (75 * 55),
    25 / (100 * 75) + 20 / (75 * 55) + 15 / (35 * 20),
  ];
  const ends: Ends = ["10", "40", "90", null];
  const intervals = [100, 75, 35].map((atRisk, at) => {
    const standardError = survival[at]! * Math.sqrt(greenwood[at]!);
    const log = Math.log(survival[at]!);
    const factor = Math.exp((1.959963984540054 * Math.sqrt(greenwood[at]!)) / -log);
    return {
      ...{ from: ends[at], to: ends[at + 1], atRisk, events: [25, 20, 15][at] },
      ...{ survival: survival[at], lowest: lowest[at], standardError },
      ci95: { lower: Math.exp(log * factor), upper: Math.exp(log / factor) },
    };
  });
  const censored = [
    { from: "10", to: "60", count: 20 },
    { from: "60", to: null, count: 20 },
  ];
  const quartiles = [
    { from: "10", to: "40" },
    { from: "40", to: null },
    { from: "90", to: null },
  ];
  const answer = { n: 100, events: 60, intervals, censored, quartiles };
  const changed = (at: number, change: object): object => ({
    intervals: intervals.map((interval, place) => (place === at ? { ...interval, ...change } : interval)),
  });

  it("are computed again from the counts, and the reference's curve lies within", () => {
    assert.deepEqual(compare(from(), 0, [[answer]], judged), []);
  });

  it("are wrong with any other number", () => {
    const { lower, upper } = intervals[1]!.ci95;
    for (const change of [
      { n: 101 },
      { events: 59 },
      { censored: censored.slice(1) },
      { censored: [{ ...censored[0], count: 21 }, censored[1]] },
      {
        censored: [
          { ...censored[0], to: "70" },
          { ...censored[1], from: "70" },
        ],
      },
      { intervals: intervals.slice(0, 2) },
      changed(0, { atRisk: 99 }),
      changed(1, { events: 21 }),
      changed(1, { to: "91" }),
      changed(1, { survival: survival[1]! + 1e-6 }),
      changed(1, { lowest: lowest[1]! - 1e-6 }),
      changed(2, { lowest: null }),
      changed(1, { standardError: intervals[1]!.standardError * (1 + 1e-6) }),
      changed(1, { ci95: { lower: lower - 1e-6, upper } }),
      changed(1, { ci95: { lower, upper: upper + 1e-6 } }),
      changed(1, { ci95: null }),
      { quartiles: [quartiles[1], quartiles[1], quartiles[2]] },
      { quartiles: [null, quartiles[1], quartiles[2]] },
      { quartiles: quartiles.slice(0, 2) },
      { steps: [{ time: 50, survival: 0.9 }], intervals: undefined },
    ]) {
      assert.notDeepEqual(compare(from(), 0, [[{ ...answer, ...change }]], judged), [], JSON.stringify(change));
    }
  });

  it("are wrong where the reference's curve leaves what the counts leave it", () => {
    for (const [change, problem] of [
      [{ n: 99 }, /^n is 100, expected 99$/],
      [{ events: 61 }, /^events is 60, expected 61$/],
      [{ surv: [0.99, 0.8, 0.45] }, /^surv at 5, 0.99, lies outside \[1,1\]$/],
      [{ surv: [1, 0.68, 0.45] }, /^surv at 35, 0.68, lies outside/],
      [{ surv: [1, 0.8, 0.551] }, /^surv at 90, 0.551, lies outside/],
      [{ steps: [{ t: 41, surv: 0.76 }] }, /^surv at 41, 0.76, lies outside/],
      [{ quartiles_25_50_75: [9, 80, null] }, /^quartile 1 of the reference, 9, lies outside/],
      [{ quartiles_25_50_75: [40, 39, null] }, /^quartile 2 of the reference, 39, lies outside/],
      [{ quartiles_25_50_75: [null, 80, null] }, /^quartile 1 of the reference, null, lies outside/],
    ] as const) {
      const problems = compare(from(change), 0, [[answer]], judged);
      assert.equal(problems.length, 1, JSON.stringify([change, problems]));
      assert.match(problems[0]!, problem);
    }
  });

  it("may have a quartile in the middle of a stretch that is level there, and nowhere later", () => {
    // 0.75 from 40 on, exactly.
    assert.deepEqual(compare(from({ quartiles_25_50_75: [66, 80, null] }), 0, [[answer]], judged), []);
    assert.equal(compare(from({ quartiles_25_50_75: [91, 95, null] }), 0, [[answer]], judged).length, 1);
  });

  it("of nobody, and of those of whom all have the event, have nulls", () => {
    const nobody = [...cells([], 0, ["10"], [0]), ...cells([], 1, ["10"], [0])];
    const none = { survival: null, lowest: null, standardError: null, ci95: null };
    const own = [{ from: "10", to: null, atRisk: 0, events: 0, ...none }];
    const empty = { n: 0, events: 0, intervals: own, censored: [{ from: "10", to: null, count: 0 }] };
    const query = translated("km_logrank", { time: "time", status: "status", expected: { curves: [] } });
    assert.deepEqual(compare(query, 0, [[{ ...empty, quartiles: [null, null, null] }]], nobody), []);
    const all = [...cells([], 0, ["10"], [0]), ...cells([], 1, ["10"], [30])];
    const down = { from: "10", to: null, atRisk: 30, events: 30, survival: 0, lowest: 0 };
    const whole = {
      ...{ n: 30, events: 30, intervals: [{ ...down, standardError: null, ci95: null }] },
      ...{ censored: empty.censored, quartiles: [0, 0, 0].map(() => ({ from: "10", to: null })) },
    };
    assert.deepEqual(compare(query, 0, [[whole]], all), []);
    const zero = { intervals: [{ ...down, standardError: 0, ci95: null }] };
    assert.equal(compare(query, 0, [[{ ...whole, ...zero }]], all).length, 1);
  });

  it("are hidden exactly where an interval of theirs is, of events or of censored times", () => {
    for (const at of judged.keys()) {
      const own = judged.map((cell, place) => (place === at ? hiddenOf(cell) : cell));
      assert.deepEqual(compare(from(), 0, [[HIDDEN]], own), []);
      assert.equal(compare(from(), 0, [[answer]], own).length, 1);
    }
    assert.equal(compare(from(), 0, [[HIDDEN]], judged).length, 1);
  });
});

describe("log-rank tests by interval", () => {
  const logrank = { groups: ["old", "new"], observed: [40, 25], expected: [35, 30], chisq: 1.9, df: 1, p: 0.2 };
  const keys = { time: "time", status: "status", group_by: "arm", expected: { curves: [], logrank } };
  const from = translated("km_logrank", keys);
  const judged = [
    ...cells(["new"], 0, ["10"], [30]),
    ...cells(["old"], 0, ["10"], [20]),
    ...cells(["new"], 1, ["10", "40"], [15, 10]),
    ...cells(["old"], 1, ["10", "40"], [25, 15]),
  ];
  // At risk: 55 and 60, then 40 and 35; of both together 40 events, then 25.
  const expectedNew = (40 * 55) / 115 + (25 * 40) / 75;
  const part = (n: number, d: number, own: number): number => (((d * (n - d)) / (n - 1)) * own * (n - own)) / n ** 2;
  const chiSquare = (25 - expectedNew) ** 2 / (part(115, 40, 55) + part(75, 25, 40));
  const test = {
    ...{ observed: [25, 40], expected: [expectedNew, 65 - expectedNew] },
    ...{ chiSquare, df: 1, p: upperChiSquare(chiSquare, 1) },
  };
  const intervals = [
    { from: "10", to: "40" },
    { from: "40", to: null },
  ];
  const answer = { groups: ["new", "old"], intervals, test };

  it("are computed again from the counts", () => {
    assert.deepEqual(compare(from, 1, [[answer]], judged), []);
    for (const change of [
      { groups: ["old", "new"] },
      { intervals: intervals.slice(1) },
      { intervals: undefined },
      { test: { ...test, observed: [26, 39] } },
      { test: { ...test, expected: [expectedNew + 1e-3, 65 - expectedNew] } },
      { test: { ...test, chiSquare: chiSquare * (1 + 1e-5) } },
      { test: { ...test, df: 2 } },
      { test: { ...test, p: test.p * (1 + 1e-5) } },
      { test: { ...test, p: null } },
    ]) {
      assert.notDeepEqual(compare(from, 1, [[{ ...answer, ...change }]], judged), [], JSON.stringify(change));
    }
  });

  it("are wrong where the reference observed others", () => {
    const other = { curves: [], logrank: { ...logrank, observed: [39, 26] } };
    const wrong = translated("km_logrank", { ...keys, expected: other });
    assert.equal(compare(wrong, 1, [[answer]], judged).length, 2);
  });

  it("are summed over strata, and have no degree of freedom between groups that never meet", () => {
    const apart = [
      ...cells(["new", "f"], 0, ["10"], [0]),
      ...cells(["new", "m"], 0, ["10"], [20]),
      ...cells(["old", "f"], 0, ["10"], [20]),
      ...cells(["old", "m"], 0, ["10"], [0]),
      ...cells(["new", "f"], 1, ["10"], [0]),
      ...cells(["new", "m"], 1, ["10"], [25]),
      ...cells(["old", "f"], 1, ["10"], [40]),
      ...cells(["old", "m"], 1, ["10"], [0]),
    ];
    const none = { observed: [25, 40], expected: [25, 40], chiSquare: null, df: 0, p: null };
    const got = { groups: ["new", "old"], intervals: [{ from: "10", to: null }], test: none };
    assert.deepEqual(compare(from, 1, [[got]], apart), []);
    assert.notDeepEqual(compare(from, 1, [[{ ...got, test: { ...none, df: 1 } }]], apart), []);
  });

  it("are hidden exactly where any interval is", () => {
    const own = [...judged.slice(0, -1), hiddenOf(judged.at(-1)!)];
    assert.deepEqual(compare(from, 1, [[HIDDEN]], own), []);
    assert.equal(compare(from, 1, [[answer]], own).length, 1);
    assert.equal(compare(from, 1, [[HIDDEN]], judged).length, 1);
  });
});

describe("the upper tail of chi-square", () => {
  it("is that of tables", () => {
    // Abramowitz & Stegun (1964), table 26.8: the value beyond which 5 % and 0.1 % lie.
    for (const [df, x, tail] of [
      [1, 3.84146, 0.05],
      [2, 5.99146, 0.05],
      [5, 11.0705, 0.05],
      [10, 29.5883, 0.001],
      [100, 124.342, 0.05],
    ] as const) {
      assert.ok(Math.abs(upperChiSquare(x, df) / tail - 1) < 1e-4, `${df}: ${upperChiSquare(x, df)}`);
    }
    assert.equal(upperChiSquare(0, 3), 1);
    assert.ok(Math.abs(upperChiSquare(200, 2) / Math.exp(-100) - 1) < 1e-12);
  });
});
