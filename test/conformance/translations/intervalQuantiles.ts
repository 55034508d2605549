/**
 * Quantiles that are told by interval: which one holds each follows from the judge's counts, and the reference's value lies in it.
 * Of type 7 that may be from the interval of one value to that of the next.
 */
import { readDecimal } from "../decimalText.ts";
import type { JsonRecord } from "../referenceQuery.ts";
import { compareValue, EXACT, show, sumTolerance } from "./compareValues.ts";
import type { CountedInterval, CountedRow } from "./countedIntervals.ts";
import { compareIntervals, endOf, intervalsOf, isInterval, numberOf } from "./countedIntervals.ts";
import { expectedList, read } from "./structuredValue.ts";

export interface AskedQuantiles {
  readonly type: number;
  readonly probabilities: readonly number[];
  /** Of the column's last decimal. */
  readonly unit: number;
}

export function compareIntervalQuantiles(
  got: unknown,
  { cells }: CountedRow,
  expected: JsonRecord | undefined,
  { type, probabilities, unit }: AskedQuantiles,
): string[] {
  const intervals = intervalsOf(cells, 0);
  const n = intervals.reduce((sum, { count }) => sum + count, 0);
  const whole = [
    compareValue("n", read(got, "n"), n, EXACT),
    compareValue("type", read(got, "type"), type, EXACT),
    expected?.["n"] === undefined ? undefined : compareValue("n", read(got, "n"), expected["n"], EXACT),
  ];
  const values = expected === undefined ? [] : expectedList(expected, `type${type}`);
  const quantiles = probabilities.flatMap((p, place) => {
    const held = holding(intervals, n, p, type);
    const told = read(got, "quantiles", place, "interval");
    const what = `the interval of quantile ${place + 1}`;
    if (!isInterval(told, held)) return [`${what} is ${show(told)}, expected ${show(held)}`];
    const value = values[place];
    if (value === undefined || (value === null && held === null)) return [];
    const isInside = value !== null && held !== null && isWithin(numberOf(value), held, unit);
    return isInside ? [] : [`quantile ${place + 1}, ${show(value)}, lies outside ${show(held)}`];
  });
  return [
    ...whole.filter((problem) => problem !== undefined),
    ...compareIntervals("the intervals", read(got, "intervals"), "count", intervals),
    ...quantiles,
  ];
}

/** Of n values, each of them counted from 1: type 1 is number ⌈np⌉, type 7 between two around 1 + (n − 1)p. */
function holding(
  intervals: readonly CountedInterval[],
  n: number,
  p: number,
  type: number,
): Pick<CountedInterval, "from" | "to"> | null {
  if (n === 0) return null;
  const { digits, decimals } = readDecimal(String(p))!;
  const unit = 10n ** BigInt(decimals);
  const ceiling = (value: bigint): number => Number((value + unit - 1n) / unit);
  const steps = BigInt(n - 1) * digits;
  const places =
    type === 1 ? [Math.max(1, ceiling(BigInt(n) * digits))] : [1 + Number(steps / unit), 1 + ceiling(steps)];
  const [first, last] = [places[0]!, places.at(-1)!].map((place) => {
    let before = 0;
    return intervals.find(({ count }) => (before += count) >= place)!;
  });
  return { from: first!.from, to: last!.to };
}

function isWithin(value: number, interval: Pick<CountedInterval, "from" | "to">, unit: number): boolean {
  const { relative, absolute } = sumTolerance(unit);
  const most = Math.max(Math.abs(value) * relative, absolute);
  return value >= numberOf(interval.from) - most && value <= endOf(interval) + most;
}
