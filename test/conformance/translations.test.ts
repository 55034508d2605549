/** Every kind of reference query: the SQL that it becomes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ReferenceQuery } from "./referenceQuery.ts";
import type { JsonRecord } from "./referenceQuery.ts";
import { translated } from "./translatedQuery.ts";
import { translate } from "./translations/translate.ts";

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

  it("tell the judge whose order is asked, and which rows each output counts", () => {
    const shapes = (kind: string, keys: JsonRecord) =>
      translated(kind, keys).translation.statements.map(({ judged }) => judged);
    const quantile = {
      axes: [{ column: "arm", missing: true }],
      present: ["time"],
      order: { column: "time" },
    };
    const asked = { column: "time", probs: [0.5], group_by: ["arm"], expected: { groups: [] } };
    assert.deepEqual(shapes("quantile", asked), [quantile, quantile]);
    const survival = { time: "time", status: "status", event: 2, group_by: "arm", strata: "sex" };
    const order = { column: "time", ends: { column: "status", event: "2" } };
    assert.deepEqual(shapes("km_logrank", { ...survival, expected: { curves: [], logrank: {} } }), [
      { axes: [{ column: "arm", missing: true }], present: ["time", "status"], order },
      {
        axes: [
          { column: "arm", missing: false },
          { column: "sex", missing: false },
        ],
        present: ["time", "status", "arm", "sex"],
        order,
      },
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
      ["km_logrank", { time: "time", status: "status", group_by: ["arm", "sex"], expected: { logrank: {} } }],
    ] as const) {
      const query = new ReferenceQuery("q", kind, { table: "trial", ...keys });
      assert.ok("unsupported" in translate(query), JSON.stringify(keys));
    }
  });
});
