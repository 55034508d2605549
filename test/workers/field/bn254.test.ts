/** Recomputes what `workers/field/bn254.ts` claims of its constant. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254 } from "@noble/curves/bn254.js";

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import { seededBytes } from "./seededBytes.ts";

const r = BN254_FR_MODULUS;
/** Miller-Rabin lets a composite pass each base with probability below 1/4. */
const RANDOM_BASES = 40;
/** log2 of the largest power-of-two subgroup of Fr*. */
const TWO_ADICITY = 28n;

describe("BN254_FR_MODULUS", () => {
  it("is prime", () => {
    const random = bn254Fr.toResidues(bn254Fr.random(RANDOM_BASES, seededBytes("miller-rabin")));
    const small = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n];
    for (const base of [...small, ...random]) assert(passesMillerRabin(r, base), `base ${base} is a witness`);
  });

  it("is told from its composite neighbours by the same test", () => {
    for (const composite of [r - 2n, r + 2n, r * r, 561n, 1_373_653n * 3n]) {
      assert(!passesMillerRabin(composite, 2n) || !passesMillerRabin(composite, 5n), `${composite} passes`);
    }
  });

  it("has 254 bits and is the order of the BN254 group, as another library has it", () => {
    assert.equal(r.toString(2).length, 254);
    assert.equal(r, bn254.fields.Fr.ORDER);
    // BN parameter x: r = 36x⁴ + 36x³ + 18x² + 6x + 1.
    const x = 4965661367192848881n;
    assert.equal(r, 36n * x ** 4n + 36n * x ** 3n + 18n * x ** 2n + 6n * x + 1n);
  });

  it("allows transforms up to 2^28: r - 1 is divisible by it, and no further", () => {
    assert.equal((r - 1n) % (1n << TWO_ADICITY), 0n);
    assert.notEqual((r - 1n) % (1n << (TWO_ADICITY + 1n)), 0n);
  });

  it("has 5^((r-1)/N) as a primitive N-th root of unity for every N = 2^k", () => {
    for (let k = 1n; k <= TWO_ADICITY; k++) {
      const size = 1n << k;
      const root = power(5n, (r - 1n) / size, r);
      assert.equal(power(root, size, r), 1n);
      assert.equal(power(root, size / 2n, r), r - 1n, `order of the root for 2^${k}`);
    }
  });
});

function passesMillerRabin(candidate: bigint, base: bigint): boolean {
  let odd = candidate - 1n;
  let twos = 0;
  while (odd % 2n === 0n) {
    odd /= 2n;
    twos++;
  }
  let value = power(base, odd, candidate);
  if (value === 1n || value === candidate - 1n) return true;
  for (let squaring = 1; squaring < twos; squaring++) {
    value = (value * value) % candidate;
    if (value === candidate - 1n) return true;
  }
  return false;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
