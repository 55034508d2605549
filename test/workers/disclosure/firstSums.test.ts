/**
 * A field summed for the first time over a set whose size is public or was told before: each way told in which sums over
 * others would leave those of a few patients, here of one (k = 11), and its twin in which the rest are many.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { ClearRequest } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import { arms, isShown, meanOf, MEAN, people, PRESENT, schema, secret, study, without } from "./summedStudy.ts";

describe("a sum over all rows", () => {
  for (const [count, shown] of [
    [1, false],
    [11, true],
  ] as const) {
    const rest = shown ? "k patients" : "one patient";

    it(`beside a sum over those who had a value before ${rest} withdrew: ${shown ? "shown" : "hidden"}`, async () => {
      const told = study([...secret(count), ...arms()]);
      assert.equal(await isShown(told, meanOf(PRESENT), { sql: MEAN, ...without(count) }), shown);
    });

    it(`beside sums over its two halves before ${rest} withdrew: ${shown ? "shown" : "hidden"}`, async () => {
      const told = study([...secret(count), ...arms()]);
      const halves = [meanOf("arm = 'A'"), meanOf("arm <> 'A'")];
      assert.equal(await isShown(told, ...halves, { sql: MEAN, ...without(count) }), shown);
    });

    it(`beside the same over data to which ${rest} came: ${shown ? "shown" : "hidden"}`, async () => {
      const before = { versions: { one: 1 } };
      const present = study(arms(), secret(count));
      assert.equal(await isShown(present, { sql: meanOf(PRESENT), ...before }, MEAN), shown);
      const halves = [meanOf("arm = 'A'"), meanOf("arm <> 'A'")].map((sql) => ({ sql, ...before }));
      assert.equal(await isShown(study(arms(), secret(count)), ...halves, MEAN), shown);
    });

    it(`beside the sum with one more hospital of ${rest}: ${shown ? "shown" : "hidden"}`, async () => {
      const told = new ClearStudy(schema);
      for (const owner of ["two", "three"]) told.contribute(owner, arms());
      told.contribute("small", secret(count));
      const others = { sql: MEAN, versions: { two: 1, three: 1 } };
      assert.equal(await isShown(told, meanOf(PRESENT), others), shown);
    });

    it(`beside all but a cell of which all but ${rest} withdrew: ${shown ? "shown" : "hidden"}`, async () => {
      const told = study([...people(10, { arm: "C" }), ...secret(count + 1, { arm: "C" }), ...people(160)]);
      assert.equal(await isShown(told, meanOf("arm <> 'C'"), { sql: MEAN, ...without(10 + 1) }), shown);
    });

    it(`beside an answer that was never posted, of data from which ${rest} withdrew: ${shown ? "shown" : "hidden"}`, async () => {
      const told = study([...secret(count), ...arms()]);
      await told.leaveUnposted({ sql: meanOf(PRESENT) });
      assert.equal(await isShown(told, { sql: MEAN, ...without(count) }), shown);
    });
  }

  it("without a small hospital that has retired, beside the sum with it: hidden, as nobody can count its patients any more", async () => {
    const told = new ClearStudy(schema);
    for (const owner of ["two", "three"]) told.contribute(owner, arms());
    told.contribute("small", secret(5));
    assert.ok(await isShown(told, meanOf(PRESENT)));
    told.retire("small");
    assert.ok(!(await isShown(told, { sql: MEAN, versions: { two: 1, three: 1 } })));
  });

  it("alone, and again with another column: shown", async () => {
    assert.ok(await isShown(study(arms()), "SELECT COUNT(*) FROM t", MEAN, MEAN));
  });
});

describe("a sum over the cohort, whose size is tested without it", () => {
  const all = "SELECT COUNT(*), COUNT(lab), AVG(value) FROM t";
  const parts = [meanOf(`${PRESENT} AND arm = 'A'`), meanOf(`${PRESENT} AND arm <> 'A'`)] as const;
  const lacking = (count: number): ClearStudy => study([...arms(), ...secret(count, { lab: null })]);

  it("and a part of it leave the one who lacks a column: hidden, whichever is last", async () => {
    const [a, others] = parts;
    for (const order of [
      [all, a, others],
      [all, others, a],
      ["SELECT COUNT(lab) FROM t", a, others, MEAN],
    ] as const) {
      assert.ok(!(await isShown(lacking(1), ...order)), order.join("; "));
      assert.ok(await isShown(lacking(11), ...order), order.join("; "));
    }
  });

  it("where nobody lacks the column leaves nobody: shown", async () => {
    assert.ok(await isShown(study(arms()), all, ...parts));
  });

  it("was counted before at an earlier look, and not summed: hidden what leaves one", async () => {
    const first = { versions: { one: 1 } };
    const byArm = (what: string): string => `SELECT arm, ${what} FROM t WHERE ${PRESENT} GROUP BY arm`;
    const looks = [
      { sql: all, ...first },
      { sql: byArm("COUNT(*)"), ...first },
      { sql: parts[1], ...first },
    ];
    const grown = (count: number): ClearStudy =>
      study([...arms(), ...secret(count, { lab: null })], [...people(30, { arm: "B" }), ...people(30, { arm: "C" })]);
    assert.ok(!(await isShown(grown(1), ...looks, byArm("AVG(value)"))));
    assert.ok(!(await isShown(grown(1), looks[0]!, looks[2]!, byArm("AVG(value)"))));
    assert.ok(await isShown(grown(11), ...looks, byArm("AVG(value)")));
  });
});

describe("sums over two sets of one answer and an earlier one", () => {
  const both = "SELECT AVG(value), COVAR_POP(value, lab) FROM t WHERE arm <> 'C'";
  const earlier = meanOf("lab IS NULL AND arm = 'B'");
  const rows = (count: number): ClearStudy =>
    study([...arms(), ...people(60, { arm: "B", lab: null }), ...secret(count, { lab: null })]);

  it("that leave one patient: hidden, in one answer or two, whichever is last", async () => {
    const apart = [MEAN, "SELECT COVAR_POP(value, lab) FROM t"].map((sql) => `${sql} WHERE arm <> 'C'`);
    const orders = [
      [earlier, both],
      [both, earlier],
      [earlier, ...apart],
      [earlier, ...apart.toReversed()],
    ];
    for (const order of orders) {
      assert.ok(!(await isShown(rows(1), ...order)), order.join("; "));
      assert.ok(await isShown(rows(11), ...order), order.join("; "));
    }
  });

  it("of all rows: hidden, too", async () => {
    const whole = "SELECT AVG(value), COVAR_POP(value, lab) FROM t";
    assert.ok(!(await isShown(rows(1), earlier, whole)));
    assert.ok(await isShown(rows(11), earlier, whole));
  });
});

describe("sums that leave those who lack a column, some of them in a hospital that has retired", () => {
  async function lastIsShown(retires: boolean, count: number): Promise<boolean> {
    const told = new ClearStudy(schema);
    told.contribute("gone", [...arms(), ...secret(count, { lab: null })]);
    for (const owner of ["two", "three", "four"]) told.contribute(owner, arms());
    const of = (...owners: readonly string[]): Pick<ClearRequest, "versions"> => ({
      versions: Object.fromEntries(owners.map((owner) => [owner, 1])),
    });
    const byArm = `SELECT arm, AVG(value) FROM t WHERE ${PRESENT} GROUP BY arm`;
    const everyone = of("gone", "two", "three", "four");
    const first = [
      { sql: "SELECT COUNT(*), COUNT(lab) FROM t", ...everyone },
      { sql: "SELECT arm, COUNT(*), COUNT(lab), AVG(value) FROM t GROUP BY arm", ...everyone },
      { sql: byArm, ...of("gone", "two") },
    ];
    assert.ok(await isShown(told, ...first));
    if (retires) told.retire("gone");
    return isShown(told, { sql: byArm, ...of("three", "four") });
  }

  it("are hidden before it has, and after, when they can be counted no more", async () => {
    assert.deepEqual([await lastIsShown(false, 1), await lastIsShown(true, 1)], [false, false]);
    assert.ok(await lastIsShown(false, 11));
  });
});
