/** Which counts follow from sums: against every combination, and by name. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { checkQuery, checkRequest } from "../../../workers/disclosure/checkQuery.ts";
import { withClasses } from "../../../workers/disclosure/classCatalogue.ts";
import type { ClassCatalogue } from "../../../workers/disclosure/classCatalogue.ts";
import { disclosedSets } from "../../../workers/disclosure/disclosedSets.ts";
import { smallestIndicators } from "../../../workers/disclosure/indicatorsInSpan.ts";
import type { RowSet } from "../../../workers/disclosure/rowSet.ts";
import { conditionOf } from "../../../workers/disclosure/rowSet.ts";
import { conditionName } from "../../../workers/disclosure/setNames.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { bindParameters } from "../../../workers/query/bindParameters.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { RationalSpan } from "./attacker.ts";
import { valueAt } from "./typedStudy.ts";

const property = { numRuns: budget.propertyRuns };

const schema = parseSchema(
  JSON.stringify({
    name: "levels",
    table: "t",
    subject: "id",
    fields: [
      { name: "a", type: "category", categories: ["0", "1"], required: true },
      { name: "b", type: "category", categories: ["0", "1"], required: true },
      { name: "c", type: "category", categories: ["3", "5"], required: true },
      { name: "grade", type: "category", categories: ["0", "1", "2", "3"], required: true },
      { name: "odd", type: "category", categories: ["0", "1", "2", "4"], required: true },
      { name: "arm", type: "category", categories: ["A", "B", "C"], required: true },
      { name: "sex", type: "category", categories: ["F", "M"] },
      { name: "dose", type: "integer", minimum: 0, maximum: 1000, search: "digits", required: true },
      { name: "score", type: "integer", minimum: 0, maximum: 3, search: "digits", required: true },
      { name: "four", type: "integer", minimum: 0, maximum: 3, required: true },
      { name: "flag", type: "integer", minimum: 0, maximum: 1 },
    ],
  }),
);
const fieldOf = (name: string): number => schema.fields.findIndex((field) => field.name === name);

async function levelsOf(sql: string, parameters: Record<string, string> = {}) {
  const { descriptor, bounds } = await compileQuery(sql, schema);
  const request = { descriptor, parameters: bindParameters(bounds, schema, parameters), schema };
  checkQuery(descriptor, schema);
  checkRequest(request);
  return withClasses(schema, [request], (classes) => disclosedSets(request, 1n, classes));
}

/** The rows of these fields that are in a set, as texts of values; others any. */
function tell(set: RowSet, catalogue: ClassCatalogue, names: readonly string[]): string[] {
  const fields = names.map(fieldOf);
  const rows = fields.reduce<number[][]>(
    (all, field) =>
      all.flatMap((row) => Array.from({ length: catalogue.classes(field).count }, (_, index) => [...row, index])),
    [[]],
  );
  const textOf = (field: number, index: number): string => {
    const { missing, bounds } = catalogue.classes(field);
    if (index === missing) return "-";
    const own = bounds(index);
    return own === undefined ? `${index}` : own[0] === own[1] ? `${own[0]}` : `${own[0]}..${own[1]}`;
  };
  return rows
    .filter((row) => {
      const classIn = (field: number): number => row[fields.indexOf(field)] ?? assert.fail(`field ${field}`);
      return valueAt(conditionOf(set), classIn) === 1n;
    })
    .map((row) => row.map((index, at) => textOf(fields[at]!, index)).join());
}

async function told(sql: string, names: readonly string[], parameters: Record<string, string> = {}): Promise<string[]> {
  const { made, catalogue } = await levelsOf(sql, parameters);
  return made.groups.flatMap(({ levels }) => levels.map((level) => tell(level, catalogue, names).join(" ")));
}

