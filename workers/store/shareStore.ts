/**
 * Shares at rest. A share file is stored as received, its columns in chunks sealed under their dataset's key
 * (columnChunks.ts).
 *
 * Invariants
 * 1. A segment is stored whole or not at all, and after its key is durable.
 * 2. Several files may be pending for one version; when the chain names one, it stays and the others go. A version whose
 *    file is not here is missing: reading it is an error, never a shorter column.
 * 3. `loadColumn` returns words of activated versions only, all of them, in order, or throws.
 * 4. An erased dataset never returns: first its rows go and a tombstone stays (one transaction), then the key. A crash
 *    between the two is finished when the store opens.
 *
 *   (none) --putSegment--> pending --activateSegment--> active --eraseDataset--> erased
 *   (none) --activateSegment--> missing --putSegment (that file only)--> active
 */
import type { RandomBytes } from "../field/field.ts";
import type { ShareFile, ShareFileHeader } from "../messages/shareFile.ts";
import { seal, seedsContext, unseal } from "./chunkCipher.ts";
import { ColumnChunks, type SegmentRow, WORD_BYTES } from "./columnChunks.ts";
import type { Database } from "./database.ts";
import type { DatasetKeys } from "./datasetKeys.ts";
import { storeError, undecryptable } from "./errors.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";
import { prepareShareStatements, type ShareStatements } from "./shareStatements.ts";

const SEED_BYTES = 32;
/** An owner whose activation fails may share anew; eight files of one version say that something else is wrong. */
export const MAX_PENDING_FILES = 8;

export interface SegmentStatus {
  readonly version: bigint;
  /** pending: received, not activated. missing: activated, but this worker lacks the file. */
  readonly state: "pending" | "active" | "missing";
  /** keccak256 of the share file. */
  readonly fileHash: string;
  readonly epoch: bigint | undefined;
  readonly rowCount: number | undefined;
}

export interface DatasetStatus {
  readonly datasetId: string;
  readonly erased: boolean;
  readonly segments: readonly SegmentStatus[];
}

export interface ShareStoreModules {
  readonly database: Database;
  readonly keys: DatasetKeys;
  readonly randomBytes: RandomBytes;
}

export class ShareStore {
  readonly #database: Database;
  readonly #keys: DatasetKeys;
  readonly #randomBytes: RandomBytes;
  readonly #sql: ShareStatements;
  #onErased: (datasetId: string) => void = () => undefined;
  readonly #chunks: ColumnChunks;

  constructor({ database, keys, randomBytes }: ShareStoreModules) {
    this.#database = database;
    this.#keys = keys;
    this.#randomBytes = randomBytes;
    this.#sql = prepareShareStatements(database);
    this.#chunks = new ColumnChunks(this.#sql, randomBytes);
    this.#finishErasures();
  }

