/**
 * A made-up trial for the MPC benchmark: its rows, its schema, its queries compiled by the real compiler, and their
 * answers in clear. Rows follow from a seed, so a segment is drawn again rather than kept.
 */
import { createCipheriv, createHash } from "node:crypto";

import type { Table } from "../../../workers/encoding/readTable.ts";
import { compileQuery } from "../../../workers/query/compileQuery.ts";
import { parseSchema } from "../../../workers/schema/parseSchema.ts";
import type { StudySchema } from "../../../workers/schema/studySchema.ts";

export const SEED = "Opaline.bench.mpc.v1";
/** The filter that is measured, and the thresholds of earlier queries. */
const AGE = 50;
const EARLIER_AGES = [25, 30, 35, 40, 45, 55, 60, 65, 70, 75];
const ARMS = [0, 1];
const AGES = 100;
const VALUES = 1_000;
/** Bytes drawn per row: two for the age, one for the arm, two for the value. */
const ROW_BYTES = 5;

/** A filter of the study's queries; absent parts do not restrict. */
export interface Filter {
  readonly leastAge?: number;
  readonly arm?: number;
}

/** One query: compiled once, evaluated by every worker from its descriptor. */
export interface StudyQuery {
  readonly sql: string;
  readonly schemaText: string;
  readonly descriptor: string;
  readonly filter: Filter;
  readonly sums: boolean;
}

export const MEASURED_FILTER: Filter = { leastAge: AGE, arm: 1 };

/** Other sets than the measured one, for a history of earlier answers: at most 20. */
export const EARLIER_FILTERS: readonly Filter[] = EARLIER_AGES.flatMap((leastAge) =>
  ARMS.map((arm) => ({ leastAge, arm })),
);

/** @param withHistory cut-points for the earlier queries too: 17 columns instead of 6 */
export function studySchema(withHistory: boolean): StudySchema & { readonly text: string } {
  const cutPoints = withHistory ? [...EARLIER_AGES, AGE].sort((a, b) => a - b) : [AGE];
  const text = JSON.stringify({
    name: "bench",
    table: "trial",
    subject: "patient_id",
    fields: [
      { name: "age", type: "integer", minimum: 0, maximum: AGES - 1, cutPoints, required: true },
      { name: "arm", type: "category", categories: ARMS.map(String), required: true },
      { name: "value", type: "integer", minimum: 0, maximum: VALUES - 1, required: true },
    ],
  });
  return { ...parseSchema(text), text };
}

/** `SELECT COUNT(*)[, SUM(value)] FROM trial [WHERE …]`. */
export async function compile(schema: StudySchema & { readonly text: string }, filter: Filter): Promise<StudyQuery> {
  const sums = Object.keys(filter).length > 0;
  const conditions = [
    ...(filter.leastAge === undefined ? [] : [`age >= ${filter.leastAge}`]),
    ...(filter.arm === undefined ? [] : [`arm = ${filter.arm}`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const sql = `SELECT COUNT(*)${sums ? ", SUM(value)" : ""} FROM trial${where}`;
  const { descriptorBytes: descriptor } = await compileQuery(sql, schema);
  return { sql, schemaText: schema.text, descriptor, filter, sums };
}

/** Rows of one segment, the same for the same name. */
export function drawTable(name: string, rowCount: number): Table {
  const key = createHash("sha256").update(`${SEED}|${name}`).digest();
  const bytes = createCipheriv("aes-256-ctr", key, new Uint8Array(16)).update(new Uint8Array(rowCount * ROW_BYTES));
  const values: bigint[][] = [[], [], []];
  const subjects: string[] = [];
  for (let row = 0; row < rowCount; row++) {
    const at = row * ROW_BYTES;
    values[0]!.push(BigInt(bytes.readUInt16LE(at) % AGES));
    values[1]!.push(BigInt(bytes.readUInt8(at + 2) % ARMS.length));
    values[2]!.push(BigInt(bytes.readUInt16LE(at + 3) % VALUES));
    subjects.push(`${name}-${row}`);
  }
  return { rowCount, subjects, values };
}

/** What the query must open, from the rows in clear. */
export function clearAnswer({ filter, sums }: StudyQuery, tables: readonly Table[]): bigint[] {
  const { leastAge = 0, arm } = filter;
  let [count, sum] = [0n, 0n];
  for (const { rowCount, values } of tables) {
    for (let row = 0; row < rowCount; row++) {
      const isIn = values[0]![row]! >= BigInt(leastAge) && (arm === undefined || values[1]![row] === BigInt(arm));
      if (!isIn) continue;
      count += 1n;
      sum += values[2]![row]!;
    }
  }
  return sums ? [count, sum] : [count];
}
