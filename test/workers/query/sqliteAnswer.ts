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
  registerPairs(database);
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

interface PairSums {
  n: bigint;
  /** In millionths and their squares: of y, x, yy, xy, xx. */
  sums: readonly [y: bigint, x: bigint, yy: bigint, xy: bigint, xx: bigint];
}

/** PostgreSQL's aggregates of (y, x), which SQLite lacks. */
function registerPairs(database: DatabaseSync): void {
  const centred = ({ n, sums: [y, x, yy, xy, xx] }: PairSums): readonly [yy: bigint, xy: bigint, xx: bigint] => {
    return [n * yy - y * y, n * xy - x * y, n * xx - x * x];
  };
  const finishes: Readonly<Record<string, (sums: PairSums) => number | null>> = {
    covar_pop: (sums) => decimal(centred(sums)[1], sums.n * sums.n * SCALE * SCALE),
    covar_samp: (sums) => (sums.n < 2n ? null : decimal(centred(sums)[1], sums.n * (sums.n - 1n) * SCALE * SCALE)),
    regr_slope: (sums) => quotient(centred(sums)[1], centred(sums)[2]),
    regr_intercept: (sums) => {
      const [, xy, xx] = centred(sums);
      const [y, x] = sums.sums;
      return quotient(y * xx - xy * x, xx * sums.n * SCALE);
    },
    regr_r2: (sums) => {
      const [yy, xy, xx] = centred(sums);
      return xx === 0n ? null : yy === 0n ? 1 : quotient(xy * xy, xx * yy);
    },
    corr: (sums) => {
      const [yy, xy, xx] = centred(sums);
      if (xx === 0n || yy === 0n) return null;
      return (xy < 0n ? -1 : 1) * rootDecimal(xy * xy, xx * yy);
    },
    regr_count: ({ n }) => Number(n),
  };
  for (const [name, finish] of Object.entries(finishes)) {
    database.aggregate(name, {
      start: (): PairSums => ({ n: 0n, sums: [0n, 0n, 0n, 0n, 0n] }),
      step: (sums: PairSums, y: SqlValue, x: SqlValue): PairSums => addPair(sums, y, x),
      result: (sums: PairSums) => (sums.n === 0n && name !== "regr_count" ? null : finish(sums)),
    } as unknown as Parameters<DatabaseSync["aggregate"]>[1]);
  }
}

function quotient(numerator: bigint, denominator: bigint): number | null {
  return denominator === 0n ? null : decimal(numerator, denominator);
}

function addPair({ n, sums: [sy, sx, syy, sxy, sxx] }: PairSums, first: SqlValue, second: SqlValue): PairSums {
  if (first === null || second === null) return { n, sums: [sy, sx, syy, sxy, sxx] };
  const [y, x] = [millionths(first), millionths(second)];
  return { n: n + 1n, sums: [sy + y, sx + x, syy + y * y, sxy + x * y, sxx + x * x] };
}

function millionths(value: SqlValue): bigint {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(String(value))!;
  return BigInt(`${sign}${whole}${fraction.padEnd(6, "0")}`);
}

function addValue(sums: Sums, value: SqlValue): Sums {
  if (value === null) return sums;
  const scaled = millionths(value);
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
