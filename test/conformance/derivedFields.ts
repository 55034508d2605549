/**
 * Fields that every owner computes from its event tables (docs/data-owners.md, "Fields computed from events"), as a schema
 * declares them, and the event files that the hospitals compute them from.
 */
import { badQuery } from "./conformanceError.ts";
import type { ConditionToken } from "./conditionText.ts";
import { columnsIn, readCondition } from "./conditionText.ts";
import { readDecimal } from "./decimalText.ts";
import { columnTexts } from "./referenceDirectory.ts";
import type { CsvTable, ReferenceDirectory } from "./referenceDirectory.ts";
import type { DerivedColumn } from "./translations/translation.ts";

/** Of subjects of whom no event counts. */
export const NO_EVENT = "0";

/** Keys of a schema's event table. @throws CodedError CONFORMANCE_BAD_DIRECTORY | CONFORMANCE_BAD_QUERY */
export function eventTableJson(directory: ReferenceDirectory, from: string, derived: readonly DerivedColumn[]) {
  const table = directory.table(from);
  const own = derived.filter((each) => each.from === from);
  const named = own.flatMap((each) => [each.greatestOf, ...columnsOf(each, table)]);
  const columns = [...new Set(named)].map((name) => ({ name, ...typeOf(table, name) }));
  return { name: from, subject: own[0]!.subject, missingValues: [""], unknownSubjects: "ignore", columns };
}

/** The key `derived` of a schema's field. @throws CodedError CONFORMANCE_BAD_QUERY for a condition that is no AND of comparisons */
export function derivationJson(directory: ReferenceDirectory, derived: DerivedColumn) {
  const { from, where, equals, greatestOf } = derived;
  const written = where === undefined ? [] : comparisons(derived, directory.table(from));
  const term = equals === undefined ? [] : [{ column: equals.column, relation: "=", value: equals.value }];
  return { from, where: [...written, ...term], aggregate: "max", of: greatestOf, default: NO_EVENT };
}

/** By hospital, the events of its subjects. */
export function eventFile(
  table: CsvTable,
  columns: readonly string[],
  subjects: readonly (string | null)[],
): Uint8Array {
  const own = new Set(subjects);
  const [subject = "", ...others] = columns;
  const positions = [subject, ...others].map((name) => table.columns.indexOf(name));
  const rows = table.rows.filter((row) => own.has(row[positions[0]!]!));
  const lines = [columns, ...rows.map((row) => positions.map((at) => row[at] ?? ""))];
  const text = lines.map((cells) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\n`).join("");
  return new TextEncoder().encode(text);
}

function columnsOf({ where, equals }: DerivedColumn, table: CsvTable): string[] {
  const named = where === undefined ? [] : columnsIn(readCondition(where, table.columns));
  return equals === undefined ? named : [...named, equals.column];
}

function typeOf(table: CsvTable, name: string): Record<string, unknown> {
  const type = table.fields.find((field) => field.name === name)?.type;
  if (type === "date" || type === "integer") return { type };
  if (type !== "number") return { type: "text" };
  const texts = columnTexts(table, name).filter((text) => text !== null);
  return { type, decimals: Math.max(0, ...texts.map((text) => readDecimal(text)?.decimals ?? 0)) };
}

interface Comparison {
  readonly column: string;
  readonly relation: string;
  readonly value?: string;
  readonly values?: readonly string[];
}

function comparisons(derived: DerivedColumn, table: CsvTable): Comparison[] {
  const tokens = readCondition(derived.where!, table.columns).filter(({ source }) => source.trim() !== "");
  const found: Comparison[] = [];
  while (tokens.length > 0) {
    if (found.length > 0) take(derived, tokens, "AND");
    found.push(comparison(derived, tokens));
  }
  return found;
}

function comparison(derived: DerivedColumn, tokens: ConditionToken[]): Comparison {
  const { kind, column } = tokens.shift()!;
  const word = tokens.shift()?.value.toUpperCase();
  if (kind !== "column" || column === undefined || word === undefined) throw unreadable(derived);
  if (word === "IS") {
    const isNot = tokens[0]?.value.toUpperCase() === "NOT" && tokens.shift() !== undefined;
    take(derived, tokens, "NULL");
    return { column, relation: isNot ? "isNotNull" : "isNull" };
  }
  if (word === "IN") return { column, relation: "in", values: listed(derived, tokens) };
  const value = constant(derived, tokens);
  if (word !== "BETWEEN") return { column, relation: word, value };
  take(derived, tokens, "AND");
  return { column, relation: "between", values: [value, constant(derived, tokens)] };
}

function listed(derived: DerivedColumn, tokens: ConditionToken[]): string[] {
  take(derived, tokens, "(");
  const values = [constant(derived, tokens)];
  while (tokens[0]?.value === ",") {
    tokens.shift();
    values.push(constant(derived, tokens));
  }
  take(derived, tokens, ")");
  return values;
}

function constant(derived: DerivedColumn, tokens: ConditionToken[]): string {
  const token = tokens.shift();
  if (token?.kind === "text" || token?.kind === "number") return token.value;
  throw unreadable(derived);
}

function take(derived: DerivedColumn, tokens: ConditionToken[], word: string): void {
  if (tokens.shift()?.value.toUpperCase() !== word) throw unreadable(derived);
}

function unreadable({ column, where }: DerivedColumn): Error {
  return badQuery(column, `events are counted by comparisons joined by AND, not by ${where}`);
}
