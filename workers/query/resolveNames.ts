/** Names in a query to the schema's fields. PostgreSQL folds unquoted names to lower case, so case is ignored when unique. */
import type { SchemaField, StudySchema } from "../schema/studySchema.ts";
import { listNames } from "./listNames.ts";
import type { ColumnName, ParsedQuery } from "./parsedQuery.ts";
import { type AskedUse, refuseForbidden } from "./permittedSchema.ts";
import type { SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";

export interface ResolvedField {
  /** Index into the schema's fields. */
  readonly index: number;
  readonly field: SchemaField;
}

/** @throws CodedError SQL_UNKNOWN_TABLE */
export function checkTable({ sql, table }: Pick<ParsedQuery, "sql" | "table">, schema: StudySchema): void {
  if (table.name === schema.table || table.name.toLowerCase() === schema.table.toLowerCase()) return;
  throw refuse(sql, table.span, `there is no such table; this study's table is ${schema.table}`, "SQL_UNKNOWN_TABLE");
}

/** @throws CodedError SQL_UNKNOWN_COLUMN with close names | SQL_NOT_PERMITTED with the columns that are */
export function resolveField(
  sql: SqlText,
  column: ColumnName,
  schema: StudySchema,
  asked: AskedUse = "split",
): ResolvedField {
  const exact = schema.fields.findIndex(({ name }) => name === column.name);
  const folded = schema.fields.flatMap(({ name }, index) => (sameFolded(name, column.name) ? [index] : []));
  const index = exact >= 0 ? exact : folded[0];
  if (index === undefined) throw refuse(sql, column.span, unknownColumn(column.name, schema), "SQL_UNKNOWN_COLUMN");
  if (exact < 0 && folded.length > 1) {
    const names = folded.map((match) => `"${schema.fields[match]!.name}"`).join(" or ");
    throw refuse(
      sql,
      column.span,
      `several columns have this name; write ${names} in double quotes`,
      "SQL_UNKNOWN_COLUMN",
    );
  }
  refuseForbidden(sql, column.span, schema, index, asked);
  return { index, field: schema.fields[index]! };
}

/** The nearest texts first: at most three edits away, or starting alike. */
export function closeNames(wanted: string, names: readonly string[]): string[] {
  const folded = wanted.toLowerCase().normalize("NFC");
  return names
    .map((name) => ({ name, distance: editDistance(folded, name.toLowerCase().normalize("NFC")) }))
    .filter(({ name, distance }) => distance <= Math.min(3, Math.ceil(name.length / 2)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

function sameFolded(name: string, written: string): boolean {
  return name.toLowerCase() === written.toLowerCase();
}

function unknownColumn(written: string, schema: StudySchema): string {
  const names = schema.fields.map(({ name }) => name);
  if (sameFolded(written, schema.subject)) return "the subject id is never shared, so no query can use it";
  const close = closeNames(written, names);
  const hint = close.length > 0 ? `did you mean ${close.join(" or ")}?` : `the columns are ${listNames(names)}`;
  return `there is no such column; ${hint}`;
}

/** Levenshtein, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
