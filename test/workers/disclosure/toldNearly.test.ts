/**
 * What sums tell of few though no number of rows does: near the ends of a range, of a value apart from the others, and together with
 * counts of nearly the same patients (k = 11).
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import type { Story } from "./toldStory.ts";
import { isWhole, rows, schema, tellStories } from "./toldStory.ts";

const bands = (few: number): Row[] => [
  ...rows(200),
  ...rows(30, { age: 60 }),
  ...rows(60, { age: 65 }),
  ...rows(few, { age: 77 }),
];
const gradesByArm = (few: number): Row[] => [
  ...rows(100),
  ...rows(40, { grade: 1 }),
  ...rows(50, { grade: 2 }),
  ...rows(60, { arm: 1 }),
  ...rows(50, { arm: 1, grade: 1 }),
  ...rows(few, { arm: 1, grade: 2 }),
];
const grown = (): Row[] => [...rows(40), ...rows(30, { grade: 1 }), ...rows(30, { grade: 2 })];
const withMissing = (few: number): Row[] => [...gradesByArm(few), ...rows(30, { z: null })];

/** Of a cell of a table of grades of which one is hidden, and the number and the mean of all: how many have grade 2. */
const hiddenCell = (all: bigint, total: bigint, [zeros, ones]: readonly bigint[]): bigint =>
  ones! >= 0n ? (total - ones!) / 2n : zeros! >= 0n ? total - (all - zeros!) : -1n;

