/** Our field against an independent, audited implementation of the same one. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bn254 } from "@noble/curves/bn254.js";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const { Fr } = bn254.fields;

describe("bn254Fr against noble-curves", () => {
  it("is the same field", () => {
    assert.equal(Fr.ORDER, BN254_FR_MODULUS);
  });

  it("multiplies, adds, subtracts and inverts alike", () => {
    const residue = fc.bigInt({ min: 0n, max: BN254_FR_MODULUS - 1n });
    fc.assert(
      fc.property(residue, residue, (a, b) => {
        const [x, y] = [bn254Fr.fromIntegers([a]), bn254Fr.fromIntegers([b])];
        assert.deepEqual(bn254Fr.toResidues(bn254Fr.mul(x, y)), [Fr.mul(a, b)]);
        assert.deepEqual(bn254Fr.toResidues(bn254Fr.add(x, y)), [Fr.add(a, b)]);
        assert.deepEqual(bn254Fr.toResidues(bn254Fr.sub(x, y)), [Fr.sub(a, b)]);
        if (a !== 0n) assert.equal(bn254Fr.invert(a), Fr.inv(a));
      }),
      { numRuns: budget.propertyRuns },
    );
  });
});
