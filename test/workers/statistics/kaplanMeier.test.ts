import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kaplanMeier } from "../../../workers/statistics/kaplanMeier.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertAllClose, assertClose, assertPlain } from "./numbers.ts";
import type { Row } from "./referenceAnswers.ts";
import { decimalsOf, groupRows, referenceQueries, scaled } from "./referenceAnswers.ts";
import type { FollowUp } from "./survivalRows.ts";
import { riskSteps } from "./survivalRows.ts";

const property = { numRuns: budget.propertyRuns };
const subjects = fc.array(fc.record({ time: fc.bigInt({ min: 0n, max: 12n }), event: fc.boolean() }), {
  maxLength: 25,
});

interface KmQuery {
  readonly time: string;
  readonly status: string;
  readonly event?: number;
  readonly group_by?: string;
}
type Curve = Readonly<Record<string, unknown>> & {
  readonly n: number;
  readonly events: number;
  readonly times: readonly number[];
  readonly surv: readonly number[];
  readonly greenwood_se: readonly number[];
  readonly ci95_loglog_lower: readonly number[];
  readonly ci95_loglog_upper: readonly number[];
  readonly n_risk: readonly number[];
  readonly last_time: number;
  readonly quartiles_25_50_75: readonly (number | null)[];
};
interface Steps {
  readonly arm: string;
  readonly steps: readonly {
    readonly t: number;
    readonly n_risk: number;
    readonly events: number;
    readonly surv: number;
  }[];
}

function followUp(rows: readonly Row[], { time, status, event = 1 }: KmQuery, decimals: number): FollowUp[] {
  return rows
    .filter((row) => row[time] !== "" && row[status] !== "")
    .map((row) => ({ time: scaled(row[time]!, decimals), event: Number(row[status]) === event }));
}

