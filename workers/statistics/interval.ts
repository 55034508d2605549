/** A confidence or credible interval, both limits finite. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** The interval, or null where a limit has left the range of doubles. */
export function finiteInterval(lower: number, upper: number): Interval | null {
  return Number.isFinite(lower) && Number.isFinite(upper) ? { lower, upper } : null;
}

/** The 0.975 quantile of the standard normal: half the width, in standard errors, of a 95 % interval. */
export const NORMAL_975 = 1.959963984540054;
