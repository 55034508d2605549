/**
 * fast-check: what an authenticated peer may send after its hello: frames of every kind, whole and valid, or with a header
 * field, some bits or the length changed; bytes that are no frame; text; and WebSocket messages that are none.
 */
import { FrameKind, FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES } from "../../../workers/messages/frame.ts";
import { CheckOutcome, encodeCheckReport } from "../../../workers/messages/inputCheck.ts";
import { encodeSignedVerdict } from "../../../workers/messages/signedVerdict.ts";
import { Outcome, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { stepTag } from "../../../workers/transport/stepTag.ts";
import { fc } from "../../support/fastCheck.ts";
import { FUZZED_STEP, PEER_PARTY, ROUND_BYTES, WORKER_PARTY } from "./fuzzedSession.ts";
import { SESSION } from "./meshFixture.ts";
import { rawFrame, rawHello } from "./rawPeer.ts";

export type Sent =
  | { readonly as: "message"; readonly bytes: Uint8Array }
  | { readonly as: "text"; readonly text: string }
  /** Beneath WebSocket, within TLS. @param ends whether the worker can know that it is wrong; else we hang up */
  | { readonly as: "raw"; readonly bytes: Uint8Array; readonly ends: boolean };

/** @param attempt that the worker has open */
export type FuzzedFrame = (attempt: bigint) => Sent;

const SIGNED = encodeSignedVerdict({
  verdict: { attempt: 1n, outcome: Outcome.ANSWERED, suppressedBitmap: "0x", outputs: [1n, 2n], sealedHash: ZERO_HASH },
  signatures: [{ index: 1, signature: `0x${"11".repeat(65)}` }],
});
const FULL = new Uint8Array(MAX_PAYLOAD_BYTES);

/** A valid one of each kind. Full ones are rare: they cost as much as a thousand others. */
const valid: fc.Arbitrary<(attempt: bigint) => Uint8Array> = fc
  .oneof(
    { weight: 8, arbitrary: fc.constant({ kind: FrameKind.ROUND, payload: new Uint8Array(ROUND_BYTES) }) },
    { weight: 4, arbitrary: fc.constant({ kind: FrameKind.ABORT, payload: new TextEncoder().encode("CLOSED") }) },
    { weight: 4, arbitrary: fc.constant({ kind: FrameKind.PROPOSE, payload: Uint8Array.of(1, 2, 3) }) },
    { weight: 4, arbitrary: fc.constant({ kind: FrameKind.SIGNATURE, payload: SIGNED }) },
    { weight: 4, arbitrary: fc.constant({ kind: FrameKind.PROPOSE_CHECK, payload: Uint8Array.of(1, 2, 3) }) },
    {
      weight: 4,
      arbitrary: fc.constant({ kind: FrameKind.CHECK_REPORT, payload: encodeCheckReport(CheckOutcome.WELL_FORMED) }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(FrameKind.ROUND, FrameKind.ROUND_PART).map((kind) => ({ kind, payload: FULL })),
    },
  )
  .map(({ kind, payload }) => {
    const place = { session: SESSION, step: stepTag(FUZZED_STEP), sender: PEER_PARTY, receiver: WORKER_PARTY };
    return (attempt: bigint) => rawFrame({ kind, payload, ...place, attempt });
  });
const frames = fc.oneof({ weight: 29, arbitrary: valid }, { weight: 1, arbitrary: fc.constant(() => rawHello()) });

/** Offset and bytes of each field of the header. */
const FIELDS = {
  magic: [0, 4],
  version: [4, 1],
  kind: [5, 1],
  session: [6, 32],
  epoch: [38, 8],
  attempt: [46, 8],
  step: [54, 4],
  sender: [58, 1],
  receiver: [59, 1],
  seq: [60, 4],
  length: [64, 4],
} as const;
/** Near what a worker expects, and far from it. */
const words = fc.oneof(
  fc.bigInt(0n, 3n),
  fc.constantFrom(63n, 64n, 65n, 255n, BigInt(MAX_PAYLOAD_BYTES), BigInt(MAX_PAYLOAD_BYTES) + 1n, (1n << 32n) - 1n),
  fc.bigInt(0n, (1n << 256n) - 1n),
);

function withField(bytes: Uint8Array, [at, size]: readonly [number, number], value: bigint): Uint8Array {
  const edited = Buffer.from(bytes);
  const hex = BigInt.asUintN(8 * size, value)
    .toString(16)
    .padStart(2 * size, "0");
  edited.write(hex, at, "hex");
  return edited;
}

function withBitsFlipped(bytes: Uint8Array, places: readonly number[]): Uint8Array {
  const edited = Buffer.from(bytes);
  // Mostly of the header, where the codec and the session look.
  for (const place of places) {
    const bit = place % (8 * (place % 3 === 0 ? edited.length : Math.min(edited.length, FRAME_HEADER_BYTES)));
    edited[bit >> 3]! ^= 1 << (bit & 7);
  }
  return edited;
}

type Edit = (bytes: Uint8Array) => Uint8Array;

const edits: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Edit>((bytes) => bytes) },
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom(...Object.values(FIELDS)), words).map(
      ([field, value]): Edit =>
        (bytes) =>
          withField(bytes, field, value),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }).map(
      (at): Edit =>
        (bytes) =>
          withBitsFlipped(bytes, at),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat().map(
      (cut): Edit =>
        (bytes) =>
          bytes.subarray(0, cut % bytes.length),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ minLength: 1, maxLength: 64 }).map(
      (more): Edit =>
        (bytes) =>
          Buffer.concat([bytes, more]),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.uint8Array({ maxLength: 200 }).map((payload): Edit => (bytes) => {
      const length = withField(bytes.subarray(0, FRAME_HEADER_BYTES), FIELDS.length, BigInt(payload.length));
      return Buffer.concat([length, payload]);
    }),
  },
);

/** RFC 6455, 5.2: first two bytes, and a length of eight where the second says 127. Masked with zeros. */
const notWebSocket = fc.constantFrom<Sent>(
  ...[
    { head: [0x82, 0xff], length: 1n << 62n, ends: true },
    { head: [0x82, 0xff], length: BigInt(2 * MAX_PAYLOAD_BYTES), ends: true },
    { head: [0x82, 0xff], length: BigInt(MAX_PAYLOAD_BYTES), ends: false },
    { head: [0x02, 0xff], length: 1n << 20n, ends: false },
    { head: [0xf2, 0xff], length: 4n, ends: true },
    { head: [0x8f, 0xff], length: 4n, ends: true },
    { head: [0x80, 0xff], length: 4n, ends: true },
    { head: [0x82, 0x7f], length: 4n, ends: true },
  ].map(({ head, length, ends }): Sent => {
    const bytes = Buffer.concat([Uint8Array.from(head), Buffer.alloc(8), Buffer.alloc(64)]);
    bytes.writeBigUInt64BE(length, 2);
    return { as: "raw", bytes, ends };
  }),
);

export const fuzzedFrames: fc.Arbitrary<FuzzedFrame> = fc.oneof(
  {
    weight: 90,
    arbitrary: fc
      .tuple(frames, edits)
      .map(([frame, edit]): FuzzedFrame => (attempt) => ({ as: "message", bytes: edit(frame(attempt)) })),
  },
  {
    weight: 6,
    arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes): FuzzedFrame => () => ({ as: "message", bytes })),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 80 }).map((text): FuzzedFrame => () => ({ as: "text", text })) },
  {
    weight: 3,
    arbitrary: notWebSocket.map(
      (sent): FuzzedFrame =>
        () =>
          sent,
    ),
  },
);
