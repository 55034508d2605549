/**
 * Which linear combinations of opened sizes can be computed: Gaussian elimination over Fr on fingerprint vectors of sets.
 * With more functionals than sets, sets are linearly dependent exactly when their vectors are, but for a probability below
 * 2^−200; and integer indicators are dependent over the rationals when they are modulo r, unless r divides a minor.
 *
 * The reduced row echelon form, as vectors of the field: that fast, because an answer and its history may disclose hundreds
 * of sets.
 */
import type { Field, FieldVector } from "../field/field.ts";

/** A vector that is not in a span, scaled. */
export interface SpanRow {
  /** Where it is 1 and every row of the span 0. */
  readonly pivot: number;
  readonly values: FieldVector;
}

export class Span {
  readonly #field: Field;
  #rows: readonly SpanRow[];
  /** Vectors that only this span has. */
  readonly #own = new Set<FieldVector>();

  /** @param base the span to begin with, which stays as it is */
  constructor(field: Field, base?: Span) {
    this.#field = field;
    this.#rows = base === undefined ? [] : base.#rows;
  }

  /** The vector but for what is in the span, as a new one: zero exactly when it is in it. O(rank × length). */
  residual(vector: FieldVector): FieldVector {
    const field = this.#field;
    if (this.#rows.length === 0) return field.view(vector, 0, vector.length);
    const pivots = this.#rows.map(({ pivot }) => pivot);
    return field.scope(() => {
      const factors = field.toResidues(field.gather(vector, pivots));
      const rows = this.#rows.map(({ values }) => values);
      return field.sub(vector, field.linearCombination(factors, rows));
    });
  }

  /** Adds what a residual left. The row stays the caller's. O(rank × length). */
  insert(row: SpanRow): void {
    this.#rows = [...this.#rows.map((each) => this.#reduced(each, row)), row];
  }

  add(vector: FieldVector): void {
    const row = rowOf(this.#field, this.residual(vector));
    if (row !== undefined) this.insert(row);
  }

  #reduced({ pivot, values }: SpanRow, row: SpanRow): SpanRow {
    const reduced = without(this.#field, values, row);
    if (reduced === values) return { pivot, values };
    if (this.#own.delete(values)) this.#field.release(values);
    this.#own.add(reduced);
    return { pivot, values: reduced };
  }
}

/** Undefined for zero: the vector was in the span. */
export function rowOf(field: Field, residual: FieldVector): SpanRow | undefined {
  const values = field.toResidues(residual);
  const pivot = values.findIndex((value) => value !== 0n);
  if (pivot < 0) return undefined;
  return { pivot, values: field.scale(residual, field.invert(values[pivot] as bigint)) };
}

/** The vector with nothing of the row in it: itself if there is nothing. */
export function without(field: Field, vector: FieldVector, { pivot, values }: SpanRow): FieldVector {
  const at = field.view(vector, pivot, pivot + 1);
  const factor = field.toResidues(at)[0] as bigint;
  field.release(at);
  return factor === 0n ? vector : field.axpy(field.reduce(-factor), values, vector);
}

export function isZero(field: Field, vector: FieldVector): boolean {
  return field.scope(() => field.equal(vector, field.zeros(vector.length)));
}
