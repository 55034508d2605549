/**
 * A survival curve that is told by interval: computed again from the judge's counts, ∏ (1 − d/n) exactly and Greenwood's error and the
 * log-log limits in doubles; and the reference's curve, of the exact times, lies between what it may have come down to within an
 * interval and what it has come down to before.
 */
import type { JsonRecord, JsonValue } from "../referenceQuery.ts";
import { compareValue, EXACT, show } from "./compareValues.ts";
import type { Tolerance } from "./compareValues.ts";
import type { CountedInterval, CountedRow } from "./countedIntervals.ts";
import { compareIntervals, endOf, intervalsOf, isInterval, numberOf } from "./countedIntervals.ts";
import type { IntervalRisk } from "./intervalRisks.ts";
import { intervalRisks } from "./intervalRisks.ts";
import { expectedList, read } from "./structuredValue.ts";

const CLOSE: Tolerance = { relative: 1e-9, absolute: 1e-9 };

/** Half the width of 95 % limits, in standard errors. */
const WIDTH = 1.959963984540054;

interface Step extends IntervalRisk {
  /** From the interval's end on. */
  readonly survival: Fraction;
  /** Within it. */
  readonly lowest: Fraction;
  readonly greenwood: number;
}

export function compareIntervalCurve(got: unknown, { cells }: CountedRow, expected: JsonRecord | undefined): string[] {
  const [events, censored] = [intervalsOf(cells, 1), intervalsOf(cells, 0)];
  const steps = stepsOf(cells);
  const totals = { n: sizeOf(events) + sizeOf(censored), events: sizeOf(events) };
  const whole = (["n", "events"] as const).flatMap((key) => [
    compareValue(key, read(got, key), totals[key], EXACT),
    expected?.[key] === undefined ? undefined : compareValue(key, read(got, key), expected[key], EXACT),
  ]);
  const counts = [
    ...compareIntervals("the intervals", read(got, "intervals"), "events", events),
    ...compareIntervals("the intervals of censored", read(got, "censored"), "count", censored),
  ];
  const curve = steps.flatMap((step, at) => compareStep(read(got, "intervals", at), step, totals.n, at));
  const quartiles = [0, 1, 2].flatMap((place) => {
    const told = read(got, "quartiles", place);
    const value = crossing(totals.n === 0 ? [] : steps, QUARTERS - 1n - BigInt(place));
    return told !== undefined && isInterval(told, value)
      ? []
      : [`quartile ${place + 1} is ${show(told)}, expected ${show(value)}`];
  });
  const reference = expected === undefined ? [] : compareReference(steps, expected);
  return [...whole, ...counts, ...curve, ...quartiles, ...reference].filter((problem) => problem !== undefined);
}

function sizeOf(intervals: readonly CountedInterval[]): number {
  return intervals.reduce((sum, { count }) => sum + count, 0);
}

function stepsOf(cells: CountedRow["cells"]): Step[] {
  let [survival, lowest]: Fraction[] = [ONE, ONE] as const;
  let greenwood = 0;
  return intervalRisks(cells).map((risk) => {
    const { count, most, least } = risk;
    survival = shrink(survival!, most, count);
    lowest = shrink(lowest!, least, count);
    if (count < most) greenwood += count / (most * (most - count));
    return { ...risk, survival, lowest, greenwood };
  });
}

function compareStep(got: unknown, { most, survival, lowest, greenwood }: Step, n: number, at: number): string[] {
  const [whole, least] = [valueOf(survival), valueOf(lowest)];
  const error = whole === 0 ? null : whole * Math.sqrt(greenwood);
  const near = (value: number): number => Math.log(-Math.log(value));
  const spread = whole === 1 || error === null ? 0 : (WIDTH * error) / (whole * -Math.log(whole));
  const limit = (sign: number): number => (whole === 1 ? 1 : Math.exp(-Math.exp(near(whole) + sign * spread)));
  const isNull = n === 0 || whole === 0;
  const members: readonly (readonly [string, JsonValue, Tolerance, ...string[]])[] = [
    ["at risk", most, EXACT, "atRisk"],
    ["survival", n === 0 ? null : whole, CLOSE, "survival"],
    ["lowest", n === 0 ? null : least, CLOSE, "lowest"],
    ["standard error", isNull ? null : error, CLOSE, "standardError"],
    ...(isNull
      ? [["limits", null, EXACT, "ci95"] as const]
      : [
          ["lower limit", limit(1), CLOSE, "ci95", "lower"] as const,
          ["upper limit", limit(-1), CLOSE, "ci95", "upper"] as const,
        ]),
  ];
  return members.flatMap(
    ([what, value, tolerance, ...path]) =>
      compareValue(`${what} of interval ${at + 1}`, read(got, ...path), value, tolerance) ?? [],
  );
}

