/** Linear combinations, inner products and sums: what a kernel does in blocks of limited size. */
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

/**
 * 7!: weights that interpolate between points 0 … 7, and those of replicated sharings, are small integers over it. Three
 * such terms and more are summed as integers first and divided once: 2.5 ns a term instead of 8, and 16 for the division.
 */
const COMMON_DENOMINATOR = 5_040n;
const LEAST_FRACTIONS = 3;

export type LinearKernel = "linearFull" | "linearSmall";

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
    const { weights, pairBytes } = this.#memory;
    this.#writeFullWeight(weights, this.#kernel.prime.centred(k));
    this.#threads.run("axpy", pairs, this.#kernel.format.pairsPerStep, (from, count) => [
      ...[r, x, y].map((address) => address + from * pairBytes),
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
    const { table, weights, starts, pairBytes } = this.#memory;
    terms.forEach(({ weight, address }, index) => {
      this.#memory.writeAddress(table + 4 * index, address);
      if (kernel === "linearSmall") this.#memory.writeSmallWeight(weights + 16 * index, Number(weight));
      else this.#writeFullWeight(weights + pairBytes * index, weight);
    });
    this.#threads.run(kernel, pairs, 1, (from, count) => [
      ...[r + from * pairBytes, table, weights, terms.length, count, starts, from * pairBytes],
    ]);
  }

  /** Σ a·b over whole pairs, not reduced, given the addresses of a and b. */
  innerProduct(addresses: readonly number[], pairs: number): bigint {
    return this.#blocks("innerProduct", this.#kernel.format.limits.innerProductPairs, addresses, pairs);
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
