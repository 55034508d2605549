import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import { checkCommitteeSize, partiesOf, partyIndex, subsets } from "../../../workers/sharing/parties.ts";
import { committees } from "./committees.ts";

describe("parties", () => {
  it("accepts exactly the supported committee sizes", () => {
    for (const size of committees) checkCommitteeSize(size);
    for (const [n, t] of [
      [2, 0],
      [2, 1],
      [3, 0],
      [4, 2],
      [6, 3],
      [8, 1],
      [3, -1],
      [3.5, 1],
      [5, 1.5],
      [Number.NaN, 1],
      [Infinity, 1],
    ] as const) {
      assert.throws(
        () => checkCommitteeSize({ n, t }),
        (error) => {
          assert(isCoded(error, "PARTY_COMMITTEE_SIZE"));
          assert.deepEqual(error.detail, { code: "PARTY_COMMITTEE_SIZE", n, t });
          return true;
        },
        `n = ${n}, t = ${t}`,
      );
    }
  });

  it("refuses index 0, indices above n and anything but integers", () => {
    assert.equal(partyIndex(1, 3), 1);
    assert.equal(partyIndex(3, 3), 3);
    for (const value of [0, -1, 4, 1.5, Number.NaN, Infinity, Number("1e300")]) {
      assert.throws(
        () => partyIndex(value, 3),
        (error) => isCoded(error, "PARTY_INDEX"),
        `${value}`,
      );
    }
  });

  it("lists subsets in lexicographic order", () => {
    assert.deepEqual(partiesOf(4), [1, 2, 3, 4]);
    assert.deepEqual(subsets(partiesOf(4), 2), [
      [1, 2],
      [1, 3],
      [1, 4],
      [2, 3],
      [2, 4],
      [3, 4],
    ]);
    assert.deepEqual(subsets(partiesOf(3), 3), [[1, 2, 3]]);
    assert.deepEqual(subsets(partiesOf(3), 4), []);
    assert.deepEqual(subsets(partiesOf(3), 0), [[]]);
    assert.equal(subsets(partiesOf(7), 4).length, 35);
  });
});
