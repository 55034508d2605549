/**
 * Effect measures and tests of a 2×2 table, as clinical reports order it: first row the reference group, second column the
 * event. Both ratios then compare the event in the second row with the first.
 *
 *   odds ratio  ad/bc                  sample, not the conditional estimate of `fisher.test`; limits of Woolf (1955)
 *   risk ratio  (d/(c+d)) / (b/(a+b))  log limits, Katz et al. (1978)
 */
import { chiSquareUpper } from "./distributions.ts";
import { fisherExact } from "./fisherExact.ts";
import type { Interval } from "./interval.ts";
import { finiteInterval, NORMAL_975 } from "./interval.ts";
import { ratioToNumber } from "./exactNumber.ts";

export interface Ratio {
  /** Null where the denominator is 0. */
  readonly estimate: number | null;
  /** Null where a count that the standard error divides by is 0. */
  readonly ci95: Interval | null;
}

export interface TwoByTwo {
  /** Pearson's chi-square with Yates' correction, at most |observed − expected|, as R's. */
  readonly yates: { readonly chiSquare: number; readonly p: number };
  readonly fisherExactP: number;
  readonly oddsRatio: Ratio;
  readonly riskRatio: Ratio;
}

/** [[a, b], [c, d]] without an empty row or column. */
export function twoByTwo(a: bigint, b: bigint, c: bigint, d: bigint): TwoByTwo {
  const chiSquare = yatesChiSquare(a, b, c, d);
  return {
    yates: { chiSquare, p: chiSquareUpper(chiSquare, 1) },
    fisherExactP: fisherExact(Number(a), Number(b), Number(c), Number(d)),
    oddsRatio: logRatio(a * d, b * c, [
      [1n, a],
      [1n, b],
      [1n, c],
      [1n, d],
    ]),
    // 1/events − 1/group, as one fraction of either group.
    riskRatio: logRatio(d * (a + b), b * (c + d), [
      [c, d * (c + d)],
      [a, b * (a + b)],
    ]),
  };
}

/** Σ(|o − e| − y)²/e with |o − e| = |ad − bc|/n in all four cells and y = min(1/2, |o − e|). */
function yatesChiSquare(a: bigint, b: bigint, c: bigint, d: bigint): number {
  const n = a + b + c + d;
  const difference = a * d - b * c;
  const doubled = 2n * (difference < 0n ? -difference : difference) - n;
  const corrected = doubled > 0n ? doubled : 0n;
  return ratioToNumber(n * corrected * corrected, 4n * (a + b) * (c + d) * (a + c) * (b + d));
}

/** @param variances of the log ratio, as fractions to add */
function logRatio(
  numerator: bigint,
  denominator: bigint,
  variances: readonly (readonly [numerator: bigint, denominator: bigint])[],
): Ratio {
  if (denominator === 0n) return { estimate: null, ci95: null };
  const estimate = ratioToNumber(numerator, denominator);
  if (numerator === 0n) return { estimate, ci95: null };
  const variance = variances.reduce((sum, [over, under]) => sum + ratioToNumber(over, under), 0);
  const factor = Math.exp(NORMAL_975 * Math.sqrt(variance));
  return { estimate, ci95: finiteInterval(estimate / factor, estimate * factor) };
}
