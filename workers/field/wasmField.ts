/**
 * A prime field in WebAssembly: vectors in one growing memory, kernels made from the prime by `kernel/generateKernel.ts`.
 * About 20 times as fast as one bigint per element (`npm run bench -- kernel`).
 *
 * Stored elements are in normal form (`kernel/primeConstants.ts`): a residue up to one multiple of p. Only words and
 * bigints that leave are canonical. Straight-line code without branches on elements, except that `random` takes as long
 * as its rejections ask for, which are independent of what it returns.
 *
 * Invariant: `start` of a vector that a kernel reads is even; a view at an odd offset is copied once, when it is first
 * used (`#aligned`).
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import { batchInverse } from "./batchInverse.ts";
import { createBigintField } from "./bigintField.ts";
import type { Field, FieldVector, RandomBytes, ScopeResult } from "./field.ts";
import type { FieldError } from "./fieldError.ts";
import { generateKernel } from "./kernel/generateKernel.ts";
import type { GeneratedKernel } from "./kernel/generateKernel.ts";
import { CHUNK_WORDS, KernelMemory } from "./kernel/kernelMemory.ts";
import { KernelThreads } from "./kernel/kernelThreads.ts";
import { hasFusedMultiplyAdd } from "./kernel/probe.ts";
import { Blocks, WasmVector } from "./kernel/wasmVector.ts";
import { VectorScopes } from "./vectorScopes.ts";
import { MAX_DRAWN_WORDS, readWord, viewOf, WORD_BYTES, writeWord } from "./words.ts";

export interface WasmFieldOptions {
  /** By default fused where the machine has a fused multiply-add, integer elsewhere. */
  readonly arithmetic?: "fused" | "integer";
  /** Threads that long vectors are split over, the calling one included; default 1. */
  readonly threads?: number;
}

export interface WasmField extends Field {
  readonly arithmetic: "fused" | "integer";
  /** Ends the helper threads; the field goes on with one. */
  stop(): Promise<void>;
}

/** Indices that `gather` hands over at once; they use the words' scratch area. */
const CHUNK_INDICES = CHUNK_WORDS * (WORD_BYTES / 4);

class KernelField implements WasmField {
  readonly modulus: bigint;
  readonly byteLength = WORD_BYTES;
  readonly #kernel: GeneratedKernel;
  readonly #memory: KernelMemory;
  readonly #blocks: Blocks;
  readonly #threads: KernelThreads;
  readonly #scopes = new VectorScopes();
  /** Scalars are few: they stay bigints. */
  readonly #scalars: Field;

  constructor(kernel: GeneratedKernel, threads: number) {
    this.modulus = kernel.prime.prime;
    this.#kernel = kernel;
    this.#memory = new KernelMemory(kernel);
    this.#blocks = new Blocks(this.#memory.arena);
    this.#threads = new KernelThreads(this.#memory, threads);
    this.#scalars = createBigintField(this.modulus);
  }

  get arithmetic(): "fused" | "integer" {
    return this.#kernel.format.name;
  }

  async stop(): Promise<void> {
    await this.#threads.stop();
  }

  zeros(length: number): FieldVector {
    const vector = this.#allocate(length);
    const { address, bytes } = vector.block;
    this.#memory.bytes.fill(0, address, address + bytes);
    return this.#brand(vector);
  }

