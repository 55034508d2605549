/**
 * What counts over intervals of values tell of quantiles and survival. Nothing is interpolated: a quantile is the interval that
 * holds it, a curve is told at the ends of the intervals.
 *
 * Survival is the product-limit estimate ∏ (1 − d/n) over the intervals of events, with whoever is censored at risk to the end
 * of the interval in which that is told: R's `survfit` of times rounded to intervals. That of the exact times lies between it
 * and `lowest`, in which they leave at the interval's start.
 */
import type { Column } from "../messages/descriptor.ts";
import type { NumericField } from "../schema/studySchema.ts";
import { formatFieldValue } from "../schema/values.ts";
import type { Interval } from "./interval.ts";
import { kaplanMeier } from "./kaplanMeier.ts";
import { probabilityOf, quantileArguments } from "./orderedTables.ts";
import { quantileCells } from "./quantileInterval.ts";
import type { TimeCounts } from "./timeCounts.ts";
import { riskIntervals } from "./timeCounts.ts";

/** [from, to), in the field's unit; `to` is null where only the field's maximum ends it. */
export interface ValueInterval {
  readonly from: string;
  readonly to: string | null;
}

export interface CountedInterval extends ValueInterval {
  readonly count: number;
}

export interface QuantileIntervals {
  readonly n: number;
  /** As R's `quantile`. */
  readonly type: number;
  readonly intervals: readonly CountedInterval[];
  /** The quantile lies in it; null without values. */
  readonly quantiles: readonly { readonly p: number; readonly interval: ValueInterval | null }[];
}

export interface SurvivalInterval extends ValueInterval {
  /** At its start, at most. */
  readonly atRisk: number;
  readonly events: number;
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
  readonly censored: readonly CountedInterval[];
  /** When a quarter, half and three quarters have had the event; null where the curve stays above for certain. */
  readonly quartiles: readonly [first: ValueInterval | null, median: ValueInterval | null, third: ValueInterval | null];
}

/**
 * @param cuts of all lines
 * @param starts first line of each interval
 */
export function valueIntervals(
  field: NumericField,
  cuts: readonly bigint[],
  starts: readonly number[],
): ValueInterval[] {
  const values = [field.minimum, ...cuts];
  const text = (line: number): string => formatFieldValue(field, values[line]!);
  return starts.map((start, at) => {
    const next = starts[at + 1];
    return { from: text(start), to: next === undefined ? null : text(next) };
  });
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
  const n = Number(counts.reduce((sum, count) => sum + count, 0n));
  return { n, type, intervals: counted(intervals, counts), quantiles };
}

/**
 * @param intervals of events
 * @param censored intervals of censored times
 * @throws CodedError ANSWER_INCONSISTENT
 */
export function intervalSurvival(
  intervals: readonly ValueInterval[],
  censored: readonly ValueInterval[],
  counts: TimeCounts,
): IntervalSurvival {
  const risks = riskIntervals(counts);
  const curveOf = (atRisk: "atRisk" | "atLeast") =>
    kaplanMeier(
      risks.map((risk, at) => ({ time: BigInt(at), atRisk: risk[atRisk], events: risk.events })),
      [],
      0,
    );
  const [highest, lowest] = [curveOf("atRisk"), curveOf("atLeast")];
  const found = intervals.map((interval, at): SurvivalInterval => {
    const { survival, standardError, ci95 } = highest.steps[at]!;
    return {
      ...interval,
      atRisk: Number(risks[at]!.atRisk),
      events: Number(risks[at]!.events),
      survival,
      // Nobody is left at risk where all may have been censored before the first event.
      lowest: survival === null ? null : (lowest.steps[at]!.survival ?? survival),
      standardError,
      ci95,
    };
  });
  const quartile = (remaining: number): ValueInterval | null => crossing(found, remaining);
  return {
    n: highest.n,
    events: highest.events,
    intervals: found,
    censored: counted(censored, counts.censored.counts),
    quartiles: [quartile(0.75), quartile(0.5), quartile(0.25)],
  };
}

function counted(intervals: readonly ValueInterval[], counts: readonly bigint[]): CountedInterval[] {
  return intervals.map((interval, at) => ({ ...interval, count: Number(counts[at]!) }));
}

/** From where the lowest curve may have come down so far to where the highest has. */
function crossing(intervals: readonly SurvivalInterval[], remaining: number): ValueInterval | null {
  const first = intervals.find(({ lowest }) => lowest !== null && lowest <= remaining);
  const last = intervals.find(({ survival }) => survival !== null && survival <= remaining);
  return first === undefined ? null : { from: first.from, to: last?.to ?? null };
}
