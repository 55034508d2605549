/**
 * `km_logrank`: the product-limit curve of each group, and the log-rank test between them, each a statement of its own. Without
 * disclosure control they are of all times, with it of intervals of merged lines.
 */
import { groupAxes } from "../judge/judgedAnswer.ts";
import type { JudgedOrder } from "../judge/judgedAnswer.ts";
import type { JsonRecord, ReferenceQuery } from "../referenceQuery.ts";
import { isSameKey, show } from "./compareValues.ts";
import { compareRows } from "./countedIntervals.ts";
import { compareCurve, compareTest } from "./exactSurvival.ts";
import { compareIntervalCurve } from "./intervalCurve.ts";
import { compareIntervalTest } from "./intervalTest.ts";
import { conditionKeys, groupItems, usesOf } from "./selection.ts";
import { expectedRecords } from "./structuredValue.ts";
import type { Naming, Statement, TranslateKind } from "./translation.ts";

export const translateSurvival: TranslateKind = (query) => {
  const [time, status] = [query.text("time"), query.text("status")];
  const groupBy = query.texts("group_by");
  const strata = query.optionalText("strata");
  const isTested = query.expected["logrank"] !== undefined && groupBy.length > 0;
  if (isTested && groupBy.length > 1)
    return { unsupported: "a log-rank test compares the groups of one column, not those of several" };
  const logRank = isTested ? [logRankOf(query, groupBy)] : [];
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

/** The columns of both statistics, and whose rows they are of. */
function endsOf(query: ReferenceQuery): { readonly present: readonly string[]; readonly order: JudgedOrder } {
  const [time, status] = [query.text("time"), query.text("status")];
  return { present: [time, status], order: { column: time, ends: { column: status, event: eventValue(query) } } };
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
    judged: { axes: groupAxes(groupBy), ...endsOf(query) },
    compare: (answer, cells) => {
      const curves = expectedRecords(query, "curves");
      if (cells.length > 0) return compareRows(answer, cells, groupBy, curves, compareIntervalCurve);
      return curves.flatMap((expected) => {
        const row = answer.rows.find((each) => groupBy.every((name, axis) => isSameKey(each[axis], expected[name])));
        if (row === undefined) return [`the curve of ${show(groupBy.map((name) => expected[name]))} is missing`];
        return compareCurve(row[groupBy.length], expected);
      });
    },
  };
}

function logRankOf(query: ReferenceQuery, groupBy: readonly string[]): Statement {
  const strata = query.optionalText("strata");
  const expected = query.expected["logrank"] as JsonRecord;
  const { present, order } = endsOf(query);
  const compared = [...groupBy, ...(strata === undefined ? [] : [strata])];
  return {
    select: (naming) => {
      const stratified = strata === undefined ? "" : `, STRATA ${naming.column(strata)}`;
      return [`LOGRANK(${eventOf(query, naming)}${stratified}) AS test`];
    },
    groupBy,
    columns: ["logrank"],
    judged: {
      axes: compared.map((column) => ({ column, missing: false })),
      present: [...present, ...compared],
      order,
    },
    compare: (answer, cells) =>
      cells.length > 0
        ? compareRows(answer, cells, [], [expected], compareIntervalTest)
        : compareTest(answer.rows[0]?.[0], expected),
  };
}
