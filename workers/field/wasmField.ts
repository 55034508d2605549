/**
 * A prime field in WebAssembly: vectors in one growing memory, kernels made from the prime by `kernel/generateKernel.ts`.
 * About 20 times as fast as one bigint per element (`npm run bench -- kernel`).
 *
 * Stored elements are in normal form (`kernel/primeConstants.ts`): a residue up to one multiple of p. Only words and
 * bigints that leave are canonical. The kernels are straight-line code without branches on elements; `random` takes as
 * long as its rejections ask for, which are independent of what it returns. Single elements pass through bigints, whose
 * time depends on their size: the last one of an odd length in sums and comparisons, and all scalars.
 */
import assert from "node:assert/strict";

import { batchInverse } from "./batchInverse.ts";
import { createBigintField } from "./bigintField.ts";
import type { Field, FieldGroup, FieldVector, RandomBytes, ScopeResult } from "./field.ts";
import { lengthError, notCanonicalError } from "./fieldError.ts";
import { generateKernel } from "./kernel/generateKernel.ts";
import type { GeneratedKernel } from "./kernel/generateKernel.ts";
import type { KernelMemory } from "./kernel/kernelMemory.ts";
import { openCore } from "./kernel/kernelCore.ts";
import type { KernelCore } from "./kernel/kernelCore.ts";
import { KernelSums } from "./kernel/kernelSums.ts";
import type { KernelThreads } from "./kernel/kernelThreads.ts";
import { hasFusedMultiplyAdd } from "./kernel/probe.ts";
import { KernelVectors } from "./kernel/kernelVectors.ts";
import { pairsOf, Transfers } from "./kernel/transfers.ts";
import type { WasmVector } from "./kernel/wasmVector.ts";
import { assertSameLength, assertSameShape } from "./vectorAssertions.ts";
import { VectorScopes } from "./vectorScopes.ts";
import { readWord, viewOf, WORD_BYTES } from "./words.ts";

export interface WasmFieldOptions {
  /** By default fused where the machine has a fused multiply-add, integer elsewhere. */
  readonly arithmetic?: "fused" | "integer";
  /** Threads that long vectors are split over, the calling one included; default 1. */
  readonly threads?: number;
}

export interface WasmField extends Field {
  readonly arithmetic: "fused" | "integer";
  /** Bytes of the vectors that are not released; memory taken from the machine may be more and never shrinks. */
  readonly bytesInUse: number;
  /** Helper threads that are up: they come some 50 ms after the field is made, and long vectors are not split before. */
  readonly helpersUp: number;
  /** Ends the helper threads; the field goes on with one. */
  stop(): Promise<void>;
}

class KernelField implements WasmField, FieldGroup {
  readonly modulus: bigint;
  readonly byteLength = WORD_BYTES;
  readonly #core: KernelCore;
  readonly #kernel: GeneratedKernel;
  readonly #memory: KernelMemory;
  readonly #threads: KernelThreads;
  readonly #sums: KernelSums;
  readonly #transfers: Transfers;
  readonly #vectors: KernelVectors;
  readonly #scopes: VectorScopes;
  /** Scalars are few: they stay bigints. */
  readonly #scalars: Field;

  constructor(core: KernelCore, scopes = new VectorScopes()) {
    this.modulus = core.kernel.prime.prime;
    this.#core = core;
    this.#scopes = scopes;
    this.#kernel = core.kernel;
    this.#memory = core.memory;
    this.#threads = core.threads;
    this.#sums = new KernelSums(core.kernel, core.memory, core.threads);
    this.#transfers = new Transfers(core.memory);
    this.#vectors = new KernelVectors(core, this.#transfers);
    this.#scalars = createBigintField(this.modulus);
  }

  get arithmetic(): "fused" | "integer" {
    return this.#kernel.format.name;
  }

  get bytesInUse(): number {
    return this.#vectors.bytesInUse;
  }

  get helpersUp(): number {
    return this.#threads.up;
  }

  async stop(): Promise<void> {
    await this.#threads.stop();
  }

  zeros(length: number): FieldVector {
    const vector = this.#vectors.allocate(length);
    const { address, bytes } = vector.block;
    this.#memory.call.clear(address, bytes);
    return this.#brand(vector);
  }

  fromIntegers(values: ArrayLike<bigint>): FieldVector {
    return this.#fill(values.length, ({ block }) => this.#transfers.writeIntegers(block.address, values, this.modulus));
  }

  toResidues(vector: FieldVector): bigint[] {
    const words = viewOf(this.toWords(vector));
    return Array.from({ length: vector.length }, (_, index) => readWord(words, index * WORD_BYTES));
  }

