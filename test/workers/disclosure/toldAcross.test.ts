/** What answers tell beside each other: by levels of their sums, by lines of counts, by sets that overlap (k = 11). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { ClearAnswer, Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import type { Story } from "./toldStory.ts";
import { each, isWhole, rows, schema, SITES, tellStories } from "./toldStory.ts";

const grades = (few: number): Row[] => [
  ...rows(60),
  ...rows(30, { grade: 2 }),
  ...rows(20, { grade: 1 }),
  ...rows(50, { arm: 1 }),
  ...rows(33, { arm: 1, grade: 1 }),
  ...rows(few, { arm: 1, grade: 2 }),
  ...rows(20, { sex: 1 }),
];
const byGradeAndSex = (few: number): Row[] => [
  ...each((sex) => [...rows(60, { sex }), ...rows(30, { sex, grade: 1 })]),
  ...rows(few, { grade: 2 }),
];
const ages = (few: number): Row[] => [
  ...rows(60),
  ...rows(40, { age: 65 }),
  ...rows(few, { age: 60 }),
  ...rows(15, { age: 61 }),
  ...rows(18, { age: 70 }),
];
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
/** Number and sum of the mean of a grade, and how many have grade 1: who has grade 2. */
const ofGrade2 = ([, mean]: readonly bigint[], ones: bigint): bigint => (mean! - ones) / 2n;

const pinned = (few: number): Row[] => [
  ...rows(90),
  ...rows(40, { age: 50 }),
  ...rows(60, { sex: 1 }),
  ...rows(50, { arm: 1 }),
  ...rows(few, { arm: 1, sex: 1, age: 77 }),
];

