/** What of an answer is compared with the reference, and what must be hidden, for every statistic. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { AnswerTable } from "../../workers/statistics/finishAnswer.ts";
import { HIDDEN } from "../../workers/statistics/hidden.ts";
import type { JudgedCell, Part } from "./judge/judgedAnswer.ts";
import { namingOf } from "./statementSql.ts";
import { translated } from "./translatedQuery.ts";
import type { TranslatedQuery } from "./translatedQuery.ts";
import type { Statement } from "./translations/translation.ts";

const cell = (keys: JudgedCell["keys"], rows: number, ...hidden: Part[]): JudgedCell => {
  return { keys, rows, hidden: new Set(hidden), rules: [] };
};

/** What a statement says of one row of the answer. */
function compare(
  from: TranslatedQuery,
  at: number,
  rows: readonly (readonly unknown[])[],
  cells: readonly JudgedCell[],
) {
  const statement: Statement = from.translation.statements[at]!;
  return statement.compare(
    { columns: [], rows, suppression: {} } as unknown as AnswerTable,
    cells,
    namingOf(from.study),
  );
}

describe("answers of statistics", () => {
  it("of a table are compared cell by cell, and its test unless a cell is hidden", () => {
    const from = translated("crosstab", {
      row: "arm",
      col: "sex",
      expected: { n_complete: 60, rows: ["new", "old"], cols: ["f"], counts: [[20], [40]], chisq: 2.5 },
    });
    const cells = [cell(["new", "f"], 20), cell(["new", "m"], 0), cell(["old", "f"], 40), cell(["old", "m"], 0)];
    const answer = {
      rows: ["new", "old"],
      columns: ["f", "m"],
      counts: [
        [20, 0],
        [40, 0],
      ],
      test: { n: 60, chiSquare: 2.5 },
    };
    const said = (change: object, judged = cells): readonly string[] =>
      compare(from, 0, [[{ ...answer, ...change }]], judged);
    assert.deepEqual(said({}), []);
    assert.deepEqual(
      said({
        counts: [
          [20, 0],
          [41, 0],
        ],
      }),
      ['the count of ["old","f"] is 41, expected 40'],
    );
    assert.deepEqual(said({ test: { n: 60, chiSquare: 2.6 } }), ["chisq is 2.6, expected 2.5"]);
    const [hidden, ...others] = [cell(["new", "f"], 20, "count"), ...cells.slice(1)];
    assert.deepEqual(
      said(
        {
          counts: [
            [HIDDEN, 0],
            [40, 0],
          ],
          test: HIDDEN,
        },
        [hidden!, ...others],
      ),
      [],
    );
    assert.equal(said({ test: HIDDEN }, [hidden!, ...others]).length, 1);
    assert.equal(
      said({
        counts: [
          [HIDDEN, 0],
          [40, 0],
        ],
      }).length,
      1,
    );
  });

  it("of bins are compared bin by bin, below and above included", () => {
    const expected = { n: 30, below: 1, counts: [14, 15], above: 0 };
    const from = translated("histogram", { column: "age", breaks: [0, 50, 100], expected });
    const bins = (counts: readonly unknown[]) => counts.map((count) => ({ from: "", to: "", count }));
    const lines = [cell(["0"], 1, "count"), cell(["1"], 14), cell(["2"], 15), cell(["3"], 0)];
    const answer = { n: HIDDEN, below: HIDDEN, bins: bins([14, 15]), above: 0 };
    assert.deepEqual(compare(from, 0, [[answer]], lines), []);
    assert.deepEqual(compare(from, 0, [[{ ...answer, below: 1 }]], lines), ["below of [] is shown and must not be"]);
    assert.deepEqual(compare(from, 0, [[{ ...answer, bins: bins([13, 15]) }]], lines), [
      "bin 1 of [] is 13, expected 14",
    ]);
    assert.deepEqual(compare(from, 0, [[{ ...answer, bins: bins([14, HIDDEN]) }]], lines), [
      "bin 2 of [] is hidden and need not be",
    ]);
  });

  it("of pairs and regressions are compared within their tolerances", () => {
    const pair = translated("correlation", { x: "age", y: "dose", expected: { n: 40, pearson: 0.5 } });
    assert.deepEqual(compare(pair, 0, [[40, 0.5000004]], [cell([], 40)]), []);
    assert.equal(compare(pair, 0, [[41, 0.50001]], [cell([], 40)]).length, 2);
    assert.deepEqual(compare(pair, 0, [[HIDDEN, HIDDEN]], [cell([], 40, "sum", "count")]), []);
    const expected = { n: 40, df_residual: 38, estimate: [1, -2], se: [0.1, 0.2], r2: 0.9 };
    const fit = translated("linear_regression", { formula: "time ~ age", expected });
    const answer = (slope: number) => {
      const coefficients = [
        { estimate: 1, standardError: 0.1 },
        { estimate: slope, standardError: 0.2 },
      ];
      return { n: 40, dfResidual: 38, coefficients, rSquared: 0.9 };
    };
    assert.deepEqual(compare(fit, 0, [[answer(-2.00001)]], [cell([], 40)]), []);
    assert.equal(compare(fit, 0, [[answer(-2.001)]], [cell([], 40)]).length, 1);
    assert.equal(compare(fit, 0, [[HIDDEN]], [cell([], 40)]).length, 1);
  });

  it("of quantiles are the values, without disclosure control", () => {
    const from = translated("quantile", { column: "time", probs: [0.5], expected: { type7: [3.5], type1: [3] } });
    for (const [value, problems] of [
      [3.5, 0],
      [4, 1],
      [null, 1],
    ] as const) {
      assert.equal(
        compare(from, 0, [[{ quantiles: [{ p: 0.5, value }] }]], []).length,
        problems,
        JSON.stringify(value),
      );
    }
    const intervals = { intervals: [], quantiles: [{ p: 0.5, interval: { from: "3", to: "4" } }] };
    assert.equal(compare(from, 0, [[intervals]], []).length, 1);
    assert.equal(compare(from, 1, [[HIDDEN]], []).length, 1);
  });

  it("of curves are read at the reference's times, and carried on", () => {
    const curve = {
      arm: "new",
      n: 20,
      events: 2,
      times: [1, 100, 900],
      surv: [1, 0.95, 0.9],
      quartiles_25_50_75: [null],
    };
    const logrank = { groups: ["new"], observed: [2], expected: [1.5], chisq: 3, df: 1, p: 0.08 };
    const survival = { time: "time", status: "status", group_by: "arm" };
    const from = translated("km_logrank", { ...survival, expected: { curves: [curve], logrank } });
    const steps = [
      { time: 50, survival: 0.95 },
      { time: 500, survival: 0.9 },
    ];
    const answer = { n: 20, events: 2, steps, quartiles: [null, null, null] };
    assert.deepEqual(compare(from, 0, [["new", answer]], []), []);
    assert.equal(compare(from, 0, [["new", { ...answer, steps: steps.slice(0, 1) }]], []).length, 1);
    assert.deepEqual(compare(from, 0, [], []), ['the curve of ["new"] is missing']);
    const test = { groups: ["new"], test: { observed: [2], expected: [1.5], chiSquare: 3, df: 1, p: 0.08 } };
    assert.deepEqual(compare(from, 1, [[test]], []), []);
    assert.equal(compare(from, 1, [[{ ...test, test: { ...test.test, df: 2 } }]], []).length, 1);
  });

  it("of grades hide each rate by itself", () => {
    const rate = { arm: "new", min_grade: 3, n_at_risk: 30, n_with: 4, rate: 0.1333333333 };
    const keys = { population: "trial", events: "events", subject: "id", arm: "arm", grade: "grade" };
    const from = translated("toxicity", { ...keys, expected: { rates: [rate] } });
    const answer = (nWith: unknown) => [["new", { nAtRisk: 30, rates: [{ minGrade: 3, nWith, rate: 0.13333333 }] }]];
    assert.deepEqual(compare(from, 0, answer(4), [cell(["new"], 30)]), []);
    assert.deepEqual(compare(from, 0, answer(HIDDEN), [cell(["new"], 30, "at least 3")]), []);
    assert.equal(compare(from, 0, answer(4), [cell(["new"], 30, "at least 3")]).length, 1);
    assert.equal(compare(from, 0, answer(5), [cell(["new"], 30)]).length, 1);
  });

  it("of arms are compared arm by arm, unless one of their cells is hidden", () => {
    const stratum = { arms: ["new", "old"], n: [20, 30], successes: [5, 6], p_best: [0.3, 0.7] };
    const keys = {
      arm: "arm",
      outcome: "status",
      prior: [1, 1],
      allocation_rule: "^1",
      expected: { strata: [stratum] },
    };
    const from = translated("beta_binomial_rar", keys);
    const arms = (best: number) => [
      { arm: "old", n: 30, successes: 6, probabilityBest: best },
      { arm: "new", n: 20, successes: 5, probabilityBest: 0.3 },
    ];
    const cells = [cell(["new", "1"], 5), cell(["new", "2"], 15)];
    assert.deepEqual(compare(from, 0, [[{ arms: arms(0.7001) }]], cells), []);
    assert.equal(compare(from, 0, [[{ arms: arms(0.71) }]], cells).length, 1);
    assert.deepEqual(compare(from, 0, [[HIDDEN]], [...cells, cell(["old", "1"], 6, "count")]), []);
    assert.equal(compare(from, 0, [[HIDDEN]], cells).length > 0, true);
  });
});
