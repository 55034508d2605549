/**
 * Witness columns: bits that show, inside the computation, that a numeric value lies in its range. Dealt with the
 * committed columns in the same share file, never committed themselves, erased at the workers once the version is
 * checked or rejected.
 *
 * Cut-points c_1 < … < c_m cut the range [minimum, maximum] into pieces i = 0 … m from c_i to c_{i+1} − 1, where
 * c_0 = minimum and c_{m+1} = maximum + 1. In piece i the offset x − c_i runs from 0 to N_i = c_{i+1} − 1 − c_i, and is
 * written as Σ_j w_{i,j}·b_j with 0/1 bits and the weights 1, 2, 4, …, 2^(k_i − 2), N_i − (2^(k_i − 1) − 1), k_i the bit
 * length of N_i. The first k_i − 1 bits reach exactly 0 … 2^(k_i − 1) − 1; the last weight is between 1 and 2^(k_i − 1),
 * so all bits reach exactly 0 … N_i. A field has as many bits as its widest piece needs; where a piece is narrower,
 * the others weigh nothing and an honest owner sets them to 0.
 */
import { columnId } from "../messages/columnId.ts";
import { columnsOf } from "./columns.ts";
import type { NumericField, SchemaField, StudySchema } from "./studySchema.ts";

/** Not a `ColumnKind` and never to become one: a witness is no leaf of `columnsRoot`. */
export const WITNESS_KIND = 254;

export interface RangePiece {
  /** c_i, scaled: the piece's first value. */
  readonly from: bigint;
  /** w_{i,0} …; they sum up to N_i. Empty for a piece of one value. */
  readonly weights: readonly bigint[];
}

export interface WitnessSpec {
  /** columnId(schemaHash, field, WITNESS_KIND, bit) */
  readonly id: string;
  /** Index into `StudySchema.fields`. */
  readonly field: number;
  readonly bit: number;
}

/** Ascending; at least one. */
export function rangePieces({ minimum, maximum, cutPoints }: NumericField): RangePiece[] {
  const starts = [minimum, ...cutPoints];
  return starts.map((from, index) => ({
    from,
    weights: offsetWeights((starts[index + 1] ?? maximum + 1n) - 1n - from),
  }));
}

/** k: how many witness columns the field has. A category has none. */
export function witnessCount(field: SchemaField): number {
  return field.type === "category" ? 0 : Math.max(...rangePieces(field).map(({ weights }) => weights.length));
}

/** Field after field, bit after bit. */
export function witnessesOf(schema: StudySchema): WitnessSpec[] {
  return schema.fields.flatMap((field, f) =>
    Array.from({ length: witnessCount(field) }, (_, bit) => ({
      id: columnId(schema.hash, f, WITNESS_KIND, BigInt(bit)),
      field: f,
      bit,
    })),
  );
}

/** Ids of all columns of a share file: the committed ones in schema order, then the witnesses. */
export function sharedColumnIds(schema: StudySchema): string[] {
  return [...columnsOf(schema), ...witnessesOf(schema)].map(({ id }) => id);
}

/** The bits of a value within the field's range, in a list of at most `witnessCount(field)`; the others are 0. */
export function rangeBits(pieces: readonly RangePiece[], value: bigint): bigint[] {
  const piece = pieces.findLast(({ from }) => from <= value);
  if (piece === undefined) throw new RangeError("the value is below its range");
  const { from, weights } = piece;
  const low = weights.slice(0, -1);
  const last = weights.at(-1) ?? 0n;
  const offset = value - from;
  const usesLast = offset >> BigInt(low.length) !== 0n;
  const rest = usesLast ? offset - last : offset;
  return [...low.map((_, bit) => (rest >> BigInt(bit)) & 1n), ...(weights.length === 0 ? [] : [usesLast ? 1n : 0n])];
}

function offsetWeights(largest: bigint): bigint[] {
  if (largest === 0n) return [];
  const low = largest.toString(2).length - 1;
  const powers = Array.from({ length: low }, (_, bit) => 1n << BigInt(bit));
  return [...powers, largest - ((1n << BigInt(low)) - 1n)];
}