describe("sets that a span of functions tells", () => {
  it("are the smallest 0/1 combinations, and no others", () => {
    const drawn = fc
      .integer({ min: 1, max: 7 })
      .chain((points) =>
        fc.array(fc.array(fc.bigInt(-2n, 3n), { minLength: points, maxLength: points }), { maxLength: 4 }),
      );
    fc.assert(
      fc.property(drawn, (others) => {
        const points = others[0]?.length ?? 3;
        const functions = [Array.from({ length: points }, () => 1n), ...others];
        const span = new RationalSpan();
        for (const values of functions) span.add(values.map(Number));
        const sets = Array.from({ length: 2 ** points - 1 }, (_, bits) => bits + 1);
        const inSpan = sets.filter((bits) =>
          span.contains(Array.from({ length: points }, (_, point) => (bits >> point) & 1)),
        );
        const smallest = inSpan.filter((bits) => !inSpan.some((other) => other !== bits && (other & bits) === other));
        const expected = smallest.map((bits) =>
          Array.from({ length: points }, (_, point) => point).filter((point) => (bits >> point) & 1),
        );
        const sorted = (list: readonly (readonly number[])[]): string[] => list.map((each) => each.join()).sort();
        assert.deepEqual(sorted(smallestIndicators(functions)), sorted(expected));
      }),
      property,
    );
  });

  it("are refused when they are too many to try", () => {
    const points = 40;
    const functions = Array.from({ length: points }, (_, row) =>
      Array.from({ length: points }, (__, point) => (row === 0 || row === point ? 1n : 0n)),
    );
    assert.throws(() => smallestIndicators(functions), { code: "DISCLOSURE_UNSUPPORTED" });
  });
});

describe("levels of one column", () => {
  it("are both values of two, three with squares, none of more", async () => {
    assert.deepEqual(await told("SELECT AVG(a) FROM t", ["a"]), ["0", "1"]);
    assert.deepEqual(await told("SELECT AVG(c) FROM t", ["c"]), ["3", "5"]);
    assert.deepEqual(await told("SELECT VAR_POP(grade) FROM t WHERE grade < 3", ["grade"]), ["0", "1", "2"]);
    assert.deepEqual(await told("SELECT AVG(grade) FROM t WHERE grade < 3", ["grade"]), []);
    assert.deepEqual(await told("SELECT AVG(grade) FROM t", ["grade"]), []);
  });

  it("are the inner and the outer two of four with squares, where these are as far apart", async () => {
    assert.deepEqual(await told("SELECT VAR_POP(grade) FROM t", ["grade"]), ["0 3", "1 2"]);
    assert.deepEqual(await told("SELECT VAR_POP(odd) FROM t", ["odd"]), []);
  });

  it("are asked for where digits divide a class, and refused where nothing does", async () => {
    assert.deepEqual(await told("SELECT VAR_POP(score) FROM t", ["score"]), ["0 3", "1 2"]);
    assert.deepEqual(await told("SELECT AVG(score) FROM t WHERE score >= :s", ["score"], { s: "2" }), ["2", "3"]);
    assert.deepEqual(await told("SELECT AVG(score) FROM t WHERE score >= :s", ["score"], { s: "1" }), []);
    await assert.rejects(told("SELECT VAR_POP(four) FROM t", ["four"]), {
      code: "DISCLOSURE_UNSUPPORTED",
      message: /`four`: a sum over so few values counts them/,
    });
    assert.deepEqual(await told("SELECT AVG(four) FROM t", ["four"]), []);
    assert.deepEqual(await told("SELECT AVG(dose) FROM t WHERE dose BETWEEN 7 AND 8", ["dose"]), ["7", "8"]);
    assert.deepEqual(await told("SELECT VAR_POP(dose) FROM t WHERE dose BETWEEN 7 AND 11", ["dose"]), []);
  });

  it("are asked for by any request of a plan", async () => {
    const requests = await Promise.all(
      ["SELECT AVG(dose) FROM t", "SELECT AVG(score) FROM t WHERE score >= 2"].map(async (sql) => {
        return { descriptor: (await compileQuery(sql, schema)).descriptor, parameters: [] };
      }),
    );
    const { made } = withClasses(schema, requests, (classes) =>
      requests.map((request) => disclosedSets(request, 1n, classes).groups.flatMap(({ levels }) => levels).length),
    );
    assert.deepEqual(made, [0, 2]);
  });

  it("are those that a condition leaves, also one of several columns", async () => {
    const either = "SELECT AVG(grade) FROM t WHERE (grade = 1 AND arm = 'A') OR (grade = 2 AND arm = 'B')";
    assert.deepEqual(await told(either, ["grade", "arm"]), ["1,0", "2,1"]);
    const three = "SELECT AVG(grade) FROM t WHERE grade = 1 OR (grade IN (0, 2) AND arm = 'B')";
    assert.deepEqual(await told(three, ["grade", "arm"]), ["0,1 2,1"], "who has another value than the pinned one");
    const alone = "SELECT AVG(a) FROM t WHERE arm = 'A' OR sex = 'F'";
    const found = await told(alone, ["a", "arm", "sex"]);
    assert.equal(found.length, 2);
    assert.ok(found[0]!.split(" ").every((row) => row.startsWith("0,")));
  });
});

