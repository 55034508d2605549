/**
 * The binary frame two workers exchange, and its strict codec. Every frame carries its whole context (session, epoch,
 * attempt, step, sender, receiver, seq), so a frame replayed into another session, attempt or step, or to another
 * receiver, is recognised without keeping history. The codec checks form only; who may send what is the mesh's and the
 * session's business.
 *
 * Layout, big-endian: magic "OPLF" 4 | version u8 | kind u8 | session 32 | epoch u64 | attempt u64 | step u32 |
 * sender u8 | receiver u8 | seq u32 | payload length u32 | payload.
 *
 * Authenticity is TLS's: a frame is only ever read from a socket whose certificate is pinned.
 */
import { CodedError } from "../errors.ts";
import { MAX_PARTIES } from "../sharing/parties.ts";

/** Version of the layout; another version is refused by name, never guessed at. */
export const FRAME_VERSION = 1;
/** "OPLF". */
const MAGIC = 0x4f504c46;
export const FRAME_HEADER_BYTES = 68;
/**
 * 256 KiB of payload. Larger frames hold a socket longer, so that pings and small rounds of other sessions wait behind them, and
 * are received into memory that is made anew each time; smaller ones cost a header and a system call each. A longer round travels
 * as several frames.
 */
export const MAX_PAYLOAD_BYTES = 1 << 18;
export const MAX_FRAME_BYTES = FRAME_HEADER_BYTES + MAX_PAYLOAD_BYTES;

