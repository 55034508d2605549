/**
 * Tails and quantiles of the reference distributions. Every p-value is computed as the tail itself, never as 1 − CDF, so
 * a small one keeps its relative precision down to the smallest double, and is 0 below that.
 *
 * The incomplete beta function and its inverse are stdlib's (ports of Boost's). Chi-square has whole degrees of freedom
 * here, where its tail is a finite sum of positive terms, Abramowitz & Stegun (1964), 26.4.4 and 26.4.5. (stdlib's
 * incomplete gamma function, version 0.3.1, is wrong in the third digit from a > 140 with x > 1000.)
 */
import betainc from "@stdlib/math-base-special-betainc";
import erfc from "@stdlib/math-base-special-erfc";
import inverseBeta from "@stdlib/stats-base-dists-beta-quantile";
import inverseT from "@stdlib/stats-base-dists-t-quantile";

/** P(χ²_df > x), x >= 0, df a whole number >= 1. */
export function chiSquareUpper(x: number, df: number): number {
  if (x === 0) return 1;
  const half = x / 2;
  const logHalf = Math.log(half);
  // Term j is (x/2)^j / Γ(j+1) · e^(−x/2), over j = 0, 1, … when df is even and j = 1/2, 3/2, … when it is odd.
  const odd = df % 2 === 1;
  let logTerm = odd ? logHalf / 2 - Math.log(Math.PI / 4) / 2 - half : -half;
  let tail = odd ? erfc(Math.sqrt(half)) : 0;
  for (let j = odd ? 0.5 : 0; j < df / 2; j += 1) {
    tail += Math.exp(logTerm);
    logTerm += logHalf - Math.log(j + 1);
  }
  return Math.min(tail, 1);
}

/** P(F_{df1, df2} > f), f >= 0, both degrees of freedom > 0. */
export function fUpper(f: number, df1: number, df2: number): number {
  const explained = df1 * f;
  // The argument nearer to 0 is the one that carries the precision.
  return explained > df2
    ? betainc(df2 / (df2 + explained), df2 / 2, df1 / 2, true, false)
    : betainc(explained / (df2 + explained), df1 / 2, df2 / 2, true, true);
}

/** P(|T_df| > |t|), df > 0. */
export function tTwoSided(t: number, df: number): number {
  return fUpper(t * t, 1, df);
}

/** The 0.975 quantile of Student's t, df > 0. */
export function tQuantile975(df: number): number {
  return inverseT(0.975, df);
}

/** P(X <= x), X ~ Beta(alpha, beta). */
export function betaLower(x: number, alpha: number, beta: number): number {
  return betainc(x, alpha, beta, true, false);
}

/** P(X > x), X ~ Beta(alpha, beta). */
export function betaUpper(x: number, alpha: number, beta: number): number {
  return betainc(x, alpha, beta, true, true);
}

/** x with P(X <= x) = p, X ~ Beta(alpha, beta). */
export function betaQuantile(p: number, alpha: number, beta: number): number {
  return inverseBeta(p, alpha, beta);
}
