/**
 * A prime field with one bigint per element: the obvious implementation. It favours being right at sight over speed
 * (about 0.3 µs a product) and is what any faster kernel is compared with, so it promises nothing that the `Field`
 * interface does not.
 *
 * Not constant time: bigint arithmetic takes longer for longer numbers. Who can time a worker's arithmetic is on
 * that worker's machine and sees its shares anyway.
 */
import assert from "node:assert/strict";

import type { Field, FieldGroup, FieldVector, RandomBytes, ScopeResult } from "./field.ts";
import { lengthError, notCanonicalError, zeroInverseError } from "./fieldError.ts";
import { assertSameLength, assertSameShape, assertWindow } from "./vectorAssertions.ts";
import { VectorScopes } from "./vectorScopes.ts";
import { MAX_DRAWN_WORDS, readWord, viewOf, WORD_BYTES, writeWord } from "./words.ts";

/** A window on residues that several vectors may share. */
class BigintVector {
  readonly modulus: bigint;
  readonly residues: bigint[];
  readonly offset: number;
  readonly length: number;
  /** Nothing needs freeing here; the mark makes use after release fail as it does in every implementation. */
  isReleased = false;

  constructor(modulus: bigint, residues: bigint[], offset = 0, length = residues.length - offset) {
    this.modulus = modulus;
    this.residues = residues;
    this.offset = offset;
    this.length = length;
  }

  at(index: number): bigint {
    return this.residues[this.offset + index] as bigint; // index < length: every caller loops below it
  }
}

class BigintField implements FieldGroup {
  readonly modulus: bigint;
  readonly byteLength = WORD_BYTES;
  /** Keeps as many low bits as the modulus has: 254 for BN254, so that a draw passes with probability r/2^254 = 0.756. */
  readonly #drawMask: bigint;
  readonly #scopes: VectorScopes;

  constructor(modulus: bigint, scopes = new VectorScopes()) {
    this.#scopes = scopes;
    assert(modulus > 2n && modulus < 1n << 256n, "modulus out of range");
    this.modulus = modulus;
    this.#drawMask = (1n << BigInt(modulus.toString(2).length)) - 1n;
  }

  zeros(length: number): FieldVector {
    return this.#wrap(new Array<bigint>(length).fill(0n));
  }

