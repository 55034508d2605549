/**
 * Requests this worker knows, the attempts it used and the statements it signed. It is the memory that keeps a worker
 * honest across crashes; callers persist here first and act afterwards.
 *
 * Invariants
 * 1. A request is inserted once; inserting it again changes nothing, and with other contents is an error.
 * 2. `lastAttempt` never falls. `takeAttempt(a)` is durable before it returns and succeeds only for a > lastAttempt:
 *    no attempt number is used twice, crashes included. It therefore refuses to run inside a transaction.
 * 3. A statement is signed only under a taken attempt, and per (request, attempt) only one: another digest is refused.
 * 4. All statements signed for one request have one result hash: whatever was signed first is signed again or nothing.
 * 5. A settled state is final. Nothing is ever deleted.
 *
 *   (none) --insert--> pending --settle--> answered | refused | expired | failed
 *
 * A file restored from an old backup forgets attempts and signatures made since. Masks do not repeat even then, since
 * each attempt's keys are fresh; invariants 3 and 4 hold only from the backup on, so restore a worker's store only when
 * no request of that time is still open.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { storeError } from "./errors.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";

export type SettledState = "answered" | "refused" | "expired" | "failed";
export type StoredRequestState = "pending" | SettledState;

export interface NewRequest {
  /** 0x-hex bytes32. */
  readonly requestId: string;
  /** Address of its Query Smart Contract. */
  readonly queryContract: string;
  /** Block of the request. */
  readonly block: number;
  /** The public event, as JSON text of the caller's choosing. */
  readonly event: string;
}

export interface StoredRequest extends NewRequest {
  readonly state: StoredRequestState;
  /** Highest attempt used; 0n for none. */
  readonly lastAttempt: bigint;
  /** The attempt that the chain names where it ended the request; undefined while it has not, or names none. */
  readonly endedAttempt: bigint | undefined;
}

export interface SignedStatement {
  readonly attempt: bigint;
  /** 0x-hex bytes32: what was signed. */
  readonly statement: string;
  /** Of outcome, suppression bitmap, outputs and sealed hash; equal for all attempts of a request. */
  readonly resultHash: string;
}

