/**
 * The input check of one version at one worker whose own file fits the dealing proof: attempts among 2t + 1 members until
 * one comes to a verdict, and the other members' reports.
 *
 * Adversary: the owner and at most t members. Guarantees
 *  - What this worker reports it has computed itself, verified, or heard alike from t + 1 members, one of whom is honest.
 *    So honest members never report "well-formed" of malformed columns, nor "malformed" of well-formed ones.
 *  - It is stored before it is reported, and final.
 *  - A member that comes to the verdict alone, its links lost at that moment, stays there for the others: what attempts need is
 *    erased once 2t + 1 members, this one among them, are known to have ended alike. Of these t + 1 are honest, and their reports
 *    suffice for whoever comes later.
 *  - A member that says that its own file is inconsistent may be right, and takes no further part.
 *
 *   open --an attempt's verdict, or t + 1 equal reports: #settle()--> needed --2t + 1 alike: #release()--> ended
 *   open --t + 1 inconsistent files--> ended
 */
import { type Frame, FrameKind } from "../messages/frame.ts";
import { CheckOutcome, decodeCheckReport, encodeCheckReport } from "../messages/inputCheck.ts";
import { type Proposal, decodeParticipants, encodeParticipants } from "../messages/proposal.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { Attempts } from "./attempts.ts";
import type { ActiveCheckModules, ConfirmedCheck } from "./checkModules.ts";
import { CommitteePost } from "./committeePost.ts";
import { errorFields } from "./log.ts";
import { proposerOf } from "./participants.ts";

export class ActiveCheck {
  readonly check: ConfirmedCheck;
  readonly #modules: ActiveCheckModules;
  readonly #attempts: Attempts;
  readonly #committee: CommitteePost;
  readonly #reports = new Map<PartyIndex, CheckOutcome>();
  /** How it ended here. */
  #outcome: CheckOutcome | undefined;
  #ended = false;

