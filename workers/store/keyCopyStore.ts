/**
 * What this worker must publish of sealed answers' mask keys: encrypted to the recipients already, so nothing here is secret.
 * The keys themselves are nowhere.
 *
 * Invariants
 * 1. `put` is durable before it returns; it therefore refuses to run inside a transaction. The outputs of a sealed attempt open
 *    only after it returned, so whatever the chain may come to show as answered, its copies are here.
 * 2. What is not needed any more is deleted: when the request ends, the copies of every attempt but the one that was
 *    answered; and those, once the chain shows them.
 *
 *   (none) --put--> held --answered(attempt)--> due --published--> (none)
 *                     +--answered(another), ended--> (none)
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { storeError } from "./errors.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";
import type { RequestStore } from "./requestStore.ts";

/** As they are published. */
export interface KeyCopies {
  /** This worker's Shamir point. */
  readonly index: number;
  /** Of all keys, 0x-hex. */
  readonly maskKeyHashes: readonly string[];
  /** Of this worker's keys, one per recipient, 0x-hex. */
  readonly copies: readonly string[];
}

export interface NewKeyCopies extends KeyCopies {
  /** Of the answer that they are of: binds the hashes. */
  readonly sealedHash: string;
}

export interface DueCopies extends KeyCopies {
  readonly requestId: string;
  readonly attempt: bigint;
  /** Of the answer that the chain shows. */
  readonly outputsHash: string;
}

export class KeyCopyStore {
  readonly #database: Database;
  readonly #requests: RequestStore;
  readonly #insert: StatementSync;
  readonly #markDue: StatementSync;
  readonly #deleteOthers: StatementSync;
  readonly #deleteAll: StatementSync;
  readonly #selectDue: StatementSync;
  readonly #selectDueOf: StatementSync;

  constructor(database: Database, requests: RequestStore) {
    this.#database = database;
    this.#requests = requests;
    this.#insert = database.prepare(
      "INSERT INTO key_copies (request_id, attempt, sealed_hash, copies) VALUES (?, ?, ?, ?)",
    );
    this.#markDue = database.prepare(
      "UPDATE key_copies SET due = 1, outputs_hash = ? WHERE request_id = ? AND attempt = ? AND sealed_hash = ?",
    );
    this.#deleteOthers = database.prepare("DELETE FROM key_copies WHERE request_id = ? AND attempt <> ?");
    this.#deleteAll = database.prepare("DELETE FROM key_copies WHERE request_id = ?");
    const due = "SELECT request_id, attempt, copies, outputs_hash FROM key_copies WHERE due = 1";
    this.#selectDue = database.prepare(`${due} ORDER BY request_id`);
    this.#selectDueOf = database.prepare(`${due} AND request_id = ?`);
  }

  /**
   * Durable when it returns.
   * @throws CodedError STORE_REQUEST_UNKNOWN, STORE_REQUEST_SETTLED, STORE_ATTEMPT_USED (a later attempt has begun),
   *   STORE_NESTED_TRANSACTION; then nothing is kept
   */
  put(requestId: string, attempt: bigint, { index, maskKeyHashes, copies, sealedHash }: NewKeyCopies): void {
    this.#database.transaction(() => {
      const request = this.#requests.get(requestId);
      if (request === undefined)
        throw storeError({ code: "STORE_REQUEST_UNKNOWN", requestId }, `no request ${requestId}`);
      const { state, lastAttempt } = request;
      if (state !== "pending") {
        const detail = { code: "STORE_REQUEST_SETTLED", requestId, state, wanted: "open" } as const;
        throw storeError(detail, `request ${requestId} is ${state}; nothing of it may be opened`);
      }
      if (attempt !== lastAttempt) {
        const detail = { code: "STORE_ATTEMPT_USED", requestId, attempt, lastAttempt } as const;
        throw storeError(detail, `request ${requestId}: attempt ${lastAttempt} is the newest, not ${attempt}`);
      }
      const text = textOf({ index, maskKeyHashes, copies });
      const [id, hash] = [hexToBytes(requestId, 32, "requestId"), hexToBytes(sealedHash, 32, "sealedHash")];
      this.#insert.run(id, storedInteger(attempt, "attempt"), hash, text);
    });
  }

  /**
   * The chain shows the answer of this attempt: its copies are due if they are of that very answer, others are of no use.
   * @param outputsHash of the outputs that the chain shows
   */
  answered(requestId: string, attempt: bigint, sealedHash: string, outputsHash: string): void {
    const [id, number] = [hexToBytes(requestId, 32, "requestId"), storedInteger(attempt, "attempt")];
    const hash = hexToBytes(sealedHash, 32, "sealedHash");
    this.#database.atomically(() => {
      this.#markDue.run(hexToBytes(outputsHash, 32, "outputsHash"), id, number, hash);
      this.#deleteOthers.run(id, number);
    });
  }

  /** The chain shows that the request ended without an answer. */
  ended(requestId: string): void {
    this.#database.guarded(() => this.#deleteAll.run(hexToBytes(requestId, 32, "requestId")));
  }

  /** The chain shows that this was published. What others did is no error and changes nothing. */
  published(requestId: string, published: KeyCopies): void {
    const id = hexToBytes(requestId, 32, "requestId");
    this.#database.atomically(() => {
      const own = this.#selectDueOf.get(id)?.["copies"];
      if (own === textOf(published)) this.#deleteAll.run(id);
    });
  }

  /** What the chain does not show yet. */
  due(): DueCopies[] {
    const rows = this.#database.guarded(() => this.#selectDue.all());
    return rows.map((row) => ({
      requestId: bytesToHex(row["request_id"]),
      attempt: row["attempt"] as bigint,
      outputsHash: bytesToHex(row["outputs_hash"]),
      ...(JSON.parse(row["copies"] as string) as KeyCopies),
    }));
  }
}

/** One text for one content. */
function textOf({ index, maskKeyHashes, copies }: KeyCopies): string {
  const lower = (each: readonly string[]): string[] => each.map((hex) => hex.toLowerCase());
  return JSON.stringify({ index, maskKeyHashes: lower(maskKeyHashes), copies: lower(copies) });
}
