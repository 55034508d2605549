/**
 * Quantiles and survival from how many rows each line of values has: exact where each line holds one value, as in data that are
 * public; else what the intervals tell (`intervalTables.ts`).
 */
import type { Axis, Column } from "../messages/descriptor.ts";
import { ARGUMENT_DECIMALS } from "../messages/descriptor.ts";
import type { SurvivalCurve } from "./kaplanMeier.ts";
import { kaplanMeier } from "./kaplanMeier.ts";
import type { GroupRisk, LogRank } from "./logRank.ts";
import { logRank } from "./logRank.ts";
import { quantile } from "./quantile.ts";
import type { Rational } from "./rational.ts";
import { rational } from "./rational.ts";

const PROBABILITY_SCALE = 10n ** BigInt(ARGUMENT_DECIMALS);

export interface QuantileTable {
  readonly n: number;
  /** As R's `quantile`. */
  readonly type: number;
  readonly quantiles: readonly { readonly p: number; readonly value: number | null }[];
}

/** Of one line of times. */
export interface FollowUp {
  /** Subjects whose follow-up ends in it. */
  readonly ending: bigint;
  /** Of these, with the event. */
  readonly events: bigint;
}

/** The first value of each line. */
export function lineStarts({ cuts }: Pick<Axis, "cuts">, minimum: bigint): bigint[] {
  return [minimum, ...cuts];
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

/** @param counts one per line */
export function quantileTable(column: Column, starts: readonly bigint[], counts: readonly bigint[]): QuantileTable {
  const { type, probabilities } = quantileArguments(column);
  const values = starts.map((value, line) => ({ value, count: counts[line]! }));
  const quantiles = probabilities.map((p) => {
    const { type1, type7 } = quantile(values, p, column.decimals[0]!);
    return { p: probabilityOf(p), value: type === 1 ? type1 : type7 };
  });
  return { n: Number(counts.reduce((sum, count) => sum + count, 0n)), type, quantiles };
}

/** @param lines of times */
export function survivalCurve(
  { decimals }: Column,
  starts: readonly bigint[],
  lines: readonly FollowUp[],
): SurvivalCurve {
  const atRisk = atRiskOf(lines);
  const steps = starts
    .map((time, line) => ({ time, atRisk: atRisk[line]!, events: lines[line]!.events }))
    .filter((step, line) => step.events > 0n || atRisk[line]! > (atRisk[line + 1] ?? 0n));
  return kaplanMeier(steps, [], decimals[0]!);
}

/** @param followed row-major: group × time line × stratum */
export function logRankTable(
  { groups, lines, strata }: { readonly groups: number; readonly lines: number; readonly strata: number },
  followed: readonly FollowUp[],
): LogRank {
  const ofStratum = (stratum: number): GroupRisk[] => {
    const risks = Array.from({ length: groups }, (_, group) => {
      const own = Array.from({ length: lines }, (__, line) => followed[(group * lines + line) * strata + stratum]!);
      return { atRisk: atRiskOf(own), events: own.map(({ events }) => events) };
    });
    return Array.from({ length: lines }, (_, line) => ({
      atRisk: risks.map(({ atRisk }) => atRisk[line]!),
      events: risks.map(({ events }) => events[line]!),
    }));
  };
  return logRank(
    groups,
    Array.from({ length: strata }, (_, stratum) => ofStratum(stratum)),
  );
}

/** Subjects whose follow-up reaches each line. */
export function atRiskOf(lines: readonly FollowUp[]): bigint[] {
  let later = 0n;
  return lines
    .toReversed()
    .map(({ ending }) => (later += ending))
    .reverse();
}
