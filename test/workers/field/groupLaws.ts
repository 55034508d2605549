/** `group`: the vectors of work that awaits, given back together. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field } from "../../../workers/field/field.ts";

export function groupLaws(field: Field): void {
  describe("groups", () => {
    it("compute as the field does, on vectors of either", () => {
      const group = field.group();
      const outside = field.fromIntegers([1n, 2n]);
      const inside = group.fromIntegers([3n, 4n]);
      assert.deepEqual(field.toResidues(group.add(outside, inside)), [4n, 6n]);
      assert.deepEqual(group.toResidues(field.mul(outside, inside)), [3n, 8n]);
      group.releaseAll();
      assert.deepEqual(field.toResidues(outside), [1n, 2n]);
    });

    it("release what is left of theirs, and nothing else, as often as asked", () => {
      const [group, other] = [field.group(), field.group()];
      const mine = [group.fromIntegers([1n]), group.zeros(2), group.view(group.zeros(3), 1, 2)];
      const theirs = other.fromIntegers([5n]);
      const viewed = field.view(mine[0]!, 0, 1);
      group.releaseAll();
      for (const vector of mine) assert.throws(() => field.sum(vector), { code: "ERR_ASSERTION" });
      assert.equal(field.sum(theirs), 5n);
      assert.equal(field.sum(viewed), 1n);
      group.releaseAll();
      const later = group.fromIntegers([7n]);
      group.releaseAll();
      assert.throws(() => group.sum(later), { code: "ERR_ASSERTION" });
    });

    it("do not mind what was released before, through them or not", () => {
      const group = field.group();
      const [first, second, kept] = [group.zeros(1), group.zeros(1), group.zeros(1)];
      group.release(first);
      field.release(second);
      group.releaseAll();
      for (const vector of [first, second, kept]) assert.throws(() => field.sum(vector), { code: "ERR_ASSERTION" });
    });

    it("keep what their scopes return until the end", () => {
      const group = field.group();
      let temporary = group.zeros(0);
      const kept = group.scope(() => {
        temporary = group.zeros(1);
        return group.fromIntegers([9n]);
      });
      assert.throws(() => group.sum(temporary), { code: "ERR_ASSERTION" });
      assert.equal(group.sum(kept), 9n);
      group.releaseAll();
      assert.throws(() => group.sum(kept), { code: "ERR_ASSERTION" });
    });
  });
}
