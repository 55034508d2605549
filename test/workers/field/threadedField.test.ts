import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { LEAST_PAIRS_PER_THREAD } from "../../../workers/field/kernel/kernelThreads.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import { inOwnProcess } from "./ownProcess.ts";
import { availableLimbs } from "./availableLimbs.ts";
import type { Limbs } from "./availableLimbs.ts";
import { seededBytes } from "./seededBytes.ts";
import { helpersAreUp, wasmSuites } from "./wasmSuites.ts";

wasmSuites("Fr", { arithmetic: availableLimbs[0] as Limbs, threads: 2 });

describe("helper threads", () => {
  const alone = createWasmField(BN254_FR_MODULUS);

  /** What a field computes of seeded vectors, in words. */
  function results(field: typeof alone, length: number): Uint8Array[] {
    const [a, b] = ["a", "b"].map((seed) => field.random(length, seededBytes(seed)));
    assert(a !== undefined && b !== undefined);
    const weights = [3n, BN254_FR_MODULUS / 3n, -1n];
    const vectors = [
      field.mul(a, b),
      field.axpy(5n, a, b),
      field.add(a, b),
      field.linearCombination(weights, [a, b, a]),
    ];
    const coefficients = field.outerCoefficients([a, b, a], [b, b, a]);
    const scalars = field.fromIntegers([field.innerProduct(a, b), field.sum(a), ...coefficients]);
    return [...vectors, scalars].map((vector) => field.toWords(vector));
  }

  for (const threads of [2, 3, 4]) {
    it(`gives the same results on ${threads} threads, for lengths around every cut`, async () => {
      const field = createWasmField(BN254_FR_MODULUS, { threads });
      await helpersAreUp(field, threads - 1);
      for (const cut of [1, 2, threads]) {
        for (const offset of [-3, -1, 0, 1, 2, 5]) {
          const length = 2 * LEAST_PAIRS_PER_THREAD * cut + offset;
          assert.deepEqual(results(field, length), results(alone, length), `${length} elements`);
        }
      }
      await field.stop();
    });
  }

  it("goes on with one thread once its helpers are stopped, which may happen twice", async () => {
    const field = createWasmField(BN254_FR_MODULUS, { threads: 2 });
    await helpersAreUp(field, 1);
    const length = 4 * LEAST_PAIRS_PER_THREAD;
    const before = results(field, length);
    await field.stop();
    await field.stop();
    assert.equal(field.helpersUp, 0);
    assert.deepEqual(results(field, length), before);
  });

  it("do not keep a process alive", () => {
    const script = `
      const field = createWasmField(r, { threads: 2 });
      console.log(field.sum(field.powers(1n, 100_000)));`;
    assert.equal(inOwnProcess(script), "100000n");
  });

  it("refuses a number of threads that is none", () => {
    for (const threads of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => createWasmField(BN254_FR_MODULUS, { threads }), { code: "ERR_ASSERTION" });
    }
  });
});
