/**
 * WHERE as written to clauses: typed, exact, in canonical order (`filters.ts`). NOT is moved to the leaves, which is sound in
 * three-valued logic: De Morgan's laws hold there, and a leaf is never TRUE, like its negation, where its value is missing.
 */
import { isCoded } from "../errors.ts";
import type { NumericField } from "../schema/studySchema.ts";
import { addCategoryCondition } from "./categoryConditions.ts";
import type { ConditionContext, FieldConditions, FieldSet } from "./fieldConditions.ts";
import {
  hasParameters,
  holdsAllValues,
  intersectSets,
  isEmptySet,
  isEverything,
  keep,
  missingSet,
  noConditions,
  presentSet,
  refuseContradiction,
  uniteSets,
} from "./fieldConditions.ts";
import type { Clause, End, Filter } from "./filters.ts";
import { inOrder } from "./filters.ts";
import { allValues } from "./intervals.ts";
import { addNumericCondition } from "./numericConditions.ts";
import type { Condition, ConditionTree } from "./parsedQuery.ts";
import { withoutNot } from "./withoutNot.ts";
import type { PositiveTree } from "./withoutNot.ts";
import type { ResolvedField } from "./resolveNames.ts";
import { resolveField } from "./resolveNames.ts";
import { refuse } from "./sqlText.ts";
import type { Span } from "./sqlText.ts";

/** A disjunction's meaning, as far as it is simpler than a clause. */
type Disjunction =
  | { readonly kind: "everything" | "nothing" }
  | { readonly kind: "field"; readonly on: ResolvedField; readonly set: FieldSet }
  | { readonly kind: "clause"; readonly clause: Clause };

/**
 * @returns clauses that must all hold
 * @throws CodedError SQL_UNKNOWN_* | SQL_TYPE | SQL_NO_CUT_POINT | SQL_NEVER_TRUE | SQL_PARAMETER
 */
export function normalizeConditions(context: ConditionContext, where: ConditionTree | undefined): Clause[] {
  if (where === undefined) return [];
  const clauses = conjunction(context, [withoutNot(context, where)]);
  if (clauses !== undefined) return clauses;
  throw refuse(context.sql, where.span, "these conditions are never TRUE together", "SQL_NEVER_TRUE");
}

/** Undefined: no row can satisfy all, where that is the sum of several parts; a field's own contradiction is refused. */
function conjunction(context: ConditionContext, parts: readonly PositiveTree[]): Clause[] | undefined {
  const byField = new Map<number, FieldConditions>();
  const others: Clause[] = [];
  for (const part of parts.flatMap((each) => flattened(each, "and"))) {
    if (!isJoined(part)) {
      const known = knownOf(byField, resolveField(context.sql, part.column, context.schema));
      addCondition(context, known, part);
      refuseContradiction(context.sql, known, part.span);
      continue;
    }
    const either = disjunction(context, part.parts);
    if (either.kind === "nothing") return undefined;
    if (either.kind === "clause") others.push(either.clause);
    if (either.kind === "field") {
      const known = knownOf(byField, either.on);
      keep(known, either.set);
      refuseContradiction(context.sql, known, part.span);
    }
  }
  const filters = [...byField.values()].flatMap(filtersOf);
  return inOrder([...filters, ...others]);
}

function knownOf(byField: Map<number, FieldConditions>, on: ResolvedField): FieldConditions {
  const known = byField.get(on.index) ?? noConditions(on);
  byField.set(on.index, known);
  return known;
}

/** Constant conditions on one field unite; a part that can never be TRUE is left out. */
function disjunction(context: ConditionContext, parts: readonly PositiveTree[]): Disjunction {
  const constants = new Map<number, { readonly on: ResolvedField; readonly set: FieldSet }>();
  const clauses: Clause[] = [];
  const add = (on: ResolvedField, set: FieldSet): void => {
    const before = constants.get(on.index)?.set;
    constants.set(on.index, { on, set: before === undefined ? set : uniteSets(before, set) });
  };
  for (const part of parts.flatMap((each) => flattened(each, "or"))) {
    const found = partOf(context, part);
    if (found.kind === "everything") return found;
    if (found.kind === "field") add(found.on, found.set);
    if (found.kind === "clause") clauses.push(found.clause);
  }
  const fields = [...constants.values()].filter(({ set }) => !isEmptySet(set));
  if (fields.some(({ on, set }) => isEverything(on.field, set))) return { kind: "everything" };
  const [only, more] = fields;
  if (clauses.length === 0 && only === undefined) return { kind: "nothing" };
  if (clauses.length === 0 && only !== undefined && more === undefined) return { kind: "field", ...only };
  const simple = fields.flatMap(({ on, set }) => constantFilters(on, set));
  return { kind: "clause", clause: any([...simple, ...clauses]) };
}

function any(parts: readonly Clause[]): Clause {
  const ordered = inOrder(parts);
  return ordered.length === 1 ? ordered[0]! : { kind: "any", parts: ordered };
}

