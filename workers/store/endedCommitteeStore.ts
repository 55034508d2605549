/**
 * Committees that came to an end, by another that followed or as proposals that were withdrawn: nothing is stored for them any
 * more, though an upload may have begun while the chain still said that it is to be taken. Public facts only.
 *
 * Invariant: an end is inserted in the transaction of its event, and never deleted.
 *
 * A file restored from a backup that is older than an end sees its event again, as the cursor is as old.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { hexToBytes, storedInteger } from "./hex.ts";

export class EndedCommitteeStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare("INSERT OR IGNORE INTO ended_committee (study_id, epoch) VALUES (?, ?)");
    this.#select = database.prepare("SELECT 1 FROM ended_committee WHERE study_id = ? AND epoch = ?");
  }

  /** The same again changes nothing. @param studyId 0x-hex bytes32 */
  insert(studyId: string, epoch: bigint): void {
    const words = committeeOf(studyId, epoch);
    this.#database.atomically(() => this.#insert.run(...words));
  }

  /** @throws CodedError STORE_INVALID */
  has(studyId: string, epoch: bigint): boolean {
    return this.#database.guarded(() => this.#select.get(...committeeOf(studyId, epoch))) !== undefined;
  }
}

function committeeOf(studyId: string, epoch: bigint): readonly [Uint8Array, bigint] {
  return [hexToBytes(studyId, 32, "studyId"), storedInteger(epoch, "epoch")];
}