  /**
   * Stores a decoded share file, durably unless inside a transaction, which then decides.
   * @param fileHash keccak256 of the file's bytes, as its receipt will say
   * @returns "held" when this very file was here already
   * @throws CodedError STORE_SEGMENT_CONFLICT (another file is active), STORE_TOO_MANY_PENDING, STORE_DATASET_ERASED,
   *   STORE_KEY_MISSING, STORE_FULL
   */
  putSegment({ header, seeds, columns }: ShareFile, fileHash: string): "stored" | "held" {
    const version = storedInteger(header.version, "version");
    const hash = hexToBytes(fileHash, 32, "fileHash");
    return this.#database.atomically(() => {
      const dataset = this.#datasetRow(header.datasetId);
      if (this.#admit(dataset, header.datasetId, version, hash) === "held") return "held";
      const key = this.#keyForWriting(dataset, header.datasetId);
      const place = {
        datasetId: hexToBytes(header.datasetId, 32, "datasetId"),
        version,
        fileHash: hash,
        epoch: storedInteger(header.committeeEpoch, "committeeEpoch"),
        rowCount: storedInteger(header.rowCount, "rowCount"),
      };
      const sealedSeeds = seal(key, seedsContext(place), Buffer.concat(seeds), this.#randomBytes);
      const { epoch, rowCount } = place;
      const segment = this.#sql.insertSegment.run(
        dataset,
        version,
        hash,
        epoch,
        rowCount,
        headerText(header),
        sealedSeeds,
      );
      header.columns.forEach((columnId, index) => {
        this.#chunks.put({ ...place, id: BigInt(segment.lastInsertRowid) }, key, columnId, columns[index]!);
      });
      return "stored";
    });
  }

  /**
   * The chain has made `fileHash` this worker's file of a version; other files of that version are deleted.
   * @returns whether the file is here
   * @throws CodedError STORE_SEGMENT_CONFLICT when another file was activated before
   */
  activateSegment(datasetId: string, version: bigint, fileHash: string): boolean {
    const hash = hexToBytes(fileHash, 32, "fileHash");
    return this.#database.atomically(() => {
      const dataset = this.#datasetRow(datasetId);
      const known = this.#sql.activation.get(dataset, storedInteger(version, "version"));
      if (known !== undefined && bytesToHex(known["file_hash"]) !== bytesToHex(hash))
        throw conflict(datasetId, version);
      if (known === undefined) this.#sql.insertActivation.run(dataset, version, hash);
      for (const row of this.#sql.files.all(dataset, version)) {
        if (bytesToHex(row["file_hash"]) !== bytesToHex(hash)) this.#deleteSegment(row["id"] as bigint);
      }
      return this.#sql.segment.get(dataset, version, hash) !== undefined;
    });
  }

  /** Whether this version is activated and its file is here. */
  hasVersion(datasetId: string, version: bigint): boolean {
    return this.#database.guarded(() => this.#activeSegment(datasetId, version)) !== undefined;
  }

  /**
   * One column of versions 1..upToVersion, concatenated: 32-byte big-endian canonical words, in slot order.
   * @throws CodedError STORE_SEGMENT_MISSING, STORE_COLUMN_MISSING, STORE_CHUNK_MISSING, STORE_DECRYPT_FAILED,
   *   STORE_KEY_MISSING, STORE_KEY_UNREADABLE; nothing of the column is returned
   */
  loadColumn(datasetId: string, upToVersion: bigint, columnId: string): Uint8Array {
    return this.#database.guarded(() => {
      const segments = this.#activeSegments(datasetId, upToVersion);
      const key = this.#keys.read(datasetId.toLowerCase());
      const words = new Uint8Array(segments.reduce((sum, { rowCount }) => sum + Number(rowCount), 0) * WORD_BYTES);
      let offset = 0;
      for (const segment of segments) {
        const rows = Number(segment.rowCount);
        const part = words.subarray(offset, offset + rows * WORD_BYTES);
        this.#chunks.loadInto(part, segment, key, columnId, 0, rows);
        offset += part.length;
      }
      return words;
    });
  }

  /**
   * Rows [from, to) of one column of one version alone, its range witnesses included.
   * @throws CodedError as `loadColumn`
   */
  loadRows(datasetId: string, version: bigint, columnId: string, from: number, to: number): Uint8Array {
    return this.#database.guarded(() => {
      const segment = this.#requireActive(datasetId, version);
      const words = new Uint8Array((to - from) * WORD_BYTES);
      this.#chunks.loadInto(words, segment, this.#keys.read(datasetId.toLowerCase()), columnId, from, to);
      return words;
    });
  }

  /** Erases columns of an activated version whose file is here; those that are not there are passed over. */
  eraseColumns(datasetId: string, version: bigint, columnIds: readonly string[]): void {
    this.#database.atomically(() => this.#chunks.delete(this.#requireActive(datasetId, version).id, columnIds));
  }

  /** The public header of an activated version's file. @throws CodedError STORE_SEGMENT_MISSING */
  loadHeader(datasetId: string, version: bigint): ShareFileHeader {
    return this.#database.guarded(() => {
      const row = this.#sql.header.get(this.#requireActive(datasetId, version).id);
      return parseHeaderText(row?.["header"] as string);
    });
  }

  /** The blinder seeds of an activated version, in the order of its header's seedSubsets. */
  loadSeeds(datasetId: string, version: bigint): Uint8Array[] {
    return this.#database.guarded(() => {
      const segment = this.#requireActive(datasetId, version);
      const sealed = this.#sql.seeds.get(segment.id)?.["seeds"] as Uint8Array;
      const plain = unseal(this.#keys.read(datasetId.toLowerCase()), seedsContext(segment), sealed);
      if (plain === undefined) throw undecryptable({ datasetId, version });
      return Array.from({ length: plain.length / SEED_BYTES }, (_, i) =>
        plain.slice(i * SEED_BYTES, (i + 1) * SEED_BYTES),
      );
    });
  }

  /** Every version of a dataset that this worker has, or should have; ascending. */
  segments(datasetId: string): SegmentStatus[] {
    return this.#database.guarded(() =>
      this.#sql.segmentStatus.all({ dataset_id: hexToBytes(datasetId, 32, "datasetId") }).map(statusOfRow),
    );
  }

  datasets(): DatasetStatus[] {
    return this.#database
      .guarded(() => this.#sql.datasets.all())
      .map((row) => {
        const datasetId = bytesToHex(row["dataset_id"]);
        return { datasetId, erased: row["erased"] === 1n, segments: this.segments(datasetId) };
      });
  }

  /** Whether it was erased here: nothing of it is left, and nothing is taken of it. */
  isErased(datasetId: string): boolean {
    const row = this.#database.guarded(() => this.#sql.erased.get(hexToBytes(datasetId, 32, "datasetId")));
    return row?.["erased"] === 1n && !this.#keys.has(datasetId.toLowerCase());
  }

  /**
   * Forgets a dataset for good, in backups of the database too. Not inside a transaction: the key cannot come back. Again is
   * without effect, but for finishing what failed.
   * @throws CodedError STORE_KEY_NOT_ERASED, STORE_*
   */
  eraseDataset(datasetId: string): void {
    this.#database.transaction(() => {
      const dataset = this.#datasetRow(datasetId);
      for (const row of this.#sql.segmentsOf.all(dataset)) this.#deleteSegment(row["id"] as bigint);
      this.#sql.markErased.run(dataset);
    });
    this.#keys.erase(datasetId.toLowerCase());
    this.#onErased(datasetId.toLowerCase());
  }

  /** Told of every dataset erased from now on: one listener, whoever keeps decrypted columns. */
  onErased(listener: (datasetId: string) => void): void {
    this.#onErased = listener;
  }

  /** Names the dataset's key as it now is. @throws CodedError STORE_KEY_MISSING */
  keyStamp(datasetId: string): string {
    return this.#keys.stamp(datasetId.toLowerCase());
  }

  #finishErasures(): void {
    for (const { datasetId, erased } of this.datasets())
      if (erased && this.#keys.has(datasetId)) this.#keys.erase(datasetId);
  }

  /** The dataset's row, made if there is none. */
  #datasetRow(datasetId: string): bigint {
    const bytes = hexToBytes(datasetId, 32, "datasetId");
    this.#sql.insertDataset.run(bytes);
    return this.#sql.dataset.get(bytes)?.["id"] as bigint;
  }

  #admit(dataset: bigint, datasetId: string, version: bigint, hash: Uint8Array): "new" | "held" {
    if (this.#sql.datasetById.get(dataset)?.["erased"] === 1n) {
      throw storeError({ code: "STORE_DATASET_ERASED", datasetId }, `dataset ${datasetId} was erased here`);
    }
    if (this.#sql.segment.get(dataset, version, hash) !== undefined) return "held";
    const activated = this.#sql.activation.get(dataset, version)?.["file_hash"];
    if (activated !== undefined && bytesToHex(activated) !== bytesToHex(hash)) throw conflict(datasetId, version);
    if (this.#sql.files.all(dataset, version).length >= MAX_PENDING_FILES) {
      const detail = { code: "STORE_TOO_MANY_PENDING", datasetId, version, maximum: MAX_PENDING_FILES } as const;
      throw storeError(detail, `dataset ${datasetId} version ${version}: ${MAX_PENDING_FILES} files await activation`);
    }
    return "new";
  }

  /** A dataset that has segments must have its key: a new one would make the old segments unreadable. */
  #keyForWriting(dataset: bigint, datasetId: string): Uint8Array {
    const isFirst = this.#sql.segmentsOf.all(dataset).length === 0;
    return isFirst ? this.#keys.readOrCreate(datasetId.toLowerCase()) : this.#keys.read(datasetId.toLowerCase());
  }

  #activeSegments(datasetId: string, upToVersion: bigint): SegmentRow[] {
    const segments: SegmentRow[] = [];
    for (let version = 1n; version <= upToVersion; version += 1n)
      segments.push(this.#requireActive(datasetId, version));
    return segments;
  }

  #requireActive(datasetId: string, version: bigint): SegmentRow {
    const segment = this.#activeSegment(datasetId, version);
    if (segment !== undefined) return segment;
    const activated = this.segments(datasetId).some((known) => known.version === version && known.state === "missing");
    const why = activated ? "its file is not here" : "it is not activated";
    const detail = { code: "STORE_SEGMENT_MISSING", datasetId, version, activated } as const;
    throw storeError(detail, `dataset ${datasetId} version ${version}: ${why}`);
  }

  #activeSegment(datasetId: string, version: bigint): SegmentRow | undefined {
    const bytes = hexToBytes(datasetId, 32, "datasetId");
    const row = this.#sql.activeSegment.get(bytes, storedInteger(version, "version"));
    if (row === undefined) return undefined;
    return {
      id: row["id"] as bigint,
      datasetId: bytes,
      version,
      fileHash: row["file_hash"] as Uint8Array,
      epoch: row["epoch"] as bigint,
      rowCount: row["row_count"] as bigint,
    };
  }

  #deleteSegment(segment: bigint): void {
    this.#chunks.delete(segment);
    this.#sql.deleteSegment.run(segment);
  }
}

function statusOfRow(row: Record<string, unknown>): SegmentStatus {
  return {
    version: row["version"] as bigint,
    state: row["state"] as SegmentStatus["state"],
    fileHash: bytesToHex(row["file_hash"]),
    epoch: (row["epoch"] as bigint | null) ?? undefined,
    rowCount: row["row_count"] === null ? undefined : Number(row["row_count"]),
  };
}

function headerText(header: ShareFileHeader): string {
  return JSON.stringify(header, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

function parseHeaderText(text: string): ShareFileHeader {
  const header = JSON.parse(text) as ShareFileHeader & { version: string; committeeEpoch: string };
  return { ...header, version: BigInt(header.version), committeeEpoch: BigInt(header.committeeEpoch) };
}

function conflict(datasetId: string, version: bigint): Error {
  const detail = { code: "STORE_SEGMENT_CONFLICT", datasetId, version } as const;
  return storeError(detail, `dataset ${datasetId} version ${version} is activated with another file`);
}