describe("what a pinned value leaves", () => {
  it("is all but one value, or two where squares are summed, that a condition has for others than the rest", async () => {
    const pinned = "dose = 40 OR arm = 'A'";
    const left = await told(`SELECT AVG(dose) FROM t WHERE ${pinned}`, ["dose", "arm"]);
    assert.deepEqual(left, ["0..39,0 41..1000,0"]);
    const ofAnother = await told(`SELECT AVG(a) FROM t WHERE ${pinned}`, ["dose", "arm", "a"]);
    assert.equal(ofAnother.length, 2, "its own values");
    const two = "dose = 40 OR dose = 41 OR arm = 'A'";
    assert.deepEqual(await told(`SELECT AVG(dose) FROM t WHERE ${two}`, ["dose", "arm"]), []);
    assert.deepEqual(await told(`SELECT VAR_POP(dose) FROM t WHERE ${two}`, ["dose", "arm"]), [
      "0..39,0 42,0 43..1000,0",
    ]);
  });
});

describe("levels of two columns", () => {
  it("are the four cells of two columns of two values, and both values of each", async () => {
    const of = (low: string, high: string): string[] => {
      const cells = [`0,${low}`, `0,${high}`, `1,${low}`, `1,${high}`];
      return [...cells, `0,${low} 0,${high}`, `1,${low} 1,${high}`, `0,${low} 1,${low}`, `0,${high} 1,${high}`];
    };
    for (const pair of ["COVAR_POP(a, b)", "CORR(a, b)"])
      assert.deepEqual(await told(`SELECT ${pair} FROM t`, ["a", "b"]), of("0", "1"));
    assert.deepEqual(await told("SELECT COVAR_POP(a, c) FROM t", ["a", "c"]), of("3", "5"));
  });

  it("are both values of one that is multiplied by a column of many", async () => {
    assert.deepEqual(await told("SELECT COVAR_POP(dose, a) FROM t", ["a"]), ["0", "1"]);
    assert.deepEqual(await told("SELECT COVAR_POP(dose, odd) FROM t", ["odd"]), []);
  });

  it("are unions where the products tell no more", async () => {
    const found = await told("SELECT COVAR_POP(a, grade) FROM t WHERE grade < 3", ["a", "grade"]);
    assert.ok(found.includes("0,0 1,2") && found.includes("0,2 1,0"), found.join("; "));
    assert.ok(!found.includes("0,0"), "no square of grade is multiplied by a");
  });

  it("of three columns of two values are their values, all cells of two, and who is equal in all or in all but one", async () => {
    const found = await told("SELECT LINEAR_REGRESSION(a, b, c) FROM t", ["a", "b", "c"]);
    assert.ok(found.includes("0,0,3 0,0,5") && found.includes("0,0,3 1,0,3"));
    assert.ok(found.includes("0,0,3 1,1,5"), found.join("; "));
    assert.equal(found.length, 3 * 4 + 4 + 3 * 2);
  });
});

