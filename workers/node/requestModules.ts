/** What an open request is, and what it needs of its worker. */
import type { Committee } from "../chain/committeeRegistry.ts";
import type { QueryRequested } from "../chain/queryEvents.ts";
import type { RequestState, WorkerSignature } from "../chain/querySmartContract.ts";
import type { Mined } from "../chain/transactions.ts";
import type { Equivocation } from "../messages/equivocation.ts";
import type { Frame } from "../messages/frame.ts";
import type { Proposal } from "../messages/proposal.ts";
import type { SignedVerdict } from "../messages/signedVerdict.ts";
import type { Verdict } from "../messages/statement.ts";
import type { TypedDataSigner } from "../messages/typedData.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import type { Timers } from "../transport/timers.ts";
import type { AttemptCounts } from "./attemptCounts.ts";
import type { Log } from "./log.ts";

/** A request as the follower confirmed it, and the committee that holds its shares. */
export interface ConfirmedRequest {
  readonly event: QueryRequested;
  /** The Query Smart Contract. */
  readonly contract: string;
  readonly committee: Committee;
  readonly self: PartyIndex;
}

/** keys[j - 1] signed for point j when the request was taken up. */
export interface TakenRequest extends ConfirmedRequest {
  readonly keys: readonly string[];
}

/** Durable before anything leaves. */
export interface RequestRecords {
  lastAttempt(requestId: string): bigint;
  /** Throws unless higher than every attempt taken before. */
  takeAttempt(requestId: string, attempt: bigint): void;
  /** Throws when this attempt was signed with another statement, or the request with another result. */
  recordSigned(requestId: string, verdict: Verdict, hashes: { statement: string; resultHash: string }): void;
  /** The verdict of the newest attempt signed, from before a restart too. */
  signedVerdict(requestId: string): Verdict | undefined;
  /** Of each member and request the first. */
  keepEquivocation(evidence: Equivocation): void;
  /** What a quorum signed, and the chain contradicts. @returns the file; @throws a system's error */
  keepDispute(requestId: string, signed: SignedVerdict): string;
}

/** The runs under way that this worker proposed, all requests together. */
export interface ProposedRuns {
  /** False while there are as many as may be. */
  mayBegin(): boolean;
  began(): void;
  ended(): void;
}

export interface ActiveRequestModules {
  readonly chainId: bigint;
  readonly timers: Timers;
  readonly log: Log;
  readonly records: RequestRecords;
  readonly counts: Pick<AttemptCounts, "start" | "fail">;
  readonly signer: TypedDataSigner;
  readonly inTurn: <Value>(send: () => Promise<Value>) => Promise<Value>;
  isConnected(address: string): boolean;
  /** Sends and forgets: a peer that misses a frame gets the next one. */
  readonly send: (address: string, frame: Frame) => void;
  readonly proposed: ProposedRuns;
  /** @param timeoutMs longest one round may take */
  compute(request: ConfirmedRequest, proposal: Proposal, signal: AbortSignal, timeoutMs: number): Promise<Verdict>;
  /** The committee's keys now. @throws CodedError CHAIN_* */
  keysOf(request: ConfirmedRequest): Promise<readonly string[]>;
  /** Whether the account is, or was, a key of this worker. @throws CodedError CHAIN_* */
  isKeyOf(worker: string, account: string): Promise<boolean>;
  stateOf(request: ConfirmedRequest): Promise<RequestState>;
  answer(request: ConfirmedRequest, verdict: Verdict, signatures: readonly WorkerSignature[]): Promise<Mined>;
  expire(request: ConfirmedRequest): Promise<Mined>;
}

export interface ActiveRequestOptions {
  readonly attemptTimeoutMs: number;
  readonly takeoverMs: number;
}
