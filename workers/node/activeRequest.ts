/**
 * One open request at one worker: its attempts, its own signature, the others' signatures, and the posting.
 *
 * Guarantees
 *  - What leaves signed has been recorded before (`recordSigned`): one statement per attempt, and in a later attempt
 *    only the same outcome, suppression and outputs. A worker that computes something else stays silent and alarms.
 *  - After a restart the recorded verdict is signed and sent again; the request is computed anew only if that does not
 *    soon lead to a quorum.
 *  - A quorum found anywhere ends the attempts everywhere: whoever has it answers any proposal with it.
 *  - Past the deadline no attempt runs; the request is expired on chain so that the querier is paid back.
 */
import { type Committee, quorumOf } from "../chain/committeeRegistry.ts";
import type { QueryRequested, RequestState, WorkerSignature } from "../chain/querySmartContract.ts";
import type { Mined } from "../chain/transactions.ts";
import { isCoded } from "../errors.ts";
import { type Proposal, decodeParticipants, encodeParticipants } from "../messages/proposal.ts";
import { type SignedVerdict, decodeSignedVerdict } from "../messages/signedVerdict.ts";
import { type Verdict, resultHash, statementHash } from "../messages/statement.ts";
import { ANSWER, type TypedDataSigner, opalineDomain, signTypedData } from "../messages/typedData.ts";
import { type Frame, FrameKind } from "../messages/frame.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import type { Timers } from "../transport/timers.ts";
import type { AttemptCounts } from "./attemptCounts.ts";
import { Attempts, rankOf } from "./attempts.ts";
import { CommitteePost } from "./committeePost.ts";
import { type Log, errorFields } from "./log.ts";
import { Posting } from "./posting.ts";
import { SignatureCollection } from "./signatureCollection.ts";

/** A request as the follower confirmed it, and the committee that holds its shares. */
export interface ConfirmedRequest {
  readonly event: QueryRequested;
  /** The Query Smart Contract. */
  readonly contract: string;
  readonly committee: Committee;
  readonly self: PartyIndex;
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
  mayPropose(): boolean;
  compute(request: ConfirmedRequest, proposal: Proposal, signal: AbortSignal): Promise<Verdict>;
  stateOf(request: ConfirmedRequest): Promise<RequestState>;
  answer(request: ConfirmedRequest, verdict: Verdict, signatures: readonly WorkerSignature[]): Promise<Mined>;
  expire(request: ConfirmedRequest): Promise<Mined>;
}

export interface ActiveRequestOptions {
  readonly attemptTimeoutMs: number;
  readonly takeoverMs: number;
}

export class ActiveRequest {
  readonly request: ConfirmedRequest;
  readonly #modules: ActiveRequestModules;
  readonly #options: ActiveRequestOptions;
  readonly #attempts: Attempts;
  readonly #collection: SignatureCollection;
  readonly #committee: CommitteePost;
  #proposed = false;
  #posting: Posting | undefined;
  #expired = false;
  #ended = false;

