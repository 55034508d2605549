/** What intervals tell of survival, against the exact statistics of the times that they count. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { intervalSurvival } from "../../../workers/statistics/intervalTables.ts";
import type { ValueInterval } from "../../../workers/statistics/intervalTables.ts";
import { kaplanMeier } from "../../../workers/statistics/kaplanMeier.ts";
import { riskIntervals } from "../../../workers/statistics/timeCounts.ts";
import type { LineCounts, TimeCounts } from "../../../workers/statistics/timeCounts.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const LINES = 8;
const property = { numRuns: budget.propertyRuns };

interface Subject {
  readonly time: number;
  readonly isEvent: boolean;
}

const subjects = fc.array(fc.record({ time: fc.integer({ min: 0, max: LINES - 1 }), isEvent: fc.boolean() }), {
  minLength: 1,
  maxLength: 40,
});
const starts = fc.subarray(Array.from({ length: LINES - 1 }, (_, line) => line + 1)).map((chosen) => [0, ...chosen]);

function counted(sample: readonly Subject[], isEvent: boolean, chosen: readonly number[]): LineCounts {
  const counts = chosen.map((from, at) => {
    const to = chosen[at + 1] ?? LINES;
    return BigInt(sample.filter((each) => each.isEvent === isEvent && each.time >= from && each.time < to).length);
  });
  return { starts: chosen, counts };
}

function timeCounts(sample: readonly Subject[], censored: readonly number[], events: readonly number[]): TimeCounts {
  return { censored: counted(sample, false, censored), events: counted(sample, true, events), lines: LINES };
}

function named(chosen: readonly number[]): ValueInterval[] {
  return chosen.map((from, at) => ({ from: `${from}`, to: chosen[at + 1] === undefined ? null : `${chosen[at + 1]}` }));
}

/** Of the exact times, as R has it. */
function exactSurvival(sample: readonly Subject[]) {
  const steps = Array.from({ length: LINES }, (_, time) => ({
    time: BigInt(time),
    atRisk: BigInt(sample.filter((each) => each.time >= time).length),
    events: BigInt(sample.filter((each) => each.time === time && each.isEvent).length),
  }));
  return kaplanMeier(steps, [], 0);
}

describe("intervalSurvival", () => {
  it("has the exact curve between its lowest and its highest at the end of each interval", () => {
    fc.assert(
      fc.property(subjects, starts, starts, (sample, censored, events) => {
        const counts = timeCounts(sample, censored, events);
        const curve = intervalSurvival(named(events), named(censored), counts);
        const exact = exactSurvival(sample);
        assert.equal(curve.n, sample.length);
        assert.equal(curve.events, exact.events);
        curve.intervals.forEach(({ survival, lowest }, at) => {
          const last = (events[at + 1] ?? LINES) - 1;
          const own = exact.steps[last]!.survival!;
          const message = `${lowest} <= ${own} <= ${survival}`;
          assert.ok(lowest! <= own + 1e-12 && own <= survival! + 1e-12, message);
        });
      }),
      property,
    );
  });

  it("is the exact curve, with its limits, where every line is an interval", () => {
    const all = Array.from({ length: LINES }, (_, line) => line);
    fc.assert(
      fc.property(subjects, (sample) => {
        const curve = intervalSurvival(named(all), named(all), timeCounts(sample, all, all));
        const exact = exactSurvival(sample);
        curve.intervals.forEach(({ survival, standardError, ci95, atRisk }, line) => {
          const point = exact.steps[line]!;
          assert.deepEqual(
            [survival, standardError, ci95, atRisk],
            [point.survival, point.standardError, point.ci95, point.atRisk],
          );
        });
      }),
      property,
    );
  });

  it("says between which limits a quarter, half and three quarters have had the event", () => {
    fc.assert(
      fc.property(subjects, starts, starts, (sample, censored, events) => {
        const { quartiles } = intervalSurvival(named(events), named(censored), timeCounts(sample, censored, events));
        const exact = exactSurvival(sample);
        [0.75, 0.5, 0.25].forEach((remaining, at) => {
          const reached = exact.steps.findIndex(({ survival }) => survival! <= remaining + 1e-12);
          const told = quartiles[at];
          if (reached < 0) return assert.ok(told === null || told?.to === null);
          assert.ok(told !== null && told !== undefined && Number(told.from) <= reached);
          assert.ok(told.to === null || reached < Number(told.to));
        });
      }),
      property,
    );
  });

  it("tells nothing of nobody, and refuses counts that no subjects have", () => {
    const nobody = intervalSurvival(named([0]), named([0]), timeCounts([], [0], [0]));
    assert.deepEqual(nobody.intervals, [
      { from: "0", to: null, atRisk: 0, events: 0, survival: null, lowest: null, standardError: null, ci95: null },
    ]);
    assert.deepEqual([nobody.n, nobody.events, nobody.quartiles], [0, 0, [null, null, null]]);
    const below: TimeCounts = {
      censored: { starts: [0], counts: [3n] },
      events: { starts: [0], counts: [-1n] },
      lines: 1,
    };
    assert.throws(() => intervalSurvival(named([0]), named([0]), below), { code: "ANSWER_INCONSISTENT" });
  });
});

describe("riskIntervals", () => {
  it("takes the censored out at the end of their interval, or at its start", () => {
    const counts: TimeCounts = {
      censored: { starts: [0, 4], counts: [5n, 7n] },
      events: { starts: [0, 2, 6], counts: [10n, 20n, 30n] },
      lines: 8,
    };
    assert.deepEqual(riskIntervals(counts), [
      { events: 10n, atRisk: 72n, atLeast: 67n },
      { events: 20n, atRisk: 62n, atLeast: 50n },
      { events: 30n, atRisk: 37n, atLeast: 30n },
    ]);
  });
});
