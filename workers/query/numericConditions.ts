/** Comparisons of a number or date with constants and parameters: at its cut-points, or anywhere by its digits. */
import type { NumericField } from "../schema/studySchema.ts";
import { describeMissing, highEnds, lowEnds, missingCutPoint } from "./cutPoints.ts";
import type { ConditionContext, FieldConditions } from "./fieldConditions.ts";
import { keep } from "./fieldConditions.ts";
import type { End, Filter } from "./filters.ts";
import type { IntervalSet } from "./intervals.ts";
import { complement, interval, union } from "./intervals.ts";
import type { Condition, Relation, Value } from "./parsedQuery.ts";
import type { ScaledConstant } from "./readConstants.ts";
import { readNumericConstant } from "./readConstants.ts";
import type { Span } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";

type Comparing = Exclude<Condition, { kind: "null" }>;
type Parameter = Value & { kind: "parameter" };

/** @throws CodedError SQL_TYPE | SQL_NO_CUT_POINT | SQL_PARAMETER */
export function addNumericCondition(
  context: ConditionContext,
  known: FieldConditions,
  field: NumericField,
  condition: Comparing,
): void {
  switch (condition.kind) {
    case "compare":
      return addRelation(context, known, field, condition);
    case "between":
      return condition.negated
        ? addOutside(context, known, field, condition)
        : addInside(context, known, field, condition);
    case "in":
      return addList(context, known, field, condition);
  }
}

function addRelation(
  context: ConditionContext,
  known: FieldConditions,
  field: NumericField,
  { relation, value, span }: { readonly relation: Relation; readonly value: Value; readonly span: Span },
): void {
  if (value.kind === "parameter") return addParameter(context, known, field, { relation, value });
  keepValues(context, known, field, compared(field, relation, readNumericConstant(context.sql, field, value)), span);
}

function addList(
  context: ConditionContext,
  known: FieldConditions,
  field: NumericField,
  { values, negated, span }: Comparing & { kind: "in" },
): void {
  const [only, more] = values;
  const single = { relation: negated ? "<>" : "=", span } as const;
  if (only !== undefined && more === undefined) return addRelation(context, known, field, { ...single, value: only });
  const points = values.map((value) => {
    if (value.kind !== "parameter") return compared(field, "=", readNumericConstant(context.sql, field, value));
    const problem = "a list of numbers takes constants only; compare the parameter on its own";
    throw refuse(context.sql, value.span, problem, "SQL_TYPE");
  });
  const listed = points.reduce(union, []);
  keepValues(context, known, field, negated ? complement(field, listed) : listed, span);
}

/** BETWEEN is >= AND <=. */
function addInside(
  context: ConditionContext,
  known: FieldConditions,
  field: NumericField,
  { lo, hi, span }: Comparing & { kind: "between" },
): void {
  addRelation(context, known, field, { relation: ">=", value: lo, span });
  addRelation(context, known, field, { relation: "<=", value: hi, span });
}

function addOutside(
  context: ConditionContext,
  known: FieldConditions,
  field: NumericField,
  { lo, hi, span }: Comparing & { kind: "between" },
): void {
  const { sql, uses } = context;
  const low = lo.kind === "parameter" ? field.minimum : readNumericConstant(sql, field, lo).ceiling;
  const high = hi.kind === "parameter" ? field.maximum : readNumericConstant(sql, field, hi).floor;
  const inside = interval(field, low, high);
  const [bounds] = inside;
  if (lo.kind !== "parameter" && hi.kind !== "parameter") {
    return keepValues(context, known, field, complement(field, inside), span);
  }
  if (bounds === undefined) {
    throw refuse(
      sql,
      span,
      `this is TRUE whatever the parameter: the constant is outside ${field.name}'s bounds`,
      "SQL_TYPE",
    );
  }
  refuseThresholds(context, field, inside, span);
  if (lo.kind === "parameter") uses.add(lo.index, known.on, lowEnds(field), lo.span);
  if (hi.kind === "parameter") uses.add(hi.index, known.on, highEnds(field), hi.span);
  const end = (value: Value, clamped: bigint): End =>
    value.kind === "parameter" ? { parameter: value.index } : { value: clamped };
  const ends = { lo: end(lo, bounds[0]), hi: end(hi, bounds[1]) };
  known.others.push({ kind: "range", field: known.on.index, negated: true, ...ends });
}

