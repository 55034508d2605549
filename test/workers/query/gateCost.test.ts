import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { type GateCost, gateCost } from "../../../workers/query/gateCost.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { trialSchema, trialSchemaText } from "./trialSchema.ts";

interface Facts {
  readonly k?: number;
  readonly owners?: number;
  readonly earlier?: number;
}

async function quote(sql: string, { k = 11, owners = 1, earlier = 0 }: Facts, schema = trialSchema): Promise<GateCost> {
  const { descriptor } = await compileQuery(sql, schema);
  return gateCost(descriptor, schema, { k, owners, earlier });
}

const COUNT = "SELECT COUNT(*) FROM trial WHERE arm = 'control'";

const twoAxes = parseSchema(
  JSON.stringify({
    name: "two axes",
    table: "t",
    subject: "id",
    fields: [
      { name: "arm", type: "category", categories: ["A", "B", "C"], required: true },
      { name: "sex", type: "category", categories: ["F", "M"], required: true },
      { name: "age", type: "integer", minimum: 0, maximum: 100 },
    ],
  }),
);

describe("gateCost", () => {
  it("is F(m) = 1 + ceil((m + 1) / 2) products for each test that fails at 0..m", async () => {
    // The cohort and its cell, each alone and against all rows: four tests of m = k - 1.
    for (const [k, each] of [
      [5, 4],
      [6, 4],
      [11, 7],
      [20, 11],
    ] as const) {
      const { tests, products } = await quote(COUNT, { k });
      assert.deepEqual([tests, products], [4, 4 * each], `k = ${k}`);
    }
  });

  it("adds two tests per owner and set, when there are several", async () => {
    const alone = await quote(COUNT, { owners: 1 });
    const three = await quote(COUNT, { owners: 3 });
    assert.equal(three.tests - alone.tests, 2 * 2 * 3);
    assert.equal(three.products - alone.products, 2 * 2 * 3 * 7);
  });

  it("adds pairs with every earlier set, and triples of the last 64, all rows among them", async () => {
    const none = await quote(COUNT, {});
    const two = await quote(COUNT, { earlier: 2 });
    // 2 sets: 2 more pairs each of F(10) = 7; of 3 others 3 couples in 3 signs each, F(40) = 22.
    assert.equal(two.tests - none.tests, 2 * 2 + 2 * 3 * 3);
    assert.equal(two.products - none.products, 2 * 2 * 7 + 2 * 3 * 3 * 22);
    const [many, more] = [await quote(COUNT, { earlier: 63 }), await quote(COUNT, { earlier: 73 })];
    assert.equal(more.tests - many.tests, 2 * 10, "past 64 only pairs are added");
  });

  it("counts the sets of every cell: the cell, present values, and both counts of a two-valued sum", async () => {
    const { fields, ...rest } = JSON.parse(trialSchemaText) as { fields: object[] };
    const died = { name: "died", type: "category", categories: ["0", "1"] };
    const schema = parseSchema(JSON.stringify({ ...rest, fields: [...fields, died] }));
    const setsOf = async (select: string): Promise<number> => {
      const [one, two] = [await quote(select, { earlier: 100 }, schema), await quote(select, { earlier: 101 }, schema)];
      return two.tests - one.tests;
    };
    // Of a table also the cells of each kind together, and the sums over all of it.
    assert.equal(await setsOf("SELECT arm, COUNT(*) FROM trial GROUP BY arm"), 3 + 1 + 1);
    assert.equal(
      await setsOf("SELECT arm, COUNT(*), AVG(age), VAR_POP(age) FROM trial GROUP BY arm"),
      3 * 2 + 1 + 2 + 1,
    );
    assert.equal(await setsOf("SELECT arm, AVG(died) FROM trial WHERE age > 19 GROUP BY arm"), 3 * 4 + 1 + 4 + 1);
    assert.equal(await setsOf("SELECT arm, COUNT(died) FROM trial GROUP BY arm"), 3 * 2 + 1 + 2);
    assert.equal(await setsOf("SELECT VAR_SAMP(died) FROM trial WHERE age > 19"), 3 + 1);
  });

  it("adds sums over lines of two cells or more, alone and with two earlier sets", async () => {
    const [none, two] = await Promise.all(
      [0, 2].map((earlier) => quote("SELECT arm, sex, AVG(age) FROM t GROUP BY arm, sex", { earlier }, twoAxes)),
    );
    // 6 cells of 2 sets and the cohort; lines: 3 + 2 + 1.
    const [sets, lines] = [13, 6];
    assert.equal(two!.tests - none!.tests, sets * (2 + 3 * 3) + 2 * 2 + lines * (2 + 3));
  });

  it("has as many rounds as the deepest tree of factors, which the history deepens", async () => {
    // F(10): x², then 6 factors and the mask: 1 + 3 levels; F(40): 1 + 5.
    assert.equal((await quote(COUNT, {})).rounds, 2 * 4 + 6);
    assert.equal((await quote(COUNT, { earlier: 1 })).rounds, 2 * 6 + 6);
    // Of a table as many again, for what its shown cells add up to.
    assert.equal((await quote("SELECT arm, COUNT(*) FROM trial GROUP BY arm", {})).rounds, 2 * (2 * 6 + 6));
  });
});
