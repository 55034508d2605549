/**
 * Ordinary least squares with an intercept from exact cross-products of the complete cases, as R's `summary(lm())`.
 *
 * With A = X'X and b = X'y in scaled integers: coefficients A⁻¹b, RSS = y'y − b'A⁻¹b, standard errors √(σ²·(A⁻¹)_jj). All
 * of it is rational until the last rounding, so no conditioning is lost and dependence between terms is exact: R drops a
 * dependent term with a tolerance of 1e-7, this refuses and names it.
 */
import assert from "node:assert/strict";
import { requirePossible } from "./answerError.ts";
import { fUpper, tQuantile975, tTwoSided } from "./distributions.ts";
import type { Elimination } from "./exactElimination.ts";
import { eliminate } from "./exactElimination.ts";
import type { Interval } from "./interval.ts";
import { finiteInterval, finiteOrNull } from "./interval.ts";
import type { Rational } from "./rational.ts";
import { isZero, minus, over, rational, rootOf, signedRootOf, times, toNumber, ZERO } from "./rational.ts";

export const INTERCEPT = "(Intercept)";

export interface CrossProducts {
  /** Names of the p regressors, without the intercept. */
  readonly terms: readonly string[];
  /** Decimals of each regressor, then of y. */
  readonly decimals: readonly number[];
  /** Symmetric, (p+2)×(p+2): sums of products of the scaled [1, x1, …, xp, y] over the rows where all are present. */
  readonly products: readonly (readonly bigint[])[];
}

export interface Coefficient {
  readonly term: string;
  /** Null, like its standard error, only beyond the range of doubles. */
  readonly estimate: number | null;
  /** Null without residual degrees of freedom, and the rest with it. */
  readonly standardError: number | null;
  /** Null where the fit is perfect: t is infinite then and p is 0, or neither is defined for an estimate of 0. */
  readonly t: number | null;
  readonly p: number | null;
  readonly ci95: Interval | null;
}

export interface RegressionEstimates {
  readonly outcome: "estimated";
  readonly n: number;
  readonly coefficients: readonly Coefficient[];
  /** Residual standard error. */
  readonly sigma: number | null;
  /** Null where y is constant. */
  readonly rSquared: number | null;
  readonly adjustedRSquared: number | null;
  /** Null where y is constant or there is no regressor, and where the fit is perfect: F is infinite then, and p is 0. */
  readonly f: number | null;
  readonly dfModel: number;
  readonly dfResidual: number;
  readonly p: number | null;
}

/** Not estimated: a term is a linear combination of the terms before it, or there are fewer rows than terms. */
export interface RankDeficient {
  readonly outcome: "rankDeficient";
  readonly n: number;
  /** The first such term; the intercept when there are no rows. */
  readonly dependentTerm: string;
}

export type LinearRegression = RegressionEstimates | RankDeficient;

/** @throws CodedError ANSWER_INCONSISTENT */
export function linearRegression({ terms, decimals, products }: CrossProducts): LinearRegression {
  const size = terms.length + 1;
  assert(decimals.length === size && products.length === size + 1, "one row of products per term, intercept and y");
  const count = products[0]![0]!;
  const gram = products.slice(0, size).map((row) => row.slice(0, size));
  const right = gram.map((_, row) => [products[row]![size]!, ...gram.map((_, column) => (row === column ? 1n : 0n))]);
  const solved = eliminate(gram, right);
  requirePossible(count >= 0n && solved !== undefined, "linear regression");
  const named = [INTERCEPT, ...terms];
  const dependent = named.findIndex((_, index) => !solved!.independent.includes(index));
  if (dependent >= 0) return { outcome: "rankDeficient", n: Number(count), dependentTerm: named[dependent]! };
  const residual = residualSumOfSquares(products, solved!);
  requirePossible(residual.numerator >= 0n, "linear regression");
  const scales = [0, ...decimals].map((places) => 10n ** BigInt(places));
  const df = count - BigInt(size);
  const coefficients = named.map((term, index) => {
    // y = Y/s_y and x = X/s_x, so a slope of Y on X is s_x/s_y times too small.
    const unit = rational(scales[index]!, scales.at(-1)!);
    return finishCoefficient(term, index, unit, solved!, residual, df);
  });
  return { outcome: "estimated", n: Number(count), coefficients, ...fit(products, residual, scales.at(-1)!, df) };
}

/** y'y − b'A⁻¹b. */
function residualSumOfSquares(products: readonly (readonly bigint[])[], solved: Elimination): Rational {
  const y = products.at(-1)!;
  const explained = solved.solution.reduce((sum, row, index) => sum + row[0]! * y[index]!, 0n);
  return rational(y.at(-1)! * solved.determinant - explained, solved.determinant);
}

function finishCoefficient(
  term: string,
  index: number,
  unit: Rational,
  solved: Elimination,
  residual: Rational,
  df: bigint,
): Coefficient {
  const row = solved.solution[index]!;
  const exact = times(rational(row[0]!, solved.determinant), unit);
  const estimate = toNumber(exact);
  const coefficient = { term, estimate: finiteOrNull(estimate) };
  if (df === 0n) return { ...coefficient, standardError: null, t: null, p: null, ci95: null };
  const inverse = rational(row[index + 1]!, solved.determinant);
  const variance = times(times(over(residual, rational(df)), inverse), times(unit, unit));
  const error = rootOf(variance);
  const half = tQuantile975(Number(df)) * error;
  const limits = { standardError: finiteOrNull(error), ci95: finiteInterval(estimate - half, estimate + half) };
  if (isZero(variance)) return { ...coefficient, ...limits, t: null, p: isZero(exact) ? null : 0 };
  const square = over(times(exact, exact), variance);
  const t = signedRootOf(exact.numerator < 0n ? minus(ZERO, square) : square);
  return { ...coefficient, ...limits, t: finiteOrNull(t), p: tTwoSided(t, Number(df)) };
}

type Fit = Omit<RegressionEstimates, "outcome" | "n" | "coefficients">;

function fit(products: readonly (readonly bigint[])[], residual: Rational, scaleY: bigint, df: bigint): Fit {
  const [count, sumY] = [products[0]![0]!, products[0]!.at(-1)!];
  const total = rational(count * products.at(-1)!.at(-1)! - sumY * sumY, count);
  const model = BigInt(products.length - 2);
  const [dfModel, dfResidual] = [Number(model), Number(df)];
  const perDegree = df === 0n ? null : over(residual, rational(df));
  const sigma = perDegree === null ? null : rootOf(over(perDegree, rational(scaleY * scaleY)));
  if (isZero(total)) {
    return { sigma, rSquared: null, adjustedRSquared: null, f: null, dfModel, dfResidual, p: null };
  }
  const explained = minus(total, residual);
  const rSquared = toNumber(over(explained, total));
  if (perDegree === null) return { sigma, rSquared, adjustedRSquared: null, f: null, dfModel, dfResidual, p: null };
  const totalPerDegree = over(total, rational(count - 1n));
  const adjustedRSquared = toNumber(over(minus(totalPerDegree, perDegree), totalPerDegree));
  if (model === 0n || isZero(residual)) {
    return { sigma, rSquared, adjustedRSquared, f: null, dfModel, dfResidual, p: model === 0n ? null : 0 };
  }
  const f = toNumber(over(over(explained, rational(model)), perDegree));
  const p = fUpper(f, dfModel, dfResidual);
  return { sigma, rSquared, adjustedRSquared, f: finiteOrNull(f), dfModel, dfResidual, p };
}
