/**
 * Reference answers about the order of values, of rows in clear and as R has them: by sorting, one time after another, in doubles. For
 * tests that make their own data.
 */
import { daysOf } from "./studyField.ts";
import type { JsonRecord } from "./referenceQuery.ts";

/** A number, or the days of a date. */
export function valueOf(text: string): number {
  const days = daysOf(text);
  return days === undefined ? Number(text) : Number(days);
}

/** Of types 7 and 1. */
export function quantilesOf(values: readonly number[], probabilities: readonly number[]): JsonRecord {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const at = (place: number): number | null => sorted[Math.min(Math.max(place, 1), n) - 1] ?? null;
  // A product that should be whole may be a little more.
  const rounded = (place: number): number => Math.round(place * 1e9) / 1e9;
  const type7 = probabilities.map((p) => {
    const place = rounded(1 + (n - 1) * p);
    const [low, high] = [at(Math.floor(place)), at(Math.ceil(place))];
    return low === null || high === null ? null : low + (high - low) * (place - Math.floor(place));
  });
  return { n, type7, type1: probabilities.map((p) => at(Math.ceil(rounded(n * p)))) };
}

export interface End {
  readonly time: number;
  readonly isEvent: boolean;
}

/** The product-limit curve, with a step at each time of an event; and R's quartiles. */
export function curveOf(ends: readonly End[]): JsonRecord {
  const times = [...new Set(ends.map(({ time }) => time))].sort((a, b) => a - b);
  let surv = 1;
  const steps = times.flatMap((t) => {
    const [atRisk, events] = countsAt(ends, t);
    if (events === 0) return [];
    surv *= (atRisk - events) / atRisk;
    return [{ t, n_risk: atRisk, events, surv }];
  });
  const quartiles = [0.75, 0.5, 0.25].map((left) => {
    const isLevel = (value: number): boolean => Math.abs(value - left) < 1e-9;
    const reached = steps.find((step) => step.surv < left || isLevel(step.surv));
    if (reached === undefined) return null;
    if (!isLevel(reached.surv)) return reached.t;
    return (reached.t + (steps.find((step) => step.t > reached.t)?.t ?? times.at(-1)!)) / 2;
  });
  const events = ends.filter(({ isEvent }) => isEvent).length;
  return { n: ends.length, events, steps, quartiles_25_50_75: quartiles };
}

function countsAt(ends: readonly End[], at: number): [atRisk: number, events: number] {
  return [
    ends.filter(({ time }) => time >= at).length,
    ends.filter(({ time, isEvent }) => time === at && isEvent).length,
  ];
}
