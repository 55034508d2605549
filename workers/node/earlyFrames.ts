/**
 * Proposals and signatures that arrive before this worker's own follower has confirmed their request. They are held for
 * a while, within limits per peer, and handled once the chain itself has shown the request: a peer's word that there is
 * one is never acted on.
 */
import type { Frame } from "../messages/frame.ts";

/** One peer's frames. A proposal and a signature per open request fit many times over. */
const MOST_FRAMES = 128;
const MOST_BYTES = 8 << 20;
/** Longer than confirmations and a poll take anywhere; an attempt is over by then. */
const MOST_AGE_MS = 120_000;

interface Held {
  readonly from: string;
  readonly frame: Frame;
  readonly atMs: number;
}

export class EarlyFrames {
  readonly #now: () => number;
  #held: Held[] = [];

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns false when this peer has used up its room; the frame is then dropped */
  hold(from: string, frame: Frame): boolean {
    const now = this.#now();
    this.#held = this.#held.filter(({ atMs }) => now - atMs <= MOST_AGE_MS);
    const own = this.#held.filter((held) => held.from === from);
    const bytes = own.reduce((sum, held) => sum + held.frame.payload.length, frame.payload.length);
    if (own.length >= MOST_FRAMES || bytes > MOST_BYTES) return false;
    // The payload is a view into a socket's buffer.
    this.#held.push({ from, frame: { ...frame, payload: Uint8Array.from(frame.payload) }, atMs: now });
    return true;
  }

  /** The frames of one request, in order of arrival; they are held no longer. */
  take(requestId: string): { readonly from: string; readonly frame: Frame }[] {
    const taken = this.#held.filter(({ frame }) => frame.session === requestId);
    this.#held = this.#held.filter(({ frame }) => frame.session !== requestId);
    return taken;
  }

  get count(): number {
    return this.#held.length;
  }
}
