/** What the cells of a table add up to, where a field is summed over them: lines and the whole (k = 11). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { withClasses } from "../../../workers/disclosure/classCatalogue.ts";
import { disclosedSets } from "../../../workers/disclosure/disclosedSets.ts";
import { keyOf } from "../../../workers/disclosure/rowSet.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { arms, isShown, meanOf, MEAN, people, PRESENT, schema, secret, study, without } from "./summedStudy.ts";
import type { Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";

const BY_ARM = "SELECT arm, AVG(value) FROM t GROUP BY arm";
const PRESENT_BY_ARM = `SELECT arm, AVG(value) FROM t WHERE ${PRESENT} GROUP BY arm`;
const BOTH = "SELECT arm, sex, AVG(value) FROM t GROUP BY arm, sex";

async function marginsOf(
  sql: string,
): Promise<{ groups: readonly number[]; key: string; summed: readonly number[] }[]> {
  const { facts } = await study(arms()).compile({ sql });
  const { margins } = withClasses(schema, [facts], (classes) => disclosedSets(facts, 1n, classes)).made;
  return margins.map(({ set, groups, summed }) => ({ groups, key: keyOf(set), summed: [...summed] }));
}

describe("margins of a table", () => {
  it("are its lines and the whole of each sum and count; none of one cell, or without a table", async () => {
    const [VALUE, LAB] = ["value", "lab"].map((name) => schema.fields.findIndex((field) => field.name === name));
    assert.deepEqual(
      (await marginsOf(BY_ARM)).map(({ groups, summed }) => [groups, summed]),
      [[[0, 1, 2], [VALUE]]],
    );
    // Two sexes, three arms.
    assert.deepEqual(
      (await marginsOf(BOTH)).map(({ groups }) => groups),
      [
        [0, 1],
        [2, 3],
        [4, 5],
        [0, 2, 4],
        [1, 3, 5],
        [0, 1, 2, 3, 4, 5],
      ],
    );
    const two = await marginsOf("SELECT arm, AVG(value), AVG(lab) FROM t GROUP BY arm");
    assert.deepEqual(
      two.map(({ groups, summed }) => [groups, summed]),
      [
        [[0, 2, 4], [VALUE]],
        [[1, 3, 5], [LAB]],
      ],
    );
    assert.equal(new Set(two.map(({ key }) => key)).size, 2);
    assert.deepEqual(
      (await marginsOf("SELECT arm, COUNT(*) FROM t GROUP BY arm")).map(({ groups, summed }) => [groups, summed]),
      [[[0, 1, 2], []]],
    );
    for (const sql of [MEAN, BY_ARM.replace(" GROUP", " WHERE arm = 'A' GROUP")])
      assert.deepEqual(await marginsOf(sql), [], sql);
  });
});

describe("the gate against sums of a table's cells together", () => {
  const lacking = (count: number): ClearStudy => study([...arms(), ...secret(count, { lab: null })]);
  const whole = "SELECT COUNT(*), COUNT(lab), AVG(value) FROM t";

  it("does not tell, with a sum over all, what those have who lack a column, whichever is first", async () => {
    for (const order of [
      [whole, PRESENT_BY_ARM],
      ["SELECT COUNT(lab) FROM t", PRESENT_BY_ARM, MEAN],
    ]) {
      assert.ok(!(await isShown(lacking(1), ...order)), order.join("; "));
      assert.ok(await isShown(lacking(11), ...order), order.join("; "));
    }
  });

  it("does not tell, with sums over each line, what those have who lack a column there", async () => {
    const lines = "SELECT arm, COUNT(*), COUNT(lab), AVG(value) FROM t GROUP BY arm";
    const cells = `SELECT arm, sex, AVG(value) FROM t WHERE ${PRESENT} GROUP BY arm, sex`;
    const elsewhere = [...people(11, { arm: "B", lab: null }), ...people(11, { arm: "C", lab: null })];
    const rows = (count: number): ClearStudy => study([...arms(), ...secret(count, { lab: null }), ...elsewhere]);
    assert.ok(!(await isShown(rows(1), lines, cells)));
    assert.ok(await isShown(rows(11), lines, cells));
  });

  it("does not tell what a patient has who withdrew before all others were asked about in a table", async () => {
    for (const [count, shown] of [
      [1, false],
      [11, true],
    ] as const) {
      const told = study([...secret(count), ...arms()]);
      assert.equal(await isShown(told, meanOf(PRESENT), { sql: BY_ARM, ...without(count) }), shown);
    }
  });

  it("does not tell by how few a line has grown whose cells were not asked about before", async () => {
    for (const [count, shown] of [
      [1, false],
      [11, true],
    ] as const) {
      const told = study(arms(), [
        ...secret(count),
        ...people(60, { arm: "B" }),
        ...people(60, { arm: "C", sex: "M" }),
      ]);
      assert.equal(await isShown(told, { sql: meanOf("arm = 'A'"), versions: { one: 1 } }, BOTH), shown);
    }
  });

  it("counts as told what a table told that was never posted", async () => {
    for (const [count, shown] of [
      [1, false],
      [11, true],
    ] as const) {
      const told = study([...secret(count), ...arms()]);
      await told.leaveUnposted({ sql: PRESENT_BY_ARM });
      assert.equal(await isShown(told, { sql: MEAN, ...without(count) }), shown);
    }
  });

  it("counts as told no table of which a cell is hidden", async () => {
    const told = study([...arms(), ...people(3, { lab: null }), ...people(60, { lab: null, arm: "B" })]);
    const answer = await told.ask({ sql: "SELECT arm, AVG(value) FROM t WHERE lab IS NULL GROUP BY arm" });
    assert.ok(answer.kind === "answered" && answer.outputs.some((output) => output === undefined));
    assert.ok(await isShown(told, MEAN));
  });
});

/** Cells whose sums are shown, each with two outputs; undefined: refused. */
async function shownCells(told: ClearStudy, sql: string): Promise<number[] | undefined> {
  const answer = await told.ask({ sql });
  if (answer.kind !== "answered") return undefined;
  const { outputs } = answer;
  return outputs.flatMap((_, at) => (at % 2 === 0 && outputs[at + 1] !== undefined ? [at / 2] : []));
}

