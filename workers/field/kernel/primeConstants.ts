/**
 * What a kernel needs to know of its prime p for a limb format: balanced limbs of constants, and the ranges of elements.
 *
 * Normal form: limbs 0..N−2 are balanced digits of W bits, and |v| < p. Every stored element is in normal form; it is a
 * residue up to one multiple of p, so equal elements may look different.
 */
import assert from "node:assert/strict";

import type { LimbFormat } from "./limbArithmetic.ts";
import { range, signedBits, symmetric } from "./range.ts";
import type { Range } from "./range.ts";

export class PrimeConstants {
  readonly prime: bigint;
  readonly format: LimbFormat;
  /** Of an element in normal form. */
  readonly limbRanges: readonly Range[];

  constructor(prime: bigint, format: LimbFormat) {
    this.prime = prime;
    this.format = format;
    const { limbBits, limbs } = format;
    assert(prime > 1n << BigInt(limbBits * (limbs - 1)), "the prime leaves limbs unused");
    assert(prime < 1n << 256n, "the prime does not fit a 32-byte word");
    // The largest integer with N balanced digits: below it every |v| < p has its digits.
    const digit = (1n << BigInt(limbBits - 1)) - 1n;
    const largest = Array.from({ length: limbs }, (_, j) => digit << BigInt(limbBits * j)).reduce((a, b) => a + b);
    assert(prime <= largest, `a prime of ${prime.toString(2).length} bits does not fit ${limbs} limbs of ${limbBits}`);
    const top = BigInt(limbBits * (limbs - 1));
    const lower = lowLimbsMagnitude(format);
    const topRange = symmetric((prime - 1n + lower) >> top);
    this.limbRanges = Array.from({ length: limbs }, (_, j) => (j === limbs - 1 ? topRange : signedBits(limbBits)));
  }

  /** Balanced limbs of the integer `value`; the last one takes what remains. */
  balancedLimbs(value: bigint): bigint[] {
    const { limbBits, limbs } = this.format;
    const base = 1n << BigInt(limbBits);
    let rest = value;
    return Array.from({ length: limbs }, (_, j) => {
      if (j === limbs - 1) return rest;
      const digit = BigInt.asIntN(limbBits, rest);
      rest = (rest - digit) / base;
      return digit;
    });
  }

  /** The residue of `value` in (−p/2, p/2). */
  centred(value: bigint): bigint {
    const residue = ((value % this.prime) + this.prime) % this.prime;
    return residue > this.prime >> 1n ? residue - this.prime : residue;
  }

  /** Limbs of 2^(W·column) mod p, centred: what a unit of a high column folds into. */
  foldLimbs(column: number): bigint[] {
    return this.balancedLimbs(this.centred(1n << BigInt(this.format.limbBits * column)));
  }

  /** Limb ranges of a centred residue, |v| <= (p − 1)/2: how weights are written. */
  get centredRanges(): readonly Range[] {
    const { limbBits, limbs } = this.format;
    const top = ((this.prime >> 1n) + lowLimbsMagnitude(this.format)) >> BigInt(limbBits * (limbs - 1));
    return this.limbRanges.map((limb, j) => (j === limbs - 1 ? range(-top, top) : limb));
  }
}

/** max |Σ_{j<N−1} limb_j·2^(W·j)| over balanced digits. */
function lowLimbsMagnitude({ limbBits, limbs }: LimbFormat): bigint {
  const digit = 1n << BigInt(limbBits - 1);
  return Array.from({ length: limbs - 1 }, (_, j) => digit << BigInt(limbBits * j)).reduce((a, b) => a + b);
}
