/**
 * Linear combinations, inner products and sums: what a kernel does in blocks of limited size.
 * Source: A. Karatsuba, Yu. Ofman, "Multiplication of many-digital numbers by automatic computers", Doklady Akademii Nauk SSSR
 * 145 (1962) [KO62].
 */
import { createBigintField } from "../bigintField.ts";
import type { GeneratedKernel } from "./generateKernel.ts";
import type { KernelMemory } from "./kernelMemory.ts";
import type { KernelThreads } from "./kernelThreads.ts";

/** One vector of a linear combination; the weight is centred, in (−p/2, p/2). */
export interface Term {
  readonly weight: bigint;
  readonly address: number;
}

/** One call of a linear combination: Σ terms, and the result of the call before times `carry`. */
export interface LinearStep {
  readonly kernel: LinearKernel;
  readonly carry: bigint;
  readonly terms: readonly Term[];
}

export type LinearKernel = "linearFull" | "linearSmall";

/**
 * 7!: weights that interpolate between points 0 … 7, and those of replicated sharings, are small integers over it. Three
 * such terms and more are summed as integers first and divided once: 2.5 ns a term instead of 8, and 16 for the division.
 */
const COMMON_DENOMINATOR = 5_040n;
const LEAST_FRACTIONS = 3;
/** Pairs of a block from which on inner products of sums are worth it: the integer limbs would have to reduce every pair. */
const LEAST_SUM_PRODUCTS = 32;
/** Pairs that are read at once by several products: of sixteen vectors 640 KiB, within a second-level cache. */
const PIECE_PAIRS = 512;

export class KernelSums {
  readonly #kernel: GeneratedKernel;
  readonly #memory: KernelMemory;
  readonly #threads: KernelThreads;
  readonly #inverseDenominator: bigint;

  constructor(kernel: GeneratedKernel, memory: KernelMemory, threads: KernelThreads) {
    this.#kernel = kernel;
    this.#memory = memory;
    this.#threads = threads;
    const { prime } = kernel.prime;
    this.#inverseDenominator = kernel.prime.centred(createBigintField(prime).invert(COMMON_DENOMINATOR));
  }

  /** r = k·x + y, given the addresses of r, x and y. */
  axpy([r, x, y]: readonly [number, number, number], k: bigint, pairs: number): void {
    this.#scaled("axpy", [r, x, y], this.#kernel.prime.centred(k), pairs);
  }

  /** r = k·x, given the addresses of r and x; they may be of one vector, r beyond all pairs of x. */
  scale([r, x]: readonly [number, number], k: bigint, pairs: number): void {
    this.#scaled("scale", [r, x], this.#kernel.prime.centred(k), pairs);
  }