/** A part of a disjunction; one that is never TRUE adds nothing. */
function partOf(context: ConditionContext, part: PositiveTree): Disjunction {
  try {
    return isJoined(part) ? nestedConjunction(context, part.parts) : single(context, part);
  } catch (error) {
    if (isCoded(error, "SQL_NEVER_TRUE")) return { kind: "nothing" };
    throw error;
  }
}

function nestedConjunction(context: ConditionContext, parts: readonly PositiveTree[]): Disjunction {
  const clauses = conjunction(context, parts);
  if (clauses === undefined) return { kind: "nothing" };
  if (clauses.length === 0) return { kind: "everything" };
  return { kind: "clause", clause: clauses.length === 1 ? clauses[0]! : { kind: "all", parts: clauses } };
}

function single(context: ConditionContext, condition: Condition): Disjunction {
  const known = noConditions(resolveField(context.sql, condition.column, context.schema));
  addCondition(context, known, condition);
  if (!hasParameters(known) && known.constant !== undefined) {
    return { kind: "field", on: known.on, set: known.constant };
  }
  const filters = inOrder(filtersOf(known));
  return { kind: "clause", clause: filters.length === 1 ? filters[0]! : { kind: "all", parts: filters } };
}

function isJoined(tree: PositiveTree): tree is PositiveTree & { readonly kind: "and" | "or" } {
  return tree.kind === "and" || tree.kind === "or";
}

function flattened(tree: PositiveTree, kind: "and" | "or"): PositiveTree[] {
  return tree.kind === kind ? tree.parts.flatMap((part) => flattened(part, kind)) : [tree];
}

function addCondition(context: ConditionContext, known: FieldConditions, condition: Condition): void {
  const { field } = known.on;
  if (condition.kind === "null") addNullTest(context, known, condition.negated, condition.span);
  else if (field.type === "category") addCategoryCondition(context, known, field, condition);
  else addNumericCondition(context, known, field, condition);
}

function addNullTest({ sql }: ConditionContext, known: FieldConditions, negated: boolean, span: Span): void {
  const { field } = known.on;
  if (!negated && field.required) {
    const problem = `${field.name} is required by the schema, so it is never missing`;
    throw refuse(sql, span, problem, "SQL_NEVER_TRUE");
  }
  keep(known, negated ? presentSet(field) : missingSet(field));
}

function filtersOf(known: FieldConditions): Filter[] {
  const { on, constant, others } = known;
  const set = constant !== undefined && hasParameters(known) ? intersectSets(constant, presentSet(on.field)) : constant;
  const fromConstants = on.field.type === "category" ? constantFilters(on, set) : rangeFilters(known, on.field, set);
  const filters = [...fromConstants, ...others].filter(({ kind }) => kind !== "present");
  return filters.length > 0 || on.field.required ? filters : [{ kind: "present", field: on.index }];
}

/** None for all values present: the field's other filters imply it, or `present` says it. */
function constantFilters({ index, field }: ResolvedField, set: FieldSet | undefined): Filter[] {
  if (set === undefined) return [];
  if (set.kind === "categories") {
    const all =
      field.type === "category" && set.indices.length === field.categories.length && holdsAllValues(field, set);
    return all ? [{ kind: "present", field: index }] : [{ kind: "categories", field: index, indices: set.indices }];
  }
  if (set.intervals.length === 0) return [{ kind: "missing", field: index }];
  if (holdsAllValues(field, set) && !set.missing) return [{ kind: "present", field: index }];
  return [{ kind: "intervals", field: index, intervals: set.intervals, missing: set.missing }];
}

/** One lower and one upper parameter merge with each other, or with a constant interval open at that side. */
function rangeFilters(
  { on, lowest, highest }: FieldConditions,
  field: NumericField,
  set: FieldSet | undefined,
): Filter[] {
  if (lowest.size + highest.size === 0) return constantFilters(on, set);
  const { index } = on;
  const filters: Filter[] = [];
  const lows = [...lowest].sort((a, b) => a - b).map((parameter): End => ({ parameter }));
  const highs = [...highest].sort((a, b) => a - b).map((parameter): End => ({ parameter }));
  const range = (lo: End, hi: End): number => filters.push({ kind: "range", field: index, negated: false, lo, hi });
  const intervals = set?.kind === "numbers" ? set.intervals : allValues(field);
  const [minimum, maximum] = intervals.length === 1 ? intervals[0]! : ([field.minimum, field.maximum] as const);
  const lo = minimum === field.minimum ? lows.shift() : undefined;
  const hi = maximum === field.maximum ? highs.shift() : undefined;
  if (lo !== undefined || hi !== undefined) range(lo ?? { value: minimum }, hi ?? { value: maximum });
  const isOpen = lo !== undefined || hi !== undefined;
  if (intervals.length > 1 || !isOpen)
    filters.push(...constantFilters(on, { kind: "numbers", intervals, missing: false }));
  while (lows.length + highs.length > 0) {
    range(lows.shift() ?? { value: field.minimum }, highs.shift() ?? { value: field.maximum });
  }
  return filters;
}
