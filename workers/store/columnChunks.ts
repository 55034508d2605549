/** Columns of one segment as sealed chunks of CHUNK_ROWS words, each bound to its place (chunkCipher.ts). */
import { strict as assert } from "node:assert";
import type { RandomBytes } from "../field/field.ts";
import { chunkContext, seal, SEAL_OVERHEAD_BYTES, unseal, type SealedSegment } from "./chunkCipher.ts";
import { storeError, textOf, undecryptable, versionText } from "./errors.ts";
import { bytesToHex, hexToBytes } from "./hex.ts";
import type { ShareStatements } from "./shareStatements.ts";

export const WORD_BYTES = 32;
/** 32 KiB, one page. Fewer rows cost a nonce, a tag and a key more often; more gain nothing. */
export const CHUNK_ROWS = 1_024;
const CHUNK_BYTES = CHUNK_ROWS * WORD_BYTES;
/** chunk.id = column.id * CHUNKS_PER_COLUMN + chunk number; 2^28 rows are 2^18 chunks. */
const CHUNKS_PER_COLUMN = 1n << 20n;

export interface SegmentRow extends SealedSegment {
  readonly id: bigint;
}

export class ColumnChunks {
  readonly #sql: ShareStatements;
  readonly #randomBytes: RandomBytes;

  constructor(sql: ShareStatements, randomBytes: RandomBytes) {
    this.#sql = sql;
    this.#randomBytes = randomBytes;
  }

  put(segment: SegmentRow, key: Uint8Array, columnId: string, words: Uint8Array): void {
    assert(
      words.length === Number(segment.rowCount) * WORD_BYTES,
      "a decoded share file has columns of rowCount words",
    );
    const idBytes = hexToBytes(columnId, 32, "columnId");
    const column = BigInt(this.#sql.insertColumn.run(segment.id, idBytes).lastInsertRowid);
    for (let chunk = 0; chunk * CHUNK_BYTES < words.length; chunk += 1) {
      const plain = words.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
      const sealed = seal(key, chunkContext(segment, idBytes, chunk), plain, this.#randomBytes);
      this.#sql.insertChunk.run(column * CHUNKS_PER_COLUMN + BigInt(chunk), sealed);
    }
  }

  /** Rows [from, to) into `words`, which has room for exactly these. */
  loadInto(words: Uint8Array, segment: SegmentRow, key: Uint8Array, columnId: string, from: number, to: number): void {
    assert(
      from >= 0 && to <= Number(segment.rowCount) && words.length === (to - from) * WORD_BYTES,
      "rows of the segment",
    );
    const column = this.#columnRow(segment, columnId);
    for (let chunk = Math.floor(from / CHUNK_ROWS); chunk * CHUNK_ROWS < to; chunk += 1) {
      const plain = this.#unsealed(segment, key, { columnId, column, chunk });
      const first = chunk * CHUNK_ROWS;
      const wanted = plain.subarray(Math.max(0, from - first) * WORD_BYTES, (to - first) * WORD_BYTES);
      words.set(wanted, Math.max(0, first - from) * WORD_BYTES);
    }
  }

  /** Every column, or those of these ids; what is not there is passed over. */
  delete(segment: bigint, columnIds?: readonly string[]): void {
    const find = (columnId: string): Record<string, unknown> | undefined =>
      this.#sql.column.get(segment, hexToBytes(columnId, 32, "columnId"));
    const columns = columnIds?.map(find).filter((row) => row !== undefined) ?? this.#sql.columnsOf.all(segment);
    for (const row of columns) {
      const id = row["id"] as bigint;
      this.#sql.deleteChunks.run(id * CHUNKS_PER_COLUMN, (id + 1n) * CHUNKS_PER_COLUMN - 1n);
      this.#sql.deleteColumn.run(id);
    }
  }

  #columnRow(segment: SegmentRow, columnId: string): bigint {
    const row = this.#sql.column.get(segment.id, hexToBytes(columnId, 32, "columnId"));
    if (row !== undefined) return row["id"] as bigint;
    const { epoch, version } = segment;
    const place = { datasetId: bytesToHex(segment.datasetId), epoch, version };
    const detail = { code: "STORE_COLUMN_MISSING", ...place, columnId } as const;
    throw storeError(detail, `${versionText(place)} has no column ${columnId}`);
  }

  /** All words of one chunk. */
  #unsealed(
    segment: SegmentRow,
    key: Uint8Array,
    { columnId, column, chunk }: { columnId: string; column: bigint; chunk: number },
  ): Uint8Array {
    const { epoch, version } = segment;
    const place = { datasetId: bytesToHex(segment.datasetId), epoch, version, columnId, chunk };
    const sealed = this.#sql.chunk.get(column * CHUNKS_PER_COLUMN + BigInt(chunk))?.["ciphertext"] as
      Uint8Array | undefined;
    if (sealed === undefined)
      throw storeError({ code: "STORE_CHUNK_MISSING", ...place }, `${textOf(place)} is missing`);
    const plain = unseal(key, chunkContext(segment, hexToBytes(columnId, 32, "columnId"), chunk), sealed);
    const due = Math.min(CHUNK_BYTES, Number(segment.rowCount) * WORD_BYTES - chunk * CHUNK_BYTES);
    if (plain?.length !== due || sealed.length !== due + SEAL_OVERHEAD_BYTES) throw undecryptable(place);
    return plain;
  }
}
