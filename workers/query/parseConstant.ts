/** Constants as the author wrote them: numbers in plain digits, texts and dates in single quotes, parameters. */
import type { Value } from "./parsedQuery.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import { tokenAfter } from "./sqlTokens.ts";
import { asNode, asText, kinded, nameParts, spanOf } from "./syntaxTree.ts";

/** `"agent"` is a column's name, as in all SQL. */
const DOUBLE_QUOTE = 0x22;
const PLAIN_NUMBER = /^(\d+\.?\d*|\.\d+)$/;

/**
 * @param whole what is refused if the node is no constant
 * @param instead what may be written there
 * @throws CodedError SQL_UNSUPPORTED
 */
export function parseConstant(sql: SqlText, node: unknown, whole: Span, instead: string): Value {
  const { kind, body } = kinded(node);
  const span = { ...spanOf(sql, node, whole), exact: true };
  if (kind === "ParamRef") return { kind: "parameter", index: Number(body["number"]) - 1, span };
  if (kind !== "A_Const") {
    throw refuse(sql, whole, `${describeNode(node)} is not a constant; ${instead}${quotedHint(sql, node, whole)}`);
  }
  if (body["isnull"] === true) {
    throw refuse(sql, whole, "a comparison with NULL is never TRUE; write IS NULL or IS NOT NULL");
  }
  if ("sval" in body) return { kind: "text", text: asText(asNode(body["sval"])["sval"]), span };
  if (("ival" in body || "fval" in body) && PLAIN_NUMBER.test(writtenDigits(sql, span))) {
    const text = "ival" in body ? String(asNode(body["ival"])["ival"] ?? 0) : asText(asNode(body["fval"])["fval"]);
    return { kind: "number", text, span };
  }
  throw refuse(sql, span, "write a number in plain digits, as in -12.5, or a text or date in single quotes");
}

/** For a column in double quotes where a text may be meant. */
export function quotedHint(sql: SqlText, node: unknown, whole: Span): string {
  const isQuoted = kinded(node).kind === "ColumnRef" && sql.bytes[spanOf(sql, node, whole).start] === DOUBLE_QUOTE;
  return isQuoted ? "; text stands in single quotes" : "";
}

/** What an expression that is neither a column nor a constant is called in a refusal. */
export function describeNode(node: unknown): string {
  const { kind, body } = kinded(node);
  switch (kind) {
    case "FuncCall":
      return "a function call";
    case "TypeCast":
      return "a type cast";
    case "A_Expr":
      return /^(<|>|=|<>|<=|>=)$/.test(nameParts(body["name"]).join(" ")) ? "a comparison" : "arithmetic";
    case "BoolExpr":
      return "a condition";
    case "SubLink":
      return "a subquery";
    case "ColumnRef":
      return "another column";
    case "RowExpr":
      return "a row of columns";
    case "ParamRef":
      return "a parameter";
    case "A_Const":
      return "a constant";
    default:
      return "this expression";
  }
}

/** The number's own token, without its sign: PostgreSQL also reads 0x1F and 1_000. */
function writtenDigits({ tokens }: SqlText, { start }: Span): string {
  return tokenAfter(tokens, start, ({ text }) => text !== "-")?.text ?? "";
}
