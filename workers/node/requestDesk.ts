/**
 * All open requests of this worker: takes them up when the follower has confirmed them, hands each its frames, and ends
 * them when the chain does. What is open is what the store says is pending, so a restart takes up exactly the same.
 */
import type { Deployment } from "../chain/deployment.ts";
import type { ChainLog } from "../chain/logs.ts";
import { parseQueryEvent, signedEndOf } from "../chain/queryEvents.ts";
import type { Frame } from "../messages/frame.ts";
import type { StoredRequest } from "../store/requestStore.ts";
import type { Store } from "../store/openStore.ts";
import { ActiveRequest } from "./activeRequest.ts";
import { requestFromJson } from "./chainEffects.ts";
import type { Committees } from "./committees.ts";
import { EarlyFrames } from "./earlyFrames.ts";
import { CodedError, isCoded } from "../errors.ts";
import { type Log, errorFields } from "./log.ts";
import { ProposedRunCount } from "./proposedRuns.ts";
import type { ActiveRequestModules, ActiveRequestOptions, TakenRequest } from "./requestModules.ts";

/** What no honest member sends. */
const PEERS_FAULTS = ["PROPOSAL_INVALID", "SIGNED_VERDICT_INVALID", "SIGNATURE_INVALID"] as const;

export interface DeskModules extends Omit<ActiveRequestModules, "proposed"> {
  readonly deployment: Deployment;
  readonly committees: Pick<Committees, "seat" | "keys">;
  readonly store: Pick<Store, "requests">;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly log: Log;
}

