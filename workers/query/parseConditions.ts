/** The WHERE clause: a conjunction of comparisons between one column and constants or parameters. */
import type { ColumnName, Condition, Relation, Value } from "./parsedQuery.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { findWord, refuse } from "./sqlText.ts";
import type { TreeNode } from "./syntaxTree.ts";
import { allowKeys, asList, asNode, asText, kinded, nameParts, spanOf } from "./syntaxTree.ts";

type ColumnReader = (node: unknown) => ColumnName;

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
  "IS [NOT] NULL; join conditions with AND";

/** @throws CodedError SQL_UNSUPPORTED */
export function parseConditions(sql: SqlText, where: unknown, readColumn: ColumnReader): Condition[] {
  if (where === undefined) return [];
  const { kind, body } = kinded(where);
  const span = spanOf(sql, where, findWord(sql, /^where$/i));
  switch (kind) {
    case "BoolExpr":
      refuseConnective(sql, body, span);
      return asList(body["args"]).flatMap((arg) => parseConditions(sql, arg, readColumn));
    case "NullTest":
      return [parseNullTest(sql, body, span, readColumn)];
    case "A_Expr":
      return [parseComparison(sql, body, span, readColumn)];
    default:
      throw refuse(sql, span, conditionAdvice(kind));
  }
}

function refuseConnective(sql: SqlText, body: TreeNode, span: Span): void {
  if (body["boolop"] === "AND_EXPR") return;
  // x NOT IN (SELECT …) arrives as NOT over a subquery: say the real reason.
  const inner = asList(body["args"]).find((arg) => kinded(arg).kind === "SubLink");
  if (inner !== undefined) throw refuse(sql, span, conditionAdvice("SubLink"));
  if (body["boolop"] === "OR_EXPR") {
    throw refuse(sql, span, "OR is not offered yet; use IN for several values of one column, or publish two queries");
  }
  throw refuse(
    sql,
    span,
    "NOT is not offered yet; use <>, NOT IN, NOT BETWEEN, IS NOT NULL or the opposite comparison",
  );
}

function conditionAdvice(kind: string): string {
  switch (kind) {
    case "SubLink":
      return `subqueries are not offered; ${ALLOWED}`;
    case "ColumnRef":
      return `a column alone is not a condition; ${ALLOWED}`;
    case "BooleanTest":
      return `IS TRUE, IS FALSE and IS UNKNOWN are not offered; ${ALLOWED}`;
    default:
      return ALLOWED;
  }
}

function parseNullTest(sql: SqlText, body: TreeNode, span: Span, readColumn: ColumnReader): Condition {
  allowKeys(sql, body, ["arg", "nulltesttype", "location"], span, ALLOWED);
  return {
    kind: "null",
    column: operandColumn(sql, body["arg"], span, readColumn),
    negated: body["nulltesttype"] === "IS_NOT_NULL",
    span,
  };
}

function parseComparison(sql: SqlText, body: TreeNode, span: Span, readColumn: ColumnReader): Condition {
  const allowed = ["kind", "name", "lexpr", "rexpr", "location", "rexpr_list_start", "rexpr_list_end"];
  allowKeys(sql, body, allowed, span, ALLOWED);
  const operator = nameParts(body["name"]).join(" ");
  const { lexpr, rexpr } = body;
  const items = asList(asNode(asNode(rexpr)["List"])["items"]);
  switch (body["kind"]) {
    case "AEXPR_OP":
      return parseRelation(sql, { operator, lexpr, rexpr }, span, readColumn);
    case "AEXPR_IN": {
      const column = operandColumn(sql, lexpr, span, readColumn);
      const values = items.map((item) => parseValue(sql, item, span));
      return { kind: "in", column, negated: operator === "<>", values, span };
    }
    case "AEXPR_BETWEEN":
    case "AEXPR_NOT_BETWEEN": {
      const column = operandColumn(sql, lexpr, span, readColumn);
      const [lo, hi] = items.map((item) => parseValue(sql, item, span)) as [Value, Value];
      return { kind: "between", column, negated: body["kind"] === "AEXPR_NOT_BETWEEN", lo, hi, span };
    }
    default:
      throw refuse(sql, span, ALLOWED);
  }
}

function parseRelation(
  sql: SqlText,
  { operator, lexpr, rexpr }: { operator: string; lexpr: unknown; rexpr: unknown },
  span: Span,
  readColumn: ColumnReader,
): Condition {
  if (!RELATIONS.includes(operator)) throw refuse(sql, span, `the operator ${operator} is not offered; ${ALLOWED}`);
  const relation = operator as Relation;
  const isColumn = (node: unknown): boolean => kinded(node).kind === "ColumnRef";
  if (isColumn(lexpr) && isColumn(rexpr)) {
    throw refuse(sql, span, `two columns cannot be compared; ${ALLOWED}`);
  }
  if (isColumn(rexpr)) {
    const value = parseValue(sql, lexpr, span);
    return { kind: "compare", column: readColumn(rexpr), relation: FLIPPED[relation], value, span };
  }
  const column = operandColumn(sql, lexpr, span, readColumn);
  return { kind: "compare", column, relation, value: parseValue(sql, rexpr, span), span };
}

function operandColumn(sql: SqlText, node: unknown, span: Span, readColumn: ColumnReader): ColumnName {
  const { kind } = kinded(node);
  if (kind === "ColumnRef") return readColumn(node);
  if (kind === "A_Const" || kind === "ParamRef") {
    throw refuse(sql, span, `no column is compared here; ${ALLOWED}`);
  }
  throw refuse(sql, span, `${nameOf(node)} cannot be compared; ${ALLOWED}`);
}

function parseValue(sql: SqlText, node: unknown, whole: Span): Value {
  const { kind, body } = kinded(node);
  const span = { ...spanOf(sql, node, whole), exact: true };
  if (kind === "ParamRef") return { kind: "parameter", index: Number(body["number"]) - 1, span };
  if (kind !== "A_Const") throw refuse(sql, whole, `${nameOf(node)} is not a constant; ${ALLOWED}`);
  if (body["isnull"] === true)
    throw refuse(sql, whole, "a comparison with NULL is never TRUE; write IS NULL or IS NOT NULL");
  if ("sval" in body) return { kind: "text", text: asText(asNode(body["sval"])["sval"]), span };
  const text = "ival" in body ? String(asNode(body["ival"])["ival"] ?? 0) : asText(asNode(body["fval"])["fval"]);
  if (/^-?(\d+\.?\d*|\.\d+)$/.test(text)) return { kind: "number", text, span };
  throw refuse(sql, span, "write a number in plain digits, as in -12.5, or a text or date in single quotes");
}

function nameOf(node: unknown): string {
  switch (kinded(node).kind) {
    case "FuncCall":
      return "a function call";
    case "TypeCast":
      return "a type cast";
    case "A_Expr":
      return "arithmetic";
    case "SubLink":
      return "a subquery";
    case "ColumnRef":
      return "another column";
    case "RowExpr":
      return "a row of columns";
    default:
      return "this expression";
  }
}
