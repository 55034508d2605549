/**
 * Which frames belong to which session. Workers do not open an attempt at the same instant, so frames may arrive for a
 * session that this worker has yet to open: they wait here, within limits of count, bytes and age per peer. Frames for a
 * session that has ended are dropped, and a session's key is never opened twice.
 *
 * Invariants
 * 1. A key (session, epoch, attempt) is in at most one of: open, early, ended.
 * 2. What one peer can make this table hold is bounded by maxEarlyFrames and maxEarlyBytes, and what it can make open sessions
 *    hold by maxUnreadFrames and maxUnreadBytes, however many there are. Beyond that, what it sent early is forgotten, all of a session
 *    at once, of those that were named first; and the open session that holds most of its frames ends. Its link stays: a liar that
 *    keeps an honest worker waiting, or proposes attempts that come to nothing, makes other honest workers' frames wait there.
 * 3. When a peer's link ends, every open session with it ends, and its early frames are replaced by that fact: a session
 *    must never run on frames of two links, between which some may have been lost. What was forgotten under 2 has no beginning: such
 *    a session, too, comes to no end but its time's.
 */
import { FrameKind, type Frame } from "../messages/frame.ts";
import { networkError } from "./errors.ts";
import { unpinned } from "./frameSequence.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import type { Timers } from "./timers.ts";

export interface SessionLimits {
  /** Early frames and bytes of one peer, all sessions together. First rounds are small: keys, then hashes. */
  readonly maxEarlyFrames: number;
  readonly maxEarlyBytes: number;
  /** After this long an attempt that we did not join has failed by its own timeout. */
  readonly maxEarlyAgeMs: number;
  /**
   * Frames and bytes of one peer that open sessions hold unread, all together. A peer runs at most a round ahead in our protocols, of 22
   * MB in the largest: less would end the sessions of honest peers that many runs at once, or a liar, keep waiting.
   */
  readonly maxUnreadFrames: number;
  readonly maxUnreadBytes: number;
  /** Ended sessions remembered; an attempt number is persisted as used long before it falls out. */
  readonly maxEndedSessions: number;
}

export const SESSION_LIMITS: SessionLimits = {
  maxEarlyFrames: 1_024,
  maxEarlyBytes: 16 << 20,
  maxEarlyAgeMs: 60_000,
  maxUnreadFrames: 4_096,
  maxUnreadBytes: 256 << 20,
  maxEndedSessions: 4_096,
};

/** What the table and its sessions need of the mesh. */
export interface SessionCarrier {
  readonly self: string;
  readonly timers: Timers;
  readonly sessions: SessionTable;
  send(to: string, frame: Frame): Promise<void>;
  isConnected(address: string): boolean;
  disconnect(address: string, reason: Error): void;
  onFrame(kind: FrameKind, handler: (from: string, frame: Frame) => void): void;
}

export interface SessionKey {
  /** 0x-hex bytes32, lower case. */
  readonly session: string;
  readonly epoch: bigint;
  readonly attempt: bigint;
}

/** Held for later rounds. */
export interface Unread {
  readonly frames: number;
  readonly bytes: number;
}

export type UnreadLimit = "maxUnreadFrames" | "maxUnreadBytes";

/** An open session as the table sees it. */
export interface SessionInbox {
  /** Throws when the frame is one that an honest peer never sends. */
  accept(from: string, frame: Frame): void;
  unreadOf(address: string): Unread;
  /** Holds most of what the peer sent beyond a limit of all its sessions together: must end, and hold nothing. */
  overrun(address: string, limit: UnreadLimit): void;
  peerLost(address: string): void;
  stop(): void;
}

interface Early {
  readonly from: string;
  frames: Frame[];
  bytes: number;
  lost: boolean;
  readonly cancelExpiry: () => void;
}

export class SessionTable {
  readonly limits: SessionLimits;
  readonly #carrier: Pick<SessionCarrier, "timers" | "disconnect">;
  readonly #open = new Map<string, SessionInbox>();
  /** By key, then by address. */
  readonly #early = new Map<string, Map<string, Early>>();
  /** Insertion order is age. */
  readonly #ended = new Set<string>();

