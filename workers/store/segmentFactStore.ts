/**
 * What the chain tells of every version among every committee, of every study: what a request's roots are made of, whichever
 * committee it was asked of. Public facts only.
 *
 * Invariant: one row per version and committee, that of the newest event, by its place on the chain and not by when it was seen:
 * an older event that comes again, as the chain is followed anew, changes nothing. Shares for a committee that is only proposed
 * may be dealt again; once it is appointed, its rows do not change.
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

/** Where on the chain an event is. */
export interface EventPlace {
  readonly block: number;
  readonly logIndex: number;
}

export class SegmentFactStore {
  readonly #database: Database;
  readonly #upsert: StatementSync;
  readonly #selectVersion: StatementSync;
  readonly #selectDataset: StatementSync;
  readonly #selectStudy: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    const columns = "dataset_id, study_id, epoch, version, row_count, columns_root, shares_root, ingest_proof_hash";
    this.#upsert = database.prepare(
      `INSERT OR REPLACE INTO segment_fact (${columns}, block, log_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#selectVersion = database.prepare(
      "SELECT shares_root, block, log_index FROM segment_fact WHERE dataset_id = ? AND epoch = ? AND version = ?",
    );
    this.#selectDataset = database.prepare(
      `SELECT ${columns} FROM segment_fact WHERE dataset_id = ? ORDER BY epoch, version`,
    );
    this.#selectStudy = database.prepare(
      "SELECT DISTINCT dataset_id FROM segment_fact WHERE study_id = ? ORDER BY dataset_id",
    );
  }

  /**
   * In the transaction of its event; in place of what was known of the version among that committee.
   * @returns whether these shares are the version's there: false where a newer event has given others, and nothing changes
   */
  upsert(
    { datasetId, studyId, epoch, version, rowCount, columnsRoot, sharesRoot, ingestProofHash }: SegmentFact,
    place: EventPlace,
  ): boolean {
    const root = hexToBytes(sharesRoot, 32, "sharesRoot");
    const [dataset, study] = [hexToBytes(datasetId, 32, "datasetId"), hexToBytes(studyId, 32, "studyId")];
    const [ofEpoch, ofVersion] = [storedInteger(epoch, "epoch"), storedInteger(version, "version")];
    const row = [
      dataset,
      study,
      ofEpoch,
      ofVersion,
      storedInteger(rowCount, "rowCount"),
      hexToBytes(columnsRoot, 32, "columnsRoot"),
      root,
      hexToBytes(ingestProofHash, 32, "ingestProofHash"),
      storedInteger(place.block, "block"),
      storedInteger(place.logIndex, "logIndex"),
    ] as const;
    return this.#database.atomically(() => {
      const known = this.#selectVersion.get(dataset, ofEpoch, ofVersion);
      if (known !== undefined && isNewer(known, place)) return bytesToHex(known["shares_root"]) === bytesToHex(root);
      this.#upsert.run(...row);
      return true;
    });
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

function isNewer(known: Record<string, unknown>, { block, logIndex }: EventPlace): boolean {
  const [knownBlock, knownIndex] = [Number(known["block"]), Number(known["log_index"])];
  return knownBlock > block || (knownBlock === block && knownIndex > logIndex);
}