  /** @param outcome how it had ended here before the worker was started, while others may need it still */
  constructor(check: ConfirmedCheck, modules: ActiveCheckModules, attemptTimeoutMs: number, outcome?: CheckOutcome) {
    this.check = check;
    this.#modules = modules;
    this.#outcome = outcome;
    const { checkId, activation, committee, self } = check;
    this.#committee = new CommitteePost({
      requestId: checkId,
      proposals: FrameKind.PROPOSE_CHECK,
      epoch: activation.committeeEpoch,
      workers: committee.workers,
      self,
      send: modules.send,
    });
    this.#attempts = this.#createAttempts(attemptTimeoutMs);
  }

  /** Members where the check has ended answer the announcement with their report. */
  start(): void {
    this.#attempts.start();
    this.#committee.announceToAll(this.attempt);
  }

  get attempt(): bigint {
    return this.#attempts.expected;
  }

  onPeerConnected(address: string): void {
    const member = this.#committee.indexOf(address);
    if (member === undefined || this.#ended) return;
    this.#committee.announceTo(member, this.attempt);
    if (this.#outcome !== undefined) this.#report(member, this.#outcome);
  }

  /** @throws CodedError for a frame that an honest member never sends */
  onFrame(from: string, frame: Frame): void {
    const member = this.#committee.indexOf(from);
    if (member === undefined || this.#ended) return;
    if (frame.kind === FrameKind.PROPOSE_CHECK) this.#onProposal(member, frame);
    if (frame.kind === FrameKind.CHECK_REPORT) this.#onReport(member, decodeCheckReport(frame.payload));
  }

  /** The worker stops. */
  end(): void {
    this.#ended = true;
    this.#attempts.close();
  }

  #createAttempts(attemptTimeoutMs: number): Attempts {
    const { checkId, committee, self } = this.check;
    const { log, records, timers, proposed } = this.#modules;
    return new Attempts(
      {
        timers,
        connected: () => this.#connected(),
        lastAttempt: () => records.lastAttempt(checkId),
        takeAttempt: (attempt) => records.takeAttempt(checkId, attempt),
        storeFailed: (error) => log("warn", "check-attempts-delayed", { checkId, ...errorFields(error) }),
        tooFew: (wait) => {
          if (this.#outcome === undefined) log("warn", "check-attempt-waits", { ...this.#place(), ...wait });
        },
        // Who has ended helps the others, and asks nothing of them.
        mayPropose: () => this.#outcome === undefined && proposed.mayBegin(),
        propose: (proposal) => this.#propose(proposal),
        announce: (attempt) => this.#committee.announceToAll(attempt),
        run: (proposal, signal, timeoutMs) => this.#run(proposal, signal, timeoutMs),
        resend: () => undefined, // nothing is signed before the check has ended
      },
      { requestId: checkId, self, n: committee.workers.length, t: committee.threshold, attemptTimeoutMs },
    );
  }

  /** Members that have ended are asked only where it does not go without them: they may be released, or lie. */
  #connected(): PartyIndex[] {
    const connected = this.#committee
      .others()
      .filter((party) => this.#modules.isConnected(this.#committee.addressOf(party)));
    const open = connected.filter((party) => !this.#reports.has(party));
    if (open.length >= 2 * this.check.committee.threshold) return open;
    return connected.filter((party) => this.#reports.get(party) !== CheckOutcome.INCONSISTENT_DEALING);
  }

  #propose({ attempt, participants }: Proposal): void {
    this.#modules.log("info", "check-proposed", { ...this.#place(), attempt, participants });
    this.#committee.toAll(FrameKind.PROPOSE_CHECK, attempt, encodeParticipants(participants));
  }

  #onProposal(from: PartyIndex, { attempt, payload }: Frame): void {
    const participants = decodeParticipants(payload);
    if (participants.length === 0) {
      if (this.#outcome !== undefined) this.#report(from, this.#outcome);
      return this.#attempts.onAnnounced(from, attempt);
    }
    const answer = this.#attempts.onProposal(from, { requestId: this.check.checkId, attempt, participants });
    this.#modules.log("debug", "check-proposal", { ...this.#place(), attempt, from, answer });
  }

  #onReport(from: PartyIndex, outcome: CheckOutcome): void {
    this.#reports.set(from, outcome);
    const alike = [...this.#reports.values()].filter((reported) => reported === outcome).length;
    if (this.#outcome === undefined && alike > this.check.committee.threshold) this.#settle(outcome);
    else this.#releaseIfKnown();
  }

  async #run(proposal: Proposal, signal: AbortSignal, timeoutMs: number): Promise<void> {
    const { attempt } = proposal;
    const { checkId, committee, self } = this.check;
    const { counts, proposed, log } = this.#modules;
    const isOwn = proposerOf(checkId, attempt, committee.workers.length) === self;
    if (isOwn) proposed.began();
    const over = counts.start();
    try {
      const isWellFormed = await this.#modules.compute(this.check, proposal, signal, timeoutMs);
      signal.throwIfAborted();
      this.#settle(isWellFormed ? CheckOutcome.WELL_FORMED : CheckOutcome.MALFORMED_COLUMNS);
    } catch (error) {
      counts.fail(error);
      const level = signal.aborted ? "debug" : "warn";
      log(level, "check-attempt-failed", { ...this.#place(), attempt, ...errorFields(error) });
      throw error;
    } finally {
      over();
      if (isOwn) proposed.ended();
    }
  }

  /** Stored first: what was reported must never be forgotten. */
  #settle(outcome: CheckOutcome): void {
    this.#modules.settle(this.check, outcome);
    if (this.#outcome === outcome) return;
    this.#outcome = outcome;
    this.#committee.toAll(FrameKind.CHECK_REPORT, 0n, encodeCheckReport(outcome));
    this.#releaseIfKnown();
  }

  /** Where files are inconsistent no attempt is needed: only the members' own word counts. */
  #releaseIfKnown(): void {
    const outcome = this.#outcome;
    if (outcome === undefined || this.#ended) return;
    const alike = 1 + [...this.#reports.values()].filter((reported) => reported === outcome).length;
    const isKnown = alike > 2 * this.check.committee.threshold;
    if (!isKnown && outcome !== CheckOutcome.INCONSISTENT_DEALING) return;
    this.#modules.release(this.check);
    this.end();
  }

  #report(to: PartyIndex, outcome: CheckOutcome): void {
    this.#committee.reportTo(to, encodeCheckReport(outcome));
  }

  #place(): { readonly datasetId: string; readonly version: bigint } {
    const { datasetId, version } = this.check.activation;
    return { datasetId, version };
  }
}
