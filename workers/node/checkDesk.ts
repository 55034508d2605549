/**
 * The input checks of all versions that a committee of this worker's was given: takes them up when the follower has confirmed them and their file is here,
 * hands each its frames, and stores how they end. What is open is what the store says is unchecked, so a restart takes
 * up exactly the same. A version with an inconsistent dealing is rejected here at once; others of the same study and
 * owner are not touched.
 */
import { CodedError, isCoded } from "../errors.ts";
import { type Frame, FrameKind } from "../messages/frame.ts";
import { CheckOutcome, encodeCheckReport } from "../messages/inputCheck.ts";
import { columnsOf } from "../schema/columns.ts";
import { sharedColumnIds } from "../schema/rangeWitness.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { CheckEnding, StoredInputCheck } from "../store/inputCheckStore.ts";
import type { Store } from "../store/openStore.ts";
import { ActiveCheck } from "./activeCheck.ts";
import type { ActiveCheckModules, ConfirmedCheck } from "./checkModules.ts";
import { CommitteePost } from "./committeePost.ts";
import type { Committees } from "./committees.ts";
import { activationFromJson } from "./datasetActivation.ts";
import { EarlyFrames } from "./earlyFrames.ts";
import { errorFields } from "./log.ts";
import { ProposedRunCount } from "./proposedRuns.ts";

/** What no honest member sends. */
const PEERS_FAULTS = ["PROPOSAL_INVALID", "CHECK_REPORT_INVALID"] as const;

export interface CheckDeskModules extends Omit<ActiveCheckModules, "proposed" | "settle" | "release" | "records"> {
  readonly committees: Pick<Committees, "seat">;
  readonly store: Pick<Store, "inputChecks" | "shares" | "transaction">;
  schemaOf(studyId: string): Promise<StudySchema>;
  /** Throws DEALING_* when this worker's own file does not fit the dealing proof. */
  checkDealing(check: ConfirmedCheck): void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

const REASONS = {
  [CheckOutcome.MALFORMED_COLUMNS]: "malformed-columns",
  [CheckOutcome.INCONSISTENT_DEALING]: "inconsistent-dealing",
} as const;

export class CheckDesk {
  readonly #modules: CheckDeskModules;
  readonly #attemptTimeoutMs: number;
  readonly #active = new Map<string, ActiveCheck>();
  readonly #early: EarlyFrames;
  readonly #proposed = new ProposedRunCount();
  #refreshing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(modules: CheckDeskModules, attemptTimeoutMs: number) {
    this.#modules = modules;
    this.#attemptTimeoutMs = attemptTimeoutMs;
    this.#early = new EarlyFrames(modules.now);
  }

  /** After the follower has moved: takes up what is to be checked. Resolves when done; never rejects. */
  onBlock(): Promise<void> {
    this.#refreshing = this.#refreshing.then(() => this.#takeUp());
    return this.#refreshing;
  }

