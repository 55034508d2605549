/** What several sums of one answer, or the values that a column can have, tell of few: products, squares, rests, gaps (k = 11). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import type { Story } from "./toldStory.ts";
import { isWhole, rows, schema, tellStories } from "./toldStory.ts";

const STORIES: Readonly<Record<string, Story>> = {
  "the slope over two arms, in one of which nearly nobody has a visit": {
    rows: (few) => [
      ...rows(100),
      ...rows(100, { visits: 3 }),
      ...rows(150, { arm: 1 }),
      ...rows(few, { arm: 1, visits: 1 }),
    ],
    asked: ["SELECT REGR_SLOPE(visits, arm) FROM t"],
    recovered: (told) => told[4]!,
  },
  "the same beside another column": {
    rows: (few) => [
      ...rows(100, { age: 50 }),
      ...rows(100, { visits: 3 }),
      ...rows(150, { arm: 1, age: 60 }),
      ...rows(few, { arm: 1, visits: 1 }),
    ],
    asked: ["SELECT LINEAR_REGRESSION(visits, arm, age) FROM t"],
    recovered: (told) => told[6]!,
  },
  "a correlation of two columns that nearly nobody has both of": {
    rows: (few) => [
      ...rows(200, { u: 0 }),
      ...rows(60, { u: 0, visits: 3 }),
      ...rows(60, { u: 2 }),
      ...rows(few, { u: 1, visits: 1 }),
    ],
    asked: ["SELECT CORR(visits, u) FROM t"],
    recovered: (told) => told[4]!,
  },
  "what a part, as an indicator, leaves of the whole": {
    rows: (few) => [...rows(200), ...rows(few, { visits: 1 }), ...rows(150, { arm: 1, visits: 2 })],
    asked: ["SELECT LINEAR_REGRESSION(visits, INDICATOR(arm = '1')) FROM t"],
    recovered: ([, ones, all, part]) => (ones! > 0n ? all! - part! : -1n),
  },
  "what those who have another column leave of all": {
    rows: (few) => [
      ...rows(200),
      ...rows(60, { visits: 2 }),
      ...rows(60, { v: null }),
      ...rows(few, { v: null, visits: 1 }),
    ],
    asked: ["SELECT AVG(visits), COVAR_POP(visits, v) FROM t"],
    recovered: ([n, all, m, part]) => (n! > m! ? all! - part! : -1n),
  },
  "the mean and the deviation of a column that is nearly constant": {
    rows: (few) => [...rows(150, { visits: 4 }), ...rows(few, { visits: 5 })],
    asked: ["SELECT AVG(visits), STDDEV_SAMP(visits) FROM t"],
    recovered: ([n, sum, squares]) => squares! - 8n * sum! + 16n * n!,
  },
  "the mean and the deviation of grades, of which nearly none is the highest": {
    rows: (few) =>
      [...rows(100), ...rows(50, { u: 1 }), ...rows(few, { u: 2 })].map((row) => ({
        ...row,
        u: (row["u"]! % 3n) as bigint,
      })),
    asked: ["SELECT AVG(u), STDDEV_SAMP(u) FROM t"],
    recovered: ([, sum, squares]) => (squares! - sum!) / 2n,
  },
  "the mean and the deviation of a code that is nearly always one of two": {
    rows: (few) => [...rows(150, { score: 2 }), ...rows(few, { score: 3 })],
    asked: ["SELECT AVG(score), STDDEV_SAMP(score) FROM t"],
    recovered: ([n, sum, squares]) => squares! - 4n * sum! + 4n * n!,
  },
  "ages of which all but few are at the ends": {
    rows: (few) => [...rows(60, { age: 0 }), ...rows(60, { age: 90 }), ...rows(few, { age: 1 })],
    asked: ["SELECT AVG(age), STDDEV_SAMP(age) FROM t"],
    recovered: ([, sum, squares]) => (90n * sum! - squares!) / 89n,
  },
  "doses of which all but few are two that are not a step apart": {
    rows: (few) => [...rows(100, { dose: 1 }), ...rows(100, { dose: 2 }), ...rows(few, { dose: 0 })],
    asked: ["SELECT AVG(dose), STDDEV_SAMP(dose) FROM t"],
    recovered: ([n, sum, squares]) => (squares! - 60n * sum! + 800n * n!) / 300n,
  },
  "codes that a condition pins for all but few": {
    rows: (few) => [
      ...rows(100),
      ...rows(60, { score: 1 }),
      ...rows(60, { score: 2 }),
      ...rows(40, { arm: 1, score: 1 }),
      ...rows(few, { arm: 1, score: 4 }),
    ],
    asked: ["SELECT AVG(score), STDDEV_SAMP(score) FROM t WHERE score IN (1, 2) OR arm = '1'"],
    recovered: ([n, sum, squares]) => (squares! - 3n * sum! + 2n * n!) / 6n,
  },
  "a code far from all others in what a part leaves": {
    rows: (few) => [
      ...rows(100, { score: 1 }),
      ...rows(12, { v: null, score: 1 }),
      ...rows(8, { v: null, score: 2 }),
      ...rows(few, { v: null, score: 5 }),
    ],
    asked: ["SELECT AVG(score), COVAR_POP(score, v) FROM t"],
    recovered: ([n, sum, m, part]) => (n! > m! ? (sum! - part! - 28n) / 99n : -1n),
  },
  "what the indicators of all other grades leave": {
    rows: (few) => [
      ...rows(80),
      ...rows(few, { visits: 1 }),
      ...rows(60, { grade: 1, visits: 2 }),
      ...rows(60, { grade: 2, visits: 3 }),
    ],
    asked: ["SELECT LINEAR_REGRESSION(visits, INDICATOR(grade = '1'), INDICATOR(grade = '2')) FROM t"],
    recovered: (told) => told[3]! - told[5]! - told[6]!,
  },
  "squares of what those who have another column leave of all": {
    rows: (few) => [
      ...rows(75),
      ...rows(75, { visits: 3, v: 8 }),
      ...rows(30, { v: null, visits: 4 }),
      ...rows(30, { v: null, visits: 5 }),
      ...rows(few, { v: null, visits: 6 }),
    ],
    asked: ["SELECT STDDEV_POP(visits), REGR_R2(visits, v) FROM t"],
    recovered: ([n, sum, squares, m, part, , partSquares]) =>
      squares! - partSquares! - 9n * (sum! - part!) + 20n * (n! - m!),
    worth: 2,
  },
  "the highest of values, where all others have the lowest": {
    rows: (few) => [...rows(150, { u: 0 }), ...rows(2 * few, { u: 9 })],
    asked: ["SELECT AVG(u), STDDEV_SAMP(u) FROM t"],
    recovered: ([, , squares]) => squares! / 81n,
    worth: 2,
  },
  "grades below a code that most have": {
    rows: (few) => [...rows(60, { score: 5 }), ...rows(12), ...rows(few, { score: 1 })],
    asked: ["SELECT AVG(score) FROM t"],
    recovered: ([, sum]) => sum! - 60n * 99n,
  },
  "hidden arms that a total leaves, with nearly no visit": {
    rows: (few) => [
      ...rows(200, { visits: 2 }),
      ...rows(100, { x: 1, drug: 0 }),
      ...rows(few, { x: 1, drug: 0, visits: 1 }),
      ...rows(100, { x: 1, drug: 1 }),
    ],
    asked: ["SELECT AVG(visits) FROM t", "SELECT x, drug, AVG(visits) FROM t GROUP BY x, drug"],
    recovered: ([, all], [, shown]) => (shown! >= 0n ? all! - shown! : -1n),
  },
  "a code far from all grades": {
    rows: (few) => [
      ...[0, 1].flatMap((arm) => [
        ...rows(12, { arm, score: 1 }),
        ...rows(8, { arm, score: 2 }),
        ...rows(6, { arm, score: 3 }),
      ]),
      ...rows(few, { arm: 1, score: 5 }),
      ...rows(20, { score: 5 }),
    ],
    asked: ["SELECT AVG(score) FROM t WHERE arm = '1'"],
    recovered: ([, sum]) => (sum! - 46n) / 99n,
  },
  "a code far from all grades in the arm that two answers leave": {
    rows: (few) => [
      ...rows(12, { score: 1 }),
      ...rows(20, { score: 2 }),
      ...rows(few, { score: 5 }),
      ...rows(40, { arm: 1, score: 3 }),
      ...rows(40, { arm: 1, score: 5 }),
    ],
    asked: ["SELECT AVG(score) FROM t", "SELECT AVG(score) FROM t WHERE arm = '1'"],
    recovered: ([, all], [n, arm]) => (n! > 0n ? (all! - arm! - 52n) / 99n : -1n),
  },
  "ages at both ends": {
    rows: (few) => [...rows(200), ...rows(30, { age: 18 }), ...rows(25, { age: 19 }), ...rows(few, { age: 88 })],
    asked: ["SELECT AVG(age) FROM t WHERE age BETWEEN 18 AND 19 OR age >= 85"],
    recovered: ([, sum]) => (sum! - 30n * 18n - 25n * 19n) / 88n,
  },
  "steps of a half, nearly all the lowest": {
    rows: (few) => [...rows(150), ...rows(few, { half: 1 })],
    asked: ["SELECT AVG(half) FROM t"],
    recovered: ([n, sum]) => (sum! - 5n * n!) / 5n,
  },
};

describe("the gate, of what values tell", () => {
  tellStories(STORIES);

  it("hides what is left of the slope without one owner's patients", async () => {
    for (const [few, isShown] of [
      [1, false],
      [30, true],
    ] as const) {
      const study = new ClearStudy(schema);
      study.contribute("one", [...rows(100, { visits: 3 }), ...rows(100, { arm: 1, visits: 2 })]);
      study.contribute("two", [
        ...rows(100, { visits: 3 }),
        ...rows(100, { arm: 1 }),
        ...rows(few, { arm: 1, visits: 1 }),
      ]);
      assert.equal(isWhole(await study.ask({ sql: "SELECT REGR_SLOPE(visits, arm) FROM t" })), isShown, `${few}`);
    }
  });

  it("counts how many patients a sum can be of at most, though none adds the least", async () => {
    // Each between the ends adds three or four to Σ(x − 0)(4 − x): of eight it is more than three times ten.
    for (const [between, isShown] of [
      [8, false],
      [11, true],
    ] as const) {
      const study = new ClearStudy(schema);
      study.contribute("one", [
        ...rows(60),
        ...rows(60, { score: 4 }),
        ...rows(between, { score: 2 }),
        ...rows(20, { score: 5 }),
      ]);
      const sql = "SELECT AVG(score), STDDEV_POP(score) FROM t WHERE score <> '99'";
      assert.equal(isWhole(await study.ask({ sql })), isShown, `${between}`);
    }
  });

  it("tests sums to which a patient adds up to 500 units, and no others", async () => {
    for (const [unit, isShown] of [
      [500, false],
      [501, true],
    ] as const) {
      const steps = parseSchema(
        JSON.stringify({
          name: "steps",
          table: "t",
          subject: "id",
          fields: [
            {
              name: "c",
              type: "category",
              categories: [0, 1, 2, 3].map((step) => String(step * unit)),
              required: true,
            },
          ],
        }),
      );
      const study = new ClearStudy(steps);
      study.contribute("one", [
        ...Array.from({ length: 100 }, () => ({ c: 0n })),
        ...Array.from({ length: 2 }, () => ({ c: 2n })),
      ]);
      assert.equal(isWhole(await study.ask({ sql: "SELECT AVG(c) FROM t" })), isShown, `${unit}`);
    }
  });

  it("shows sums with a column that nobody lacks and without it, in either order, and hides them where few lack it", async () => {
    const trial = (lacking: number): Row[] =>
      [0, 1].flatMap((arm) =>
        [0, 1].flatMap((sex) => [
          ...[0, 1, 2, 3].flatMap((u) => rows(25, { arm, sex, u, visits: (u * 7 + arm + 2 * sex) % 6, score: u })),
          ...rows(sex === 0 ? lacking : 0, { arm, sex, u: null, visits: 2, score: 1 }),
        ]),
      );
    const [all, byArm, bySex] = ["", "arm", "sex"].map((by) => (what: string): string => {
      return by === "" ? `SELECT ${what} FROM t` : `SELECT ${by}, ${what} FROM t GROUP BY ${by}`;
    });
    const orders = [
      [all!("CORR(visits, u)"), all!("AVG(visits)")],
      [byArm!("CORR(visits, u)"), byArm!("AVG(visits)")],
      [byArm!("CORR(visits, u)"), bySex!("AVG(visits)")],
    ];
    for (const asked of orders.flatMap((order) => [order, order.toReversed()]))
      for (const [lacking, isShown] of [
        [0, true],
        [5, false],
        [30, true],
      ] as const) {
        const study = new ClearStudy(schema);
        study.contribute("one", trial(lacking));
        assert.ok(isWhole(await study.ask({ sql: asked[0]! })), asked[0]);
        assert.equal(isWhole(await study.ask({ sql: asked[1]! })), isShown, `${asked.join("; ")}: ${lacking} lack it`);
      }
    // Cells of nobody are just who lacks the column.
    const study = new ClearStudy(schema);
    study.contribute("one", trial(0));
    for (const sql of [orders[1]![0]!, "SELECT arm, score, COUNT(*) FROM t GROUP BY arm, score"])
      assert.ok(isWhole(await study.ask({ sql })), sql);
  });

  it("hides that all who lack a column in one set are a cell of another: it would tell the set's condition of them", async () => {
    // All of grade 2, and no others, lack the column, and all of them are men.
    const trial = [
      ...[0, 1].flatMap((grade) => [...rows(40 + grade, { grade, sex: 1 }), ...rows(20 + grade, { grade, sex: 0 })]),
      ...rows(20, { grade: 2, sex: 1, v: null }),
    ];
    const asked = [
      "SELECT COUNT(*), COUNT(v) FROM t WHERE sex = 'M'",
      "SELECT grade, COUNT(*), COUNT(v) FROM t GROUP BY grade",
    ];
    for (const [first, second] of [asked, asked.toReversed()]) {
      const study = new ClearStudy(schema);
      study.contribute("one", trial);
      assert.ok(isWhole(await study.ask({ sql: first! })), first);
      assert.ok(!isWhole(await study.ask({ sql: second! })), `${first}; ${second}`);
    }
  });

  it("shows statistics of doses and half steps, of which some are given to few, or to nobody", async () => {
    const trial = (few: number): Row[] =>
      [0, 1].flatMap((arm) => [
        ...[0, 1, 2].flatMap((dose) =>
          [0, 1].flatMap((grade) => rows(100, { arm, dose, half: dose, grade, age: 50 + grade + 3 * dose })),
        ),
        ...rows(few, { arm, dose: 3, half: 3, grade: 1, age: 60 }),
      ]);
    for (const few of [0, 5, 60])
      for (const what of ["dose", "half"])
        for (const sql of [
          `SELECT AVG(${what}) FROM t`,
          `SELECT arm, AVG(${what}) FROM t GROUP BY arm`,
          `SELECT REGR_SLOPE(age, ${what}) FROM t`,
          `SELECT CORR(age, ${what}) FROM t`,
          `SELECT LINEAR_REGRESSION(grade, ${what}) FROM t`,
        ]) {
          const study = new ClearStudy(schema);
          study.contribute("one", trial(few));
          assert.ok(isWhole(await study.ask({ sql })), `${sql}, where ${few} have the highest`);
          assert.ok(isWhole(await study.ask({ sql: "SELECT arm, COUNT(*) FROM t GROUP BY arm" })), `after ${sql}`);
        }
  });
});
