/** `km_logrank`: the product-limit curve of each group, and the log-rank test between them, each a statement of its own. */
import type { JsonRecord, ReferenceQuery } from "../referenceQuery.ts";
import { compareValue, EXACT, isSameKey, show, spreadTolerance } from "./compareValues.ts";
import { conditionKeys, groupItems, usesOf } from "./selection.ts";
import { expectedList, expectedRecords, read, readList } from "./structuredValue.ts";
import type { Naming, Statement, TranslateKind } from "./translation.ts";

export const translateSurvival: TranslateKind = (query) => {
  const [time, status] = [query.text("time"), query.text("status")];
  const groupBy = query.texts("group_by");
  const strata = query.optionalText("strata");
  const logRank = query.expected["logrank"] === undefined || groupBy.length === 0 ? [] : [logRankOf(query, groupBy)];
  return {
    table: query.text("table"),
    uses: usesOf([...groupBy, status, strata], [], [time]),
    named: [{ column: status, value: eventValue(query) }],
    ...conditionKeys(query),
    derived: [],
    statements: [curvesOf(query, groupBy), ...logRank],
  };
};

/** What of the status is the event. */
function eventValue(query: ReferenceQuery): string {
  return String(query.value("event") ?? 1);
}

/** The arguments of both statistics. */
function eventOf(query: ReferenceQuery, naming: Naming): string {
  const [time, status] = [query.text("time"), query.text("status")];
  return `${naming.column(time)}, ${naming.column(status)} = ${naming.constant(status, eventValue(query))}`;
}

function curvesOf(query: ReferenceQuery, groupBy: readonly string[]): Statement {
  return {
    select: (naming) => [...groupItems(naming, groupBy), `KAPLAN_MEIER(${eventOf(query, naming)}) AS curve`],
    groupBy,
    columns: [...groupBy, "curve"],
    judged: undefined,
    compare: ({ rows }) =>
      expectedRecords(query, "curves").flatMap((expected) => {
        const row = rows.find((each) => groupBy.every((name, axis) => isSameKey(each[axis], expected[name])));
        if (row === undefined) return [`the curve of ${show(groupBy.map((name) => expected[name]))} is missing`];
        return compareCurve(row[groupBy.length], expected);
      }),
  };
}

function compareCurve(curve: unknown, expected: JsonRecord): string[] {
  const precise = spreadTolerance(1);
  const totals = (["n", "events"] as const).map((key) =>
    expected[key] === undefined ? undefined : compareValue(key, read(curve, key), expected[key], EXACT),
  );
  const times = expectedList(expected, "times").flatMap((time, place) => {
    const point = pointAt(curve, Number(time));
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
      read(pointAt(curve, Number(time)), "survival"),
      Number(survival),
      precise,
    );
  });
  const quartiles = expectedList(expected, "quartiles_25_50_75").map((value, place) =>
    compareValue(`quartile ${place + 1}`, read(curve, "quartiles", place), value, precise),
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

function logRankOf(query: ReferenceQuery, groupBy: readonly string[]): Statement {
  const strata = query.optionalText("strata");
  return {
    select: (naming) => {
      const stratified = strata === undefined ? "" : `, STRATA ${naming.column(strata)}`;
      return [`LOGRANK(${eventOf(query, naming)}${stratified}) AS test`];
    },
    groupBy,
    columns: ["logrank"],
    judged: undefined,
    compare: ({ rows }) => compareTest(rows[0]?.[0], query.expected["logrank"] as JsonRecord),
  };
}

function compareTest(got: unknown, expected: JsonRecord): string[] {
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
