/**
 * The same query in SQLite, whose parser, three-valued logic and grouping are an independent reference. Its floating
 * point sums are replaced by exact ones, finished through decimal text: another way than the one under test.
 */
import { DatabaseSync } from "node:sqlite";
import type { SchemaField, StudySchema } from "../../../workers/schema/studySchema.ts";
import { formatFieldValue } from "../../../workers/schema/values.ts";
import type { Values } from "./clearCircuit.ts";

type SqlValue = string | number | null;

/** Digits kept of a quotient: a double needs at most some 770, a tie between doubles shows long before 120 here. */
const DIGITS = 120;

export function openTable(schema: StudySchema, values: Values, rows: number): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  registerAggregates(database);
  const columns = schema.fields.map((field) => `"${field.name}" ${affinity(field)}`);
  database.exec(`CREATE TABLE "${schema.table}" (${columns.join(", ")})`);
  const insert = database.prepare(`INSERT INTO "${schema.table}" VALUES (${schema.fields.map(() => "?").join(", ")})`);
  for (let row = 0; row < rows; row += 1) {
    insert.run(...schema.fields.map((field, index) => sqlValue(field, values[index]![row] ?? null)));
  }
  return database;
}

export function sqliteRows(
  database: DatabaseSync,
  sql: string,
  parameters: Readonly<Record<string, SqlValue>>,
): SqlValue[][] {
  const statement = database.prepare(sql);
  return statement.all(parameters).map((row) => Object.values(row) as SqlValue[]);
}

/** A scaled value as SQLite stores it: numbers as numbers, dates and texts as text. */
export function sqlValue(field: SchemaField, value: bigint | null): SqlValue {
  if (value === null) return null;
  const text = formatFieldValue(field, value);
  const isText = field.type === "date" || (field.type === "category" && field.numeric === undefined);
  return isText ? text : Number(text);
}

function affinity(field: SchemaField): string {
  if (field.type === "number") return "REAL";
  return field.type === "integer" || (field.type === "category" && field.numeric !== undefined) ? "INTEGER" : "TEXT";
}

interface Sums {
  n: bigint;
  /** Σ x and Σ x² in millionths and their squares. */
  sum: bigint;
  squares: bigint;
}

const SCALE = 1_000_000n;

function registerAggregates(database: DatabaseSync): void {
  const finishes: Readonly<Record<string, (sums: Sums) => number | null>> = {
    sum: ({ sum }) => decimal(sum, SCALE),
    avg: ({ n, sum }) => decimal(sum, n * SCALE),
    var_pop: ({ n, sum, squares }) => decimal(n * squares - sum * sum, n * n * SCALE * SCALE),
    var_samp: ({ n, sum, squares }) => (n < 2n ? null : decimal(n * squares - sum * sum, n * (n - 1n) * SCALE * SCALE)),
    stddev_pop: ({ n, sum, squares }) => rootDecimal(n * squares - sum * sum, n * n * SCALE * SCALE),
    stddev_samp: ({ n, sum, squares }) =>
      n < 2n ? null : rootDecimal(n * squares - sum * sum, n * (n - 1n) * SCALE * SCALE),
  };
  const all = { ...finishes, variance: finishes["var_samp"]!, stddev: finishes["stddev_samp"]! };
  for (const [name, finish] of Object.entries(all)) {
    database.aggregate(name, {
      start: (): Sums => ({ n: 0n, sum: 0n, squares: 0n }),
      step: (sums: Sums, value: SqlValue): Sums => addValue(sums, value),
      result: (sums: Sums) => (sums.n === 0n ? null : finish(sums)),
    } as unknown as Parameters<DatabaseSync["aggregate"]>[1]);
  }
}

function addValue(sums: Sums, value: SqlValue): Sums {
  if (value === null) return sums;
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(String(value))!;
  const scaled = BigInt(`${sign}${whole}${fraction.padEnd(6, "0")}`);
  return { n: sums.n + 1n, sum: sums.sum + scaled, squares: sums.squares + scaled * scaled };
}

function decimal(numerator: bigint, denominator: bigint): number {
  const shifted = (numerator * 10n ** BigInt(DIGITS)) / denominator;
  return Number(`${shifted}e-${DIGITS}`);
}

function rootDecimal(numerator: bigint, denominator: bigint): number {
  const square = (numerator * 10n ** BigInt(2 * DIGITS)) / denominator;
  let [low, high] = [0n, square + 1n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle * middle <= square) low = middle;
    else high = middle;
  }
  return Number(`${low}e-${DIGITS}`);
}
