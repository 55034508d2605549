/**
 * What follows from which sums: vectors of integers modulo a prime, in echelon form. Dependent over the rationals means
 * dependent here; the converse fails only where the prime divides a minor of their matrix, which for vectors of 0 and 1 has
 * to be at least as large as the prime.
 */

/** Below 2^26, so that a product of residues is exact in a double. */
const PRIME = 67_108_859;

export type SpanVector = Float64Array;

export class PrimeSpan {
  static residue(value: bigint): number {
    return Number(((value % BigInt(PRIME)) + BigInt(PRIME)) % BigInt(PRIME));
  }

  readonly #rows: { readonly pivot: number; readonly vector: SpanVector }[] = [];

  /** What of a vector does not follow. */
  residual(vector: SpanVector): SpanVector {
    return this.#rows.reduce((rest, row) => eliminate(rest, row), vector);
  }

  /** @param residual of this span; zero changes nothing */
  insert(residual: SpanVector): void {
    const row = rowOf(residual);
    if (row !== undefined) this.#rows.push(row);
  }
}

export function isZero(vector: SpanVector): boolean {
  return vector.every((value) => value === 0);
}

/** Vectors without what follows from one more vector. */
export function without(vectors: readonly SpanVector[], added: SpanVector): readonly SpanVector[] {
  const row = rowOf(added);
  return row === undefined ? vectors : vectors.map((vector) => eliminate(vector, row));
}

function rowOf(vector: SpanVector): { pivot: number; vector: SpanVector } | undefined {
  const pivot = vector.findIndex((value) => value !== 0);
  if (pivot < 0) return undefined;
  const scale = inverse(vector[pivot]!);
  return { pivot, vector: vector.map((value) => (value * scale) % PRIME) };
}

function eliminate(vector: SpanVector, row: { readonly pivot: number; readonly vector: SpanVector }): SpanVector {
  const factor = vector[row.pivot]!;
  if (factor === 0) return vector;
  return vector.map((value, index) => (((value - factor * row.vector[index]!) % PRIME) + PRIME) % PRIME);
}

/** By Fermat. */
function inverse(value: number): number {
  let result = 1;
  for (let base = value, exponent = PRIME - 2; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) result = (result * base) % PRIME;
    base = (base * base) % PRIME;
  }
  return result;
}
