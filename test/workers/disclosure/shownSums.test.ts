/** Ways to single a patient out of what cells and their levels add up to, each told as a story against the gate (k = 11). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { ClearRequest, Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";

const ARMS = "ABCDE";
const schema = parseSchema(
  JSON.stringify({
    name: "cells together",
    table: "t",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: [...ARMS], required: true },
      { name: "sex", type: "category", categories: ["F", "M"], required: true },
      { name: "rare", type: "category", categories: ["n", "x", "y"], required: true },
      { name: "value", type: "integer", minimum: 0, maximum: 1000, required: true },
      { name: "lab", type: "integer", minimum: 0, maximum: 1000 },
      { name: "response", type: "category", categories: ["0", "1"], required: true },
      { name: "grade", type: "category", categories: ["0", "1", "2", "3"], required: true },
    ],
  }),
);

interface Traits {
  readonly arm?: string;
  readonly sex?: "F" | "M";
  readonly rare?: "x";
  readonly value?: number;
  readonly lab?: null;
  readonly response?: 1;
  readonly grade?: number;
}

function people(count: number, traits: Traits = {}): Row[] {
  const { arm = "A", sex = "F", rare, value = 7, lab, response = 0, grade = 0 } = traits;
  const row = {
    ...{
      arm: BigInt(ARMS.indexOf(arm)),
      sex: sex === "F" ? 0n : 1n,
      rare: rare === "x" ? 1n : 0n,
      value: BigInt(value),
    },
    ...{ response: BigInt(response), grade: BigInt(grade), ...(lab === null ? {} : { lab: 5n }) },
  };
  return Array.from({ length: count }, () => row);
}

/** Sixty in each of these arms, half of them of each sex. */
function arms(of = ARMS, traits: Traits = {}): Row[] {
  return [...of].flatMap((arm) => (["F", "M"] as const).flatMap((sex) => people(30, { arm, sex, ...traits })));
}

/** What is shown at last, "-" where hidden. */
async function last(
  versions: readonly (readonly Row[])[],
  ...asked: readonly (string | ClearRequest)[]
): Promise<string> {
  const told = new ClearStudy(schema);
  for (const rows of versions) told.contribute("one", rows);
  let shown = "";
  for (const each of asked) {
    const answer = await told.ask(typeof each === "string" ? { sql: each } : each);
    const isAnswered = answer.kind === "answered";
    shown = isAnswered ? answer.outputs.map((output) => output ?? "-").join(" ") : answer.kind;
  }
  return shown;
}

const BY_ARM = "SELECT arm, AVG(value) FROM t GROUP BY arm";
const COUNTS = "SELECT arm, COUNT(*) FROM t GROUP BY arm";

describe("cells of which an earlier set has all, and few others", () => {
  const set = "SELECT AVG(value) FROM t WHERE arm IN ('A', 'B', 'C') OR rare = 'x'";

  it("are not all shown with it, in either order", async () => {
    const rows = (count: number): Row[][] => [[...arms(), ...people(count, { arm: "D", rare: "x", value: 999 })]];
    assert.equal(await last(rows(1), set, BY_ARM), "- - 60 420 60 420 61 1419 - -");
    assert.equal(await last(rows(1), BY_ARM, set), "refused");
    assert.equal(await last(rows(11), set, BY_ARM), "60 420 60 420 60 420 71 11409 60 420");
    assert.equal(await last(rows(11), BY_ARM, set), "191 12249");
  });
});

describe("levels of cells", () => {
  const set = "SELECT COUNT(*) FROM t WHERE response = 1 OR rare = 'x'";
  const table = "SELECT arm, AVG(response) FROM t GROUP BY arm";

  it("are added up, too: responders in all arms against a set that is nearly these", async () => {
    const rows = (count: number): Row[][] => [
      [...arms("ABC"), ...arms("ABC", { response: 1 }), ...people(count, { rare: "x" })],
    ];
    assert.equal(await last(rows(1), set, table), "- - 120 60 120 60 0 0 - -");
    assert.equal(await last(rows(1), table, set), "refused");
    assert.equal(await last(rows(11), set, table), "131 60 120 60 120 60 0 0 0 0");
    assert.equal(await last(rows(11), table, set), "191");
  });

  it("and against what they were on fewer data", async () => {
    const before = { sql: "SELECT COUNT(*) FROM t WHERE response = 1", versions: { one: 1 } };
    const first = [...arms("ABC"), ...arms("ABC", { response: 1 })];
    const grown = (count: number): Row[][] => [first, [...people(20), ...people(count, { arm: "B", response: 1 })]];
    assert.equal(await last(grown(1), before, table), "- - 121 61 120 60 0 0 - -");
    assert.equal(await last(grown(11), before, table), "140 60 131 71 120 60 0 0 0 0");
  });
});