/**
 * value relation :p. [x >= p] and [x <= p] are ranges with p at an end. The strict forms have no such range, so
 * [x < p] is validity - [x >= p], and [x > p] is validity - [x <= p].
 */
function addParameter(
  context: ConditionContext,
  known: FieldConditions,
  field: NumericField,
  { relation, value: { index, span } }: { readonly relation: Relation; readonly value: Parameter },
): void {
  if (field.digits > 0) return addThreshold(context, known, field, relation, index, span);
  const { uses } = context;
  const [lows, highs] = [lowEnds(field), highEnds(field)];
  const allow = (allowed: readonly bigint[]): void => uses.add(index, known.on, allowed, span);
  const push = (negated: boolean, lo: End, hi: End): void => {
    known.others.push({ kind: "range", field: known.on.index, negated, lo, hi });
  };
  const end = { parameter: index };
  switch (relation) {
    case ">=":
      allow(lows);
      known.lowest.add(index);
      return;
    case "<=":
      allow(highs);
      known.highest.add(index);
      return;
    case "<":
      allow(lows.slice(1));
      return push(true, end, { value: field.maximum });
    case ">":
      allow(highs.slice(0, -1));
      return push(true, { value: field.minimum }, end);
    default:
      allow(lows.filter((low) => highs.includes(low)));
      return push(relation === "<>", end, end);
  }
}

/** By digits a parameter may be any value that leaves the comparison a choice. */
function addThreshold(
  { uses }: ConditionContext,
  known: FieldConditions,
  { minimum, maximum }: NumericField,
  relation: Relation,
  parameter: number,
  span: Span,
): void {
  const push = (negated: boolean, by: (Filter & { kind: "threshold" })["relation"]): void => {
    known.others.push({ kind: "threshold", field: known.on.index, negated, relation: by, parameter });
  };
  const lowest = relation === "<" ? minimum + 1n : minimum;
  uses.add(parameter, known.on, { minimum: lowest, maximum: relation === ">" ? maximum - 1n : maximum }, span);
  switch (relation) {
    case ">=":
      return push(false, ">=");
    case "<":
      return push(true, ">=");
    case ">":
      return push(false, ">");
    case "<=":
      return push(true, ">");
    case "=":
      return push(false, "=");
    case "<>":
      return push(true, "=");
  }
}

/** The values for which `value relation constant` is TRUE. */
function compared(field: NumericField, relation: Relation, { floor, ceiling }: ScaledConstant): IntervalSet {
  const equal = floor === ceiling ? interval(field, floor, floor) : [];
  switch (relation) {
    case "=":
      return equal;
    case "<>":
      return complement(field, equal);
    case "<":
      return interval(field, field.minimum, ceiling - 1n);
    case "<=":
      return interval(field, field.minimum, floor);
    case ">":
      return interval(field, floor + 1n, field.maximum);
    case ">=":
      return interval(field, ceiling, field.maximum);
  }
}

function keepValues(
  context: ConditionContext,
  known: FieldConditions,
  field: NumericField,
  intervals: IntervalSet,
  span: Span,
): void {
  refuseThresholds(context, field, intervals, span);
  keep(known, { kind: "numbers", intervals, missing: false });
}

function refuseThresholds({ sql }: ConditionContext, field: NumericField, set: IntervalSet, span: Span): void {
  const threshold = field.digits > 0 ? undefined : missingCutPoint(field, set);
  if (threshold !== undefined) throw refuse(sql, span, describeMissing(field, threshold), "SQL_NO_CUT_POINT");
}
