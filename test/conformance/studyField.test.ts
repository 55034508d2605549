import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";
import type { ColumnUses } from "./columnUses.ts";
import { constantsOf, readCondition } from "./conditionText.ts";
import { decimalText, readDecimal, scaleDecimal } from "./decimalText.ts";
import { deriveStudy } from "./derivedStudy.ts";
import { siteColumn } from "./siteColumn.ts";
import { cellText, constantText, studyField } from "./studyField.ts";

const uses = (
  texts: readonly (string | null)[],
  rest: Partial<ColumnUses> & { readonly where?: string } = {},
): ColumnUses => {
  const { where = "", ...others } = rest;
  const constants = constantsOf(readCondition(where, ["x"]), "x");
  return {
    column: "x",
    isCategory: false,
    isNumber: false,
    isSummed: false,
    cuts: undefined,
    type: "string",
    texts,
    constants,
    ...others,
  };
};

describe("the field of a column", () => {
  it("is a category of its texts, and of those it is compared with by equality", () => {
    const field = studyField(uses(["b", " a", null, "b"], { where: "x IN ('b', 'c')" }), "x");
    assert.deepEqual([field.type, field.hasMissing], ["category", true]);
    assert(field.type === "category");
    assert.deepEqual(field.categories, [" a", "b", "c"]);
  });

  it("orders categories that are numbers as numbers", () => {
    const field = studyField(uses(["10", "9", "0.5"], { type: "number", isCategory: true, where: "x = 9.0" }), "x");
    assert(field.type === "category");
    assert.deepEqual(field.categories, ["0.5", "9", "10"]);
    const write = (where: string): string => constantText(field, constantsOf(readCondition(where, ["x"]), "x")[0]!);
    assert.equal(write("x = 9.0"), "'9'");
    assert.equal(write("x >= 9.0"), "9.0");
  });

  it("is a number with the bounds and decimals of its texts, whatever their form", () => {
    const field = studyField(
      uses(["1.50", "-2e-3", "+7", null], { type: "number", isNumber: true, isSummed: true }),
      "x",
    );
    assert(field.type === "number");
    assert.deepEqual([field.decimals, field.minimum, field.maximum], [3, -2n, 7000n]);
    assert.deepEqual(
      ["1.50", "-2e-3", "+7"].map((text) => cellText(field, text)),
      ["1.5", "-0.002", "7"],
    );
  });

  it("is a date where the dictionary and every text say so", () => {
    const dated = uses(["2024-02-29", "1899-12-31"], { type: "date", where: "x > '2000-01-01'" });
    assert.deepEqual(studyField(dated, "x").type, "date");
    assert.deepEqual(studyField({ ...dated, texts: ["2023-02-29"] }, "x").type, "category");
    const ordered = { ...dated, isNumber: true, cuts: "every value" } as const;
    assert.deepEqual(studyField(ordered, "x").type, "date");
    assert.deepEqual(studyField({ ...ordered, cuts: undefined }, "x").type, "category");
  });

  it("is a category of numbers where a sum would count values, and an integer that could be 0 without any", () => {
    const flag = uses(["0", "1"], { type: "integer", isNumber: true, isSummed: true });
    assert.equal(studyField(flag, "x").type, "category");
    assert.equal(studyField({ ...flag, isSummed: false }, "x").type, "integer");
    const never = studyField(uses([null, null], { isNumber: true, isSummed: true }), "x");
    assert(never.type === "integer");
    assert.deepEqual([never.minimum, never.maximum], [0n, 0n]);
  });

  it("has a name that SQL can write, unlike all others", () => {
    const columns = ["Größe (cm)", "Größe (kg)", "2nd", "plain", "PLAIN"];
    const study = deriveStudy(
      "a table",
      columns.map((column) => ({ ...uses(["1"]), column })),
    );
    const names = study.schema.fields.map(({ name }) => name.toLowerCase());
    assert.equal(new Set([...names, study.table]).size, 6);
    assert.equal(names[3], "plain");
  });
});

describe("decimals", () => {
  it("are read, scaled and written exactly", () => {
    const property = fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(12), (digits, decimals) => {
      const text = decimalText(digits, decimals);
      const read = readDecimal(text)!;
      assert.ok(read.decimals <= decimals);
      assert.deepEqual(scaleDecimal(read, decimals), { floor: digits, ceiling: digits });
    });
    fc.assert(property, { numRuns: budget.propertyRuns });
    assert.deepEqual(scaleDecimal(readDecimal("-1.5")!, 0), { floor: -2n, ceiling: -1n });
    for (const text of ["", ".", "1,5", "1e", "x", "1 ", "--1"]) assert.equal(readDecimal(text), undefined, text);
  });
});

describe("the column that names the hospitals", () => {
  const field = (name: string, type = "string", description = "") => ({ name, type, description });

  it("is one called site before one described as such; there may be none", () => {
    assert.equal(siteColumn([field("a", "string", "treating centre"), field("SITEID")]), "SITEID");
    assert.equal(siteColumn([field("b", "integer", "per site"), field("a", "string", "treating centre")]), "a");
    assert.equal(siteColumn([field("a", "string", "prerequisite"), field("b")]), undefined);
  });
});
