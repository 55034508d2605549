import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PairSums } from "../../../workers/statistics/covariance.ts";
import { finishCovariance } from "../../../workers/statistics/covariance.ts";
import { pearsonTest } from "../../../workers/statistics/pearsonTest.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";
import { decimalsOf, referenceQueries, scaled } from "./referenceAnswers.ts";

type Pair = readonly [x: bigint, y: bigint];

const property = { numRuns: budget.propertyRuns };
const value = fc.bigInt({ min: -1000n, max: 1000n });
const pairs = fc.array(fc.tuple(value, value), { maxLength: 12 });

function sumsOf(rows: readonly Pair[], decimalsX = 0, decimalsY = 0): PairSums {
  const sum = (of: (pair: Pair) => bigint): bigint => rows.reduce((total, pair) => total + of(pair), 0n);
  return {
    n: BigInt(rows.length),
    sumX: sum(([x]) => x),
    sumY: sum(([, y]) => y),
    sumXX: sum(([x]) => x * x),
    sumYY: sum(([, y]) => y * y),
    sumXY: sum(([x, y]) => x * y),
    decimalsX,
    decimalsY,
  };
}

describe("finishCovariance", () => {
  it("finishes what PostgreSQL does", () => {
    const rows: Pair[] = [
      [1n, 2n],
      [2n, 3n],
      [3n, 7n],
    ];
    assert.deepEqual(finishCovariance(sumsOf(rows)), {
      regrCount: 3,
      regrAvgX: 2,
      regrAvgY: 4,
      covarPop: 5 / 3,
      covarSamp: 2.5,
      corr: Math.sqrt(25 / 28),
      regrSlope: 2.5,
      regrIntercept: -1,
      regrR2: 25 / 28,
    });
  });

  it("has PostgreSQL's nulls: no rows, one row, a constant column", () => {
    const none = finishCovariance(sumsOf([]));
    assert.deepEqual(Object.values(none), [0, null, null, null, null, null, null, null, null]);
    const one = finishCovariance(sumsOf([[5n, 7n]]));
    assert.deepEqual(Object.values(one), [1, 5, 7, 0, null, null, null, null, null]);
    const constantX = finishCovariance(
      sumsOf([
        [5n, 1n],
        [5n, 2n],
      ]),
    );
    assert.deepEqual(Object.values(constantX), [2, 5, 1.5, 0, 0, null, null, null, null]);
    const constantY = finishCovariance(
      sumsOf([
        [1n, 4n],
        [2n, 4n],
      ]),
    );
    assert.deepEqual(Object.values(constantY), [2, 1.5, 4, 0, 0, null, 0, 4, 1]);
  });

  it("scales decimals back", () => {
    const rows: Pair[] = [
      [10n, 200n],
      [20n, 300n],
      [30n, 700n],
    ];
    const { regrAvgX, covarPop, regrSlope, regrIntercept, corr } = finishCovariance(sumsOf(rows, 1, 2));
    assert.deepEqual([regrAvgX, covarPop, regrSlope, regrIntercept], [2, 5 / 3, 2.5, -1]);
    assert.equal(corr, Math.sqrt(25 / 28));
  });

  it("does not lose a small spread on a large mean", () => {
    const far = 10n ** 18n;
    const rows: Pair[] = [
      [far, far],
      [far + 1n, far + 1n],
      [far + 2n, far + 1n],
    ];
    assert.equal(finishCovariance(sumsOf(rows)).corr, Math.sqrt(3) / 2);
  });

  it("does not depend on origin or scale, and changes sign with a column", () => {
    fc.assert(
      fc.property(pairs, value, fc.bigInt({ min: 1n, max: 50n }), (rows, shift, factor) => {
        const result = finishCovariance(sumsOf(rows));
        assertPlain(result);
        const moved = finishCovariance(sumsOf(rows.map(([x, y]) => [factor * x + shift, y])));
        assert.equal(moved.corr, result.corr);
        assert.equal(moved.regrR2, result.regrR2);
        assertClose(moved.regrSlope, result.regrSlope === null ? null : result.regrSlope / Number(factor), "slope");
        const mirrored = finishCovariance(sumsOf(rows.map(([x, y]) => [-x, y])));
        assert.equal(mirrored.corr, result.corr === null ? null : 0 - result.corr);
        const swapped = finishCovariance(sumsOf(rows.map(([x, y]) => [y, x])));
        assert.equal(swapped.corr, result.corr);
        assert.ok(result.corr === null || Math.abs(result.corr) <= 1);
        if (result.corr !== null) assertClose(result.corr ** 2, result.regrR2, "r²");
      }),
      property,
    );
  });

  it("refuses sums that no rows have", () => {
    const refused = { detail: { code: "ANSWER_INCONSISTENT", statistic: "covariance" } };
    const sums = sumsOf([
      [1n, 2n],
      [2n, 4n],
      [3n, 5n],
    ]);
    for (const impossible of [
      { ...sums, n: -1n },
      { ...sums, n: 0n },
      { ...sums, sumXX: 11n },
      { ...sums, sumYY: -1n },
      { ...sums, sumXY: 100n },
    ]) {
      assert.throws(() => finishCovariance(impossible), refused);
      assert.throws(() => pearsonTest(impossible), refused);
    }
  });
});

