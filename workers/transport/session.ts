/**
 * The `Network` of one attempt over the mesh. Frames carry party indices; a frame counts only if it came over the
 * socket pinned to the member at that index, is meant for this party, and continues that member's sequence. Frames of
 * workers that are no members are dropped.
 *
 * What goes wrong ends the session, once and for all parties that can still be told: the first failure rejects the
 * round under way and every later one, an ABORT frame goes to all, and the key is never opened again. There is no
 * recovery inside an attempt: the next attempt has fresh randomness and fresh frames.
 *
 * A round's payload travels as ROUND_PART frames of MAX_PAYLOAD_BYTES and a last ROUND. TLS keeps order, yet frames up
 * to REORDER_WINDOW ahead are put in order, repeats are dropped, and a larger gap is a failure.
 *
 * Adversary: members that lie about anything but who they are. A lie in a payload is the protocol's business; here a
 * lying member can end the attempt, and is named.
 */
import { strict as assert } from "node:assert";
import { isCoded, type CodedError } from "../errors.ts";
import { FrameKind, MAX_PAYLOAD_BYTES, type Frame } from "../messages/frame.ts";
import type { Network } from "../protocols/network.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { transportError } from "./errors.ts";
import { FrameSequence } from "./frameSequence.ts";
import {
  abortedBy,
  aheadBy,
  encodeAbort,
  givenUp,
  lost,
  misbehaved,
  timedOut,
  wrongLength,
  wrongStep,
} from "./sessionFailures.ts";
import { stepTag } from "./stepTag.ts";
import type { Members, SessionCarrier, SessionInbox, SessionKey, Unread, UnreadLimit } from "./sessionTable.ts";

export interface SessionOptions extends SessionKey {
  readonly mesh: SessionCarrier;
  /** This worker's index in the committee epoch. */
  readonly self: PartyIndex;
  /** The participants of this attempt, self included, and the address of each. */
  readonly members: Members;
  /** Longest one round may take, its sending included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface SessionTraffic {
  rounds: number;
  sentBytes: number;
  receivedBytes: number;
}

/** A `Network` with an end: `close` when the protocol is done, `abort` when this worker gives it up. */
export interface Session extends Network {
  /** Payload bytes and rounds so far. */
  readonly traffic: Readonly<SessionTraffic>;
  /** Tells nobody: peers may still be reading what was sent. During a round it aborts. */
  close(): void;
  /** Ends the attempt for everyone; `code` is told to the peers. */
  abort(code: string): void;
}

interface Round {
  readonly step: string;
  readonly tag: number;
  readonly expected: ReadonlyMap<PartyIndex, number>;
  readonly received: Map<PartyIndex, Uint8Array>;
  readonly unsent: Set<PartyIndex>;
  readonly complete: () => void;
}

/**
 * Opens this worker's end. Never waits: when a member has no link, the first round that needs it fails at once.
 * @throws CodedError NETWORK_SESSION_REUSED
 */
export function openSession(options: SessionOptions): Session {
  return new MeshSession(options);
}

class MeshSession implements Session, SessionInbox {
  readonly self: PartyIndex;
  readonly parties: readonly PartyIndex[];
  readonly traffic: SessionTraffic = { rounds: 0, sentBytes: 0, receivedBytes: 0 };
  readonly #options: SessionOptions;
  readonly #inbound = new Map<PartyIndex, FrameSequence>();
  readonly #addresses: ReadonlySet<string>;
  readonly #sendSeq = new Map<PartyIndex, number>();
  readonly #broken = Promise.withResolvers<never>();
  /** Members whose link has ended, or never was: what they sent before still counts, but nothing more will come. */
  readonly #gone = new Map<PartyIndex, CodedError>();
  readonly #onSignal = (): void => this.abort("ABORTED");
  #failure: Error | undefined;
  #round: Round | undefined;