describe("levels of conditions that are summed over", () => {
  it("are who satisfies one, and the rest", async () => {
    const found = await told("SELECT LINEAR_REGRESSION(dose, INDICATOR(arm = 'A')) FROM t", ["arm"]);
    assert.deepEqual(found, ["1 2"], "who is in arm A is a set of its own");
    const two = await told("SELECT LINEAR_REGRESSION(dose, INDICATOR(arm = 'A'), INDICATOR(arm = 'B')) FROM t", [
      "arm",
    ]);
    assert.deepEqual(two, ["1 2", "2"]);
  });

  it("are the cells of two conditions' table, and of one with a column of two values", async () => {
    const sql = "SELECT LINEAR_REGRESSION(dose, INDICATOR(arm = 'A'), INDICATOR(sex = 'F')) FROM t";
    const { made, catalogue } = await levelsOf(sql);
    const all = made.groups.flatMap(({ set, levels }) => [...(set === undefined ? [] : [set]), ...levels]);
    const found = all.map((set) => tell(set, catalogue, ["arm", "sex"]).join(" "));
    for (const cell of ["0,0", "0,1", "1,0 2,0", "1,1 2,1"])
      assert.ok(found.includes(cell), `${cell}: ${found.join("; ")}`);
    const withColumn = "SELECT LINEAR_REGRESSION(dose, a, INDICATOR(arm = 'A')) FROM t";
    const second = await told(withColumn, ["a", "arm"]);
    for (const cell of ["0,0", "1,0", "0,1 0,2", "1,1 1,2"])
      assert.ok(second.includes(cell), `${cell}: ${second.join("; ")}`);
  });

  it("are none of sets that differ by missing values only", async () => {
    for (const sql of [
      "SELECT COUNT(*), COUNT(sex) FROM t",
      "SELECT COUNT(*), COUNT(flag), COUNT(sex) FROM t WHERE a = 1 OR b = 1",
    ]) {
      const { made } = await levelsOf(sql);
      assert.deepEqual(
        made.groups.map(({ levels }) => levels.length),
        made.groups.map(() => 0),
      );
    }
  });
});

describe("levels in a plan with other requests", () => {
  it("are the same whatever thresholds these have", async () => {
    const requestOf = async (sql: string) => ({
      descriptor: (await compileQuery(sql, schema)).descriptor,
      parameters: [],
    });
    const thresholds = [3, 20, 77, 400, 401, 402, 700, 950];
    const others = await Promise.all(
      thresholds.map((dose) => requestOf(`SELECT COUNT(*) FROM t WHERE dose > ${dose} OR score >= 1 AND dose = 9`)),
    );
    for (const sql of [
      "SELECT COVAR_POP(dose, score) FROM t WHERE dose >= 300 OR score >= 2",
      "SELECT COVAR_POP(score, a), VAR_POP(dose) FROM t WHERE score >= 1 OR (a = 1 AND dose < 500)",
      "SELECT LINEAR_REGRESSION(dose, score, a, INDICATOR(dose > 30)) FROM t WHERE NOT (score = 0 AND dose > 100)",
      "SELECT VAR_POP(dose) FROM t WHERE dose BETWEEN 400 AND 403",
    ]) {
      const request = await requestOf(sql);
      const namesIn = (requests: typeof others): string[] => {
        const { made, catalogue } = withClasses(schema, requests, (classes) => disclosedSets(request, 1n, classes));
        const facts = { schemaHash: schema.hash, classes: (field: number) => catalogue.classes(field) };
        return made.groups.flatMap(({ set, levels }) =>
          [...(set === undefined ? [] : [set]), ...levels].map((each) => conditionName(each, facts)),
        );
      };
      const alone = namesIn([request]);
      assert.deepEqual(namesIn([request, ...others]).sort(), alone.sort(), sql);
      assert.ok(alone.length > 1, sql);
    }
  });
});

describe("levels before parameters are known", () => {
  it("are not told of columns that one decides on, alone or with others", async () => {
    const { descriptor } = await compileQuery("SELECT VAR_POP(four) FROM t WHERE a = 1 AND four >= 0", schema);
    assert.throws(() => checkQuery(descriptor, schema), { code: "DISCLOSURE_UNSUPPORTED" });
    const open = await compileQuery("SELECT VAR_POP(grade), AVG(four) FROM t WHERE grade = :g OR dose >= :d", schema);
    checkQuery(open.descriptor, schema);
  });
});