  /**
   * A proposal or a report.
   *
   * @throws CodedError when no honest worker could have sent it; the peer's link is then closed
   */
  onFrame(from: string, frame: Frame): void {
    if (this.#stopped) return;
    const check = this.#active.get(frame.session);
    if (check !== undefined) return this.#deliver(check, from, frame);
    const known = this.#known(frame.session);
    if (known !== undefined && known.state !== "unchecked") return this.#answer(from, known, frame);
    if (!this.#early.hold(from, frame))
      this.#modules.log("warn", "early-frame-dropped", { from, session: frame.session });
  }

  /** That the store cannot tell is not the peer's fault: its frame is held like one of an unknown check. */
  #known(checkId: string): StoredInputCheck | undefined {
    try {
      return this.#modules.store.inputChecks.get(checkId);
    } catch (error) {
      if (!isCoded(error)) throw error;
      this.#modules.log("warn", "check-delayed", errorFields(error));
      return undefined;
    }
  }

  onPeerConnected(address: string): void {
    for (const check of this.#active.values()) check.onPeerConnected(address);
  }

  stop(): void {
    this.#stopped = true;
    for (const check of this.#active.values()) check.end();
    this.#active.clear();
  }

  async #takeUp(): Promise<void> {
    const open = this.#open();
    if (open === undefined) return;
    this.#endOthers(new Set(open.map(({ checkId }) => checkId)));
    for (const stored of open) {
      if (this.#stopped || this.#active.has(stored.checkId)) continue;
      const { datasetId, epoch, version } = stored;
      try {
        if (!this.#modules.store.shares.hasVersion(datasetId, epoch, version)) continue;
        const check = await this.#confirm(stored);
        if (check !== undefined && !this.#stopped) this.#begin(check, stored);
      } catch (error) {
        // The chain or the store could not be asked: the next block tries again.
        this.#modules.log("warn", "check-delayed", { datasetId, version, ...errorFields(error) });
      }
    }
  }

  /** Checks of shares that were withdrawn, replaced or are to be erased come to no end of their own. */
  #endOthers(open: ReadonlySet<string>): void {
    for (const [checkId, check] of this.#active) {
      if (open.has(checkId)) continue;
      check.end();
      this.#active.delete(checkId);
      const { datasetId, version } = check.check.activation;
      this.#modules.log("info", "check-ended", { datasetId, version, reason: "shares-withdrawn" });
    }
  }

  /** Undefined when the store cannot be read: the next block tries again. */
  #open(): StoredInputCheck[] | undefined {
    try {
      return this.#modules.store.inputChecks.open();
    } catch (error) {
      this.#modules.log("warn", "checks-delayed", errorFields(error));
      return undefined;
    }
  }

  async #confirm({ checkId, activation: text }: StoredInputCheck): Promise<ConfirmedCheck | undefined> {
    const activation = activationFromJson(text);
    const { studyId, committeeEpoch } = activation;
    const seat = await this.#modules.committees.seat(studyId, committeeEpoch);
    if (seat === undefined) return undefined;
    const schema = await this.#modules.schemaOf(studyId);
    return { checkId, activation, schema, committee: seat.committee, self: seat.self };
  }

  #begin(check: ConfirmedCheck, stored: StoredInputCheck): void {
    try {
      if (!stored.needed) this.#modules.checkDealing(check);
    } catch (error) {
      if (!isDealingFault(error)) throw error;
      return this.#refuseDealing(check, error);
    }
    const { store } = this.#modules;
    const records = {
      lastAttempt: (checkId: string) => store.inputChecks.get(checkId)?.lastAttempt ?? 0n,
      takeAttempt: (checkId: string, attempt: bigint) => store.inputChecks.takeAttempt(checkId, attempt),
    };
    const settle: ActiveCheckModules["settle"] = (ended, outcome) => this.#settle(ended, outcome);
    const release: ActiveCheckModules["release"] = (ended) => this.#release(ended);
    const modules = { ...this.#modules, proposed: this.#proposed, records, settle, release };
    const outcome = stored.needed ? outcomeOf(stored) : undefined;
    const active = new ActiveCheck(check, modules, this.#attemptTimeoutMs, outcome);
    this.#active.set(check.checkId, active);
    try {
      for (const { from, frame } of this.#early.take(check.checkId)) this.#deliverEarly(active, from, frame);
      if (this.#active.has(check.checkId)) active.start();
    } catch (error) {
      // Taken up anew with the next block.
      active.end();
      this.#active.delete(check.checkId);
      throw error;
    }
  }

  /** The owner dealt this worker something else than it published: the others are told, and decide for themselves. */
  #refuseDealing(check: ConfirmedCheck, error: CodedError): void {
    const { checkId, activation, committee, self } = check;
    const { datasetId, version, committeeEpoch: epoch } = activation;
    this.#modules.log("alarm", "dealing-inconsistent", { datasetId, version, ...errorFields(error) });
    this.#settle(check, CheckOutcome.INCONSISTENT_DEALING);
    this.#release(check);
    const { workers } = committee;
    const post = new CommitteePost({ requestId: checkId, epoch, workers, self, send: this.#modules.send });
    post.toAll(FrameKind.CHECK_REPORT, 0n, encodeCheckReport(CheckOutcome.INCONSISTENT_DEALING));
  }

  #settle({ checkId, activation }: ConfirmedCheck, outcome: CheckOutcome): void {
    const { store, log } = this.#modules;
    const { datasetId, version } = activation;
    const ending = endingOf(outcome);
    const isNew = store.inputChecks.get(checkId)?.state === "unchecked";
    store.inputChecks.settle(checkId, ending, { needed: true });
    if (!isNew) return;
    if (ending.state === "checked") log("info", "dataset-checked", { datasetId, version });
    else log("alarm", "dataset-rejected", { datasetId, version, reason: ending.reason });
  }

  /** In one transaction: nobody needs it any more, and the range witnesses are gone. */
  #release({ checkId, activation, schema }: ConfirmedCheck): void {
    const { store } = this.#modules;
    const { datasetId, version, committeeEpoch } = activation;
    const witnesses = sharedColumnIds(schema).slice(columnsOf(schema).length);
    store.transaction(() => {
      store.inputChecks.release(checkId);
      store.shares.eraseColumns(datasetId, committeeEpoch, version, witnesses);
    });
    this.#active.delete(checkId);
  }

  /** Whoever is still at a check that has ended here is told how. */
  #answer(to: string, { checkId: session, activation, ...known }: StoredInputCheck, { kind }: Frame): void {
    if (kind !== FrameKind.PROPOSE_CHECK) return;
    const place = { session, epoch: activationFromJson(activation).committeeEpoch, attempt: 0n };
    const payload = encodeCheckReport(outcomeOf(known));
    this.#modules.send(to, {
      kind: FrameKind.CHECK_REPORT,
      ...place,
      step: 0,
      sender: 0,
      receiver: 0,
      seq: 0,
      payload,
    });
  }

  #deliverEarly(check: ActiveCheck, from: string, frame: Frame): void {
    try {
      this.#deliver(check, from, frame);
    } catch (error) {
      this.#modules.log("warn", "early-frame-refused", { session: frame.session, from, ...errorFields(error) });
    }
  }

  /** Malformed frames are the peer's fault; a store that refuses (disk full) is not. */
  #deliver(check: ActiveCheck, from: string, frame: Frame): void {
    try {
      check.onFrame(from, frame);
    } catch (error) {
      if (PEERS_FAULTS.some((code) => isCoded(error, code)) || !(error instanceof CodedError)) throw error;
      this.#modules.log("warn", "frame-not-handled", { session: frame.session, from, ...errorFields(error) });
    }
  }
}

/** Not the store's: a disk that cannot be read says nothing about the owner. */
function isDealingFault(error: unknown): error is CodedError {
  return isCoded(error) && error.code.startsWith("DEALING_");
}

function endingOf(outcome: CheckOutcome): CheckEnding {
  return outcome === CheckOutcome.WELL_FORMED ? { state: "checked" } : { state: "rejected", reason: REASONS[outcome] };
}

function outcomeOf({ state, reason }: Pick<StoredInputCheck, "state" | "reason">): CheckOutcome {
  if (state === "checked") return CheckOutcome.WELL_FORMED;
  const isDealing = reason === REASONS[CheckOutcome.INCONSISTENT_DEALING];
  return isDealing ? CheckOutcome.INCONSISTENT_DEALING : CheckOutcome.MALFORMED_COLUMNS;
}