  constructor(options: SessionOptions) {
    const { mesh, self, members, signal } = options;
    assert(members.get(self) === mesh.self, "a session's own index must be this worker's address");
    this.#options = options;
    this.self = self;
    this.parties = [...members.keys()].sort((a, b) => a - b);
    this.#addresses = new Set(members.values());
    this.#broken.promise.catch(ignore);
    for (const party of this.#others()) this.#inbound.set(party, new FrameSequence());
    mesh.sessions.open(options, this);
    // What came early may have ended it already.
    if (this.#failure === undefined) signal?.addEventListener("abort", this.#onSignal, { once: true });
    if (signal?.aborted) this.abort("ABORTED");
    for (const party of this.#others()) {
      if (!mesh.isConnected(members.get(party)!)) this.#gone.set(party, lost(party, "not connected"));
    }
  }

  async exchange(
    step: string,
    outgoing: ReadonlyMap<PartyIndex, Uint8Array>,
    expected: ReadonlyMap<PartyIndex, number>,
  ): Promise<Map<PartyIndex, Uint8Array>> {
    assert(this.#round === undefined, "rounds of one session are sequential");
    if (this.#failure !== undefined) throw this.#failure;
    for (const party of [...outgoing.keys(), ...expected.keys()]) assert(this.#inbound.has(party), `no peer ${party}`);
    const arrived = Promise.withResolvers<void>();
    const round = {
      step,
      tag: stepTag(step),
      expected,
      received: new Map(),
      unsent: new Set(outgoing.keys()),
      complete: arrived.resolve,
    };
    this.#round = round;
    const { mesh, timeoutMs } = this.#options;
    const cancelTimer = mesh.timers.after(timeoutMs, () => this.#timedOut(round));
    try {
      this.#pump();
      for (const party of outgoing.keys()) if (this.#gone.has(party)) this.#fail(this.#gone.get(party)!);
      const sends = [...outgoing].map(([party, payload]) => this.#sendPayload(round, party, payload));
      await Promise.race([Promise.all([arrived.promise, ...sends]), this.#broken.promise]);
      this.traffic.rounds += 1;
      return round.received;
    } finally {
      cancelTimer();
      this.#round = undefined;
    }
  }

  close(): void {
    if (this.#round !== undefined) return this.abort("CLOSED");
    this.#failure ??= givenUp(this.self, "CLOSED");
    this.#detach();
  }

  abort(code: string): void {
    this.#fail(givenUp(this.self, code));
  }

  stop(): void {
    this.abort("TRANSPORT_STOPPED");
  }

  peerLost(address: string): void {
    for (const party of this.#others()) {
      if (this.#options.members.get(party) === address) this.#gone.set(party, lost(party, "link lost"));
    }
    this.#pump();
  }

  accept(from: string, frame: Frame): void {
    // A dishonest proposer may have told honest workers of different participants: an honest worker then sends here
    // what only the others expect. That is no fault of its link.
    if (!this.#addresses.has(from) || this.#failure !== undefined) return;
    const party = frame.sender as PartyIndex;
    const sequence = this.#inbound.get(party);
    if (sequence === undefined || this.#options.members.get(party) !== from || frame.receiver !== this.self) {
      const detail = { code: "TRANSPORT_BAD_FRAME", peer: from, reason: "FRAME_WRONG_PARTY" } as const;
      throw transportError(detail, `${from} sent a frame from party ${frame.sender} to party ${frame.receiver}`);
    }
    // Of a link made anew nothing counts: between the two, frames may have been lost.
    if (this.#gone.has(party)) return;
    if (frame.kind === FrameKind.ABORT) return this.#fail(abortedBy(party, frame.payload, this.parties));
    if (!sequence.add(frame)) return this.#fail(misbehaved(party, "sequence gap"));
    this.#pump();
    if (this.#failure === undefined && sequence.unreadFrames > 0) this.#options.mesh.sessions.checkUnread(from);
  }

  overrun(address: string, limit: UnreadLimit): void {
    const party = this.#others().find((other) => this.#options.members.get(other) === address);
    if (party !== undefined) this.#fail(aheadBy(party, limit));
  }

  unreadOf(address: string): Unread {
    for (const [party, { unreadFrames, unreadBytes }] of this.#inbound) {
      if (this.#options.members.get(party) === address) return { frames: unreadFrames, bytes: unreadBytes };
    }
    return { frames: 0, bytes: 0 };
  }

  /** Takes what the round under way waits for; whatever else came stays for later rounds. */
  #pump(): void {
    const round = this.#round;
    if (round === undefined || this.#failure !== undefined) return;
    for (const [party, bytes] of round.expected) {
      if (round.received.has(party)) continue;
      const sequence = this.#inbound.get(party)!;
      const message = sequence.take();
      const { begunBytes } = sequence;
      // Parts without end would otherwise be waited for until the round's time is over.
      if (message === undefined && begunBytes > bytes)
        return this.#fail(wrongLength(party, round.step, begunBytes, bytes));
      if (message === undefined && this.#gone.has(party)) return this.#fail(this.#gone.get(party)!);
      if (message === undefined) continue;
      if (message.step !== round.tag) return this.#fail(wrongStep(party, round.step, round.tag, message.step));
      if (message.payload.length !== bytes)
        return this.#fail(wrongLength(party, round.step, message.payload.length, bytes));
      this.traffic.receivedBytes += bytes;
      round.received.set(party, message.payload);
    }
    if (round.received.size === round.expected.size) round.complete();
  }

  /** Reads the payload only while the round is under way. */
  async #sendPayload(round: Round, party: PartyIndex, payload: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return;
    const address = this.#options.members.get(party)!;
    const { mesh, session, epoch, attempt, self } = this.#options;
    let offset = 0;
    do {
      const part = payload.subarray(offset, offset + MAX_PAYLOAD_BYTES);
      offset += part.length;
      const kind = offset < payload.length ? FrameKind.ROUND_PART : FrameKind.ROUND;
      const seq = this.#nextSeq(party);
      const frame = {
        kind,
        session,
        epoch,
        attempt,
        step: round.tag,
        sender: self,
        receiver: party,
        seq,
        payload: part,
      };
      try {
        await mesh.send(address, frame);
      } catch (cause) {
        return this.#fail(lost(party, isCoded(cause) ? cause.code : "write failed", cause));
      }
      if (this.#failure !== undefined) return;
    } while (offset < payload.length);
    round.unsent.delete(party);
    this.traffic.sentBytes += payload.length;
  }

  #nextSeq(party: PartyIndex): number {
    const seq = this.#sendSeq.get(party) ?? 0;
    this.#sendSeq.set(party, seq + 1);
    return seq;
  }

  #timedOut(round: Round): void {
    const { step, expected, received, unsent } = round;
    const silent = [...expected.keys()].filter((party) => !received.has(party));
    const missing = (silent.length > 0 ? silent : [...unsent]).sort((a, b) => a - b);
    this.#fail(timedOut(this.self, missing, step, this.#options.timeoutMs));
  }

  /** The first failure counts. Tells every member that still has a link. */
  #fail(error: CodedError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#broken.reject(error);
    this.#tellAbort(error);
    this.#detach();
  }

  #tellAbort(error: CodedError): void {
    const { mesh, session, epoch, attempt, self, members } = this.#options;
    const payload = encodeAbort(error);
    for (const party of this.#others()) {
      const place = { session, epoch, attempt, step: 0, sender: self, receiver: party, seq: this.#nextSeq(party) };
      // A member that cannot be told has lost the link, and knows by that.
      mesh.send(members.get(party)!, { kind: FrameKind.ABORT, ...place, payload }).catch(ignore);
    }
  }

  #detach(): void {
    // What came and is read no more would be held for as long as the attempt holds its session.
    this.#inbound.clear();
    this.#options.signal?.removeEventListener("abort", this.#onSignal);
    this.#options.mesh.sessions.end(this.#options);
  }

  #others(): PartyIndex[] {
    return this.parties.filter((party) => party !== this.self);
  }
}

function ignore(): void {}
