import assert from "node:assert/strict";
import { describe, it } from "node:test";
import erfc from "@stdlib/math-base-special-erfc";
import {
  betaLower,
  betaQuantile,
  betaUpper,
  chiSquareUpper,
  fUpper,
  tQuantile975,
  tTwoSided,
} from "../../../workers/statistics/distributions.ts";
import { NORMAL_975 } from "../../../workers/statistics/interval.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertClose } from "./numbers.ts";

const property = { numRuns: budget.propertyRuns };

/** x, degrees of freedom, tail: from the incomplete gamma function at 80 digits. */
const CHI_SQUARE = [
  [0.5, 1, 0.4795001221869535],
  [3.841458820694124, 1, 0.05000000000000006],
  [450, 1, 7.212994172451207e-100],
  [1400, 1, 2.1010145162642176e-306],
  [1e-10, 1, 0.9999920211543921],
  [12.26642232712986, 2, 0.002169602813220754],
  [460.5, 2, 1.0085456064020503e-100],
  [1e-8, 2, 0.999999995],
  [25.4037, 3, 1.27124615075528e-5],
  [7.5, 3, 0.057558451972636406],
  [500, 3, 4.771672031912758e-108],
  [1e-6, 5, 1],
  [90, 100, 0.7531979655998298],
  [700, 100, 8.658230861323854e-91],
  [1000, 999, 0.48513148927490146],
  [3000, 1001, 2.849077326302287e-198],
  [1300, 999, 3.3982174965154816e-10],
] as const;

/** f, degrees of freedom, tail: from the incomplete beta function at 80 digits. */
const F_RATIO = [
  [5.618602148808471, 3, 907, 0.0008106231971025457],
  [0.001, 3, 907, 0.9999563014103712],
  [600, 3, 412, 6.438027387823159e-150],
  [4.846, 2, 27, 0.01591098699872684],
  [1e-12, 1, 30, 0.9999992087356302],
  [1, 10, 10, 0.5],
  [1e6, 2, 5, 9.882055925060849e-15],
  [30, 1.5, 7.3, 0.0004482402848640096],
  [250, 4, 2000, 2.709696326832383e-174],
] as const;

const STUDENT = [
  [2, 1, 0.2951672353008665],
  [1.8608, 17.776, 0.07939657813977981],
  [-6.749759064044934, 416, 4.989304966505169e-11],
  [1e-9, 416, 0.9999999992025947],
  [25, 1000, 1.5203541383321278e-107],
  [40.567942723367295, 219, 8.00864593812023e-104],
  [0.5, 1e6, 0.6170751874723713],
  [1e3, 3, 2.2053076425765927e-9],
] as const;

describe("chiSquareUpper", () => {
  it("keeps the relative precision of the smallest tails", () => {
    for (const [x, df, tail] of CHI_SQUARE) assertClose(chiSquareUpper(x, df), tail, `χ²(${x}, ${df})`, 2e-12);
  });

  it("is 1 at 0 and 0 beyond the smallest double", () => {
    for (const df of [1, 2, 3, 50, 999]) {
      assert.equal(chiSquareUpper(0, df), 1);
      assert.equal(chiSquareUpper(1e5, df), 0);
      assert.equal(chiSquareUpper(Number.MAX_VALUE, df), 0);
      assert.equal(chiSquareUpper(Number.MIN_VALUE, df), 1);
    }
  });

  it("falls in x and rises with the degrees of freedom", () => {
    const x = fc.double({ min: 0, max: 2000, noNaN: true });
    fc.assert(
      fc.property(x, x, fc.integer({ min: 1, max: 400 }), (a, b, df) => {
        const [near, far] = [chiSquareUpper(Math.min(a, b), df), chiSquareUpper(Math.max(a, b), df)];
        assert.ok(far >= 0 && far <= near * (1 + 1e-12) && near <= 1);
        assert.ok(chiSquareUpper(a, df + 1) >= chiSquareUpper(a, df) * (1 - 1e-12));
      }),
      property,
    );
  });
});

describe("fUpper and tTwoSided", () => {
  it("keep the relative precision of the smallest tails", () => {
    for (const [f, df1, df2, tail] of F_RATIO) assertClose(fUpper(f, df1, df2), tail, `F(${f}, ${df1}, ${df2})`, 2e-12);
    for (const [t, df, tail] of STUDENT) assertClose(tTwoSided(t, df), tail, `t(${t}, ${df})`, 2e-12);
  });

  it("are 1 at 0 and 0 beyond the smallest double", () => {
    assert.equal(fUpper(0, 3, 9), 1);
    assert.equal(tTwoSided(0, 9), 1);
    assert.equal(fUpper(1e9, 5, 1000), 0);
    assert.equal(tTwoSided(-1e9, 1000), 0);
  });

  it("are each other's tails: F of 1 degree of freedom is t², and 1/F has the degrees swapped", () => {
    const f = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    const df = fc.integer({ min: 1, max: 500 });
    fc.assert(
      fc.property(f, df, df, (value, a, b) => {
        assertClose(fUpper(value, a, b) + fUpper(1 / value, b, a), 1, "both tails", 1e-11);
        assertClose(fUpper(value, 1, b), tTwoSided(-Math.sqrt(value), b), "t²", 1e-11);
      }),
      property,
    );
  });
});

describe("quantiles", () => {
  it("invert their tails", () => {
    assertClose(erfc(NORMAL_975 / Math.SQRT2), 0.05, "normal", 1e-14);
    for (const df of [1, 2, 2.5, 7, 30.25, 911, 1e6]) {
      assertClose(tTwoSided(tQuantile975(df), df), 0.05, `t of ${df}`, 1e-12);
    }
    assertClose(tQuantile975(1e12), NORMAL_975, "t of very many", 1e-11);
    const shape = fc.double({ min: 0.05, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(shape, shape, (alpha, beta) => {
        const [low, high] = [betaQuantile(0.025, alpha, beta), betaQuantile(0.975, alpha, beta)];
        assert.ok(low >= 0 && low < high && high <= 1);
        // At the ends of the unit interval neighbouring doubles are far apart in probability.
        if (low > 1e-290) assertClose(betaLower(low, alpha, beta), 0.025, "lower", 1e-9);
        if (high < 0.999) assertClose(betaUpper(high, alpha, beta), 0.025, "upper", 1e-9);
      }),
      property,
    );
  });
});
