import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import { formatDate, formatScaled, parseDate, parseFieldValue, parseScaled } from "../../../workers/schema/values.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const numRuns = budget.propertyRuns;

describe("parseScaled", () => {
  it("reads decimals exactly where doubles would not", () => {
    assert.equal(parseScaled("0.1", 1), 1n);
    assert.equal(parseScaled("1000000.0008", 4), 10_000_000_008n);
    assert.equal(parseScaled("-0.000000498", 9), -498n);
    assert.equal(parseScaled("9007199254740993", 0), 9_007_199_254_740_993n);
    assert.equal(parseScaled("+.5", 2), 50n);
    assert.equal(parseScaled("-0", 0), 0n);
    assert.equal(parseScaled("007", 0), 7n);
  });

  it("allows zeros, and nothing else, beyond the declared decimals", () => {
    assert.equal(parseScaled("63.000", 0), 63n);
    assert.equal(parseScaled("2.500", 1), 25n);
    assert.throws(() => parseScaled("2.51", 1), { code: "VALUE_TOO_MANY_DECIMALS" });
    assert.throws(() => parseScaled("2.5", 0), { code: "VALUE_TOO_MANY_DECIMALS" });
  });

  it("refuses everything that is not plain digits", () => {
    const texts = [
      "",
      " ",
      "1 ",
      "1e3",
      "0x10",
      "1_000",
      "1,5",
      "1.",
      ".",
      "-",
      "--1",
      "NaN",
      "Infinity",
      "١",
      "−1",
      "1\n",
    ];
    for (const text of [...texts, "9".repeat(65)]) {
      assert.throws(() => parseScaled(text, 3), { code: "VALUE_NOT_A_NUMBER" }, JSON.stringify(text));
    }
  });

  it("hints at the decimal comma without repeating the value", () => {
    assert.throws(() => parseScaled("36,6", 1), /decimal point, not a comma/);
    assert.throws(
      () => parseScaled("36,6", 1),
      (error: Error) => !error.message.includes("36"),
    );
  });

  it("is undone by formatScaled", () => {
    fc.assert(
      fc.property(fc.bigInt(-(1n << 62n), 1n << 62n), fc.integer({ min: 0, max: 18 }), (value, decimals) => {
        assert.equal(parseScaled(formatScaled(value, decimals), decimals), value);
      }),
      { numRuns },
    );
  });

  it("keeps order", () => {
    const value = fc.bigInt(-100_000n, 100_000n);
    fc.assert(
      fc.property(value, value, (a, b) => {
        const difference = Number(formatScaled(a, 3)) - Number(formatScaled(b, 3));
        assert.equal(Math.sign(difference), a < b ? -1 : a > b ? 1 : 0);
      }),
      { numRuns },
    );
  });
});

describe("parseDate", () => {
  it("counts days from 1970-01-01", () => {
    assert.equal(parseDate("1970-01-01"), 0n);
    assert.equal(parseDate("1969-12-31"), -1n);
    assert.equal(parseDate("2024-02-29"), 19_782n);
  });

  it("refuses days that do not exist and other notations", () => {
    for (const text of [
      "2023-02-29",
      "2024-02-30",
      "2024-13-01",
      "2024-1-1",
      "01/02/2024",
      "20240101",
      "2024-01-01T00:00",
      "",
    ]) {
      assert.throws(() => parseDate(text), { code: "VALUE_NOT_A_DATE" }, text);
    }
  });

  it("is undone by formatDate", () => {
    fc.assert(
      fc.property(fc.bigInt(parseDate("0001-01-01"), parseDate("9999-12-31")), (days) => {
        assert.equal(parseDate(formatDate(days)), days);
      }),
      { numRuns },
    );
  });
});

describe("parseFieldValue", () => {
  const schema = parseSchema(
    JSON.stringify({
      name: "s",
      table: "t",
      subject: "id",
      fields: [
        { name: "temp", type: "number", decimals: 1, minimum: "34.0", maximum: "42.5", missingValues: ["-9"] },
        { name: "arm", type: "category", categories: ["control", "agent"] },
      ],
    }),
  );
  const [temp, arm] = schema.fields as [(typeof schema.fields)[number], (typeof schema.fields)[number]];

  it("gives a scaled integer, a category's index or null", () => {
    assert.equal(parseFieldValue(temp, "36.6"), 366n);
    assert.equal(parseFieldValue(temp, "-9"), null);
    assert.equal(parseFieldValue(arm, "agent"), 1n);
  });

  it("accepts the bounds and refuses what lies beyond, naming the bound only", () => {
    assert.equal(parseFieldValue(temp, "34"), 340n);
    assert.equal(parseFieldValue(temp, "42.5"), 425n);
    assert.throws(() => parseFieldValue(temp, "33.9"), {
      code: "VALUE_BELOW_MINIMUM",
      message: "value is below the minimum 34",
    });
    assert.throws(() => parseFieldValue(temp, "42.6"), {
      code: "VALUE_ABOVE_MAXIMUM",
      message: "value is above the maximum 42.5",
    });
  });

  it("lists the categories it knows", () => {
    assert.throws(() => parseFieldValue(arm, "Control"), {
      code: "VALUE_UNKNOWN_CATEGORY",
      message: 'value is not one of the categories "control", "agent"',
    });
  });
});
