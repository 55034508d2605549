import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { readFormula } from "./translations/rFormula.ts";

describe("formulas of R", () => {
  it("are sums of columns and indicators", () => {
    assert.deepEqual(readFormula("y ~ a.b + `c d` + I(arm=='Lev+5FU') + I(n == 2)"), {
      response: "y",
      terms: [
        { kind: "column", column: "a.b" },
        { kind: "column", column: "c d" },
        { kind: "indicator", column: "arm", value: "Lev+5FU" },
        { kind: "indicator", column: "n", value: "2" },
      ],
    });
  });

  it("are not read when they say anything else", () => {
    for (const text of [
      "y",
      "y ~ a ~ b",
      "log(y) ~ a",
      "y ~ a*b",
      "y ~ a:b",
      "y ~ a - 1",
      "y ~ I(a > 2)",
      "y ~ a + + b",
    ]) {
      assert.equal(readFormula(text), undefined, text);
    }
  });
});