const STORIES: Readonly<Record<string, Story>> = {
  "a sum just above none": {
    rows: (few) => [...rows(200), ...rows(100, { arm: 1 }), ...rows(few, { arm: 1, visits: 1 })],
    asked: ["SELECT arm, AVG(visits) FROM t GROUP BY arm"],
    recovered: ([, , , all]) => all!,
  },
  "a sum just below the most": {
    rows: (few) => [...rows(200, { visits: 50 }), ...rows(few, { visits: 49 })],
    asked: ["SELECT AVG(visits) FROM t"],
    recovered: ([n, all]) => 50n * n! - all!,
  },
  "a mean of grades, nearly all the lowest": {
    rows: (few) => [
      ...rows(200),
      ...rows(30, { grade: 2 }),
      ...rows(100, { arm: 1 }),
      ...rows(few, { arm: 1, grade: 1 }),
    ],
    asked: ["SELECT AVG(grade) FROM t WHERE arm = '1'"],
    recovered: ([, all]) => all!,
  },
  "a value, and others at a distance": {
    rows: (few) => [...rows(200), ...rows(100, { age: 60 }), ...rows(few, { age: 77 })],
    asked: ["SELECT AVG(age) FROM t WHERE age = 60 OR age >= 70"],
    recovered: ([n, all]) => all! - 60n * n!,
    worth: 17,
  },
  "the same in what is left of overlapping sets": {
    rows: bands,
    asked: ["SELECT AVG(age) FROM t WHERE age BETWEEN 60 AND 69", "SELECT AVG(age) FROM t WHERE age >= 61"],
    recovered: ([n, all], [m, others]) => others! - all! - 60n * (m! - n!),
    worth: 17,
  },
  "the same in what is left of a larger set": {
    rows: bands,
    asked: ["SELECT AVG(age) FROM t WHERE age BETWEEN 61 AND 69", "SELECT AVG(age) FROM t WHERE age >= 60"],
    recovered: ([n, all], [m, others]) => others! - all! - 60n * (m! - n!),
    worth: 17,
  },
  "a value pinned for all but few of a level": {
    rows: (few) => [
      ...rows(60),
      ...rows(50, { age: 55 }),
      ...rows(70, { arm: 1 }),
      ...rows(40, { arm: 1, age: 50 }),
      ...rows(30, { grade: 2, sex: 1, age: 61 }),
      ...rows(few, { arm: 1, grade: 2, sex: 1, age: 77 }),
    ],
    asked: ["SELECT COVAR_POP(age, arm) FROM t WHERE arm = '0' OR age = 40 OR (sex = 'M' AND grade = '2')"],
    recovered: (told) => told[4]! - 40n * told[2]!,
    worth: 37,
  },
  "means over ages that overlap, beside OR": {
    rows: (few) => [
      ...rows(60),
      ...rows(40, { age: 65 }),
      ...rows(few, { age: 60 }),
      ...rows(15, { age: 61 }),
      ...rows(18, { age: 70 }),
      ...rows(70, { arm: 1, age: 50 }),
      ...rows(20, { arm: 1, age: 60 }),
      ...rows(20, { arm: 1, age: 70 }),
    ],
    asked: [
      "SELECT AVG(age) FROM t WHERE age BETWEEN 60 AND 69 OR arm = '1'",
      "SELECT AVG(age) FROM t WHERE age BETWEEN 61 AND 70 OR arm = '1'",
    ],
    recovered: ([n, all], [m, others]) => (70n * (n! - m!) - (all! - others!)) / 10n,
  },
  "a mean, and a count later, of an arm that has not grown": {
    rows: gradesByArm,
    grown,
    asked: [
      { sql: "SELECT arm, AVG(grade) FROM t GROUP BY arm", versions: { one: 1 } },
      "SELECT arm, COUNT(*) FROM t GROUP BY arm",
      "SELECT arm, COUNT(*) FROM t WHERE grade = '1' GROUP BY arm",
    ],
    recovered: ([, , n, total], [, all], [, ones]) => (all === n ? (total! - ones!) / 2n : -1n),
  },
  "a count, and a mean later, of an arm that has not grown": {
    rows: gradesByArm,
    grown,
    asked: [
      { sql: "SELECT arm, COUNT(*) FROM t GROUP BY arm", versions: { one: 1 } },
      { sql: "SELECT arm, COUNT(*) FROM t WHERE grade = '1' GROUP BY arm", versions: { one: 1 } },
      "SELECT arm, AVG(grade) FROM t GROUP BY arm",
    ],
    recovered: ([, n], [, ones], [, , all, total]) => (all === n ? (total! - ones!) / 2n : -1n),
  },
  "a mean, and a count with another hospital that has nobody in that arm": {
    rows: gradesByArm,
    more: grown,
    asked: [
      { sql: "SELECT arm, AVG(grade) FROM t GROUP BY arm", versions: { one: 1 } },
      "SELECT arm, COUNT(*) FROM t GROUP BY arm",
      "SELECT arm, COUNT(*) FROM t WHERE grade = '1' GROUP BY arm",
    ],
    recovered: ([, , n, total], [, all], [, ones]) => (all === n ? (total! - ones!) / 2n : -1n),
  },
  "a mean, and a table with a hidden cell later, of an arm that has not grown": {
    rows: gradesByArm,
    grown,
    asked: [
      { sql: "SELECT arm, AVG(grade) FROM t GROUP BY arm", versions: { one: 1 } },
      "SELECT arm, COUNT(*) FROM t GROUP BY arm",
      "SELECT arm, grade, COUNT(*) FROM t GROUP BY arm, grade",
    ],
    recovered: ([, , n, total], [, all], cells) => (all === n ? hiddenCell(all!, total!, cells!.slice(3)) : -1n),
  },
  "a mean of those who have a column that nobody lacks, and a count": {
    rows: withMissing,
    asked: [
      "SELECT COUNT(*), COUNT(z) FROM t WHERE arm = '1'",
      "SELECT AVG(grade) FROM t WHERE arm = '1' AND z IS NOT NULL",
      "SELECT COUNT(*) FROM t WHERE arm = '1' AND grade = '1'",
    ],
    recovered: ([all, n], [, total], [ones]) => (all === n ? (total! - ones!) / 2n : -1n),
  },
  "the same where one lacks it": {
    rows: (few) => [...withMissing(few), ...rows(1, { arm: 1, grade: 1, z: null })],
    asked: [
      "SELECT COUNT(*), COUNT(z) FROM t WHERE arm = '1'",
      "SELECT AVG(grade) FROM t WHERE arm = '1' AND z IS NOT NULL",
      "SELECT COUNT(*) FROM t WHERE arm = '1' AND grade = '1'",
    ],
    recovered: ([all, n], [, total], [ones]) => (all! - n! === 1n ? (total! - ones! + 1n) / 2n : -1n),
  },
  "a mean of those who have it, and a table with a hidden cell": {
    rows: withMissing,
    asked: [
      "SELECT COUNT(*), COUNT(z) FROM t WHERE arm = '1'",
      "SELECT AVG(grade) FROM t WHERE arm = '1' AND z IS NOT NULL",
      "SELECT grade, COUNT(*) FROM t WHERE arm = '1' GROUP BY grade",
    ],
    recovered: ([all, n], [, total], cells) => (all === n ? hiddenCell(all!, total!, cells!) : -1n),
  },
};