  fromIntegers(values: ArrayLike<bigint>): FieldVector {
    const vector = this.#allocate(values.length);
    const isTyped = values instanceof BigInt64Array;
    this.#inChunks(values.length, (from, count, address) => {
      if (isTyped) {
        new BigInt64Array(this.#memory.memory.buffer, address, count).set(values.subarray(from, from + count));
        this.#memory.call["fromIntegers"]?.(this.#pairAddress(vector, from >> 1), address, pairsOf(count));
      } else {
        this.#writeIntegers(values, from, count);
        this.#memory.call["unpack"]?.(this.#pairAddress(vector, from >> 1), address, pairsOf(count));
      }
    });
    return this.#brand(vector);
  }

  toResidues(vector: FieldVector): bigint[] {
    const words = viewOf(this.toWords(vector));
    return Array.from({ length: vector.length }, (_, index) => readWord(words, index * WORD_BYTES));
  }

  fromWords(words: Uint8Array): FieldVector {
    if (words.length % WORD_BYTES !== 0) {
      throw new CodedError<FieldError>(
        { code: "FIELD_LENGTH", bytes: words.length },
        `${words.length} bytes are not a whole number of ${WORD_BYTES}-byte field elements`,
      );
    }
    const vector = this.#allocate(words.length / WORD_BYTES);
    let foreign = 0;
    this.#inChunks(vector.length, (from, count, address) => {
      this.#writeWords(words.subarray(from * WORD_BYTES, (from + count) * WORD_BYTES), 0);
      foreign |= this.#memory.call["unpack"]?.(this.#pairAddress(vector, from >> 1), address, pairsOf(count)) as number;
    });
    if (foreign === 0) return this.#brand(vector);
    this.#blocks.drop(vector.block);
    throw notCanonical(words, this.modulus);
  }

  toWords(vector: FieldVector): Uint8Array {
    const source = this.#aligned(vector);
    const words = new Uint8Array(source.length * WORD_BYTES);
    this.#inChunks(source.length, (from, count, address) => {
      this.#memory.call["pack"]?.(address, this.#pairAddress(source, from >> 1), pairsOf(count));
      words.set(this.#memory.bytes.subarray(address, address + count * WORD_BYTES), from * WORD_BYTES);
    });
    return words;
  }

  view(vector: FieldVector, from: number, to: number): FieldVector {
    const { block, start, length } = this.#unwrap(vector);
    assert(Number.isInteger(from) && Number.isInteger(to), "view bounds are not integers");
    assert(0 <= from && from <= to && to <= length, `view [${from}, ${to}) of a vector of ${length}`);
    return this.#brand(new WasmVector(this, block, start + from, to - from));
  }

  concat(vectors: readonly FieldVector[]): FieldVector {
    const sources = vectors.map((vector) => this.#unwrap(vector));
    const result = this.#allocate(sources.reduce((total, { length }) => total + length, 0));
    let position = 0;
    for (const source of sources) {
      this.#copy(result, position, source);
      position += source.length;
    }
    return this.#brand(result);
  }

  gather(vector: FieldVector, indices: ArrayLike<number>): FieldVector {
    const source = this.#unwrap(vector);
    const result = this.#allocate(indices.length);
    for (let from = 0; from < indices.length; from += CHUNK_INDICES) {
      const count = Math.min(CHUNK_INDICES, indices.length - from);
      const chosen = new Uint32Array(this.#memory.memory.buffer, this.#memory.words, count);
      for (let position = 0; position < count; position++) {
        const index = indices[from + position] as number;
        assert(Number.isInteger(index) && index >= 0 && index < source.length, `no element ${index} to gather`);
        chosen[position] = index;
      }
      const target = this.#pairAddress(result, from >> 1);
      this.#memory.call["gather"]?.(target, source.block.address, source.start, this.#memory.words, count);
    }
    return this.#brand(result);
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
    const [left, right] = this.#alignedPair(x, y);
    const result = this.#allocate(left.length);
    const { weights } = this.#memory;
    this.#writeFullWeight(weights, this.#kernel.prime.centred(k));
    this.#run("axpy", left.length, (from, pairs) => [
      ...[result, left, right].map((vector) => this.#pairAddress(vector, from)),
      ...[weights, pairs],
    ]);
    return this.#brand(result);
  }

  /** Small weights cost a fifth of full ones: |w| < 2^24 in (−r/2, r/2), all of them. */
  linearCombination(weights: readonly bigint[], vectors: readonly FieldVector[]): FieldVector {
    assert(vectors.length > 0, "a linear combination needs at least one vector");
    assert.equal(weights.length, vectors.length, "one weight per vector");
    const sources = vectors.map((vector) => this.#aligned(vector));
    for (const { length } of sources) assertSameLength((sources[0] as WasmVector).length, length);
    const centred = weights.map((weight) => this.#kernel.prime.centred(weight));
    const { fullTerms, smallTerms, smallWeightBits } = this.#kernel.format.limits;
    const limit = 1n << BigInt(smallWeightBits);
    const isSmall = centred.every((weight) => -limit < weight && weight < limit);
    const maxTerms = isSmall ? smallTerms : fullTerms;
    let result = this.#combine(isSmall, centred.slice(0, maxTerms), sources.slice(0, maxTerms));
    for (let term = maxTerms; term < sources.length; term += maxTerms - 1) {
      const next = {
        weights: centred.slice(term, term + maxTerms - 1),
        sources: sources.slice(term, term + maxTerms - 1),
      };
      const partial = result;
      result = this.#combine(isSmall, [1n, ...next.weights], [partial, ...next.sources]);
      this.#blocks.drop(partial.block);
    }
    return this.#brand(result);
  }

  innerProduct(a: FieldVector, b: FieldVector): bigint {
    const [left, right] = this.#alignedPair(a, b);
    const last = left.length - 1;
    const tail = left.length % 2 === 0 ? 0n : this.#element(left, last) * this.#element(right, last);
    return this.reduce(tail + this.#blockSum("innerProduct", [left, right], left.length >> 1));
  }

  sum(a: FieldVector): bigint {
    const source = this.#aligned(a);
    const tail = source.length % 2 === 0 ? 0n : this.#element(source, source.length - 1);
    return this.reduce(tail + this.#blockSum("sum", [source], source.length >> 1));
  }

  equal(a: FieldVector, b: FieldVector): boolean {
    if (this.#unwrap(a).length !== this.#unwrap(b).length) return false;
    const [left, right] = this.#alignedPair(a, b);
    const last = left.length - 1;
    if (left.length % 2 === 1 && this.reduce(this.#element(left, last) - this.#element(right, last)) !== 0n)
      return false;
    const [leftAddress, rightAddress] = [this.#pairAddress(left, 0), this.#pairAddress(right, 0)];
    return this.#memory.call["differs"]?.(leftAddress, rightAddress, left.length >> 1) === 0;
  }

  powers(x: bigint, length: number): FieldVector {
    const result = this.#allocate(length);
    const { address } = result.block;
    const { call, table, weights, starts, pairBytes } = this.#memory;
    this.#memory.writeElement(address, 0, 1n);
    this.#memory.writeElement(address, 1, this.reduce(x));
    let step = this.reduce(x * x); // x^known
    for (let known = 2; known < length; known *= 2) {
      this.#prepareTerms(false, [this.#kernel.prime.centred(step)], [address]);
      const target = address + (known >> 1) * pairBytes;
      call["linearFull"]?.(target, table, weights, 1, pairsOf(Math.min(known, length - known)), starts, 0);
      step = this.reduce(step * step);
    }
    return this.#brand(result);
  }

  invertEach(a: FieldVector): FieldVector {
    return batchInverse(this, a);
  }

  random(length: number, randomBytes: RandomBytes): FieldVector {
    const vector = this.#allocate(length);
    const { words } = this.#memory;
    for (let drawn = 0; drawn < length;) {
      const count = Math.min(length - drawn, MAX_DRAWN_WORDS);
      const bytes = randomBytes(count * WORD_BYTES);
      assert.equal(bytes.length, count * WORD_BYTES, "the randomness source returned another length");
      this.#writeWords(bytes, 0xff); // an odd count leaves a word over, which is then rejected
      drawn = this.#memory.call["draw"]?.(vector.block.address, drawn, words, pairsOf(count)) as number;
    }
    return this.#brand(vector);
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
      const inner = this.#unwrap(vector);
      inner.isReleased = true;
      this.#scopes.forget(vector);
      this.#blocks.drop(inner.block);
    }
  }

  scope<Result extends ScopeResult>(compute: () => Result): Result {
    return this.#scopes.run(compute, (vector) => this.release(vector));
  }

  #elementwise(kernel: "add" | "sub" | "mul", a: FieldVector, b: FieldVector): FieldVector {
    const [left, right] = this.#alignedPair(a, b);
    const result = this.#allocate(left.length);
    this.#run(kernel, left.length, (from, pairs) => [
      this.#pairAddress(result, from),
      this.#pairAddress(left, from),
      this.#pairAddress(right, from),
      pairs,
    ]);
    return this.#brand(result);
  }

  /** Runs an elementwise kernel over all pairs; several pairs at a time, so slices begin at multiples of that. */
  #run(kernel: string, length: number, slice: (from: number, pairs: number) => readonly number[]): void {
    this.#threads.run(kernel, pairsOf(length), this.#kernel.format.pairsPerStep, slice);
  }

  #combine(isSmall: boolean, weights: readonly bigint[], sources: readonly WasmVector[]): WasmVector {
    const { length } = sources[0] as WasmVector;
    const result = this.#allocate(length);
    const addresses = sources.map((source) => this.#pairAddress(source, 0));
    const kernel = this.#prepareTerms(isSmall, weights, addresses);
    const { table, weights: weightArea, starts } = this.#memory;
    this.#threads.run(kernel, pairsOf(length), 1, (from, pairs) => [
      this.#pairAddress(result, from),
      ...[table, weightArea, weights.length, pairs, starts, from * this.#memory.pairBytes],
    ]);
    return result;
  }

  /** Lays out the terms of a linear combination in the scratch area; returns the kernel for them. */
  #prepareTerms(isSmall: boolean, weights: readonly bigint[], addresses: readonly number[]): string {
    const { table, weights: weightArea, pairBytes } = this.#memory;
    addresses.forEach((address, term) => this.#memory.writeAddress(table + 4 * term, address));
    weights.forEach((weight, term) => {
      if (isSmall) this.#memory.writeSmallWeight(weightArea + 16 * term, Number(weight));
      else this.#writeFullWeight(weightArea + pairBytes * term, weight);
    });
    return isSmall ? "linearSmall" : "linearFull";
  }

  #writeFullWeight(address: number, centred: bigint): void {
    this.#memory.writeElement(address, 0, centred);
    this.#memory.writeElement(address, 1, centred);
  }

  /** The sum over whole pairs that a kernel makes block by block; blocks of blocks until one pair is left. */
  #blockSum(kernel: "innerProduct" | "sum", operands: readonly WasmVector[], pairs: number): bigint {
    if (pairs === 0) return 0n;
    const { innerProductPairs, sumPairs } = this.#kernel.format.limits;
    const blockPairs = kernel === "sum" ? sumPairs : innerProductPairs;
    const partial = this.#allocate(2 * Math.ceil(pairs / blockPairs));
    this.#threads.run(kernel, pairs, blockPairs, (from, count) => [
      this.#pairAddress(partial, from / blockPairs),
      ...operands.map((operand) => this.#pairAddress(operand, from)),
      count,
    ]);
    const isLast = partial.length === 2;
    const total = isLast
      ? this.#element(partial, 0) + this.#element(partial, 1)
      : this.#blockSum("sum", [partial], partial.length >> 1);
    this.#blocks.drop(partial.block);
    return total;
  }

  /** Calls `compute` for pieces of CHUNK_WORDS elements, with the address of the scratch area for words. */
  #inChunks(length: number, compute: (from: number, count: number, address: number) => void): void {
    for (let from = 0; from < length; from += CHUNK_WORDS) {
      compute(from, Math.min(CHUNK_WORDS, length - from), this.#memory.words);
    }
  }

  /** Puts words into the scratch area, and one more word of `filler`, for the second lane of an odd count. */
  #writeWords(words: Uint8Array, filler: number): void {
    const { bytes, words: address } = this.#memory;
    bytes.set(words, address);
    bytes.fill(filler, address + words.length, address + words.length + WORD_BYTES);
  }

  #writeIntegers(values: ArrayLike<bigint>, from: number, count: number): void {
    const words = new Uint8Array(count * WORD_BYTES);
    const view = viewOf(words);
    for (let index = 0; index < count; index++) {
      const value = values[from + index] as bigint;
      assert(value < this.modulus && -value < this.modulus, `integer ${from + index} is not below the modulus`);
      writeWord(view, index * WORD_BYTES, value < 0n ? value + this.modulus : value);
    }
    this.#writeWords(words, 0);
  }

  #copy(target: WasmVector, position: number, source: WasmVector): void {
    if (source.length === 0) return;
    const isAligned = position % 2 === 0 && source.start % 2 === 0;
    if (isAligned) {
      const bytes = pairsOf(source.length) * this.#memory.pairBytes;
      this.#memory.call["move"]?.(this.#pairAddress(target, position >> 1), this.#pairAddress(source, 0), bytes);
    } else {
      const { block, start, length } = source;
      this.#memory.call["copy"]?.(target.block.address, position, block.address, start, length);
    }
  }

  /** The vector, moved to a block of its own if it begins in the middle of a pair. Its elements stay what they are. */
  #aligned(vector: FieldVector): WasmVector {
    const source = this.#unwrap(vector);
    if (source.start % 2 === 0) return source;
    const copy = this.#allocate(source.length);
    this.#copy(copy, 0, source);
    this.#blocks.drop(source.block);
    source.block = copy.block;
    source.start = 0;
    return source;
  }

  #alignedPair(a: FieldVector, b: FieldVector): [WasmVector, WasmVector] {
    assertSameLength(this.#unwrap(a).length, this.#unwrap(b).length);
    return [this.#aligned(a), this.#aligned(b)];
  }

  #pairAddress({ block, start }: WasmVector, pair: number): number {
    return block.address + (start / 2 + pair) * this.#memory.pairBytes;
  }

  #element({ block, start }: WasmVector, index: number): bigint {
    return this.#memory.readElement(block.address, start + index);
  }

  /**
   * Room for `length` elements and at least one more, in whole steps of the kernels that work on two pairs at once: they
   * may write that far beyond the end.
   */
  #allocate(length: number): WasmVector {
    const pairs = 2 * Math.floor(length / 4 + 1);
    return new WasmVector(this, this.#blocks.allocate(pairs * this.#memory.pairBytes), 0, length);
  }

  #brand(vector: WasmVector): FieldVector {
    return this.#scopes.add(vector as unknown as FieldVector); // the brand exists in types only
  }

  #unwrap(vector: FieldVector): WasmVector {
    const inner: unknown = vector;
    assert(inner instanceof WasmVector && inner.owner === this, "a vector of another field");
    assert(!inner.isReleased, "a released vector");
    return inner;
  }
}

function pairsOf(length: number): number {
  return (length + 1) >>> 1;
}

function assertSameLength(left: number, right: number): void {
  assert(left === right, `vectors of ${left} and ${right} elements`);
}

/** The error for the first word that is not below the modulus: there is one. */
function notCanonical(words: Uint8Array, modulus: bigint): CodedError<FieldError> {
  const view = viewOf(words);
  let index = 0;
  while (readWord(view, index * WORD_BYTES) < modulus) index++;
  return new CodedError<FieldError>(
    { code: "FIELD_NOT_CANONICAL", index },
    `field element ${index} is not below the modulus`,
  );
}

/**
 * @param modulus a prime of 254 bits or a little less: what the kernels are proved for; others are refused
 * @throws AssertionError naming the bound that the modulus breaks
 */
export function createWasmField(modulus: bigint, options: WasmFieldOptions = {}): WasmField {
  const { arithmetic = hasFusedMultiplyAdd() ? "fused" : "integer", threads = 1 } = options;
  assert(Number.isInteger(threads) && threads >= 1, "at least one thread");
  return new KernelField(generateKernel(modulus, arithmetic), threads);
}
