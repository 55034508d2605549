/**
 * Requests of which another committee may have opened answers, as a later one takes them over: as openings of attempt 0. Belongs to
 * the transactions of `disclosureStore.ts`.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { hexToBytes, storedInteger } from "./hex.ts";

/** Stands for every attempt of a request that another committee may have made. */
export const ANY_ATTEMPT = 0n;
/** A refusal there says that no attempt opened outputs. */
export const FIRST_ATTEMPT = 1n;

const contextOf = (fact: string, request = "request"): string =>
  `iif(json_valid(${request}.event), json_extract(${request}.event, '$.context.${fact}'), NULL)`;
const epochOf = (request?: string): string => `CAST(${contextOf("committeeEpoch", request)} AS INTEGER)`;

/** Requests of a study, asked of earlier committees, of which any answer may have been opened, as far as the chain shows. */
const MAY_BE_OPEN = `SELECT request_id FROM request
  WHERE unhex(substr(${contextOf("studyId")}, 3)) = :study_id
    AND ${epochOf()} < :epoch
    AND state <> 'answered' AND NOT (state = 'refused' AND ended_attempt IS ${FIRST_ATTEMPT})`;

/** Of an entry that is recorded only because a later committee took it over, where `asked` was put to no later committee than the entry. */
const MAY_PASS_OVER = `SELECT 1 FROM disclosure d JOIN request entry USING (request_id), request asked
  WHERE d.request_id = :entry AND asked.request_id = :asked AND d.answered_block IS NULL
    AND NOT EXISTS (SELECT 1 FROM opening o WHERE o.request_id = d.request_id AND o.closed = 0 AND o.attempt > 0)
    AND ${epochOf("entry")} >= ${epochOf("asked")}`;

const ARE_OF_ONE_COMMITTEE = `SELECT 1 FROM request one, request other
  WHERE one.request_id = :one AND other.request_id = :other AND ${epochOf("one")} = ${epochOf("other")}`;

export class TakenOver {
  readonly #insertRequests: StatementSync;
  readonly #insertOpenings: StatementSync;
  readonly #selectPassable: StatementSync;
  readonly #selectSame: StatementSync;

  constructor(database: Database) {
    this.#insertRequests = database.prepare(
      `INSERT OR IGNORE INTO disclosure (request_id, study_id) SELECT request_id, :study_id FROM (${MAY_BE_OPEN})`,
    );
    this.#insertOpenings = database.prepare(
      `INSERT OR IGNORE INTO opening (request_id, attempt, stage)
       SELECT request_id, ${ANY_ATTEMPT}, 'tests' FROM (${MAY_BE_OPEN})`,
    );
    this.#selectPassable = database.prepare(MAY_PASS_OVER);
    this.#selectSame = database.prepare(ARE_OF_ONE_COMMITTEE);
  }

  /** @param epoch of the committee that takes over */
  record(studyId: string, epoch: bigint): void {
    const earlier = { study_id: hexToBytes(studyId, 32, "studyId"), epoch: storedInteger(epoch, "epoch") };
    this.#insertRequests.run(earlier);
    this.#insertOpenings.run(earlier);
  }

  /** Whether an entry is recorded only because a later committee took it over, and a request was put to no later committee than it. */
  mayPassOver(entry: string, asked: string): boolean {
    const ids = { entry: hexToBytes(entry, 32, "requestId"), asked: hexToBytes(asked, 32, "requestId") };
    return this.#selectPassable.get(ids) !== undefined;
  }

  /** Whether two requests were put to the same committee. */
  areOfOneCommittee(one: string, other: string): boolean {
    const ids = { one: hexToBytes(one, 32, "requestId"), other: hexToBytes(other, 32, "requestId") };
    return this.#selectSame.get(ids) !== undefined;
  }
}
