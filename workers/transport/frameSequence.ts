/** One member's frames to this party in one session, put back into sequence and joined into round payloads. */
import { strict as assert } from "node:assert";
import { byteBuffers } from "../messages/byteBuffers.ts";
import { FrameKind, type Frame } from "../messages/frame.ts";

/** Frames this far ahead wait for the missing one; TLS never reorders, so more says that the peer does. */
export const REORDER_WINDOW = 64;

/** Most bytes of memory that one byte of a payload may keep alive. */
const PINNED_BYTES = 4;

export interface RoundMessage {
  /** stepTag of the step the sender was in. */
  readonly step: number;
  readonly payload: Uint8Array;
}

export class FrameSequence {
  #next = 0;
  readonly #ahead = new Map<number, Frame>();
  #parts: Frame[] = [];
  readonly #ready: RoundMessage[] = [];
  #unreadBytes = 0;
  #unreadFrames = 0;
  #begunBytes = 0;

  /** Held and not yet taken, parts and frames ahead included. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  get unreadFrames(): number {
    return this.#unreadFrames;
  }

  /**
   * Repeats are dropped.
   * @returns false when the frame cannot be part of an honest sequence: too far ahead, or a payload of two steps
   */
  add(frame: Frame): boolean {
    if (frame.seq < this.#next || this.#ahead.has(frame.seq)) return true;
    if (frame.seq > this.#next + REORDER_WINDOW) return false;
    this.#ahead.set(frame.seq, unpinned(frame));
    this.#unreadFrames += 1;
    this.#unreadBytes += frame.payload.length;
    for (let next = this.#ahead.get(this.#next); next !== undefined; next = this.#ahead.get(this.#next)) {
      this.#ahead.delete(this.#next);
      this.#next += 1;
      if (!this.#append(next)) return false;
    }
    return true;
  }

  /** Of the payload that has begun to come, after all whole ones. */
  get begunBytes(): number {
    return this.#begunBytes;
  }

  /** The next whole payload, in the order sent. */
  take(): RoundMessage | undefined {
    const message = this.#ready.shift();
    if (message !== undefined) this.#unreadBytes -= message.payload.length;
    if (message !== undefined) this.#unreadFrames -= 1;
    return message;
  }

  #append(frame: Frame): boolean {
    const [first] = this.#parts;
    if (first !== undefined && first.step !== frame.step) return false;
    if (frame.kind === FrameKind.ROUND_PART) {
      this.#parts.push(frame);
      this.#begunBytes += frame.payload.length;
      return true;
    }
    assert(frame.kind === FrameKind.ROUND);
    const payload = first === undefined ? frame.payload : join([...this.#parts, frame]);
    this.#unreadFrames -= this.#parts.length;
    this.#parts = [];
    this.#begunBytes = 0;
    this.#ready.push({ step: frame.step, payload });
    return true;
  }
}

/** To be held: a payload is a view into what the socket read at once, of which few bytes would keep all. */
export function unpinned(frame: Frame): Frame {
  const { payload } = frame;
  return PINNED_BYTES * payload.length > payload.buffer.byteLength
    ? frame
    : { ...frame, payload: new Uint8Array(payload) };
}

/** In a buffer that whoever is done with the payload may give back. */
function join(frames: readonly Frame[]): Uint8Array {
  const bytes = byteBuffers.take(frames.reduce((total, { payload }) => total + payload.length, 0));
  let position = 0;
  for (const { payload } of frames) {
    bytes.set(payload, position);
    position += payload.length;
  }
  return bytes;
}
