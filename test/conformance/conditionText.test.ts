import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { columnsIn, constantsOf, readCondition, writeCondition } from "./conditionText.ts";

const COLUMNS = ["age", "Arm", "visit date", "and so on", "X"];

describe("conditions as tokens", () => {
  const constants = (text: string, column: string): string[] =>
    constantsOf(readCondition(text, COLUMNS), column).map(
      ({ value, isOrdered }) => `${value}${isOrdered ? " ordered" : ""}`,
    );

  it("name columns in any case, and quoted ones exactly", () => {
    const text = `AGE > 1 AND "visit date" IS NULL OR arm = 'age' AND nothing = 2`;
    assert.deepEqual(columnsIn(readCondition(text, COLUMNS)), ["age", "visit date", "Arm"]);
    assert.deepEqual(columnsIn(readCondition("age = 1", ["age", "AGE"])), ["age"]);
    assert.deepEqual(columnsIn(readCondition("Age = 1", ["age", "AGE"])), []);
  });

  it("give each constant to the column that it is compared with, on either side", () => {
    const text = "age BETWEEN -1 AND 2.5 AND Arm IN ('a', 'it''s', 'AND') OR 3 < X AND NOT (age = 4)";
    assert.deepEqual(constants(text, "age"), ["-1 ordered", "2.5 ordered", "4"]);
    assert.deepEqual(constants(text, "Arm"), ["a", "it's", "AND"]);
    assert.deepEqual(constants(text, "X"), ["3 ordered"]);
    assert.deepEqual(constants("age NOT BETWEEN 1 AND 2 AND X <> 5", "X"), ["5"]);
  });

  it("are written again as they were, but for columns and their constants", () => {
    const text = `(age>=-.5)  AND\n"Arm" <> 'it''s' AND lower(Arm) = 'x'`;
    const tokens = readCondition(text, COLUMNS);
    assert.equal(
      writeCondition(
        tokens,
        (column) => column,
        ({ source }) => source,
      ),
      text.replace('"Arm"', "Arm"),
    );
    const renamed = writeCondition(
      tokens,
      (column) => `<${column}>`,
      ({ value }, column) => `[${column}:${value}]`,
    );
    assert.equal(renamed, "(<age>>=[age:-.5])  AND\n<Arm> <> [Arm:it's] AND lower(<Arm>) = [Arm:x]");
  });
});
