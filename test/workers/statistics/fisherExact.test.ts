import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fisherExact } from "../../../workers/statistics/fisherExact.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertClose } from "./numbers.ts";

const property = { numRuns: budget.propertyRuns };
const count = fc.bigInt({ min: 0n, max: 60n });

/** The same test in integers: weights C(row1, x)·C(row2, column1 − x). */
function fisherByIntegers(a: bigint, b: bigint, c: bigint, d: bigint): number {
  const choose = (n: bigint, k: bigint): bigint => {
    let result = 1n;
    for (let i = 0n; i < k; i++) result = (result * (n - i)) / (i + 1n);
    return k < 0n || k > n ? 0n : result;
  };
  const weight = (x: bigint): bigint => choose(a + b, x) * choose(c + d, a + c - x);
  let [extreme, total] = [0n, 0n];
  for (let x = 0n; x <= a + c; x++) {
    total += weight(x);
    if (weight(x) <= weight(a)) extreme += weight(x);
  }
  return Number((extreme * 10n ** 18n) / total) / 1e18;
}

describe("fisherExact", () => {
  it("gives fisher.test's p for the lady's cups and the twins' convictions", () => {
    assertClose(fisherExact(3, 1, 1, 3), 0.48571428571428565, "tea", 1e-14);
    assertClose(fisherExact(10, 2, 3, 15), 0.0005367241191434357, "convictions", 1e-13);
    assertClose(fisherExact(1000, 20, 900, 120), 1.0378945070742722e-19, "a large table", 1e-12);
  });

  it("is the sum over no more probable tables, in integers", () => {
    fc.assert(
      fc.property(count, count, count, count, (a, b, c, d) => {
        const [p, exact] = [fisherExact(Number(a), Number(b), Number(c), Number(d)), fisherByIntegers(a, b, c, d)];
        assertClose(p, exact, `[[${a}, ${b}], [${c}, ${d}]]`, 1e-12, 1e-15);
      }),
      property,
    );
  });

  it("keeps tiny probabilities, and is 0 below the smallest double", () => {
    // 2/C(600, 300), both corners.
    assertClose(fisherExact(300, 0, 0, 300), 2 / 1.351079419961943e179, "corner", 1e-12);
    assert.equal(fisherExact(10_000, 0, 0, 10_000), 0);
    assert.equal(fisherExact(100_000, 100_000, 100_000, 100_000), 1);
  });
});
