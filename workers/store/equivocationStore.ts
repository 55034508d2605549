/**
 * Two signatures of one member under one question, as text of the caller's choosing: public, and what slashing asks for.
 *
 * Invariants
 * 1. Of each member and request one piece of evidence is kept, the first: a member that signs without end cannot fill the
 *    disk, and one is enough to take its whole deposit.
 * 2. Nothing is ever deleted.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { hexToBytes, storedInteger } from "./hex.ts";

export class EquivocationStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare(
      "INSERT INTO equivocation (request_id, signer, evidence) VALUES (?, ?, ?) ON CONFLICT (request_id, signer) DO NOTHING",
    );
    this.#select = database.prepare("SELECT evidence FROM equivocation ORDER BY request_id, signer");
  }

  /**
   * @param index the signer's Shamir point
   * @returns false when there is evidence of it already
   */
  keep(requestId: string, index: number, evidence: string): boolean {
    const id = hexToBytes(requestId, 32, "requestId");
    const { changes } = this.#database.guarded(() => this.#insert.run(id, storedInteger(index, "index"), evidence));
    return Number(changes) === 1;
  }

  all(): string[] {
    return this.#database.guarded(() => this.#select.all()).map((row) => String(row["evidence"]));
  }
}
