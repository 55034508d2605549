/** Known ways to single a patient out of permitted answers, each told as a story against the gate (k = 11). */
import { describe, it } from "node:test";
import assert from "node:assert/strict";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { MOST_MASKS } from "../../../workers/disclosure/preparedRequest.ts";
import type { ClearRequest } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";
import { complete, hidden, incomplete, outputsOf, people, study } from "./trackerStudy.ts";

describe("the gate against trackers", () => {
  it("refuses a cohort below k, at k − 1, and shows it at k", async () => {
    for (const [count, kind] of [
      [1, "refused"],
      [10, "refused"],
      [11, "answered"],
    ] as const) {
      const trial = study([...people(count, { arm: "B" }), ...people(50)]);
      assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'B'" })).kind, kind, String(count));
    }
  });

  it("refuses a cohort of nobody as it refuses a small one", async () => {
    const answer = await study(people(50)).ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'B'" });
    assert.equal(answer.kind, "refused");
  });

  it("complement: refuses a cohort that leaves fewer than k out", async () => {
    const trial = study([...people(50), ...people(10, { arm: "B" })]);
    assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A'" })).kind, "refused");
    const larger = study([...people(50), ...people(11, { arm: "B" })]);
    assert.deepEqual(outputsOf(await larger.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A'" })), [50n]);
  });

  it("answers about everyone, unless they are fewer than k, or but for one owner's", async () => {
    const everyone = { sql: "SELECT COUNT(*), AVG(value) FROM trial" };
    assert.equal((await study(people(11)).ask(everyone)).kind, "answered");
    assert.equal((await study(people(10)).ask(everyone)).kind, "refused in public");
    const two = study(people(40));
    two.contribute("other", people(10));
    assert.equal((await two.ask(everyone)).kind, "refused in public");
    two.contribute("other", people(1));
    assert.equal((await two.ask(everyone)).kind, "answered");
  });

  it("two queries: refuses a cohort that differs from an earlier one by fewer than k", async () => {
    const trial = study([...people(40, { age: 65 }), ...people(5, { age: 55 }), ...people(40, { age: 20 })]);
    assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE age >= 60" })).kind, "answered");
    assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE age >= 50" })).kind, "refused");
    assert.equal((await trial.ask({ sql: "SELECT AVG(value) FROM trial WHERE age >= 50" })).kind, "refused");
  });

  it("three queries: refuses the part that completes a difference of one patient", async () => {
    const rows = [
      ...people(40, { sex: "F" }),
      ...people(30, { sex: "M", age: 45 }),
      ...people(1, { sex: "M", age: 65 }),
      ...people(60, { arm: "B", age: 65 }),
    ];
    const trial = study(rows);
    assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A'" })).kind, "answered");
    assert.equal(
      (await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A' AND sex = 'F'" })).kind,
      "answered",
    );
    const last = "SELECT COUNT(*) FROM trial WHERE arm = 'A' AND sex = 'M' AND age < 60";
    assert.equal((await trial.ask({ sql: last })).kind, "refused");
    assert.equal((await study(rows).ask({ sql: last })).kind, "answered", "alone it is harmless");
  });

  it("does not count on a cell that was shown before when it hides others that are few together", async () => {
    const trial = study([
      ...people(15),
      ...people(2, { arm: "B" }),
      ...people(3, { arm: "C" }),
      ...people(50, { arm: "D" }),
      ...people(50, { arm: "E" }),
    ]);
    assert.deepEqual(outputsOf(await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A'" })), [15n]);
    const [, , , d, e] = outputsOf(await trial.ask({ sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm" }));
    assert.ok(d === hidden || e === hidden, "all but A, D and E are five");
  });

  it("hides one cell that differs by one patient though the cohorts differ by fifteen", async () => {
    const trial = study([
      ...people(50, { age: 65 }),
      ...people(50, { arm: "B", age: 65 }),
      ...people(14, { age: 55 }),
      ...people(1, { arm: "B", age: 55 }),
      ...people(30, { arm: "C", age: 20 }),
    ]);
    const sql = (age: number): string => `SELECT arm, COUNT(*) FROM trial WHERE age >= ${age} GROUP BY arm`;
    assert.deepEqual(outputsOf(await trial.ask({ sql: sql(60) })), [50n, 50n, 0n, 0n, 0n]);
    const [a, b] = outputsOf(await trial.ask({ sql: sql(50) }));
    assert.equal(a, 64n);
    assert.equal(b, hidden);
  });

  it("hides sums over the one patient who has the value, and shows the cell", async () => {
    const trial = study([
      ...people(30, { value: 5 }),
      ...people(1, { arm: "B", value: 999 }),
      ...people(29, { arm: "B", value: null }),
    ]);
    const outputs = outputsOf(await trial.ask({ sql: "SELECT arm, COUNT(*), AVG(value) FROM trial GROUP BY arm" }));
    assert.deepEqual(outputs.slice(0, 6), [30n, 30n, 150n, 30n, hidden, hidden]);
  });

  it("a mean of a 0/1 column is two counts: it alone is hidden while either is small, and shown when not", async () => {
    for (const field of ["response", "flag"]) {
      for (const few of [1, 3, 10, 11]) {
        for (const [ones, zeros] of [
          [few, 40 - few],
          [40 - few, few],
        ] as const) {
          const trial = study([
            ...people(20, { [field]: 1 }),
            ...people(20, { [field]: 0 }),
            ...people(ones, { arm: "B", [field]: 1 }),
            ...people(zeros, { arm: "B", [field]: 0 }),
          ]);
          const sql = `SELECT arm, COUNT(*), AVG(${field}) FROM trial GROUP BY arm`;
          // Of each arm: patients; those who have the column, and its sum, which is how many have 1.
          const armB = few < 11 ? [40n, hidden, hidden] : [40n, 40n, BigInt(ones)];
          const nobody = [0n, 0n, 0n];
          const expected = [...[40n, 40n, 20n], ...armB, ...nobody, ...nobody, ...nobody];
          assert.deepEqual(outputsOf(await trial.ask({ sql })), expected, `${field}: ${ones} have 1, ${zeros} have 0`);
        }
      }
    }
  });

  it("reversed BETWEEN is empty; repeated IN is the same set; NOT leaves missing out", async () => {
    const trial = study(
      [
        ...people(30, { age: 45 }),
        ...people(30, { age: 65 }),
        ...people(20, { age: 35, sex: "M" }),
        ...people(30, { age: null }),
      ],
      incomplete,
    );
    const between = "SELECT COUNT(*) FROM trial WHERE age BETWEEN :lo AND :hi";
    assert.equal((await trial.ask({ sql: between, parameters: { lo: "70", hi: "39" } })).kind, "empty");
    const one = await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE sex IN ('F', 'F') AND age >= 60" });
    assert.deepEqual(outputsOf(one), [30n]);
    const again = await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE sex = 'F' AND age >= 60" });
    assert.deepEqual(outputsOf(again), [30n]);
    const not = await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE age NOT BETWEEN 40 AND 49" });
    assert.deepEqual(outputsOf(not), [50n]);
  });

  describe("NOT leaves out who has no age: a condition, its NOT and both of them leave who lacks it", () => {
    const [young, notYoung, armA] = [
      "SELECT COUNT(*) FROM trial WHERE arm = 'A' AND age < 50",
      "SELECT COUNT(*) FROM trial WHERE arm = 'A' AND NOT age < 50",
      "SELECT COUNT(*) FROM trial WHERE arm = 'A'",
    ] as const;
    const lacking = (count: number): ClearStudy =>
      study(
        [
          ...people(30, { age: 45 }),
          ...people(31, { age: 65 }),
          ...people(count, { age: null }),
          ...people(40, { arm: "B" }),
        ],
        incomplete,
      );

    it("the last of the three counts is refused, whichever it is, until k lack it", async () => {
      for (const order of [
        [young, notYoung, armA],
        [notYoung, armA, young],
        [armA, young, notYoung],
      ]) {
        for (const count of [0, 1, 10]) {
          const trial = lacking(count);
          const kinds: string[] = [];
          for (const sql of order) kinds.push((await trial.ask({ sql })).kind);
          assert.deepEqual(kinds, ["answered", "answered", "refused"], `${count} lack it: ${order.join("; ")}`);
        }
        const trial = lacking(11);
        for (const sql of order) assert.equal((await trial.ask({ sql })).kind, "answered", sql);
      }
    });

    it("all rows are the third count, which the chain tells", async () => {
      for (const [count, kind] of [
        [0, "refused"],
        [1, "refused"],
        [10, "refused"],
        [11, "answered"],
      ] as const) {
        const trial = lacking(count);
        const first = await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE age < 50" });
        assert.deepEqual(outputsOf(first), [70n]);
        const second = await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE NOT age < 50" });
        assert.equal(second.kind, kind, String(count));
      }
    });

    it("how many lack it may be told, however few, and then needs no test; a sum over them may not", async () => {
      const trial = lacking(1);
      const table = "SELECT COUNT(*), COUNT(age) FROM trial WHERE arm = 'A'";
      assert.deepEqual(outputsOf(await trial.ask({ sql: table })), [62n, 61n]);
      assert.deepEqual(outputsOf(await trial.ask({ sql: young })), [30n]);
      assert.deepEqual(outputsOf(await trial.ask({ sql: notYoung })), [31n]);
      const sums = ["arm = 'A'", "arm = 'A' AND (age < 50 OR NOT age < 50)"].map(
        (where) => `SELECT SUM(value) FROM trial WHERE ${where}`,
      );
      for (const count of [1, 10, 11]) {
        const summed = lacking(count);
        const [whole, told] = [await summed.ask({ sql: sums[0]! }), await summed.ask({ sql: sums[1]! })];
        assert.deepEqual(outputsOf(whole), [BigInt(61 + count), BigInt(7 * (61 + count))]);
        assert.deepEqual(outputsOf(told), count < 11 ? [hidden, hidden] : [61n, 427n], String(count));
      }
    });
  });

  it("refuses where an owner holds ten of eleven rows; one owner's data alone need no such test", async () => {
    const trial = new ClearStudy(complete);
    trial.contribute("one", [...people(10, { arm: "B" }), ...people(40)]);
    trial.contribute("two", [...people(1, { arm: "B" }), ...people(40)]);
    const sql = "SELECT COUNT(*) FROM trial WHERE arm = 'B'";
    assert.equal((await trial.ask({ sql })).kind, "refused");
    const shared = new ClearStudy(complete);
    shared.contribute("one", [...people(11, { arm: "B" }), ...people(40)]);
    shared.contribute("two", [...people(11, { arm: "B" }), ...people(40)]);
    assert.deepEqual(outputsOf(await shared.ask({ sql })), [22n]);
  });

  it("hides more of a table where an owner could subtract itself from what is hidden together", async () => {
    const arms = ["A", "B", "C", "D"];
    const table = async (...owners: readonly (readonly number[])[]): Promise<(bigint | undefined)[]> => {
      const trial = new ClearStudy(complete);
      owners.forEach((counts, owner) => {
        const rows = arms.flatMap((arm, at) => people(counts[at]!, { arm }));
        trial.contribute(`${owner}`, rows);
      });
      return outputsOf(await trial.ask({ sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm" })).slice(0, 4);
    };
    // Of the 25 hidden in arms A and D the second owner knows its own 20.
    assert.deepEqual(await table([3, 40, 40, 2], [0, 40, 40, 20]), [hidden, hidden, 80n, hidden]);
    // The others have 11 or more of those hidden: no fewer than a shown cell may have.
    assert.deepEqual(await table([3, 60, 60, 8], [0, 40, 40, 20]), [hidden, 100n, 100n, hidden]);
    assert.deepEqual(await table([3, 60, 60, 9], [8, 40, 40, 9]), [hidden, 100n, 100n, hidden]);
  });

  it("hides a cell that an owner could subtract itself from", async () => {
    const trial = new ClearStudy(complete);
    trial.contribute("one", [...people(30, { arm: "B" }), ...people(40)]);
    trial.contribute("two", [...people(1, { arm: "B" }), ...people(40)]);
    const outputs = outputsOf(await trial.ask({ sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm" }));
    assert.equal(outputs[1], hidden);
  });

  it("allows a second statistic of the same cohort", async () => {
    const trial = study([...people(40), ...people(40, { arm: "B" })]);
    assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'B'" })).kind, "answered");
    assert.deepEqual(outputsOf(await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'B'" })), [40n]);
    assert.equal((await trial.ask({ sql: "SELECT AVG(value) FROM trial WHERE arm = 'B'" })).kind, "answered");
  });

  it("age < 50, then age >= 50: allowed on a complete column, refused when the rest is three with no age", async () => {
    const [young, old] = [
      "SELECT COUNT(*) FROM trial WHERE age < 50",
      "SELECT COUNT(*) FROM trial WHERE age >= 50",
    ] as const;
    const whole = study([...people(30, { age: 45 }), ...people(30, { age: 65 })]);
    assert.equal((await whole.ask({ sql: young })).kind, "answered");
    assert.equal((await whole.ask({ sql: old })).kind, "answered");
    const missing = study(
      [...people(30, { age: 45 }), ...people(30, { age: 65 }), ...people(3, { age: null })],
      incomplete,
    );
    assert.equal((await missing.ask({ sql: young })).kind, "answered");
    assert.equal((await missing.ask({ sql: old })).kind, "refused");
  });

  it("three looks of a growing trial: allowed, with cells hidden that grew by a few", async () => {
    const trial = study([...people(40), ...people(40, { arm: "B" }), ...people(40, { arm: "C", age: 20 })]);
    const sql = "SELECT arm, COUNT(*) FROM trial WHERE age >= 40 GROUP BY arm";
    assert.deepEqual(outputsOf(await trial.ask({ sql })).slice(0, 2), [40n, 40n]);
    trial.contribute("one", [...people(15), ...people(2, { arm: "B" })]);
    assert.deepEqual(outputsOf(await trial.ask({ sql })).slice(0, 2), [55n, hidden]);
    trial.contribute("one", [...people(20), ...people(20, { arm: "B" })]);
    const third = outputsOf(await trial.ask({ sql }));
    assert.deepEqual(third.slice(0, 2), [75n, 62n]);
  });

  it("a cell that did not change passes once k rows are new", async () => {
    const trial = study([...people(40), ...people(40, { arm: "B" }), ...people(40, { arm: "C", age: 20 })]);
    const sql = "SELECT arm, COUNT(*) FROM trial WHERE age >= 40 GROUP BY arm";
    await trial.ask({ sql });
    trial.contribute("one", people(15));
    assert.deepEqual(outputsOf(await trial.ask({ sql })).slice(0, 2), [55n, 40n]);
  });

  it("two versions: refused in public while fewer than k rows are new", async () => {
    const trial = study([...people(40), ...people(40, { arm: "B" })]);
    const sql = "SELECT COUNT(*) FROM trial WHERE arm = 'B'";
    assert.equal((await trial.ask({ sql })).kind, "answered");
    trial.contribute("one", people(10, { arm: "B" }));
    assert.equal((await trial.ask({ sql })).kind, "refused in public");
    assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial" })).kind, "answered");
    const back = await trial.ask({ sql, versions: { one: 1 } });
    assert.deepEqual(outputsOf(back), [40n], "the earlier data give the earlier answer");
  });

  it("everyone at two versions: refused while fewer than k rows are new, by public numbers", async () => {
    const trial = study(people(40));
    assert.equal((await trial.ask({ sql: "SELECT AVG(value) FROM trial" })).kind, "answered");
    trial.contribute("one", people(1, { value: 900 }));
    assert.equal((await trial.ask({ sql: "SELECT AVG(value) FROM trial" })).kind, "refused in public");
  });

  it("one hidden cell of a line whose total is public hides another", async () => {
    const trial = study([
      ...people(50),
      ...people(3, { arm: "B" }),
      ...people(30, { arm: "C" }),
      ...people(30, { arm: "D" }),
      ...people(30, { arm: "E" }),
    ]);
    const outputs = outputsOf(await trial.ask({ sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm" }));
    assert.equal(outputs[1], hidden);
    assert.equal(outputs.filter((value) => value === hidden).length, 2);
  });

  it("two hidden cells of a line that sum to two hide a third", async () => {
    const trial = study([
      ...people(50),
      ...people(1, { arm: "B" }),
      ...people(1, { arm: "C" }),
      ...people(30, { arm: "D" }),
      ...people(30, { arm: "E" }),
    ]);
    const outputs = outputsOf(await trial.ask({ sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm" }));
    assert.deepEqual([outputs[1], outputs[2]], [hidden, hidden]);
    assert.equal(outputs.filter((value) => value === hidden).length, 3);
  });

  it("of more sets than can be told apart, one hidden hides all; none hidden, all are shown", async () => {
    const lines = (count: number, letter: string): string[] =>
      Array.from({ length: count }, (_, index) => `${letter}${index}`);
    const [sites, ages] = [lines(26, "s"), lines(20, "a")];
    const wide = parseSchema(
      JSON.stringify({
        name: "wide",
        table: "trial",
        subject: "id",
        fields: [
          { name: "site", type: "category", categories: sites, required: true },
          { name: "band", type: "category", categories: ages, required: true },
        ],
      }),
    );
    for (const fewest of [12, 3]) {
      const rows = sites.flatMap((_, site) =>
        ages.flatMap((__, band) => {
          const count = site + band === 0 ? fewest : 12;
          return Array.from({ length: count }, () => ({ site: BigInt(site), band: BigInt(band) }));
        }),
      );
      const answer = await study(rows, wide).ask({ sql: "SELECT site, band, COUNT(*) FROM trial GROUP BY site, band" });
      const expected = sites.flatMap(() => ages.map(() => (fewest === 12 ? 12n : hidden)));
      assert.deepEqual(outputsOf(answer), expected);
    }
  });
  it("an answer opened, perhaps, but never posted: its table's cells stay hidden on the same data", async () => {
    const counts = [3, 30, 31, 32, 33];
    const rows = counts.flatMap((count, arm) => people(count, { arm: "ABCDE"[arm]! }));
    const table = "SELECT arm, COUNT(*) FROM trial GROUP BY arm";
    // Whoever saw three of the four large cells has the small one as soon as the fourth is shown.
    for (const sql of ["SELECT COUNT(*) FROM trial WHERE arm = 'C'", "SELECT COUNT(*) FROM trial WHERE arm <> 'C'"]) {
      const trial = study(rows);
      trial.history.push((await trial.plan({ sql: table })).earlier);
      const answer = await trial.ask({ sql });
      assert.ok(answer.kind === "refused" || outputsOf(answer).every((value) => value === hidden), sql);
    }
    const trial = study(rows);
    trial.history.push((await trial.plan({ sql: table })).earlier);
    assert.deepEqual(new Set(outputsOf(await trial.ask({ sql: table }))), new Set([hidden]));
    trial.contribute(
      "one",
      counts.flatMap((_, arm) => people(20, { arm: "ABCDE"[arm]! })),
    );
    assert.deepEqual(
      outputsOf(await trial.ask({ sql: table })),
      counts.map((count) => BigInt(count + 20)),
    );
  });

  it("a single number opened, perhaps, but never posted is shown when it is asked for again", async () => {
    const trial = study([...people(30), ...people(40, { arm: "C" })]);
    const sql = "SELECT COUNT(*) FROM trial WHERE arm = 'C'";
    trial.history.push((await trial.plan({ sql })).earlier);
    assert.deepEqual(outputsOf(await trial.ask({ sql })), [40n]);
  });

  it("a margin asked later does not give away the hidden cells of a table", async () => {
    const trial = study([
      ...people(50, { age: 65 }),
      ...people(3, { arm: "B", age: 65 }),
      ...people(30, { arm: "C", age: 65 }),
      ...people(60, { age: 20 }),
    ]);
    const table = await trial.ask({ sql: "SELECT arm, COUNT(*) FROM trial WHERE age >= 50 GROUP BY arm" });
    assert.equal(outputsOf(table)[1], hidden);
    const margin = await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE age >= 50" });
    assert.ok(margin.kind === "refused" || outputsOf(margin)[0] === hidden, JSON.stringify(margin.kind));
  });

  it("shows zeros only in answers about k patients a cell", async () => {
    const sql = "SELECT arm, COUNT(*) FROM trial WHERE age >= 50 GROUP BY arm";
    const many = study([...people(60, { age: 65 }), ...people(30, { age: 20 })]);
    assert.deepEqual(outputsOf(await many.ask({ sql })), [60n, 0n, 0n, 0n, 0n]);
    const few = study([...people(54, { age: 65 }), ...people(30, { age: 20 })]);
    assert.ok(outputsOf(await few.ask({ sql })).includes(hidden));
  });

  it("a cohort of a table does not let its size be shown when the table's cells hide it", async () => {
    const trial = study([
      ...people(30, { age: 65 }),
      ...people(3, { arm: "B", age: 65 }),
      ...people(60, { arm: "C", age: 20 }),
    ]);
    assert.equal(
      outputsOf(await trial.ask({ sql: "SELECT arm, COUNT(*) FROM trial WHERE age >= 50 GROUP BY arm" }))[1],
      hidden,
    );
    const margin = outputsOf(await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE age >= 50" }));
    assert.deepEqual(margin, [hidden]);
  });

  it("a field summed for the first time over a set that was shown is tested against sets that differ in presence", async () => {
    const trial = study([...people(40), ...people(2, { response: null, value: 900 }), ...people(40, { arm: "B" })]);
    const present = "SELECT SUM(value) FROM trial WHERE arm = 'A' AND response IS NOT NULL";
    const shown = await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A'" });
    assert.deepEqual(outputsOf(shown), [42n]);
    assert.equal((await trial.ask({ sql: present })).kind, "answered");
    const all = await trial.ask({ sql: "SELECT SUM(value) FROM trial WHERE arm = 'A'" });
    assert.ok(all.kind === "refused" || outputsOf(all).every((value) => value === hidden));
  });

  it("a hidden sum does not follow from a later total though every count is known", async () => {
    const rows = [
      ...people(40, { age: 65, value: 5 }),
      ...people(30, { arm: "B", age: 65, value: 5 }),
      ...people(3, { arm: "C", age: 65, value: 999 }),
      ...people(40, { arm: "C", age: 65, value: null }),
      ...people(50, { age: 20 }),
    ];
    const trial = study(rows);
    const table = outputsOf(
      await trial.ask({ sql: "SELECT arm, COUNT(*), SUM(value) FROM trial WHERE age >= 50 GROUP BY arm" }),
    );
    const total = await trial.ask({ sql: "SELECT SUM(value) FROM trial WHERE age >= 50" });
    const sums = [1, 2].map((output) => [0, 1, 2].map((cell) => table[cell * 3 + output]));
    assert.ok(sums[1]!.includes(hidden), "three patients have the value in arm C");
    if (total.kind === "answered" && !total.outputs.includes(hidden)) {
      assert.ok(sums[1]!.filter((value) => value === hidden).length > 1, "one hidden sum would be the difference");
    }
  });

  describe("consent", () => {
    const everyone = { sql: "SELECT COUNT(*), AVG(value) FROM trial" };
    const olderHalf = { sql: "SELECT COUNT(*), AVG(value) FROM trial WHERE age >= 60" };
    const byArm = { sql: "SELECT arm, COUNT(*), AVG(value) FROM trial GROUP BY arm" };
    const people60 = (): ReturnType<typeof people> => [
      ...people(40, { age: 65 }),
      ...people(40, { age: 30 }),
      ...people(40, { age: 65, arm: "B" }),
      ...people(40, { age: 30, arm: "B" }),
    ];
    const without = (count: number): { excluded: Record<string, Uint32Array[]> } => ({
      excluded: { one: [Uint32Array.from({ length: count }, (_, row) => row)] },
    });

    it("refuses the same query until k patients have withdrawn, or come back", async () => {
      for (const query of [everyone, olderHalf, byArm]) {
        const trial = study(people60());
        assert.equal((await trial.ask(query)).kind, "answered");
        assert.equal((await trial.ask({ ...query, ...without(1) })).kind, "refused in public", query.sql);
        assert.equal((await trial.ask({ ...query, ...without(10) })).kind, "refused in public", query.sql);
        assert.equal((await trial.ask({ ...query, ...without(11) })).kind, "answered", query.sql);
        assert.equal((await trial.ask({ ...query, ...without(10) })).kind, "refused in public", query.sql);
        assert.equal((await trial.ask(query)).kind, "answered", query.sql);
      }
    });

    it("does not let another filter tell the patient who withdrew", async () => {
      const trial = study(people60());
      assert.equal((await trial.ask(byArm)).kind, "answered");
      // All of arm A, who were shown, less one.
      const armA = { sql: "SELECT COUNT(*), AVG(value) FROM trial WHERE arm = 'A'" };
      assert.equal((await trial.ask({ ...armA, ...without(1) })).kind, "refused");
      // Eleven of arm A alone would tell that none of them is of arm B.
      assert.equal((await trial.ask({ ...armA, ...without(11) })).kind, "refused");
      const both = [0, 80].flatMap((first) => Array.from({ length: 11 }, (_, row) => first + row));
      assert.equal((await trial.ask({ ...armA, excluded: { one: [Uint32Array.from(both)] } })).kind, "answered");
    });

    it("counts those who withdrew and those who came new together", async () => {
      const trial = study(people60());
      assert.equal((await trial.ask(everyone)).kind, "answered");
      trial.contribute("one", people(8));
      assert.equal((await trial.ask({ ...everyone, ...without(2) })).kind, "refused in public");
      assert.equal((await trial.ask({ ...everyone, ...without(3) })).kind, "answered");
    });

    it("refuses what is left of everyone when it is fewer than k, or nobody", async () => {
      const trial = study(people60());
      assert.equal((await trial.ask({ ...everyone, ...without(150) })).kind, "refused in public");
      assert.equal((await trial.ask({ ...everyone, ...without(160) })).kind, "refused in public");
      assert.equal((await trial.ask({ ...everyone, ...without(149) })).kind, "answered");
    });

    it("refuses a further mask over data that consent has divided too often, and asks on with an earlier one", async () => {
      const trial = study([...people60(), ...people60()]);
      const byBit = (bit: number): Required<ClearRequest>["excluded"] => {
        const rows = Array.from({ length: 320 }, (_, row) => row).filter((row) => (row >> bit) & 1);
        return { one: [Uint32Array.from(rows)] };
      };
      for (let bit = 0; 2 ** (bit + 1) <= MOST_MASKS; bit++)
        assert.equal((await trial.ask({ ...everyone, excluded: byBit(bit) })).kind, "answered", String(bit));
      assert.equal((await trial.ask({ ...everyone, excluded: byBit(7) })).kind, "refused in public");
      assert.equal((await trial.ask({ ...everyone, excluded: byBit(0) })).kind, "answered");
      assert.equal((await trial.ask(everyone)).kind, "answered");
    });

    it("counts nobody who withdrew", async () => {
      const trial = study(people60());
      assert.deepEqual(outputsOf(await trial.ask({ sql: "SELECT COUNT(*) FROM trial", ...without(30) })), [130n]);
      const counts = outputsOf(
        await study(people60()).ask({ sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm", ...without(30) }),
      );
      assert.deepEqual(counts.slice(0, 2), [50n, 80n]);
    });
  });

  describe("retirement", () => {
    const TABLE = { sql: "SELECT arm, COUNT(*) FROM trial GROUP BY arm" };
    const ARM = { sql: "SELECT COUNT(*) FROM trial WHERE arm = 'B'" };
    /** Forty of each of two arms at either hospital, but for arm B of the second. */
    const hospitals = (inArmB: number): ClearStudy => {
      const trial = study([...people(40), ...people(40, { arm: "B" })]);
      trial.contribute("two", [...people(40), ...people(inArmB, { arm: "B" })]);
      return trial;
    };

    it("hides what was shown with the hospital, lest the difference tell its few patients in a cell", async () => {
      for (const inArmB of [0, 1, 10, 40]) {
        const trial = hospitals(inArmB);
        // Where arm B is hidden for them, not alone: or the other hospital would take its own from the total, and arm A be hidden, too.
        if (inArmB < 11) {
          trial.contribute("one", people(5, { arm: "C" }));
          trial.contribute("two", people(12, { arm: "C" }));
        }
        const before = outputsOf(await trial.ask({ sql: TABLE.sql }));
        assert.equal(before[0], 80n, "shown with the hospital");
        trial.retire("two");
        // Nobody can count any more how many of arm B were there: it may be one.
        assert.deepEqual(outputsOf(await trial.ask(TABLE)).slice(0, 2), [hidden, hidden], `${inArmB}`);
      }
    });

    it("refuses a filter that was asked with the hospital, however many patients it had there", async () => {
      for (const inArmB of [20, 40]) {
        const trial = hospitals(inArmB);
        assert.equal((await trial.ask(ARM)).kind, "answered");
        trial.retire("two");
        assert.equal((await trial.ask(ARM)).kind, "refused", `${inArmB}`);
      }
    });

    it("shows each again once k patients of it are new, and none before", async () => {
      for (const [inArmB, shown] of [
        [10, hidden],
        [11, 51n],
      ] as const) {
        const [table, arm] = [hospitals(40), hospitals(40)];
        assert.deepEqual(outputsOf(await table.ask(TABLE)).slice(0, 2), [80n, 80n]);
        assert.deepEqual(outputsOf(await arm.ask(ARM)), [80n]);
        for (const trial of [table, arm]) {
          trial.retire("two");
          trial.contribute("one", [...people(30), ...people(inArmB, { arm: "B" })]);
        }
        assert.equal(outputsOf(await table.ask(TABLE))[1], shown);
        const answer = await arm.ask(ARM);
        assert.deepEqual(answer.kind === "refused" ? hidden : outputsOf(answer)[0], shown);
      }
    });

    it("answers what was never asked with the hospital, and what was shown without it, as before", async () => {
      const trial = hospitals(40);
      const alone = { ...ARM, versions: { one: 1 } };
      assert.deepEqual(outputsOf(await trial.ask(alone)), [40n]);
      assert.deepEqual(outputsOf(await trial.ask(ARM)), [80n]);
      trial.retire("two");
      assert.deepEqual(outputsOf(await trial.ask(ARM)), [40n], "known from before");
      const untold = hospitals(40);
      untold.retire("two");
      assert.deepEqual(outputsOf(await untold.ask(ARM)), [40n]);
    });

    it("answers about everyone who is left, unless the hospital had fewer than k patients", async () => {
      const everyone = { sql: "SELECT COUNT(*), AVG(value) FROM trial" };
      const large = hospitals(40);
      assert.deepEqual(outputsOf(await large.ask(everyone))[0], 160n);
      large.retire("two");
      assert.deepEqual(outputsOf(await large.ask(everyone))[0], 80n);
      const small = study([...people(40), ...people(40, { arm: "B" })]);
      small.contribute("two", people(40));
      assert.equal((await small.ask(everyone)).kind, "answered");
      small.contribute("three", people(10));
      small.contribute("three", people(1));
      assert.equal((await small.ask(everyone)).kind, "answered");
      small.retire("three");
      assert.equal((await small.ask(everyone)).kind, "answered", "eleven are gone");
      const few = study([...people(60), ...people(40, { arm: "B" })]);
      few.contribute("two", people(9));
      assert.equal((await few.ask({ ...everyone, versions: { one: 1 } })).kind, "answered");
      few.retire("two");
      assert.equal((await few.ask(everyone)).kind, "answered", "asked without them before");
    });

    it("goes on refusing a cohort close to one that was shown with the hospital", async () => {
      const trial = study([...people(40, { age: 65 }), ...people(5, { age: 55 }), ...people(40, { age: 20 })]);
      trial.contribute("two", [...people(40, { age: 65 }), ...people(30, { age: 55 }), ...people(40, { age: 20 })]);
      assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE age >= 60" })).kind, "answered");
      trial.retire("two");
      // Apart by five here, and by seventy-five with the hospital's, whom nobody can count: too few, as far as is known.
      assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE age >= 50" })).kind, "refused");
    });

    it("of three sets, counts what is left: a combination that only the hospital's patients made large is refused", async () => {
      const rows = (single: number): ReturnType<typeof people> => [
        ...people(40, { sex: "F" }),
        ...people(30, { sex: "M", age: 45 }),
        ...people(single, { sex: "M", age: 65 }),
        ...people(60, { arm: "B", age: 65 }),
      ];
      for (const [single, kind] of [
        [1, "refused"],
        [30, "answered"],
      ] as const) {
        const trial = study(rows(single));
        trial.contribute("two", rows(30));
        assert.equal((await trial.ask({ sql: "SELECT COUNT(*) FROM trial WHERE arm = 'A'" })).kind, "answered");
        const women = "SELECT COUNT(*) FROM trial WHERE arm = 'A' AND sex = 'F'";
        assert.equal((await trial.ask({ sql: women })).kind, "answered");
        trial.retire("two");
        const last = "SELECT COUNT(*) FROM trial WHERE arm = 'A' AND sex = 'M' AND age < 60";
        assert.equal((await trial.ask({ sql: last })).kind, kind);
      }
    });
  });
});
