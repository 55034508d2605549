/** What a function of the SELECT list is of: columns, indicators, conditions and constants. */
import type { ArgumentForm } from "./offeredFunctions.ts";
import type { NameScope } from "./parseColumn.ts";
import { isColumn, parseColumn } from "./parseColumn.ts";
import { parseCondition } from "./parseConditions.ts";
import { describeNode, parseConstant } from "./parseConstant.ts";
import type { Argument, Condition } from "./parsedQuery.ts";
import type { Span } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import { asList, asNode, kinded, nameParts, spanOf } from "./syntaxTree.ts";
import { requirePlainCall } from "./plainCall.ts";

/** A call that arguments are read for. */
export interface CallPlace {
  readonly span: Span;
  /** The call as it should be written. */
  readonly usage: string;
}

/** @throws CodedError SQL_UNSUPPORTED */
export function parseArgument(scope: NameScope, node: unknown, form: ArgumentForm, call: CallPlace): Argument {
  switch (form) {
    case "column":
      return columnArgument(scope, node, call);
    case "predictor":
      return isIndicator(node) ? indicatorArgument(scope, node, call) : columnArgument(scope, node, call);
    case "event":
      return conditionArgument(scope, node, call, isEvent);
    case "condition":
      return conditionArgument(scope, node, call, () => true);
    case "break":
      return constantArgument(scope, node, call, "a number or a date in quotes");
    case "number":
      return constantArgument(scope, node, call, "a number");
  }
}

function columnArgument(scope: NameScope, node: unknown, { span, usage }: CallPlace): Argument {
  if (isColumn(node)) {
    const column = parseColumn(scope, node);
    return { kind: "column", column, span: column.span };
  }
  const problem = `a column stands here, not ${describeNode(node)}; write ${usage}`;
  throw refuse(scope.sql, argumentSpan(scope, node, span), problem);
}

function indicatorArgument(scope: NameScope, node: unknown, call: CallPlace): Argument {
  const { sql } = scope;
  const { body } = kinded(node);
  const span = spanOf(sql, node, call.span);
  requirePlainCall(sql, body, span, "INDICATOR");
  const [condition, more] = asList(body["args"]);
  if (condition === undefined || more !== undefined || kinded(condition).kind === "NamedArgExpr") {
    throw refuse(sql, span, `INDICATOR takes one condition; write ${call.usage}`);
  }
  return { kind: "indicator", condition: parseCondition(scope, condition, span), span };
}

function conditionArgument(
  scope: NameScope,
  node: unknown,
  { span: whole, usage }: CallPlace,
  isAllowed: (condition: Condition) => boolean,
): Argument {
  const span = argumentSpan(scope, node, whole);
  if (isColumn(node) || kinded(node).kind === "A_Const") {
    throw refuse(scope.sql, span, `a condition stands here, as in ${usage}`);
  }
  const condition = parseCondition(scope, node, span);
  if (isAllowed(condition)) return { kind: "condition", condition, span };
  throw refuse(scope.sql, span, `the event is told by = or IN, as in ${usage}`);
}

function isEvent(condition: Condition): boolean {
  if (condition.kind === "compare") return condition.relation === "=";
  return condition.kind === "in" && !condition.negated;
}

function constantArgument(scope: NameScope, node: unknown, { span: whole, usage }: CallPlace, what: string): Argument {
  const { sql } = scope;
  const span = argumentSpan(scope, node, whole);
  const { kind, body } = kinded(node);
  if (kind === "ParamRef") throw refuse(sql, span, `parameters are for conditions; write ${what}, as in ${usage}`);
  if (kind !== "A_Const" || body["isnull"] === true || "boolval" in body) {
    throw refuse(sql, span, `${what} stands here; write ${usage}`);
  }
  const value = parseConstant(sql, node, span, usage);
  if (value.kind === "number" || (value.kind === "text" && what !== "a number")) {
    return { kind: value.kind, text: value.text, span: value.span };
  }
  throw refuse(sql, span, `${what} stands here; write ${usage}`);
}

function argumentSpan({ sql }: NameScope, node: unknown, fallback: Span): Span {
  const span = spanOf(sql, node, fallback);
  const { kind } = kinded(node);
  return kind === "A_Const" || kind === "ColumnRef" || kind === "ParamRef" ? { ...span, exact: true } : span;
}

function isIndicator(node: unknown): boolean {
  const { kind, body } = kinded(node);
  return kind === "FuncCall" && nameParts(asNode(body)["funcname"]).join(".") === "indicator";
}
