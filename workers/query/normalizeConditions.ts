/** Conditions as written to `Filter`s: typed, exact, merged per field, in canonical order. */
import type { NumericField } from "../schema/studySchema.ts";
import { addCategoryCondition, keepCategories } from "./categoryConditions.ts";
import type { ConditionContext, FieldConditions } from "./fieldConditions.ts";
import { noConditions, refuseContradiction } from "./fieldConditions.ts";
import type { End, Filter } from "./filters.ts";
import { allValues, isAll } from "./intervals.ts";
import { addNumericCondition } from "./numericConditions.ts";
import type { Condition } from "./parsedQuery.ts";
import { resolveField } from "./resolveNames.ts";
import { refuse } from "./sqlText.ts";

/** @throws CodedError SQL_UNKNOWN_* | SQL_TYPE | SQL_NO_CUT_POINT | SQL_NEVER_TRUE | SQL_PARAMETER */
export function normalizeConditions(context: ConditionContext, conditions: readonly Condition[]): Filter[] {
  const byField = new Map<number, FieldConditions>();
  for (const condition of conditions) {
    const on = resolveField(context.sql, condition.column, context.schema);
    const known = byField.get(on.index) ?? noConditions(on);
    byField.set(on.index, known);
    addCondition(context, known, condition);
    refuseContradiction(context.sql, known, condition.span);
  }
  return [...byField.values()].sort((a, b) => a.on.index - b.on.index).flatMap(filtersOf);
}

function addCondition(context: ConditionContext, known: FieldConditions, condition: Condition): void {
  const { field } = known.on;
  if (condition.kind === "null") addNullTest(context, known, condition);
  else if (field.type === "category") addCategoryCondition(context, known, field, condition);
  else addNumericCondition(context, known, field, condition);
}

function addNullTest({ sql }: ConditionContext, known: FieldConditions, condition: Condition & { kind: "null" }): void {
  const { field } = known.on;
  if (!condition.negated && field.required) {
    const problem = `${field.name} is required by the schema, so it is never missing`;
    throw refuse(sql, condition.span, problem, "SQL_NEVER_TRUE");
  }
  if (field.type === "category") {
    const present = field.categories.map((_, index) => index);
    keepCategories(known, condition.negated ? present : [present.length]);
  } else if (condition.negated) known.intervals ??= allValues(field);
  else known.missing = true;
}

function filtersOf(known: FieldConditions): Filter[] {
  const { on, others } = known;
  const constant = on.field.type === "category" ? categoryFilters(known) : numericFilters(known, on.field);
  const filters = [...constant, ...distinct(others)];
  if (filters.length > 0 || on.field.required) return filters;
  return [{ kind: "present", field: on.index }];
}

/** All categories present is no filter here: the field's other filters imply it, or `present` says it. */
function categoryFilters({ on: { index, field }, categories }: FieldConditions): Filter[] {
  const missing = field.type === "category" ? field.categories.length : 0;
  if (categories === undefined || (categories.size === missing && !categories.has(missing))) return [];
  return [{ kind: "categories", field: index, indices: [...categories].sort((a, b) => a - b) }];
}

/** One lower and one upper parameter merge with each other, or with a constant interval open at that side. */
function numericFilters(
  { on: { index }, missing, intervals, lowest, highest }: FieldConditions,
  field: NumericField,
): Filter[] {
  if (missing) return [{ kind: "missing", field: index }];
  const filters: Filter[] = [];
  const lows = [...lowest].sort((a, b) => a - b).map((parameter): End => ({ parameter }));
  const highs = [...highest].sort((a, b) => a - b).map((parameter): End => ({ parameter }));
  const range = (lo: End, hi: End): number => filters.push({ kind: "range", field: index, negated: false, lo, hi });
  const set = intervals ?? allValues(field);
  const [minimum, maximum] = set.length === 1 ? set[0]! : ([field.minimum, field.maximum] as const);
  if (set.length > 1) filters.push({ kind: "intervals", field: index, intervals: set });
  const lo = minimum === field.minimum ? lows.shift() : undefined;
  const hi = maximum === field.maximum ? highs.shift() : undefined;
  if (lo !== undefined || hi !== undefined) range(lo ?? { value: minimum }, hi ?? { value: maximum });
  else if (set.length === 1 && !isAll(field, set)) filters.push({ kind: "intervals", field: index, intervals: set });
  while (lows.length + highs.length > 0) {
    range(lows.shift() ?? { value: field.minimum }, highs.shift() ?? { value: field.maximum });
  }
  return filters;
}

function distinct(filters: readonly Filter[]): Filter[] {
  const keyed = new Map(filters.map((filter) => [keyOf(filter), filter]));
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, filter]) => filter);
}

function keyOf(filter: Filter): string {
  return JSON.stringify(filter, (_, value: unknown) => (typeof value === "bigint" ? `#${value}` : value));
}
