/** Which rows may not be few because their values are apart from all others: by name, and against every sum that they could come to. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { rowsApart } from "../../../workers/disclosure/apartValues.ts";
import { withClasses } from "../../../workers/disclosure/classCatalogue.ts";
import { disclosedSets } from "../../../workers/disclosure/disclosedSets.ts";
import { classesIn } from "../../../workers/disclosure/rowSet.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import type { StudySchema } from "../../../workers/schema/studySchema.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const K = 11;
const property = { numRuns: budget.propertyRuns };

const category = (name: string, categories: readonly string[]): object => {
  return { name, type: "category", categories, required: true };
};

function schemaOf(...fields: readonly object[]): StudySchema {
  return parseSchema(JSON.stringify({ name: "apart", table: "t", subject: "id", fields }));
}

const schema = schemaOf(
  category("grade", ["0", "1", "2", "3", "4"]),
  category("dose", ["10", "20", "40", "80"]),
  category("score", ["0", "1", "2", "3", "4", "99"]),
  category("half", ["0.5", "1", "1.5"]),
  category("name", ["A", "B", "C"]),
  { name: "age", type: "integer", minimum: 18, maximum: 90, search: "digits", required: true },
);

/** Values of the field whose sum is told, of the rows of each set; and whether nobody passes. */
async function apart(sql: string, k = K, on = schema): Promise<string[]> {
  const { descriptor } = await compileQuery(sql, on);
  const request = { descriptor, parameters: [] };
  const { made, catalogue } = withClasses(on, [request], (classes) => disclosedSets(request, 1n, classes));
  const { set, sums } = made.groups.find((group) => group.sums.length > 0)!;
  const { field } = sums[0]![0]!;
  const { count, bounds } = catalogue.classes(field);
  return rowsApart(set!, sums, k, catalogue).map(({ set: rows, zero }) => {
    const inside = Array.from({ length: count }, (_, index) => index).filter(
      (index) => ((classesIn(rows, field) ?? 0n) >> BigInt(index)) & 1n,
    );
    const ranges = inside.flatMap((index) => bounds(index) ?? []).join();
    return `${ranges} ${zero}`;
  });
}

const pairs = (...values: readonly number[]): string => values.flatMap((value) => [value, value]).join();

describe("rows apart", () => {
  it("are all but a value that none is next to", async () => {
    const filtered = await apart("SELECT AVG(age) FROM t WHERE age = 40 OR age > 50");
    assert.deepEqual(filtered, ["51,51,52,90 ifShown"]);
    assert.deepEqual(await apart("SELECT AVG(age) FROM t WHERE age = 40 OR age > 40"), []);
    // In steps of ten, the two lowest are neighbours.
    assert.deepEqual(
      await apart("SELECT AVG(dose) FROM t"),
      [pairs(10, 20, 80), pairs(10, 20, 40)].map((each) => `${each} ifShown`),
    );
  });

  it("are those beyond a gap that is wider than k patients could make up without them", async () => {
    assert.deepEqual(await apart("SELECT AVG(score) FROM t"), [
      `${pairs(0, 1, 2, 3, 4)} ifShown`,
      `${pairs(99)} passes`,
    ]);
    assert.deepEqual(await apart("SELECT AVG(score) FROM t", 24), [
      `${pairs(0, 1, 2, 3, 4)} ifShown`,
      `${pairs(99)} passes`,
    ]);
    assert.deepEqual(await apart("SELECT AVG(score) FROM t", 25), [`${pairs(0, 1, 2, 3, 4)} ifShown`]);
    assert.deepEqual(await apart("SELECT AVG(age) FROM t WHERE age <= 19 OR age >= 85"), [
      "85,85,86,90 passes",
      "18,19 passes",
    ]);
  });

  it("are none of neighbours, of names, of counts, or of squares alone", async () => {
    for (const sql of [
      "SELECT AVG(grade) FROM t",
      "SELECT AVG(half) FROM t",
      "SELECT AVG(age) FROM t",
      "SELECT name, AVG(grade) FROM t GROUP BY name",
    ])
      assert.deepEqual(await apart(sql), [], sql);
  });

  it("are beyond a gap as k patients' sums say: with one of them and with none these are never the same", async () => {
    const values = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(values, fc.integer({ min: 2, max: 6 }), async (found, k) => {
        const ascending = found.sort((a, b) => a - b);
        const on = schemaOf(category("c", ascending.map(String)));
        const told = await apart("SELECT AVG(c) FROM t", k, on);
        for (let at = 1; at < ascending.length; at++) {
          const [below, above] = [ascending.slice(0, at), ascending.slice(at)];
          const isGap = above[0]! - below.at(-1)! > stepOf(ascending);
          for (const [few, others] of [
            [above, below],
            [below, above],
          ] as const) {
            const isApart = isGap && areDisjoint(sumsOf(k, others, few, 0), sumsOf(k, others, few, 1));
            const name = `${pairs(...few)} `;
            if (isApart && others.length > 1)
              assert.ok(
                told.some((each) => each.startsWith(name)),
                `${name}of ${found}`,
              );
            else if (!isApart) assert.ok(!told.includes(`${name}passes`), `${name}of ${found}`);
          }
        }
      }),
      property,
    );
  });
});

/** The least and the most that k patients come to, so many of them with one of the few values. */
function sumsOf(
  k: number,
  others: readonly number[],
  few: readonly number[],
  count: number,
): readonly [number, number] {
  return [(k - count) * others[0]! + count * few[0]!, (k - count) * others.at(-1)! + count * few.at(-1)!];
}

function stepOf(values: readonly number[]): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  return values.reduce((step, value) => divisor(step, value - values[0]!), 0);
}

function areDisjoint([a, b]: readonly [number, number], [c, d]: readonly [number, number]): boolean {
  return b < c || d < a;
}