describe("a cell that is hidden for what cells add up to", () => {
  const filter = "FROM t WHERE arm IN ('A', 'B', 'C') AND rare <> 'x'";

  it("is hidden with all that is about its patients: those who lack no column may be all of them", async () => {
    const rows = [
      [...arms(), ...people(1, { arm: "B", rare: "x", value: 999 }), ...people(20, { arm: "C", lab: null })],
    ];
    const both = "SELECT arm, COUNT(*), COUNT(lab) FROM t GROUP BY arm";
    assert.equal(await last(rows, `SELECT COUNT(*) ${filter}`, both), "- - 61 61 80 60 60 60 - 60");
    const sums = await last(
      rows,
      `SELECT AVG(value) ${filter}`,
      "SELECT arm, AVG(value), COVAR_POP(value, lab) FROM t GROUP BY arm",
    );
    assert.match(sums, /^- - - - - - - - 61 1419 /);
  });
});

describe("what a total leaves of shown cells", () => {
  const nearly = "FROM t WHERE arm = 'E' AND rare <> 'y'";
  const rows = (count: number): Row[][] => [[...people(count, { value: 900 }), ...arms("BCDE")]];

  it("is compared with later sets, and with earlier ones", async () => {
    // A is small, and E hidden with it, of whom nobody has y.
    assert.equal(await last(rows(5), COUNTS), "- 60 60 60 -");
    assert.equal(await last(rows(5), COUNTS, `SELECT COUNT(*) ${nearly}`), "refused");
    assert.equal(await last(rows(5), `SELECT COUNT(*) ${nearly}`, COUNTS), "- - 60 60 -");
  });

  it("also of a sum over some of the cells", async () => {
    const some = "SELECT AVG(value) FROM t WHERE arm <> 'D'";
    assert.equal(await last(rows(1), `SELECT AVG(value) ${nearly}`, some, BY_ARM), "- - - - 60 420 60 420 - -");
  });
});

describe("a sum that may be known", () => {
  it("makes no secret of another cell known: a set of the arm whose count is hidden", async () => {
    const lacking = people(20, { arm: "E", lab: null });
    const rows = [[...people(5, { value: 900 }), ...arms("BCDE"), ...lacking]];
    const present = "SELECT AVG(value) FROM t WHERE arm = 'E' AND lab IS NOT NULL";
    const bySex = "SELECT sex, AVG(value) FROM t WHERE arm = 'E' GROUP BY sex";
    assert.equal(await last(rows, COUNTS), "- 60 60 60 -");
    assert.equal(await last(rows, COUNTS, present, bySex), "refused");
    assert.equal(await last(rows, bySex), "50 350 30 210");
  });
});

describe("sums of few values over cells of which one is hidden", () => {
  const graded = (arm: string, counts: readonly number[]): Row[] =>
    counts.flatMap((count, grade) => people(count, { arm, grade }));
  const known = "SELECT COUNT(*) FROM t WHERE arm IN ('A', 'B', 'C') AND grade = '1'";

  it("are not shown beside a number from which counts of the others follow", async () => {
    const rows = (few: number): Row[][] => [
      [
        ...[..."ABC"].flatMap((arm) => graded(arm, [40, 40, 1])),
        ...graded("D", [0, 0, 0, 60]),
        ...graded("E", [0, few, 0, 60]),
      ],
    ];
    const table = "SELECT arm, AVG(grade) FROM t WHERE grade <> '3' AND arm <> 'D' GROUP BY arm";
    assert.equal(await last(rows(5), table), "81 42 81 42 81 42 0 0 - -");
    assert.equal(await last(rows(5), known, table), "- - - - - - 0 0 - -");
  });

  it("nor where their means were shown before, and squares are new", async () => {
    const rows = [[...[..."ABC"].flatMap((arm) => graded(arm, [40, 40, 40, 1])), ...graded("D", [60, 0, 60, 60])]];
    const of = (sum: string): string => `SELECT arm, ${sum}(grade) FROM t WHERE arm IN ('A', 'B', 'C') GROUP BY arm`;
    assert.equal(await last(rows, known, of("AVG")), "121 123 121 123 121 123 0 0 0 0");
    assert.equal(await last(rows, known, of("AVG"), of("VAR_SAMP")), "- - - - - - - - - 0 0 0 0 0 0");
  });
});

describe("a cohort of a table", () => {
  it("that no answer counted is nothing that cells are compared with", async () => {
    const byArm = [...ARMS].flatMap((arm, at) => people(at === 4 ? 5 : 60, { arm }));
    const rows = byArm.map((row, at): Row => ({ ...row, grade: at > 240 ? 0n : at % 60 === 0 ? 3n : BigInt(at % 3) }));
    const by = (field: string): string => `SELECT ${field}, COUNT(*) FROM t WHERE sex = 'F' GROUP BY ${field}`;
    const all = [[...rows, ...people(200, { sex: "M" })]];
    const alone = await last(all, by("grade"));
    assert.match(alone, /^\d+ \d+ \d+ -$/);
    assert.equal(await last(all, by("arm"), by("grade")), alone);
  });
});

