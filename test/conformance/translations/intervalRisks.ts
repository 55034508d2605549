/**
 * How many are at risk in each interval of events, by the judge's counts. Whoever is censored in an interval of their own may leave at
 * its start, or stay to its end: no more are at risk at an interval's start than `most`, no fewer see its events than `least`.
 */
import type { JudgedCell } from "../judge/judgedAnswer.ts";
import type { CountedInterval } from "./countedIntervals.ts";
import { endOf, intervalsOf, numberOf } from "./countedIntervals.ts";

export interface IntervalRisk extends CountedInterval {
  readonly most: number;
  readonly least: number;
}

/** @param cells of one slice */
export function intervalRisks(cells: readonly JudgedCell[]): IntervalRisk[] {
  const [censored, events] = [intervalsOf(cells, 0), intervalsOf(cells, 1)];
  const sum = (of: readonly CountedInterval[]): number => of.reduce((total, { count }) => total + count, 0);
  const all = sum(censored) + sum(events);
  return events.map((own, at) => {
    const left = all - sum(events.slice(0, at));
    const gone = censored.filter((each) => endOf(each) <= numberOf(own.from));
    const perhaps = censored.filter((each) => numberOf(each.from) < endOf(own));
    return { ...own, most: left - sum(gone), least: left - sum(perhaps) };
  });
}
