/** Exact moments of one group of a comparison. */
import { requirePossible } from "./answerError.ts";
import type { Rational } from "./rational.ts";
import { rational } from "./rational.ts";

export interface GroupMoments {
  readonly n: bigint;
  /** Σ scaled value. */
  readonly sum: bigint;
  /** Σ scaled value². */
  readonly squares: bigint;
}

/** @throws CodedError ANSWER_INCONSISTENT for moments that no values have */
export function requireMoments({ n, sum, squares }: GroupMoments, statistic: string): void {
  requirePossible(n > 0n ? n * squares >= sum * sum : n === 0n && sum === 0n && squares === 0n, statistic);
}

/** Of the scaled values, n > 0. */
export function mean({ n, sum }: GroupMoments): Rational {
  return rational(sum, n);
}

/** Σ(value − mean)² of the scaled values, n > 0. */
export function sumOfSquaresAboutMean({ n, sum, squares }: GroupMoments): Rational {
  return rational(n * squares - sum * sum, n);
}
