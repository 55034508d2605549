/**
 * The attempts of one request at one worker: who proposes, who takes part, when the next one starts. It decides about
 * numbers and time only; computing and signing happen in `run`.
 *
 * n, t: committee size and degree; whose turn an attempt is: `participants.ts`.
 *
 * Invariants
 *  1. An attempt number is stored durably (`takeAttempt`) before a message of that attempt is sent or acted on, and is
 *     never used again, restarts included. So no key, mask or signature of an attempt is ever made twice.
 *  2. At most one attempt of a request is under way here. It ends by its own failure, by its time-out, or when t + 1
 *     members have shown higher attempts: no t members can cut it short.
 *  3. A proposal counts only from its attempt's proposer, with a higher number than any used here, and for exactly
 *     2t + 1 members with the proposer among them. One that comes too early is held: one per member.
 *  4. On one member's word this worker goes at most n attempts ahead, and past others' turns ever more rarely; further
 *     only to what t + 1 members have shown (`memberProgress.ts`).
 *
 *              #tryPropose() / #accept()             run() resolved
 *   waiting ----------------------------> under way ----------------> under way, signed
 *      ^  |                                  |                          |
 *      |  | timer: nobody proposed           | failed, or timer         | timer: no quorum in time
 *      +--+<---------------------------------+<-------------------------+      (attempt + 1)
 *   waiting, under way --t + 1 members are further--> waiting, at their attempt
 *   any --pause() a quorum has signed--> paused --resume() it could not be posted--> waiting
 *   any --close() the request has ended--> closed
 *
 * Workers tell each other when they move on. One that is left behind learns it from t + 1 members; one that is ahead of
 * all but a few waits, so that the others reach it. Time-outs double with each attempt that came to nothing (partial
 * synchrony): a computation that needs longer than the configured time is not cut off for ever.
 */
import type { PartyIndex } from "../sharing/parties.ts";
import type { Proposal } from "../messages/proposal.ts";
import type { AttemptModules, AttemptOptions, ProposalAnswer } from "./attemptModules.ts";
import { MAX_ATTEMPT, MemberProgress } from "./memberProgress.ts";
import { chooseParticipants, proposerOf } from "./participants.ts";
import { PeerLooks } from "./peerLooks.ts";

/** Doublings of the time-out: 2^4 times the configured one at most. */
const MOST_DOUBLINGS = 4;
/** Wait before looking again for enough connected peers, or for a free slot. */
const PROPOSE_RETRY_MS = 100;
/** Wait after a failed attempt before the next is proposed, doubled like the time-outs. */
const FAILURE_PAUSE_MS = 100;
/** Wait after a restart before a new attempt: links, and the signatures sent over them, take less. */
const RESTART_PAUSE_MS = 1_000;
/** Wait before the store is asked again after it failed (disk full). */
const STORE_RETRY_MS = 1_000;

export class Attempts {
  readonly #modules: AttemptModules;
  readonly #options: AttemptOptions;
  readonly #progress: MemberProgress;
  readonly #looks: PeerLooks;
  /** The newest proposal of each member that may still be accepted. */
  readonly #held = new Map<PartyIndex, Proposal>();
  /** The attempt this worker waits for, or that is under way or has failed; 0 before `start`. */
  #expected = 0n;
  /** The expected attempt has begun, with or without this worker, and may still succeed. */
  #underWay = false;
  /** Attempts that came to nothing since the start. */
  #fruitless = 0;
  #running: { readonly attempt: bigint; readonly controller: AbortController } | undefined;
  #state: "open" | "paused" | "closed" = "open";
  #isStoreFailing = false;
  #cancelTimeout: () => void = () => undefined;
  #cancelRetry: () => void = () => undefined;

  constructor(modules: AttemptModules, options: AttemptOptions) {
    this.#modules = modules;
    this.#options = options;
    this.#progress = new MemberProgress(options);
    this.#looks = new PeerLooks(modules, options);
  }

