/** Quantiles that are told by interval: right ones pass, and each that differs in one thing fails. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { HIDDEN } from "../../workers/statistics/hidden.ts";
import type { JudgedCell } from "./judge/judgedAnswer.ts";
import { cells, compare, hiddenOf } from "./judgedIntervals.ts";
import { translated } from "./translatedQuery.ts";

describe("quantiles by interval", () => {
  const expected = { groups: [{ arm: "new", n: 40, type7: [30, 41.5], type1: [30, 42] }] };
  const from = translated("quantile", { column: "time", group_by: ["arm"], probs: [0.25, 0.5], expected });
  const judged = [
    ...cells(["new"], 0, ["10", "42", "99"], [20, 12, 8]),
    ...cells(["old"], 0, ["10", "42", "99"], [0, 0, 0]),
  ];
  const intervals = [
    { from: "10", to: "42", count: 20 },
    { from: "42", to: "99", count: 12 },
    { from: "99", to: null, count: 8 },
  ];
  const quantiles = [
    { p: 0.25, interval: { from: "10", to: "42" } },
    { p: 0.5, interval: { from: "10", to: "99" } },
  ];
  const answer = { n: 40, type: 7, intervals, quantiles };
  const said = (change: object, own: readonly JudgedCell[] = judged): readonly string[] =>
    compare(from, 0, [["new", { ...answer, ...change }]], own);

  it("are the intervals that hold them, and the reference's values lie there", () => {
    assert.deepEqual(said({}), []);
    const type1 = { type: 1, quantiles: [quantiles[0], { p: 0.5, interval: { from: "10", to: "42" } }] };
    assert.deepEqual(compare(from, 1, [["new", { ...answer, ...type1 }]], judged), []);
  });

  it("are wrong with any other count, interval, type or place", () => {
    const [first, second, third] = intervals;
    for (const change of [
      { n: 41 },
      { type: 1 },
      { intervals: [{ ...first, count: 21 }, second, third] },
      { intervals: [first, { ...second, to: "98" }, third] },
      { intervals: [{ ...first, to: "99", count: 32 }, third] },
      { intervals: [first, second, { ...third, count: HIDDEN }] },
      { quantiles: [quantiles[1], quantiles[1]] },
      { quantiles: [quantiles[0], { p: 0.5, interval: { from: "10", to: "42" } }] },
      { quantiles: [quantiles[0], { p: 0.5, interval: null }] },
      { quantiles: [quantiles[0], { p: 0.5, value: 41.5 }] },
      { quantiles: quantiles.slice(1) },
    ]) {
      assert.notDeepEqual(said(change), [], JSON.stringify(change));
    }
  });

  it("are wrong where the reference's value lies elsewhere", () => {
    const other = { groups: [{ arm: "new", n: 40, type7: [42.1, 41.5] }] };
    const wrong = translated("quantile", { column: "time", group_by: ["arm"], probs: [0.25, 0.5], expected: other });
    assert.deepEqual(compare(wrong, 0, [["new", answer]], judged), [
      'quantile 1, 42.1, lies outside {"from":"10","to":"42"}',
    ]);
    const many = { groups: [{ arm: "new", n: 41, type7: [] }] };
    const more = translated("quantile", { column: "time", group_by: ["arm"], probs: [0.25, 0.5], expected: many });
    assert.deepEqual(compare(more, 0, [["new", answer]], judged), ["n is 40, expected 41"]);
  });

  it("are hidden exactly where one of their intervals is, and rows are those that count anybody", () => {
    const one = [...judged.slice(0, 2), hiddenOf(judged[2]!), ...judged.slice(3)];
    assert.deepEqual(compare(from, 0, [["new", HIDDEN]], one), []);
    assert.deepEqual(said({}, one), ['the statistic of ["new"] is shown and must not be (a cell below k)']);
    assert.deepEqual(compare(from, 0, [["new", HIDDEN]], judged), [
      'the statistic of ["new"] is hidden and need not be',
    ]);
    assert.notDeepEqual(compare(from, 0, [], judged), []);
    assert.notDeepEqual(
      compare(
        from,
        0,
        [
          ["new", answer],
          ["new", answer],
        ],
        judged,
      ),
      [],
    );
    assert.notDeepEqual(
      compare(
        from,
        0,
        [
          ["new", answer],
          ["old", { ...answer, n: 0 }],
        ],
        judged,
      ),
      [],
    );
    assert.notDeepEqual(
      compare(
        from,
        0,
        [
          ["new", answer],
          ["other", answer],
        ],
        judged,
      ),
      [],
    );
    assert.notDeepEqual(compare(from, 0, [["new", answer]], judged.slice(3)), []);
  });
});
