/** Survival without disclosure control, where each line holds one time: the reference's own numbers. */
import type { JsonRecord } from "../referenceQuery.ts";
import { compareValue, EXACT, isSameKey, show, spreadTolerance } from "./compareValues.ts";
import { numberOf } from "./countedIntervals.ts";
import { expectedList, read, readList } from "./structuredValue.ts";

export function compareCurve(curve: unknown, expected: JsonRecord): string[] {
  const precise = spreadTolerance(1);
  const totals = (["n", "events"] as const).map((key) =>
    expected[key] === undefined ? undefined : compareValue(key, read(curve, key), expected[key], EXACT),
  );
  const times = expectedList(expected, "times").flatMap((time, place) => {
    const point = pointAt(curve, numberOf(time));
    return POINTS.map(([key, ...path]) => {
      const value = expectedList(expected, key)[place];
      return value === undefined
        ? undefined
        : compareValue(`${key} at ${show(time)}`, read(point, ...path) ?? null, value, precise);
    });
  });
  const steps = expectedList(expected, "steps").map((step) => {
    const time = read(step, "t");
    const survival = read(step, "surv");
    return compareValue(
      `surv at ${show(time)}`,
      read(pointAt(curve, numberOf(time)), "survival"),
      Number(survival),
      precise,
    );
  });
  const quartiles = expectedList(expected, "quartiles_25_50_75").map((value, place) =>
    compareValue(
      `quartile ${place + 1}`,
      read(curve, "quartiles", place),
      value === null ? null : numberOf(value),
      precise,
    ),
  );
  return [...totals, ...times, ...steps, ...quartiles].filter((problem) => problem !== undefined);
}

const POINTS: readonly (readonly [key: string, ...path: string[]])[] = [
  ["surv", "survival"],
  ["greenwood_se", "standardError"],
  ["ci95_loglog_lower", "ci95", "lower"],
  ["ci95_loglog_upper", "ci95", "upper"],
];

/** Right-continuous; 1 before the first step, and the last value is carried on. */
function pointAt(curve: unknown, time: number): unknown {
  const start = { survival: 1, standardError: 0, ci95: { lower: 1, upper: 1 } };
  return readList(curve, "steps").findLast((step) => Number(read(step, "time")) <= time) ?? start;
}

export function compareTest(got: unknown, expected: JsonRecord): string[] {
  const precise = spreadTolerance(1);
  const labels = readList(got, "groups");
  const test = read(got, "test");
  const groups = expectedList(expected, "groups").flatMap((group, place) => {
    const own = labels.length === 0 ? place : labels.findIndex((label) => isSameKey(label, group));
    return (["observed", "expected"] as const).map((key) =>
      compareValue(
        `${key} of ${show(group)}`,
        read(test, key, own),
        expectedList(expected, key)[place] ?? null,
        precise,
      ),
    );
  });
  const whole = [
    compareValue("chisq", read(test, "chiSquare"), expected["chisq"] ?? null, precise),
    compareValue("df", read(test, "df"), expected["df"] ?? null, EXACT),
    compareValue("p", read(test, "p"), expected["p"] ?? null, precise),
  ];
  return [...groups, ...whole].filter((problem) => problem !== undefined);
}
