/**
 * A proportion with the exact 95 % limits of Clopper & Pearson (1934, doi:10.1093/biomet/26.4.404): the 0.025 quantile of
 * Beta(x, n−x+1) and the 0.975 quantile of Beta(x+1, n−x).
 */
import { requirePossible } from "./answerError.ts";
import { betaQuantile } from "./distributions.ts";
import { ratioToNumber } from "./exactNumber.ts";
import type { Interval } from "./interval.ts";

export interface Proportion {
  /** Null without subjects. */
  readonly rate: number | null;
  readonly ci95: Interval | null;
}

/**
 * @param x subjects with the event, of n
 * @throws CodedError ANSWER_INCONSISTENT unless 0 <= x <= n
 */
export function clopperPearson(x: bigint, n: bigint): Proportion {
  requirePossible(x >= 0n && x <= n, "proportion");
  if (n === 0n) return { rate: null, ci95: null };
  const [events, others] = [Number(x), Number(n - x)];
  return {
    rate: ratioToNumber(x, n),
    ci95: {
      lower: events === 0 ? 0 : betaQuantile(0.025, events, others + 1),
      upper: others === 0 ? 1 : betaQuantile(0.975, events + 1, others),
    },
  };
}
