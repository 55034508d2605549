/** A function's call without what SQL may hang on it. */
import type { Span, SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import type { TreeNode } from "./syntaxTree.ts";
import { allowKeys } from "./syntaxTree.ts";

const MODIFIERS: readonly (readonly [key: string, problem: string])[] = [
  ["over", "window functions are not offered; use functions with GROUP BY"],
  ["agg_filter", "FILTER is not offered; filter rows with WHERE"],
  ["agg_distinct", "DISTINCT is not offered inside a function; every row is one subject"],
  ["agg_within_group", "WITHIN GROUP is not offered; name the column as an argument"],
  ["agg_order", "ORDER BY is not offered inside a function"],
  ["func_variadic", "VARIADIC is not offered"],
];

/** @throws CodedError SQL_UNSUPPORTED for FILTER, OVER, DISTINCT and so on */
export function refuseModifiers(sql: SqlText, call: TreeNode, span: Span): void {
  const found = MODIFIERS.find(([key]) => key in call);
  if (found !== undefined) throw refuse(sql, span, found[1]);
}

/** @throws CodedError SQL_UNSUPPORTED for everything but a name and arguments in parentheses */
export function requirePlainCall(sql: SqlText, call: TreeNode, span: Span, name: string): void {
  refuseModifiers(sql, call, span);
  const problem = `${name} takes its arguments in parentheses, and nothing else`;
  allowKeys(sql, call, ["funcname", "args", "funcformat", "location"], span, problem);
  if (call["funcformat"] !== "COERCE_EXPLICIT_CALL") throw refuse(sql, span, problem);
}
