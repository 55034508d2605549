/**
 * Which entries of a study's history an attempt need not be planned against, though they are recorded here (`disclosureStore.ts`,
 * invariant 2). Belongs to its transactions.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { hexToBytes } from "./hex.ts";
import type { DisclosureEntry, EntriesWhenPlanned, OpeningAttempt } from "./openings.ts";
import type { PlannedGates } from "./plannedGates.ts";
import type { TakenOver } from "./takenOver.ts";

const OWN_OPENING = "EXISTS (SELECT 1 FROM opening o WHERE o.request_id = d.request_id AND o.attempt > 0)";

export class PassedOver {
  readonly #plans: PlannedGates;
  readonly #takenOver: TakenOver;
  readonly #selectOwnOpening: StatementSync;

  constructor(database: Database, plans: PlannedGates, takenOver: TakenOver) {
    this.#plans = plans;
    this.#takenOver = takenOver;
    this.#selectOwnOpening = database.prepare(`SELECT 1 FROM disclosure d WHERE ${OWN_OPENING} AND d.request_id = ?`);
  }

  /** Whether this worker itself has recorded anything of a request, by whichever attempt. */
  hasOwnOpening(requestId: string): boolean {
    return this.#selectOwnOpening.get(hexToBytes(requestId, 32, "requestId")) !== undefined;
  }

  /**
   * An entry that is missing in the attempt's history. O(entries + those missing · ids in this history and theirs).
   *
   * @param before entries that were there when the attempt was planned here; undefined: an earlier one was, and recorded
   */
  missing(
    { requestId, history, overlaps }: OpeningAttempt,
    entries: readonly DisclosureEntry[],
    before: EntriesWhenPlanned | undefined,
  ): DisclosureEntry | undefined {
    const known = new Set([requestId, ...history.requestIds].map((id) => id.toLowerCase()));
    const wasTestedAgainstThese = (entry: DisclosureEntry): boolean => {
      const theirs = new Set(this.#plans.read(entry.requestId)?.requestIds);
      return [...known].every((id) => theirs.has(id));
    };
    // Members of the committee that was asked know of its requests what they have recorded, whatever the next one takes over.
    const isOnlyTakenOver = (entry: DisclosureEntry): boolean =>
      this.#takenOver.mayPassOver(entry.requestId, requestId);
    // Of a restored store nobody can say what it has recorded: what was answered before the first attempt here is not passed over.
    const wasAnsweredSince = (entry: DisclosureEntry): boolean =>
      overlaps &&
      entry.status === "answered" &&
      before?.has(entry.requestId) !== true &&
      !this.hasOwnOpening(entry.requestId) &&
      this.#takenOver.areOfOneCommittee(entry.requestId, requestId);
    return entries.find(
      (entry) =>
        !known.has(entry.requestId) &&
        !wasTestedAgainstThese(entry) &&
        !isOnlyTakenOver(entry) &&
        !wasAnsweredSince(entry),
    );
  }
}
