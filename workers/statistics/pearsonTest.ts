/**
 * Pearson's correlation with its t test and Fisher's z interval, as R's `cor.test`:
 * t² = (n−2)·r²/(1−r²) on n − 2 degrees of freedom; atanh r has standard error 1/√(n−3).
 */
import type { PairSums } from "./covariance.ts";
import { centre, correlation } from "./covariance.ts";
import { tTwoSided } from "./distributions.ts";
import type { Interval } from "./interval.ts";
import { finiteInterval, NORMAL_975 } from "./interval.ts";
import { rational, signedRootOf } from "./rational.ts";

export interface PearsonTest {
  readonly n: number;
  /** Null where a column is constant. */
  readonly correlation: number | null;
  /** Null below three rows, and where |r| = 1 (t is infinite, p is 0). */
  readonly t: number | null;
  readonly df: number | null;
  readonly p: number | null;
  /** Null below four rows. */
  readonly ci95: Interval | null;
}

/** @throws CodedError ANSWER_INCONSISTENT */
export function pearsonTest(sums: PairSums): PearsonTest {
  const centred = centre(sums);
  const n = Number(sums.n);
  const r = correlation(centred);
  if (r === null || n < 3) return { n, correlation: r, t: null, df: null, p: null, ci95: null };
  const { xx, yy, xy } = centred;
  const df = n - 2;
  const unexplained = xx * yy - xy * xy;
  const ci95 = n > 3 ? fisherInterval(r, n) : null;
  if (unexplained === 0n) return { n, correlation: r, t: null, df, p: 0, ci95 };
  const t = signedRootOf(rational((sums.n - 2n) * (xy < 0n ? -xy : xy) * xy, unexplained));
  return { n, correlation: r, t, df, p: tTwoSided(t, df), ci95 };
}

function fisherInterval(r: number, n: number): Interval | null {
  const z = Math.atanh(r);
  const half = NORMAL_975 / Math.sqrt(n - 3);
  return finiteInterval(Math.tanh(z - half), Math.tanh(z + half));
}