const STORIES: Readonly<Record<string, Story>> = {
  "a mean of a value that OR pins for all but few": {
    rows: pinned,
    asked: ["SELECT AVG(age) FROM t WHERE age = 40 OR (arm = '1' AND sex = 'M')"],
    recovered: ([n, all]) => all! - 40n * n!,
    worth: 37,
  },
  "a product with such a value": {
    rows: pinned,
    asked: ["SELECT COVAR_POP(age, value) FROM t WHERE age = 40 OR (arm = '1' AND sex = 'M')"],
    recovered: (told) => told[1]! - 40n * told[0]!,
    worth: 37,
  },
  "means of which one leaves out whom another pins": {
    rows: (few) => [
      ...rows(90),
      ...rows(60, { arm: 1 }),
      ...rows(40, { arm: 1, age: 50 }),
      ...rows(50, { arm: 1, sex: 1 }),
      ...rows(few, { arm: 1, sex: 1, age: 77 }),
    ],
    asked: [
      "SELECT AVG(age) FROM t WHERE arm = '1'",
      "SELECT AVG(age) FROM t WHERE arm = '1' AND sex = 'F' AND age <> 40",
    ],
    recovered: ([n, all], [m, others]) => all! - others! - 40n * (n! - m!),
    worth: 37,
  },
  "products of which a coarser count follows, then a table": {
    rows: (few) => [
      ...each((arm) =>
        each((sex) => each((x) => [...rows(40, { arm, sex, x }), ...rows(33, { arm, sex, x, grade: 1 })])),
      ),
      ...rows(70, { arm: 1, grade: 2 }),
      ...rows(60, { arm: 1, sex: 1, grade: 2, x: 1 }),
      ...rows(few, { sex: 1, grade: 2 }),
    ],
    asked: ["SELECT COVAR_POP(arm, x) FROM t WHERE grade <> '2'", "SELECT arm, sex, COUNT(*) FROM t GROUP BY arm, sex"],
    recovered: ([n, ofArm1], cells) => cells[0]! + cells[1]! - (n! - ofArm1!),
  },
  "a growth that follows from lines of a table before it": {
    rows: () => each((sex) => [...rows(40, { sex }), ...rows(30, { sex, grade: 1 }), ...rows(31, { sex, grade: 2 })]),
    grown: (few) => [...rows(few), ...rows(30, { grade: 1 }), ...rows(30, { grade: 2 })],
    asked: [
      { sql: "SELECT AVG(grade) FROM t", versions: { one: 1 } },
      "SELECT grade, sex, COUNT(*) FROM t GROUP BY grade, sex",
      { sql: "SELECT COUNT(*) FROM t WHERE grade = '1'", versions: { one: 1 } },
    ],
    recovered: ([n, mean], cells, [ones]) => cells[0]! + cells[1]! - (n! - ones! - ofGrade2([n!, mean!], ones!)),
  },
  "COUNT(*) after another output, with a part of who lacks a value": {
    rows: (few) => [
      ...rows(60),
      ...rows(80, { arm: 1 }),
      ...rows(30, { arm: 1, z: null }),
      ...rows(few, { arm: 1, z: null, sex: 1 }),
    ],
    asked: [
      "SELECT COUNT(*) FROM t WHERE arm = '1' AND z IS NULL AND sex = 'F'",
      "SELECT COUNT(z), COUNT(*) FROM t WHERE arm = '1'",
    ],
    recovered: ([part], [present, all]) => all! - present! - part!,
  },
  "a mean and a count, both with OR": {
    rows: grades,
    asked: [
      "SELECT AVG(grade) FROM t WHERE arm = '1' OR sex = 'M'",
      "SELECT COUNT(*) FROM t WHERE (arm = '1' OR sex = 'M') AND grade = '1'",
    ],
    recovered: (mean, [ones]) => ofGrade2(mean, ones!),
  },
  "three sums of one answer, two of them over levels": {
    rows: (few) => [
      ...rows(60, { sex: 1 }),
      ...rows(30, { z: 1, w: null }),
      ...rows(15, { z: 1 }),
      ...rows(15, { w: 1 }),
      ...rows(30, { z: null, w: 1 }),
      ...rows(few, { z: null, w: null, value: 777 }),
    ],
    asked: ["SELECT AVG(value), COVAR_POP(value, z), COVAR_POP(value, w) FROM t WHERE sex = 'F'"],
    recovered: (told) => told[1]! - told[6]! - told[12]!,
    worth: 777,
  },
  "means over ages that overlap": {
    rows: ages,
    asked: ["SELECT AVG(age) FROM t WHERE age BETWEEN 60 AND 69", "SELECT AVG(age) FROM t WHERE age BETWEEN 61 AND 70"],
    recovered: ([n, all], [m, others]) => (70n * (n! - m!) - (all! - others!)) / 10n,
  },
  "means over ages that overlap, one with a gap": {
    rows: ages,
    asked: ["SELECT AVG(age) FROM t WHERE age >= 61", "SELECT AVG(age) FROM t WHERE age = 60 OR age >= 62"],
    recovered: ([n, all], [m, others]) => all! - others! - 61n * (n! - m!),
  },
  "a mean, then a table of counts": {
    rows: byGradeAndSex,
    asked: ["SELECT AVG(grade) FROM t", "SELECT sex, COUNT(*) FROM t WHERE grade = '1' GROUP BY sex"],
    recovered: (mean, ones) => ofGrade2(mean, sum(ones)),
  },
  "a table of counts, then a mean": {
    rows: byGradeAndSex,
    asked: ["SELECT sex, COUNT(*) FROM t WHERE grade = '1' GROUP BY sex", "SELECT AVG(grade) FROM t"],
    recovered: (ones, mean) => ofGrade2(mean, sum(ones)),
  },
  "a mean, then a table of which a line is shown": {
    rows: byGradeAndSex,
    asked: ["SELECT AVG(grade) FROM t", "SELECT grade, sex, COUNT(*) FROM t GROUP BY grade, sex"],
    recovered: (mean, cells) => ofGrade2(mean, cells[2]! + cells[3]!),
  },
  "a growth whose number is known, and no sum of what it grew from": {
    rows: () => [
      ...rows(60),
      ...rows(60, { arm: 1 }),
      ...rows(40, { arm: 1, u: null, value: 101 }),
      ...rows(30, { arm: 1, u: null, v: null, value: 102 }),
    ],
    more: (few) => [
      ...rows(60),
      ...rows(60, { arm: 1 }),
      ...rows(40, { arm: 1, u: null, v: null, value: 103 }),
      ...rows(few, { arm: 1, u: null, value: 777 }),
    ],
    asked: [
      { sql: "SELECT COUNT(*), COUNT(u) FROM t WHERE arm = '1' AND v IS NOT NULL", versions: { two: 1 } },
      { sql: "SELECT AVG(value) FROM t WHERE arm = '1' AND u IS NULL AND v IS NULL", versions: { two: 1 } },
      { sql: "SELECT AVG(value), COUNT(v) FROM t WHERE arm = '1' AND u IS NULL", versions: { one: 1 } },
      "SELECT AVG(value), COVAR_POP(value, v) FROM t WHERE arm = '1' AND u IS NULL",
    ],
    recovered: (_, [, lacking], [, first], [, all]) => all! - lacking! - first!,
    worth: 777,
  },
  "a set that is out of sight, asked again with a sum": {
    rows: (few) => [
      ...SITES.flatMap((_, site) => rows(12, { site })),
      ...rows(40, { arm: 1 }),
      ...rows(30, { arm: 1, v: null }),
      ...rows(few, { arm: 1, v: null, sex: 1, value: 777 }),
    ],
    asked: [
      "SELECT COUNT(*) FROM t WHERE arm = '1'",
      "SELECT site, COUNT(*) FROM t WHERE arm = '0' GROUP BY site",
      "SELECT AVG(value) FROM t WHERE arm = '1' AND sex = 'F' AND v IS NULL",
      "SELECT AVG(value), COVAR_POP(value, v) FROM t WHERE arm = '1'",
    ],
    recovered: (_, __, [, women], told) => told[1]! - told[3]! - women!,
    worth: 777,
  },
  "a mean, and one whose level is in it": {
    rows: (few) => [
      ...rows(60),
      ...rows(30, { grade: 1 }),
      ...rows(25, { grade: 2 }),
      ...rows(60, { arm: 1 }),
      ...rows(31, { arm: 1, grade: 1 }),
      ...rows(few, { arm: 1, grade: 2 }),
    ],
    asked: ["SELECT AVG(grade) FROM t WHERE arm = '1'", "SELECT AVG(arm) FROM t WHERE grade = '1'"],
    recovered: (mean, [, ones]) => ofGrade2(mean, ones!),
  },
  "sums over levels of two answers": {
    rows: (few) => [
      ...rows(60),
      ...each((arm) => each((x) => rows(40, { age: 70, arm, x }))),
      ...rows(few, { age: 60, arm: 1, x: 1 }),
      ...rows(15, { age: 61, arm: 1, x: 1 }),
      ...[60, 61].flatMap((age) => [...rows(15, { age }), ...rows(15, { age, x: 1 }), ...rows(15, { age, arm: 1 })]),
    ],
    asked: [
      "SELECT COVAR_POP(age, arm) FROM t WHERE age >= 60 AND x = '1'",
      "SELECT COVAR_POP(age, x) FROM t WHERE age >= 62 AND arm = '1'",
    ],
    recovered: (first, second) => 61n * (first[2]! - second[2]!) - (first[4]! - second[4]!),
  },
  "a level that counts as told by one group of a cell, and is told by a later one": {
    rows: (few) => [
      ...rows(60),
      ...rows(30, { grade: 2 }),
      ...rows(20, { grade: 1 }),
      ...rows(50, { z: null }),
      ...rows(33, { z: null, grade: 1 }),
      ...rows(few, { z: null, grade: 2 }),
    ],
    asked: [
      "SELECT COUNT(*), COUNT(z), LINEAR_REGRESSION(value, INDICATOR(grade <> '1')) FROM t " +
        "WHERE z IS NULL OR (grade <> '1' AND z IS NOT NULL)",
      "SELECT AVG(grade) FROM t WHERE z IS NULL",
    ],
    recovered: (told, mean) => ofGrade2(mean, told[0]! - told[2]!),
  },
  "a growth that a table's cells tell": {
    rows: () => each((arm) => [...rows(60, { arm }), ...rows(30, { arm, grade: 1 }), ...rows(31, { arm, grade: 2 })]),
    grown: (few) => [...rows(60), ...rows(30, { grade: 1 }), ...rows(few, { grade: 2 })],
    asked: [
      { sql: "SELECT AVG(grade) FROM t", versions: { one: 1 } },
      { sql: "SELECT COUNT(*) FROM t WHERE grade = '1'", versions: { one: 1 } },
      "SELECT arm, COUNT(*) FROM t WHERE grade = '2' GROUP BY arm",
    ],
    recovered: (mean, [ones], cells) => sum(cells) - ofGrade2(mean, ones!),
  },
};