describe("the gate against sums of some of a table's cells", () => {
  const ofTwo = (count: number): ClearStudy =>
    study([...people(60), ...people(60, { arm: "B" }), ...secret(count, { lab: null })]);
  const byArm = "SELECT arm, COVAR_POP(value, lab) FROM t GROUP BY arm";

  it("does not take parts of cells for cells, where the rest of all is who lacks a column", async () => {
    // Nobody is in C, whose sums are hidden; the others' parts, and all, leave the one.
    for (const [count, shown] of [
      [1, 1],
      [11, 2],
    ] as const) {
      const told = ofTwo(count);
      assert.ok(await isShown(told, MEAN));
      const answer = await told.ask({ sql: byArm });
      assert.ok(answer.kind === "answered");
      const sums = [2, 9].filter((at) => answer.outputs[at] !== undefined);
      assert.equal(sums.length, shown, `${count}`);
    }
  });

  const BOTH_PRESENT = `SELECT arm, sex, AVG(value) FROM t WHERE ${PRESENT} GROUP BY arm, sex`;

  it("hides some where what they add up to is too close, whether one is empty, small, or told before", async () => {
    // All of one sex and all of the other leave one patient of all, so a man's cell is hidden; it follows if nobody lacks the
    // column, so that another cell is.
    const told = await Promise.all(
      [[], people(2, { arm: "C", sex: "M" }), people(30, { arm: "C", sex: "M" })].map(async (last) => {
        const rows = study([...arms().slice(0, 150), ...last, ...secret(1, { lab: null })]);
        assert.ok(await isShown(rows, MEAN));
        if (last.length > 11) assert.ok(await isShown(rows, meanOf(`${PRESENT} AND arm = 'C' AND sex = 'M'`)));
        return shownCells(rows, BOTH_PRESENT);
      }),
    );
    assert.deepEqual(told, [
      [0, 2, 3, 4],
      [0, 1, 2, 3],
      [0, 2, 3, 5],
    ]);
  });

  it("goes on hiding until what is shown is far from it: to hide who is nobody, or was told, helps nothing", async () => {
    const others = arms().slice(60);
    const nobody = study([...people(30), ...others, ...secret(1, { lab: null, arm: "B" })]);
    assert.ok(await isShown(nobody, MEAN));
    assert.deepEqual(await shownCells(nobody, BOTH_PRESENT), [0, 2, 3, 4]);
    const known = study([...arms(), ...secret(1, { lab: null })]);
    assert.ok(await isShown(known, MEAN, meanOf(`${PRESENT} AND arm = 'A' AND sex = 'M'`)));
    assert.deepEqual(await shownCells(known, BOTH_PRESENT), [0, 1, 2, 4]);
  });

  it("shows a table of a column that nobody lacks beside the sum over all, but no cells from which a small one follows", async () => {
    assert.ok(await isShown(study(arms()), MEAN, PRESENT_BY_ARM));
    const told = study([...people(60), ...people(60, { arm: "B" }), ...secret(2, { arm: "C" })]);
    assert.ok(await isShown(told, MEAN));
    assert.deepEqual(await shownCells(told, PRESENT_BY_ARM), [0], "with B the two of C would follow");
  });

  it("combines them with one of their cells and an earlier set", async () => {
    for (const [count, shown] of [
      [1, false],
      [11, true],
    ] as const) {
      const told = study([...arms(), ...people(15, { lab: null }), ...secret(count, { arm: "B", lab: null })]);
      const others = "SELECT COUNT(*), COUNT(lab), AVG(value) FROM t WHERE arm <> 'A'";
      assert.equal(await isShown(told, others, PRESENT_BY_ARM), shown);
    }
  });

  /** Three cells have few, who are enough together, and some more lack a column, so that all are far from those shown. */
  const ofThree = (last: number): ClearStudy => {
    const cells = [...people(15), ...people(15, { sex: "M" }), ...people(15, { arm: "B" })];
    const few = [
      ...people(9, { arm: "B", sex: "M" }),
      ...people(8, { arm: "C" }),
      ...people(7, { arm: "C", sex: "M" }),
    ];
    return study([...cells, ...few, ...people(30, { arm: "B", sex: "M", lab: null }), ...secret(last, { lab: null })]);
  };
  const FIRST_THREE = "arm = 'A' OR arm = 'B' AND sex = 'F'";

  it("counts as told what the shown ones add up to, though others are hidden", async () => {
    for (const [last, shown] of [
      [1, false],
      [11, true],
    ] as const) {
      const told = ofThree(last);
      assert.deepEqual(await shownCells(told, BOTH_PRESENT), [0, 1, 2]);
      assert.equal(await isShown(told, meanOf(FIRST_THREE)), shown);
    }
  });

  it("tests what the shown ones add up to when it is told, though others are hidden", async () => {
    for (const [last, shown] of [
      [1, [1, 2]],
      [11, [0, 1, 2]],
    ] as const) {
      const told = ofThree(last);
      assert.ok(await isShown(told, meanOf(FIRST_THREE)));
      assert.deepEqual(await shownCells(told, BOTH_PRESENT), shown);
    }
  });
});

