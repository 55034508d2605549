/** The SQL of the share store, prepared once. Tables and columns are explained in migrations.ts. */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";

export type ShareStatements = ReturnType<typeof prepareShareStatements>;

export function prepareShareStatements(database: Database) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    insertDataset: prepare("INSERT OR IGNORE INTO dataset (dataset_id) VALUES (?)"),
    dataset: prepare("SELECT id FROM dataset WHERE dataset_id = ?"),
    erased: prepare("SELECT erased FROM dataset WHERE dataset_id = ?"),
    datasetById: prepare("SELECT erased FROM dataset WHERE id = ?"),
    datasets: prepare("SELECT dataset_id, erased FROM dataset ORDER BY dataset_id"),
    markErased: prepare("UPDATE dataset SET erased = 1 WHERE id = ?"),
    activation: prepare("SELECT file_hash FROM activation WHERE dataset = ? AND version = ?"),
    insertActivation: prepare("INSERT INTO activation (dataset, version, file_hash) VALUES (?, ?, ?)"),
    segment: prepare("SELECT id FROM segment WHERE dataset = ? AND version = ? AND file_hash = ?"),
    files: prepare("SELECT id, file_hash FROM segment WHERE dataset = ? AND version = ?"),
    segmentsOf: prepare("SELECT id FROM segment WHERE dataset = ?"),
    header: prepare("SELECT header FROM segment WHERE id = ?"),
    seeds: prepare("SELECT seeds FROM segment WHERE id = ?"),
    insertSegment: prepare(
      "INSERT INTO segment (dataset, version, file_hash, epoch, row_count, header, seeds) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ),
    activeSegment: prepare(
      `SELECT segment.id, segment.file_hash, epoch, row_count
       FROM segment JOIN dataset ON dataset.id = segment.dataset JOIN activation USING (dataset, version, file_hash)
       WHERE dataset.dataset_id = ? AND version = ?`,
    ),
    segmentStatus: prepare(
      `SELECT version, segment.file_hash, epoch, row_count,
         CASE WHEN activation.dataset IS NULL THEN 'pending' ELSE 'active' END AS state
       FROM segment LEFT JOIN activation USING (dataset, version, file_hash)
       WHERE segment.dataset = (SELECT id FROM dataset WHERE dataset_id = :dataset_id)
       UNION ALL
       SELECT version, activation.file_hash, NULL, NULL, 'missing'
       FROM activation LEFT JOIN segment USING (dataset, version, file_hash)
       WHERE segment.id IS NULL AND activation.dataset = (SELECT id FROM dataset WHERE dataset_id = :dataset_id)
       ORDER BY version, 2`,
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
