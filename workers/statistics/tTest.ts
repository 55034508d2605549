/**
 * Student's t tests of two independent groups from n, Σx and Σx², as R's `t.test`: Welch's with the degrees of freedom of
 * Satterthwaite (1946), or with the variances pooled. The difference is first group minus second.
 */
import { tQuantile975, tTwoSided } from "./distributions.ts";
import type { GroupMoments } from "./groupMoments.ts";
import { mean, requireMoments, sumOfSquaresAboutMean } from "./groupMoments.ts";
import type { Interval } from "./interval.ts";
import { finiteInterval } from "./interval.ts";
import type { Rational } from "./rational.ts";
import { isZero, minus, over, plus, rational, rootOf, signedRootOf, times, toNumber, ZERO } from "./rational.ts";

export type Variances = "welch" | "pooled";

export interface TTest {
  readonly variances: Variances;
  readonly n: readonly [number, number];
  /** Null for a group without values. */
  readonly means: readonly [number | null, number | null];
  readonly difference: number | null;
  /** The rest is null with too few values (Welch two in each group, pooled three in all), or where neither group varies. */
  readonly standardError: number | null;
  readonly t: number | null;
  readonly df: number | null;
  readonly p: number | null;
  readonly ci95: Interval | null;
}

interface DifferenceError {
  /** The squared standard error of the difference of scaled means. */
  readonly variance: Rational;
  readonly df: Rational;
}

/**
 * @param decimals a scaled value is the value times 10^decimals
 * @throws CodedError ANSWER_INCONSISTENT
 */
export function tTest(
  first: GroupMoments,
  second: GroupMoments,
  decimals: number,
  variances: Variances = "welch",
): TTest {
  requireMoments(first, "t test");
  requireMoments(second, "t test");
  const scale = rational(10n ** BigInt(decimals));
  const meanOf = (group: GroupMoments): number | null => (group.n === 0n ? null : toNumber(over(mean(group), scale)));
  const groups = {
    variances,
    n: [Number(first.n), Number(second.n)],
    means: [meanOf(first), meanOf(second)],
  } as const;
  const untested = { standardError: null, t: null, df: null, p: null, ci95: null };
  if (first.n === 0n || second.n === 0n) return { ...groups, difference: null, ...untested };
  const exact = minus(mean(first), mean(second));
  const difference = toNumber(over(exact, scale));
  const error = variances === "welch" ? welch(first, second) : pooled(first, second);
  if (error === null) return { ...groups, difference, ...untested };
  const standardError = rootOf(over(error.variance, times(scale, scale)));
  const square = over(times(exact, exact), error.variance);
  const t = signedRootOf(exact.numerator < 0n ? minus(ZERO, square) : square);
  const df = toNumber(error.df);
  const half = tQuantile975(df) * standardError;
  const ci95 = finiteInterval(difference - half, difference + half);
  return { ...groups, difference, standardError, t, df, p: tTwoSided(t, df), ci95 };
}

function welch(first: GroupMoments, second: GroupMoments): DifferenceError | null {
  if (first.n < 2n || second.n < 2n) return null;
  const [a, b] = [first, second].map((group) =>
    over(sumOfSquaresAboutMean(group), rational(group.n * (group.n - 1n))),
  ) as [Rational, Rational];
  const variance = plus(a, b);
  if (isZero(variance)) return null;
  const weighted = plus(over(times(a, a), rational(first.n - 1n)), over(times(b, b), rational(second.n - 1n)));
  return { variance, df: over(times(variance, variance), weighted) };
}

function pooled(first: GroupMoments, second: GroupMoments): DifferenceError | null {
  const df = rational(first.n + second.n - 2n);
  const within = plus(sumOfSquaresAboutMean(first), sumOfSquaresAboutMean(second));
  if (isZero(df) || isZero(within)) return null;
  return { variance: times(over(within, df), rational(first.n + second.n, first.n * second.n)), df };
}