  constructor(carrier: Pick<SessionCarrier, "timers" | "disconnect" | "onFrame">, limits?: Partial<SessionLimits>) {
    this.#carrier = carrier;
    this.limits = { ...SESSION_LIMITS, ...limits };
    for (const kind of [FrameKind.ROUND, FrameKind.ROUND_PART, FrameKind.ABORT]) {
      carrier.onFrame(kind, (from, frame) => this.#route(from, frame));
    }
  }

  /**
   * Makes `inbox` the receiver of this key's frames and hands it those that came early.
   * @throws CodedError NETWORK_SESSION_REUSED
   */
  open(key: SessionKey, inbox: SessionInbox): void {
    const name = nameOf(key);
    if (this.#open.has(name) || this.#ended.has(name)) {
      const detail = { code: "NETWORK_SESSION_REUSED", session: key.session, attempt: String(key.attempt) } as const;
      throw networkError(detail, `attempt ${key.attempt} of session ${key.session} was already opened`);
    }
    this.#open.set(name, inbox);
    const early = this.#early.get(name);
    this.#early.delete(name);
    for (const entry of early?.values() ?? []) this.#handOver(entry, inbox);
  }

  /** Ends the key for good. */
  end(key: SessionKey): void {
    const name = nameOf(key);
    if (!this.#open.delete(name)) return;
    this.#ended.add(name);
    if (this.#ended.size > this.limits.maxEndedSessions) {
      const [oldest] = this.#ended;
      this.#ended.delete(oldest!);
    }
  }

  /**
   * To be called when a session holds one frame more: ends the sessions that hold most of this peer's, until it is within the limits.
   * O(open sessions).
   */
  checkUnread(address: string): void {
    for (;;) {
      const held = [...this.#open.values()].map((inbox) => ({ inbox, unread: inbox.unreadOf(address) }));
      const total = (what: keyof Unread): number => held.reduce((sum, { unread }) => sum + unread[what], 0);
      const what = total("frames") > this.limits.maxUnreadFrames ? "frames" : "bytes";
      if (what === "bytes" && total("bytes") <= this.limits.maxUnreadBytes) return;
      const most = held.reduce((a, b) => (b.unread[what] > a.unread[what] ? b : a));
      most.inbox.overrun(address, what === "frames" ? "maxUnreadFrames" : "maxUnreadBytes");
    }
  }

  peerLost(address: string): void {
    for (const inbox of [...this.#open.values()]) inbox.peerLost(address);
    for (const byAddress of this.#early.values()) {
      const entry = byAddress.get(address);
      if (entry !== undefined) Object.assign(entry, { frames: [], bytes: 0, lost: true });
    }
  }

  stop(): void {
    for (const inbox of [...this.#open.values()]) inbox.stop();
    for (const byAddress of this.#early.values()) for (const entry of byAddress.values()) entry.cancelExpiry();
    this.#early.clear();
  }

  /** For `status`: sessions open, and frames waiting for sessions that are not. */
  counts(): { open: number; earlyFrames: number; earlyBytes: number } {
    let [earlyFrames, earlyBytes] = [0, 0];
    for (const byAddress of this.#early.values()) {
      for (const entry of byAddress.values()) {
        earlyFrames += entry.frames.length;
        earlyBytes += entry.bytes;
      }
    }
    return { open: this.#open.size, earlyFrames, earlyBytes };
  }

  #route(from: string, frame: Frame): void {
    const name = nameOf(frame);
    const inbox = this.#open.get(name);
    if (inbox !== undefined) inbox.accept(from, frame);
    else if (!this.#ended.has(name)) this.#keep(name, from, frame);
  }

  #keep(name: string, from: string, frame: Frame): void {
    const entry = this.#earlyEntry(name, from);
    if (entry.lost) return;
    // Whoever gives up needs nothing of what it sent before.
    if (frame.kind === FrameKind.ABORT) Object.assign(entry, { frames: [], bytes: 0 });
    entry.frames.push(unpinned(frame));
    entry.bytes += frame.payload.length;
    this.#forgetOldest(from);
  }

  /** Until this peer's early frames are within the limits. O(early sessions). */
  #forgetOldest(from: string): void {
    const { maxEarlyFrames, maxEarlyBytes } = this.limits;
    let held = this.#heldFor(from);
    if (held.frames <= maxEarlyFrames && held.bytes <= maxEarlyBytes) return;
    for (const [name, byAddress] of this.#early) {
      const entry = byAddress.get(from);
      if (entry === undefined) continue;
      entry.cancelExpiry();
      this.#forget(name, byAddress, from);
      held = { frames: held.frames - Math.max(1, entry.frames.length), bytes: held.bytes - entry.bytes };
      if (held.frames <= maxEarlyFrames && held.bytes <= maxEarlyBytes) return;
    }
  }

  #forget(name: string, byAddress: Map<string, Early>, from: string): void {
    byAddress.delete(from);
    if (byAddress.size === 0 && this.#early.get(name) === byAddress) this.#early.delete(name);
  }

  #earlyEntry(name: string, from: string): Early {
    const byAddress = this.#early.get(name) ?? new Map<string, Early>();
    this.#early.set(name, byAddress);
    const known = byAddress.get(from);
    if (known !== undefined) return known;
    const expire = (): void => this.#forget(name, byAddress, from);
    const cancelExpiry = this.#carrier.timers.after(this.limits.maxEarlyAgeMs, expire);
    const entry = { from, frames: [], bytes: 0, lost: false, cancelExpiry };
    byAddress.set(from, entry);
    return entry;
  }

  /** An entry counts as a frame even when empty, so that entries are bounded too. O(early entries). */
  #heldFor(from: string): { frames: number; bytes: number } {
    let [frames, bytes] = [0, 0];
    for (const byAddress of this.#early.values()) {
      const entry = byAddress.get(from);
      if (entry === undefined) continue;
      frames += Math.max(1, entry.frames.length);
      bytes += entry.bytes;
    }
    return { frames, bytes };
  }

  #handOver(entry: Early, inbox: SessionInbox): void {
    entry.cancelExpiry();
    try {
      for (const frame of entry.frames) inbox.accept(entry.from, frame);
      if (entry.lost) inbox.peerLost(entry.from);
    } catch (error) {
      this.#carrier.disconnect(entry.from, error as Error);
    }
  }
}

export function nameOf({ session, epoch, attempt }: SessionKey): string {
  return `${session}:${epoch}:${attempt}`;
}

/** Shamir points of a committee epoch, and the worker at each. */
export type Members = ReadonlyMap<PartyIndex, string>;