describe("kaplanMeier", () => {
  for (const { id, query, rows, expected } of referenceQueries<KmQuery, { curves: Curve[] }>("km_logrank")) {
    it(`gives R's survfit: ${id}`, () => {
      const decimals = 2;
      const groups = groupRows(rows, query.group_by);
      for (const curve of expected.curves) {
        const name = query.group_by === undefined ? "" : String(curve[query.group_by]);
        const steps = riskSteps(followUp(groups.get(name)!, query, decimals));
        const times = curve.times.map((time) => BigInt(Math.round(time * 10 ** decimals)));
        const found = kaplanMeier(steps, times, decimals);
        assertPlain(found);
        assert.deepEqual([found.n, found.events], [curve.n, curve.events]);
        assert.deepEqual(
          found.at.map(({ time }) => time),
          curve.times,
        );
        assert.deepEqual(
          found.at.map(({ atRisk }) => atRisk),
          curve.n_risk,
        );
        const column = (of: (point: (typeof found.at)[number]) => number | null): (number | null)[] => found.at.map(of);
        assertAllClose(
          column(({ survival }) => survival),
          curve.surv,
          `${name} survival`,
        );
        assertAllClose(
          column(({ standardError }) => standardError),
          curve.greenwood_se,
          `${name} Greenwood`,
        );
        assertAllClose(
          column(({ ci95 }) => ci95?.lower ?? null),
          curve.ci95_loglog_lower,
          `${name} lower`,
        );
        assertAllClose(
          column(({ ci95 }) => ci95?.upper ?? null),
          curve.ci95_loglog_upper,
          `${name} upper`,
        );
        assertAllClose(found.quartiles, curve.quartiles_25_50_75, `${name} quartiles`, 1e-12);
        assert.equal(found.steps.at(-1)!.time, curve.last_time);
      }
    });
  }

  const edges = referenceQueries<KmQuery, { curves: Steps[] }>("km_logrank", "edge_reference.json");
  for (const { id, query, rows, expected } of edges) {
    it(`gives the exact product: ${id}`, () => {
      const decimals = decimalsOf(rows, query.time);
      const groups = groupRows(rows, query.group_by);
      for (const { arm, steps } of expected.curves) {
        const found = kaplanMeier(riskSteps(followUp(groups.get(arm)!, query, decimals)), [], decimals);
        assert.deepEqual(
          found.steps.map(({ time, atRisk }) => [time, atRisk]),
          steps.map(({ t, n_risk: atRisk }) => [t, atRisk]),
        );
        assertAllClose(
          found.steps.map(({ survival }) => survival),
          steps.map(({ surv }) => surv),
          arm,
          1e-15,
        );
      }
    });
  }

  const steps = (...triples: [time: number, atRisk: number, events: number][]) =>
    triples.map(([time, atRisk, events]) => ({ time: BigInt(time), atRisk: BigInt(atRisk), events: BigInt(events) }));

  it("is 1 before the first event, right-continuous, and carried on after the last time", () => {
    const curve = kaplanMeier(steps([5, 4, 1], [8, 3, 0], [9, 2, 1]), [0n, 4n, 5n, 6n, 9n, 100n], 0);
    assert.deepEqual(
      curve.at.map(({ survival, atRisk }) => [survival, atRisk]),
      [
        [1, 4],
        [1, 4],
        [0.75, 4],
        [0.75, 3],
        [0.375, 2],
        [0.375, 0],
      ],
    );
    assert.deepEqual(curve.at[0], { time: 0, survival: 1, standardError: 0, ci95: { lower: 1, upper: 1 }, atRisk: 4 });
  });

  it("ends without a standard error where everyone has had the event", () => {
    const curve = kaplanMeier(steps([1, 2, 1], [2, 1, 1]), [], 0);
    assert.deepEqual(curve.steps[1], { time: 2, survival: 0, standardError: null, ci95: null, atRisk: 1 });
    assert.deepEqual(kaplanMeier(steps([0, 3, 3]), [0n], 0).at[0]!.survival, 0);
    assert.deepEqual(kaplanMeier(steps([0, 3, 3]), [], 0).quartiles, [0, 0, 0]);
  });

  it("has the middle of a stretch that is level at exactly the quartile, to the end of follow-up if it is the last", () => {
    const level = kaplanMeier(steps([10, 4, 1], [15, 3, 0], [20, 2, 1]), [], 1);
    // S = 3/4 on [1.0, 2.0), then 3/8.
    assert.deepEqual(level.quartiles, [1.5, 2, null]);
    const last = kaplanMeier(steps([10, 4, 2], [35, 2, 0]), [], 1);
    assert.deepEqual(last.quartiles, [1, 2.25, null]);
    const atTheEnd = kaplanMeier(steps([10, 4, 2]), [], 1);
    assert.deepEqual(atTheEnd.quartiles, [1, 1, null]);
    // 2/3 · 3/4 is exactly one half.
    const exactHalf = kaplanMeier(steps([1, 6, 2], [2, 4, 1], [4, 2, 0], [6, 1, 1]), [], 0);
    assert.deepEqual(exactHalf.quartiles, [1, 4, 6]);
  });

  it("has no value without subjects, and 1 for all where all are censored", () => {
    assert.deepEqual(kaplanMeier([], [3n], 0), {
      n: 0,
      events: 0,
      steps: [],
      at: [{ time: 3, survival: null, standardError: null, ci95: null, atRisk: 0 }],
      quartiles: [null, null, null],
    });
    const nobody = kaplanMeier(steps([1, 0, 0]), [1n], 0);
    assert.deepEqual([nobody.steps[0]!.survival, nobody.quartiles], [null, [null, null, null]]);
    const censored = kaplanMeier(steps([1, 5, 0], [2, 3, 0]), [7n], 0);
    assert.deepEqual([censored.at[0]!.survival, censored.at[0]!.standardError, censored.events], [1, 0, 0]);
    assert.deepEqual(censored.quartiles, [null, null, null]);
  });

  it("is the share still without the event while nobody is censored", () => {
    fc.assert(
      fc.property(subjects, (sample) => {
        const all = sample.map(({ time }) => ({ time, event: true }));
        const curve = kaplanMeier(riskSteps(all), [], 0);
        for (const { time, survival, standardError } of curve.steps) {
          const left = all.filter((subject) => Number(subject.time) > time).length / all.length;
          assert.equal(survival, left);
          if (left > 0) assertClose(standardError, Math.sqrt((left * (1 - left)) / all.length), "binomial", 1e-14);
        }
      }),
      property,
    );
  });

  it("never rises, stays inside its limits, and follows the unit of time only in its labels", () => {
    fc.assert(
      fc.property(subjects, fc.bigInt({ min: 1n, max: 9n }), (sample, by) => {
        const curve = kaplanMeier(riskSteps(sample), [], 0);
        assertPlain(curve);
        let before = 1;
        for (const { survival, ci95, standardError } of curve.steps) {
          assert.ok(survival! <= before && survival! >= 0);
          before = survival!;
          assert.equal(ci95 === null, survival === 0);
          assert.equal(standardError === null, survival === 0);
          if (ci95 !== null) assert.ok(ci95.lower <= survival! + 1e-15 && survival! - 1e-15 <= ci95.upper);
        }
        const moved = kaplanMeier(riskSteps(sample.map(({ time, event }) => ({ time: by * time, event }))), [], 0);
        assert.deepEqual(
          moved.steps.map(({ survival, standardError, ci95 }) => [survival, standardError, ci95]),
          curve.steps.map(({ survival, standardError, ci95 }) => [survival, standardError, ci95]),
        );
        const factor = Number(by);
        assert.deepEqual(
          moved.quartiles,
          curve.quartiles.map((time) => (time === null ? null : time * factor)),
        );
        const [first, median, third] = curve.quartiles.map((time) => time ?? Infinity);
        assert.ok(first! <= median! && median! <= third!);
      }),
      property,
    );
  });

  it("refuses counts that no follow-up has", () => {
    const refused = { detail: { code: "ANSWER_INCONSISTENT", statistic: "Kaplan-Meier" } };
    for (const impossible of [
      steps([1, 3, 4]),
      steps([1, 3, -1]),
      steps([1, 3, 1], [2, 3, 0]),
      steps([2, 3, 1], [1, 2, 0]),
      steps([1, 3, 1], [1, 2, 0]),
    ]) {
      assert.throws(() => kaplanMeier(impossible, [], 0), refused);
    }
  });
});
