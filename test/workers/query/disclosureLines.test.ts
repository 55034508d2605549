/** What the manifest says of the gate, query by query. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { DEMO_SQL, trialSchema, trialSchemaText } from "./trialSchema.ts";

async function disclosure(sql: string, schema = trialSchema): Promise<string[]> {
  const { manifest } = await compileQuery(sql, schema);
  const lines = manifest.split("\n");
  const start = lines.indexOf("Disclosure control");
  return lines.slice(start + 1, lines.indexOf("", start));
}

function sets(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith("  - "));
}

describe("the manifest's disclosure control", () => {
  it("lists every set that a grouped query is tested on", async () => {
    const lines = await disclosure(DEMO_SQL);
    assert.deepEqual(sets(lines), [
      "  - the cohort",
      "  - each of the 3 cells",
      '  - in each cell, the patients whose "response" is present',
      "  - the sums that the shown cells of each line, and of the table, add up to",
      "  - what those shown cells add up to that may have patients in common with a set of an earlier answer",
    ]);
    const text = lines.join(" ");
    assert.match(text, /refused, with the one reason "too small or too close to an earlier answer"/);
    assert.match(text, /k patients for each of the 3 cells/);
    assert.match(text, /in each cell that is shown have no "response" can be computed/);
    assert.match(text, /is hidden; a cohort is refused/);
    assert.match(text, /combinations of more than three sets/);
    assert.match(text, /is not tested again, unless by sums that are new\./);
    assert.match((await disclosure("SELECT arm, COUNT(*) FROM trial GROUP BY arm")).join(" "), /is not tested again\./);
  });

  it("takes a sum of a two-valued column for a table of two counts", async () => {
    const { fields, ...rest } = JSON.parse(trialSchemaText) as { fields: object[] };
    const binary = [
      { name: "died", type: "category", categories: ["0", "1"] },
      { name: "stage", type: "integer", minimum: 3, maximum: 4, cutPoints: [4], required: true },
    ];
    const schema = parseSchema(JSON.stringify({ ...rest, fields: [...fields, ...binary] }));
    const counted = (within: string, name: string): string =>
      `  - in ${within}, the patients with each value of "${name}": it has two, and its sum is a table of two counts`;
    assert.deepEqual(sets(await disclosure("SELECT AVG(died), SUM(stage) FROM trial WHERE arm = 'control'", schema)), [
      "  - the cohort",
      '  - in the cohort, the patients whose "died" is present',
      counted("the cohort", "died"),
      counted("the cohort", "stage"),
    ]);
    const grouped = sets(
      await disclosure("SELECT arm, COUNT(died), AVG(grade), VAR_POP(stage) FROM trial GROUP BY arm", schema),
    );
    assert.deepEqual(grouped.slice(-3, -2), [counted("each cell", "stage")]);
    assert.equal(grouped.filter((line) => line.includes("two counts")).length, 1, "a count is no sum");
  });

  it("says that what sums tell together is tested, where they may tell more than is listed", async () => {
    const together = "  - in the cohort, any smaller set of patients whose number these sums tell, alone or together";
    const listed = async (select: string): Promise<boolean> =>
      sets(await disclosure(`SELECT ${select} FROM trial WHERE arm = 'control'`)).includes(together);
    assert.equal(await listed("VAR_SAMP(age)"), false);
    assert.equal(await listed("AVG(grade), AVG(age)"), false);
    assert.equal(await listed("CORR(age, grade)"), true);
    assert.equal(await listed("TOXICITY(grade)"), true);
    assert.equal(await listed("LINEAR_REGRESSION(response, age, INDICATOR(biomarker = 'positive'))"), true);
    assert.equal(await listed('VAR_POP("Mixed")'), true);
  });

  it("says what intervals are tested for together", async () => {
    assert.deepEqual(sets(await disclosure("SELECT QUANTILE(age, 0.5) FROM trial")).slice(1), [
      "  - the patients whom each number above counts",
      "  - what those shown numbers add up to that may have patients in common with a set of an earlier answer",
    ]);
  });

  it("refuses nothing of the whole table, and hides nothing of a single number", async () => {
    const lines = await disclosure("SELECT COUNT(*) FROM trial");
    assert.deepEqual(sets(lines), ["  - the whole table, whose number needs no test of its own; a sum over it does"]);
    assert.doesNotMatch(lines.join(" "), /request|cell|have no/);
    const one = (await disclosure("SELECT COUNT(*) FROM trial WHERE arm = 'control'")).join(" ");
    assert.match(one, /The request is refused/);
    assert.doesNotMatch(one, /Any other of these sets/);
  });

  it("names the columns whose missing values can be counted, and no other", async () => {
    const of = async (sql: string): Promise<string> => (await disclosure(sql)).join(" ");
    const both = "SELECT COUNT(*), AVG(age), COUNT(grade), AVG(\"Mixed\") FROM trial WHERE arm = 'control'";
    assert.match(await of(both), /in the cohort have no "age" or "grade" can be computed/);
    assert.doesNotMatch(await of("SELECT AVG(age) FROM trial WHERE arm = 'control'"), /can be computed, however few/);
    assert.doesNotMatch(
      await of("SELECT COUNT(*), AVG(age) FROM trial WHERE age >= 20"),
      /can be computed, however few/,
    );
  });
});
