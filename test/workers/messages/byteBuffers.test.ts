/** Buffers are used again, and never by two at once. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ByteBuffers } from "../../../workers/messages/byteBuffers.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const KIB = 1 << 10;
const LARGE = 64 * KIB;

describe("ByteBuffers", () => {
  it("gives what was given back to the next who needs as much", () => {
    const buffers = new ByteBuffers();
    const first = buffers.take(100 * KIB);
    assert.equal(first.length, 100 * KIB);
    buffers.giveBack(first);
    assert.equal(buffers.idleBytes, 128 * KIB);
    const second = buffers.take(128 * KIB);
    assert.equal(second.buffer, first.buffer);
    assert.equal(second.length, 128 * KIB);
    assert.equal(buffers.idleBytes, 0);
    assert.notEqual(buffers.take(100 * KIB).buffer, first.buffer);
  });

  it("has small ones made anew, and takes nothing back that it did not lend, nor twice", () => {
    const buffers = new ByteBuffers();
    for (const length of [0, 1, 33, LARGE - 1]) {
      const small = buffers.take(length);
      assert.equal(small.length, length);
      buffers.giveBack(small);
    }
    buffers.giveBack(new Uint8Array(LARGE));
    buffers.giveBack(Buffer.alloc(2 * LARGE));
    assert.equal(buffers.idleBytes, 0);
    const lent = buffers.take(LARGE);
    buffers.giveBack(lent.subarray(5, 9));
    buffers.giveBack(lent);
    assert.equal(buffers.idleBytes, LARGE);
  });

  it("keeps no more idle than 64 MiB", () => {
    const buffers = new ByteBuffers();
    const lent = Array.from({ length: 5 }, () => buffers.take(16 << 20));
    lent.forEach((each) => buffers.giveBack(each));
    assert.equal(buffers.idleBytes, 64 << 20);
    buffers.giveBack(buffers.take(65 << 20));
    assert.equal(buffers.idleBytes, 64 << 20);
  });

  it("never lends one buffer to two", () => {
    const actions = fc.array(fc.record({ length: fc.nat({ max: 4 * LARGE }), isBack: fc.boolean(), which: fc.nat() }));
    fc.assert(
      fc.property(actions, (sequence) => {
        const buffers = new ByteBuffers();
        const lent: Uint8Array[] = [];
        sequence.forEach(({ length, isBack, which }, turn) => {
          if (isBack && lent.length > 0) {
            const [given] = lent.splice(which % lent.length, 1);
            buffers.giveBack(given!);
            return;
          }
          const taken = buffers.take(length).fill(turn % 251);
          assert.equal(taken.length, length);
          if (length >= LARGE) assert(lent.every(({ buffer }) => buffer !== taken.buffer));
          lent.push(taken);
        });
      }),
      { numRuns: budget.propertyRuns },
    );
  });
});