export class RequestDesk {
  readonly #modules: DeskModules;
  readonly #options: ActiveRequestOptions;
  readonly #active = new Map<string, ActiveRequest>();
  /** Pending requests of committees this worker is not on. */
  readonly #others = new Set<string>();
  readonly #early: EarlyFrames;
  readonly #proposed = new ProposedRunCount();
  #refreshing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(modules: DeskModules, options: ActiveRequestOptions) {
    this.#modules = modules;
    this.#options = options;
    this.#early = new EarlyFrames(modules.now);
  }

  /** After the follower has moved: takes up new requests and looks at deadlines. Resolves when done, or put off. */
  onBlock(newest: number): Promise<void> {
    this.#refreshing = this.#refreshing.then(() => this.#refresh(newest));
    return this.#refreshing;
  }

  /** The events that end requests have been committed. */
  onCommitted(logs: readonly ChainLog[]): void {
    for (const log of logs) this.#compareEnd(log);
    this.endSettled();
  }

  #compareEnd(log: ChainLog): void {
    const event = parseQueryEvent(this.#modules.deployment, log);
    const end = event === undefined ? undefined : signedEndOf(event);
    const request = event === undefined ? undefined : this.#active.get(event.requestId);
    if (end === undefined || log.address.toLowerCase() !== request?.request.contract.toLowerCase()) return;
    request.compareEnd(end);
  }

  /** Ends what the store has as settled. */
  endSettled(): void {
    const pending = new Set(this.#modules.store.requests.pending().map(({ requestId }) => requestId));
    for (const [requestId, request] of this.#active) {
      if (pending.has(requestId)) continue;
      request.end();
      this.#active.delete(requestId);
      this.#modules.log("info", "request-ended", {
        requestId,
        state: this.#modules.store.requests.get(requestId)?.state,
      });
    }
  }

  /**
   * A proposal or a signature.
   *
   * @throws CodedError, or rejects with it, when no honest worker could have sent it; the peer's link is then closed
   */
  onFrame(from: string, frame: Frame): void | Promise<void> {
    if (this.#stopped) return;
    const request = this.#active.get(frame.session);
    if (request !== undefined) return this.#deliver(request, from, frame);
    if (this.#isSettled(frame.session)) return;
    if (!this.#early.hold(from, frame))
      this.#modules.log("warn", "early-frame-dropped", { from, session: frame.session });
  }

  /** The registry of workers has changed: a member may have another key. */
  refreshKeys(): void {
    for (const request of this.#active.values()) request.refreshKeys();
  }

  onPeerConnected(address: string): void {
    for (const request of this.#active.values()) request.onPeerConnected(address);
  }

  /** The attempt each open request is at. */
  attempts(): { readonly requestId: string; readonly attempt: bigint }[] {
    return [...this.#active].map(([requestId, request]) => ({ requestId, attempt: request.attempt }));
  }

  stop(): void {
    this.#stopped = true;
    for (const request of this.#active.values()) request.end();
    this.#active.clear();
  }

  /** A store that cannot be read delays, also the end of what was settled meanwhile; rejects only for a bug. */
  async #refresh(newest: number): Promise<void> {
    try {
      this.endSettled();
      await this.#takeUp();
      for (const request of this.#active.values()) request.onBlock(newest);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#modules.log("warn", "requests-delayed", errorFields(error));
    }
  }

  async #takeUp(): Promise<void> {
    for (const stored of this.#modules.store.requests.pending()) {
      const { requestId } = stored;
      if (this.#stopped || this.#active.has(requestId) || this.#others.has(requestId)) continue;
      try {
        const confirmed = await this.#confirm(stored);
        if (confirmed === undefined) this.#others.add(requestId);
        else if (!this.#stopped) this.#open(confirmed);
      } catch (error) {
        // The chain or the store could not be asked: the next block tries again.
        this.#modules.log("warn", "request-delayed", { requestId, ...errorFields(error) });
      }
    }
  }

  async #confirm({ queryContract, event: text }: StoredRequest): Promise<TakenRequest | undefined> {
    const event = requestFromJson(text);
    const { studyId, committeeEpoch } = event.context;
    const seat = await this.#modules.committees.seat(studyId, committeeEpoch);
    if (seat === undefined) return undefined;
    const keys = await this.#modules.committees.keys(studyId, committeeEpoch);
    return { event, contract: queryContract, committee: seat.committee, keys, self: seat.self };
  }

  #open(confirmed: TakenRequest): void {
    const { requestId } = confirmed.event;
    const { deadlineBlock } = confirmed.event;
    const request = new ActiveRequest(confirmed, { ...this.#modules, proposed: this.#proposed }, this.#options);
    this.#active.set(requestId, request);
    this.#modules.log("info", "request-taken-up", { requestId, contract: confirmed.contract, deadlineBlock });
    try {
      this.#deliverEarly(requestId, request);
      request.start();
    } catch (error) {
      // Half-open it would neither propose nor time out.
      request.end();
      this.#active.delete(requestId);
      throw error;
    }
  }

  /** That the store cannot tell is not the peer's fault: its frame is held like one of an unknown request. */
  #isSettled(requestId: string): boolean {
    try {
      const known = this.#modules.store.requests.get(requestId);
      return known !== undefined && known.state !== "pending";
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#modules.log("warn", "requests-delayed", errorFields(error));
      return false;
    }
  }

  #deliverEarly(requestId: string, request: ActiveRequest): void {
    for (const { from, frame } of this.#early.take(requestId)) {
      try {
        const work = this.#deliver(request, from, frame);
        work?.catch((error: unknown) => this.#earlyFrameRefused(requestId, from, error));
      } catch (error) {
        this.#earlyFrameRefused(requestId, from, error);
      }
    }
  }

  #earlyFrameRefused(requestId: string, from: string, error: unknown): void {
    this.#modules.log("warn", "early-frame-refused", { requestId, from, ...errorFields(error) });
  }

  /** Malformed frames are the peer's fault; a store that refuses (settled meanwhile, disk full) is not. */
  #deliver(request: ActiveRequest, from: string, frame: Frame): void | Promise<void> {
    try {
      return request.onFrame(from, frame);
    } catch (error) {
      if (PEERS_FAULTS.some((code) => isCoded(error, code)) || !(error instanceof CodedError)) throw error;
      this.#modules.log("warn", "frame-not-handled", { requestId: frame.session, from, ...errorFields(error) });
    }
  }
}
