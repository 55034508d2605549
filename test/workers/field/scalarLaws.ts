/** The scalar operations of a `Field`: reduction, inverses, signed reading. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field } from "../../../workers/field/field.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertRefused } from "../../support/refusals.ts";
import { arbitrariesOf } from "./arbitraries.ts";
import { bigintModel } from "./bigintModel.ts";

export function scalarLaws(field: Field): void {
  const { r, mod } = bigintModel(field);
  const { element, integer, forAll } = arbitrariesOf(field);

  describe("scalars", () => {
    it("reduces integers of either sign", () => {
      forAll(integer, (value) => assert.equal(field.reduce(value), mod(value)));
      for (const [value, expected] of [
        [r, 0n],
        [-r, 0n],
        [r + 1n, 1n],
        [-1n, r - 1n],
      ] as const) {
        assert.equal(field.reduce(value), expected);
      }
    });

    it("inverts everything but zero", () => {
      forAll(element, (value) => {
        fc.pre(value !== 0n);
        const inverse = field.invert(value);
        assert(inverse > 0n && inverse < r);
        assert.equal(mod(inverse * value), 1n);
      });
      assert.equal(field.invert(1n), 1n);
      assert.equal(field.invert(r - 1n), r - 1n);
      assert.equal(field.invert(-1n), r - 1n);
      for (const zero of [0n, r, -r]) {
        assertRefused(() => field.invert(zero), { code: "FIELD_ZERO_INVERSE" });
      }
    });

    it("reads the upper half as negative integers", () => {
      for (const [residue, signed] of [
        [0n, 0n],
        [1n, 1n],
        [(r - 1n) / 2n, (r - 1n) / 2n],
        [(r + 1n) / 2n, -(r - 1n) / 2n],
        [r - 1n, -1n],
      ] as const) {
        assert.equal(field.toSigned(residue), signed);
      }
      forAll(element, (value) => assert.equal(field.reduce(field.toSigned(value)), value));
      for (const foreign of [-1n, r]) assert.throws(() => field.toSigned(foreign), { code: "ERR_ASSERTION" });
    });
  });
}
