/**
 * The disclosure history: every request whose answer was opened, or may have been. A gate tests each new answer against
 * it, so what is missing here is an answer that another can be subtracted from.
 *
 * Invariants
 * 1. `recordAboutToOpen` is durable before it returns; it therefore refuses to run inside a transaction. Shares of an
 *    attempt's tests or outputs leave only after it returned at all 2t + 1 participants: the caller lets them tell each
 *    other before any of them opens.
 * 2. It records an attempt only if the history that the attempt was planned with holds every other entry of the study, but
 *    those that were recorded here with this request in their own history, and all of its history too; those that are here
 *    only because a later committee took them over (`takeOver`), where this request was asked of no later committee than they were: of
 *    these a member knows what it has recorded; and those that others of its committee, if each two sets of participants have an honest
 *    worker in common, answered since it was planned here: that worker has recorded both, and looks at the other's history. Outputs are recorded after all participants have recorded tests. So, of several requests
 *    whose outputs open, one was planned with all others: the one whose tests were recorded last.
 * 3. Every attempt of a request is planned against the history of the first one that was recorded here, and hides the same outputs
 *    (`plannedGates.ts`).
 * 4. Only the newest attempt of a pending request is recorded, and none that was closed. A stage never goes back.
 * 5. An entry counts while one of its attempts is not closed, or once the chain shows it answered. What the chain shows
 *    is final. Only an attempt that stayed at its tests is closed.
 *
 *   (none) --recordAboutToOpen--> tests --recordAboutToOpen--> outputs       an attempt: counts
 *                                   |
 *                                   +--closeAttempt--> closed                its outputs never opened: counts no more
 *   any --recordAnswered--> answered                                         the request: counts, its opened cells known
 *   (none) --takeOver--> tests, as attempt 0       another committee's attempts: count until that is closed
 *
 * A crash leaves what was recorded counting; so does a request that expires, and any attempt but the one that a refusal
 * names. That errs on the side of hiding.
 *
 * Two gates of one study at once. Each needs the record of all its 2t + 1 participants, so of every honest worker that
 * takes part in both; there the later one finds the earlier one missing from its history and opens nothing. Two sets of
 * 2t + 1 among n workers share at least 4t + 2 - n, of which t may be corrupt: for n <= 3t + 1 an honest one is left.
 * So of two requests, one is in the other's history, whatever attempts follow: the honest worker recorded one of them first, and
 * had the other planned with it; and it, or the honest one that each later attempt shares with the other's, sees to it that no later
 * attempt is planned otherwise.
 * Not so for (5, 1) and larger n at t = 1, which are demonstrations: two gates may miss each other when no honest worker
 * is in both. Between two committees of one study: requests of the later one wait for those of the earlier until these cannot be
 * answered any more, and count whatever may have been opened of them (`takeOver`); so the later gate knows of both.
 *
 * A file restored from an old backup has lost entries made since. Answered ones come back by following the chain from
 * the restored cursor; opened but unposted ones only from the other participants, who all name theirs before every gate.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { storeError } from "./errors.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";
import type {
  AboutToOpen,
  AnsweredRequest,
  DisclosureEntry,
  EntriesWhenPlanned,
  OpeningAttempt,
  OpeningStage,
} from "./openings.ts";
import { PassedOver } from "./passedOver.ts";
import type { PlannedHistory } from "./plannedGates.ts";
import { historyChanged, isSameHistory, PlannedGates } from "./plannedGates.ts";
import type { RequestStore } from "./requestStore.ts";
import { ANY_ATTEMPT, FIRST_ATTEMPT, TakenOver } from "./takenOver.ts";

const COUNTING_OPENING = "EXISTS (SELECT 1 FROM opening o WHERE o.request_id = d.request_id AND o.closed = 0)";
const COLUMNS = "d.request_id, d.study_id, d.answered_block, d.suppressed_bitmap, d.zero_outputs";

export class DisclosureStore {
  readonly #database: Database;
  readonly #requests: RequestStore;
  readonly #plans: PlannedGates;
  readonly #takenOver: TakenOver;
  readonly #passedOver: PassedOver;
  readonly #selectEntries: StatementSync;
  readonly #selectDisclosure: StatementSync;
  readonly #insertDisclosure: StatementSync;
  readonly #answer: StatementSync;
  readonly #selectOpening: StatementSync;
  readonly #upsertOpening: StatementSync;
  readonly #close: StatementSync;

  constructor(database: Database, requests: RequestStore) {
    this.#database = database;
    this.#requests = requests;
    const entries = `SELECT ${COLUMNS} FROM disclosure d WHERE (d.answered_block IS NOT NULL OR ${COUNTING_OPENING})`;
    this.#selectEntries = database.prepare(`${entries} AND d.study_id = ? ORDER BY d.request_id`);
    this.#plans = new PlannedGates(database);
    this.#takenOver = new TakenOver(database);
    this.#passedOver = new PassedOver(database, this.#plans, this.#takenOver);
    this.#selectDisclosure = database.prepare(`SELECT ${COLUMNS} FROM disclosure d WHERE d.request_id = ?`);
    this.#insertDisclosure = database.prepare("INSERT INTO disclosure (request_id, study_id) VALUES (?, ?)");
    this.#answer = database.prepare(
      "UPDATE disclosure SET answered_block = ?, suppressed_bitmap = ?, zero_outputs = ? WHERE request_id = ?",
    );
    this.#selectOpening = database.prepare("SELECT stage, closed FROM opening WHERE request_id = ? AND attempt = ?");
    this.#upsertOpening = database.prepare(
      `INSERT INTO opening (request_id, attempt, stage) VALUES (?, ?, ?)
       ON CONFLICT (request_id, attempt) DO UPDATE SET stage = excluded.stage`,
    );
    this.#close = database.prepare(
      "UPDATE opening SET closed = 1 WHERE request_id = ? AND attempt = ? AND stage = 'tests'",
    );
  }

  /** The study's history, ascending ids. O(entries). */
  entries(studyId: string): DisclosureEntry[] {
    return this.#database.guarded(() => this.#entriesOf(studyId));
  }

  /**
   * What attempts of a request must be planned against: the study's history, and of other requests that are still pending what
   * theirs was, so that these may pass over what is planned so; without what it may itself pass over as only taken over
   * (invariant 2). Ascending. O(entries + ids in those histories).
   */
  named(requestId: string, studyId: string): string[] {
    const all = this.entries(studyId);
    const entries = all.filter((entry) => !this.#takenOver.mayPassOver(entry.requestId, requestId));
    const planned = entries.flatMap(({ requestId: earlier, status }) => {
      const isOpen = status === "mayBeOpen" && this.#requests.get(earlier)?.state === "pending";
      return isOpen ? (this.plannedHistory(earlier)?.requestIds ?? []) : [];
    });
    return [...new Set([...entries.map((entry) => entry.requestId), ...planned])].sort();
  }

  /** What every further attempt of a request is planned against, if an earlier one was recorded here. */
  plannedHistory(requestId: string): PlannedHistory | undefined {
    return this.#database.guarded(() => this.#plans.read(requestId));
  }

  /**
   * That an attempt of a request may be planned so: what `recordAboutToOpen` would find now. Before anybody records it, so that
   * no history is fixed that an honest participant must refuse. O(entries of the study + those missing · ids in this history and theirs).
   *
   * @throws CodedError STORE_HISTORY_MOVED | STORE_HISTORY_CHANGED
   */
  checkPlan(attempt: OpeningAttempt): EntriesWhenPlanned {
    return this.#database.guarded(() => {
      this.#checkPlanned(attempt);
      const entries = this.#entriesOf(attempt.studyId);
      const known = new Set(entries.map(({ requestId }) => requestId));
      const wasRecorded = this.#plans.read(attempt.requestId) !== undefined;
      this.#checkHistory(attempt, entries, wasRecorded ? undefined : known);
      return known;
    });
  }

  /**
   * Records, durably, that an attempt is about to open results of tests, or its outputs; let nothing leave before it
   * returns. The same again, or an earlier stage, is no error and changes nothing. O(as `checkPlan`).
   *
   * @throws CodedError STORE_HISTORY_MOVED (another answer was opened meanwhile), STORE_HISTORY_CHANGED and STORE_HIDDEN_CHANGED
   *   (an earlier attempt was planned otherwise), STORE_ATTEMPT_USED (a later attempt has
   *   begun), STORE_ATTEMPT_NOT_TAKEN, STORE_ATTEMPT_CLOSED, STORE_REQUEST_SETTLED, STORE_REQUEST_UNKNOWN,
   *   STORE_REQUEST_CONFLICT (recorded for another study), STORE_NESTED_TRANSACTION; then nothing is recorded
   */
  recordAboutToOpen(opening: AboutToOpen): void {
    const { requestId, studyId, attempt, stage, history } = opening;
    const planned = { requestId, attempt, ...history };
    this.#database.transaction(() => {
      this.#checkAttempt(requestId, attempt);
      const recorded = this.#openingOf(requestId, attempt);
      if (recorded?.closed === true) {
        const detail = { code: "STORE_ATTEMPT_CLOSED", requestId, attempt } as const;
        throw storeError(detail, `request ${requestId}: attempt ${attempt} ended in a refusal`);
      }
      this.#addDisclosure(requestId, studyId);
      this.#checkPlanned(opening);
      const wasRecorded = this.#plans.read(requestId) !== undefined;
      this.#plans.record(planned);
      if (opening.stage === "outputs") this.#plans.recordHidden(planned, opening.hidden);
      if (recorded !== undefined && (recorded.stage === stage || stage === "tests")) return;
      this.#checkHistory(opening, this.#entriesOf(studyId), wasRecorded ? undefined : opening.knownWhenPlanned);
      this.#upsertOpening.run(idBytes(requestId), attempt, stage);
    });
  }

  /**
   * The answers of a study become another committee's to guard than those that computed them until now: what was asked of
   * these, and the chain does not show to be without answer, may have been opened, and counts. Belongs to the transaction of the
   * event that appoints the committee; again, as when the chain is followed anew, is without effect. O(requests).
   *
   * @param epoch of the committee that is appointed
   */
  takeOver(studyId: string, epoch: bigint): void {
    this.#database.atomically(() => this.#takenOver.record(studyId, epoch));
  }

  /**
   * The attempt ended in a refusal, which this worker saw opened or the chain shows: its outputs never opened. An attempt
   * never recorded is no error. That of the first attempt says also that there was none before it, by whichever committee.
   * @returns false when its outputs were about to open here, which contradicts a refusal: it goes on counting
   */
  closeAttempt(requestId: string, attempt: bigint): boolean {
    storedInteger(attempt, "attempt");
    return this.#database.atomically(() => {
      this.#close.run(idBytes(requestId), attempt);
      if (attempt === FIRST_ATTEMPT) this.#close.run(idBytes(requestId), ANY_ATTEMPT);
      return this.#openingOf(requestId, attempt)?.closed !== false;
    });
  }

  /**
   * What the chain shows was opened, in place of what may have been. The same again is no error.
   * @throws CodedError STORE_REQUEST_CONFLICT when known with other contents, STORE_REQUEST_UNKNOWN, STORE_INVALID
   */
  recordAnswered({ requestId, studyId, suppressedBitmap, zeroOutputs, block }: AnsweredRequest): void {
    if (!/^0x(?:[0-9a-f]{2})*$/i.test(suppressedBitmap)) {
      throw storeError({ code: "STORE_INVALID", field: "suppressedBitmap" }, "suppressedBitmap is not 0x-hex");
    }
    const answer = [
      storedInteger(block, "block"),
      suppressedBitmap.toLowerCase(),
      JSON.stringify(zeroOutputs.map((index) => Number(storedInteger(index, "zeroOutputs")))),
    ] as const;
    this.#database.atomically(() => {
      if (this.#requests.get(requestId) === undefined) throw unknownRequest(requestId);
      this.#addDisclosure(requestId, studyId);
      const row = this.#selectDisclosure.get(idBytes(requestId))!;
      const known = [row["answered_block"], row["suppressed_bitmap"], row["zero_outputs"]];
      if (known[0] === null) this.#answer.run(...answer, idBytes(requestId));
      else if (known.some((value, i) => value !== answer[i])) throw conflict(requestId, "answer");
    });
  }

  #checkAttempt(requestId: string, attempt: bigint): void {
    const request = this.#requests.get(requestId);
    if (request === undefined) throw unknownRequest(requestId);
    const { state, lastAttempt } = request;
    if (state !== "pending") {
      const detail = { code: "STORE_REQUEST_SETTLED", requestId, state, wanted: "open" } as const;
      throw storeError(detail, `request ${requestId} is ${state}; nothing of it may be opened`);
    }
    if (attempt < 1n || attempt > lastAttempt) {
      const detail = { code: "STORE_ATTEMPT_NOT_TAKEN", requestId, attempt } as const;
      throw storeError(detail, `request ${requestId}: attempt ${attempt} was never taken`);
    }
    if (attempt < lastAttempt) {
      const detail = { code: "STORE_ATTEMPT_USED", requestId, attempt, lastAttempt } as const;
      throw storeError(detail, `request ${requestId}: attempt ${lastAttempt} has begun, ${attempt} may open nothing`);
    }
  }

  /** Planned as by an earlier attempt, if one was recorded: it must be known how. */
  #checkPlanned({ requestId, attempt, history }: OpeningAttempt): void {
    const before = this.#plans.read(requestId);
    const isUnknown = before === undefined && this.#passedOver.hasOwnOpening(requestId);
    if (isUnknown || (before !== undefined && !isSameHistory(before, history)))
      throw historyChanged(requestId, attempt);
  }

  #checkHistory(
    attempt: OpeningAttempt,
    entries: readonly DisclosureEntry[],
    before: EntriesWhenPlanned | undefined,
  ): void {
    const missing = this.#passedOver.missing(attempt, entries, before);
    if (missing === undefined) return;
    const { requestId } = attempt;
    const detail = {
      code: "STORE_HISTORY_MOVED",
      requestId,
      attempt: attempt.attempt,
      missing: missing.requestId,
    } as const;
    throw storeError(detail, `request ${requestId}: answers were opened meanwhile, such as ${missing.requestId}`);
  }

  #entriesOf(studyId: string): DisclosureEntry[] {
    return this.#selectEntries.all(hexToBytes(studyId, 32, "studyId")).map(entryOf);
  }

  #addDisclosure(requestId: string, studyId: string): void {
    const study = hexToBytes(studyId, 32, "studyId");
    const known = this.#selectDisclosure.get(idBytes(requestId));
    if (known === undefined) this.#insertDisclosure.run(idBytes(requestId), study);
    else if (bytesToHex(known["study_id"]) !== bytesToHex(study)) throw conflict(requestId, "study");
  }

  #openingOf(requestId: string, attempt: bigint): { stage: OpeningStage; closed: boolean } | undefined {
    const row = this.#selectOpening.get(idBytes(requestId), attempt);
    return row === undefined ? undefined : { stage: row["stage"] as OpeningStage, closed: row["closed"] === 1n };
  }
}

function entryOf(row: Record<string, unknown>): DisclosureEntry {
  const requestId = bytesToHex(row["request_id"]);
  if (row["answered_block"] === null) return { requestId, status: "mayBeOpen" };
  return {
    requestId,
    status: "answered",
    suppressedBitmap: row["suppressed_bitmap"] as string,
    zeroOutputs: JSON.parse(row["zero_outputs"] as string) as number[],
    answeredBlock: Number(row["answered_block"]),
  };
}

function unknownRequest(requestId: string): Error {
  return storeError({ code: "STORE_REQUEST_UNKNOWN", requestId }, `no request ${requestId}`);
}

function conflict(requestId: string, what: string): Error {
  return storeError(
    { code: "STORE_REQUEST_CONFLICT", requestId },
    `request ${requestId} is known with another ${what}`,
  );
}

function idBytes(requestId: string): Uint8Array {
  return hexToBytes(requestId, 32, "requestId");
}
