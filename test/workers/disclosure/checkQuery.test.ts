/** What the gate could never open is refused when it is written, and before it is asked. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { checkQuery, checkRequest, compileForGate, selectsNobody } from "../../../workers/disclosure/checkQuery.ts";
import { MAX_SETS } from "../../../workers/disclosure/disclosedSets.ts";
import { isCoded } from "../../../workers/errors.ts";
import { AtomOp, type Descriptor } from "../../../workers/messages/descriptor.ts";
import { bindParameters } from "../../../workers/query/bindParameters.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { trialSchema } from "../query/trialSchema.ts";

const letters = (count: number): string[] => Array.from({ length: count }, (_, index) => `c${index}`);
const schema = parseSchema(
  JSON.stringify({
    name: "few values",
    table: "t",
    subject: "id",
    fields: [
      { name: "score", type: "integer", minimum: 0, maximum: 2, cutPoints: [1] },
      { name: "Visits", type: "integer", minimum: 0, maximum: 2 },
      { name: "told", type: "integer", minimum: 0, maximum: 2, cutPoints: [1, 2] },
      { name: "site", type: "category", categories: letters(16), required: true },
      { name: "ward", type: "category", categories: letters(16), required: true },
      { name: "floor", type: "category", categories: letters(2), required: true },
    ],
  }),
);

const refused = (name: string, line: number, column: number) => ({
  detail: {
    code: "DISCLOSURE_UNSUPPORTED",
    field: { index: schema.fields.findIndex((field) => field.name === name), name },
    problem: "a sum over so few values counts them; the schema needs a cut-point at each",
    place: { line, column },
  },
});

describe("a query that the gate cannot tell the sets of", () => {
  it("is refused with the column and its place", async () => {
    await assert.rejects(
      compileForGate("SELECT AVG(score),\n  VAR_SAMP(visits) FROM t", schema),
      refused("Visits", 2, 12),
    );
    await assert.rejects(compileForGate('SELECT VAR_SAMP(t."Visits") FROM t', schema), refused("Visits", 1, 19));
    await assert.rejects(compileForGate("SELECT AVG(score) FROM t WHERE score >= 1", schema), refused("score", 1, 12));
    await assert.rejects(compileForGate("SELECT COVAR_POP(told,\n visits) FROM t", schema), refused("Visits", 2, 2));
    await assert.rejects(compileForGate("SELECT COVAR_POP(visits, told) FROM t", schema), refused("Visits", 1, 18));
  });

  it("is refused whatever parameters it has on other columns", async () => {
    const sql = "SELECT VAR_SAMP(visits) FROM t WHERE told >= :lo AND score <= :hi";
    await assert.rejects(compileForGate(sql, schema), refused("Visits", 1, 17));
  });

  it("is refused where its conditions combine too many columns", async () => {
    const names = Array.from({ length: 18 }, (_, index) => `f${index}`);
    const fields = names.map((name) => ({ name, type: "category", categories: ["a", "b"], required: true }));
    const wide = parseSchema(JSON.stringify({ name: "wide", table: "t", subject: "id", fields }));
    const pairs = (count: number): string =>
      names.slice(0, count).map((name, index) => `(${name} = 'a' AND f${9 + index} = 'a')`).join(" OR "); // prettier-ignore
    await compileForGate(`SELECT COUNT(*) FROM t WHERE ${pairs(5)}`, wide);
    await assert.rejects(compileForGate(`SELECT COUNT(*) FROM t WHERE ${pairs(9)}`, wide), {
      code: "DISCLOSURE_UNSUPPORTED",
      message: /combine too many columns/,
    });
  });

  it("is none where more values are possible than sums tell, or each is told", async () => {
    for (const sql of [
      "SELECT AVG(visits) FROM t",
      "SELECT AVG(score) FROM t",
      "SELECT VAR_SAMP(told) FROM t WHERE told >= :lo",
      "SELECT VAR_SAMP(score) FROM t WHERE score = 0",
    ])
      assert.deepEqual(await compileForGate(sql, schema), await compileQuery(sql, schema));
  });

  it("is refused for too many sets, with the number of them, at the first that are too many", async () => {
    const table = (where: string): string =>
      `SELECT site, ward, floor, COUNT(*) FROM t ${where} GROUP BY site, ward, floor`;
    await assert.rejects(compileForGate(table(""), schema), {
      code: "DISCLOSURE_UNSUPPORTED",
      message: /513 sets; at most 511 can be told apart/,
    });
    const fewer = await compileForGate(table("WHERE site <> 'c0'"), schema);
    assert.equal(fewer.cost.openedValues, 16 * 16 * 2, "which all are opened, empty ones, too");
    assert.equal(MAX_SETS, 512);
  });

  it("may be one with some lines of a table: then parameters decide", async () => {
    const sql = "SELECT site, ward, floor, COUNT(*) FROM t WHERE site <> :s GROUP BY site, ward, floor";
    const { descriptor, bounds } = await compileForGate(sql, schema);
    checkRequest({ descriptor, parameters: bindParameters(bounds, schema, { s: "c3" }), schema });
  });

  it("is refused for digit columns that are not there, and for what no compiler writes", async () => {
    const { descriptor } = await compileQuery("SELECT AVG(score) FROM t WHERE told >= :lo", schema);
    const withAtoms = (change: (atom: Descriptor["atoms"][number]) => object): Descriptor => ({
      ...descriptor,
      atoms: descriptor.atoms.map((atom) => ({ ...atom, ...change(atom) })),
    });
    const digits = withAtoms(({ op }) => (op === AtomOp.RANGE ? { op: AtomOp.DIGIT } : {}));
    assert.throws(() => checkQuery(digits, schema), { message: /`told`: it has no such digit columns/ });
    const doubled: Descriptor = {
      ...descriptor,
      factors: descriptor.factors.map(({ terms }) => ({
        terms: terms.map((term) => ({ ...term, coefficient: 2n * term.coefficient })),
      })),
    };
    assert.throws(() => checkQuery(doubled, schema), { code: "DISCLOSURE_UNSUPPORTED" });
    checkQuery(descriptor, schema);
  });
});

describe("a request that the gate cannot tell the sets of", () => {
  it("is refused with the parameters that leave too few values, and with no others", async () => {
    const { descriptor, bounds } = await compileForGate("SELECT AVG(score) FROM t WHERE score >= :lo", schema);
    const check = (lo: string): void =>
      checkRequest({ descriptor, parameters: bindParameters(bounds, schema, { lo }), schema });
    assert.throws(
      () => check("1"),
      (error) => isCoded(error, "DISCLOSURE_UNSUPPORTED") && /`score`: a sum over so few values/.test(error.message),
    );
    check("0");
  });

  it("is none of a query that is refused with no parameters, whatever they are", async () => {
    const sql = "SELECT arm, COUNT(*), AVG(age) FROM trial WHERE age >= :lo GROUP BY arm";
    const { descriptor, bounds } = await compileForGate(sql, trialSchema);
    const [{ minimum, maximum }] = bounds as [(typeof bounds)[number]];
    for (const parameter of [minimum, maximum])
      checkRequest({ descriptor, parameters: [parameter], schema: trialSchema });
  });
});

describe("a request that selects nobody", () => {
  const digits = parseSchema(
    JSON.stringify({
      name: "digits",
      table: "t",
      subject: "id",
      fields: [
        { name: "age", type: "integer", minimum: 0, maximum: 99, search: "digits" },
        { name: "arm", type: "category", categories: ["a", "b"] },
      ],
    }),
  );
  const isNobody = async (where: string, given: Readonly<Record<string, number>>): Promise<boolean> => {
    const { descriptor, bounds } = await compileQuery(`SELECT COUNT(*) FROM t WHERE ${where}`, digits);
    return selectsNobody({ descriptor, parameters: bindParameters(bounds, digits, given), schema: digits });
  };

  it("is told from its parameters, also where no single condition is empty", async () => {
    assert.equal(await isNobody("age >= :lo AND age <= :hi", { lo: 41, hi: 40 }), true);
    assert.equal(await isNobody("age >= :lo AND age <= :hi", { lo: 40, hi: 40 }), false);
    assert.equal(await isNobody("(arm = 'a' OR age > :x) AND arm = 'b' AND age < :y", { x: 50, y: 51 }), true);
    assert.equal(await isNobody("(arm = 'a' OR age > :x) AND arm = 'b' AND age < :y", { x: 50, y: 52 }), false);
  });
});