export const FrameKind = {
  /** First frame on every socket, both ways. */
  HELLO: 1,
  /** The last, or only, frame of one round's payload. */
  ROUND: 2,
  /** A piece of a round's payload, MAX_PAYLOAD_BYTES exactly, that more frames follow. */
  ROUND_PART: 3,
  /** The sender has given the session up. */
  ABORT: 4,
  /** Outside sessions: a proposal to start an attempt. */
  PROPOSE: 5,
  /** Outside sessions: a signed statement. */
  SIGNATURE: 6,
  /** Outside sessions: a proposal to start an attempt of an input check. */
  PROPOSE_CHECK: 7,
  /** Outside sessions: how an input check ended at the sender. */
  CHECK_REPORT: 8,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export interface Frame {
  readonly kind: FrameKind;
  /** 0x-hex bytes32, lower case. */
  readonly session: string;
  /** Committee epoch, u64. */
  readonly epoch: bigint;
  /** u64. */
  readonly attempt: bigint;
  /** Hash of the step's name; 0 outside rounds. */
  readonly step: number;
  /** Party index; 0 in kinds that are not between parties of one committee: all but ROUND, ROUND_PART and ABORT. */
  readonly sender: number;
  readonly receiver: number;
  /** Counts the frames of one session from this sender to this receiver, from 0. */
  readonly seq: number;
  readonly payload: Uint8Array;
}

export type FrameErrorDetail =
  | { readonly code: "FRAME_TRUNCATED"; readonly bytes: number; readonly needed: number }
  | { readonly code: "FRAME_TOO_LARGE"; readonly bytes: number; readonly maximum: number }
  | { readonly code: "FRAME_WRONG_MAGIC" }
  | { readonly code: "FRAME_WRONG_VERSION"; readonly version: number; readonly expected: number }
  | { readonly code: "FRAME_WRONG_KIND"; readonly kind: number }
  | { readonly code: "FRAME_WRONG_PARTY"; readonly sender: number; readonly receiver: number }
  | { readonly code: "FRAME_WRONG_LENGTH"; readonly bytes: number; readonly expected: number }
  | { readonly code: "FRAME_INVALID_FIELD"; readonly field: string };

export type FrameError = CodedError<FrameErrorDetail>;

const KINDS: ReadonlySet<number> = new Set(Object.values(FrameKind));
const BETWEEN_PARTIES: ReadonlySet<number> = new Set([FrameKind.ROUND, FrameKind.ROUND_PART, FrameKind.ABORT]);
const MAX_U64 = (1n << 64n) - 1n;
const MAX_U32 = 0xffff_ffff;
const BYTES32 = /^0x[0-9a-f]{64}$/;

function refuse(detail: FrameErrorDetail, message: string): never {
  throw new CodedError(detail, message);
}

/** Bytes that a frame is encoded to. */
export function frameLength({ payload }: Pick<Frame, "payload">): number {
  return FRAME_HEADER_BYTES + payload.length;
}

/**
 * @param into of `frameLength`; made anew unless given
 * @throws CodedError FRAME_TOO_LARGE, FRAME_WRONG_KIND, FRAME_WRONG_PARTY, FRAME_WRONG_LENGTH, FRAME_INVALID_FIELD
 */
export function encodeFrame(frame: Frame, into?: Uint8Array): Uint8Array {
  checkFields(frame);
  const { kind, session, epoch, attempt, step, sender, receiver, seq, payload } = frame;
  const bytes =
    into === undefined
      ? Buffer.allocUnsafe(frameLength(frame))
      : Buffer.from(into.buffer, into.byteOffset, into.byteLength);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt8(FRAME_VERSION, 4);
  bytes.writeUInt8(kind, 5);
  bytes.write(session.slice(2), 6, 32, "hex");
  bytes.writeBigUInt64BE(epoch, 38);
  bytes.writeBigUInt64BE(attempt, 46);
  bytes.writeUInt32BE(step, 54);
  bytes.writeUInt8(sender, 58);
  bytes.writeUInt8(receiver, 59);
  bytes.writeUInt32BE(seq, 60);
  bytes.writeUInt32BE(payload.length, 64);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/**
 * Parses one whole frame. The payload is a view into `bytes`.
 * @throws CodedError FRAME_TRUNCATED, FRAME_TOO_LARGE, FRAME_WRONG_MAGIC, FRAME_WRONG_VERSION, FRAME_WRONG_KIND,
 *   FRAME_WRONG_PARTY, FRAME_WRONG_LENGTH (trailing bytes, or a part that is not full)
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkEnvelope(view);
  const frame: Frame = {
    kind: view.readUInt8(5) as FrameKind,
    session: `0x${view.toString("hex", 6, 38)}`,
    epoch: view.readBigUInt64BE(38),
    attempt: view.readBigUInt64BE(46),
    step: view.readUInt32BE(54),
    sender: view.readUInt8(58),
    receiver: view.readUInt8(59),
    seq: view.readUInt32BE(60),
    payload: bytes.subarray(FRAME_HEADER_BYTES),
  };
  checkFields(frame);
  return frame;
}

/** Sizes, magic and version: what must hold before any field is looked at. */
function checkEnvelope(view: Buffer): void {
  if (view.length > MAX_FRAME_BYTES) {
    refuse({ code: "FRAME_TOO_LARGE", bytes: view.length, maximum: MAX_FRAME_BYTES }, `frame of ${view.length} bytes`);
  }
  if (view.length >= 4 && view.readUInt32BE(0) !== MAGIC) refuse({ code: "FRAME_WRONG_MAGIC" }, "not an Opaline frame");
  if (view.length >= 5 && view.readUInt8(4) !== FRAME_VERSION) {
    const version = view.readUInt8(4);
    refuse(
      { code: "FRAME_WRONG_VERSION", version, expected: FRAME_VERSION },
      `frame of version ${version}, this worker speaks ${FRAME_VERSION}`,
    );
  }
  if (view.length < FRAME_HEADER_BYTES) refuseTruncated(view.length, FRAME_HEADER_BYTES);
  const expected = FRAME_HEADER_BYTES + view.readUInt32BE(64);
  if (expected > MAX_FRAME_BYTES) {
    refuse({ code: "FRAME_TOO_LARGE", bytes: expected, maximum: MAX_FRAME_BYTES }, `frame claims ${expected} bytes`);
  }
  if (view.length < expected) refuseTruncated(view.length, expected);
  if (view.length > expected) {
    refuse({ code: "FRAME_WRONG_LENGTH", bytes: view.length, expected }, `${view.length - expected} trailing bytes`);
  }
}

function refuseTruncated(bytes: number, needed: number): never {
  refuse({ code: "FRAME_TRUNCATED", bytes, needed }, `frame cut at ${bytes} of ${needed} bytes`);
}

/** What both directions demand, so that every frame that decodes encodes to the same bytes, and the reverse. */
function checkFields(frame: Frame): void {
  const { kind, sender, receiver, payload } = frame;
  if (!KINDS.has(kind)) refuse({ code: "FRAME_WRONG_KIND", kind }, `unknown frame kind ${kind}`);
  if (!partiesFit(kind, sender, receiver)) {
    refuse({ code: "FRAME_WRONG_PARTY", sender, receiver }, `frame kind ${kind} from party ${sender} to ${receiver}`);
  }
  if (payload.length > MAX_PAYLOAD_BYTES) {
    const bytes = FRAME_HEADER_BYTES + payload.length;
    refuse({ code: "FRAME_TOO_LARGE", bytes, maximum: MAX_FRAME_BYTES }, `payload of ${payload.length} bytes`);
  }
  if (kind === FrameKind.ROUND_PART && payload.length !== MAX_PAYLOAD_BYTES) {
    refuse(
      { code: "FRAME_WRONG_LENGTH", bytes: payload.length, expected: MAX_PAYLOAD_BYTES },
      "a part that more frames follow must be full",
    );
  }
  const wrong = firstInvalidField(frame);
  if (wrong !== undefined) refuse({ code: "FRAME_INVALID_FIELD", field: wrong }, `invalid frame field ${wrong}`);
}

function partiesFit(kind: number, sender: number, receiver: number): boolean {
  const lowest = BETWEEN_PARTIES.has(kind) ? 1 : 0;
  const fits = (party: number): boolean => Number.isInteger(party) && party >= lowest && party <= MAX_PARTIES;
  return fits(sender) && fits(receiver) && (lowest === 0 || sender !== receiver);
}

function firstInvalidField(frame: Frame): string | undefined {
  const isU32 = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= MAX_U32;
  const isU64 = (value: bigint): boolean => value >= 0n && value <= MAX_U64;
  if (!BYTES32.test(frame.session)) return "session";
  if (!isU64(frame.epoch)) return "epoch";
  if (!isU64(frame.attempt)) return "attempt";
  if (!isU32(frame.step)) return "step";
  if (!isU32(frame.seq)) return "seq";
  return undefined;
}
