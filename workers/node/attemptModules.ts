/** What a request's attempts need of their worker. */
import type { Proposal } from "../messages/proposal.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import type { Timers } from "../transport/timers.ts";

/** What an attempt cannot be proposed for. */
export interface PeerWait {
  readonly attempt: bigint;
  /** Peers that an attempt takes: 2t. */
  readonly needed: number;
  readonly connected: number;
  readonly missing: readonly PartyIndex[];
}

export interface AttemptModules {
  readonly timers: Timers;
  /** Peers whose sockets are open now. */
  connected(): readonly PartyIndex[];
  /** The highest attempt number used here; 0 for none. */
  lastAttempt(): bigint;
  /** Stores durably that this number is used. Throws unless it is higher than every one before. */
  takeAttempt(attempt: bigint): void;
  /** The store failed; called once until it works again. */
  storeFailed(error: unknown): void;
  /** For a while too few were connected to propose this attempt; called once until enough are. */
  tooFew(wait: PeerWait): void;
  /** False while this worker has proposed as many runs as it may. */
  mayPropose(): boolean;
  /** Tells the whole committee. */
  propose(proposal: Proposal): void;
  /** Tells the whole committee that this worker has come to this attempt. */
  announce(attempt: bigint): void;
  /**
   * Computes, signs and broadcasts. Rejects when the attempt failed; the reason has been logged.
   *
   * @param timeoutMs the attempt's, and so the longest that one round may take
   */
  run(proposal: Proposal, signal: AbortSignal, timeoutMs: number): Promise<void>;
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
  "accepted" | "held" | "wrong proposer" | "used" | "too far ahead" | "wrong participants" | "closed" | "paused";
