import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroHash, keccak256 } from "ethers";
import { NO_FIELD_RULES, edgesOf, fieldRulesHash, usesOf } from "../../../workers/messages/fieldRules.ts";
import { parseFieldRules } from "../../../workers/schema/parseFieldRules.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";

const FIELDS = [
  { name: "arm", type: "category", categories: ["control", "agent"] },
  { name: "age", type: "integer", minimum: 18, maximum: 90, cutPoints: [30, 40, 50] },
  { name: "dose", type: "number", decimals: 1, minimum: "0", maximum: "9.5", cutPoints: ["2.5", "5"] },
  { name: "grade", type: "category", categories: ["0", "1", "2", "3", "4"] },
  { name: "seen", type: "date", minimum: "2020-01-01", maximum: "2021-12-31", cutPoints: ["2021-01-01"] },
  { name: "response", type: "integer", minimum: 0, maximum: 1 },
  { name: "toxic", type: "category", categories: ["0", "1", "2"] },
  { name: "score", type: "integer", minimum: 0, maximum: 9, cutPoints: [6, 9] },
];
const schemaWith = (fields: readonly Record<string, unknown>[], more = {}) =>
  parseSchema(JSON.stringify({ name: "t", table: "t", subject: "id", fields, ...more }));
const schema = schemaWith(FIELDS);
const rulesOf = (...fields: unknown[]) => parseFieldRules(JSON.stringify({ fields }), schema);

describe("parseFieldRules", () => {
  it("gives each field its uses, and edges where cut-points are listed", () => {
    const rules = rulesOf(
      { name: "dose", use: ["sum", "split"], cutPoints: ["5"] },
      { name: "arm", use: ["split"] },
      { name: "age", use: ["split"] },
      { name: "grade", use: ["sum"] },
    );
    assert.equal(rules.uses, "0x0105030200000000");
    assert.deepEqual(rules.cuts, [{ field: 2, edges: [0n, 50n, 96n] }]);
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((field) => usesOf(rules, field)),
      [1, 5, 3, 2, 0, 0],
    );
    assert.deepEqual(
      [0, 1, 2].map((field) => edgesOf(rules, field)),
      [[], undefined, [0n, 50n, 96n]],
    );
    const words = AbiCoder.defaultAbiCoder().encode(["tuple(bytes, tuple(uint16, int256[])[])"], [
      [rules.uses, [[2, [0, 50, 96]]]],
    ] as never);
    assert.equal(fieldRulesHash(rules), keccak256(words));
  });

  it("sorts cuts by field, and takes an empty list for no cut at all", () => {
    const rules = rulesOf(
      { name: "seen", use: ["split"], cutPoints: ["2021-01-01"] },
      { name: "age", use: ["split"], cutPoints: [] },
    );
    assert.deepEqual(
      rules.cuts.map(({ field, edges }) => [field, edges.length]),
      [
        [1, 2],
        [4, 3],
      ],
    );
  });

  it("permits sums of few values that may be told apart anyway, and of one value between two cuts", () => {
    const rules = rulesOf(
      { name: "response", use: ["split", "sum"] },
      { name: "toxic", use: ["sum", "split"] },
      { name: "score", use: ["sum", "split"], cutPoints: [9] },
    );
    assert.deepEqual(
      [5, 6, 7].map((field) => usesOf(rules, field)),
      [7, 3, 3],
    );
  });

  it("permits everything where nothing is said", () => {
    assert.equal(fieldRulesHash(NO_FIELD_RULES), ZeroHash);
    assert.deepEqual([usesOf(NO_FIELD_RULES, 9), edgesOf(NO_FIELD_RULES, 9)], [7, undefined]);
  });

  for (const [what, fields, path, message] of [
    ["no field", [], "$.fields", /permits no field/],
    ["an unknown field", [{ name: "Age", use: ["split"] }], "$.fields[0].name", /"Age" is no field/],
    ["an unknown use", [{ name: "age", use: ["group"] }], "$.fields[0].use[0]", /must be split or sum/],
    ["no use", [{ name: "age", use: [] }], "$.fields[0].use", /is empty/],
    ["a use twice", [{ name: "age", use: ["sum", "sum"] }], "$.fields[0].use", /given twice/],
    ["a sum of texts", [{ name: "arm", use: ["sum"] }], "$.fields[0].use[0]", /arm is a category of texts/],
    ["cuts of a category", [{ name: "arm", use: ["split"], cutPoints: [1] }], "$.fields[0].cutPoints", /category/],
    ["cuts of a sum", [{ name: "age", use: ["sum"], cutPoints: [30] }], "$.fields[0].cutPoints", /may not be split/],
    [
      "a finer cut",
      [{ name: "age", use: ["split"], cutPoints: [30, 35] }],
      "$.fields[0].cutPoints[1]",
      /no cut-point 35/,
    ],
    ["falling cuts", [{ name: "age", use: ["split"], cutPoints: [40, 30] }], "$.fields[0].cutPoints", /ascending/],
    ["a sum of few values", [{ name: "response", use: ["sum"] }], "$.fields[0].use", /response has 2 values, which/],
    ["a sum of few categories", [{ name: "toxic", use: ["sum"] }], "$.fields[0].use", /toxic has 3 values/],
    [
      "sums between cuts of few values",
      [{ name: "score", use: ["split", "sum"], cutPoints: [6] }],
      "$.fields[0].use",
      /score has 4 values between two of its cut-points/,
    ],
    ["an unknown key", [{ name: "age", uses: ["split"] }], "$.fields[0].uses", /unknown key/],
  ] as const)
    it(`refuses ${what}`, () => {
      const code = what === "an unknown key" ? "SCHEMA_UNKNOWN_KEY" : "SCHEMA_BAD_FIELD_RULES";
      assert.throws(() => rulesOf(...fields), { detail: { code, path }, message });
    });

  it("refuses a field twice", () => {
    const twice = { name: "age", use: ["sum"] };
    assert.throws(() => rulesOf(twice, twice), { code: "SCHEMA_DUPLICATE_NAME", message: /"age" is given twice/ });
  });

  it("refuses more than the chain keeps, and takes what it does", () => {
    const cutPoints = Array.from({ length: 1_000 }, (_, index) => index + 1);
    const large = schemaWith([{ name: "x", type: "integer", minimum: 0, maximum: 2_000, cutPoints }]);
    const rules = (count: number) =>
      JSON.stringify({ fields: [{ name: "x", use: ["split"], cutPoints: cutPoints.slice(0, count) }] });
    assert.throws(() => parseFieldRules(rules(1_000), large), { message: /bytes on chain, at most 24575/ });
    assert.equal(parseFieldRules(rules(700), large).cuts[0]!.edges.length, 702);
  });
});

describe("a schema's site", () => {
  it("is the category field that it names, or none", () => {
    assert.equal(schemaWith(FIELDS, { site: "grade" }).site, 3);
    assert.equal(schema.site, undefined);
  });
  it("is refused when it is no field, or no category", () => {
    for (const [site, message] of [
      ["where", /is no field of the schema/],
      ["age", /is a integer; it must be a category/],
    ] as const)
      assert.throws(() => schemaWith(FIELDS, { site }), {
        detail: { code: "SCHEMA_BAD_SITE", path: "$.site" },
        message,
      });
  });
});
