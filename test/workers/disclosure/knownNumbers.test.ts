/** What the gate takes for known: numbers that answers have told, not what only counts as told, is hidden or was never posted. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClearAnswer, ClearStudy, Row } from "./clearStudy.ts";
import { complete, incomplete, people, study } from "./trackerStudy.ts";

const trial = (condition: string, outputs = "COUNT(*)"): { sql: string } => ({
  sql: `SELECT ${outputs} FROM trial WHERE ${condition}`,
});

function text(answer: ClearAnswer): string {
  return answer.kind === "answered" ? answer.outputs.map((output) => output ?? "-").join(" ") : answer.kind;
}

async function tell(of: ClearStudy, ...requests: readonly { sql: string }[]): Promise<void> {
  for (const request of requests) assert.doesNotMatch(text(await of.ask(request)), /-|refused/, request.sql);
}

describe("the gate, of a set that counts as told because products of its conditions are summed", () => {
  const table = { sql: "SELECT arm, COUNT(*) FROM trial WHERE value IS NULL GROUP BY arm" };
  const counts = [
    trial("value IS NULL AND arm = 'D'"),
    trial("value IS NULL AND arm IN ('B', 'C', 'D')"),
    trial("value IS NULL AND arm = 'E'"),
  ];
  // Those of B and E with a value are counted: as if it were told how many of them have none.
  const product = trial("value IS NULL OR (arm IN ('B', 'E') AND value IS NOT NULL)", "COUNT(*), COUNT(value)");
  const made = (few: number): ClearStudy => {
    const lacking = Object.entries({ A: 141, B: 95, C: few, D: 142, E: 127 });
    const rows = lacking.flatMap(([arm, count]) => [...people(count, { arm, value: null }), ...people(40, { arm })]);
    return study(rows, complete);
  };

  it("does not take a hidden cell that follows from it for known", async () => {
    for (const few of [1, 2, 5]) {
      const [without, withProduct] = [made(few), made(few)];
      await tell(without, ...counts);
      assert.equal(text(await without.ask(table)), "141 - - 142 127");
      await tell(withProduct, ...counts, product);
      const [, b, c] = text(await withProduct.ask(table)).split(" ");
      assert.deepEqual([b, c], ["-", "-"], `${237 + few} - 142 - 95 are the few of C`);
    }
    const enough = made(30);
    await tell(enough, ...counts, product);
    assert.equal(text(await enough.ask(table)), "141 95 30 142 127");
  });
});

describe("the gate, of how many of a cell lack a value", () => {
  const CELL = "arm = 'C'";
  const few = trial("(arm = 'D' AND sex = 'F') OR (arm = 'C' AND value IS NULL)");
  const more = trial("(arm = 'D' AND sex = 'F') OR arm = 'A'");
  const rows = (lacking: number, all: number): Row[] => [
    ...people(80, { arm: "A" }),
    ...people(81, { arm: "B" }),
    ...people(all - lacking, { arm: "C" }),
    ...people(lacking, { arm: "C", value: null }),
    ...people(82, { arm: "D" }),
    ...people(60, { arm: "D", sex: "M" }),
    ...people(83, { arm: "E" }),
  ];
  const made = (lacking: number, all: number): ClearStudy => study(rows(lacking, all), incomplete);
  const byArm = (outputs: string): { sql: string } => ({ sql: `SELECT arm, ${outputs} FROM trial GROUP BY arm` });
  /** Of arms A and C, counted. */
  const shown = async (of: ClearStudy, table: { sql: string }): Promise<(bigint | undefined)[]> => {
    const answer = await of.ask(table);
    assert.equal(answer.kind, "answered");
    const { outputs } = answer as ClearAnswer & { kind: "answered" };
    return [outputs[0], outputs[(2 * outputs.length) / 5]];
  };

  it("tests it where the cell is hidden, whose own table would tell it", async () => {
    for (const outputs of ["COUNT(*)", "COUNT(*), COUNT(value)", "AVG(value)"])
      for (const lacking of [0, 1]) {
        const [ofA] = await shown(made(lacking, 1), byArm(outputs));
        assert.notEqual(ofA, undefined, `${outputs}: shown without the two counts`);
        const hidden = made(lacking, 1);
        await tell(hidden, few, more);
        assert.deepEqual(await shown(hidden, byArm(outputs)), [undefined, undefined], `${outputs}, ${lacking} of one`);
      }
  });

  it("does not where it was shown", async () => {
    const open = made(1, 30);
    await tell(open, trial(CELL, "COUNT(*), COUNT(value)"), few, more);
    assert.deepEqual(await shown(open, byArm("COUNT(*)")), [80n, 30n]);
  });

  it("does not where it is what the cells themselves lack, and those who are in none for lack of another value", async () => {
    const lacking = (ageless: number): ClearStudy =>
      study(
        [
          ...people(40, { sex: "F" }),
          ...people(26, { sex: "F", response: 0 }),
          ...people(8, { sex: "F", response: null }),
          ...people(40, { sex: "M" }),
          ...people(28, { sex: "M", response: 0 }),
          ...people(8, { sex: "M", response: null }),
          ...people(ageless, { sex: "M", age: null }),
        ],
        incomplete,
      );
    const table = "SELECT sex, COUNT(*), SUM(response) FROM trial WHERE age IS NOT NULL GROUP BY sex";
    for (const ageless of [0, 3]) {
      const answer = text(await lacking(ageless).ask({ sql: table }));
      assert.match(answer, /^74 66 40 76 68 40$/, `${ageless} have no age`);
    }
  });

  it("tests it where a participant names an answer that would have told it, and was never posted", async () => {
    const named = made(1, 3);
    await tell(named, few, more);
    await named.leaveUnposted(trial(CELL, "COUNT(*), COUNT(value)"));
    assert.deepEqual(await shown(named, byArm("COUNT(*)")), [undefined, undefined]);
  });
});

