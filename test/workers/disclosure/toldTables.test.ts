/** What shown cells add up to, against a set of another answer that they nearly make up, whichever comes first (k = 11). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";

const schema = parseSchema(
  JSON.stringify({
    name: "five arms",
    table: "t",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["A", "B", "C", "D", "E"], required: true },
      { name: "sex", type: "category", categories: ["F", "M"] },
      { name: "rare", type: "category", categories: ["no", "yes"], required: true },
      { name: "lab", type: "integer", minimum: 0, maximum: 1000 },
      { name: "visits", type: "integer", minimum: 1, maximum: 5, cutPoints: [2, 3, 4, 5], required: true },
    ],
  }),
);

interface Traits {
  readonly arm?: string;
  readonly rare?: true;
  readonly visits?: number;
  readonly lab?: null;
}

function people(count: number, { arm = "A", rare, visits = 1, lab }: Traits = {}): Row[] {
  return Array.from({ length: count }, (_, row) => ({
    arm: BigInt("ABCDE".indexOf(arm)),
    sex: BigInt(row % 2),
    rare: rare === true ? 1n : 0n,
    visits: BigInt(visits),
    ...(lab === null ? {} : { lab: 7n }),
  }));
}

/** Forty in each arm, and these. */
function study(...more: readonly Row[][]): ClearStudy {
  const made = new ClearStudy(schema);
  made.contribute("one", [..."ABCDE"].flatMap((arm) => people(40, { arm })).concat(...more));
  return made;
}

/** Numbers that are shown; undefined: refused. */
async function shownOf(told: ClearStudy, sql: string): Promise<number | undefined> {
  const answer = await told.ask({ sql });
  return answer.kind === "answered" ? answer.outputs.filter((output) => output !== undefined).length : undefined;
}

const THREE_ARMS = "SELECT COUNT(*) FROM t WHERE arm IN ('A', 'B', 'C') AND rare = 'no'";
const BY_ARM = "SELECT arm, COUNT(*) FROM t GROUP BY arm";

describe("cells of a table that nearly make up another set", () => {
  it("are not all shown after it, and it is not shown after them", async () => {
    for (const [count, cells, set] of [
      [1, 3, undefined],
      [11, 5, 1],
    ] as const) {
      const rare = people(count, { arm: "B", rare: true });
      const after = study(rare, people(20, { arm: "D", rare: true }));
      assert.equal(await shownOf(after, THREE_ARMS), 1);
      assert.equal(await shownOf(after, BY_ARM), cells, `the three arms have ${count} more`);
      const before = study(rare, people(20, { arm: "D", rare: true }));
      assert.equal(await shownOf(before, BY_ARM), 5);
      assert.equal(await shownOf(before, THREE_ARMS), set);
    }
  });

  it("are compared where an attempt was never posted that may have told them", async () => {
    const told = study(people(1, { arm: "B", rare: true }), people(20, { arm: "D", rare: true }));
    await told.leaveUnposted({ sql: BY_ARM });
    assert.equal(await shownOf(told, THREE_ARMS), undefined);
  });

  it("are shown where they make it up by construction, or but for missing values", async () => {
    const told = study(people(2, { lab: null }));
    assert.equal(await shownOf(told, "SELECT COUNT(*) FROM t WHERE arm IN ('A', 'B', 'C')"), 1);
    assert.equal(await shownOf(told, BY_ARM), 5);
    assert.equal(await shownOf(told, "SELECT arm, COUNT(*) FROM t WHERE lab IS NOT NULL GROUP BY arm"), 5);
  });

  it("are shown again after a set that was told since, since they follow from what was told", async () => {
    const told = study(people(11, { arm: "B", rare: true }), people(20, { arm: "D", rare: true }));
    assert.equal(await shownOf(told, BY_ARM), 5);
    assert.equal(await shownOf(told, THREE_ARMS), 1);
    assert.equal(await shownOf(told, BY_ARM), 5);
  });
});

describe("counts by intervals of one value", () => {
  const LACKING = "FROM t WHERE lab IS NOT NULL";

  it("tell the sum of the values, in tables and quantiles, before it and after it", async () => {
    for (const [count, shown] of [
      [1, false],
      [11, true],
    ] as const)
      for (const sql of [
        `SELECT BIN(visits, 2, 3, 4, 5), COUNT(*) ${LACKING} GROUP BY BIN(visits, 2, 3, 4, 5)`,
        `SELECT QUANTILE(visits, 0.5, GRID 2, 3, 4, 5) ${LACKING}`,
      ]) {
        const made = (): ClearStudy =>
          study(people(count, { lab: null, visits: 5 }), ...[1, 2, 3, 4, 5].map((visits) => people(60, { visits })));
        const after = made();
        const all = await shownOf(after, sql);
        assert.ok(all !== undefined && all > 0);
        assert.equal(await shownOf(after, "SELECT AVG(visits) FROM t"), shown ? 2 : 0, sql);
        const before = made();
        assert.equal(await shownOf(before, "SELECT AVG(visits) FROM t"), 2);
        const told = await shownOf(before, sql);
        assert.equal(told === all, shown, `${sql}: ${told} of ${all}`);
      }
  });

  it("tell none where an interval has several values", async () => {
    const told = study(people(1, { lab: null, visits: 5 }), ...[1, 2, 3, 4, 5].map((visits) => people(60, { visits })));
    assert.equal(await shownOf(told, `SELECT BIN(visits, 3, 5), COUNT(*) ${LACKING} GROUP BY BIN(visits, 3, 5)`), 3);
    assert.equal(await shownOf(told, "SELECT AVG(visits) FROM t"), 2);
  });
});

describe("who lacks a column in a line of a table", () => {
  it("is a number that the table tells, which refuses nothing", async () => {
    const told = study(...[..."ABCDE"].map((arm) => people(4, { arm, lab: null })));
    assert.equal(await shownOf(told, "SELECT AVG(lab) FROM t"), 2);
    // Of each arm also those whose sex is missing, who are nobody.
    assert.equal(await shownOf(told, "SELECT arm, sex, COUNT(*), AVG(lab) FROM t GROUP BY arm, sex"), 45);
    assert.equal(await shownOf(told, "SELECT arm, COUNT(*), AVG(lab) FROM t WHERE sex = 'F' GROUP BY arm"), 15);
  });
});
