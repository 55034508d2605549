/** Linear combinations, inner products and sums: what a kernel does in blocks of limited size. */
import type { GeneratedKernel } from "./generateKernel.ts";
import type { KernelMemory } from "./kernelMemory.ts";
import type { KernelThreads } from "./kernelThreads.ts";

/** One vector of a linear combination; the weight is centred, in (−p/2, p/2). */
export interface Term {
  readonly weight: bigint;
  readonly address: number;
}

export type LinearKernel = "linearFull" | "linearSmall";

export class KernelSums {
  readonly #kernel: GeneratedKernel;
  readonly #memory: KernelMemory;
  readonly #threads: KernelThreads;

  constructor(kernel: GeneratedKernel, memory: KernelMemory, threads: KernelThreads) {
    this.#kernel = kernel;
    this.#memory = memory;
    this.#threads = threads;
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

  /**
   * Cuts a linear combination into calls: the kernel for weights of this size, and as many terms each as it takes beside
   * the result of the call before.
   */
  plan(weights: readonly bigint[], addresses: readonly number[]): { kernel: LinearKernel; terms: Term[] }[] {
    const { fullTerms, smallTerms, smallWeightBits } = this.#kernel.format.limits;
    const limit = 1n << BigInt(smallWeightBits);
    const terms = weights.map((weight, index) => ({
      weight: this.#kernel.prime.centred(weight),
      address: addresses[index] as number,
    }));
    const isSmall = terms.every(({ weight }) => -limit < weight && weight < limit);
    const [kernel, most] = isSmall ? (["linearSmall", smallTerms] as const) : (["linearFull", fullTerms] as const);
    const calls = [{ kernel, terms: terms.slice(0, most) }];
    for (let from = most; from < terms.length; from += most - 1) {
      calls.push({ kernel, terms: terms.slice(from, from + most - 1) });
    }
    return calls;
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