  fromWords(words: Uint8Array): FieldVector {
    if (words.length % WORD_BYTES !== 0) throw lengthError(words.length);
    return this.#fill(words.length / WORD_BYTES, ({ block }) => {
      const isCanonical = this.#transfers.writeWords(block.address, words);
      if (!isCanonical) throw notCanonicalError(firstNotCanonical(words, this.modulus));
    });
  }

  toWords(vector: FieldVector, words?: Uint8Array): Uint8Array {
    const source = this.#vectors.aligned(vector);
    const target = words ?? new Uint8Array(source.length * WORD_BYTES);
    assert.equal(target.length, source.length * WORD_BYTES, "room for exactly the vector's words");
    this.#transfers.readWords(this.#vectors.pairAddress(source, 0), target);
    return target;
  }

  view(vector: FieldVector, from: number, to: number): FieldVector {
    return this.#brand(this.#vectors.window(vector, from, to));
  }

  concat(vectors: readonly FieldVector[]): FieldVector {
    const sources = vectors.map((vector) => this.#vectors.unwrap(vector));
    const result = this.#vectors.allocate(sources.reduce((total, { length }) => total + length, 0));
    let position = 0;
    for (const { block, start, length } of sources) {
      this.#transfers.copy(result.block.address, position, block.address, start, length);
      position += length;
    }
    return this.#brand(result);
  }

  gather(vector: FieldVector, indices: ArrayLike<number>): FieldVector {
    const source = this.#vectors.unwrap(vector);
    return this.#fill(indices.length, ({ block }) => {
      this.#transfers.gather(block.address, source.block.address, source.start, source.length, indices);
    });
  }

  add(a: FieldVector, b: FieldVector): FieldVector {
    return this.#elementwise("add", a, b);
  }

  sub(a: FieldVector, b: FieldVector): FieldVector {
    return this.#elementwise("sub", a, b);
  }

  mul(a: FieldVector, b: FieldVector): FieldVector {
    return this.#elementwise("mul", a, b);
  }

  scale(a: FieldVector, k: bigint): FieldVector {
    return this.linearCombination([k], [a]);
  }

  axpy(k: bigint, x: FieldVector, y: FieldVector): FieldVector {
    const [left, right] = this.#vectors.alignedPair(x, y);
    const result = this.#vectors.allocate(left.length);
    const [r, a, b] = [result, left, right].map((vector) => this.#vectors.pairAddress(vector, 0));
    this.#sums.axpy([r as number, a as number, b as number], k, pairsOf(left.length));
    return this.#brand(result);
  }

  /** Weights below 2^28 in magnitude cost a third of others; so do three and more fractions over 7!, but for one product. */
  linearCombination(weights: readonly bigint[], vectors: readonly FieldVector[]): FieldVector {
    assert(vectors.length > 0, "a linear combination needs at least one vector");
    assert.equal(weights.length, vectors.length, "one weight per vector");
    const sources = vectors.map((vector) => this.#vectors.aligned(vector));
    const { length } = sources[0] as WasmVector;
    for (const source of sources) assertSameLength(length, source.length);
    const addresses = sources.map((source) => this.#vectors.pairAddress(source, 0));
    // Each call but the first goes on from the result of the one before.
    let result: WasmVector | undefined;
    for (const { kernel, carry, terms } of this.#sums.plan(weights, addresses)) {
      const next = this.#vectors.allocate(length);
      const carried = result === undefined ? [] : [{ weight: carry, address: this.#vectors.pairAddress(result, 0) }];
      this.#sums.combine(kernel, this.#vectors.pairAddress(next, 0), [...carried, ...terms], pairsOf(length));
      if (result !== undefined) this.#vectors.drop(result.block);
      result = next;
    }
    return this.#brand(result as WasmVector); // there is at least one term
  }

  innerProduct(a: FieldVector, b: FieldVector): bigint {
    const [left, right] = this.#vectors.alignedPair(a, b);
    const last = left.length - 1;
    const tail = left.length % 2 === 0 ? 0n : this.#vectors.element(left, last) * this.#vectors.element(right, last);
    const addresses = [this.#vectors.pairAddress(left, 0), this.#vectors.pairAddress(right, 0)];
    return this.reduce(tail + this.#sums.innerProduct(addresses, left.length >> 1));
  }

  outerCoefficients(a: readonly FieldVector[], b: readonly FieldVector[]): bigint[] {
    assertSameShape(a, b);
    const [left, right] = [a, b].map((vectors) => vectors.map((each) => this.#vectors.aligned(each))) as [
      WasmVector[],
      WasmVector[],
    ];
    const { length } = left[0] as WasmVector;
    const addressesOf = (vectors: readonly WasmVector[]): number[] =>
      vectors.map((vector) => this.#vectors.pairAddress(vector, 0));
    const lastOf = (vectors: readonly WasmVector[]): bigint[] =>
      vectors.map((vector) => (length % 2 === 0 ? 0n : this.#vectors.element(vector, length - 1)));
    const tails = outerProducts(lastOf(left), lastOf(right));
    const sums = this.#sums.outerCoefficients(addressesOf(left), addressesOf(right), length >> 1);
    return sums.map((sum, index) => this.reduce(sum + (tails[index] as bigint)));
  }

  sum(a: FieldVector): bigint {
    const source = this.#vectors.aligned(a);
    const tail = source.length % 2 === 0 ? 0n : this.#vectors.element(source, source.length - 1);
    return this.reduce(tail + this.#sums.sum(this.#vectors.pairAddress(source, 0), source.length >> 1));
  }

  equal(a: FieldVector, b: FieldVector): boolean {
    if (this.#vectors.unwrap(a).length !== this.#vectors.unwrap(b).length) return false;
    const [left, right] = this.#vectors.alignedPair(a, b);
    const last = left.length - 1;
    if (
      left.length % 2 === 1 &&
      this.reduce(this.#vectors.element(left, last) - this.#vectors.element(right, last)) !== 0n
    )
      return false;
    const [leftAddress, rightAddress] = [this.#vectors.pairAddress(left, 0), this.#vectors.pairAddress(right, 0)];
    return this.#memory.call.differs(leftAddress, rightAddress, left.length >> 1) === 0;
  }

  powers(x: bigint, length: number): FieldVector {
    const result = this.#vectors.allocate(length);
    const { address } = result.block;
    // Two whole pairs, as every vector has: from then on each doubling begins where a step of the kernel does.
    let step = 1n; // x^known
    for (let index = 0; index < 4; index++) {
      this.#memory.writeElement(address, index, step);
      step = this.reduce(step * x);
    }
    for (let known = 4; known < length; known *= 2) {
      const target = address + (known >> 1) * this.#memory.pairBytes;
      this.#sums.scale([target, address], step, pairsOf(Math.min(known, length - known)));
      step = this.reduce(step * step);
    }
    return this.#brand(result);
  }

  invertEach(a: FieldVector): FieldVector {
    return batchInverse(this, a);
  }

  random(length: number, randomBytes: RandomBytes): FieldVector {
    return this.#fill(length, ({ block }) => this.#transfers.draw(block.address, length, randomBytes));
  }

  reduce(value: bigint): bigint {
    return this.#scalars.reduce(value);
  }

  invert(value: bigint): bigint {
    return this.#scalars.invert(value);
  }

  toSigned(residue: bigint): bigint {
    return this.#scalars.toSigned(residue);
  }

  release(...vectors: readonly FieldVector[]): void {
    for (const vector of vectors) {
      const inner = this.#vectors.unwrap(vector);
      inner.isReleased = true;
      this.#scopes.forget(vector);
      this.#vectors.drop(inner.block);
    }
  }

  scope<Result extends ScopeResult>(compute: () => Result): Result {
    return this.#scopes.run(compute, (vector) => this.release(vector));
  }

  group(): FieldGroup {
    return new KernelField(this.#core, new VectorScopes(true));
  }

  releaseAll(): void {
    for (const vector of this.#scopes.takeAll()) {
      if (!(vector as unknown as WasmVector).isReleased) this.release(vector); // it may have been, through another group
    }
  }

  /** Several pairs are worked on at a time, so threads begin at multiples of that. */
  #elementwise(kernel: "add" | "sub" | "mul", a: FieldVector, b: FieldVector): FieldVector {
    const [left, right] = this.#vectors.alignedPair(a, b);
    const result = this.#vectors.allocate(left.length);
    this.#threads.run(kernel, pairsOf(left.length), this.#kernel.format.pairsPerStep, (from, pairs) => [
      this.#vectors.pairAddress(result, from),
      this.#vectors.pairAddress(left, from),
      this.#vectors.pairAddress(right, from),
      pairs,
    ]);
    return this.#brand(result);
  }

  /** A new vector that `write` fills; if it throws, nothing of it stays. */
  #fill(length: number, write: (vector: WasmVector) => void): FieldVector {
    const vector = this.#vectors.allocate(length);
    try {
      write(vector);
    } catch (error) {
      this.#vectors.drop(vector.block);
      throw error;
    }
    return this.#brand(vector);
  }

  #brand(vector: WasmVector): FieldVector {
    return this.#scopes.add(vector as unknown as FieldVector); // the brand exists in types only
  }
}

/** Σ_{i+j=d} a_i·b_j for all d but the middle one. */
function outerProducts(a: readonly bigint[], b: readonly bigint[]): bigint[] {
  const totals = new Array<bigint>(2 * a.length - 1).fill(0n);
  a.forEach((left, i) => b.forEach((right, j) => ((totals[i + j] as bigint) += left * right)));
  return totals.toSpliced(a.length - 1, 1);
}

/** Index of the first word that is not below the modulus: there is one. */
function firstNotCanonical(words: Uint8Array, modulus: bigint): number {
  const view = viewOf(words);
  let index = 0;
  while (readWord(view, index * WORD_BYTES) < modulus) index++;
  return index;
}

/**
 * @param modulus a prime of 254 bits or a little less: what the kernels are proved for; others are refused
 * @throws AssertionError naming the bound that the modulus breaks
 */
export function createWasmField(modulus: bigint, options: WasmFieldOptions = {}): WasmField {
  const isFused = hasFusedMultiplyAdd();
  const { arithmetic = isFused ? "fused" : "integer", threads = 1 } = options;
  assert(arithmetic === "integer" || isFused, "this machine rounds a multiply-add twice: fused limbs would be wrong");
  assert(Number.isInteger(threads) && threads >= 1, "at least one thread");
  return new KernelField(openCore(generateKernel(modulus, arithmetic), threads));
}