  constructor(request: ConfirmedRequest, modules: ActiveRequestModules, options: ActiveRequestOptions) {
    this.request = request;
    this.#modules = modules;
    this.#options = options;
    const { event, contract, committee, self } = request;
    const { requestId, context } = event;
    const { workers } = committee;
    const epoch = context.committeeEpoch;
    this.#committee = new CommitteePost({ requestId, epoch, workers, self, send: modules.send });
    this.#attempts = this.#createAttempts();
    this.#collection = new SignatureCollection({
      chainId: modules.chainId,
      contract,
      context,
      workers,
      quorum: quorumOf(workers.length, committee.threshold),
    });
  }

  start(): void {
    const verdict = this.#modules.records.signedVerdict(this.request.event.requestId);
    this.#attempts.start();
    if (verdict !== undefined) void this.#signAgain(verdict);
  }

  /** A peer that was away has missed what was sent meanwhile: it gets the quorum, or this worker's signature. */
  onPeerConnected(address: string): void {
    const member = this.#committee.indexOf(address);
    if (member === undefined || this.#ended) return;
    const signed = this.#newestSigned();
    if (signed !== undefined) this.#committee.signedTo(member, signed);
  }

  /** True while a run that this worker proposed is under way. */
  get isProposing(): boolean {
    return this.#proposed && this.#attempts.isRunning;
  }

  get attempt(): bigint {
    return this.#attempts.expected;
  }

  /** The chain shows an end (answered, refused, expired), or the worker stops. */
  end(): void {
    this.#ended = true;
    this.#attempts.close();
    this.#posting?.stop();
  }

  /** @param newest the chain's newest block: past the deadline nothing can be answered */
  onBlock(newest: number): void {
    if (this.#ended || this.#expired || BigInt(newest) <= this.request.event.deadlineBlock) return;
    this.#expired = true;
    this.#attempts.close();
    this.#posting?.stop();
    const { requestId } = this.request.event;
    this.#modules.log("warn", "request-deadline-passed", {
      requestId,
      deadlineBlock: this.request.event.deadlineBlock,
    });
    this.#putOnChain(
      "expire",
      0n,
      () => this.#modules.expire(this.request),
      () => undefined,
    );
  }

  /** @throws CodedError for a frame that an honest member never sends */
  onFrame(from: string, frame: Frame): void {
    const member = this.#committee.indexOf(from);
    if (member === undefined || this.#ended) return;
    if (frame.kind === FrameKind.PROPOSE) this.#onProposal(member, frame);
    if (frame.kind === FrameKind.SIGNATURE) this.#onSignatures(decodeSignedVerdict(frame.payload));
  }

  #createAttempts(): Attempts {
    const { event, committee, self } = this.request;
    const { requestId } = event;
    const { timers, records, mayPropose } = this.#modules;
    return new Attempts(
      {
        timers,
        connected: () =>
          this.#committee.others().filter((party) => this.#modules.isConnected(this.#committee.addressOf(party))),
        lastAttempt: () => records.lastAttempt(requestId),
        takeAttempt: (attempt) => {
          records.takeAttempt(requestId, attempt);
          this.#proposed = false;
        },
        mayPropose,
        propose: (proposal) => this.#propose(proposal),
        run: (proposal, signal) => this.#run(proposal, signal),
        resend: () => this.#resend(),
      },
      {
        requestId,
        self,
        n: committee.workers.length,
        t: committee.threshold,
        attemptTimeoutMs: this.#options.attemptTimeoutMs,
      },
    );
  }

  #propose(proposal: Proposal): void {
    this.#proposed = true;
    const { requestId, attempt, participants } = proposal;
    this.#modules.log("info", "attempt-proposed", { requestId, attempt, participants });
    this.#committee.toAll(FrameKind.PROPOSE, attempt, encodeParticipants(participants));
  }

  #onProposal(from: PartyIndex, frame: Frame): void {
    const { requestId } = this.request.event;
    const { attempt } = frame;
    const quorum = this.#collection.quorum();
    if (quorum !== undefined) {
      this.#committee.signedTo(from, quorum);
      return;
    }
    const answer = this.#attempts.onProposal(from, {
      requestId,
      attempt,
      participants: decodeParticipants(frame.payload),
    });
    const level = answer === "accepted" ? "info" : "debug";
    this.#modules.log(level, "attempt-proposal", { requestId, attempt, from, answer });
  }

  async #run(proposal: Proposal, signal: AbortSignal): Promise<void> {
    const { requestId, attempt } = proposal;
    this.#modules.counts.start();
    try {
      const verdict = await this.#modules.compute(this.request, proposal, signal);
      signal.throwIfAborted();
      await this.#sign(verdict);
      this.#modules.log("info", "verdict-signed", { requestId, attempt, outcome: verdict.outcome });
    } catch (error) {
      this.#modules.counts.fail(error);
      const conflict = isCoded(error, "STORE_RESULT_CHANGED") || isCoded(error, "STORE_SIGNED_OTHER");
      const level = conflict ? "alarm" : signal.aborted ? "debug" : "warn";
      this.#modules.log(level, "attempt-failed", { requestId, attempt, ...errorFields(error) });
      throw error;
    }
  }

  /** The very statement recorded before the restart: recording another one would throw. */
  async #signAgain(verdict: Verdict): Promise<void> {
    const place = { requestId: this.request.event.requestId, attempt: verdict.attempt };
    try {
      await this.#sign(verdict);
      this.#modules.log("info", "verdict-sent-again", place);
    } catch (error) {
      this.#modules.log("warn", "verdict-not-sent-again", { ...place, ...errorFields(error) });
    }
  }

  async #sign(verdict: Verdict): Promise<void> {
    const { event, contract, self } = this.request;
    const { chainId, records, signer } = this.#modules;
    const statement = statementHash({ chainId, contract, context: event.context, verdict });
    records.recordSigned(event.requestId, verdict, { statement, resultHash: resultHash(verdict) });
    const signature = await signTypedData(signer, opalineDomain(chainId, contract), ANSWER, { statement });
    const signed = { verdict, signatures: [{ index: self, signature }] };
    this.#committee.signedToAll(signed);
    this.#onSignatures(signed);
  }

  #onSignatures({ verdict, signatures }: SignedVerdict): void {
    const { requestId } = this.request.event;
    for (const signature of signatures) {
      const addition = this.#collection.add(verdict, signature);
      if (addition !== "equivocation" && addition !== "invalid") continue;
      const level = addition === "equivocation" ? "alarm" : "warn";
      const { attempt } = verdict;
      this.#modules.log(level, `signature-${addition}`, { requestId, attempt, index: signature.index });
    }
    const quorum = this.#collection.quorum();
    if (quorum !== undefined && this.#posting === undefined && !this.#ended && !this.#expired) this.#postAnswer(quorum);
  }

  #postAnswer({ verdict, signatures }: SignedVerdict): void {
    this.#attempts.pause();
    const send = (): Promise<Mined> => this.#modules.answer(this.request, verdict, signatures);
    // A signer may have been revoked since: other members' signatures on another attempt may still do.
    this.#putOnChain("answer", verdict.attempt, send, () => {
      this.#posting = undefined;
      this.#collection.discard(verdict);
      this.#attempts.resume();
    });
  }

  #putOnChain(act: "answer" | "expire", attempt: bigint, send: () => Promise<Mined>, onRefused: () => void): void {
    const { event, committee, self } = this.request;
    const rank = rankOf(event.requestId, attempt, self, committee.workers.length);
    const { timers, log, inTurn } = this.#modules;
    const stateOf = (): Promise<RequestState> => this.#modules.stateOf(this.request);
    const options = { requestId: event.requestId, act, rank, takeoverMs: this.#options.takeoverMs };
    this.#posting = new Posting({ timers, log, inTurn, stateOf, send, onRefused }, options);
    this.#posting.start();
  }

  #resend(): void {
    const signed = this.#newestSigned();
    if (signed !== undefined) this.#committee.signedToAll(signed);
  }

  #newestSigned(): SignedVerdict | undefined {
    return this.#collection.quorum() ?? this.#collection.latestOf(this.request.self);
  }
}
