/**
 * Which linear combinations of opened sizes can be computed: Gaussian elimination over Fr on fingerprint vectors of sets.
 * With more functionals than sets, sets are linearly dependent exactly when their vectors are, but for a probability below
 * 2^−200; and integer indicators are dependent over the rationals when they are modulo r, unless r divides a minor.
 */
import { BN254_FR_MODULUS as R } from "../field/bn254.ts";

interface Row {
  readonly pivot: number;
  readonly values: readonly bigint[];
}

/** A row echelon form, grown vector by vector. O(rank × length) per vector. */
export class Span {
  readonly #rows: Row[] = [];

  add(vector: readonly bigint[]): void {
    const rest = this.#reduce(vector);
    const pivot = rest.findIndex((value) => value !== 0n);
    if (pivot < 0) return;
    const inverse = power(rest[pivot] as bigint, R - 2n);
    this.#rows.push({ pivot, values: rest.map((value) => (value * inverse) % R) });
  }

  /** Grows by itself. */
  copy(): Span {
    const copy = new Span();
    copy.#rows.push(...this.#rows);
    return copy;
  }

  contains(vector: readonly bigint[]): boolean {
    return this.#reduce(vector).every((value) => value === 0n);
  }

  #reduce(vector: readonly bigint[]): bigint[] {
    let rest = [...vector];
    for (const { pivot, values } of this.#rows) {
      const factor = rest[pivot] as bigint;
      if (factor !== 0n) rest = rest.map((value, index) => (value + (R - factor) * (values[index] as bigint)) % R);
    }
    return rest;
  }
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % R;
    square = (square * square) % R;
  }
  return result;
}
