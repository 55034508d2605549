/** A column's name in the parser's tree. */
import type { ColumnName } from "./parsedQuery.ts";
import type { SqlText } from "./sqlText.ts";
import { refuse, tokenFrom } from "./sqlText.ts";
import { kinded, nameParts, spanOf } from "./syntaxTree.ts";

/** A text and the table that its names may be qualified with. */
export interface NameScope {
  readonly sql: SqlText;
  readonly table: ColumnName;
}

export function isColumn(node: unknown): boolean {
  return kinded(node).kind === "ColumnRef";
}

/** @param node a ColumnRef; @throws CodedError SQL_UNSUPPORTED */
export function parseColumn({ sql, table }: NameScope, node: unknown): ColumnName {
  const parts = nameParts(kinded(node).body["fields"]);
  const span = { ...spanOf(sql, node, tokenFrom(sql, 0)), exact: true };
  if (parts.includes("*")) {
    throw refuse(sql, span, "rows never leave the network; select GROUP BY columns and functions of columns");
  }
  const [qualifier, name, more] = parts.length === 1 ? [table.name, parts[0]] : parts;
  if (qualifier !== table.name || more !== undefined) {
    throw refuse(sql, span, "write the column's name alone, or table.column with the table of FROM");
  }
  return { name: name ?? "", span };
}
