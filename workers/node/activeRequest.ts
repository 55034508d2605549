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
import { quorumOf } from "../chain/committeeRegistry.ts";
import type { RequestState } from "../chain/querySmartContract.ts";
import type { Mined } from "../chain/transactions.ts";
import { type ChainErrorDetail } from "../chain/errors.ts";
import { isCoded } from "../errors.ts";
import type { SignedEnd } from "../messages/dispute.ts";
import type { OneSigned } from "../messages/equivocation.ts";
import { type Proposal, decodeParticipants, encodeParticipants } from "../messages/proposal.ts";
import { type SignedVerdict, decodeSignedVerdict } from "../messages/signedVerdict.ts";
import { Outcome, type Verdict, resultHash, statementHash } from "../messages/statement.ts";
import { ANSWER } from "../messages/signedStructs.ts";
import { opalineDomain, signTypedData } from "../messages/typedData.ts";
import { type Frame, FrameKind } from "../messages/frame.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { Attempts } from "./attempts.ts";
import { CommitteePost } from "./committeePost.ts";
import { keepContradiction } from "./contradictedEnd.ts";
import { errorFields } from "./log.ts";
import { proposerOf, rankOf } from "./participants.ts";
import { Posting } from "./posting.ts";
import type { ActiveRequestModules, ActiveRequestOptions, ConfirmedRequest, TakenRequest } from "./requestModules.ts";
import { SignatureCollection } from "./signatureCollection.ts";
import { SignatureIntake } from "./signatureIntake.ts";

export class ActiveRequest {
  readonly request: ConfirmedRequest;
  readonly #modules: ActiveRequestModules;
  readonly #options: ActiveRequestOptions;
  readonly #attempts: Attempts;
  readonly #collection: SignatureCollection;
  readonly #intake: SignatureIntake;
  readonly #committee: CommitteePost;
  #posting: Posting | undefined;
  #expired = false;
  #ended = false;

