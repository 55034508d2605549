/**
 * What the chain tells of every version among every committee, of every study: what a request's roots are made of, whichever
 * committee it was asked of. Public facts only.
 *
 * Invariant: one row per version and committee, that of the last event. Shares for a committee that is only proposed may be
 * dealt again; once it is appointed, its rows do not change.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";

export interface SegmentFact {
  /** 0x-hex in lower case, as all hashes here. */
  readonly datasetId: string;
  readonly studyId: string;
  readonly epoch: bigint;
  readonly version: bigint;
  readonly rowCount: bigint;
  readonly columnsRoot: string;
  readonly sharesRoot: string;
  readonly ingestProofHash: string;
}

export class SegmentFactStore {
  readonly #database: Database;
  readonly #upsert: StatementSync;
  readonly #selectDataset: StatementSync;
  readonly #selectStudy: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    const columns = "dataset_id, study_id, epoch, version, row_count, columns_root, shares_root, ingest_proof_hash";
    this.#upsert = database.prepare(`INSERT OR REPLACE INTO segment_fact (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#selectDataset = database.prepare(
      `SELECT ${columns} FROM segment_fact WHERE dataset_id = ? ORDER BY epoch, version`,
    );
    this.#selectStudy = database.prepare(
      "SELECT DISTINCT dataset_id FROM segment_fact WHERE study_id = ? ORDER BY dataset_id",
    );
  }

  /** In the transaction of its event; in place of what was known of the version among that committee. */
  upsert({
    datasetId,
    studyId,
    epoch,
    version,
    rowCount,
    columnsRoot,
    sharesRoot,
    ingestProofHash,
  }: SegmentFact): void {
    const row = [
      hexToBytes(datasetId, 32, "datasetId"),
      hexToBytes(studyId, 32, "studyId"),
      storedInteger(epoch, "epoch"),
      storedInteger(version, "version"),
      storedInteger(rowCount, "rowCount"),
      hexToBytes(columnsRoot, 32, "columnsRoot"),
      hexToBytes(sharesRoot, 32, "sharesRoot"),
      hexToBytes(ingestProofHash, 32, "ingestProofHash"),
    ] as const;
    this.#database.atomically(() => this.#upsert.run(...row));
  }

  /** Ascending epochs, of each ascending versions. */
  ofDataset(datasetId: string): SegmentFact[] {
    const rows = this.#database.guarded(() => this.#selectDataset.all(hexToBytes(datasetId, 32, "datasetId")));
    return rows.map((row) => ({
      datasetId: bytesToHex(row["dataset_id"]),
      studyId: bytesToHex(row["study_id"]),
      epoch: row["epoch"] as bigint,
      version: row["version"] as bigint,
      rowCount: row["row_count"] as bigint,
      columnsRoot: bytesToHex(row["columns_root"]),
      sharesRoot: bytesToHex(row["shares_root"]),
      ingestProofHash: bytesToHex(row["ingest_proof_hash"]),
    }));
  }

  /** The study's datasets of which anything was ever given to a committee; ascending. */
  datasetsOf(studyId: string): string[] {
    const rows = this.#database.guarded(() => this.#selectStudy.all(hexToBytes(studyId, 32, "studyId")));
    return rows.map((row) => bytesToHex(row["dataset_id"]));
  }
}
