import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { budget } from "../budget.ts";
import { fc } from "../support/fastCheck.ts";
import { RationalSpan } from "../workers/disclosure/attacker.ts";
import { isZero, PrimeSpan, without } from "./judge/primeSpan.ts";

const vectors = fc.array(fc.array(fc.nat(1), { minLength: 6, maxLength: 6 }), { minLength: 2, maxLength: 8 });

describe("what follows from which sums", () => {
  it("is what follows over the rationals, added at once or one by one", () => {
    const property = fc.property(vectors, ([wanted, ...given]) => {
      const rational = new RationalSpan();
      const prime = new PrimeSpan();
      let rest: readonly Float64Array[] = [Float64Array.from(wanted!)];
      for (const vector of given) {
        rational.add(Uint8Array.from(vector));
        const own = prime.residual(Float64Array.from(vector));
        rest = without(rest, own);
        prime.insert(own);
      }
      const follows = rational.contains(Uint8Array.from(wanted!));
      assert.equal(isZero(prime.residual(Float64Array.from(wanted!))), follows);
      assert.equal(rest.every(isZero), follows);
    });
    fc.assert(property, { numRuns: budget.propertyRuns });
  });
});
