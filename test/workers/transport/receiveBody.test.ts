import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { describe, it } from "node:test";
import { keccak256 } from "ethers";
import { HASH_BYTES_PER_TURN, receiveBody } from "../../../workers/transport/receiveBody.ts";
import { hasCode } from "../store/storeFixture.ts";

/** Timers that run when told; their time is not real. */
function handTimers() {
  let due: (() => void) | undefined;
  return {
    timers: { after: (_ms: number, run: () => void) => ((due = run), () => (due = undefined)) },
    elapse: () => due?.(),
    isSet: () => due !== undefined,
  };
}

const RATE = { minRateBytes: 100, rateIntervalMs: 1_000 };

describe("receiveBody", () => {
  it("hashes what it receives, whatever the chunks", async () => {
    const body = Buffer.from(Array.from({ length: 700_000 }, (_, i) => i % 251));
    const chunks = [1, 135, 136, 137, 600_000].reduce<Buffer[]>((all, size) => {
      const from = all.reduce((sum, chunk) => sum + chunk.length, 0);
      return [...all, body.subarray(from, from + size)];
    }, []);
    chunks.push(body.subarray(chunks.reduce((sum, chunk) => sum + chunk.length, 0)));
    const { timers, isSet } = handTimers();
    const { file, hash } = await receiveBody(Readable.from(chunks), { length: body.length, timers, ...RATE });
    assert.deepEqual(file, body);
    assert.equal(hash, keccak256(body));
    assert.equal(isSet(), false, "no timer is left");
  });

  it("lets the event loop turn while it hashes, also within one large chunk", async () => {
    const length = 8 * HASH_BYTES_PER_TURN;
    for (const chunks of [[Buffer.alloc(length)], Array.from({ length: 16 }, () => Buffer.alloc(length / 16))]) {
      let turns = 0;
      const turn = () => Promise.resolve((turns += 1));
      await receiveBody(Readable.from(chunks), { length, timers: handTimers().timers, turn, ...RATE });
      assert.equal(turns, 8);
    }
  });

  it("ends a sender below the minimum rate, not one at it, and leaves the stream open for the answer", async () => {
    const [stream, { timers, elapse }] = [new PassThrough(), handTimers()];
    const received = receiveBody(stream, { length: 1_000, timers, ...RATE });
    for (const size of [100, 150]) {
      stream.write(Buffer.alloc(size));
      await new Promise(setImmediate);
      elapse();
    }
    stream.write(Buffer.alloc(99));
    await new Promise(setImmediate);
    elapse();
    await assert.rejects(received, hasCode("UPLOAD_TOO_SLOW", { received: 99, minimum: 100 }));
    assert.equal(stream.destroyed, false);
    stream.destroy(new Error("closed later"));
    await new Promise(setImmediate);
  });

  it("refuses a body of another length or that breaks off", async () => {
    const { timers } = handTimers();
    for (const size of [9, 11]) {
      const body = Readable.from([Buffer.alloc(size)]);
      await assert.rejects(
        receiveBody(body, { length: 10, timers, ...RATE }),
        hasCode("UPLOAD_INTERRUPTED", { received: size, expected: 10 }),
      );
    }
    const broken = new PassThrough();
    const received = receiveBody(broken, { length: 10, timers, ...RATE });
    broken.destroy(new Error("reset"));
    await assert.rejects(received, hasCode("UPLOAD_INTERRUPTED", { received: 0, expected: 10 }));
  });
});
