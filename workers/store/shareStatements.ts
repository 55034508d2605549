/** The SQL of the share store, prepared once. Tables and columns are explained in migrations.ts. */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";

export type ShareStatements = ReturnType<typeof prepareShareStatements>;

const HOLDINGS = `SELECT dataset, dataset_id, epoch, key_name, holding.erased, dataset.erased AS dataset_erased
  FROM holding JOIN dataset ON dataset.id = holding.dataset`;

export function prepareShareStatements(database: Database) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    insertDataset: prepare("INSERT OR IGNORE INTO dataset (dataset_id) VALUES (?)"),
    dataset: prepare("SELECT id FROM dataset WHERE dataset_id = ?"),
    erased: prepare("SELECT erased FROM dataset WHERE dataset_id = ?"),
    datasetById: prepare("SELECT erased FROM dataset WHERE id = ?"),
    nameStudy: prepare("UPDATE dataset SET study_id = ? WHERE id = ?"),
    datasetsOfStudy: prepare("SELECT dataset_id FROM dataset WHERE study_id = ? ORDER BY dataset_id"),
    datasets: prepare("SELECT dataset_id, erased FROM dataset ORDER BY dataset_id"),
    markErased: prepare("UPDATE dataset SET erased = 1 WHERE id = ?"),
    insertHolding: prepare("INSERT OR IGNORE INTO holding (dataset, epoch, key_name) VALUES (?, ?, ?)"),
    holding: prepare(`${HOLDINGS} WHERE dataset.dataset_id = ? AND epoch = ?`),
    holdingsOf: prepare(`${HOLDINGS} WHERE dataset.dataset_id = ? ORDER BY epoch`),
    holdings: prepare(`${HOLDINGS} ORDER BY dataset.dataset_id, epoch`),
    markHoldingErased: prepare("UPDATE holding SET erased = 1 WHERE dataset = ? AND epoch = ?"),
    activation: prepare("SELECT file_hash FROM activation WHERE dataset = ? AND epoch = ? AND version = ?"),
    activate: prepare(
      `INSERT INTO activation (dataset, epoch, version, file_hash) VALUES (?, ?, ?, ?)
       ON CONFLICT (dataset, epoch, version) DO UPDATE SET file_hash = excluded.file_hash`,
    ),
    segment: prepare("SELECT id FROM segment WHERE dataset = ? AND epoch = ? AND version = ? AND file_hash = ?"),
    files: prepare("SELECT id, file_hash FROM segment WHERE dataset = ? AND epoch = ? AND version = ?"),
    segmentsOf: prepare("SELECT id FROM segment WHERE dataset = ?"),
    segmentsOfHolding: prepare("SELECT id FROM segment WHERE dataset = ? AND epoch = ?"),
    header: prepare("SELECT header FROM segment WHERE id = ?"),
    seeds: prepare("SELECT seeds FROM segment WHERE id = ?"),
    insertSegment: prepare(
      "INSERT INTO segment (dataset, version, file_hash, epoch, row_count, header, seeds) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    activeSegment: prepare(
      `SELECT segment.id, file_hash, epoch, row_count
       FROM segment JOIN dataset ON dataset.id = segment.dataset JOIN activation USING (dataset, epoch, version, file_hash)
       WHERE dataset.dataset_id = ? AND epoch = ? AND version = ?`,
    ),
    segmentStatus: prepare(
      `SELECT epoch, version, file_hash, row_count,
         CASE WHEN activation.dataset IS NULL THEN 'pending' ELSE 'active' END AS state
       FROM segment LEFT JOIN activation USING (dataset, epoch, version, file_hash)
       WHERE segment.dataset = (SELECT id FROM dataset WHERE dataset_id = :dataset_id)
       UNION ALL
       SELECT epoch, version, file_hash, NULL, 'missing'
       FROM activation LEFT JOIN segment USING (dataset, epoch, version, file_hash)
       WHERE segment.id IS NULL AND activation.dataset = (SELECT id FROM dataset WHERE dataset_id = :dataset_id)
       ORDER BY epoch, version, file_hash`,
    ),
    column: prepare("SELECT id FROM stored_column WHERE segment = ? AND column_id = ?"),
    columnsOf: prepare("SELECT id FROM stored_column WHERE segment = ?"),
    insertColumn: prepare("INSERT INTO stored_column (segment, column_id) VALUES (?, ?)"),
    deleteColumn: prepare("DELETE FROM stored_column WHERE id = ?"),
    deleteSegment: prepare("DELETE FROM segment WHERE id = ?"),
    chunk: prepare("SELECT ciphertext FROM chunk WHERE id = ?"),
    insertChunk: prepare("INSERT INTO chunk (id, ciphertext) VALUES (?, ?)"),
    deleteChunks: prepare("DELETE FROM chunk WHERE id BETWEEN ? AND ?"),
  };
}
