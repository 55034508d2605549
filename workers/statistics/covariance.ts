/**
 * SQL's statistics of two columns from their exact sums over the rows where both are present:
 * COVAR_POP, COVAR_SAMP, CORR and REGR_*, with y the dependent column, as in `f(y, x)`. Null where PostgreSQL has null.
 *
 * With Cxy = n·Σxy − Σx·Σy, and Cxx, Cyy alike: covar_pop = Cxy/n², slope = Cxy/Cxx, corr² = Cxy²/(Cxx·Cyy).
 */
import { requirePossible } from "./answerError.ts";
import { ratioToNumber } from "./exactNumber.ts";
import { rational, signedRootOf } from "./rational.ts";

export interface PairSums {
  /** Rows where both columns are present. */
  readonly n: bigint;
  /** Σ of scaled values and of their products, over those rows. */
  readonly sumX: bigint;
  readonly sumY: bigint;
  readonly sumXX: bigint;
  readonly sumYY: bigint;
  readonly sumXY: bigint;
  /** A scaled value is the value times 10^decimals. */
  readonly decimalsX: number;
  readonly decimalsY: number;
}

export interface Covariance {
  readonly regrCount: number;
  readonly regrAvgX: number | null;
  readonly regrAvgY: number | null;
  readonly covarPop: number | null;
  /** Null below two rows. */
  readonly covarSamp: number | null;
  /** Null where a column is constant. */
  readonly corr: number | null;
  /** Slope and intercept are null where x is constant. */
  readonly regrSlope: number | null;
  readonly regrIntercept: number | null;
  /** Null where x is constant, else 1 where y is. */
  readonly regrR2: number | null;
}

/** Sums of products about the means, times n: integers. */
export interface CentredSums {
  readonly xx: bigint;
  readonly yy: bigint;
  readonly xy: bigint;
}

/** @throws CodedError ANSWER_INCONSISTENT */
export function centre({ n, sumX, sumY, sumXX, sumYY, sumXY }: PairSums): CentredSums {
  const xx = n * sumXX - sumX * sumX;
  const yy = n * sumYY - sumY * sumY;
  const xy = n * sumXY - sumX * sumY;
  const empty = sumX === 0n && sumY === 0n && sumXX === 0n && sumYY === 0n && sumXY === 0n;
  requirePossible(n > 0n ? xx >= 0n && yy >= 0n && xy * xy <= xx * yy : n === 0n && empty, "covariance");
  return { xx, yy, xy };
}

/** @throws CodedError ANSWER_INCONSISTENT */
export function finishCovariance(sums: PairSums): Covariance {
  const { n, sumX, sumY } = sums;
  const { xx, yy, xy } = centre(sums);
  const scaleX = 10n ** BigInt(sums.decimalsX);
  const scaleY = 10n ** BigInt(sums.decimalsY);
  const unless = (undefinedHere: boolean, numerator: bigint, denominator: bigint): number | null =>
    undefinedHere ? null : ratioToNumber(numerator, denominator);
  const [none, constantX, constantY] = [n === 0n, xx === 0n, yy === 0n];
  return {
    regrCount: Number(n),
    regrAvgX: unless(none, sumX, n * scaleX),
    regrAvgY: unless(none, sumY, n * scaleY),
    covarPop: unless(none, xy, n * n * scaleX * scaleY),
    covarSamp: unless(n < 2n, xy, n * (n - 1n) * scaleX * scaleY),
    corr: correlation({ xx, yy, xy }),
    regrSlope: unless(constantX, xy * scaleX, xx * scaleY),
    regrIntercept: unless(constantX, sumY * xx - xy * sumX, n * xx * scaleY),
    regrR2: constantX ? null : constantY ? 1 : ratioToNumber(xy * xy, xx * yy),
  };
}

/** Null where a column is constant. */
export function correlation({ xx, yy, xy }: CentredSums): number | null {
  if (xx === 0n || yy === 0n) return null;
  const square = xy * xy;
  return signedRootOf(rational(xy < 0n ? -square : square, xx * yy));
}
