/**
 * Holdings of this worker that must be erased: of a dataset that was retired, of a committee that another followed, or of one
 * that was not appointed after all; and whether the chain has this worker's receipt. Public facts only.
 *
 * Invariants
 * 1. An erasure is inserted in the transaction of its event, and never deleted. A second reason for it can only hasten it.
 * 2. A receipt stops being due when the confirmed chain shows it, and never becomes due again.
 *
 *   (none) --insert--> due --confirmed--> confirmed
 *
 * A file restored from a backup that is older than the event sees it again, as the cursor is as old.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";

export interface NewErasure {
  /** 0x-hex bytes32, as all ids here. */
  readonly datasetId: string;
  readonly studyId: string;
  /** Of the committee whose shares go. */
  readonly epoch: bigint;
  /** This worker's Shamir point there. */
  readonly point: number;
  /** They are needed until the chain is past this block: the event's own, or a later one. */
  readonly afterBlock: number;
}

/** As it can be posted by anyone. */
export interface SignedReceipt {
  readonly version: bigint;
  /** 0x-hex. */
  readonly signature: string;
}

export interface StoredErasure extends NewErasure {
  /** Whether the chain has this worker's receipt. */
  readonly confirmed: boolean;
  /** Signed last, once everything was erased. */
  readonly receipt: SignedReceipt | undefined;
}

export class ErasureStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectAll: StatementSync;
  readonly #sign: StatementSync;
  readonly #confirm: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    const columns = "dataset_id, study_id, epoch, point, after_block, confirmed, version, signature";
    const ofHolding = "WHERE dataset_id = ? AND epoch = ?";
    this.#insert = database.prepare(
      `INSERT INTO erasure (dataset_id, study_id, epoch, point, after_block) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (dataset_id, epoch) DO UPDATE SET after_block = min(after_block, excluded.after_block)`,
    );
    this.#select = database.prepare(`SELECT ${columns} FROM erasure ${ofHolding}`);
    this.#selectAll = database.prepare(`SELECT ${columns} FROM erasure ORDER BY dataset_id, epoch`);
    this.#sign = database.prepare(`UPDATE erasure SET version = ?, signature = ? ${ofHolding}`);
    this.#confirm = database.prepare(`UPDATE erasure SET confirmed = 1 ${ofHolding} AND point = ?`);
  }

  /** The same holding again keeps the lower `afterBlock`; nothing else changes. */
  insert({ datasetId, studyId, epoch, point, afterBlock }: NewErasure): void {
    const keys = [hexToBytes(datasetId, 32, "datasetId"), hexToBytes(studyId, 32, "studyId")] as const;
    const place = [storedInteger(epoch, "epoch"), storedInteger(point, "point")] as const;
    const after = storedInteger(afterBlock, "afterBlock");
    this.#database.atomically(() => this.#insert.run(...keys, ...place, after));
  }

  /** Kept so that somebody else can post it. */
  signed(datasetId: string, epoch: bigint, { version, signature }: SignedReceipt): void {
    const receipt = [storedInteger(version, "version"), signature] as const;
    const holding = holdingOf(datasetId, epoch);
    this.#database.atomically(() => this.#sign.run(...receipt, ...holding));
  }

  /** The chain shows the receipt of the worker at `point` of that committee. Others' are no error and change nothing. */
  confirmed(datasetId: string, epoch: bigint, point: number): void {
    const words = [...holdingOf(datasetId, epoch), storedInteger(point, "point")] as const;
    this.#database.atomically(() => this.#confirm.run(...words));
  }

  get(datasetId: string, epoch: bigint): StoredErasure | undefined {
    const row = this.#database.guarded(() => this.#select.get(...holdingOf(datasetId, epoch)));
    return row === undefined ? undefined : fromRow(row);
  }

  /** By dataset and epoch. */
  all(): StoredErasure[] {
    return this.#database.guarded(() => this.#selectAll.all()).map(fromRow);
  }
}

function holdingOf(datasetId: string, epoch: bigint): readonly [Uint8Array, bigint] {
  return [hexToBytes(datasetId, 32, "datasetId"), storedInteger(epoch, "epoch")];
}

function fromRow(row: Record<string, unknown>): StoredErasure {
  const [version, signature] = [row["version"] as bigint | null, row["signature"] as string | null];
  return {
    datasetId: bytesToHex(row["dataset_id"]),
    studyId: bytesToHex(row["study_id"]),
    epoch: row["epoch"] as bigint,
    point: Number(row["point"]),
    afterBlock: Number(row["after_block"]),
    confirmed: row["confirmed"] === 1n,
    receipt: version === null || signature === null ? undefined : { version, signature },
  };
}
