import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CrossProducts, RegressionEstimates } from "../../../workers/statistics/linearRegression.ts";
import { linearRegression } from "../../../workers/statistics/linearRegression.ts";
import { pearsonTest } from "../../../workers/statistics/pearsonTest.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { CERTIFIED, LONGLEY } from "./longley.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";
import type { Row } from "./referenceAnswers.ts";
import { decimalsOf, referenceQueries, scaled } from "./referenceAnswers.ts";

const property = { numRuns: budget.propertyRuns };
const value = fc.bigInt({ min: -200n, max: 200n });

/** @param rows of [x1, …, xp, y], scaled */
function crossProducts(
  rows: readonly (readonly bigint[])[],
  terms: readonly string[],
  decimals?: number[],
): CrossProducts {
  const width = terms.length + 2;
  const products = Array.from({ length: width }, () => new Array<bigint>(width).fill(0n));
  for (const row of rows.map((values) => [1n, ...values])) {
    for (const [i, a] of row.entries()) for (const [j, b] of row.entries()) products[i]![j]! += a * b;
  }
  return { terms, decimals: decimals ?? new Array<number>(width - 1).fill(0), products };
}

function estimated(products: CrossProducts): RegressionEstimates {
  const result = linearRegression(products);
  assert.equal(result.outcome, "estimated");
  return result as RegressionEstimates;
}

interface ExpectedRegression {
  readonly n: number;
  readonly n_dropped_missing: number;
  readonly estimate: readonly number[];
  readonly se: readonly number[];
  readonly stat: readonly number[];
  readonly p: readonly number[];
  readonly sigma: number;
  readonly r2: number;
  readonly adj_r2: number;
  readonly df_residual: number;
  readonly F: number;
}

/** A formula's variable: a column, or the indicator `I(column=='value')`. */
function variable(text: string, rows: readonly Row[]): { decimals: number; of: (row: Row) => bigint | undefined } {
  const indicator = /^I\((\w+)=='(.*)'\)$/.exec(text);
  const column = indicator?.[1] ?? text;
  const decimals = indicator === null ? decimalsOf(rows, column) : 0;
  const of = (row: Row): bigint | undefined => {
    const cell = row[column]!;
    if (cell === "") return undefined;
    return indicator === null ? scaled(cell, decimals) : cell === indicator[2] ? 1n : 0n;
  };
  return { decimals, of };
}

