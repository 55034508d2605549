/** What an open input check is, and what it needs of its worker. */
import type { Committee } from "../chain/committeeRegistry.ts";
import type { DatasetActivated } from "../chain/datasetEvents.ts";
import type { Frame } from "../messages/frame.ts";
import type { CheckOutcome } from "../messages/inputCheck.ts";
import type { Proposal } from "../messages/proposal.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import type { Timers } from "../transport/timers.ts";
import type { AttemptCounts } from "./attemptCounts.ts";
import type { Log } from "./log.ts";
import type { ProposedRuns } from "./requestModules.ts";

/** A version as the follower confirmed it, whose file is here, and the committee that holds its shares. */
export interface ConfirmedCheck {
  /** `inputCheckId`. */
  readonly checkId: string;
  readonly activation: DatasetActivated;
  readonly schema: StudySchema;
  readonly committee: Committee;
  readonly self: PartyIndex;
}

/** Durable before anything leaves. */
export interface CheckRecords {
  lastAttempt(checkId: string): bigint;
  /** Throws unless higher than every attempt taken before. */
  takeAttempt(checkId: string, attempt: bigint): void;
}

export interface ActiveCheckModules {
  readonly timers: Timers;
  readonly log: Log;
  readonly records: CheckRecords;
  readonly counts: Pick<AttemptCounts, "start" | "fail">;
  readonly proposed: ProposedRuns;
  isConnected(address: string): boolean;
  /** Sends and forgets: a peer that misses a frame asks again. */
  readonly send: (address: string, frame: Frame) => void;
  /**
   * Whether the columns are well-formed.
   *
   * @param timeoutMs longest one round may take
   */
  compute(check: ConfirmedCheck, proposal: Proposal, signal: AbortSignal, timeoutMs: number): Promise<boolean>;
  /** Stores durably how the check ended here. @throws CodedError STORE_CHECK_ENDED when it had ended otherwise */
  settle(check: ConfirmedCheck, outcome: CheckOutcome): void;
  /** Nobody needs this worker for it any more: erases the range witnesses. */
  release(check: ConfirmedCheck): void;
}
