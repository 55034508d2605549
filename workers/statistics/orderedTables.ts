/** Quantiles and survival where each line holds one value, as in data that are public: the exact statistics. */
import type { Column } from "../messages/descriptor.ts";
import { ARGUMENT_DECIMALS } from "../messages/descriptor.ts";
import type { SurvivalCurve } from "./kaplanMeier.ts";
import { kaplanMeier } from "./kaplanMeier.ts";
import type { LogRank } from "./logRank.ts";
import { logRank } from "./logRank.ts";
import { quantile } from "./quantile.ts";
import type { Rational } from "./rational.ts";
import { rational } from "./rational.ts";
import type { TimeCounts } from "./timeCounts.ts";
import { riskIntervals } from "./timeCounts.ts";

const PROBABILITY_SCALE = 10n ** BigInt(ARGUMENT_DECIMALS);

export interface QuantileTable {
  readonly n: number;
  /** As R's `quantile`. */
  readonly type: number;
  readonly quantiles: readonly { readonly p: number; readonly value: number | null }[];
}

export interface QuantileArguments {
  readonly type: number;
  readonly probabilities: readonly Rational[];
}

export function quantileArguments({ arguments: [type = 7n, ...words] }: Column): QuantileArguments {
  return { type: Number(type), probabilities: words.map((word) => rational(word, PROBABILITY_SCALE)) };
}

/** As it was written. */
export function probabilityOf({ numerator, denominator }: Rational): number {
  return Number(numerator) / Number(denominator);
}

/** @param counts one per value */
export function quantileTable(column: Column, values: readonly bigint[], counts: readonly bigint[]): QuantileTable {
  const { type, probabilities } = quantileArguments(column);
  const counted = values.map((value, line) => ({ value, count: counts[line]! }));
  const quantiles = probabilities.map((p) => {
    const { type1, type7 } = quantile(counted, p, column.decimals[0]!);
    return { p: probabilityOf(p), value: type === 1 ? type1 : type7 };
  });
  return { n: Number(counts.reduce((sum, count) => sum + count, 0n)), type, quantiles };
}

/** @param times one per line */
export function survivalCurve({ decimals }: Column, times: readonly bigint[], counts: TimeCounts): SurvivalCurve {
  const steps = riskIntervals(counts)
    .map(({ atRisk, events }, line) => ({ time: times[line]!, atRisk, events }))
    .filter(({ events }, line) => events + counts.censored.counts[line]! > 0n);
  return kaplanMeier(steps, [], decimals[0]!);
}

/**
 * Over the intervals of events, with whoever is censored at risk to the end of the interval in which that is told.
 *
 * @param groups by stratum
 */
export function logRankTest(groups: readonly (readonly TimeCounts[])[]): LogRank {
  const strata = groups.map((own) => {
    const risks = own.map(riskIntervals);
    return risks[0]!.map((_, at) => ({
      atRisk: risks.map((risk) => risk[at]!.atRisk),
      events: risks.map((risk) => risk[at]!.events),
    }));
  });
  return logRank(groups[0]!.length, strata);
}