export class RequestStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectByState: StatementSync;
  readonly #countByState: StatementSync;
  readonly #take: StatementSync;
  readonly #settle: StatementSync;
  readonly #selectSigned: StatementSync;
  readonly #insertSigned: StatementSync;
  readonly #selectVerdict: StatementSync;
  readonly #forgetVerdicts: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    const columns = "request_id, query_contract, block, state, last_attempt, ended_attempt, event";
    this.#insert = database.prepare(
      "INSERT INTO request (request_id, query_contract, block, state, event) VALUES (?, ?, ?, 'pending', ?)",
    );
    this.#select = database.prepare(`SELECT ${columns} FROM request WHERE request_id = ?`);
    this.#selectByState = database.prepare(`SELECT ${columns} FROM request WHERE state = ? ORDER BY block, request_id`);
    this.#countByState = database.prepare("SELECT state, COUNT(*) AS requests FROM request GROUP BY state");
    this.#take = database.prepare("UPDATE request SET last_attempt = ? WHERE request_id = ?");
    this.#settle = database.prepare("UPDATE request SET state = ?, ended_attempt = ? WHERE request_id = ?");
    this.#selectSigned = database.prepare(
      "SELECT attempt, statement, result_hash FROM signed_statement WHERE request_id = ? ORDER BY attempt",
    );
    this.#insertSigned = database.prepare(
      "INSERT INTO signed_statement (request_id, attempt, statement, result_hash, verdict) VALUES (?, ?, ?, ?, ?)",
    );
    this.#selectVerdict = database.prepare(
      "SELECT verdict FROM signed_statement WHERE request_id = ? AND verdict IS NOT NULL ORDER BY attempt DESC LIMIT 1",
    );
    this.#forgetVerdicts = database.prepare("UPDATE signed_statement SET verdict = NULL WHERE request_id = ?");
  }

  /**
   * @returns false when it was known already
   * @throws CodedError STORE_REQUEST_CONFLICT when known with other contents
   */
  insert(request: NewRequest): boolean {
    const { requestId, queryContract, block, event } = request;
    return this.#database.atomically(() => {
      const known = this.get(requestId);
      if (known === undefined) {
        const contract = hexToBytes(queryContract, 20, "queryContract");
        this.#insert.run(idBytes(requestId), contract, storedInteger(block, "block"), event);
        return true;
      }
      const isSame =
        known.queryContract === queryContract.toLowerCase() && known.block === block && known.event === event;
      if (isSame) return false;
      throw storeError(
        { code: "STORE_REQUEST_CONFLICT", requestId },
        `request ${requestId} is known with other contents`,
      );
    });
  }

  get(requestId: string): StoredRequest | undefined {
    const row = this.#database.guarded(() => this.#select.get(idBytes(requestId)));
    return row === undefined ? undefined : fromRow(row);
  }

  /** Oldest first. */
  pending(): StoredRequest[] {
    return this.list("pending");
  }

  list(state: StoredRequestState): StoredRequest[] {
    return this.#database.guarded(() => this.#selectByState.all(state)).map(fromRow);
  }

  counts(): Record<StoredRequestState, number> {
    const counts = { pending: 0, answered: 0, refused: 0, expired: 0, failed: 0 };
    for (const row of this.#database.guarded(() => this.#countByState.all())) {
      counts[row["state"] as StoredRequestState] = Number(row["requests"]);
    }
    return counts;
  }

  /**
   * Takes an attempt's number, durably, before anything is done under it.
   * @throws CodedError STORE_ATTEMPT_USED, STORE_REQUEST_SETTLED, STORE_REQUEST_UNKNOWN, STORE_NESTED_TRANSACTION
   */
  takeAttempt(requestId: string, attempt: bigint): void {
    storedInteger(attempt, "attempt");
    this.#database.transaction(() => {
      const { lastAttempt, state } = this.#known(requestId);
      if (state !== "pending") throw settled(requestId, state, "attempt");
      if (attempt <= lastAttempt) {
        const detail = { code: "STORE_ATTEMPT_USED", requestId, attempt, lastAttempt } as const;
        throw storeError(detail, `request ${requestId}: attempt ${attempt} is not above ${lastAttempt}`);
      }
      this.#take.run(attempt, idBytes(requestId));
    });
  }

  /**
   * Records what is about to be signed, durably; sign and send only after it returns. The same again is no error.
   * @param verdict what the statement says, as text of the caller's choosing; kept until the request is settled
   * @throws CodedError STORE_SIGNED_OTHER (this attempt, another digest), STORE_RESULT_CHANGED (another result than in
   *   an earlier attempt), STORE_ATTEMPT_NOT_TAKEN, STORE_REQUEST_UNKNOWN, STORE_NESTED_TRANSACTION
   */
  recordSigned(requestId: string, { attempt, statement, resultHash }: SignedStatement, verdict?: string): void {
    this.#database.transaction(() => {
      if (attempt < 1n || attempt > this.#known(requestId).lastAttempt) {
        const detail = { code: "STORE_ATTEMPT_NOT_TAKEN", requestId, attempt } as const;
        throw storeError(detail, `request ${requestId}: attempt ${attempt} was never taken`);
      }
      const earlier = this.signed(requestId);
      const same = earlier.find((entry) => entry.attempt === attempt);
      if (same !== undefined && same.statement !== statement.toLowerCase()) {
        const detail = { code: "STORE_SIGNED_OTHER", requestId, attempt } as const;
        throw storeError(detail, `request ${requestId}: another statement was signed in attempt ${attempt}`);
      }
      if (earlier.some((entry) => entry.resultHash !== resultHash.toLowerCase())) {
        const detail = { code: "STORE_RESULT_CHANGED", requestId, attempt } as const;
        throw storeError(detail, `request ${requestId}: another result was signed before`);
      }
      if (same !== undefined) return;
      const hashes = [hexToBytes(statement, 32, "statement"), hexToBytes(resultHash, 32, "resultHash")] as const;
      this.#insertSigned.run(idBytes(requestId), attempt, ...hashes, verdict ?? null);
    });
  }

  /** The text recorded with the newest signed statement; undefined when there is none, or the request is settled. */
  signedVerdict(requestId: string): string | undefined {
    const row = this.#database.guarded(() => this.#selectVerdict.get(idBytes(requestId)));
    return row === undefined ? undefined : String(row["verdict"]);
  }

  /** Ascending attempts. */
  signed(requestId: string): SignedStatement[] {
    const rows = this.#database.guarded(() => this.#selectSigned.all(idBytes(requestId)));
    return rows.map((row) => ({
      attempt: row["attempt"] as bigint,
      statement: bytesToHex(row["statement"]),
      resultHash: bytesToHex(row["result_hash"]),
    }));
  }

  /**
   * The chain has ended the request. The same again is no error.
   * @param attempt that the ending names, if it does; a request that was settled without one takes it later
   * @throws CodedError STORE_REQUEST_SETTLED when it ended otherwise, STORE_REQUEST_CONFLICT in another attempt,
   *   STORE_REQUEST_UNKNOWN
   */
  settle(requestId: string, wanted: SettledState, attempt?: bigint): void {
    const named = attempt === undefined ? null : storedInteger(attempt, "attempt");
    this.#database.atomically(() => {
      const { state, endedAttempt } = this.#known(requestId);
      if (state !== "pending" && state !== wanted) throw settled(requestId, state, wanted);
      if (endedAttempt !== undefined && named !== null && endedAttempt !== named) {
        const detail = { code: "STORE_REQUEST_CONFLICT", requestId } as const;
        throw storeError(detail, `request ${requestId} is ${state} in attempt ${endedAttempt}, not ${named}`);
      }
      this.#settle.run(wanted, endedAttempt ?? named, idBytes(requestId));
      this.#forgetVerdicts.run(idBytes(requestId));
    });
  }

  #known(requestId: string): StoredRequest {
    const request = this.get(requestId);
    if (request === undefined)
      throw storeError({ code: "STORE_REQUEST_UNKNOWN", requestId }, `no request ${requestId}`);
    return request;
  }
}

function settled(requestId: string, state: string, wanted: string): Error {
  const detail = { code: "STORE_REQUEST_SETTLED", requestId, state, wanted } as const;
  return storeError(detail, `request ${requestId} is ${state}; ${wanted} is too late`);
}

function fromRow(row: Record<string, unknown>): StoredRequest {
  return {
    requestId: bytesToHex(row["request_id"]),
    queryContract: bytesToHex(row["query_contract"]),
    block: Number(row["block"]),
    state: row["state"] as StoredRequestState,
    lastAttempt: row["last_attempt"] as bigint,
    endedAttempt: (row["ended_attempt"] as bigint | null) ?? undefined,
    event: row["event"] as string,
  };
}

function idBytes(requestId: string): Uint8Array {
  return hexToBytes(requestId, 32, "requestId");
}
