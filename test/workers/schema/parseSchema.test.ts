import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { keccak256, toUtf8Bytes } from "ethers";
import { MAX_COLUMNS, parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { CategoryField, NumericField, StudySchema } from "../../../workers/schema/studySchema.ts";

type Json = Readonly<Record<string, unknown>>;

const AGE: Json = { name: "age", type: "integer", minimum: 18, maximum: 90, cutPoints: { from: 20, to: 90, step: 5 } };

const withFields = (...fields: Json[]): string =>
  JSON.stringify({ name: "demo", table: "trial", subject: "patient_id", fields });
const withAge = (change: Json): string => withFields({ ...AGE, ...change });

function numeric(schema: StudySchema): NumericField {
  const field = schema.fields[0];
  assert(field !== undefined && field.type !== "category");
  return field;
}

function refuses(text: string, code: string, path: string): void {
  assert.throws(
    () => parseSchema(text),
    (error: { code?: string; detail?: { path?: string }; message?: string }) => {
      assert.equal(error.code, code, error.message);
      assert.equal(error.detail?.path, path, error.message);
      return true;
    },
  );
}

describe("parseSchema", () => {
  it("hashes the exact text", () => {
    const text = `${withAge({})}\n`;
    assert.equal(parseSchema(text).hash, keccak256(toUtf8Bytes(text)));
    assert.notEqual(parseSchema(text).hash, parseSchema(text.trim()).hash);
  });

  it("fills in what may be left out", () => {
    const schema = parseSchema(withAge({}));
    assert.deepEqual(schema.missingValues, [""]);
    assert.equal(schema.title, undefined);
    const age = numeric(schema);
    assert.deepEqual([age.required, age.decimals, age.unit, age.missingValues], [false, 0, undefined, []]);
  });

  it("expands cut-points given as steps", () => {
    const { cutPoints } = numeric(parseSchema(withAge({})));
    assert.deepEqual(
      cutPoints,
      Array.from({ length: 15 }, (_, index) => BigInt(20 + 5 * index)),
    );
  });

  it("reads numbers as they are written, never through a double", () => {
    const text = withFields({ name: "x", type: "number", decimals: 3, minimum: "LOW", maximum: "HIGH" })
      .replace('"LOW"', "-1.10")
      .replace('"HIGH"', "4503599627370497.301");
    const field = numeric(parseSchema(text));
    assert.equal(field.minimum, -1_100n);
    assert.equal(field.maximum, 4_503_599_627_370_497_301n);
  });

  it("reads dates as days and their steps as days", () => {
    const field = { name: "d", type: "date", minimum: "1970-01-01", maximum: "1970-02-01" };
    const cutPoints = { from: "1970-01-08", to: "1970-01-30", step: 7 };
    assert.deepEqual(numeric(parseSchema(withFields({ ...field, cutPoints }))).cutPoints, [7n, 14n, 21n, 28n]);
  });

  it("knows categories that are numbers, only when all are canonical decimals and distinct", () => {
    const categoryOf = (categories: unknown[]): CategoryField => {
      const field = parseSchema(withFields({ name: "c", type: "category", categories })).fields[0];
      return field?.type === "category" ? field : assert.fail();
    };
    const numericOf = (categories: unknown[]): unknown => categoryOf(categories).numeric;
    const scaledOf = (...categories: string[]): unknown => {
      const { numeric, decimals } = categoryOf(categories);
      return [numeric, decimals];
    };
    assert.deepEqual(numericOf(["0", "1", "-2"]), [0n, 1n, -2n]);
    assert.deepEqual(numericOf([0, 1]), [0n, 1n]);
    assert.equal(numericOf(["0", "1", "x"]), undefined);
    assert.equal(numericOf(["01", "1"]), undefined);
    assert.deepEqual(scaledOf("0", "1", "-2"), [[0n, 1n, -2n], 0]);
    assert.deepEqual(scaledOf("0", "0.5", "1"), [[0n, 5n, 10n], 1]);
    assert.deepEqual(scaledOf("1.0", "-0.25"), [[100n, -25n], 2]);
    assert.deepEqual(scaledOf("0.0"), [[0n], 1]);
    assert.deepEqual(scaledOf(`0.${"0".repeat(17)}1`), [[1n], 18]);
    const notNumbers = [["1", "1.0"], ["0", "0.00"], ["-0"], ["-0.0", "1"], ["+1"], ["1e3"], ["1."], [".5"], ["00.5"]];
    // Beyond 18 decimals, and beyond 2^62 as a scaled integer.
    const tooLarge = [[`0.${"0".repeat(18)}1`], [String(1n << 62n)], ["0.1", "1000000000000000000"]];
    for (const categories of [...notNumbers, ...tooLarge, ["0.5", "x"], ["0,5"]]) {
      assert.deepEqual(scaledOf(...categories), [undefined, 0], categories.join());
    }
    assert.deepEqual(scaledOf(String((1n << 62n) - 1n)), [[(1n << 62n) - 1n], 0]);
  });

  it("refuses text that is not JSON, or says one thing twice", () => {
    refuses("{", "SCHEMA_NOT_JSON", "$");
    refuses("\ud800", "SCHEMA_NOT_JSON", "$");
    refuses("[]", "SCHEMA_WRONG_TYPE", "$");
    refuses(withAge({}).replace('"type"', '"minimum":1,"type"'), "SCHEMA_DUPLICATE_KEY", "$");
    refuses(withAge({}).replace('"type"', '"minim\\u0075m":1,"type"'), "SCHEMA_DUPLICATE_KEY", "$");
  });

  it("does not mistake equal keys of two objects, or texts that look like keys, for repeats", () => {
    const title = 'a "name": { of } "name": [';
    assert.equal(parseSchema(withFields(AGE, { ...AGE, name: "weight", title })).fields[1]?.title, title);
  });

  it("refuses missing and unknown keys, naming the place", () => {
    refuses('{"name":"x"}', "SCHEMA_MISSING_KEY", "$");
    refuses(withAge({ minimum: undefined }), "SCHEMA_MISSING_KEY", "$.fields[0]");
    refuses(withAge({ minimun: 1 }), "SCHEMA_UNKNOWN_KEY", "$.fields[0].minimun");
    refuses(withAge({ categories: ["a"] }), "SCHEMA_UNKNOWN_KEY", "$.fields[0].categories");
    refuses(withFields({ name: "x", type: "number", minimum: 0, maximum: 1 }), "SCHEMA_MISSING_KEY", "$.fields[0]");
  });

  it("refuses values of another type", () => {
    refuses(withAge({ required: "yes" }), "SCHEMA_WRONG_TYPE", "$.fields[0].required");
    refuses(withAge({ minimum: null }), "SCHEMA_WRONG_TYPE", "$.fields[0].minimum");
    refuses(withAge({ type: "string" }), "SCHEMA_WRONG_TYPE", "$.fields[0].type");
    refuses(withAge({ missingValues: "NA" }), "SCHEMA_WRONG_TYPE", "$.fields[0].missingValues");
  });

  it("refuses names that SQL could not write or tell apart", () => {
    refuses(withAge({ name: "age at entry" }), "SCHEMA_BAD_NAME", "$.fields[0].name");
    refuses(withAge({ name: "1st" }), "SCHEMA_BAD_NAME", "$.fields[0].name");
    refuses(withAge({ name: "a".repeat(64) }), "SCHEMA_BAD_NAME", "$.fields[0].name");
    refuses(withFields(AGE, { ...AGE, name: "AGE" }), "SCHEMA_DUPLICATE_NAME", "$.fields");
    refuses(withAge({ name: "patient_id" }), "SCHEMA_DUPLICATE_NAME", "$.fields");
  });

  it("refuses bounds and cut-points that make no sense", () => {
    refuses(withAge({ minimum: 91 }), "SCHEMA_BAD_RANGE", "$.fields[0].minimum");
    refuses(withAge({ maximum: "90.5" }), "SCHEMA_BAD_NUMBER", "$.fields[0].maximum");
    refuses(withAge({ maximum: (1n << 62n).toString() }), "SCHEMA_BAD_NUMBER", "$.fields[0].maximum");
    refuses(withAge({ decimals: 1 }), "SCHEMA_BAD_NUMBER", "$.fields[0].decimals");
    const cuts = "$.fields[0].cutPoints";
    refuses(withAge({ cutPoints: [18] }), "SCHEMA_BAD_CUT_POINTS", cuts);
    refuses(withAge({ cutPoints: [91] }), "SCHEMA_BAD_CUT_POINTS", cuts);
    refuses(withAge({ cutPoints: [30, 30] }), "SCHEMA_BAD_CUT_POINTS", cuts);
    refuses(withAge({ cutPoints: { from: 20, to: 90, step: 0 } }), "SCHEMA_BAD_CUT_POINTS", `${cuts}.step`);
    refuses(
      withAge({ maximum: "4000000000", cutPoints: { from: 20, to: "4000000000", step: 1 } }),
      "SCHEMA_BAD_CUT_POINTS",
      cuts,
    );
  });

  it("counts the digits of a field searched by them, whatever its cut-points", () => {
    const digitsOf = (change: Json): number =>
      numeric(parseSchema(withAge({ cutPoints: undefined, ...change }))).digits;
    assert.equal(digitsOf({}), 0);
    assert.equal(digitsOf({ search: "none" }), 0);
    assert.equal(digitsOf({ search: "digits" }), 2);
    assert.equal(digitsOf({ search: "digits", minimum: 90 }), 1);
    assert.equal(digitsOf({ search: "digits", minimum: 75 }), 1);
    assert.equal(digitsOf({ search: "digits", minimum: 74 }), 2);
    assert.equal(digitsOf({ search: "cutPoints", cutPoints: [50] }), 0);
    const both = numeric(parseSchema(withAge({ search: "digits", cutPoints: [50] })));
    assert.deepEqual([both.digits, both.cutPoints], [2, [50n]]);
    const widest = { minimum: `-${(1n << 62n) - 1n}`, maximum: String((1n << 62n) - 1n), search: "digits" };
    assert.equal(digitsOf(widest), 16);
  });

  it("refuses a search that contradicts the cut-points, or is none", () => {
    const search = "$.fields[0].search";
    refuses(withAge({ search: "none" }), "SCHEMA_BAD_CUT_POINTS", search);
    refuses(withAge({ search: "cutPoints", cutPoints: undefined }), "SCHEMA_BAD_CUT_POINTS", search);
    refuses(withAge({ search: "cutPoints", cutPoints: [] }), "SCHEMA_BAD_CUT_POINTS", search);
    refuses(withAge({ search: "Digits" }), "SCHEMA_WRONG_TYPE", search);
    refuses(withAge({ search: true }), "SCHEMA_WRONG_TYPE", search);
    const category = { name: "c", type: "category", categories: ["a"], search: "digits" };
    refuses(withFields(category), "SCHEMA_UNKNOWN_KEY", search);
  });

  it("refuses categories that are empty, repeated or mean missing", () => {
    const category = (change: Json): string =>
      withFields({ name: "c", type: "category", categories: ["a"], ...change });
    const path = "$.fields[0].categories";
    refuses(category({ categories: [] }), "SCHEMA_BAD_CATEGORIES", path);
    refuses(category({ categories: ["a", "a"] }), "SCHEMA_BAD_CATEGORIES", path);
    refuses(category({ categories: ["a", ""] }), "SCHEMA_BAD_CATEGORIES", path);
    refuses(category({ categories: ["a", "NA"], missingValues: ["NA"] }), "SCHEMA_BAD_CATEGORIES", path);
  });

  it("bounds the number of columns", () => {
    const wide = (name: string): Json => ({
      ...AGE,
      name,
      maximum: 2_000,
      cutPoints: { from: 20, to: 1_020, step: 1 },
    });
    const names = Array.from({ length: Math.ceil(MAX_COLUMNS / 1_001) }, (_, index) => `f${index}`);
    refuses(withFields(...names.map(wide)), "SCHEMA_TOO_MANY_COLUMNS", "$.fields");
  });
});
