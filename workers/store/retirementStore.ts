/**
 * Datasets that were retired, of committees this worker sits in: since when, so that every participant takes the same ones for
 * erased, and whether the chain has this worker's receipt. Public facts only.
 *
 * Invariants
 * 1. A retirement is inserted once, in the transaction of its event, and never deleted or changed.
 * 2. A receipt stops being due when the confirmed chain shows it, and never becomes due again.
 *
 *   (none) --insert--> due --confirmed--> confirmed
 *
 * A file restored from a backup that is older than a retirement sees its event again, as the cursor is as old.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";

export interface NewRetirement {
  /** 0x-hex bytes32, as all ids here. */
  readonly datasetId: string;
  readonly studyId: string;
  /** This worker's Shamir point. */
  readonly point: number;
  /** Of the event. */
  readonly block: number;
}

/** As it can be posted by anyone. */
export interface SignedReceipt {
  readonly version: bigint;
  /** 0x-hex. */
  readonly signature: string;
}

export interface StoredRetirement extends NewRetirement {
  /** Whether the chain has this worker's receipt. */
  readonly confirmed: boolean;
  /** Signed last, once everything was erased. */
  readonly receipt: SignedReceipt | undefined;
}

export class RetirementStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectAll: StatementSync;
  readonly #sign: StatementSync;
  readonly #confirm: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    const columns = "dataset_id, study_id, point, block, confirmed, version, signature";
    this.#insert = database.prepare(
      "INSERT OR IGNORE INTO retirement (dataset_id, study_id, point, block) VALUES (?, ?, ?, ?)",
    );
    this.#select = database.prepare(`SELECT ${columns} FROM retirement WHERE dataset_id = ?`);
    this.#selectAll = database.prepare(`SELECT ${columns} FROM retirement ORDER BY dataset_id`);
    this.#sign = database.prepare("UPDATE retirement SET version = ?, signature = ? WHERE dataset_id = ?");
    this.#confirm = database.prepare("UPDATE retirement SET confirmed = 1 WHERE dataset_id = ? AND point = ?");
  }

  /** The same again changes nothing. */
  insert({ datasetId, studyId, point, block }: NewRetirement): void {
    const keys = [hexToBytes(datasetId, 32, "datasetId"), hexToBytes(studyId, 32, "studyId")] as const;
    const [place, since] = [storedInteger(point, "point"), storedInteger(block, "block")];
    this.#database.atomically(() => this.#insert.run(...keys, place, since));
  }

  /** Kept so that somebody else can post it. */
  signed(datasetId: string, { version, signature }: SignedReceipt): void {
    const words = [storedInteger(version, "version"), signature, hexToBytes(datasetId, 32, "datasetId")] as const;
    this.#database.atomically(() => this.#sign.run(...words));
  }

  /** The chain shows the receipt of the worker at `point`. Others' are no error and change nothing. */
  confirmed(datasetId: string, point: number): void {
    const words = [hexToBytes(datasetId, 32, "datasetId"), storedInteger(point, "point")] as const;
    this.#database.atomically(() => this.#confirm.run(...words));
  }

  get(datasetId: string): StoredRetirement | undefined {
    const row = this.#database.guarded(() => this.#select.get(hexToBytes(datasetId, 32, "datasetId")));
    return row === undefined ? undefined : fromRow(row);
  }

  all(): StoredRetirement[] {
    return this.#database.guarded(() => this.#selectAll.all()).map(fromRow);
  }
}

function fromRow(row: Record<string, unknown>): StoredRetirement {
  const [version, signature] = [row["version"] as bigint | null, row["signature"] as string | null];
  return {
    datasetId: bytesToHex(row["dataset_id"]),
    studyId: bytesToHex(row["study_id"]),
    point: Number(row["point"]),
    block: Number(row["block"]),
    confirmed: row["confirmed"] === 1n,
    receipt: version === null || signature === null ? undefined : { version, signature },
  };
}
