/**
 * The `Network` of parties that live in one process: tests and the conformance kit. Same rounds, limits and errors as
 * a session over TLS (`test/workers/protocols/networkCompliance.ts` runs over both), no protection of any kind.
 */
import assert from "node:assert/strict";

import { CodedError } from "../errors.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import type { Network, NetworkErrorDetail } from "./network.ts";

export interface LoopbackFrame {
  readonly step: string;
  readonly from: PartyIndex;
  readonly to: PartyIndex;
  readonly payload: Uint8Array;
}

export interface LoopbackOptions {
  /** How long a round waits for its last frame. */
  readonly timeoutMs?: number;
  /** Sees every frame: returns the payload to deliver, or null to lose it. Records, tampers, drops. */
  readonly intercept?: (frame: LoopbackFrame) => Uint8Array | null;
}

/** Rounds in one process take microseconds; only a party that will never answer takes this long. */
const DEFAULT_TIMEOUT_MS = 5_000;

/** One connected network per party, in the order given. `close` gives a party up, as the end of a session does. */
export function loopbackNetworks(parties: readonly PartyIndex[], options: LoopbackOptions = {}): LoopbackNetwork[] {
  const networks = new Map<PartyIndex, LoopbackNetwork>();
  for (const party of parties) networks.set(party, new LoopbackNetwork(party, parties, networks, options));
  return [...networks.values()];
}

/** A round in progress. */
interface Waiting {
  readonly step: string;
  readonly expected: ReadonlyMap<PartyIndex, number>;
  readonly resolve: (received: Map<PartyIndex, Uint8Array>) => void;
  readonly reject: (error: CodedError) => void;
  readonly timer: NodeJS.Timeout;
}

export class LoopbackNetwork implements Network {
  readonly self: PartyIndex;
  readonly parties: readonly PartyIndex[];
  readonly #networks: ReadonlyMap<PartyIndex, LoopbackNetwork>;
  readonly #options: LoopbackOptions;
  /** Frames not yet consumed, first come first served per sender. */
  readonly #inbox: ReadonlyMap<PartyIndex, LoopbackFrame[]>;
  readonly #gone = new Set<PartyIndex>();
  #waiting: Waiting | undefined;
  #failure: CodedError | undefined;

  constructor(
    self: PartyIndex,
    parties: readonly PartyIndex[],
    networks: ReadonlyMap<PartyIndex, LoopbackNetwork>,
    options: LoopbackOptions,
  ) {
    this.self = self;
    this.parties = [...parties].sort((a, b) => a - b);
    this.#networks = networks;
    this.#options = options;
    this.#inbox = new Map(parties.map((party) => [party, []]));
  }

  exchange(
    step: string,
    outgoing: ReadonlyMap<PartyIndex, Uint8Array>,
    expected: ReadonlyMap<PartyIndex, number>,
  ): Promise<Map<PartyIndex, Uint8Array>> {
    assert(this.#waiting === undefined, "one round at a time");
    for (const party of [...outgoing.keys(), ...expected.keys()]) {
      assert(party !== this.self && this.parties.includes(party), `party ${party} is not a peer`);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const timer = setTimeout(() => this.#timeOut(step, timeoutMs), timeoutMs);
      this.#waiting = { step, expected, resolve, reject, timer };
      for (const [peer, payload] of outgoing) this.#send({ step, from: this.self, to: peer, payload });
      this.#advance();
    });
  }

  /** Gives the session up: a round in progress fails here, and at the peers as soon as they miss a frame. */
  close(): void {
    this.#fail({ code: "NETWORK_ABORTED", peer: this.self, reason: "closed" }, `party ${this.self} closed its network`);
  }

  #send(frame: LoopbackFrame): void {
    const payload = this.#options.intercept === undefined ? frame.payload : this.#options.intercept(frame);
    const receiver = this.#networks.get(frame.to);
    if (payload === null || receiver === undefined) return;
    receiver.#deliver({ ...frame, payload: new Uint8Array(payload) }); // a copy: the sender may reuse its buffer
  }

  #deliver(frame: LoopbackFrame): void {
    this.#queueOf(frame.from).push(frame);
    this.#advance();
  }

  #peerGone(peer: PartyIndex): void {
    this.#gone.add(peer);
    this.#advance();
  }

  /** Looks at the first frame of every expected peer; ends the round when all are there or one is wrong. */
  #advance(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const peers = [...waiting.expected.keys()];
    for (const peer of peers) {
      const frame = this.#queueOf(peer)[0];
      if (frame !== undefined) {
        if (!this.#accepts(waiting, frame)) return;
      } else if (this.#gone.has(peer)) {
        this.#fail({ code: "NETWORK_ABORTED", peer, reason: "peer gave up" }, `party ${peer} gave the session up`);
        return;
      }
    }
    if (peers.some((peer) => this.#queueOf(peer).length === 0)) return;
    this.#endRound();
    waiting.resolve(new Map(peers.map((peer) => [peer, (this.#queueOf(peer).shift() as LoopbackFrame).payload])));
  }

  /** Fails the session and returns false unless the frame is of this step and length. */
  #accepts({ step, expected }: Waiting, { from: peer, step: seen, payload }: LoopbackFrame): boolean {
    if (seen !== step) {
      this.#fail({ code: "NETWORK_WRONG_STEP", peer, step, seen }, `party ${peer} sent ${seen} in step ${step}`);
      return false;
    }
    const length = expected.get(peer) as number;
    if (payload.length !== length) {
      this.#fail(
        { code: "NETWORK_WRONG_LENGTH", peer, step, bytes: payload.length, expected: length },
        `party ${peer} sent ${payload.length} bytes in step ${step}, expected ${length}`,
      );
      return false;
    }
    return true;
  }

  #timeOut(step: string, timeoutMs: number): void {
    const expected = [...(this.#waiting?.expected.keys() ?? [])].sort((a, b) => a - b);
    const missing = expected.filter((peer) => this.#queueOf(peer).length === 0);
    const peer = missing[0] as PartyIndex; // a round without a missing frame has ended and cleared its timer
    this.#fail(
      { code: "NETWORK_TIMEOUT", peer, missing, step, timeoutMs },
      `no frame from ${missing.map((party) => `party ${party}`).join(", ")} in step ${step} within ${timeoutMs} ms`,
    );
  }

  /** After an error the session is dead: this round and all later ones reject, and peers learn of it. */
  #fail(detail: NetworkErrorDetail, message: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = new CodedError(detail, message);
    const waiting = this.#waiting;
    this.#endRound();
    waiting?.reject(this.#failure);
    for (const [party, network] of this.#networks) if (party !== this.self) network.#peerGone(this.self);
  }

  #endRound(): void {
    clearTimeout(this.#waiting?.timer);
    this.#waiting = undefined;
  }

  #queueOf(peer: PartyIndex): LoopbackFrame[] {
    const queue = this.#inbox.get(peer);
    assert(queue !== undefined, `party ${peer} is not in this network`);
    return queue;
  }
}
