/**
 * The attempts of one request at one worker: who proposes, who takes part, when the next one starts. It decides about
 * numbers and time only; computing and signing happen in `run`.
 *
 * n, t: committee size and degree; attempt a is proposed by the member at position (uint(requestId) + a) mod n.
 *
 * Invariants
 *  1. An attempt number is stored durably (`takeAttempt`) before a message of that attempt is sent or acted on, and is
 *     never used again, restarts included. So no key, mask or signature of an attempt is ever made twice.
 *  2. At most one attempt of a request runs here; taking a higher one aborts the lower.
 *  3. A proposal counts only from its attempt's proposer, with a higher number than any used here, and for exactly
 *     2t + 1 members with the proposer among them.
 *
 *              propose() / onProposal()              run() resolved
 *   waiting ----------------------------> running -----------------> signed
 *      ^  |                                  |                          |
 *      |  | timer: nobody proposed           | failed, or timer         | timer: no quorum in time
 *      +--+<---------------------------------+<-------------------------+      (attempt + 1)
 *   any --pause() a quorum has signed--> paused --resume() it could not be posted--> waiting
 *   any --close() the request has ended--> closed
 *
 * Time-outs double with each attempt that came to nothing (partial synchrony): a computation that needs longer than the
 * configured time is not cut off for ever by the next proposer.
 */
import type { Timers } from "../transport/timers.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import type { Proposal } from "../messages/proposal.ts";

/** How far a proposal may run ahead of the attempts used here: bounds what one lying proposer can skip. */
const MOST_SKIPPED = 1_024n;
/** Doublings of the time-out: 2^4 times the configured one at most. */
const MOST_DOUBLINGS = 4;
/** Wait before looking again for enough connected peers, or for a free slot. */
const PROPOSE_RETRY_MS = 100;
/** Wait after a failed attempt before the next is proposed, doubled like the time-outs. */
const FAILURE_PAUSE_MS = 100;
/** Wait after a restart before a new attempt: links, and the signatures sent over them, take less. */
const RESTART_PAUSE_MS = 1_000;

export interface AttemptModules {
  readonly timers: Timers;
  /** Peers whose sockets are open now. */
  connected(): readonly PartyIndex[];
  /** The highest attempt number used here; 0 for none. */
  lastAttempt(): bigint;
  /** Stores durably that this number is used. Throws unless it is higher than every one before. */
  takeAttempt(attempt: bigint): void;
  /** False while this worker has proposed as many runs as it may. */
  mayPropose(): boolean;
  /** Tells the whole committee. */
  propose(proposal: Proposal): void;
  /** Computes, signs and broadcasts. Rejects when the attempt failed; the reason has been logged. */
  run(proposal: Proposal, signal: AbortSignal): Promise<void>;
  /** Sends this worker's signature, or the quorum's, once more. */
  resend(): void;
}

export interface AttemptOptions {
  readonly requestId: string;
  readonly self: PartyIndex;
  readonly n: number;
  readonly t: number;
  readonly attemptTimeoutMs: number;
}

export type ProposalAnswer =
  "accepted" | "wrong proposer" | "used" | "too far ahead" | "wrong participants" | "closed" | "paused";

/** The member that proposes an attempt. */
export function proposerOf(requestId: string, attempt: bigint, n: number): PartyIndex {
  return (Number((BigInt(requestId) + attempt) % BigInt(n)) + 1) as PartyIndex;
}

/**
 * A member's turn to act for the others (post, expire): 0 acts first.
 *
 * @param attempt rotates the duty; 0 for acts outside attempts
 */
export function rankOf(requestId: string, attempt: bigint, member: PartyIndex, n: number): number {
  return (member - proposerOf(requestId, attempt, n) + n) % n;
}

/**
 * The proposer and the first 2t of its connected peers, in an order that the attempt number rotates: a member that
 * fails attempts without leaving is left out sooner or later.
 *
 * @returns undefined when too few are connected
 */
export function chooseParticipants(
  self: PartyIndex,
  attempt: bigint,
  connected: readonly PartyIndex[],
  { n, t }: { n: number; t: number },
): PartyIndex[] | undefined {
  const others = Array.from({ length: n }, (_, i) => (i + 1) as PartyIndex).filter((party) => party !== self);
  const turn = Number(attempt % BigInt(others.length));
  const ordered = [...others.slice(turn), ...others.slice(0, turn)];
  const chosen = ordered.filter((party) => connected.includes(party)).slice(0, 2 * t);
  return chosen.length < 2 * t ? undefined : [self, ...chosen].sort((a, b) => a - b);
}

