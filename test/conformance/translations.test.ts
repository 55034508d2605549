/** Every kind of reference query: the SQL it becomes, and what of an answer is compared. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { AnswerTable } from "../../workers/statistics/finishAnswer.ts";
import { HIDDEN } from "../../workers/statistics/hidden.ts";
import { conditionOf, usesOf } from "./columnUses.ts";
import { deriveStudy } from "./derivedStudy.ts";
import type { DerivedStudy } from "./derivedStudy.ts";
import type { JudgedCell, Part } from "./judge/judgedAnswer.ts";
import type { CsvTable } from "./referenceDirectory.ts";
import { ReferenceQuery } from "./referenceQuery.ts";
import type { JsonRecord } from "./referenceQuery.ts";
import { namingOf, statementSql } from "./statementSql.ts";
import { translate } from "./translations/translate.ts";
import type { Statement, Translation } from "./translations/translation.ts";

const FIELDS = { arm: "string", sex: "string", status: "integer", time: "integer", age: "number", dose: "integer" };
const table: CsvTable = {
  name: "trial",
  fields: Object.entries(FIELDS).map(([name, type]) => ({ name, type, description: "" })),
  columns: Object.keys(FIELDS),
  rows: [
    ["new", "f", "1", "10", "50.5", "3"],
    ["old", "m", "2", "700", "71", "90"],
    ["old", null, "2", "365", null, "14"],
  ],
};

interface Translated {
  readonly translation: Translation;
  readonly study: DerivedStudy;
  readonly sql: readonly string[];
}

function translated(kind: string, keys: JsonRecord): Translated {
  const translation = translate(new ReferenceQuery("q", kind, { table: "trial", expected: {}, ...keys }));
  assert("statements" in translation);
  const derived = translation.derived.map(({ column }) => column);
  const own = {
    ...table,
    columns: [...table.columns, ...derived],
    rows: table.rows.map((row) => [...row, ...derived.map(() => "0")]),
  };
  const study = deriveStudy("trial", usesOf(own, [translation]));
  const tokens = conditionOf(translation, own.columns);
  return { translation, study, sql: translation.statements.map((each) => statementSql(study, each, tokens)) };
}

const cell = (keys: JudgedCell["keys"], rows: number, ...hidden: Part[]): JudgedCell => {
  return { keys, rows, hidden: new Set(hidden), rules: [] };
};

/** What a statement says of one row of the answer. */
function compare(from: Translated, at: number, rows: readonly (readonly unknown[])[], cells: readonly JudgedCell[]) {
  const statement: Statement = from.translation.statements[at]!;
  return statement.compare(
    { columns: [], rows, suppression: {} } as unknown as AnswerTable,
    cells,
    namingOf(from.study),
  );
}