describe("the gate, of sums that are about few", () => {
  tellStories(STORIES);

  it("hides a sum that is just above none without one owner's patients", async () => {
    for (const [few, isShown] of [
      [1, false],
      [30, true],
    ] as const) {
      const study = new ClearStudy(schema);
      study.contribute("one", [...rows(100), ...rows(50, { visits: 3 })]);
      study.contribute("two", [...rows(100), ...rows(few, { visits: 1 })]);
      const answer = await study.ask({ sql: "SELECT AVG(visits) FROM t" });
      assert.equal(isWhole(answer), isShown, `${few} with visits, beside those that the first owner knows`);
    }
  });
});

describe("the gate, of whom some lack a value", () => {
  const trial = (lacking: number): Row[] =>
    [0, 1].flatMap((drug) =>
      [0, 1].flatMap((sex) => [
        ...rows(100 + 7 * drug, { drug, sex, z: 0, v: 70 + sex }),
        ...rows(50 + 9 * sex, { drug, sex, z: 1, v: 80 + drug }),
        ...rows(lacking, { drug, sex, z: null, v: null }),
      ]),
    );
  const byDrug = (what: string): string => `SELECT drug, ${what} FROM t GROUP BY drug`;
  const byBoth = (what: string): string => `SELECT drug, sex, ${what} FROM t GROUP BY drug, sex`;

  for (const what of ["AVG(z)", "AVG(v)", "COUNT(*), COUNT(v)"]) {
    for (const lacking of [0, 4, 20]) {
      it(`shows ${what} of parts and of the whole, in any order, where ${lacking} of each part lack it`, async () => {
        for (const asked of [
          [byDrug(what), byBoth(what)],
          [byBoth(what), byDrug(what)],
        ]) {
          const study = new ClearStudy(schema);
          study.contribute("one", trial(lacking));
          for (const sql of asked) assert.ok(isWhole(await study.ask({ sql })), `${sql} in ${asked.join("; ")}`);
        }
      });
    }

    it(`hides ${what} of few who do not lack it`, async () => {
      const study = new ClearStudy(schema);
      study.contribute("one", [
        ...trial(4).filter((row) => row["drug"] === 0n),
        ...rows(60, { drug: 1, z: 0, v: 70 }),
        ...rows(60, { drug: 1, z: 1, v: 71 }),
        ...rows(3, { drug: 1, sex: 1, z: 1, v: 90 }),
        ...rows(60, { drug: 1, sex: 1, z: null, v: null }),
      ]);
      assert.ok(isWhole(await study.ask({ sql: byDrug(what) })));
      const answer = await study.ask({ sql: byBoth(what) });
      assert.ok(answer.kind === "answered");
      const perCell = answer.outputs.length / 4;
      for (const cell of [2, 3]) assert.equal(answer.outputs[cell * perCell + 1], undefined);
    });
  }
});
