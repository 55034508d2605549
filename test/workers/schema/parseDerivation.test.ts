/** Event tables and derived fields of a schema: what is read, and every refusal with its place. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isCoded } from "../../../workers/errors.ts";
import { columnsOf } from "../../../workers/schema/columns.ts";
import type { Derivation } from "../../../workers/schema/eventTable.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { StudySchema } from "../../../workers/schema/studySchema.ts";
import { parseDate } from "../../../workers/schema/values.ts";

type Json = Readonly<Record<string, unknown>>;

const COLUMNS: readonly Json[] = [
  { name: "term", type: "text" },
  { name: "grade", type: "integer", minimum: 1, maximum: 5 },
  { name: "dose (mg)", type: "number", decimals: 2, unit: "mg" },
  { name: "onset", type: "date", missingValues: ["?"] },
  { name: "related", type: "category", categories: ["no", "yes"] },
];
const TABLE: Json = { name: "adverse_events", title: "AE", subject: "patient", columns: COLUMNS };
const NUMBER: Json = { name: "f", type: "integer", minimum: 0, maximum: 9 };

function textOf(derived: Json, field: Json = NUMBER, table: Json = TABLE): string {
  const fields = [{ ...field, derived: { from: "adverse_events", ...derived } }];
  return JSON.stringify({ name: "d", table: "t", subject: "id", eventTables: [table], fields });
}

function derivation(derived: Json, field?: Json): Derivation {
  return parseSchema(textOf(derived, field)).fields[0]?.derived ?? assert.fail("no derivation");
}

function condition(where: Json): unknown {
  return derivation({ aggregate: "count", where: [where] }).where[0];
}

function refuses(text: string, code: string, path: string): void {
  assert.throws(
    () => parseSchema(text),
    (error) => {
      assert(isCoded(error), String(error));
      assert.deepEqual([error.code, (error.detail as unknown as { path: string }).path], [code, path], error.message);
      return true;
    },
  );
}

describe("event tables of a schema", () => {
  const withTables = (...eventTables: Json[]): string =>
    JSON.stringify({ name: "d", table: "t", subject: "id", missingValues: ["", "NA"], eventTables, fields: [NUMBER] });
  const withTable = (change: Json): string => withTables({ ...TABLE, ...change });
  const withColumn = (column: Json): string => withTable({ columns: [column] });

  it("are none where the schema has none", () => {
    const schema = parseSchema(JSON.stringify({ name: "d", table: "t", subject: "id", fields: [NUMBER] }));
    assert.deepEqual([schema.eventTables, schema.fields[0]?.derived], [[], undefined]);
  });

  it("are read with what may be left out", () => {
    const [table] = parseSchema(withTable({})).eventTables;
    assert.deepEqual([table?.name, table?.title, table?.subject], ["adverse_events", "AE", "patient"]);
    assert.equal(table?.unknownSubjects, "refuse");
    assert.deepEqual(
      table?.columns.map(({ name, type, missingValues }) => [name, type, missingValues]),
      [
        ["term", "text", ["", "NA"]],
        ["grade", "integer", ["", "NA"]],
        ["dose (mg)", "number", ["", "NA"]],
        ["onset", "date", ["", "NA", "?"]],
        ["related", "category", ["", "NA"]],
      ],
    );
    const other = parseSchema(withTable({ missingValues: ["-"], unknownSubjects: "ignore" })).eventTables[0];
    assert.deepEqual([other?.columns[0]?.missingValues, other?.unknownSubjects], [["-"], "ignore"]);
  });

  it("have numbers within all scaled integers, unless bounds are given", () => {
    const [, grade, dose] = parseSchema(withTable({})).eventTables[0]?.columns ?? [];
    assert(grade?.type === "integer" && dose?.type === "number");
    assert.deepEqual([grade.minimum, grade.maximum, grade.decimals], [1n, 5n, 0]);
    assert.deepEqual([dose.minimum, dose.maximum, dose.unit], [1n - (1n << 62n), (1n << 62n) - 1n, "mg"]);
  });

  it("are refused with the place of what is wrong", () => {
    refuses(withTables(TABLE, { ...TABLE, name: "ADVERSE_EVENTS" }), "SCHEMA_DUPLICATE_NAME", "$.eventTables");
    refuses(withTable({ name: "adverse events" }), "SCHEMA_BAD_NAME", "$.eventTables[0].name");
    refuses(withTable({ subject: " id" }), "SCHEMA_BAD_NAME", "$.eventTables[0].subject");
    refuses(withTable({ columns: undefined }), "SCHEMA_MISSING_KEY", "$.eventTables[0]");
    refuses(withTable({ rows: 1 }), "SCHEMA_UNKNOWN_KEY", "$.eventTables[0].rows");
    refuses(withTable({ unknownSubjects: "drop" }), "SCHEMA_WRONG_TYPE", "$.eventTables[0].unknownSubjects");
    const columns = "$.eventTables[0].columns";
    refuses(withTable({ subject: "term" }), "SCHEMA_DUPLICATE_NAME", columns);
    refuses(withTable({ columns: [COLUMNS[0], COLUMNS[0]] }), "SCHEMA_DUPLICATE_NAME", columns);
    refuses(withColumn({ name: "x", type: "time" }), "SCHEMA_WRONG_TYPE", `${columns}[0].type`);
    refuses(withColumn({ name: "x", type: "text", unit: "m" }), "SCHEMA_UNKNOWN_KEY", `${columns}[0].unit`);
    refuses(withColumn({ name: "x", type: "number" }), "SCHEMA_MISSING_KEY", `${columns}[0]`);
    refuses(withColumn({ name: "x", type: "category" }), "SCHEMA_MISSING_KEY", `${columns}[0]`);
    const na = { name: "x", type: "category", categories: ["NA"] };
    refuses(withColumn(na), "SCHEMA_BAD_CATEGORIES", `${columns}[0].categories`);
    const range = { name: "x", type: "integer", minimum: 2, maximum: 1 };
    refuses(withColumn(range), "SCHEMA_BAD_RANGE", `${columns}[0].minimum`);
  });
});

describe("conditions of a derived field", () => {
  it("have constants in the column's own terms", () => {
    assert.deepEqual(condition({ column: "grade", relation: ">=", value: 3 }), {
      column: 1,
      relation: ">=",
      value: 3n,
    });
    const dose = condition({ column: "dose (mg)", relation: "between", values: ["0.5", 2] });
    assert.deepEqual(dose, { column: 2, relation: "between", values: [50n, 200n] });
    const onset = condition({ column: "onset", relation: "<", value: "2020-02-29" });
    assert.deepEqual(onset, { column: 3, relation: "<", value: parseDate("2020-02-29") });
    assert.deepEqual(condition({ column: "related", relation: "=", value: "yes" }), {
      column: 4,
      relation: "=",
      value: 1n,
    });
    assert.deepEqual(condition({ column: "term", relation: "in", values: ["Rash", "rash"] }), {
      column: 0,
      relation: "in",
      values: ["Rash", "rash"],
    });
    assert.deepEqual(condition({ column: "term", relation: "isNull" }), { column: 0, relation: "isNull" });
  });

  const at = "$.fields[0].derived.where[0]";
  for (const [name, where, code, place] of [
    ["a column the table does not have", { column: "x", relation: "isNull" }, "SCHEMA_BAD_DERIVATION", ".column"],
    ["another relation", { column: "grade", relation: "==", value: 1 }, "SCHEMA_WRONG_TYPE", ".relation"],
    ["no relation", { column: "grade", value: 1 }, "SCHEMA_MISSING_KEY", ""],
    ["an order of texts", { column: "term", relation: "<", value: "b" }, "SCHEMA_BAD_CONDITION", ".relation"],
    ["a range of categories", { column: "related", relation: "between", values: ["no", "yes"] }, "SCHEMA_BAD_CONDITION", ".relation"], // prettier-ignore
    ["a text for a number", { column: "grade", relation: "=", value: "three" }, "SCHEMA_BAD_NUMBER", ".value"],
    ["more decimals than the column", { column: "dose (mg)", relation: "=", value: "0.001" }, "SCHEMA_BAD_NUMBER", ".value"], // prettier-ignore
    ["a number for a date", { column: "onset", relation: "=", value: 3 }, "SCHEMA_WRONG_TYPE", ".value"],
    ["an unknown category", { column: "related", relation: "=", value: "maybe" }, "SCHEMA_BAD_CONDITION", ".value"],
    ["a text that means missing", { column: "term", relation: "=", value: "" }, "SCHEMA_BAD_CONDITION", ".value"],
    ["no value", { column: "grade", relation: "=" }, "SCHEMA_MISSING_KEY", ""],
    ["a value too many", { column: "grade", relation: "isNull", value: 1 }, "SCHEMA_UNKNOWN_KEY", ".value"],
    ["values for a value", { column: "grade", relation: "=", values: [1] }, "SCHEMA_UNKNOWN_KEY", ".values"],
    ["an empty list", { column: "grade", relation: "in", values: [] }, "SCHEMA_BAD_CONDITION", ".values"],
    ["a value twice", { column: "grade", relation: "in", values: [1, "1"] }, "SCHEMA_BAD_CONDITION", ".values"],
    ["one bound", { column: "grade", relation: "between", values: [1] }, "SCHEMA_BAD_CONDITION", ".values"],
    ["three bounds", { column: "grade", relation: "between", values: [1, 2, 3] }, "SCHEMA_BAD_CONDITION", ".values"],
    ["bounds reversed", { column: "grade", relation: "between", values: [2, 1] }, "SCHEMA_BAD_CONDITION", ".values"],
  ] as const) {
    it(`are refused with ${name}`, () => {
      refuses(textOf({ aggregate: "count", where: [where] }), code, `${at}${place}`);
    });
  }
});

describe("a derived field", () => {
  const DATE: Json = { name: "f", type: "date", minimum: "2000-01-01", maximum: "2029-12-31" };
  const TENTHS: Json = { name: "f", type: "number", decimals: 1, minimum: 0, maximum: 9 };
  const GRADES: Json = { name: "f", type: "category", categories: ["0", "1", "2", "3", "4", "5"] };

  it("says which events count, and what of them", () => {
    assert.deepEqual(derivation({ aggregate: "count" }), { from: 0, where: [], aggregate: "count" });
    assert.deepEqual(derivation({ aggregate: "max", of: "grade", default: 0 }), {
      from: 0,
      where: [],
      aggregate: "max",
      of: 1,
      by: undefined,
      default: 0n,
    });
    const latest = derivation({ aggregate: "latest", of: "grade", by: "onset", default: "5" }, GRADES);
    assert.deepEqual(
      [latest.aggregate, "by" in latest && latest.by, "of" in latest && latest.default],
      ["latest", 3, 5n],
    );
  });

  it("has the columns of any other field", () => {
    const kinds = ({ fields, hash }: StudySchema): unknown => columnsOf({ fields, hash } as StudySchema).length;
    const plain = JSON.stringify({ name: "d", table: "t", subject: "id", fields: [NUMBER] });
    assert.equal(kinds(parseSchema(textOf({ aggregate: "count" }))), kinds(parseSchema(plain)));
  });

  it("may be of any type that holds the result", () => {
    derivation({ aggregate: "exists" }, { name: "f", type: "category", categories: ["1", "0"] });
    derivation({ aggregate: "exists" }, TENTHS);
    derivation({ aggregate: "max", of: "onset" }, DATE);
    derivation({ aggregate: "max", of: "grade" }, TENTHS);
    derivation({ aggregate: "max", of: "onset" }, GRADES);
    derivation({ aggregate: "latest", of: "term", by: "grade" }, GRADES);
    derivation({ aggregate: "sum", of: "dose (mg)" }, { ...TENTHS, decimals: 2 });
    derivation({ aggregate: "sumSquares", of: "dose (mg)" }, { ...TENTHS, decimals: 4 });
  });

  const at = "$.fields[0].derived";
  for (const [name, derived, field, code, path] of [
    ["a table that is not there", { from: "labs", aggregate: "count" }, NUMBER, "SCHEMA_BAD_DERIVATION", `${at}.from`],
    ["no aggregate", {}, NUMBER, "SCHEMA_MISSING_KEY", at],
    ["another aggregate", { aggregate: "avg", of: "grade" }, NUMBER, "SCHEMA_WRONG_TYPE", `${at}.aggregate`],
    ["a count of a column", { aggregate: "count", of: "grade" }, NUMBER, "SCHEMA_UNKNOWN_KEY", `${at}.of`],
    ["a default of a count", { aggregate: "exists", default: 0 }, NUMBER, "SCHEMA_UNKNOWN_KEY", `${at}.default`],
    ["no column", { aggregate: "max" }, NUMBER, "SCHEMA_MISSING_KEY", at],
    ["an order for max", { aggregate: "max", of: "grade", by: "onset" }, NUMBER, "SCHEMA_UNKNOWN_KEY", `${at}.by`],
    ["no order for latest", { aggregate: "latest", of: "grade" }, NUMBER, "SCHEMA_MISSING_KEY", at],
    [
      "an order of texts",
      { aggregate: "latest", of: "grade", by: "term" },
      NUMBER,
      "SCHEMA_BAD_DERIVATION",
      `${at}.by`,
    ],
    ["another column", { aggregate: "max", of: "x" }, NUMBER, "SCHEMA_BAD_DERIVATION", `${at}.of`],
    ["the largest text", { aggregate: "max", of: "term" }, GRADES, "SCHEMA_BAD_DERIVATION", `${at}.of`],
    ["a sum of dates", { aggregate: "sum", of: "onset" }, NUMBER, "SCHEMA_BAD_DERIVATION", `${at}.of`],
    ["a date for a number", { aggregate: "max", of: "onset" }, NUMBER, "SCHEMA_BAD_DERIVATION", `${at}.of`],
    ["a number for a date", { aggregate: "max", of: "grade" }, DATE, "SCHEMA_BAD_DERIVATION", `${at}.of`],
    ["a count for a date", { aggregate: "count" }, DATE, "SCHEMA_BAD_DERIVATION", `${at}.aggregate`],
    ["a text for a number", { aggregate: "latest", of: "term", by: "onset" }, NUMBER, "SCHEMA_BAD_DERIVATION", `${at}.of`], // prettier-ignore
    ["too many decimals", { aggregate: "sum", of: "dose (mg)" }, TENTHS, "SCHEMA_BAD_DERIVATION", `${at}.of`],
    ["too many decimals of a square", { aggregate: "sumSquares", of: "dose (mg)" }, { ...TENTHS, decimals: 3 }, "SCHEMA_BAD_DERIVATION", `${at}.of`], // prettier-ignore
    ["no room for 1", { aggregate: "exists" }, { ...NUMBER, maximum: 0 }, "SCHEMA_BAD_DERIVATION", `${at}.aggregate`],
    ["no category 0", { aggregate: "exists" }, { ...GRADES, categories: ["1"] }, "SCHEMA_BAD_DERIVATION", `${at}.aggregate`], // prettier-ignore
    ["a default beyond the bounds", { aggregate: "max", of: "grade", default: 10 }, NUMBER, "SCHEMA_BAD_DERIVATION", `${at}.default`], // prettier-ignore
    ["a default that is no category", { aggregate: "max", of: "grade", default: 6 }, GRADES, "SCHEMA_BAD_DERIVATION", `${at}.default`], // prettier-ignore
    ["missing codes", { aggregate: "count" }, { ...NUMBER, missingValues: ["?"] }, "SCHEMA_BAD_DERIVATION", "$.fields[0].missingValues"], // prettier-ignore
    ["another key", { aggregate: "count", having: 1 }, NUMBER, "SCHEMA_UNKNOWN_KEY", `${at}.having`],
    ["one condition for a list", { aggregate: "count", where: {} }, NUMBER, "SCHEMA_WRONG_TYPE", `${at}.where`],
  ] as const) {
    it(`is refused with ${name}`, () => refuses(textOf(derived, field), code, path));
  }
});
