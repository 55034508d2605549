/** How many tests a plan may have. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RowSet } from "../../../workers/disclosure/rowSet.ts";
import { SizeTests } from "../../../workers/disclosure/sizeTests.ts";
import type { SizeTest } from "../../../workers/messages/gatePlan.ts";

const set = { parts: 1n, conditions: [] };

describe("SizeTests", () => {
  it("makes as many tests as a plan may have, and refuses one more with what to do", () => {
    const tests = new SizeTests({ size: () => 0, total: () => 1 }, 3);
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

  it("measures weighed sums, as from either end of a range, also without an owner's rows", () => {
    const owner = { parts: 2n, conditions: [] };
    const whole = { parts: 3n, conditions: [] };
    const vectors = {
      size: (_: unknown, of: unknown) => (of === owner ? 1 : 0),
      total: (_: number, parts = 3n) => (parts === 2n ? 3 : 2),
    };
    const tests = new SizeTests(vectors);
    const made = { constant: 0, last: 10, zero: "ifShown" };
    const weighed = (weight: bigint, end: bigint, without?: RowSet): SizeTest =>
      tests.weighed({ outputs: [[0, weight]], rows: [[whole, -weight * end]] }, 10, without);
    assert.deepEqual(weighed(1n, 18n), { terms: [[2, 1], [0, -18]], ...made }); // prettier-ignore
    assert.deepEqual(weighed(-1n, 90n), { terms: [[2, -1], [0, 90]], ...made }); // prettier-ignore
    assert.deepEqual(weighed(1n, 0n), { terms: [[2, 1]], ...made });
    assert.deepEqual(weighed(1n, 18n, owner), { terms: [[2, 1], [3, -1], [0, -18], [1, 18]], ...made }); // prettier-ignore
  });
});
