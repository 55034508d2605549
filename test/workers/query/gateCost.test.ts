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

describe("gateCost", () => {
  it("is F(m) = 1 + ceil((m + 1) / 2) products for each test that fails at 0..m", async () => {
    // The cohort and its cell, each alone and against all rows, and the cohort for zeros: five tests of m = k - 1.
    for (const [k, each] of [
      [5, 4],
      [6, 4],
      [11, 7],
      [20, 11],
    ] as const) {
      const { tests, products } = await quote(COUNT, { k });
      assert.deepEqual([tests, products], [5, 5 * each], `k = ${k}`);
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
    assert.equal(await setsOf("SELECT arm, COUNT(*) FROM trial GROUP BY arm"), 3 + 1);
    assert.equal(await setsOf("SELECT arm, COUNT(*), AVG(age), VAR_POP(age) FROM trial GROUP BY arm"), 3 * 2 + 1);
    assert.equal(await setsOf("SELECT arm, AVG(died) FROM trial WHERE age > 19 GROUP BY arm"), 3 * 4 + 1);
    assert.equal(await setsOf("SELECT arm, COUNT(died) FROM trial GROUP BY arm"), 3 * 2 + 1);
    assert.equal(await setsOf("SELECT VAR_SAMP(died) FROM trial WHERE age > 19"), 3 + 1);
  });

  it("has as many rounds as the deepest tree of factors, which the history deepens", async () => {
    // F(10): x², then 6 factors and the mask: 1 + 3 levels; F(40): 1 + 5.
    assert.equal((await quote(COUNT, {})).rounds, 2 * 4 + 6);
    assert.equal((await quote(COUNT, { earlier: 1 })).rounds, 2 * 6 + 6);
  });
});