describe("the gate, of sums that come to a set of the answer itself", () => {
  const earlier = [
    trial("arm = 'A' AND value IS NOT NULL", "COUNT(*), COUNT(response)"),
    trial("arm = 'B'", "SUM(age), COUNT(*)"),
    trial("arm = 'B' OR (arm = 'A' AND response IS NULL AND value IS NULL)", "SUM(age), COUNT(*)"),
  ];
  const made = (few: number): ClearStudy =>
    study([
      ...people(40, { arm: "A" }),
      ...people(few, { arm: "A", age: 61, response: null }),
      ...people(27, { arm: "A", age: 33, response: null, value: null }),
      ...people(25, { arm: "A", age: 33, value: null }),
      ...["B", "C", "D", "E"].flatMap((arm) => people(60, { arm, age: 52 })),
    ]);

  it("tests them although that set is tested, too: its number is known, and no sum over it is asked", async () => {
    for (const outputs of ["SUM(age), COUNT(*)", "SUM(age), COUNT(*), COUNT(value)"]) {
      const hidden = made(3);
      await tell(hidden, ...earlier);
      const answer = text(await hidden.ask(trial("arm = 'A' AND response IS NULL", outputs)));
      assert.match(answer, /^(- -( -)?|refused)$/, `${outputs}: 30 and 60, less 87, are three`);
      const open = made(15);
      await tell(open, ...earlier);
      assert.match(text(await open.ask(trial("arm = 'A' AND response IS NULL", outputs))), /^42 1806( 15)?$/);
    }
  });
});

describe("the gate, of requests that were never posted", () => {
  const cells = "arm, BIN(age, 30, 40, 50, 60, 70), response";
  const table = (outputs: string): { sql: string } => ({
    sql: `SELECT ${cells}, ${outputs} FROM trial WHERE sex = 'M' GROUP BY ${cells}`,
  });
  const women = (arms: string): { sql: string } => trial(`sex = 'F' AND arm IN (${arms})`);
  const made = (ofC: number): ClearStudy => {
    const men = ["A", "B", "C", "D", "E"].flatMap((arm) =>
      [25, 35, 45, 55, 65, 75].flatMap((age) =>
        [0, 1].flatMap((response) => people(17, { sex: "M", arm, age, response })),
      ),
    );
    const others = Object.entries({ A: 80, B: 81, C: ofC, D: 82, E: 83 }).flatMap(([arm, count]) =>
      people(count, { arm }),
    );
    return study([...men, ...others]);
  };
  const both = [women("'A', 'C'"), women("'B'")] as const;
  const last = women("'A', 'B'");

  it("has no answers out of sight for them, whether their sets are new or were posted before", async () => {
    for (const named of [table("COUNT(*), COUNT(value)"), table("COUNT(*)")])
      for (const [count, kind] of [
        [2, "refused"],
        [30, "answered"],
      ] as const) {
        const asked = made(count);
        await tell(asked, table("COUNT(*)"), ...both);
        await asked.leaveUnposted(named);
        assert.equal((await asked.ask(last)).kind, kind, `${named.sql}: ${count} of C are left`);
      }
  });

  it("nor what was told to others, though they name the same", async () => {
    for (const [count, kind] of [
      [2, "refused"],
      [30, "answered"],
    ] as const) {
      const asked = made(count);
      const toOthers = await asked.ask(both[0], { k: 3, jointK: 11, reader: "R1" });
      assert.equal(text(toOthers), String(80 + count));
      await tell(asked, both[1]);
      await asked.leaveUnposted(both[0]);
      await asked.leaveUnposted(table("COUNT(*), COUNT(value)"));
      assert.equal((await asked.ask(last)).kind, kind, `${count} of C are left`);
    }
  });
});
