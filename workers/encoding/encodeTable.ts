/**
 * A table to its committed columns in clear: integer vectors over slots, one per column of `schema/columns.ts`. Exact;
 * still secret.
 */
import assert from "node:assert/strict";
import type { RandomBytes } from "../field/field.ts";
import { columnsOf } from "../schema/columns.ts";
import { digitAt, digitPlace } from "../schema/digits.ts";
import type { WitnessSpec } from "../schema/rangeWitness.ts";
import { rangeBits, rangePieces, witnessCount, witnessesOf } from "../schema/rangeWitness.ts";
import type { ColumnSpec, StudySchema } from "../schema/studySchema.ts";
import { ColumnKind, NO_FIELD } from "../schema/studySchema.ts";
import { randomPermutation } from "./permutation.ts";
import type { Table } from "./readTable.ts";

export interface EncodedSegment {
  /** Slots; padding up to the study's 2^log2N is zero and not stored. */
  readonly rowCount: number;
  /** `columnsOf(schema)`. */
  readonly specs: readonly ColumnSpec[];
  /** One per spec, in slot order. Scaled integers are below 2^62 in size, so 64 bits hold them. */
  readonly columns: readonly BigInt64Array[];
  /** `witnessesOf(schema)`: shared like the columns, never committed. */
  readonly witnessSpecs: readonly WitnessSpec[];
  /** One per witness spec, in slot order: bits. */
  readonly witnesses: readonly BigInt64Array[];
  /** Row i of the table stands in slot slotOfRow[i]. */
  readonly slotOfRow: Uint32Array;
  readonly subjectsBySlot: readonly string[];
}

/** Slots are a fresh random permutation of the rows; every later segment permutes only its own rows. */
export function encodeTable(table: Table, schema: StudySchema, randomBytes: RandomBytes): EncodedSegment {
  return encodeInSlots(table, schema, randomPermutation(table.rowCount, randomBytes));
}

/** For rows whose slots are known already (`encodeAgain.ts`). @param slotOfRow a permutation of the table's rows */
export function encodeInSlots(table: Table, schema: StudySchema, slotOfRow: Uint32Array): EncodedSegment {
  const { rowCount } = table;
  const subjectsBySlot = new Array<string>(rowCount);
  table.subjects.forEach((subject, row) => (subjectsBySlot[slotOfRow[row] as number] = subject));
  const specs = columnsOf(schema);
  const columns = specs.map((spec) => {
    const entry = entryOf(spec, schema);
    const values = table.values[spec.field];
    const column = new BigInt64Array(rowCount);
    for (let row = 0; row < rowCount; row += 1) {
      column[slotOfRow[row] as number] = entry(values?.[row] ?? null);
    }
    return column;
  });
  const witnesses = encodeWitnesses(table, schema, slotOfRow);
  return { rowCount, specs, columns, witnessSpecs: witnessesOf(schema), witnesses, slotOfRow, subjectsBySlot };
}

/** The range bits of every numeric field; all 0 where the value is missing. */
function encodeWitnesses({ rowCount, values }: Table, schema: StudySchema, slotOfRow: Uint32Array): BigInt64Array[] {
  return schema.fields.flatMap((field, f) => {
    if (field.type === "category") return [];
    const pieces = rangePieces(field);
    const columns = Array.from({ length: witnessCount(field) }, () => new BigInt64Array(rowCount));
    values[f]?.forEach((value, row) => {
      if (value === null) return;
      const slot = slotOfRow[row] as number;
      rangeBits(pieces, value).forEach((bit, j) => ((columns[j] as BigInt64Array)[slot] = bit));
    });
    return columns;
  });
}

/** The column's entry for a row whose field has this value; null = missing. */
function entryOf({ field: index, kind, argument }: ColumnSpec, schema: StudySchema): (value: bigint | null) => bigint {
  const field = schema.fields[index];
  const bit = (condition: boolean): bigint => (condition ? 1n : 0n);
  if (kind === ColumnKind.ACTIVE && index === NO_FIELD) return () => 1n;
  assert(field !== undefined, "a column belongs to a field of its schema");
  if (kind === ColumnKind.ONE_HOT && field.type === "category") {
    const isMissing = argument === BigInt(field.categories.length);
    return (value) => bit(isMissing ? value === null : value === argument);
  }
  if (kind === ColumnKind.THERMOMETER) return (value) => bit(value !== null && value >= argument);
  if (kind === ColumnKind.VALIDITY) return (value) => bit(value !== null);
  if (kind === ColumnKind.DIGIT && field.type !== "category") {
    const { position, digit } = digitPlace(argument);
    return (value) => bit(value !== null && digitAt(value - field.minimum, position) === BigInt(digit));
  }
  assert(kind === ColumnKind.VALUE, "columnsOf makes no column of another kind");
  return (value) => value ?? 0n;
}
