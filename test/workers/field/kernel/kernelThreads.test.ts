/** Helpers that fail: the field must stop, because whatever they still write could land in another vector. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../../workers/errors.ts";
import { BN254_FR_MODULUS } from "../../../../workers/field/bn254.ts";
import { generateKernel } from "../../../../workers/field/kernel/generateKernel.ts";
import { KernelMemory } from "../../../../workers/field/kernel/kernelMemory.ts";
import { KernelThreads, LEAST_PAIRS_PER_THREAD } from "../../../../workers/field/kernel/kernelThreads.ts";

const PAIRS = 2 * LEAST_PAIRS_PER_THREAD;

function threadsOf(helper: string | undefined) {
  const memory = new KernelMemory(generateKernel(BN254_FR_MODULUS, "fused"), true);
  const entry = helper === undefined ? undefined : new URL(helper, import.meta.url);
  const threads = new KernelThreads(memory, 2, entry, 1);
  const [r, a] = [memory.arena.allocate(PAIRS * memory.pairBytes), memory.arena.allocate(PAIRS * memory.pairBytes)];
  memory.call.clear(a, PAIRS * memory.pairBytes);
  const multiply = (): void =>
    threads.run("mul", PAIRS, 2, (from, pairs) => {
      const offset = from * memory.pairBytes;
      return [r + offset, a + offset, a + offset, pairs];
    });
  return { threads, multiply };
}

function assertLost(compute: () => void): void {
  assert.throws(compute, (error) => isCoded(error, "FIELD_THREAD_LOST"));
}

describe("KernelThreads", () => {
  it("runs on a helper that does its work", async () => {
    const { threads, multiply } = threadsOf(undefined);
    while (threads.up < 1) await new Promise((resolve) => setImmediate(resolve));
    multiply();
    threads.checkAlive();
    await threads.stop();
    multiply();
    threads.checkAlive();
  });

  it("refuses everything once a helper does not come back", async () => {
    const { threads, multiply } = threadsOf("./stalledHelper.ts");
    while (threads.up < 1) await new Promise((resolve) => setImmediate(resolve));
    assertLost(multiply);
    assertLost(multiply);
    assertLost(() => threads.checkAlive());
    await threads.stop();
    assertLost(() => threads.checkAlive());
  });

  it("refuses everything once a helper has failed, and the process goes on", async () => {
    const { threads, multiply } = threadsOf("./failingHelper.ts");
    multiply(); // it is not up: the caller works alone
    for (let isAlive = true; isAlive;) {
      await new Promise((resolve) => setImmediate(resolve));
      try {
        threads.checkAlive();
      } catch {
        isAlive = false;
      }
    }
    assertLost(multiply);
    await threads.stop();
  });
});
