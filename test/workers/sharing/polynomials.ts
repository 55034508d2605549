/** Shares written out: polynomials with bigint coefficients, one per element, and errors added to their values. */
import type { Field, FieldVector } from "../../../workers/field/field.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { seededBytes } from "../field/seededBytes.ts";

/** Lowest coefficient, the secret, first. */
export type Polynomial = readonly bigint[];

/** `count` polynomials of degree at most `degree`. */
export function seededPolynomials(field: Field, degree: number, count: number, seed: string): Polynomial[] {
  const randomBytes = seededBytes(seed);
  return Array.from({ length: count }, () => field.toResidues(field.random(degree + 1, randomBytes)));
}

/** Horner's rule. */
export function evaluate(polynomial: Polynomial, x: number, modulus: bigint): bigint {
  const value = polynomial.reduceRight((total, coefficient) => (total * BigInt(x) + coefficient) % modulus, 0n);
  return value < 0n ? value + modulus : value;
}

/** Element k is the value of polynomial k. */
export function valuesAt(field: Field, polynomials: readonly Polynomial[], x: number): FieldVector {
  return field.fromIntegers(polynomials.map((polynomial) => evaluate(polynomial, x, field.modulus)));
}

/** k·Π (X − zero). */
export function polynomialWithZeros(zeros: readonly number[], k: bigint): Polynomial {
  return zeros.reduce<Polynomial>(
    (product, zero) => [0n, ...product].map((shifted, power) => shifted - BigInt(zero) * (product[power] ?? 0n)),
    [k],
  );
}

/** The shares of these points. */
export function pick(shares: readonly FieldVector[], points: readonly PartyIndex[]): FieldVector[] {
  return points.map((point) => shares[point - 1] as FieldVector);
}