describe("the gate, of answers beside each other", () => {
  tellStories(STORIES);

  it("takes no sum over a level for told that was not: a hidden one does not follow", async () => {
    const inSites = (more = "") => `SELECT AVG(value) FROM t WHERE x = '1' AND site IN ('s0', 's1', 's2')${more}`;
    for (const outputs of ["AVG(x)", "AVG(value), AVG(x)"]) {
      const study = new ClearStudy(schema);
      study.contribute("one", [
        ...[0, 1, 2].flatMap((site) => [...rows(40, { site }), ...rows(40 + site, { site, x: 1, value: 101 + site })]),
        ...rows(80, { site: 3 }),
        ...rows(1, { x: 1, u: null, value: 777 }),
      ]);
      for (const site of [0, 1, 2])
        assert.ok(isWhole(await study.ask({ sql: `SELECT ${outputs} FROM t WHERE site = 's${site}'` })));
      assert.ok(isWhole(await study.ask({ sql: inSites(" AND u IS NOT NULL") })));
      const without = await study.ask({ sql: inSites() });
      assert.ok(!isWhole(without));
      const apart: ClearAnswer[] = [];
      for (const site of [0, 1, 2])
        apart.push(await study.ask({ sql: `SELECT AVG(value) FROM t WHERE x = '1' AND site = 's${site}'` }));
      assert.ok(!apart.every(isWhole), `after ${outputs} of each site`);
    }
  });
});
