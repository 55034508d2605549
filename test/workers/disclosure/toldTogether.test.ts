/** Counts that several answers tell together, as a mean of three values and how many have one, and by how few they have grown. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { ClearAnswer, ClearRequest, Row } from "./clearStudy.ts";
import { ClearStudy } from "./clearStudy.ts";

/** More than are compared in pairs. */
const SITES = Array.from({ length: 70 }, (_, site) => `S${site}`);
const schema = parseSchema(
  JSON.stringify({
    name: "grades",
    table: "t",
    subject: "id",
    fields: [
      { name: "grade", type: "category", categories: ["0", "1", "2"], required: true },
      { name: "arm", type: "category", categories: ["A", "B"], required: true },
      { name: "site", type: "category", categories: SITES, required: true },
    ],
  }),
);

const graded = (...counts: readonly number[]): Row[] =>
  counts.flatMap((count, grade) =>
    Array.from({ length: count }, (_, at) => ({ grade: BigInt(grade), arm: BigInt(at % 2), site: 0n })),
  );

const MEAN = "SELECT AVG(grade) FROM t";
const ONES = "SELECT COUNT(*) FROM t WHERE grade = '1'";
const TWOS = "SELECT COUNT(*) FROM t WHERE grade = '2'";
const VARIANCE = "SELECT VAR_POP(grade) FROM t";

const isWhole = (answer: ClearAnswer): boolean =>
  answer.kind === "answered" && answer.outputs.every((output) => output !== undefined);

/** Whether the last of the second look's answers is shown; those before are. */
async function isShown(growth: readonly Row[], first: readonly string[], second: readonly string[]): Promise<boolean> {
  const study = new ClearStudy(schema);
  study.contribute("one", graded(60, 60, 60));
  study.contribute("one", growth);
  const looks = [
    ...first.map((sql): ClearRequest => ({ sql, versions: { one: 1 } })),
    ...second.map((sql) => ({ sql })),
  ];
  const shown: boolean[] = [];
  for (const request of looks) {
    const answer = await study.ask(request);
    shown.push(isWhole(answer));
  }
  assert.deepEqual(
    shown.slice(0, -1),
    shown.slice(0, -1).map(() => true),
  );
  return shown.at(-1)!;
}

describe("the gate against counts that two answers tell together, of a study that grows", () => {
  const ways: readonly (readonly [readonly string[], readonly string[]])[] = [
    [
      [MEAN, ONES],
      [MEAN, ONES],
    ],
    [
      [ONES, MEAN],
      [MEAN, ONES],
    ],
    [
      [MEAN, ONES],
      [ONES, MEAN],
    ],
    [[VARIANCE], [MEAN, ONES]],
    [[MEAN, ONES], [VARIANCE]],
    [[VARIANCE], [VARIANCE]],
    [[MEAN, ONES], [TWOS]],
  ];
  for (const [first, second] of ways) {
    it(`${first.join(", then ")}; later ${second.join(", then ")}`, async () => {
      assert.ok(!(await isShown(graded(20, 20, 2), first, second)), "two more with grade 2");
      assert.ok(await isShown(graded(20, 20, 11), first, second), "k more with each");
      assert.ok(await isShown(graded(20, 20, 0), first, second), "none more");
    });
  }
});

describe("the gate against what was told before a table of many cells", () => {
  const BY_SITE = "SELECT site, COUNT(*) FROM t GROUP BY site";
  const others = SITES.flatMap((_, site) => graded(6, 6).map((row) => ({ ...row, site: BigInt(site) })));
  const ONE_FIRST = { one: 1 };

  for (const [of, table] of [
    ["other data", { two: 1 }],
    ["the same data", ONE_FIRST],
  ] as const) {
    it(`of ${of}, hides that two more have the third grade`, async () => {
      for (const [more, isShownLast] of [
        [2, false],
        [11, true],
      ] as const) {
        const study = new ClearStudy(schema);
        study.contribute("one", [...graded(60, 60, 60), ...others]);
        study.contribute("two", others);
        study.contribute("one", graded(20, 20, more));
        for (const sql of [MEAN, ONES]) assert.ok(isWhole(await study.ask({ sql, versions: ONE_FIRST })), sql);
        assert.ok(isWhole(await study.ask({ sql: BY_SITE, versions: table })), BY_SITE);
        assert.ok(isWhole(await study.ask({ sql: MEAN, versions: { one: 2 } })), MEAN);
        assert.equal(isWhole(await study.ask({ sql: ONES, versions: { one: 2 } })), isShownLast, `${more} more`);
      }
    });

    it(`of ${of}, hides a count that leaves few with the third of the values of a mean`, async () => {
      for (const [few, isShownLast] of [
        [2, false],
        [24, true],
      ] as const) {
        const study = new ClearStudy(schema);
        study.contribute("one", [...graded(60, 60, few), ...others]);
        study.contribute("two", others);
        assert.ok(isWhole(await study.ask({ sql: MEAN, versions: ONE_FIRST })), MEAN);
        assert.ok(isWhole(await study.ask({ sql: BY_SITE, versions: table })), BY_SITE);
        assert.equal(isWhole(await study.ask({ sql: ONES, versions: ONE_FIRST })), isShownLast, `${few} with it`);
      }
    });
  }
});

describe("the gate against a mean that the cells of a table tell together with an earlier count", () => {
  const TABLE = "SELECT arm, AVG(grade) FROM t GROUP BY arm";

  it("hides what leaves few with the third value, whichever is first", async () => {
    for (const [few, shown] of [
      [2, false],
      [24, true],
    ] as const) {
      for (const order of [
        [ONES, TABLE],
        [TABLE, ONES],
      ]) {
        const study = new ClearStudy(schema);
        study.contribute("one", graded(60, 60, few));
        const answers = [];
        for (const sql of order) answers.push(await study.ask({ sql }));
        assert.equal(isWhole(answers.at(-1)!), shown, `${order.join(", then ")} with ${few}`);
      }
    }
  });
});