const QUARTERS = 4n;

/** From where the curve may have come down so far, to where it has; null where it stays above for certain. */
function crossing(steps: readonly Step[], quarters: bigint): Pick<CountedInterval, "from" | "to"> | null {
  const isDown = ({ part, whole }: Fraction): boolean => part * QUARTERS <= quarters * whole;
  const first = steps.find(({ lowest }) => isDown(lowest));
  const last = steps.find(({ survival }) => isDown(survival));
  return first === undefined ? null : { from: first.from, to: last?.to ?? null };
}

// What the reference's curve may be.

function compareReference(steps: readonly Step[], expected: JsonRecord): string[] {
  const points = [
    ...expectedList(expected, "times").map((time, place) => ({
      time,
      survival: expectedList(expected, "surv")[place],
    })),
    ...expectedList(expected, "steps").map((step) => ({ time: read(step, "t"), survival: read(step, "surv") })),
  ];
  const curve = points.flatMap(({ time, survival }) => {
    if (survival === undefined) return [];
    const { least, most } = boundsAt(steps, numberOf(time));
    const isInside = Number(survival) >= least - CLOSE.absolute && Number(survival) <= most + CLOSE.absolute;
    return isInside ? [] : [`surv at ${show(time)}, ${show(survival)}, lies outside ${show([least, most])}`];
  });
  const quartiles = expectedList(expected, "quartiles_25_50_75").flatMap((value, place) => {
    const remaining = QUARTERS - 1n - BigInt(place);
    return isPossibleQuartile(steps, value, remaining)
      ? []
      : [`quartile ${place + 1} of the reference, ${show(value)}, lies outside ${show(crossing(steps, remaining))}`];
  });
  return [...curve, ...quartiles];
}

/** 1 before the first value that could be. */
function boundsAt(steps: readonly Step[], time: number): { readonly least: number; readonly most: number } {
  const holding = steps.findLast((step) => numberOf(step.from) <= time);
  const ended = steps.findLast((step) => endOf(step) <= time);
  return {
    least: holding === undefined ? 1 : valueOf(holding.lowest),
    most: ended === undefined ? 1 : valueOf(ended.survival),
  };
}

/** Where the curve is level at exactly so much, R takes the middle of that stretch, which may be later than where it came down. */
function isPossibleQuartile(steps: readonly Step[], value: JsonValue, quarters: bigint): boolean {
  const told = crossing(steps, quarters);
  const remaining = Number(quarters) / Number(QUARTERS);
  const isCertain = steps.some(({ survival }) => valueOf(survival) <= remaining);
  if (value === null || told === null) return value === null && !isCertain;
  const time = numberOf(value);
  if (time < numberOf(told.from)) return false;
  const { least, most } = boundsAt(steps, time);
  return time <= endOf(told) || (least <= remaining && most >= remaining);
}

interface Fraction {
  readonly part: bigint;
  readonly whole: bigint;
}

const ONE: Fraction = { part: 1n, whole: 1n };

/** Where nobody is at risk, nobody has the event. */
function shrink({ part, whole }: Fraction, atRisk: number, events: number): Fraction {
  if (events === 0) return { part, whole };
  return { part: part * BigInt(atRisk - events), whole: whole * BigInt(atRisk) };
}

/** Rounded below the last of 20 digits. */
function valueOf({ part, whole }: Fraction): number {
  return Number((part * DIGITS) / whole) / Number(DIGITS);
}

const DIGITS = 10n ** 20n;
