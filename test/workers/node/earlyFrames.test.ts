import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import { type Frame, FrameKind } from "../../../workers/messages/frame.ts";
import { EarlyFrames } from "../../../workers/node/earlyFrames.ts";

const [REQUEST, OTHER] = [id("request"), id("other")];
const MOST_FRAMES = 128;
const MIB = 1 << 20;

function frameOf(session: string, payload = new Uint8Array(1), attempt = 1n): Frame {
  const place = { epoch: 1n, step: 0, sender: 0, receiver: 0, seq: 0 };
  return { kind: FrameKind.PROPOSE, session, attempt, ...place, payload };
}

describe("EarlyFrames", () => {
  it("gives a request's frames once, in order of arrival, and keeps the others'", () => {
    const early = new EarlyFrames(() => 0);
    early.hold("a", frameOf(REQUEST, undefined, 1n));
    early.hold("b", frameOf(OTHER));
    early.hold("b", frameOf(REQUEST, undefined, 2n));
    const taken = early.take(REQUEST).map(({ from, frame }) => [from, frame.attempt]);
    assert.deepEqual(taken, [
      ["a", 1n],
      ["b", 2n],
    ]);
    assert.deepEqual([early.take(REQUEST), early.count], [[], 1]);
  });

  it("copies payloads: the socket's buffer is used again", () => {
    const early = new EarlyFrames(() => 0);
    const buffer = Uint8Array.of(1, 2, 3);
    early.hold("a", frameOf(REQUEST, buffer));
    buffer.fill(9);
    assert.deepEqual(early.take(REQUEST)[0]!.frame.payload, Uint8Array.of(1, 2, 3));
  });

  it("limits each peer by count, and leaves the others their room", () => {
    const early = new EarlyFrames(() => 0);
    for (let i = 0; i < MOST_FRAMES; i++) assert.ok(early.hold("flooder", frameOf(OTHER)));
    assert.equal(early.hold("flooder", frameOf(REQUEST)), false);
    assert.equal(early.hold("honest", frameOf(REQUEST)), true);
    assert.equal(early.count, MOST_FRAMES + 1);
    early.take(OTHER);
    assert.equal(early.hold("flooder", frameOf(REQUEST)), true, "room that was freed may be used again");
  });

  it("limits each peer by bytes", () => {
    const early = new EarlyFrames(() => 0);
    assert.equal(early.hold("a", frameOf(OTHER, new Uint8Array(8 * MIB + 1))), false);
    assert.equal(early.hold("a", frameOf(OTHER, new Uint8Array(8 * MIB))), true);
    assert.equal(early.hold("a", frameOf(OTHER)), false);
    assert.equal(early.hold("b", frameOf(OTHER)), true);
  });

  it("forgets what is older than two minutes", () => {
    let now = 0;
    const early = new EarlyFrames(() => now);
    early.hold("a", frameOf(REQUEST));
    now = 120_000;
    early.hold("a", frameOf(REQUEST, undefined, 2n));
    assert.equal(early.count, 2);
    now = 120_001;
    early.hold("a", frameOf(REQUEST, undefined, 3n));
    assert.deepEqual(
      early.take(REQUEST).map(({ frame }) => frame.attempt),
      [2n, 3n],
    );
  });
});