interface ExpectedTest {
  readonly n: number;
  readonly pearson: number;
  readonly t: number;
  readonly df: number;
  readonly p: number;
  readonly ci95: readonly [number, number];
}

describe("pearsonTest", () => {
  for (const { id, query, rows, expected } of referenceQueries<{ x: string; y: string }, ExpectedTest>("correlation")) {
    it(`gives R's cor.test: ${id}`, () => {
      const [decimalsX, decimalsY] = [decimalsOf(rows, query.x), decimalsOf(rows, query.y)];
      const complete = rows.filter((row) => row[query.x] !== "" && row[query.y] !== "");
      const values = complete.map((row): Pair => [scaled(row[query.x]!, decimalsX), scaled(row[query.y]!, decimalsY)]);
      const { n, correlation, t, df, p, ci95 } = pearsonTest(sumsOf(values, decimalsX, decimalsY));
      assert.equal(n, expected.n);
      assertClose(correlation, expected.pearson, "r");
      assertClose(t, expected.t, "t");
      assert.equal(df, expected.df);
      assertClose(p, expected.p, "p");
      assertAllClose([ci95!.lower, ci95!.upper], expected.ci95, "limits");
    });
  }

  it("is null where there is nothing to test", () => {
    const nothing = { t: null, df: null, p: null, ci95: null };
    assert.deepEqual(pearsonTest(sumsOf([])), { n: 0, correlation: null, ...nothing });
    assert.deepEqual(
      pearsonTest(
        sumsOf([
          [1n, 2n],
          [2n, 1n],
        ]),
      ),
      { n: 2, correlation: -1, ...nothing },
    );
    const constant: Pair[] = [1n, 2n, 3n, 4n].map((x) => [x, 9n]);
    assert.deepEqual(pearsonTest(sumsOf(constant)), { n: 4, correlation: null, ...nothing });
  });

  it("has p = 0 and no t on a line, and an interval from four rows up", () => {
    const line = (n: number): Pair[] => Array.from({ length: n }, (_, index) => [BigInt(index), BigInt(-3 * index)]);
    assert.deepEqual(pearsonTest(sumsOf(line(3))), { n: 3, correlation: -1, t: null, df: 1, p: 0, ci95: null });
    const ci95 = { lower: -1, upper: -1 };
    assert.deepEqual(pearsonTest(sumsOf(line(4))), { n: 4, correlation: -1, t: null, df: 2, p: 0, ci95 });
  });

  it("has r inside its interval, and the t of the slope", () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const result = pearsonTest(sumsOf(rows));
        assertPlain(result);
        const { correlation, ci95, t, n } = result;
        if (ci95 !== null) assert.ok(ci95.lower <= correlation! + 1e-15 && correlation! - 1e-15 <= ci95.upper);
        if (t !== null && Math.abs(correlation!) < 0.999) {
          const r = correlation!;
          assertClose(t, r * Math.sqrt((n - 2) / (1 - r * r)), "t", 1e-9);
        }
      }),
      property,
    );
  });
});