  fromIntegers(values: ArrayLike<bigint>): FieldVector {
    return this.#generate(values.length, (index) => {
      const value = values[index] as bigint;
      assert(value < this.modulus && -value < this.modulus, `integer ${index} is not below the modulus`);
      return value < 0n ? value + this.modulus : value;
    });
  }

  toResidues(vector: FieldVector): bigint[] {
    const { residues, offset, length } = this.#unwrap(vector);
    return residues.slice(offset, offset + length);
  }

  fromWords(words: Uint8Array): FieldVector {
    if (words.length % WORD_BYTES !== 0) throw lengthError(words.length);
    const view = viewOf(words);
    return this.#generate(words.length / WORD_BYTES, (index) => {
      const word = readWord(view, index * WORD_BYTES);
      if (word >= this.modulus) throw notCanonicalError(index);
      return word;
    });
  }

  toWords(vector: FieldVector, into?: Uint8Array): Uint8Array {
    const source = this.#unwrap(vector);
    const words = into ?? new Uint8Array(source.length * WORD_BYTES);
    assert.equal(words.length, source.length * WORD_BYTES, "room for exactly the vector's words");
    const view = viewOf(words);
    for (let index = 0; index < source.length; index++) writeWord(view, index * WORD_BYTES, source.at(index));
    return words;
  }

  view(vector: FieldVector, from: number, to: number): FieldVector {
    const { residues, offset, length } = this.#unwrap(vector);
    assertWindow(from, to, length);
    return this.#brand(new BigintVector(this.modulus, residues, offset + from, to - from));
  }

  concat(vectors: readonly FieldVector[]): FieldVector {
    return this.#wrap(vectors.flatMap((vector) => this.toResidues(vector)));
  }

  gather(vector: FieldVector, indices: ArrayLike<number>): FieldVector {
    const source = this.#unwrap(vector);
    return this.#generate(indices.length, (position) => {
      const index = indices[position] as number;
      assert(Number.isInteger(index) && index >= 0 && index < source.length, `no element ${index} to gather`);
      return source.at(index);
    });
  }

  add(a: FieldVector, b: FieldVector): FieldVector {
    return this.#combine(a, b, (x, y) => (x + y >= this.modulus ? x + y - this.modulus : x + y));
  }

  sub(a: FieldVector, b: FieldVector): FieldVector {
    return this.#combine(a, b, (x, y) => (x >= y ? x - y : x - y + this.modulus));
  }

  mul(a: FieldVector, b: FieldVector): FieldVector {
    return this.#combine(a, b, (x, y) => (x * y) % this.modulus);
  }

  scale(a: FieldVector, k: bigint): FieldVector {
    return this.linearCombination([k], [a]);
  }

  axpy(k: bigint, x: FieldVector, y: FieldVector): FieldVector {
    return this.linearCombination([k, 1n], [x, y]);
  }

  linearCombination(weights: readonly bigint[], vectors: readonly FieldVector[]): FieldVector {
    assert(vectors.length > 0, "a linear combination needs at least one vector");
    assert.equal(weights.length, vectors.length, "one weight per vector");
    const factors = weights.map((weight) => this.reduce(weight));
    const sources = vectors.map((vector) => this.#unwrap(vector));
    const length = (sources[0] as BigintVector).length;
    for (const source of sources) assertSameLength(length, source.length);
    return this.#generate(length, (index) => {
      let total = 0n;
      for (let term = 0; term < sources.length; term++) {
        total += (factors[term] as bigint) * (sources[term] as BigintVector).at(index);
      }
      return total % this.modulus;
    });
  }

  innerProduct(a: FieldVector, b: FieldVector): bigint {
    const left = this.#unwrap(a);
    const right = this.#unwrap(b);
    assertSameLength(left.length, right.length);
    let total = 0n;
    for (let index = 0; index < left.length; index++) total += left.at(index) * right.at(index);
    return total % this.modulus;
  }

  outerCoefficients(a: readonly FieldVector[], b: readonly FieldVector[]): bigint[] {
    assertSameShape(a, b);
    const totals = new Array<bigint>(2 * a.length - 1).fill(0n);
    a.forEach((left, i) => b.forEach((right, j) => ((totals[i + j] as bigint) += this.innerProduct(left, right))));
    return totals.toSpliced(a.length - 1, 1).map((total) => total % this.modulus);
  }

  sum(a: FieldVector): bigint {
    const source = this.#unwrap(a);
    let total = 0n;
    for (let index = 0; index < source.length; index++) total += source.at(index);
    return total % this.modulus;
  }

  equal(a: FieldVector, b: FieldVector): boolean {
    const left = this.#unwrap(a);
    const right = this.#unwrap(b);
    if (left.length !== right.length) return false;
    for (let index = 0; index < left.length; index++) if (left.at(index) !== right.at(index)) return false;
    return true;
  }

  powers(x: bigint, length: number): FieldVector {
    let power = 1n;
    return this.#generate(length, (index) => {
      if (index > 0) power = this.reduce(power * x);
      return power;
    });
  }

  invertEach(a: FieldVector): FieldVector {
    const source = this.#unwrap(a);
    return this.#generate(source.length, (index) => {
      const value = source.at(index);
      if (value === 0n) throw zeroInverseError(index);
      return this.invert(value);
    });
  }

  random(length: number, randomBytes: RandomBytes): FieldVector {
    const residues: bigint[] = [];
    while (residues.length < length) {
      const words = Math.min(length - residues.length, MAX_DRAWN_WORDS);
      const bytes = randomBytes(words * WORD_BYTES);
      assert.equal(bytes.length, words * WORD_BYTES, "the randomness source returned another length");
      const view = viewOf(bytes);
      for (let word = 0; word < words; word++) {
        const draw = readWord(view, word * WORD_BYTES) & this.#drawMask;
        if (draw < this.modulus) residues.push(draw);
      }
    }
    return this.#wrap(residues);
  }

  reduce(value: bigint): bigint {
    const remainder = value % this.modulus;
    return remainder < 0n ? remainder + this.modulus : remainder;
  }

  /** Extended Euclid: keeps t·value ≡ r (mod modulus) while (r, previous r) runs down to gcd = 1. */
  invert(value: bigint): bigint {
    let [previous, current] = [this.modulus, this.reduce(value)];
    if (current === 0n) throw zeroInverseError();
    let [previousFactor, factor] = [0n, 1n];
    while (current !== 1n) {
      const quotient = previous / current;
      [previous, current] = [current, previous - quotient * current];
      [previousFactor, factor] = [factor, previousFactor - quotient * factor];
    }
    return this.reduce(factor);
  }

  toSigned(residue: bigint): bigint {
    assert(residue >= 0n && residue < this.modulus, "not a canonical residue");
    return residue > this.modulus >> 1n ? residue - this.modulus : residue;
  }

  release(...vectors: readonly FieldVector[]): void {
    for (const vector of vectors) {
      this.#unwrap(vector).isReleased = true;
      this.#scopes.forget(vector);
    }
  }

  scope<Result extends ScopeResult>(compute: () => Result): Result {
    return this.#scopes.run(compute, (vector) => this.release(vector));
  }

  group(): FieldGroup {
    return new BigintField(this.modulus, new VectorScopes(true));
  }

  releaseAll(): void {
    for (const vector of this.#scopes.takeAll()) (vector as unknown as BigintVector).isReleased = true;
  }

  #combine(a: FieldVector, b: FieldVector, operation: (x: bigint, y: bigint) => bigint): FieldVector {
    const left = this.#unwrap(a);
    const right = this.#unwrap(b);
    assertSameLength(left.length, right.length);
    return this.#generate(left.length, (index) => operation(left.at(index), right.at(index)));
  }

  #generate(length: number, residueAt: (index: number) => bigint): FieldVector {
    const residues = new Array<bigint>(length);
    for (let index = 0; index < length; index++) residues[index] = residueAt(index);
    return this.#wrap(residues);
  }

  #wrap(residues: bigint[]): FieldVector {
    return this.#brand(new BigintVector(this.modulus, residues));
  }

  #brand(vector: BigintVector): FieldVector {
    return this.#scopes.add(vector as unknown as FieldVector); // the brand exists in types only
  }

  #unwrap(vector: FieldVector): BigintVector {
    const inner: unknown = vector;
    assert(inner instanceof BigintVector && inner.modulus === this.modulus, "a vector of another field");
    assert(!inner.isReleased, "a released vector");
    return inner;
  }
}

/** @param modulus a prime, 2 < modulus < 2^256; primality is the caller's claim (`bn254.ts` has a checker test). */
export function createBigintField(modulus: bigint): Field {
  return new BigintField(modulus);
}
