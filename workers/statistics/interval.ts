/** Intervals, and what leaves the range of doubles: no infinity and no NaN is ever an answer. */

/** A confidence or credible interval, both limits finite. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** The interval, or null where a limit has left the range of doubles. */
export function finiteInterval(lower: number, upper: number): Interval | null {
  return Number.isFinite(lower) && Number.isFinite(upper) ? { lower, upper } : null;
}

/** The statistic, or null where it is beyond the range of doubles (its p-value is then 0). */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** The 0.975 quantile of the standard normal: half the width, in standard errors, of a 95 % interval. */
export const NORMAL_975 = 1.959963984540054;