describe("hidden cells that a total leaves together", () => {
  const OF_WOMEN = "FROM t WHERE sex = 'F'";
  const total = `SELECT AVG(value) ${OF_WOMEN} AND arm <> 'D'`;
  const table = `SELECT arm, AVG(value) ${OF_WOMEN} GROUP BY arm`;
  const rest = `SELECT AVG(value) ${OF_WOMEN} AND arm IN ('A', 'E') AND rare <> 'x'`;
  /** Few in A and in E, together twelve, of whom one is rare. */
  const rows = [
    [..."BCD"].flatMap((arm) => people(60, { arm })),
    [...people(5), ...people(6, { arm: "E" }), ...people(1, { rare: "x", value: 999 }), ...people(60, { sex: "M" })],
  ];
  const isHidden = (shown: string): boolean => shown === "refused" || shown.startsWith("- -");

  it("are compared with a set that is nearly these, whichever of the three comes last", async () => {
    const one = [rows.flat()];
    assert.equal(await last(one, rest), "11 77");
    for (const order of [
      [total, table, rest],
      [table, total, rest],
      [rest, table, total],
    ])
      assert.ok(isHidden(await last(one, ...order)), order.join("; "));
    // With the table last another arm is hidden.
    assert.equal(await last(one, total, rest, table), "- - - - 60 420 60 420 - -");
    assert.equal(await last(one, rest, table), "- - 60 420 60 420 60 420 - -");
  });

  it("also where the total was told to others, or perhaps, as of an attempt that was never posted", async () => {
    for (const isPosted of [true, false]) {
      const told = new ClearStudy(schema);
      told.contribute("one", rows.flat());
      if (isPosted) await told.ask({ sql: total }, { k: 3, jointK: 11, reader: "board" });
      else await told.leaveUnposted({ sql: total });
      await told.ask({ sql: table });
      assert.equal((await told.ask({ sql: rest })).kind, "refused");
    }
  });

  it("and with cells of another table together", async () => {
    const without = `SELECT arm, COUNT(*) ${OF_WOMEN} AND rare <> 'x' GROUP BY arm`;
    const counts = `SELECT arm, COUNT(*) ${OF_WOMEN} GROUP BY arm`;
    const women = `SELECT COUNT(*) ${OF_WOMEN}`;
    const grown = [..."BCD"].flatMap((arm) => people(20, { arm, rare: "x" }));
    const all = [..."ABCDE"].flatMap((arm) => people(arm === "A" || arm === "E" ? 40 : 60, { arm }));
    const made = [[...all, ...grown, ...people(1, { rare: "x", value: 999 }), ...people(60, { sex: "M" })]];
    assert.equal(await last(made, without, counts), "- 80 80 80 -");
    assert.equal(await last(made, without, counts, women), "-");
    assert.equal(await last(made, women, without, counts), "- - 80 80 -");
  });
});

describe("the shown cells of a sealed answer with a lower k", () => {
  it("are added up without the hidden ones, for everybody knows which these are", async () => {
    const told = new ClearStudy(schema);
    const few = [..."DE"].flatMap((arm) => people(2, { arm, rare: "x" }));
    told.contribute("one", [
      ...[..."ABC"].flatMap((arm) => people(60, { arm })),
      ...few,
      ...people(1, { rare: "x", value: 999 }),
      ...people(60, { sex: "M", rare: "x" }),
      ...people(8, { arm: "D", rare: "x" }),
    ]);
    const table = "SELECT arm, AVG(value) FROM t WHERE sex = 'F' GROUP BY arm";
    const first = await told.ask({ sql: table }, { k: 3, jointK: 11, reader: "board" });
    assert.ok(first.kind === "answered" && first.outputs[0] === 61n && first.outputs[8] === undefined);
    assert.equal((await told.ask({ sql: "SELECT AVG(value) FROM t WHERE sex = 'F' AND rare <> 'x'" })).kind, "refused");
  });
});

describe("a cell of nobody", () => {
  it("that a table shows hides nothing later: what its cells add up to is the same with it and without", async () => {
    const rows = [arms("ABCD")];
    assert.equal(await last(rows, BY_ARM), "60 420 60 420 60 420 60 420 0 0");
    assert.equal(await last(rows, BY_ARM, "SELECT AVG(value) FROM t"), "240 1680");
    assert.equal(await last(rows, BY_ARM, "SELECT sex, AVG(value) FROM t GROUP BY sex"), "120 840 120 840");
    const women = "FROM t WHERE sex = 'F'";
    assert.equal(
      await last(rows, `SELECT arm, AVG(value) ${women} GROUP BY arm`, `SELECT AVG(value) ${women}`),
      "120 840",
    );
  });
});