  /**
   * Waits for, or proposes, the first attempt that was never used here, unless a proposal came already.
   *
   * After a restart the last attempt's signatures get their chance first: others may hold them and send them as soon as
   * links are made.
   */
  start(): void {
    if (this.#expected !== 0n || this.#state !== "open") return;
    const last = this.#modules.lastAttempt();
    if (last === 0n) return this.#enter(1n);
    this.#expected = last;
    this.#retryAfter(RESTART_PAUSE_MS, () => this.#enter(last + 1n));
  }

  get expected(): bigint {
    return this.#expected;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** @param from the member whose pinned socket the proposal came through */
  onProposal(from: PartyIndex, proposal: Proposal): ProposalAnswer {
    const { attempt } = proposal;
    const malformed = this.#malformed(from, proposal);
    if (malformed !== undefined) return malformed;
    this.#progress.show(from, attempt);
    if (this.#state !== "open") return this.#state;
    if (attempt <= this.#modules.lastAttempt()) return "used";
    this.#held.set(from, proposal);
    this.#follow();
    return this.#underWay && this.#expected === attempt ? "accepted" : "held";
  }

  /** A member says that it has come to this attempt; its word alone changes nothing. */
  onAnnounced(from: PartyIndex, attempt: bigint): void {
    if (attempt > MAX_ATTEMPT) return;
    this.#progress.show(from, attempt);
    this.#follow();
  }

  /** A quorum has signed: no further attempt until `resume`. */
  pause(): void {
    if (this.#state !== "open") return;
    this.#state = "paused";
    this.#stop();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "open";
    this.#guarded(() => this.#enter(this.#modules.lastAttempt() + 1n));
  }

  /** The request has ended: nothing more happens. */
  close(): void {
    this.#state = "closed";
    this.#stop();
  }

  #malformed(from: PartyIndex, { attempt, participants }: Proposal): ProposalAnswer | undefined {
    const { requestId, n, t } = this.#options;
    if (from !== proposerOf(requestId, attempt, n)) return "wrong proposer";
    if (attempt > MAX_ATTEMPT) return "too far ahead";
    const fits = participants.length === 2 * t + 1 && participants.every((party) => party >= 1 && party <= n);
    if (!fits || new Set(participants).size !== participants.length) return "wrong participants";
    return participants.includes(from) ? undefined : "wrong participants";
  }

  /** Acts on what members have shown: gives up an attempt that they have left, accepts a proposal, or catches up. */
  #follow(): void {
    if (this.#state !== "open") return;
    const { floor } = this.#progress;
    if (this.#underWay && floor <= this.#expected) return;
    const wasUnderWay = this.#underWay;
    if (wasUnderWay) this.#giveUp();
    const last = this.#modules.lastAttempt();
    const next = this.#expected > last ? this.#expected : last + 1n;
    const inOrder = floor > next ? floor : next;
    if (this.#accept(last, inOrder)) return;
    if (wasUnderWay || inOrder > next) this.#enter(inOrder);
  }

  /** @returns whether the highest admissible proposal, if any, has begun */
  #accept(last: bigint, inOrder: bigint): boolean {
    const furthest = inOrder + BigInt(this.#options.n);
    let best: { from: PartyIndex; proposal: Proposal } | undefined;
    for (const [from, proposal] of this.#held) {
      const { attempt } = proposal;
      // What t + 1 members have left behind would be waited for in vain.
      const isOver = attempt <= last || attempt < this.#progress.floor;
      if (isOver) this.#held.delete(from);
      const mayBegin = attempt <= inOrder || (attempt <= furthest && this.#progress.mayJump(from));
      if (!isOver && mayBegin && attempt > (best?.proposal.attempt ?? 0n)) best = { from, proposal };
    }
    if (best === undefined) return false;
    const { from, proposal } = best;
    this.#held.delete(from);
    if (!this.#take(proposal.attempt)) return false;
    if (proposal.attempt > inOrder) this.#progress.jumped(from);
    if (proposal.attempt === inOrder) this.#progress.beganInOrder(from);
    this.#begin(proposal);
    return true;
  }

  #take(attempt: bigint): boolean {
    try {
      this.#modules.takeAttempt(attempt);
      this.#isStoreFailing = false;
      return true;
    } catch (error) {
      this.#reportStore(error);
      return false;
    }
  }

  #reportStore(error: unknown): void {
    if (!this.#isStoreFailing) this.#modules.storeFailed(error);
    this.#isStoreFailing = true;
  }

  #enter(attempt: bigint): void {
    this.#stop();
    this.#expected = attempt;
    this.#armTimeout();
    if (attempt > 1n) this.#modules.announce(attempt);
    this.#follow();
    if (this.#underWay || this.#expected !== attempt) return;
    if (proposerOf(this.#options.requestId, attempt, this.#options.n) === this.#options.self) this.#tryPropose();
  }

  #tryPropose(): void {
    const attempt = this.#expected;
    const { requestId, self } = this.#options;
    const connected = this.#modules.connected();
    const participants = chooseParticipants(self, attempt, connected, this.#options);
    this.#looks.looked(attempt, connected, participants !== undefined);
    if (participants === undefined || !this.#modules.mayPropose()) {
      return this.#retryAfter(PROPOSE_RETRY_MS, () => this.#tryPropose());
    }
    if (!this.#take(attempt)) return this.#retryAfter(STORE_RETRY_MS, () => this.#tryPropose());
    const proposal = { requestId, attempt, participants };
    this.#progress.beganInOrder(self);
    this.#modules.propose(proposal);
    this.#begin(proposal);
  }

  #begin(proposal: Proposal): void {
    this.#stop();
    this.#expected = proposal.attempt;
    this.#underWay = true;
    this.#armTimeout();
    if (!proposal.participants.includes(this.#options.self)) return;
    const controller = new AbortController();
    const running = { attempt: proposal.attempt, controller };
    this.#running = running;
    this.#modules.run(proposal, controller.signal, this.#doubled(this.#options.attemptTimeoutMs)).then(
      () => this.#ended(running, true),
      () => this.#ended(running, false),
    );
  }

  #ended(run: { readonly attempt: bigint }, signed: boolean): void {
    if (this.#running !== run) return;
    this.#running = undefined;
    if (signed || this.#state !== "open") return;
    this.#underWay = false;
    this.#retryAfter(this.#doubled(FAILURE_PAUSE_MS), () => this.#moveOn());
    this.#guarded(() => this.#follow());
  }

  /** The expected attempt came to nothing. */
  #moveOn(): void {
    const { n } = this.#options;
    const isUsed = this.#expected <= this.#modules.lastAttempt();
    // So far ahead of the others nothing can be computed: they must come nearer first.
    const waits = !isUsed && !this.#progress.enoughAt(this.#expected - BigInt(n));
    this.#giveUp();
    this.#enter(waits ? this.#expected : this.#expected + 1n);
  }

  #giveUp(): void {
    this.#stop();
    this.#fruitless += 1;
    this.#modules.resend();
  }

  #armTimeout(): void {
    this.#cancelTimeout();
    const act = (): void => this.#guarded(() => this.#moveOn());
    this.#cancelTimeout = this.#modules.timers.after(this.#doubled(this.#options.attemptTimeoutMs), act);
  }

  #retryAfter(ms: number, act: () => void): void {
    this.#cancelRetry();
    this.#cancelRetry = this.#modules.timers.after(ms, () => this.#guarded(act));
  }

  /** For what timers and promises start: nobody above would catch a failing store. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#reportStore(error);
      if (this.#state === "open") this.#retryAfter(STORE_RETRY_MS, act);
    }
  }

  #doubled(ms: number): number {
    return ms * 2 ** Math.min(this.#fruitless, MOST_DOUBLINGS);
  }

  #stop(): void {
    this.#cancelTimeout();
    this.#cancelRetry();
    this.#running?.controller.abort();
    this.#running = undefined;
    this.#underWay = false;
  }
}
