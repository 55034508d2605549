import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bindParameters, checkParameters } from "../../../workers/query/bindParameters.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { trialSchema } from "./trialSchema.ts";

const { bounds } = await compileQuery(
  "SELECT COUNT(*) FROM trial WHERE age >= :age AND response <= :response AND enrolled < :day AND site = :site AND grade = :grade AND mixed > :m",
  trialSchema,
);
const GOOD = { age: 20, response: "-0.01", day: "2020-02-29", site: "O'Brien", grade: 3, m: "2" };

describe("bindParameters", () => {
  it("reads numbers and texts to scaled integers, in the order of the bounds", () => {
    assert.deepEqual(bindParameters(bounds, trialSchema, GOOD), [20n, -1n, 18321n, 0n, 3n, 2n]);
    assert.deepEqual(bindParameters(bounds, trialSchema, { ...GOOD, age: "90", response: 10, grade: "0" })[1], 1000n);
  });

  const refused: readonly (readonly [object, object, RegExp])[] = [
    [
      { age: 21 },
      {
        code: "PARAMETER_OUT_OF_BOUNDS",
        parameter: "age",
        given: "21",
        minimum: "18",
        maximum: "90",
        nearest: ["20", "25"],
      },
      /:age = 21.*20, 25/,
    ],
    [
      { age: 17 },
      { code: "PARAMETER_OUT_OF_BOUNDS", parameter: "age", given: "17", minimum: "18", maximum: "90", nearest: ["18"] },
      /not between 18 and 90/,
    ],
    [
      { m: 3 },
      { code: "PARAMETER_OUT_OF_BOUNDS", parameter: "m", given: "3", minimum: "0", maximum: "2", nearest: ["2"] },
      /not between 0 and 2/,
    ],
    [
      { response: "0.5" },
      {
        code: "PARAMETER_OUT_OF_BOUNDS",
        parameter: "response",
        given: "0.5",
        minimum: "-2.51",
        maximum: "10",
        nearest: ["0", "7.24"],
      },
      /0, 7\.24/,
    ],
    [
      { day: "2020-03-02" },
      {
        code: "PARAMETER_OUT_OF_BOUNDS",
        parameter: "day",
        given: "2020-03-02",
        minimum: "2020-02-29",
        maximum: "2022-01-01",
        nearest: ["2020-03-01", "2022-01-01"],
      },
      /2020-03-01/,
    ],
    [{ age: "20.5" }, { code: "PARAMETER_TYPE", parameter: "age", given: "20.5" }, /whole numbers/],
    [{ response: 1e-7 }, { code: "PARAMETER_TYPE", parameter: "response", given: "1e-7" }, /plain digits/],
    [{ age: "18 OR 1=1" }, { code: "PARAMETER_TYPE", parameter: "age", given: "18 OR 1=1" }, /not a number/],
    [{ day: "2021-02-29" }, { code: "PARAMETER_TYPE", parameter: "day", given: "2021-02-29" }, /date/],
    [{ site: "O'Brian" }, { code: "PARAMETER_TYPE", parameter: "site", given: "O'Brian" }, /did you mean O'Brien/],
    [
      { nope: 1 },
      { code: "PARAMETER_UNKNOWN", parameter: "nope", expected: ["age", "response", "day", "site", "grade", "m"] },
      /:age, :response/,
    ],
  ];
  for (const [change, detail, says] of refused) {
    it(`refuses ${JSON.stringify(change)}`, () => {
      const given = { ...GOOD, ...change };
      assert.throws(() => bindParameters(bounds, trialSchema, given), { detail, message: says });
    });
  }

  it("refuses a missing parameter, inherited properties included", () => {
    const given: Record<string, string | number> = { ...GOOD };
    delete given["age"];
    assert.throws(() => bindParameters(bounds, trialSchema, given), {
      detail: { code: "PARAMETER_MISSING", parameter: "age" },
    });
  });

  it("checks values that came from the chain", () => {
    checkParameters(bounds, [20n, -1n, 18321n, 0n, 3n, 2n]);
    assert.throws(() => checkParameters(bounds, [20n]), { code: "PARAMETER_COUNT" });
    assert.throws(() => checkParameters(bounds, [20n, -1n, 1n << 255n, 0n, 3n, 2n]), {
      code: "PARAMETER_OUT_OF_BOUNDS",
    });
    assert.throws(() => checkParameters(bounds, [20n, -1n, 18321n, 6n, 3n, 2n]), { code: "PARAMETER_OUT_OF_BOUNDS" });
  });
});
