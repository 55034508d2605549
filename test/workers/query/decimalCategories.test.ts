/** Categories that are decimals: constants and sums are on their scale, and what they disclose is what integers would. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withClasses } from "../../../workers/disclosure/classCatalogue.ts";
import { disclosedSets } from "../../../workers/disclosure/disclosedSets.ts";
import { Finish } from "../../../workers/messages/descriptor.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { StudySchema } from "../../../workers/schema/studySchema.ts";
import { finishAnswer } from "../../../workers/statistics/finishAnswer.ts";

function withDoses(...categories: string[]): StudySchema {
  const dose = { name: "dose", type: "category", categories };
  return parseSchema(JSON.stringify({ name: "doses", table: "t", subject: "id", fields: [dose] }));
}

const schema = withDoses("0", "0.5", "-1.25", "2");

async function bytesOf(where: string): Promise<string> {
  return (await compileQuery(`SELECT COUNT(*) FROM t WHERE ${where}`, schema)).descriptorBytes;
}

describe("a category of decimals", () => {
  for (const [condition, categories] of [
    ["dose = 0.5", "'0.5'"],
    ["dose = 0.50", "'0.5'"],
    ["dose <> 2.0", "'0', '0.5', '-1.25'"],
    ["dose IN (-1.25, 0)", "'-1.25', '0'"],
    ["dose < 0.5", "'-1.25', '0'"],
    ["dose <= 0.5", "'-1.25', '0', '0.5'"],
    ["dose > 0.4999", "'0.5', '2'"],
    ["dose >= 0.5001", "'2'"],
    ["dose BETWEEN -1.25 AND 0.499", "'-1.25', '0'"],
  ] as const) {
    it(`compares ${condition} exactly`, async () => {
      assert.equal(await bytesOf(condition), await bytesOf(`dose IN (${categories})`));
    });
  }

  it("has no category at a number between two, and none where its texts are no numbers", async () => {
    await assert.rejects(bytesOf("dose = 0.501"), { code: "SQL_UNKNOWN_CATEGORY" });
    await assert.rejects(bytesOf("dose = 50"), { code: "SQL_UNKNOWN_CATEGORY" });
    const texts = withDoses("0.50", "0.5");
    await assert.rejects(compileQuery("SELECT SUM(dose) FROM t", texts), { code: "SQL_TYPE" });
    await assert.rejects(compileQuery("SELECT COUNT(*) FROM t WHERE dose = 0.5", texts), { code: "SQL_TYPE" });
  });

  it("is summed in hundredths and answered in units", async () => {
    const { descriptor } = await compileQuery("SELECT COUNT(dose), SUM(dose), AVG(dose), VAR_POP(dose) FROM t", schema);
    assert.deepEqual(
      descriptor.columns.map(({ finish, decimals }) => [finish, decimals]),
      [
        [Finish.COUNT, []],
        [Finish.SUM, [2]],
        [Finish.AVG, [2]],
        [Finish.VAR_POP, [2]],
      ],
    );
    // 0.5, 2, 2, 0
    const sums = [4n, 450n, 50n ** 2n + 2n * 200n ** 2n];
    assert.deepEqual(finishAnswer(descriptor, schema, sums, new Set()).rows, [[4, 4.5, 1.125, 0.796875]]);
  });

  it("discloses the sets that integers in its place would", async () => {
    for (const sql of ["SELECT AVG(dose) FROM t", "SELECT VAR_SAMP(dose) FROM t WHERE dose IS NOT NULL"]) {
      const [decimals, integers, three] = await Promise.all(
        [withDoses("0.5", "2"), withDoses("5", "20"), withDoses("0.5", "2", "3")].map(async (on) => {
          const { descriptor } = await compileQuery(sql, on);
          const request = { descriptor, parameters: [] };
          return withClasses(on, [request], (classes) => disclosedSets(request, 1n, classes)).made;
        }),
      );
      assert.deepEqual(decimals, integers);
      assert.notDeepEqual(decimals, three);
      assert(decimals!.groups.some(({ levels }) => levels.length === 2));
    }
  });
});
