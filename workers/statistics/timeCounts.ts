/**
 * Subjects at risk, from how many have the event and how many are censored in intervals of times. The two are told over intervals of
 * their own, each of whole lines: when within its interval somebody is censored is not known.
 */

/** What one output counts. */
export interface LineCounts {
  /** First line of each interval, ascending from 0. */
  readonly starts: readonly number[];
  readonly counts: readonly bigint[];
}

export interface TimeCounts {
  readonly censored: LineCounts;
  readonly events: LineCounts;
  /** All there are. */
  readonly lines: number;
}

/** By interval of events, ascending. */
export interface RiskInterval {
  readonly events: bigint;
  /** At its start, if whoever is censored leaves as late as can be; and the exact number where every line is an interval. */
  readonly atRisk: bigint;
  /** At its end, before the events, if whoever is censored leaves as early as can be. */
  readonly atLeast: bigint;
}

export function riskIntervals({ censored, events, lines }: TimeCounts): RiskInterval[] {
  const end = (starts: readonly number[], at: number): number => starts[at + 1] ?? lines;
  const gone = (isGone: (start: number, end: number) => boolean): bigint =>
    censored.counts.reduce(
      (sum, count, at) => (isGone(censored.starts[at]!, end(censored.starts, at)) ? sum + count : sum),
      0n,
    );
  let left = total(censored) + total(events);
  return events.counts.map((count, at) => {
    const [first, last] = [events.starts[at]!, end(events.starts, at)];
    const interval = {
      events: count,
      atRisk: left - gone((_, until) => until <= first),
      atLeast: left - gone((from) => from < last),
    };
    left -= count;
    return interval;
  });
}

export function total({ counts }: LineCounts): bigint {
  return counts.reduce((sum, count) => sum + count, 0n);
}
