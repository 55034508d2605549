/** Quantiles and survival from how many rows each line of values has: exact where each value that occurs starts a line. */
import type { Axis, Column } from "../messages/descriptor.ts";
import { ARGUMENT_DECIMALS } from "../messages/descriptor.ts";
import type { SurvivalCurve } from "./kaplanMeier.ts";
import { kaplanMeier } from "./kaplanMeier.ts";
import type { GroupRisk, LogRank } from "./logRank.ts";
import { logRank } from "./logRank.ts";
import { quantile } from "./quantile.ts";
import { rational } from "./rational.ts";

const PROBABILITY_SCALE = 10n ** BigInt(ARGUMENT_DECIMALS);

export interface QuantileTable {
  readonly n: number;
  /** As R's `quantile`. */
  readonly type: number;
  readonly quantiles: readonly { readonly p: number; readonly value: number | null }[];
}

/** The first value of each line. */
export function lineStarts({ cuts }: Axis, minimum: bigint): bigint[] {
  return [minimum, ...cuts];
}

/** @param counts one per line */
export function quantileTable(
  { arguments: args, decimals }: Column,
  starts: readonly bigint[],
  counts: readonly bigint[],
): QuantileTable {
  const [type = 7n, ...probabilities] = args;
  const values = starts.map((value, line) => ({ value, count: counts[line]! }));
  const quantiles = probabilities.map((p) => {
    const { type1, type7 } = quantile(values, rational(p, PROBABILITY_SCALE), decimals[0]!);
    return { p: Number(p) / Number(PROBABILITY_SCALE), value: type === 1n ? type1 : type7 };
  });
  return { n: Number(counts.reduce((sum, count) => sum + count, 0n)), type: Number(type), quantiles };
}

/** @param counts row-major: time line × status */
export function survivalCurve(
  { arguments: events, decimals }: Column,
  starts: readonly bigint[],
  counts: readonly bigint[],
): SurvivalCurve {
  const { atRisk, events: observed } = riskOf(counts, starts.length, events);
  const steps = starts
    .map((time, line) => ({ time, atRisk: atRisk[line]!, events: observed[line]! }))
    .filter((step, line) => step.events > 0n || atRisk[line]! > (atRisk[line + 1] ?? 0n));
  return kaplanMeier(steps, [], decimals[0]!);
}

/** @param counts row-major: group × time line × status × stratum */
export function logRankTable(
  { arguments: events }: Column,
  { groups, lines, statuses, strata }: { groups: number; lines: number; statuses: number; strata: number },
  counts: readonly bigint[],
): LogRank {
  const ofStratum = (stratum: number): GroupRisk[] => {
    const risks = Array.from({ length: groups }, (_, group) => {
      const own = Array.from({ length: lines * statuses }, (__, index) => {
        return counts[(group * lines * statuses + index) * strata + stratum]!;
      });
      return riskOf(own, lines, events);
    });
    return Array.from({ length: lines }, (_, line) => ({
      atRisk: risks.map(({ atRisk }) => atRisk[line]!),
      events: risks.map((risk) => risk.events[line]!),
    }));
  };
  return logRank(
    groups,
    Array.from({ length: strata }, (_, stratum) => ofStratum(stratum)),
  );
}

function riskOf(
  counts: readonly bigint[],
  lines: number,
  events: readonly bigint[],
): { readonly atRisk: readonly bigint[]; readonly events: readonly bigint[] } {
  const statuses = counts.length / lines;
  const of = (line: number): readonly bigint[] => counts.slice(line * statuses, (line + 1) * statuses);
  const observed = Array.from({ length: lines }, (_, line) =>
    events.reduce((sum, status) => sum + of(line)[Number(status)]!, 0n),
  );
  const atRisk: bigint[] = [];
  let later = 0n;
  for (let line = lines - 1; line >= 0; line--) {
    later += of(line).reduce((sum, count) => sum + count, 0n);
    atRisk[line] = later;
  }
  return { atRisk, events: observed };
}