describe("linearRegression", () => {
  const references = referenceQueries<{ formula: string }, ExpectedRegression>("linear_regression");
  for (const { id, query, rows, expected } of references) {
    it(`gives R's lm: ${id}`, () => {
      const [outcome = "", right = ""] = query.formula.split(" ~ ");
      const terms = right.split(" + ");
      const variables = [...terms, outcome].map((text) => variable(text, rows));
      const complete = rows
        .map((row) => variables.map(({ of }) => of(row)))
        .filter((values): values is bigint[] => !values.includes(undefined));
      assert.equal(rows.length - complete.length, expected.n_dropped_missing);
      const decimals = variables.map((each) => each.decimals);
      const result = estimated(crossProducts(complete, terms, decimals));
      assert.equal(result.n, expected.n);
      assert.deepEqual(
        result.coefficients.map(({ term }) => term),
        ["(Intercept)", ...terms],
      );
      const column = (name: "estimate" | "standardError" | "t" | "p"): (number | null)[] =>
        result.coefficients.map((coefficient) => coefficient[name]);
      assertAllClose(column("estimate"), expected.estimate, "estimates");
      assertAllClose(column("standardError"), expected.se, "standard errors");
      assertAllClose(column("t"), expected.stat, "t");
      assertAllClose(column("p"), expected.p, "p");
      assertClose(result.sigma, expected.sigma, "sigma");
      assertClose(result.rSquared, expected.r2, "R²");
      assertClose(result.adjustedRSquared, expected.adj_r2, "adjusted R²");
      assert.equal(result.dfResidual, expected.df_residual);
      assertClose(result.f, expected.F, "F");
    });
  }

  it("is NIST's Longley problem to the certified digits, ill-conditioned as it is", () => {
    const rows = LONGLEY.map(([y, ...xs]) => [...xs, y].map(BigInt));
    const terms = ["x1", "x2", "x3", "x4", "x5", "x6"];
    const result = estimated(crossProducts(rows, terms, [1, 0, 0, 0, 0, 0, 0]));
    for (const [index, [estimate, standardError]] of CERTIFIED.entries()) {
      assertClose(result.coefficients[index]!.estimate, estimate, `estimate ${index}`, 1e-14);
      assertClose(result.coefficients[index]!.standardError, standardError, `standard error ${index}`, 1e-14);
    }
    assertClose(result.sigma, 304.854073561965, "sigma", 1e-14);
    assertClose(result.rSquared, 0.995479004577296, "R²", 1e-14);
    assertClose(result.f, 330.285339234588, "F", 1e-14);
  });

  it("is the correlation's test for one regressor: R² = r², the same t and p, F = t²", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 3, maxLength: 10 }), (rows) => {
        const products = crossProducts(rows, ["x"]);
        const result = linearRegression(products);
        assertPlain(result);
        const [first, second] = products.products as [bigint[], bigint[]];
        const test = pearsonTest({
          n: first[0]!,
          sumX: first[1]!,
          sumY: first[2]!,
          sumXX: second[1]!,
          sumXY: second[2]!,
          sumYY: products.products[2]![2]!,
          decimalsX: 0,
          decimalsY: 0,
        });
        if (result.outcome === "rankDeficient") {
          assert.equal(result.dependentTerm, "x");
          assert.equal(test.correlation, null);
          return;
        }
        const slope = result.coefficients[1]!;
        if (test.correlation === null) return assert.equal(result.rSquared, null);
        assertClose(result.rSquared, test.correlation ** 2, "R²", 1e-14);
        assert.equal(slope.t, test.t);
        if (slope.t !== null) {
          assertClose(result.f, slope.t ** 2, "F", 1e-14);
          assertClose(result.p, test.p, "p", 1e-11);
        }
      }),
      property,
    );
  });

  it("follows changes of unit and origin, and keeps t", () => {
    const rows = fc.array(fc.tuple(value, value, value), { minLength: 5, maxLength: 12 });
    fc.assert(
      fc.property(rows, fc.bigInt({ min: 1n, max: 30n }), value, (values, factor, shift) => {
        const before = linearRegression(crossProducts(values, ["a", "b"]));
        const moved = values.map(([a, b, y]) => [factor * a + shift, b, y]);
        const after = linearRegression(crossProducts(moved, ["a", "b"]));
        assert.equal(after.outcome, before.outcome);
        if (before.outcome === "rankDeficient") return assert.deepEqual(after, before);
        const { coefficients, rSquared, f } = after as RegressionEstimates;
        assert.deepEqual([rSquared, f], [before.rSquared, before.f]);
        for (const index of [1, 2]) assert.equal(coefficients[index]!.t, before.coefficients[index]!.t);
        assert.equal(coefficients[2]!.estimate, before.coefficients[2]!.estimate);
        assertClose(coefficients[1]!.estimate! * Number(factor), before.coefficients[1]!.estimate, "slope", 1e-14);
        const decimal = estimated(crossProducts(values, ["a", "b"], [2, 0, 1]));
        assertClose(decimal.coefficients[1]!.estimate, before.coefficients[1]!.estimate! * 10, "decimals", 1e-14);
        assertClose(decimal.sigma, before.sigma === null ? null : before.sigma / 10, "sigma", 1e-14);
      }),
      property,
    );
  });

  it("refuses dependent terms, naming the first", () => {
    const rows = [1n, 2n, 4n, 7n, 11n].map((x) => [x, 3n * x - 1n, x * x, 5n, x + 2n]);
    const refusal = (terms: string[], columns: number[]): unknown =>
      linearRegression(
        crossProducts(
          rows.map((row) => [...columns.map((column) => row[column]!), row[4]!]),
          terms,
        ),
      );
    const deficient = { outcome: "rankDeficient", n: 5 };
    assert.deepEqual(refusal(["a", "line", "square"], [0, 1, 2]), { ...deficient, dependentTerm: "line" });
    assert.deepEqual(refusal(["constant", "a"], [3, 0]), { ...deficient, dependentTerm: "constant" });
    assert.deepEqual(refusal(["a", "a again", "constant"], [0, 0, 3]), { ...deficient, dependentTerm: "a again" });
    assert.deepEqual(linearRegression(crossProducts([], ["a"])), {
      outcome: "rankDeficient",
      n: 0,
      dependentTerm: "(Intercept)",
    });
    // Fewer rows than terms.
    assert.deepEqual(
      linearRegression(
        crossProducts(
          rows.slice(0, 2).map((row) => [row[0]!, row[2]!, 1n]),
          ["a", "square"],
        ),
      ),
      {
        outcome: "rankDeficient",
        n: 2,
        dependentTerm: "square",
      },
    );
  });

  it("does not refuse terms that are nearly dependent, beyond what a double could tell", () => {
    const far = 10n ** 12n;
    const rows = [0n, 1n, 2n, 3n].map((x) => [far + x, far + x + (x === 3n ? 1n : 0n), x]);
    const result = estimated(crossProducts(rows, ["a", "nearly a"]));
    assert.deepEqual(
      result.coefficients.map(({ estimate }) => estimate),
      [-1e12, 1, 0],
    );
  });

  it("has p = 0, and null for numbers beyond the doubles", () => {
    // Unit triangular factors: determinant 1, so the residual is the reciprocal of a huge cofactor.
    const size = 16;
    const entry = (i: number, j: number): bigint => (1n << 80n) + BigInt(7 * i + 3 * j);
    const lower = (i: number, j: number): bigint => (i === j || j === 0 ? 1n : i > j ? entry(i, j) : 0n);
    const upper = (i: number, j: number): bigint => (i === j ? 1n : i < j ? entry(j, i) : 0n);
    const indices = Array.from({ length: size }, (_, index) => index);
    const rows = indices.map((i) =>
      indices.slice(1).map((j) => indices.reduce((sum, k) => sum + lower(i, k) * upper(k, j), 0n)),
    );
    const terms = indices.slice(2).map((index) => `x${index}`);
    const result = estimated(crossProducts(rows, terms));
    assertPlain(result);
    assert.deepEqual([result.f, result.p, result.dfResidual], [null, 0, 1]);
    const { t, p } = result.coefficients.at(-1)!;
    assert.deepEqual([t, p], [null, 0]);
    assert.ok(result.coefficients.some(({ estimate }) => estimate === null));
  });

  it("has nulls where a fit leaves nothing to test", () => {
    const perfect = estimated(
      crossProducts(
        [0n, 1n, 2n, 3n].map((x) => [x, 2n * x + 1n]),
        ["x"],
      ),
    );
    assert.deepEqual(
      perfect.coefficients.map(({ estimate, standardError, t, p }) => [estimate, standardError, t, p]),
      [
        [1, 0, null, 0],
        [2, 0, null, 0],
      ],
    );
    assert.deepEqual(
      [perfect.sigma, perfect.rSquared, perfect.adjustedRSquared, perfect.f, perfect.p],
      [0, 1, 1, null, 0],
    );
    const saturated = estimated(
      crossProducts(
        [
          [0n, 4n],
          [1n, 9n],
        ],
        ["x"],
      ),
    );
    assert.deepEqual(saturated.coefficients[1], {
      term: "x",
      estimate: 5,
      standardError: null,
      t: null,
      p: null,
      ci95: null,
    });
    assert.deepEqual(
      [saturated.sigma, saturated.rSquared, saturated.adjustedRSquared, saturated.f],
      [null, 1, null, null],
    );
    const constant = estimated(
      crossProducts(
        [0n, 1n, 2n].map((x) => [x, 6n]),
        ["x"],
      ),
    );
    assert.deepEqual([constant.rSquared, constant.adjustedRSquared, constant.f, constant.p], [null, null, null, null]);
    const mean = estimated(crossProducts([[1n], [2n], [6n]], []));
    assert.deepEqual([mean.coefficients[0]!.estimate, mean.rSquared, mean.f, mean.dfModel], [3, 0, null, 0]);
    for (const result of [perfect, saturated, constant, mean]) assertPlain(result);
  });

  it("refuses sums that no rows have", () => {
    const products = crossProducts(
      [
        [1n, 2n],
        [2n, 2n],
        [4n, 7n],
      ],
      ["x"],
    );
    const altered = (row: number, column: number, to: bigint): CrossProducts => ({
      ...products,
      products: products.products.map((line, i) =>
        line.map((entry, j) => ((i === row && j === column) || (i === column && j === row) ? to : entry)),
      ),
    });
    for (const impossible of [altered(0, 0, -1n), altered(0, 0, 0n), altered(1, 1, 1n), altered(2, 2, 3n)]) {
      assert.throws(() => linearRegression(impossible), {
        detail: { code: "ANSWER_INCONSISTENT", statistic: "linear regression" },
      });
    }
  });
});
