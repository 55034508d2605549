/**
 * What counts over intervals of values tell of quantiles and survival. Nothing is interpolated: a quantile is the interval that
 * holds it, a curve is told at the ends of the intervals.
 *
 * Survival is the product-limit estimate of the times rounded down to the intervals' starts, ∏ (1 − d/n): R's
 * `survfit(Surv(start, event) ~ 1, conf.type = "log-log")`. It counts who is censored within an interval as at risk to its end. That of
 * the exact times lies between it and `lowest`, ∏ (1 − d/(n − c)), in which the c censored of an interval leave at its start.
 */
import type { Column } from "../messages/descriptor.ts";
import type { NumericField } from "../schema/studySchema.ts";
import { formatFieldValue } from "../schema/values.ts";
import type { Interval } from "./interval.ts";
import { kaplanMeier } from "./kaplanMeier.ts";
import type { FollowUp } from "./orderedTables.ts";
import { atRiskOf, lineStarts, probabilityOf, quantileArguments } from "./orderedTables.ts";
import { quantileCells } from "./quantileInterval.ts";

/** [from, to), in the field's unit; `to` is null where only the field's maximum ends it. */
export interface ValueInterval {
  readonly from: string;
  readonly to: string | null;
}

export interface QuantileIntervals {
  readonly n: number;
  /** As R's `quantile`. */
  readonly type: number;
  readonly intervals: readonly (ValueInterval & { readonly count: number })[];
  /** The quantile lies in it; null without values. */
  readonly quantiles: readonly { readonly p: number; readonly interval: ValueInterval | null }[];
}

export interface SurvivalInterval extends ValueInterval {
  /** Subjects whose follow-up reaches it. */
  readonly atRisk: number;
  readonly events: number;
  readonly censored: number;
  /** From its end on, up to the next one's; null without subjects. */
  readonly survival: number | null;
  /** The estimate from the exact times is not below it, nor above `survival`. */
  readonly lowest: number | null;
  /** Greenwood's; null where the estimate is 0. */
  readonly standardError: number | null;
  readonly ci95: Interval | null;
}

export interface IntervalSurvival {
  readonly n: number;
  readonly events: number;
  readonly intervals: readonly SurvivalInterval[];
  /** When a quarter, half and three quarters have had the event; null where the curve stays above for certain. */
  readonly quartiles: readonly [first: ValueInterval | null, median: ValueInterval | null, third: ValueInterval | null];
}

/** @param cuts between the intervals */
export function valueIntervals(field: NumericField, cuts: readonly bigint[]): ValueInterval[] {
  const text = (value: bigint | undefined): string | null =>
    value === undefined ? null : formatFieldValue(field, value);
  const starts = lineStarts({ cuts }, field.minimum);
  return starts.map((start, at) => ({ from: text(start)!, to: text(starts[at + 1]) }));
}

/** @param counts one per interval. @throws CodedError ANSWER_INCONSISTENT */
export function quantileIntervals(
  column: Column,
  intervals: readonly ValueInterval[],
  counts: readonly bigint[],
): QuantileIntervals {
  const { type, probabilities } = quantileArguments(column);
  const quantiles = probabilities.map((p) => {
    const { type1, type7 } = quantileCells(counts, p);
    const cells = type === 1 ? type1 : type7;
    const interval = cells === undefined ? null : { from: intervals[cells.first]!.from, to: intervals[cells.last]!.to };
    return { p: probabilityOf(p), interval };
  });
  return {
    n: Number(counts.reduce((sum, count) => sum + count, 0n)),
    type,
    intervals: intervals.map((interval, at) => ({ ...interval, count: Number(counts[at]!) })),
    quantiles,
  };
}

/** @param lines one per interval. @throws CodedError ANSWER_INCONSISTENT */
export function intervalSurvival(intervals: readonly ValueInterval[], lines: readonly FollowUp[]): IntervalSurvival {
  const atRisk = atRiskOf(lines);
  const steps = lines.map(({ events }, at) => ({ time: BigInt(at), atRisk: atRisk[at]!, events }));
  const curve = kaplanMeier(steps, [], 0);
  const leavingFirst = steps.map((step, at) => ({ ...step, atRisk: step.atRisk - censoredIn(lines[at]!) }));
  const lowest = kaplanMeier(leavingFirst, [], 0).steps.map(({ survival }) => survival);
  const found = intervals.map((interval, at): SurvivalInterval => {
    const { survival, standardError, ci95 } = curve.steps[at]!;
    return {
      ...interval,
      atRisk: Number(atRisk[at]!),
      events: Number(lines[at]!.events),
      censored: Number(censoredIn(lines[at]!)),
      survival,
      lowest: survival === null ? null : (lowest[at] ?? survival),
      standardError,
      ci95,
    };
  });
  const { n, events } = curve;
  const quartile = (remaining: number): ValueInterval | null => crossing(found, remaining);
  return { n, events, intervals: found, quartiles: [quartile(0.75), quartile(0.5), quartile(0.25)] };
}

function censoredIn({ ending, events }: FollowUp): bigint {
  return ending - events;
}

/** From where the lowest curve may have come down so far to where the highest has. */
function crossing(intervals: readonly SurvivalInterval[], remaining: number): ValueInterval | null {
  const first = intervals.find(({ lowest }) => lowest !== null && lowest <= remaining);
  const last = intervals.find(({ survival }) => survival !== null && survival <= remaining);
  return first === undefined ? null : { from: first.from, to: last?.to ?? null };
}
