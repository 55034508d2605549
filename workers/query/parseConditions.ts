/** The WHERE clause: AND, OR and NOT over comparisons between one column and constants or parameters. */
import type { NameScope } from "./parseColumn.ts";
import { isColumn, parseColumn } from "./parseColumn.ts";
import { describeNode, parseConstant, quotedHint } from "./parseConstant.ts";
import type { ColumnName, Condition, ConditionTree, Relation, Value } from "./parsedQuery.ts";
import type { Span } from "./sqlText.ts";
import { findWord, refuse } from "./sqlText.ts";
import type { TreeNode } from "./syntaxTree.ts";
import { allowKeys, asList, asNode, kinded, nameParts, spanOf } from "./syntaxTree.ts";

/** AND, OR and NOT inside each other, far beyond what a vetter can follow; it bounds the recursion over the tree. */
export const MAX_CONDITION_DEPTH = 32;
export const MAX_CONDITIONS = 256;

const RELATIONS: readonly string[] = ["=", "<>", "<", "<=", ">", ">="];
const FLIPPED: Readonly<Record<Relation, Relation>> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};
const ALLOWED =
  "a condition compares one column with constants or :parameters by =, <>, <, <=, >, >=, [NOT] BETWEEN, [NOT] IN or " +
  "IS [NOT] NULL";

/**
 * The tree as written, except that AND directly in AND, and OR in OR, are one.
 *
 * @throws CodedError SQL_UNSUPPORTED | SQL_TOO_LARGE
 */
export function parseConditions(scope: NameScope, where: unknown): ConditionTree | undefined {
  if (where === undefined) return undefined;
  const { sql } = scope;
  const tree = parseTree(scope, where, findWord(sql, /^where$/i), 0);
  const excess = conditionsOf(tree)[MAX_CONDITIONS];
  if (excess === undefined) return tree;
  throw refuse(sql, excess.span, `WHERE takes at most ${MAX_CONDITIONS} conditions`, "SQL_TOO_LARGE");
}

/**
 * One condition without AND, OR and NOT before it.
 *
 * @param fallback its place, if the node has none
 * @throws CodedError SQL_UNSUPPORTED
 */
export function parseCondition(scope: NameScope, node: unknown, fallback: Span): Condition {
  const { kind, body } = kinded(node);
  const span = spanOf(scope.sql, node, fallback);
  if (kind === "NullTest") return parseNullTest(scope, body, span);
  if (kind === "A_Expr") return parseComparison(scope, body, span);
  throw refuse(scope.sql, span, conditionAdvice(kind));
}

function parseTree(scope: NameScope, node: unknown, fallback: Span, depth: number): ConditionTree {
  const { kind, body } = kinded(node);
  if (kind !== "BoolExpr") return parseCondition(scope, node, fallback);
  const { sql } = scope;
  if (depth === MAX_CONDITION_DEPTH) {
    const problem = `AND, OR and NOT may be at most ${MAX_CONDITION_DEPTH} deep inside each other`;
    throw refuse(sql, spanOf(sql, node, fallback), problem, "SQL_TOO_LARGE");
  }
  const span = spanOf(sql, node, fallback);
  const parts = asList(body["args"]).map((arg) => parseTree(scope, arg, span, depth + 1));
  const [first] = parts;
  if (body["boolop"] === "NOT_EXPR" && first !== undefined) return { kind: "not", part: first, span };
  const connective = body["boolop"] === "OR_EXPR" ? "or" : "and";
  return { kind: connective, parts: parts.flatMap((part) => (part.kind === connective ? part.parts : [part])), span };
}

function conditionsOf(tree: ConditionTree): Condition[] {
  switch (tree.kind) {
    case "and":
    case "or":
      return tree.parts.flatMap(conditionsOf);
    case "not":
      return conditionsOf(tree.part);
    default:
      return [tree];
  }
}

function conditionAdvice(kind: string): string {
  switch (kind) {
    case "SubLink":
      return `subqueries are not offered; ${ALLOWED}`;
    case "ColumnRef":
      return `a column alone is not a condition; ${ALLOWED}`;
    case "BooleanTest":
      return `IS TRUE, IS FALSE and IS UNKNOWN are not offered; ${ALLOWED}`;
    case "BoolExpr":
      return "AND, OR and NOT are for WHERE; write one condition here";
    default:
      return ALLOWED;
  }
}

function parseNullTest(scope: NameScope, body: TreeNode, span: Span): Condition {
  allowKeys(scope.sql, body, ["arg", "nulltesttype", "location"], span, ALLOWED);
  return {
    kind: "null",
    column: operandColumn(scope, body["arg"], span),
    negated: body["nulltesttype"] === "IS_NOT_NULL",
    span,
  };
}

function parseComparison(scope: NameScope, body: TreeNode, span: Span): Condition {
  const { sql } = scope;
  const allowed = ["kind", "name", "lexpr", "rexpr", "location", "rexpr_list_start", "rexpr_list_end"];
  allowKeys(sql, body, allowed, span, ALLOWED);
  const operator = nameParts(body["name"]).join(" ");
  const { lexpr, rexpr } = body;
  const items = asList(asNode(asNode(rexpr)["List"])["items"]);
  switch (body["kind"]) {
    case "AEXPR_OP":
      return parseRelation(scope, { operator, lexpr, rexpr }, span);
    case "AEXPR_IN": {
      const column = operandColumn(scope, lexpr, span);
      const values = items.map((item) => parseConstant(sql, item, span, ALLOWED));
      return { kind: "in", column, negated: operator === "<>", values, span };
    }
    case "AEXPR_BETWEEN":
    case "AEXPR_NOT_BETWEEN": {
      const column = operandColumn(scope, lexpr, span);
      const [lo, hi] = items.map((item) => parseConstant(sql, item, span, ALLOWED)) as [Value, Value];
      return { kind: "between", column, negated: body["kind"] === "AEXPR_NOT_BETWEEN", lo, hi, span };
    }
    default:
      throw refuse(sql, span, ALLOWED);
  }
}

function parseRelation(
  scope: NameScope,
  { operator, lexpr, rexpr }: { operator: string; lexpr: unknown; rexpr: unknown },
  span: Span,
): Condition {
  const { sql } = scope;
  if (!RELATIONS.includes(operator)) throw refuse(sql, span, `the operator ${operator} is not offered; ${ALLOWED}`);
  const relation = operator as Relation;
  if (isColumn(lexpr) && isColumn(rexpr)) {
    throw refuse(sql, span, `two columns cannot be compared; ${ALLOWED}${quotedHint(sql, rexpr, span)}`);
  }
  if (isColumn(rexpr)) {
    const value = parseConstant(sql, lexpr, span, ALLOWED);
    return { kind: "compare", column: parseColumn(scope, rexpr), relation: FLIPPED[relation], value, span };
  }
  const column = operandColumn(scope, lexpr, span);
  return { kind: "compare", column, relation, value: parseConstant(sql, rexpr, span, ALLOWED), span };
}

function operandColumn(scope: NameScope, node: unknown, span: Span): ColumnName {
  const { kind } = kinded(node);
  if (kind === "ColumnRef") return parseColumn(scope, node);
  if (kind === "A_Const" || kind === "ParamRef") {
    throw refuse(scope.sql, span, `no column is compared here; ${ALLOWED}`);
  }
  throw refuse(scope.sql, span, `${describeNode(node)} cannot be compared; ${ALLOWED}`);
}
