/** Exact rationals for the finishing formulas: rounded once, by `toNumber` or `rootOf`. Not reduced. */
import assert from "node:assert/strict";
import { ratioToNumber, rootToNumber } from "./exactNumber.ts";

export interface Rational {
  readonly numerator: bigint;
  /** > 0. */
  readonly denominator: bigint;
}

export const ZERO: Rational = { numerator: 0n, denominator: 1n };

/** numerator / denominator with its sign in the numerator; the denominator is not 0. */
export function rational(numerator: bigint, denominator = 1n): Rational {
  assert(denominator !== 0n, "a rational has a denominator");
  return denominator > 0n ? { numerator, denominator } : { numerator: -numerator, denominator: -denominator };
}

export function plus(a: Rational, b: Rational): Rational {
  if (a.denominator === b.denominator) return rational(a.numerator + b.numerator, a.denominator);
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function minus(a: Rational, b: Rational): Rational {
  return plus(a, { numerator: -b.numerator, denominator: b.denominator });
}

export function times(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** a / b, b not 0. */
export function over(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator, a.denominator * b.numerator);
}

export function isZero({ numerator }: Rational): boolean {
  return numerator === 0n;
}

/** Rounded once, to nearest. */
export function toNumber({ numerator, denominator }: Rational): number {
  return ratioToNumber(numerator, denominator);
}

/** √a rounded once, a >= 0. */
export function rootOf({ numerator, denominator }: Rational): number {
  return rootToNumber(numerator, denominator);
}

/** sign(a)·√|a|: the statistic whose signed square is a. */
export function signedRootOf({ numerator, denominator }: Rational): number {
  return numerator < 0n ? -rootToNumber(-numerator, denominator) : rootToNumber(numerator, denominator);
}
