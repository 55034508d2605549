/** Comparisons of a categorical field with constants and parameters. */
import type { CategoryField } from "../schema/studySchema.ts";
import type { ConditionContext, FieldConditions } from "./fieldConditions.ts";
import { keep } from "./fieldConditions.ts";
import type { End } from "./filters.ts";
import type { Condition, Value } from "./parsedQuery.ts";
import { readCategoryConstant } from "./readConstants.ts";
import { refuse } from "./sqlText.ts";

type Comparing = Exclude<Condition, { kind: "null" }>;

/** @throws CodedError SQL_TYPE | SQL_UNKNOWN_CATEGORY | SQL_PARAMETER */
export function addCategoryCondition(
  context: ConditionContext,
  known: FieldConditions,
  field: CategoryField,
  condition: Comparing,
): void {
  switch (condition.kind) {
    case "compare": {
      const { relation, value } = condition;
      if (value.kind !== "parameter") {
        return keepIndices(known, readCategoryConstant(context.sql, field, relation, value));
      }
      if (relation !== "=" && relation !== "<>") throw refuseParameter(context, field, value);
      return addList(context, known, field, { negated: relation === "<>", values: [value] });
    }
    case "between":
      return addBetween(context, known, field, condition);
    case "in":
      return addList(context, known, field, condition);
  }
}

function addBetween(
  context: ConditionContext,
  known: FieldConditions,
  field: CategoryField,
  { lo, hi, negated }: Comparing & { kind: "between" },
): void {
  const { sql } = context;
  if (lo.kind === "parameter") throw refuseParameter(context, field, lo);
  if (hi.kind === "parameter") throw refuseParameter(context, field, hi);
  const above = readCategoryConstant(sql, field, ">=", lo);
  const below = new Set(readCategoryConstant(sql, field, "<=", hi));
  const inside = new Set(above.filter((index) => below.has(index)));
  keepIndices(known, selected(field, inside, negated));
}

function addList(
  { sql, uses }: ConditionContext,
  known: FieldConditions,
  field: CategoryField,
  { negated, values }: { readonly negated: boolean; readonly values: readonly Value[] },
): void {
  const constants = new Set<number>();
  const parameters = new Set<number>();
  const every = field.categories.map((_, index) => BigInt(index));
  for (const value of values) {
    if (value.kind === "parameter") {
      uses.add(value.index, known.on, every, value.span);
      parameters.add(value.index);
    } else constants.add(readCategoryConstant(sql, field, "=", value)[0]!);
  }
  if (parameters.size === 0) return keepIndices(known, selected(field, constants, negated));
  const ascending = (set: ReadonlySet<number>): number[] => [...set].sort((a, b) => a - b);
  const members: End[] = [
    ...ascending(constants).map((index) => ({ value: BigInt(index) })),
    ...ascending(parameters).map((parameter) => ({ parameter })),
  ];
  known.others.push({ kind: "oneOf", field: known.on.index, negated, members });
}

function keepIndices(known: FieldConditions, indices: readonly number[]): void {
  keep(known, { kind: "categories", indices });
}

function selected(field: CategoryField, chosen: ReadonlySet<number>, negated: boolean): number[] {
  return field.categories.flatMap((_, index) => (chosen.has(index) !== negated ? [index] : []));
}

function refuseParameter({ sql }: ConditionContext, field: CategoryField, value: Value): Error {
  return refuse(sql, value.span, `${field.name} is a category: compare a parameter by =, <>, IN or NOT IN`, "SQL_TYPE");
}
