import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isCoded } from "../../../workers/errors.ts";
import {
  decodeFrame,
  encodeFrame,
  FRAME_HEADER_BYTES,
  FrameKind,
  MAX_FRAME_BYTES,
  MAX_PAYLOAD_BYTES,
  type Frame,
} from "../../../workers/messages/frame.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { hasCode } from "../store/storeFixture.ts";

const ROUND: Frame = {
  kind: FrameKind.ROUND,
  session: `0x${"ab".repeat(32)}`,
  epoch: 3n,
  attempt: 2n,
  step: 0xdeadbeef,
  sender: 1,
  receiver: 2,
  seq: 9,
  payload: Uint8Array.of(1, 2, 3),
};

const bytes32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const parties = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })).filter(([a, b]) => a !== b);
const frames: fc.Arbitrary<Frame> = fc
  .record({
    kind: fc.constantFrom(FrameKind.HELLO, FrameKind.ROUND, FrameKind.ABORT, FrameKind.PROPOSE, FrameKind.SIGNATURE),
    session: bytes32,
    epoch: u64,
    attempt: u64,
    step: u32,
    seq: u32,
    payload: fc.uint8Array({ maxLength: 300 }),
    parties,
  })
  .map(({ parties: [sender, receiver], ...rest }) => ({ ...rest, sender, receiver }));

describe("frame", () => {
  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const { payload, ...header } = decodeFrame(encodeFrame(frame));
        assert.deepEqual({ ...header, payload: [...payload] }, { ...frame, payload: [...frame.payload] });
      }),
      { numRuns: budget.propertyRuns },
    );
  });

  it("never crashes: any bytes decode to a frame that encodes to them, or are refused with a FRAME_ code", () => {
    const mutated = fc.tuple(
      frames.map(encodeFrame),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      fc.nat(),
      fc.nat(9),
    );
    const inputs = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      mutated.map(([bytes, edits, cut, how]) => {
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        if (how === 0) return bytes.subarray(0, cut % bytes.length);
        return how === 1 ? Buffer.concat([bytes, Buffer.alloc(1 + (cut % 8))]) : bytes;
      }),
    );
    fc.assert(fc.property(inputs, decodesOrRefuses), { numRuns: budget.fuzzedFrames });
  });

  it("refuses every truncation and any trailing byte", () => {
    const bytes = encodeFrame(ROUND);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.throws(() => decodeFrame(bytes.subarray(0, length)), hasCode("FRAME_TRUNCATED", { bytes: length }));
    }
    const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
    assert.throws(
      () => decodeFrame(longer),
      hasCode("FRAME_WRONG_LENGTH", { bytes: longer.length, expected: bytes.length }),
    );
  });

  it("refuses more than the maximum, claimed or real", () => {
    const full = { ...ROUND, payload: new Uint8Array(MAX_PAYLOAD_BYTES) };
    assert.equal(decodeFrame(encodeFrame(full)).payload.length, MAX_PAYLOAD_BYTES);
    const over = { ...ROUND, payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) };
    assert.throws(() => encodeFrame(over), hasCode("FRAME_TOO_LARGE", { bytes: MAX_FRAME_BYTES + 1 }));
    assert.throws(() => decodeFrame(new Uint8Array(MAX_FRAME_BYTES + 1)), hasCode("FRAME_TOO_LARGE"));
    const claims = edited((bytes) => bytes.writeUInt32BE(0xffff_ffff, FRAME_HEADER_BYTES - 4));
    assert.throws(() => decodeFrame(claims), hasCode("FRAME_TOO_LARGE", { bytes: FRAME_HEADER_BYTES + 0xffff_ffff }));
  });

  it("names what is wrong", () => {
    const cases: [(bytes: Buffer) => void, string, object][] = [
      [(bytes) => bytes.writeUInt8(0x50, 0), "FRAME_WRONG_MAGIC", {}],
      [(bytes) => bytes.writeUInt8(2, 4), "FRAME_WRONG_VERSION", { version: 2, expected: 1 }],
      [(bytes) => bytes.writeUInt8(0, 5), "FRAME_WRONG_KIND", { kind: 0 }],
      [(bytes) => bytes.writeUInt8(9, 5), "FRAME_WRONG_KIND", { kind: 9 }],
      [(bytes) => bytes.writeUInt8(8, 58), "FRAME_WRONG_PARTY", { sender: 8 }],
      [(bytes) => bytes.writeUInt8(0, 59), "FRAME_WRONG_PARTY", { receiver: 0 }],
      [(bytes) => bytes.writeUInt8(1, 59), "FRAME_WRONG_PARTY", { sender: 1, receiver: 1 }],
      [(bytes) => bytes.writeUInt8(FrameKind.ROUND_PART, 5), "FRAME_WRONG_LENGTH", { expected: MAX_PAYLOAD_BYTES }],
    ];
    for (const [edit, code, fields] of cases) {
      assert.throws(() => decodeFrame(edited(edit)), hasCode(code, fields as Record<string, unknown>), code);
    }
  });

  it("does not encode what it would not decode", () => {
    const wrong: [Partial<Frame>, string][] = [
      [{ session: "0x12" }, "session"],
      [{ session: `0x${"AB".repeat(32)}` }, "session"],
      [{ epoch: -1n }, "epoch"],
      [{ attempt: 1n << 64n }, "attempt"],
      [{ step: -1 }, "step"],
      [{ seq: 2 ** 32 }, "seq"],
    ];
    for (const [change, field] of wrong) {
      assert.throws(() => encodeFrame({ ...ROUND, ...change }), hasCode("FRAME_INVALID_FIELD", { field }));
    }
  });
});

function edited(edit: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(encodeFrame(ROUND));
  edit(bytes);
  return bytes;
}

function decodesOrRefuses(bytes: Uint8Array): void {
  try {
    assert.deepEqual(Buffer.from(encodeFrame(decodeFrame(bytes))), Buffer.from(bytes));
  } catch (error) {
    assert.ok(isCoded(error) && error.code.startsWith("FRAME_"), String(error));
  }
}
