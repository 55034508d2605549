import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  addRanges,
  carryRange,
  magnitude,
  multiplyRanges,
  range,
  repeatRange,
  requireWithin,
  signedBits,
  subtractRanges,
} from "../../../../workers/field/kernel/range.ts";
import type { Range } from "../../../../workers/field/kernel/range.ts";
import { budget } from "../../../budget.ts";
import { fc } from "../../../support/fastCheck.ts";

const integer = fc.bigInt({ min: -(1n << 110n), max: 1n << 110n });
/** A range and a value in it. */
const inRange = fc.tuple(integer, integer, fc.bigInt({ min: 0n, max: 1n << 60n })).map(([a, b, pick]) => {
  const [low, high] = a < b ? [a, b] : [b, a];
  return { bounds: range(low, high), value: low + (pick % (high - low + 1n)) };
});

function assertHolds(bounds: Range, value: bigint): void {
  assert(bounds.low <= value && value <= bounds.high);
}

describe("ranges", () => {
  it("hold whatever their operands' values make", () => {
    const property = fc.property(inRange, inRange, fc.integer({ min: 2, max: 62 }), (a, b, bits) => {
      assertHolds(addRanges(a.bounds, b.bounds), a.value + b.value);
      assertHolds(subtractRanges(a.bounds, b.bounds), a.value - b.value);
      assertHolds(multiplyRanges(a.bounds, b.bounds), a.value * b.value);
      assertHolds(repeatRange(a.bounds, bits), a.value * BigInt(bits));
      const digit = BigInt.asIntN(bits, a.value);
      assertHolds(carryRange(a.bounds, bits), (a.value - digit) >> BigInt(bits));
      assert(magnitude(a.bounds) >= (a.value < 0n ? -a.value : a.value));
    });
    fc.assert(property, { numRuns: budget.propertyRuns });
  });

  it("are no wider than their corners", () => {
    const a = range(-3n, 5n);
    const b = range(-7n, 2n);
    assert.deepEqual(addRanges(a, b), range(-10n, 7n));
    assert.deepEqual(subtractRanges(a, b), range(-5n, 12n));
    assert.deepEqual(multiplyRanges(a, b), range(-35n, 21n));
    assert.deepEqual(carryRange(signedBits(8), 8), range(0n, 0n));
    assert.deepEqual(carryRange(range(-129n, 128n), 8), range(-1n, 1n));
  });

  it("refuse what leaves a limit, naming the bound", () => {
    requireWithin(range(-2n, 2n), range(-2n, 2n), "edge");
    assert.throws(
      () => requireWithin(range(-3n, 2n), range(-2n, 2n), "a low end"),
      /^AssertionError.*a low end: \[-3, 2\]/,
    );
    assert.throws(() => requireWithin(range(-2n, 3n), range(-2n, 2n), "a high end"), /a high end/);
    assert.throws(() => range(1n, 0n), { code: "ERR_ASSERTION" });
  });
});