export class Attempts {
  readonly #modules: AttemptModules;
  readonly #options: AttemptOptions;
  /** The attempt this worker waits for, runs or has signed. */
  #expected = 0n;
  /** Attempts that came to nothing since the start. */
  #fruitless = 0;
  #running: { readonly attempt: bigint; readonly controller: AbortController } | undefined;
  #state: "open" | "paused" | "closed" = "open";
  #cancelTimeout: () => void = () => undefined;
  #cancelRetry: () => void = () => undefined;

  constructor(modules: AttemptModules, options: AttemptOptions) {
    this.#modules = modules;
    this.#options = options;
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
    this.#cancelRetry = this.#modules.timers.after(RESTART_PAUSE_MS, () => this.#enter(last + 1n));
  }

  get expected(): bigint {
    return this.#expected;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** @param from the member whose pinned socket the proposal came through */
  onProposal(from: PartyIndex, proposal: Proposal): ProposalAnswer {
    if (this.#state !== "open") return this.#state;
    const refusal = this.#refusal(from, proposal);
    if (refusal !== undefined) return refusal;
    this.#modules.takeAttempt(proposal.attempt);
    this.#begin(proposal);
    return "accepted";
  }

  /** A quorum has signed: no further attempt until `resume`. */
  pause(): void {
    if (this.#state !== "open") return;
    this.#state = "paused";
    this.#stopTimers();
    this.#abortRunning();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "open";
    this.#enter(this.#modules.lastAttempt() + 1n);
  }

  /** The request has ended: nothing more happens. */
  close(): void {
    this.#state = "closed";
    this.#stopTimers();
    this.#abortRunning();
  }

  #refusal(from: PartyIndex, { attempt, participants }: Proposal): ProposalAnswer | undefined {
    const { requestId, n, t } = this.#options;
    if (from !== proposerOf(requestId, attempt, n)) return "wrong proposer";
    const last = this.#modules.lastAttempt();
    if (attempt <= last) return "used";
    if (attempt > last + MOST_SKIPPED) return "too far ahead";
    const fits = participants.length === 2 * t + 1 && participants.every((party) => party >= 1 && party <= n);
    if (!fits || new Set(participants).size !== participants.length) return "wrong participants";
    return participants.includes(from) ? undefined : "wrong participants";
  }

  #enter(attempt: bigint): void {
    this.#expected = attempt;
    this.#armTimeout();
    if (proposerOf(this.#options.requestId, attempt, this.#options.n) === this.#options.self) this.#tryPropose();
  }

  #tryPropose(): void {
    const attempt = this.#expected;
    const { requestId, self } = this.#options;
    const chosen = chooseParticipants(self, attempt, this.#modules.connected(), this.#options);
    if (chosen === undefined || !this.#modules.mayPropose()) {
      this.#cancelRetry = this.#modules.timers.after(PROPOSE_RETRY_MS, () => this.#tryPropose());
      return;
    }
    const proposal = { requestId, attempt, participants: chosen };
    this.#modules.takeAttempt(attempt);
    this.#modules.propose(proposal);
    this.#begin(proposal);
  }

  #begin(proposal: Proposal): void {
    this.#stopTimers();
    this.#abortRunning();
    this.#expected = proposal.attempt;
    this.#armTimeout();
    if (!proposal.participants.includes(this.#options.self)) return;
    const controller = new AbortController();
    const running = { attempt: proposal.attempt, controller };
    this.#running = running;
    this.#modules.run(proposal, controller.signal).then(
      () => this.#ended(running, true),
      () => this.#ended(running, false),
    );
  }

  #ended(run: { readonly attempt: bigint }, signed: boolean): void {
    if (this.#running !== run) return;
    this.#running = undefined;
    if (signed || this.#state !== "open") return;
    this.#cancelRetry = this.#modules.timers.after(this.#doubled(FAILURE_PAUSE_MS), () => this.#moveOn());
  }

  /** The expected attempt came to nothing. */
  #moveOn(): void {
    this.#stopTimers();
    this.#abortRunning();
    this.#fruitless += 1;
    this.#modules.resend();
    this.#enter(this.#expected + 1n);
  }

  #armTimeout(): void {
    this.#cancelTimeout();
    const ms = this.#doubled(this.#options.attemptTimeoutMs);
    this.#cancelTimeout = this.#modules.timers.after(ms, () => this.#moveOn());
  }

  #doubled(ms: number): number {
    return ms * 2 ** Math.min(this.#fruitless, MOST_DOUBLINGS);
  }

  #stopTimers(): void {
    this.#cancelTimeout();
    this.#cancelRetry();
  }

  #abortRunning(): void {
    this.#running?.controller.abort();
    this.#running = undefined;
  }
}
