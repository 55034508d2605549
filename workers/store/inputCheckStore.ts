/**
 * What this worker knows of the input checks of activated versions: the attempts it used and how each check ended.
 *
 * Invariants
 * 1. A check is inserted once, with the activation, and never deleted.
 * 2. `lastAttempt` never falls. `takeAttempt(a)` is durable before it returns and succeeds only for a > lastAttempt. It
 *    therefore refuses to run inside a transaction.
 * 3. An ended state is final: settling again with the same does nothing, with another is an error.
 *
 *   (none) --insert--> unchecked --settle--> checked | rejected
 *
 * A file restored from an old backup forgets attempts: masks do not repeat even then, since each attempt's keys are fresh.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { storeError } from "./errors.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";

export type InputCheckState = "unchecked" | "checked" | "rejected";

export interface NewInputCheck {
  /** 0x-hex bytes32: the name of the check among workers. */
  readonly checkId: string;
  readonly datasetId: string;
  readonly version: bigint;
  /** The public event, as JSON text of the caller's choosing. */
  readonly activation: string;
}

export interface StoredInputCheck extends NewInputCheck {
  readonly state: InputCheckState;
  /** Why a rejected version is rejected; undefined otherwise. */
  readonly reason: string | undefined;
  /** Highest attempt used; 0n for none. */
  readonly lastAttempt: bigint;
}

export type CheckEnding = { readonly state: "checked" } | { readonly state: "rejected"; readonly reason: string };

export class InputCheckStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectVersion: StatementSync;
  readonly #selectAll: StatementSync;
  readonly #selectOpen: StatementSync;
  readonly #take: StatementSync;
  readonly #settle: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    const columns = "check_id, dataset_id, version, state, reason, last_attempt, activation";
    this.#insert = database.prepare(
      "INSERT OR IGNORE INTO input_check (check_id, dataset_id, version, activation) VALUES (?, ?, ?, ?)",
    );
    this.#select = database.prepare(`SELECT ${columns} FROM input_check WHERE check_id = ?`);
    this.#selectVersion = database.prepare(`SELECT ${columns} FROM input_check WHERE dataset_id = ? AND version = ?`);
    this.#selectAll = database.prepare(`SELECT ${columns} FROM input_check ORDER BY dataset_id, version`);
    this.#selectOpen = database.prepare(
      `SELECT ${columns} FROM input_check WHERE state = 'unchecked'
       AND dataset_id NOT IN (SELECT dataset_id FROM retirement) ORDER BY dataset_id, version`,
    );
    this.#take = database.prepare("UPDATE input_check SET last_attempt = ? WHERE check_id = ?");
    this.#settle = database.prepare("UPDATE input_check SET state = ?, reason = ? WHERE check_id = ?");
  }

  /** Of an activation that is applied in the same transaction; a version that has its check keeps it. */
  insert({ checkId, datasetId, version, activation }: NewInputCheck): void {
    const keys = [hexToBytes(checkId, 32, "checkId"), hexToBytes(datasetId, 32, "datasetId")] as const;
    this.#database.atomically(() => this.#insert.run(...keys, storedInteger(version, "version"), activation));
  }

  get(checkId: string): StoredInputCheck | undefined {
    const row = this.#database.guarded(() => this.#select.get(hexToBytes(checkId, 32, "checkId")));
    return row === undefined ? undefined : fromRow(row);
  }

  /** Undefined for a version whose activation was not seen here. */
  ofVersion(datasetId: string, version: bigint): StoredInputCheck | undefined {
    const keys = [hexToBytes(datasetId, 32, "datasetId"), storedInteger(version, "version")] as const;
    const row = this.#database.guarded(() => this.#selectVersion.get(...keys));
    return row === undefined ? undefined : fromRow(row);
  }

  /** By dataset and version. */
  all(): StoredInputCheck[] {
    return this.#database.guarded(() => this.#selectAll.all()).map(fromRow);
  }

  /** Those that have not ended, and will: of data that were not retired. */
  open(): StoredInputCheck[] {
    return this.#database.guarded(() => this.#selectOpen.all()).map(fromRow);
  }

  /**
   * Takes an attempt number, durably, before anything is done under it.
   * @throws CodedError STORE_ATTEMPT_USED, STORE_CHECK_ENDED, STORE_CHECK_UNKNOWN, STORE_NESTED_TRANSACTION
   */
  takeAttempt(checkId: string, attempt: bigint): void {
    storedInteger(attempt, "attempt");
    this.#database.transaction(() => {
      const { lastAttempt, state } = this.#known(checkId);
      if (state !== "unchecked") throw ended(checkId, state);
      if (attempt <= lastAttempt) {
        const detail = { code: "STORE_ATTEMPT_USED", requestId: checkId, attempt, lastAttempt } as const;
        throw storeError(detail, `check ${checkId}: attempt ${attempt} is not above ${lastAttempt}`);
      }
      this.#take.run(attempt, hexToBytes(checkId, 32, "checkId"));
    });
  }

  /** @throws CodedError STORE_CHECK_ENDED when it ended otherwise, STORE_CHECK_UNKNOWN */
  settle(checkId: string, ending: CheckEnding): void {
    const reason = ending.state === "rejected" ? ending.reason : undefined;
    this.#database.atomically(() => {
      const known = this.#known(checkId);
      if (known.state === ending.state && known.reason === reason) return;
      if (known.state !== "unchecked") throw ended(checkId, known.state);
      this.#settle.run(ending.state, reason ?? null, hexToBytes(checkId, 32, "checkId"));
    });
  }

  #known(checkId: string): StoredInputCheck {
    const check = this.get(checkId);
    if (check === undefined) throw storeError({ code: "STORE_CHECK_UNKNOWN", checkId }, `no input check ${checkId}`);
    return check;
  }
}

function ended(checkId: string, state: InputCheckState): Error {
  return storeError({ code: "STORE_CHECK_ENDED", checkId, state }, `input check ${checkId} has ended: ${state}`);
}

function fromRow(row: Record<string, unknown>): StoredInputCheck {
  return {
    checkId: bytesToHex(row["check_id"]),
    datasetId: bytesToHex(row["dataset_id"]),
    version: row["version"] as bigint,
    state: row["state"] as InputCheckState,
    reason: (row["reason"] as string | null) ?? undefined,
    lastAttempt: row["last_attempt"] as bigint,
    activation: row["activation"] as string,
  };
}
