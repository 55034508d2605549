/**
 * The answer in clear, for comparison in the demonstration and in tests only: the same SQL text, run by SQLite over the
 * hospitals' own files. Nothing here is used by the network; the two share no code but the schema's field list.
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { parse } from "csv-parse/sync";
import type { SchemaField, StudySchema } from "#schema";

/** In clear nothing is hidden. */
export type Cell = string | number | null;

/** @param files the owners' CSV texts, each with a header line */
export function clearAnswer(
  files: readonly string[],
  schema: StudySchema,
  sql: string,
  parameters: Readonly<Record<string, string | number>>,
): Cell[][] {
  const database = openClearTable(files, schema);
  try {
    registerVariances(database);
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement.all(parameters) as unknown as Cell[][];
  } finally {
    database.close();
  }
}

/** The study's table with every record of the files, in their order: `rowid` counts them from 1. */
export function openClearTable(files: readonly string[], schema: StudySchema): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  const columns = schema.fields.map((field) => `"${field.name}" ${affinity(field)}`).join(", ");
  database.exec(`CREATE TABLE "${schema.table}" (${columns})`);
  const insert = database.prepare(`INSERT INTO "${schema.table}" VALUES (${schema.fields.map(() => "?").join(", ")})`);
  database.exec("BEGIN");
  for (const file of files) {
    const records = parse(file, { columns: true, bom: true }) as Record<string, string>[];
    for (const record of records) insert.run(...schema.fields.map((field) => cellOf(record, field, schema)));
  }
  database.exec("COMMIT");
  return database;
}

/** TEXT: a category's text compares as it is written, and sums as the number it spells. */
function affinity(field: SchemaField): string {
  if (field.type === "integer") return "INTEGER";
  return field.type === "number" ? "REAL" : "TEXT";
}

function cellOf(record: Readonly<Record<string, string>>, field: SchemaField, schema: StudySchema): SQLInputValue {
  const text = record[field.name] ?? "";
  if (text === "" || schema.missingValues.includes(text) || field.missingValues.includes(text)) return null;
  return field.type === "integer" || field.type === "number" ? Number(text) : text;
}

/** SQLite has no variances. */
function registerVariances(database: DatabaseSync): void {
  for (const [name, finish] of Object.entries(VARIANCES)) {
    database.aggregate(name, {
      start: () => [] as number[],
      step: (values: number[], value: unknown) => {
        if (value !== null) values.push(Number(value));
        return values;
      },
      result: (values: number[]) => finish(values),
    } as never);
  }
}

const VARIANCES: Readonly<Record<string, (values: readonly number[]) => number | null>> = {
  VAR_POP: (values) => scatter(values, 0),
  VAR_SAMP: (values) => scatter(values, 1),
  VARIANCE: (values) => scatter(values, 1),
  STDDEV_POP: (values) => root(scatter(values, 0)),
  STDDEV_SAMP: (values) => root(scatter(values, 1)),
  STDDEV: (values) => root(scatter(values, 1)),
};

/**
 * Σ(v − mean)² / (n − lost); null when too few values. Of integers (nΣv² − (Σv)²) / (n(n − lost)): numerator and
 * denominator are exact below 2^53, so that the quotient is rounded once and every digit can be compared.
 */
function scatter(values: readonly number[], lost: number): number | null {
  const n = values.length;
  if (n <= lost) return null;
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = n * values.reduce((total, value) => total + value ** 2, 0);
  if (values.every(Number.isInteger) && Number.isSafeInteger(squares)) return (squares - sum ** 2) / (n * (n - lost));
  return values.reduce((total, value) => total + (value - sum / n) ** 2, 0) / (n - lost);
}

function root(value: number | null): number | null {
  return value === null ? null : Math.sqrt(value);
}