  constructor(request: TakenRequest, modules: ActiveRequestModules, options: ActiveRequestOptions) {
    this.request = request;
    this.#modules = modules;
    this.#options = options;
    const { event, contract, committee, keys, self } = request;
    const { requestId, context } = event;
    const { workers } = committee;
    const epoch = context.committeeEpoch;
    this.#committee = new CommitteePost({ requestId, epoch, workers, self, send: modules.send });
    this.#attempts = this.#createAttempts();
    this.#collection = new SignatureCollection({
      chainId: modules.chainId,
      contract,
      context,
      keys,
      quorum: quorumOf(workers.length, committee.threshold),
    });
    this.#intake = new SignatureIntake({
      requestId,
      collection: this.#collection,
      log: modules.log,
      keys: () => modules.keysOf(request),
      isKeyOf: (index, account) => modules.isKeyOf(workers[index - 1]!, account),
      onEquivocation: (index, first, second) => this.#keepEvidence(index, first, second),
      onChanged: () => this.#postQuorum(),
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
    if (this.#attempts.isOpen && this.attempt > 1n) this.#committee.announceTo(member, this.attempt);
  }

  get attempt(): bigint {
    return this.#attempts.expected;
  }

  /** A quorum's word ended the request on chain. */
  compareEnd(end: SignedEnd): void {
    keepContradiction(this.request, end, this.#collection, this.#modules);
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
      // Another node may be a few blocks behind the one that showed the newest: the next block tries again.
      () => (this.#expired = false),
    );
  }

  /** A member may have another key now. */
  refreshKeys(): void {
    void this.#intake.refreshKeys();
  }

  /** @throws CodedError, or rejects with it, for a frame that an honest member never sends */
  onFrame(from: string, frame: Frame): void | Promise<void> {
    const member = this.#committee.indexOf(from);
    if (member === undefined || this.#ended) return;
    if (frame.kind === FrameKind.PROPOSE) this.#onProposal(member, frame);
    if (frame.kind === FrameKind.SIGNATURE) return this.#intake.take(decodeSignedVerdict(frame.payload), from);
  }

  #createAttempts(): Attempts {
    const { event, committee, self } = this.request;
    const { requestId } = event;
    const { timers, log, records, proposed } = this.#modules;
    return new Attempts(
      {
        timers,
        connected: () =>
          this.#committee.others().filter((party) => this.#modules.isConnected(this.#committee.addressOf(party))),
        lastAttempt: () => records.lastAttempt(requestId),
        takeAttempt: (attempt) => records.takeAttempt(requestId, attempt),
        storeFailed: (error) => log("warn", "attempts-delayed", { requestId, ...errorFields(error) }),
        tooFew: (wait) => log("warn", "attempt-waits", { requestId, ...wait }),
        mayPropose: () => proposed.mayBegin(),
        propose: (proposal) => this.#propose(proposal),
        announce: (attempt) => this.#committee.announceToAll(attempt),
        run: (proposal, signal, timeoutMs) => this.#run(proposal, signal, timeoutMs),
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
    const participants = decodeParticipants(frame.payload);
    if (participants.length === 0) return this.#attempts.onAnnounced(from, attempt);
    const answer = this.#attempts.onProposal(from, { requestId, attempt, participants });
    const level = answer === "accepted" ? "info" : "debug";
    this.#modules.log(level, "attempt-proposal", { requestId, attempt, from, answer });
  }

  async #run(proposal: Proposal, signal: AbortSignal, timeoutMs: number): Promise<void> {
    const { requestId, attempt } = proposal;
    const { committee, self } = this.request;
    const { counts, proposed } = this.#modules;
    const isOwn = proposerOf(requestId, attempt, committee.workers.length) === self;
    if (isOwn) proposed.began();
    const over = counts.start();
    let outcome: Outcome | undefined;
    try {
      const verdict = await this.#modules.compute(this.request, proposal, signal, timeoutMs);
      outcome = verdict.outcome;
      signal.throwIfAborted();
      await this.#sign(verdict);
      this.#modules.log("info", "verdict-signed", { requestId, attempt, outcome: verdict.outcome });
    } catch (error) {
      counts.fail(error);
      const conflict = isCoded(error, "STORE_RESULT_CHANGED") || isCoded(error, "STORE_SIGNED_OTHER");
      // Data may be retired after an answer over them was signed: public facts alone changed, and what was signed stands.
      const level = conflict && outcome !== Outcome.FAILED_UNAVAILABLE ? "alarm" : signal.aborted ? "debug" : "warn";
      this.#modules.log(level, "attempt-failed", { requestId, attempt, ...errorFields(error) });
      throw error;
    } finally {
      over();
      if (isOwn) proposed.ended();
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
    await this.#intake.take(signed);
  }

  /** What slashing asks for; a store that fails costs the evidence, not the request. */
  #keepEvidence(index: number, first: OneSigned, second: OneSigned): void {
    const { event, contract } = this.request;
    const { chainId, records, log } = this.#modules;
    try {
      records.keepEquivocation({ chainId, queryContract: contract, index, context: event.context, first, second });
    } catch (error) {
      log("alarm", "equivocation-not-kept", { requestId: event.requestId, index, ...errorFields(error) });
    }
  }

  #postQuorum(): void {
    const quorum = this.#collection.quorum();
    if (quorum !== undefined && this.#posting === undefined && !this.#ended && !this.#expired) this.#postAnswer(quorum);
  }

  #postAnswer({ verdict, signatures }: SignedVerdict): void {
    this.#attempts.pause();
    const send = (): Promise<Mined> => this.#modules.answer(this.request, verdict, signatures);
    this.#putOnChain("answer", verdict.attempt, send, (error) => {
      this.#posting = undefined;
      const index = refusedSigner(error);
      // A signer may have been revoked since: other members' signatures on the same statement may still do.
      if (index === undefined) this.#collection.discard(verdict);
      else this.#collection.drop(verdict, index);
      this.#postQuorum();
      if (this.#posting === undefined) this.#attempts.resume();
    });
  }

  #putOnChain(
    act: "answer" | "expire",
    attempt: bigint,
    send: () => Promise<Mined>,
    onRefused: (error: unknown) => void,
  ): void {
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

/** The member whose signature the contract did not take; undefined when it refused for another reason. */
function refusedSigner(error: unknown): number | undefined {
  if (!isCoded(error, "CHAIN_REVERTED")) return undefined;
  const detail = error.detail as ChainErrorDetail & { readonly code: "CHAIN_REVERTED" };
  return detail.error === "QuerySmartContractInvalidSigner" ? Number(detail.args["index"]) : undefined;
}
