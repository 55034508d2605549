/**
 * What this worker knows of the input checks of versions, each among one committee: the attempts it used and how each check
 * ended.
 *
 * Invariants
 * 1. A check is inserted once, with the event that gave its committee the version. It is deleted only when the version was
 *    shared anew, which has a check of its own, or when its holding is dropped.
 * 2. `lastAttempt` never falls. `takeAttempt(a)` is durable before it returns and succeeds only for a > lastAttempt. It
 *    therefore refuses to run inside a transaction.
 * 3. An ended state is final: settling again with the same does nothing, with another is an error.
 *
 * 4. A check that has ended here and is needed by others goes on taking attempts, until it is released.
 *
 *   (none) --insert--> unchecked --settle--> checked | rejected [needed] --release--> checked | rejected
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
  /** Of the committee whose shares are checked. */
  readonly epoch: bigint;
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
  /** It has ended here, and others may need this worker to come to its end, too. */
  readonly needed: boolean;
}

export type CheckEnding = { readonly state: "checked" } | { readonly state: "rejected"; readonly reason: string };

export class InputCheckStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectVersion: StatementSync;
  readonly #selectAll: StatementSync;
  readonly #selectOpen: StatementSync;
  readonly #deleteVersion: StatementSync;
  readonly #deleteHolding: StatementSync;
  readonly #take: StatementSync;
  readonly #settle: StatementSync;
  readonly #release: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    const columns = "check_id, dataset_id, epoch, version, state, reason, last_attempt, needed, activation";
    this.#insert = database.prepare(
      "INSERT OR IGNORE INTO input_check (check_id, dataset_id, epoch, version, activation) VALUES (?, ?, ?, ?, ?)",
    );
    this.#select = database.prepare(`SELECT ${columns} FROM input_check WHERE check_id = ?`);
    const ofVersion = "WHERE dataset_id = ? AND epoch = ? AND version = ?";
    const inOrder = "ORDER BY dataset_id, epoch, version";
    this.#selectVersion = database.prepare(`SELECT ${columns} FROM input_check ${ofVersion}`);
    this.#selectAll = database.prepare(`SELECT ${columns} FROM input_check ${inOrder}`);
    this.#selectOpen = database.prepare(
      `SELECT ${columns} FROM input_check WHERE (state = 'unchecked' OR needed = 1)
       AND dataset_id NOT IN (SELECT dataset_id FROM retirement)
       AND NOT EXISTS (
         SELECT 1 FROM dataset LEFT JOIN holding ON holding.dataset = dataset.id AND holding.epoch = input_check.epoch
         WHERE dataset.dataset_id = input_check.dataset_id AND (dataset.erased = 1 OR holding.erased = 1)
       ) ${inOrder}`,
    );
    this.#deleteVersion = database.prepare(`DELETE FROM input_check ${ofVersion} AND check_id <> ?`);
    this.#deleteHolding = database.prepare("DELETE FROM input_check WHERE dataset_id = ? AND epoch = ?");
    this.#take = database.prepare("UPDATE input_check SET last_attempt = ? WHERE check_id = ?");
    this.#settle = database.prepare("UPDATE input_check SET state = ?, reason = ?, needed = ? WHERE check_id = ?");
    this.#release = database.prepare("UPDATE input_check SET needed = 0 WHERE check_id = ?");
  }

  /**
   * Of an event that is applied in the same transaction; a version that has its check keeps it.
   * @param replaces unless this one is another: the version was shared anew, and what was known of its check is gone
   */
  insert(
    { checkId, datasetId, epoch, version, activation }: NewInputCheck,
    { replaces = false }: { readonly replaces?: boolean } = {},
  ): void {
    const id = hexToBytes(checkId, 32, "checkId");
    const place = placeOf(datasetId, epoch, version);
    this.#database.atomically(() => {
      if (replaces) this.#deleteVersion.run(...place, id);
      this.#insert.run(id, ...place, activation);
    });
  }

  /** Of shares that are not to be used any more: a committee that was not appointed after all. */
  drop(datasetId: string, epoch: bigint): void {
    const holding = [hexToBytes(datasetId, 32, "datasetId"), storedInteger(epoch, "epoch")] as const;
    this.#database.atomically(() => this.#deleteHolding.run(...holding));
  }

  get(checkId: string): StoredInputCheck | undefined {
    const row = this.#database.guarded(() => this.#select.get(hexToBytes(checkId, 32, "checkId")));
    return row === undefined ? undefined : fromRow(row);
  }

  /** Undefined for a version that the chain has not given this committee, as far as was seen here. */
  ofVersion(datasetId: string, epoch: bigint, version: bigint): StoredInputCheck | undefined {
    const place = placeOf(datasetId, epoch, version);
    const row = this.#database.guarded(() => this.#selectVersion.get(...place));
    return row === undefined ? undefined : fromRow(row);
  }

  /** By dataset, epoch and version. */
  all(): StoredInputCheck[] {
    return this.#database.guarded(() => this.#selectAll.all()).map(fromRow);
  }

  /** Those at which there is something to do: of data that were not retired, and of shares that were not erased. */
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
      const { lastAttempt, state, needed } = this.#known(checkId);
      if (state !== "unchecked" && !needed) throw ended(checkId, state);
      if (attempt <= lastAttempt) {
        const detail = { code: "STORE_ATTEMPT_USED", requestId: checkId, attempt, lastAttempt } as const;
        throw storeError(detail, `check ${checkId}: attempt ${attempt} is not above ${lastAttempt}`);
      }
      this.#take.run(attempt, hexToBytes(checkId, 32, "checkId"));
    });
  }

  /**
   * @param needed whether others may need this worker to come to its end, too
   * @throws CodedError STORE_CHECK_ENDED when it ended otherwise, STORE_CHECK_UNKNOWN
   */
  settle(checkId: string, ending: CheckEnding, { needed = false }: { readonly needed?: boolean } = {}): void {
    const reason = ending.state === "rejected" ? ending.reason : undefined;
    this.#database.atomically(() => {
      const known = this.#known(checkId);
      if (known.state === ending.state && known.reason === reason) return;
      if (known.state !== "unchecked") throw ended(checkId, known.state);
      this.#settle.run(ending.state, reason ?? null, needed ? 1n : 0n, hexToBytes(checkId, 32, "checkId"));
    });
  }

  /** Nobody needs this worker for it any more. Again is without effect. */
  release(checkId: string): void {
    this.#database.atomically(() => this.#release.run(hexToBytes(checkId, 32, "checkId")));
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

function placeOf(datasetId: string, epoch: bigint, version: bigint): readonly [Uint8Array, bigint, bigint] {
  return [hexToBytes(datasetId, 32, "datasetId"), storedInteger(epoch, "epoch"), storedInteger(version, "version")];
}

function fromRow(row: Record<string, unknown>): StoredInputCheck {
  return {
    checkId: bytesToHex(row["check_id"]),
    datasetId: bytesToHex(row["dataset_id"]),
    epoch: row["epoch"] as bigint,
    version: row["version"] as bigint,
    state: row["state"] as InputCheckState,
    reason: (row["reason"] as string | null) ?? undefined,
    lastAttempt: row["last_attempt"] as bigint,
    needed: row["needed"] === 1n,
    activation: row["activation"] as string,
  };
}
