/**
 * Kernels at the edges of their proved input range: limbs at ±2^(W−1), values next to ±p, and whole blocks of them.
 * Such elements are legal but seldom come out of a computation, so they are written straight into the kernel's memory.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254 } from "@noble/curves/bn254.js";

import { BN254_FR_MODULUS } from "../../../../workers/field/bn254.ts";
import { generateKernel } from "../../../../workers/field/kernel/generateKernel.ts";
import { KernelMemory } from "../../../../workers/field/kernel/kernelMemory.ts";
import type { GeneratedKernel } from "../../../../workers/field/kernel/generateKernel.ts";
import { availableLimbs } from "../availableLimbs.ts";
import { budget } from "../../../budget.ts";

/** Integers |v| < p whose balanced limbs are at their ends, in every combination of ends and zeros. */
function extremes({ prime: { prime, limbRanges }, format: { limbBits } }: GeneratedKernel): bigint[] {
  let sums = [0n];
  for (const [j, { low, high }] of limbRanges.entries()) {
    const digits = j % 4 === 3 && limbRanges.length > 5 ? [low, high] : [low, 0n, high];
    sums = sums.flatMap((sum) => digits.map((digit) => sum + (digit << BigInt(limbBits * j))));
    if (sums.length > 600) sums = sums.filter((_, index) => index % Math.ceil(sums.length / 600) === 0);
  }
  const around = [0n, 1n, -1n, prime - 1n, 1n - prime, (prime - 1n) / 2n, (1n - prime) / 2n];
  return [...sums.filter((value) => -prime < value && value < prime), ...around];
}

function world(prime: bigint, name: "fused" | "integer") {
  const kernel = generateKernel(prime, name);
  const memory = new KernelMemory(kernel, false);
  const { pairBytes } = memory;
  const write = (values: readonly bigint[]): number => {
    const address = memory.arena.allocate((values.length + 4) * pairBytes);
    values.forEach((value, index) => memory.writeElement(address, index, value));
    return address;
  };
  const read = (address: number, length: number): bigint[] =>
    Array.from({ length }, (_, index) => memory.readElement(address, index));
  const mod = (value: bigint): bigint => ((value % prime) + prime) % prime;
  /** In normal form, and congruent to what is expected. */
  const check = (address: number, expected: readonly bigint[]): void => {
    read(address, expected.length).forEach((value, index) => {
      assert(-prime < value && value < prime, "below p in magnitude");
      assert.deepEqual(
        kernel.prime.balancedLimbs(value).slice(0, -1).map(String),
        limbsAt(memory, kernel, address, index),
      );
      assert.equal(mod(value), mod(expected[index] as bigint));
    });
  };
  return { kernel, memory, pairBytes, write, read, check, mod };
}

/** The limbs as they stand, but for the top one: to see that they are balanced digits. */
function limbsAt(memory: KernelMemory, { format }: GeneratedKernel, address: number, index: number): string[] {
  const { limbs, limbBytes } = format;
  const view = limbBytes === 8 ? new Float64Array(memory.memory.buffer) : new Int32Array(memory.memory.buffer);
  const base = address / limbBytes + (index >> 1) * 2 * limbs + (index & 1);
  return Array.from({ length: limbs - 1 }, (_, j) => String(view[base + 2 * j]));
}

