import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Arena } from "../../../../workers/field/kernel/arena.ts";
import { PAGE_BYTES, WebAssembly } from "../../../../workers/field/kernel/webAssembly.ts";
import { budget } from "../../../budget.ts";
import { fc } from "../../../support/fastCheck.ts";
import { assertRefused } from "../../../support/refusals.ts";

const START = 1_000;

function arenaOf(maximumPages: number) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: maximumPages, shared: true });
  return { memory, arena: new Arena(memory, START, maximumPages) };
}

describe("Arena", () => {
  it("hands out aligned blocks that never overlap and stay inside the memory", () => {
    const step = fc.record({ size: fc.integer({ min: 1, max: 300_000 }), frees: fc.nat(), isFree: fc.boolean() });
    const property = fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { memory, arena } = arenaOf(2_048);
      const blocks: { address: number; size: number }[] = [];
      for (const { size, frees, isFree } of steps) {
        const [victim] = isFree && blocks.length > 0 ? blocks.splice(frees % blocks.length, 1) : [];
        if (victim !== undefined) arena.free(victim.address, victim.size);
        else blocks.push({ address: arena.allocate(size), size });
        const sorted = [...blocks].sort((a, b) => a.address - b.address);
        sorted.forEach(({ address, size: bytes }, index) => {
          assert.equal(address % 64, 0);
          assert(address >= START && address + bytes + 1_024 <= memory.buffer.byteLength);
          const next = sorted[index + 1];
          assert(next === undefined || address + bytes <= next.address);
        });
      }
      for (const { address, size } of blocks) arena.free(address, size);
      assert.equal(arena.bytesInUse, 0);
      // Everything joined again: one block of nearly all there is fits without growing.
      const { byteLength } = memory.buffer;
      arena.allocate(byteLength - START - 1_024 - 2 * 64);
      assert.equal(memory.buffer.byteLength, byteLength);
    });
    fc.assert(property, { numRuns: Math.ceil(budget.propertyRuns / 4) });
  });

  it("uses a freed block again before it grows", () => {
    const { memory, arena } = arenaOf(2_048);
    const first = arena.allocate(1 << 20);
    const { byteLength } = memory.buffer;
    for (let round = 0; round < 1_000; round++) {
      arena.free(first, 1 << 20);
      assert.equal(arena.allocate(1 << 20), first);
    }
    assert.equal(memory.buffer.byteLength, byteLength);
  });

  it("joins what it grows by to the gap at its end", () => {
    const { memory, arena } = arenaOf(100);
    arena.free(arena.allocate(50 * PAGE_BYTES), 50 * PAGE_BYTES);
    arena.allocate(80 * PAGE_BYTES); // the gap and what is left to grow are enough together only
    assert(memory.buffer.byteLength <= 100 * PAGE_BYTES);
  });

  it("says how much is in use when no more fits, and goes on", () => {
    const { arena } = arenaOf(32);
    const held = arena.allocate(PAGE_BYTES);
    for (const size of [32 * PAGE_BYTES, 2 ** 33]) {
      assertRefused(() => arena.allocate(size), { code: "FIELD_OUT_OF_MEMORY", bytes: size, inUse: PAGE_BYTES });
    }
    arena.free(held, PAGE_BYTES);
    assert.equal(arena.bytesInUse, 0);
    arena.allocate(20 * PAGE_BYTES);
  });

  it("refuses to free a block twice, as a bug", () => {
    const { arena } = arenaOf(32);
    const [first, second] = [arena.allocate(100), arena.allocate(100)];
    arena.free(first, 100);
    assert.throws(() => arena.free(first, 100), { code: "ERR_ASSERTION" });
    arena.free(second, 100);
    assert.throws(() => arena.free(second, 100), { code: "ERR_ASSERTION" });
  });
});
