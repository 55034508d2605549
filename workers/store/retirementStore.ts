/**
 * Datasets that were retired, of every study: since when, so that every participant takes the same ones for erased. Public
 * facts only. What this worker itself must erase for it is in erasureStore.ts.
 *
 * Invariant: a retirement is inserted once, in the transaction of its event, and never deleted or changed.
 *
 * A file restored from a backup that is older than a retirement sees its event again, as the cursor is as old.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";

export interface StoredRetirement {
  /** 0x-hex bytes32, as all ids here. */
  readonly datasetId: string;
  readonly studyId: string;
  /** Of the event. */
  readonly block: number;
}

export class RetirementStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectAll: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare("INSERT OR IGNORE INTO retirement (dataset_id, study_id, block) VALUES (?, ?, ?)");
    this.#select = database.prepare("SELECT dataset_id, study_id, block FROM retirement WHERE dataset_id = ?");
    this.#selectAll = database.prepare("SELECT dataset_id, study_id, block FROM retirement ORDER BY dataset_id");
  }

  /** The same again changes nothing. */
  insert({ datasetId, studyId, block }: StoredRetirement): void {
    const keys = [hexToBytes(datasetId, 32, "datasetId"), hexToBytes(studyId, 32, "studyId")] as const;
    const since = storedInteger(block, "block");
    this.#database.atomically(() => this.#insert.run(...keys, since));
  }

  get(datasetId: string): StoredRetirement | undefined {
    const row = this.#database.guarded(() => this.#select.get(hexToBytes(datasetId, 32, "datasetId")));
    return row === undefined ? undefined : fromRow(row);
  }

  /** By dataset. */
  all(): StoredRetirement[] {
    return this.#database.guarded(() => this.#selectAll.all()).map(fromRow);
  }
}

function fromRow(row: Record<string, unknown>): StoredRetirement {
  return {
    datasetId: bytesToHex(row["dataset_id"]),
    studyId: bytesToHex(row["study_id"]),
    block: Number(row["block"]),
  };
}
