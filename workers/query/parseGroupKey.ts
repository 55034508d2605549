/** A key of GROUP BY: a column, or `BIN(column, cut, …)`. */
import { parseArgument } from "./parseArguments.ts";
import type { NameScope } from "./parseColumn.ts";
import { isColumn, parseColumn } from "./parseColumn.ts";
import type { GroupKey, Value } from "./parsedQuery.ts";
import { requirePlainCall } from "./plainCall.ts";
import type { Span } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import { asList, kinded, nameParts, spanOf } from "./syntaxTree.ts";

/** As many bins as a histogram may have, and missing. */
export const MAX_CUTS = 64;
const USAGE = "BIN(x, 40, 65)";

/** Whether an item of the SELECT list is a key, not a function. */
export function isGroupKey(node: unknown): boolean {
  return isColumn(node) || isBin(node);
}

/**
 * @param fallback the key's place, if its node has none
 * @throws CodedError SQL_UNSUPPORTED
 */
export function parseGroupKey(scope: NameScope, node: unknown, fallback: Span): GroupKey {
  const { sql } = scope;
  if (isColumn(node)) {
    const column = parseColumn(scope, node);
    return { column, cuts: undefined, span: column.span };
  }
  const span = spanOf(sql, node, fallback);
  if (isBin(node)) return parseBin(scope, node, span);
  const position = kinded(node).kind === "A_Const";
  const advice = position
    ? "write the column's name instead of its position"
    : `GROUP BY takes column names and ${USAGE}`;
  throw refuse(sql, span, advice);
}

function parseBin(scope: NameScope, node: unknown, span: Span): GroupKey {
  const { sql } = scope;
  const { body } = kinded(node);
  requirePlainCall(sql, body, span, "BIN");
  const [first, ...rest] = asList(body["args"]);
  if (first === undefined || rest.length === 0) throw refuse(sql, span, `BIN takes a column and cuts; write ${USAGE}`);
  if (rest.length > MAX_CUTS) {
    const excess = { ...spanOf(sql, rest[MAX_CUTS], span), exact: true };
    throw refuse(sql, excess, `BIN takes at most ${MAX_CUTS} cuts`, "SQL_TOO_LARGE");
  }
  const place = { span, usage: USAGE };
  const of = parseArgument(scope, first, "column", place);
  const cuts = rest.map((cut) => parseArgument(scope, cut, "break", place));
  if (of.kind !== "column") throw refuse(sql, of.span, `BIN is of a column; write ${USAGE}`);
  return { column: of.column, cuts: cuts.filter(isValue), span };
}

function isValue(argument: { readonly kind: string }): argument is Value & { readonly kind: "number" | "text" } {
  return argument.kind === "number" || argument.kind === "text";
}

function isBin(node: unknown): boolean {
  const { kind, body } = kinded(node);
  return kind === "FuncCall" && nameParts(body["funcname"]).join(".") === "bin";
}
