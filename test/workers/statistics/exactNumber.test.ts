import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { floorRoot, ratioToNumber, rootToNumber } from "../../../workers/statistics/exactNumber.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

/** The exact value of a finite double as numerator / 2^exponent. */
function exact(value: number): [numerator: bigint, denominator: bigint] {
  let exponent = 0n;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent += 1n;
  }
  return [BigInt(scaled), 1n << exponent];
}

function neighbours(value: number): [below: number, above: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const at = (offset: bigint): number => {
    view.setBigUint64(0, bits + offset);
    return view.getFloat64(0);
  };
  return [at(-1n), at(1n)];
}

const positive = fc.bigInt({ min: 1n, max: 1n << 200n });
const sized = fc.tuple(positive, fc.integer({ min: 0, max: 199 })).map(([value, cut]) => (value >> BigInt(cut)) + 1n);

describe("ratioToNumber", () => {
  it("divides integers below 2^53 as the processor does", () => {
    const small = fc.maxSafeInteger();
    fc.assert(
      fc.property(small, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (a, b) => {
        assert.equal(ratioToNumber(BigInt(a), BigInt(b)) + 0, a / b + 0);
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("rounds integers of any size as BigInt to Number does", () => {
    fc.assert(
      fc.property(sized, (value) => assert.equal(ratioToNumber(value, 1n), Number(value))),
      { numRuns: budget.propertyRuns },
    );
  });

  it("is nearest: neither neighbour is closer", () => {
    fc.assert(
      fc.property(sized, sized, (numerator, denominator) => {
        const got = ratioToNumber(numerator, denominator);
        const distance = (value: number): [bigint, bigint] => {
          const [n, d] = exact(value);
          const gap = n * denominator - numerator * d;
          return [gap < 0n ? -gap : gap, d];
        };
        const [gap, scale] = distance(got);
        for (const other of neighbours(got)) {
          const [otherGap, otherScale] = distance(other);
          assert.ok(gap * otherScale <= otherGap * scale, `${numerator}/${denominator}`);
        }
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("breaks ties to even", () => {
    const odd = (1n << 53n) + 1n;
    assert.equal(ratioToNumber(odd, 1n), 2 ** 53);
    assert.equal(ratioToNumber(odd + 2n, 1n), 2 ** 53 + 4);
    assert.equal(ratioToNumber(odd * 3n, 3n << 60n), 2 ** -7);
    // Just above a tie, by less than a double can hold.
    assert.equal(ratioToNumber((odd << 200n) + 1n, 1n << 200n), 2 ** 53 + 2);
    assert.equal(ratioToNumber((odd << 200n) - 1n, 1n << 200n), 2 ** 53);
  });

  it("handles zero, signs, the smallest and the largest doubles", () => {
    assert.ok(Object.is(ratioToNumber(0n, 7n), 0));
    assert.equal(ratioToNumber(-1n, 3n), -1 / 3);
    assert.equal(ratioToNumber(1n, 1n << 1074n), Number.MIN_VALUE);
    assert.equal(ratioToNumber(1n, 1n << 1075n), 0);
    assert.equal(ratioToNumber(3n, 1n << 1075n), 2 * Number.MIN_VALUE);
    assert.equal(ratioToNumber(BigInt(Number.MAX_VALUE), 1n), Number.MAX_VALUE);
    assert.equal(ratioToNumber(1n << 1024n, 1n), Infinity);
  });
});

describe("rootToNumber", () => {
  it("is within the half units on both sides: correctly rounded", () => {
    fc.assert(
      fc.property(sized, sized, (numerator, denominator) => {
        const got = rootToNumber(numerator, denominator);
        const [below, above] = neighbours(got);
        // (got + neighbour)/2 squared, against numerator/denominator, exactly.
        const middleSquared = (other: number): [bigint, bigint] => {
          const [[a, b], [c, d]] = [exact(got), exact(other)];
          return [(a * d + c * b) ** 2n, (2n * b * d) ** 2n];
        };
        const [lowSquare, lowScale] = middleSquared(below);
        const [highSquare, highScale] = middleSquared(above);
        assert.ok(lowSquare * denominator <= numerator * lowScale, "not too high");
        assert.ok(highSquare * denominator >= numerator * highScale, "not too low");
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("is exact for squares of rationals", () => {
    assert.equal(rootToNumber(0n, 5n), 0);
    assert.equal(rootToNumber(9n, 16n), 0.75);
    assert.equal(rootToNumber(2n, 1n), Math.SQRT2);
    assert.equal(rootToNumber(10n ** 60n, 1n), 1e30);
  });

  it("takes integer roots", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 300n }), (value) => {
        const root = floorRoot(value);
        assert.ok(root * root <= value && (root + 1n) * (root + 1n) > value);
      }),
      { numRuns: budget.propertyRuns },
    );
  });
});
