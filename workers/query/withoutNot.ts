/** A condition tree with NOT moved to its leaves, and with comparisons that are several made so. */
import type { ConditionContext } from "./fieldConditions.ts";
import type { Condition, ConditionTree, Relation } from "./parsedQuery.ts";
import { resolveField } from "./resolveNames.ts";
import type { Span } from "./sqlText.ts";

export type PositiveTree =
  Condition | { readonly kind: "and" | "or"; readonly parts: readonly PositiveTree[]; readonly span: Span };

const OPPOSITE: Readonly<Record<Relation, Relation>> = {
  "=": "<>",
  "<>": "=",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

/** @throws CodedError SQL_UNKNOWN_COLUMN */
export function withoutNot(context: ConditionContext, tree: ConditionTree, negated = false): PositiveTree {
  switch (tree.kind) {
    case "not":
      return withoutNot(context, tree.part, !negated);
    case "and":
    case "or": {
      const kind = negated ? (tree.kind === "and" ? "or" : "and") : tree.kind;
      return { kind, parts: tree.parts.map((part) => withoutNot(context, part, negated)), span: tree.span };
    }
    default:
      return apart(context, negated ? opposite(tree) : tree);
  }
}

function opposite(condition: Condition): Condition {
  return condition.kind === "compare"
    ? { ...condition, relation: OPPOSITE[condition.relation] }
    : { ...condition, negated: !condition.negated };
}

/** What a field searched by digits compares with parameters one by one: NOT BETWEEN, and lists. */
function apart(context: ConditionContext, condition: Condition): PositiveTree {
  if (condition.kind !== "between" && condition.kind !== "in") return condition;
  const { field } = resolveField(context.sql, condition.column, context.schema);
  const values = condition.kind === "in" ? condition.values : [condition.lo, condition.hi];
  if (field.type === "category" || field.digits === 0 || values.every(({ kind }) => kind !== "parameter"))
    return condition;
  const { column, negated, span } = condition;
  if (condition.kind === "in") {
    const relation = negated ? "<>" : "=";
    const parts = condition.values.map((value) => ({ kind: "compare", column, relation, value, span }) as const);
    return { kind: negated ? "and" : "or", parts, span };
  }
  if (!negated) return condition;
  const parts = [
    { kind: "compare", column, relation: "<", value: condition.lo, span },
    { kind: "compare", column, relation: ">", value: condition.hi, span },
  ] as const;
  return { kind: "or", parts, span };
}
