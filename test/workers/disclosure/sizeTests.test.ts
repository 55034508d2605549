/** How many tests a plan may have. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SizeTests } from "../../../workers/disclosure/sizeTests.ts";

const set = { parts: 1n, conditions: [] };

describe("SizeTests", () => {
  it("makes as many tests as a plan may have, and refuses one more with what to do", () => {
    const tests = new SizeTests({ size: () => 0 }, 3);
    tests.size(set, 1, "fails");
    tests.pair(set, set, 1, "fails");
    assert.deepEqual(tests.sum([[set, undefined]], 4, "passes"), {
      terms: [[0, 1]],
      constant: 0,
      last: 4,
      zero: "passes",
    });
    assert.throws(() => tests.size(set, 1, "fails"), {
      code: "DISCLOSURE_UNSUPPORTED",
      message: /more than 3 tests against earlier answers: ask for fewer cells or columns at once/,
    });
  });
});
