import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { jsonOf, tableOf, textOf } from "../../scripts/printValue.ts";

describe("jsonOf", () => {
  it("writes bigints as decimal strings, bytes as hex and nothing as null", () => {
    assert.equal(
      jsonOf({ wei: 10n ** 20n, key: Uint8Array.of(1, 255) }),
      '{"wei":"100000000000000000000","key":"0x01ff"}',
    );
    assert.equal(jsonOf(undefined), "null");
  });
});

describe("tableOf", () => {
  it("aligns texts to the left and numbers to the right", () => {
    assert.equal(
      tableOf(
        ["arm", "n"],
        [
          ["control", 9],
          ["B", 120],
        ],
      ),
      ["arm        n", "-------  ---", "control    9", "B        120"].join("\n"),
    );
  });

  it("shows a missing value as a dash", () => {
    assert.equal(tableOf(["a"], [[null]]), "a\n-\n-");
  });
});

describe("textOf", () => {
  it("shows an object as lines and a list of objects as a table", () => {
    assert.equal(textOf({ state: "ANSWERED", rows: 3n }), "state  ANSWERED\nrows   3");
    assert.equal(textOf([{ a: 1, b: "x" }]), "a  b\n-  -\n1  x");
    assert.equal(textOf([]), "(none)");
  });
});