  #scaled(kernel: "axpy" | "scale", addresses: readonly number[], centred: bigint, pairs: number): void {
    const { weights, pairBytes } = this.#memory;
    this.#writeFullWeight(weights, centred);
    this.#threads.run(kernel, pairs, this.#kernel.format.pairsPerStep, (from, count) => [
      ...addresses.map((address) => address + from * pairBytes),
      ...[weights, count],
    ]);
  }

  /** A linear combination as calls of the kernel for weights of this size. */
  plan(weights: readonly bigint[], addresses: readonly number[]): LinearStep[] {
    const multiplied = (factor: bigint): Term[] =>
      weights.map((weight, index) => ({
        weight: this.#kernel.prime.centred(weight * factor),
        address: addresses[index] as number,
      }));
    const terms = multiplied(1n);
    if (this.#areSmall(terms)) return this.#cut("linearSmall", terms);
    const numerators = terms.length < LEAST_FRACTIONS ? terms : multiplied(COMMON_DENOMINATOR);
    if (!this.#areSmall(numerators)) return this.#cut("linearFull", terms);
    const division: LinearStep = { kernel: "linearFull", carry: this.#inverseDenominator, terms: [] };
    return [...this.#cut("linearSmall", numerators), division];
  }

  #areSmall(terms: readonly Term[]): boolean {
    const limit = 1n << BigInt(this.#kernel.format.limits.smallWeightBits);
    return terms.every(({ weight }) => -limit < weight && weight < limit);
  }

  /** As many terms a call as the kernel takes beside the result of the call before. */
  #cut(kernel: LinearKernel, terms: readonly Term[]): LinearStep[] {
    const { fullTerms, smallTerms } = this.#kernel.format.limits;
    const most = kernel === "linearSmall" ? smallTerms : fullTerms;
    const steps = [{ kernel, carry: 0n, terms: terms.slice(0, most) }];
    for (let from = most; from < terms.length; from += most - 1) {
      steps.push({ kernel, carry: 1n, terms: terms.slice(from, from + most - 1) });
    }
    return steps;
  }

  /** r = Σ weight·vector over no more terms than the kernel takes. */
  combine(kernel: LinearKernel, r: number, terms: readonly Term[], pairs: number): void {
    if (kernel === "linearSmall") return this.#combine(kernel, r, terms, undefined, pairs);
    const first = terms.length < 2 ? -1 : terms.findIndex(({ weight }) => weight === 1n);
    const rest = terms.filter((_, index) => index !== first);
    const plus = terms[first]?.address;
    const [only] = rest;
    if (only === undefined || rest.length > 1) return this.#combine(kernel, r, rest, plus, pairs);
    // The kernels for one product are faster: they work on several pairs at once.
    if (plus === undefined) this.#scaled("scale", [r, only.address], only.weight, pairs);
    else this.#scaled("axpy", [r, only.address, plus], only.weight, pairs);
  }

  /** @param plus address of one vector more, with weight 1; with full weights only */
  #combine(kernel: LinearKernel, r: number, terms: readonly Term[], plus: number | undefined, pairs: number): void {
    const { table, weights, starts, pairBytes } = this.#memory;
    terms.forEach(({ weight, address }, index) => {
      this.#memory.writeAddress(table + 4 * index, address);
      if (kernel === "linearSmall") this.#memory.writeSmallWeight(weights + 16 * index, Number(weight));
      else this.#writeFullWeight(weights + pairBytes * index, weight);
    });
    if (plus !== undefined) this.#memory.writeAddress(table + 4 * terms.length, plus);
    this.#threads.run(plus === undefined ? kernel : "linearPlus", pairs, 1, (from, count) => [
      ...[r + from * pairBytes, table, weights, terms.length, count, starts, from * pairBytes],
    ]);
  }

  /** Σ a·b over whole pairs, not reduced, given the addresses of a and b. */
  innerProduct(addresses: readonly number[], pairs: number): bigint {
    return this.#blocks("innerProduct", this.#kernel.format.limits.innerProductPairs, addresses, pairs);
  }

  /**
   * `Field.outerCoefficients` over whole pairs, not reduced, given the addresses of the vectors. By Karatsuba's rule [KO62],
   * <a_i, b_j> + <a_j, b_i> = <a_i + a_j, b_i + b_j> − <a_i, b_i> − <a_j, b_j>, half the products for a sum that is read, not
   * written; where blocks of such products are long enough.
   */
  outerCoefficients(a: readonly number[], b: readonly number[], pairs: number): bigint[] {
    const { length } = a;
    const all = a.flatMap((_, i) => b.map((_, j) => [i, j] as const)).filter(([i, j]) => i + j !== length - 1);
    const usesSums = this.#kernel.format.limits.sumProductPairs >= LEAST_SUM_PRODUCTS;
    const places = usesSums ? [...a.map((_, i) => [i, i] as const), ...all.filter(([i, j]) => i < j)] : all;
    const operands = places.map(([i, j]) => [a[i], ...(usesSums && i < j ? [a[j], b[i]] : []), b[j]] as number[]);
    const products = this.#pieces(operands, pairs);
    const totals = new Array<bigint>(2 * length - 1).fill(0n);
    places.forEach(([i, j], place) => {
      const squares = usesSums && i < j ? (products[i] as bigint) + (products[j] as bigint) : 0n;
      (totals[i + j] as bigint) += (products[place] as bigint) - squares;
    });
    return totals.toSpliced(length - 1, 1);
  }

  /**
   * Inner products of two operands a, b, or of their sums of four, a + c and b + d, in the order a, c, b, d. Piece by piece, so that
   * vectors that are read by several products are in the cache from the second one on.
   */
  #pieces(products: readonly (readonly number[])[], pairs: number): bigint[] {
    if (pairs === 0 || products.length === 0) return products.map(() => 0n);
    const { limits } = this.#kernel.format;
    const { arena, pairBytes } = this.#memory;
    const calls = products.map((operands) =>
      operands.length === 2
        ? ({ operands, kernel: "innerProduct", blockPairs: limits.innerProductPairs } as const)
        : ({ operands, kernel: "innerProductOfSums", blockPairs: limits.sumProductPairs } as const),
    );
    const blocks = Math.ceil(pairs / Math.min(...calls.map((call) => call.blockPairs)));
    const partials = arena.allocate(products.length * blocks * pairBytes);
    const partialOf = (index: number): number => partials + index * blocks * pairBytes;
    // A call over a long piece is shared by threads, where there are some.
    const piece = this.#threads.up > 0 ? pairs : pieceOf(limits.innerProductPairs);
    try {
      for (let from = 0; from < pairs; from += piece) {
        const count = Math.min(piece, pairs - from);
        for (const [index, call] of calls.entries()) {
          this.#threads.run(call.kernel, count, call.blockPairs, (start, slice) => [
            partialOf(index) + ((from + start) / call.blockPairs) * pairBytes,
            ...call.operands.map((address) => address + (from + start) * pairBytes),
            slice,
          ]);
        }
      }
      return calls.map((call, index) => this.sum(partialOf(index), Math.ceil(pairs / call.blockPairs)));
    } finally {
      arena.free(partials, products.length * blocks * pairBytes);
    }
  }

  /** Σ a over whole pairs, not reduced. */
  sum(address: number, pairs: number): bigint {
    return this.#blocks("sum", this.#kernel.format.limits.sumPairs, [address], pairs);
  }

  /** The kernel leaves one pair per block; those are summed in turn until one pair is left. */
  #blocks(kernel: "innerProduct" | "sum", blockPairs: number, operands: readonly number[], pairs: number): bigint {
    if (pairs === 0) return 0n;
    const { arena, pairBytes } = this.#memory;
    const blocks = Math.ceil(pairs / blockPairs);
    const partial = arena.allocate(blocks * pairBytes);
    try {
      this.#threads.run(kernel, pairs, blockPairs, (from, count) => [
        partial + (from / blockPairs) * pairBytes,
        ...operands.map((address) => address + from * pairBytes),
        count,
      ]);
      if (blocks > 1) return this.sum(partial, blocks);
      return this.#memory.readElement(partial, 0) + this.#memory.readElement(partial, 1);
    } finally {
      arena.free(partial, blocks * pairBytes);
    }
  }

  #writeFullWeight(address: number, centred: bigint): void {
    this.#memory.writeElement(address, 0, centred);
    this.#memory.writeElement(address, 1, centred);
  }
}

/** Whole blocks: of sums' products, too, whose blocks are halves of these where they are used. */
function pieceOf(blockPairs: number): number {
  return blockPairs * Math.max(1, Math.floor(PIECE_PAIRS / blockPairs));
}