describe("translations", () => {
  it("write conditions with the study's names and constants", () => {
    const where = "ARM = 'old' AND (\"age\" >= 50 OR NOT status IN (1, 3)) AND time BETWEEN 1 AND 2e2 -- kept";
    assert.deepEqual(translated("count", { where, group_by: ["sex"] }).sql, [
      'SELECT "sex" AS group_1, COUNT(*) AS rows_counted\nFROM "trial"\n' +
        'WHERE "arm" = \'old\' AND ("age" >= 50 OR NOT "status" IN (1, 3)) AND "time" BETWEEN 1 AND 2e2 -- kept\n' +
        'GROUP BY "sex"',
    ]);
    assert.deepEqual(translated("count", { where: "age > 60", where_equals: { column: "sex", value: "it's" } }).sql, [
      'SELECT COUNT(*) AS rows_counted\nFROM "trial"\nWHERE ("age" > 60) AND "sex" = \'it\'\'s\'',
    ]);
    assert.match(translated("count", { where_equals: { column: "age", value: null } }).sql[0]!, /"age" IS NULL$/);
  });

  it("write every statistic", () => {
    const written: readonly (readonly [kind: string, keys: JsonRecord, select: readonly string[]])[] = [
      [
        "stats",
        { column: "age" },
        [
          'COUNT(*) AS rows_counted, COUNT("age") AS values_counted, SUM("age") AS total, AVG("age") AS average, VAR_SAMP("age") AS variance, STDDEV_SAMP("age") AS deviation',
        ],
      ],
      ["crosstab", { row: "arm", col: "sex" }, ['CROSSTAB("arm", "sex") AS cross_table']],
      ["histogram", { column: "age", breaks: [-1, 0.5, 80] }, ['HISTOGRAM("age", -1, 0.5, 80) AS bins']],
      [
        "correlation",
        { x: "age", y: "dose" },
        ['REGR_COUNT("dose", "age") AS pairs_counted, CORR("dose", "age") AS coefficient'],
      ],
      [
        "linear_regression",
        { formula: "time ~ age + I(arm=='old')" },
        [`LINEAR_REGRESSION("time", "age", INDICATOR("arm" = 'old')) AS fit`],
      ],
      [
        "quantile",
        { column: "time", probs: [0.25, 0.5] },
        ['QUANTILE("time", 0.25, 0.5, TYPE 7) AS quantiles', 'QUANTILE("time", 0.25, 0.5, TYPE 1) AS quantiles'],
      ],
    ];
    for (const [kind, keys, select] of written) {
      assert.deepEqual(
        translated(kind, keys).sql,
        select.map((item) => `SELECT ${item}\nFROM "trial"`),
        kind,
      );
    }
  });

  it("write the statistics that compare groups with these in GROUP BY", () => {
    const survival = { time: "time", status: "status", event: 2, group_by: "arm", strata: "sex" };
    assert.deepEqual(translated("km_logrank", { ...survival, expected: { curves: [], logrank: {} } }).sql, [
      'SELECT "arm" AS group_1, KAPLAN_MEIER("time", "status" = \'2\') AS curve\nFROM "trial"\nGROUP BY "arm"',
      'SELECT LOGRANK("time", "status" = \'2\', STRATA "sex") AS test\nFROM "trial"\nGROUP BY "arm"',
    ]);
    const without = { time: "time", status: "status", expected: { curves: [] } };
    assert.deepEqual(translated("km_logrank", without).sql, [
      'SELECT KAPLAN_MEIER("time", "status" = \'1\') AS curve\nFROM "trial"',
    ]);
    const adaptive = { arm: "arm", biomarker: "sex", outcome: "status", success: 1, prior: [0.5, 2] };
    const rule = { allocation_rule: "w_k = P(best)^0.5, normalised", expected: { strata: [] } };
    assert.deepEqual(translated("beta_binomial_rar", { ...adaptive, ...rule }).sql, [
      'SELECT "sex" AS group_1, ALLOCATION("status" = \'1\', PRIOR 0.5, 2, POWER 0.5) AS allocation\nFROM "trial"\n' +
        'GROUP BY "sex", "arm"',
    ]);
  });

  it("derive worst grades of events, one column for each term", () => {
    const rates = ["pain", "rash", "pain"].map((term) => ({ arm: "new", term, min_grade: 1 }));
    const { translation, sql } = translated("toxicity", {
      population: "trial",
      population_where: "age > 1",
      events: "events",
      events_where: "related = 'Y'",
      subject: "id",
      arm: "arm",
      grade: "grade",
      term: "name",
      expected: { rates },
    });
    assert.deepEqual(
      translation.derived.map(({ from, where, equals, greatestOf }) => [from, where, equals?.value, greatestOf]),
      [
        ["events", "related = 'Y'", "pain", "grade"],
        ["events", "related = 'Y'", "rash", "grade"],
      ],
    );
    assert.match(
      sql[1]!,
      /^SELECT "arm" AS group_1, TOXICITY\("c_q_worst_grade_rash"\) AS rates\n.*\nWHERE "age" > 1\nGROUP BY "arm"$/,
    );
  });

  it("are not made of formulas and kinds that there are no statements for", () => {
    for (const [kind, keys] of [
      ["logistic_regression", { formula: "status ~ age" }],
      ["linear_regression", { formula: "time ~ log(age)" }],
      ["linear_regression", { formula: "time ~ age:dose" }],
      ["beta_binomial_rar", { arm: "arm", outcome: "status", allocation_rule: "equal", expected: { strata: [] } }],
    ] as const) {
      const query = new ReferenceQuery("q", kind, { table: "trial", ...keys });
      assert.ok("unsupported" in translate(query), JSON.stringify(keys));
    }
  });
});

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

  it("of quantiles may be the value or the interval of a grid that holds it", () => {
    const from = translated("quantile", { column: "time", probs: [0.5], expected: { type7: [3.5], type1: [3] } });
    for (const [value, problems] of [
      [3.5, 0],
      [4, 1],
      [{ lower: 3, upper: 4 }, 0],
      [{ lower: null, upper: 3 }, 1],
    ] as const) {
      assert.equal(compare(from, 0, [[{ quantiles: [value] }]], []).length, problems, JSON.stringify(value));
    }
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
    const test = { observed: [2], expected: [1.5], chiSquare: 3, df: 1, p: 0.08 };
    assert.deepEqual(compare(from, 1, [[test]], []), []);
    assert.equal(compare(from, 1, [[{ ...test, df: 2 }]], []).length, 1);
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