for (const name of availableLimbs) {
  for (const [primeName, prime] of [
    ["Fr", BN254_FR_MODULUS],
    ["Fq", bn254.fields.Fp.ORDER],
  ] as const) {
    describe(`the ${name} kernel of BN254 ${primeName} at the edges of normal form`, () => {
      const { kernel, memory, pairBytes, write, check, mod } = world(prime, name);
      const { call, table, weights, starts } = memory;
      const { limits } = kernel.format;
      const values = extremes(kernel);
      const length = values.length + (values.length % 2);
      const padded = [...values, ...new Array<bigint>(length - values.length).fill(0n)];
      const pairs = length / 2;
      const centred = (value: bigint): bigint => kernel.prime.centred(value);
      const shifts = budget.deep ? padded.map((_, shift) => shift) : [0, 1, 7, 100, pairs, pairs + 1];

      it(`multiplies, adds, subtracts and combines ${length} extreme elements with shifts of themselves`, () => {
        const left = write(padded);
        const target = write(new Array<bigint>(length).fill(0n));
        for (const shift of shifts) {
          const shifted = padded.map((_, index) => padded[(index + shift) % length] as bigint);
          const right = write(shifted);
          const against = (operation: (x: bigint, y: bigint) => bigint): bigint[] =>
            padded.map((x, index) => operation(x, shifted[index] as bigint));
          call.mul(target, left, right, pairs);
          check(
            target,
            against((x, y) => x * y),
          );
          call.add(target, left, right, pairs);
          check(
            target,
            against((x, y) => x + y),
          );
          call.sub(target, left, right, pairs);
          check(
            target,
            against((x, y) => x - y),
          );
          const k = centred(shifted[shift % length] as bigint);
          memory.writeElement(weights, 0, k);
          memory.writeElement(weights, 1, k);
          call.scale(target, left, weights, pairs);
          check(
            target,
            padded.map((x) => k * x),
          );
          call.axpy(target, left, right, weights, pairs);
          check(
            target,
            against((x, y) => k * x + y),
          );
          const differs = call.differs(left, right, pairs) !== 0;
          assert.equal(
            differs,
            padded.some((x, index) => mod(x) !== mod(shifted[index] as bigint)),
          );
          memory.arena.free(right, (length + 4) * pairBytes);
        }
      });

      it("takes the longest blocks of its largest elements, of either sign and mixed", () => {
        const top = prime - 1n;
        const largest = values.reduce((most, value) => (value > most ? value : most));
        const fills: ((index: number) => bigint)[] = [
          () => top,
          () => -top,
          (index) => (index % 2 === 0 ? top : -top),
          () => largest,
          (index) => values[index % values.length] as bigint,
        ];
        for (const fill of fills) {
          for (const [kernelName, blockPairs] of [
            ["innerProduct", limits.innerProductPairs],
            ["innerProductOfSums", limits.sumProductPairs],
            ["sum", limits.sumPairs],
          ] as const) {
            const elements = Array.from({ length: 2 * blockPairs }, (_, index) => fill(index));
            const [a, r] = [write(elements), write([0n, 0n])];
            const lanes = [0, 1].map((lane) => elements.filter((_, index) => index % 2 === lane));
            const total = (lane: bigint[], term: (x: bigint) => bigint): bigint =>
              lane.reduce((sum, x) => sum + term(x), 0n);
            const term = {
              sum: (x: bigint) => x,
              innerProduct: (x: bigint) => x * x,
              innerProductOfSums: (x: bigint) => 4n * x * x,
            };
            if (kernelName === "sum") call.sum(r, a, blockPairs);
            else if (kernelName === "innerProductOfSums") call.innerProductOfSums(r, a, a, a, a, blockPairs);
            else call.innerProduct(r, a, a, blockPairs);
            check(
              r,
              lanes.map((lane) => total(lane, term[kernelName])),
            );
          }
        }
      });

      it("combines as many extreme elements as it may, with extreme weights", () => {
        const half = (prime - 1n) / 2n;
        for (const [kernelName, terms, weight] of [
          ["linearFull", limits.fullTerms, half],
          ["linearPlus", limits.fullTerms, half],
          ["linearSmall", limits.smallTerms, (1n << BigInt(limits.smallWeightBits)) - 1n],
        ] as const) {
          for (const signs of [() => 1n, () => -1n, (term: number) => (term % 2 === 0 ? 1n : -1n)]) {
            const addresses = Array.from({ length: terms }, (_, term) =>
              write(padded.map((_, index) => padded[(index + 3 * term) % length] as bigint)),
            );
            addresses.forEach((address, term) => {
              memory.writeAddress(table + 4 * term, address);
              const signed = weight * signs(term);
              if (kernelName === "linearSmall") memory.writeSmallWeight(weights + 16 * term, Number(signed));
              else for (const lane of [0, 1]) memory.writeElement(weights + pairBytes * term, lane, signed);
            });
            const target = write(new Array<bigint>(length).fill(0n));
            const plusOne = kernelName === "linearPlus";
            if (plusOne) memory.writeAddress(table + 4 * terms, addresses.at(-1) as number);
            call[kernelName](target, table, weights, terms, pairs, starts, 0);
            const valueOf = (index: number, term: number): bigint => padded[(index + 3 * term) % length] as bigint;
            const expected = padded.map((_, index) =>
              addresses.reduce(
                (sum, _, term) => sum + weight * signs(term) * valueOf(index, term),
                plusOne ? valueOf(index, terms - 1) : 0n,
              ),
            );
            check(target, expected);
            for (const address of [...addresses, target]) memory.arena.free(address, (length + 4) * pairBytes);
          }
        }
      });
    });
  }
}