describe("a table with a small cell", () => {
  it("is shown again as it was, and with another statistic", async () => {
    const told = study([
      ...people(60),
      ...people(60, { arm: "B" }),
      ...people(2, { arm: "C" }),
      ...people(90, { sex: "M" }),
    ]);
    const shownOf = async (statistic: string): Promise<(bigint | undefined)[]> => {
      const answer = await told.ask({ sql: `SELECT arm, ${statistic} FROM t WHERE sex = 'F' GROUP BY arm` });
      assert.ok(answer.kind === "answered");
      const { outputs } = answer;
      return [0, 1, 2].map((arm) => outputs[(outputs.length / 3) * arm]);
    };
    const first = await shownOf("AVG(value)");
    assert.deepEqual(first, [60n, 60n, undefined]);
    assert.deepEqual(await shownOf("AVG(value)"), first);
    assert.deepEqual(await shownOf("VAR_POP(value)"), first);
  });
});

describe("a line that was counted over more data than a table has", () => {
  it("is not told by the cells where it has grown by few since", async () => {
    for (const [count, shown] of [
      [1, false],
      [11, true],
    ] as const) {
      const told = new ClearStudy(schema);
      for (const owner of ["one", "two"]) told.contribute(owner, arms());
      told.contribute("three", [...secret(count), ...people(30, { sex: "M" })]);
      const twoOnly = { versions: { one: 1, two: 1 } };
      const table = { sql: "SELECT sex, arm, AVG(value) FROM t GROUP BY sex, arm", ...twoOnly };
      assert.equal(await isShown(told, "SELECT COUNT(*) FROM t WHERE sex = 'F'", table), shown);
    }
  });
});

describe("counts by value", () => {
  const grades = parseSchema(
    JSON.stringify({
      name: "grades",
      table: "t",
      subject: "id",
      fields: [
        { name: "grade", type: "category", categories: ["1", "2", "3"], required: true },
        { name: "lab", type: "integer", minimum: 0, maximum: 9 },
      ],
    }),
  );
  const graded = (count: number, grade: bigint): Row[] => Array.from({ length: count }, () => ({ grade, lab: 1n }));

  it("tell the sum of the values", async () => {
    for (const [count, shown] of [
      [1, false],
      [11, true],
    ] as const) {
      const told = new ClearStudy(grades);
      told.contribute("one", [...graded(count, 2n), ...[0n, 1n, 2n].flatMap((grade) => graded(60, grade))]);
      const table = `SELECT grade, COUNT(*) FROM t WHERE ${PRESENT} GROUP BY grade`;
      assert.equal(await isShown(told, table, { sql: "SELECT AVG(grade) FROM t", ...without(count) }), shown);
    }
  });
});

describe("a line of a table that is asked by itself afterwards", () => {
  it("is tested for its size as if it had not been told, since not all of that was looked at in the table", async () => {
    const rows = study([...arms(), ...people(1, { lab: null }), ...people(1, { sex: "M", lab: null })]);
    // Neither are the women in it nor is it within the women, by its conditions.
    const near = `SELECT COUNT(*) FROM t WHERE (sex = 'F' AND ${PRESENT}) OR (sex = 'M' AND lab IS NULL)`;
    assert.ok(await isShown(rows, near, "SELECT sex, arm, AVG(value) FROM t GROUP BY sex, arm"));
    const { kind } = await rows.ask({ sql: "SELECT COUNT(*) FROM t WHERE sex = 'F'" });
    assert.equal(kind, "refused");
  });
});
