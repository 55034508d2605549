/**
 * Conditions over rows in clear: SQLite evaluates the `where` of the file word for word, by its own parser and its own
 * three-valued logic.
 */
import { DatabaseSync } from "node:sqlite";

import { quoteName } from "../conditionText.ts";
import { readDecimal } from "../decimalText.ts";

/** A column that conditions name. */
export interface ClearColumn {
  readonly name: string;
  /** The dictionary's. */
  readonly type: string;
}

export interface ClearCondition {
  readonly where: string | undefined;
  readonly equals: { readonly column: string; readonly value: string | null } | undefined;
}

type SqlValue = string | number | bigint | null;

/**
 * For each row whether the condition is TRUE of it.
 *
 * @param rows texts in the order of `columns`, null where missing
 */
export function matchingRows(
  columns: readonly ClearColumn[],
  rows: readonly (readonly (string | null)[])[],
  { where, equals }: ClearCondition,
): Uint8Array {
  const matches = new Uint8Array(rows.length);
  if (where === undefined && equals === undefined) return matches.fill(1);
  const database = new DatabaseSync(":memory:");
  const names = columns.map(({ name, type }) => `${quoteName(name)} ${affinity(type)}`);
  database.exec(`CREATE TABLE clear (${["place INTEGER PRIMARY KEY", ...names].join(", ")})`);
  const insert = database.prepare(`INSERT INTO clear VALUES (${["?", ...columns.map(() => "?")].join(", ")})`);
  database.exec("BEGIN");
  rows.forEach((row, place) => insert.run(place, ...columns.map(({ type }, at) => sqlValue(type, row[at] ?? null))));
  database.exec("COMMIT");
  const equal = equals === undefined ? [] : [`${quoteName(equals.column)} IS ?`];
  const conditions = [...(where === undefined ? [] : [`(${where})`]), ...equal];
  const typeOf = (column: string): string => columns.find(({ name }) => name === column)?.type ?? "string";
  const values = equals === undefined ? [] : [sqlValue(typeOf(equals.column), equals.value)];
  const found = database.prepare(`SELECT place FROM clear WHERE ${conditions.join(" AND ")}`).all(...values);
  for (const { place } of found) matches[Number(place)] = 1;
  database.close();
  return matches;
}

function affinity(type: string): string {
  return type === "integer" ? "INTEGER" : type === "number" ? "REAL" : "TEXT";
}

function sqlValue(type: string, text: string | null): SqlValue {
  if (text === null || (type !== "integer" && type !== "number")) return text;
  const decimal = readDecimal(text);
  if (decimal === undefined) return text;
  const isExact = type === "integer" && decimal.decimals === 0 && BigInt.asIntN(64, decimal.digits) === decimal.digits;
  return isExact ? decimal.digits : Number(text);
}
