/**
 * Shares at rest. A share file is stored as received, its columns in chunks sealed under their holding's key
 * (columnChunks.ts, holdings.ts); it is read from there once the chain has named it (activeShares.ts).
 *
 * Invariants
 * 1. A segment is stored whole or not at all, and after its key is durable.
 * 2. Several files may be pending for one version among one committee; when the chain names one, it stays and the others go, but
 *    for those received after it where another may replace it: the chain may name one of them next, and their receipts are given
 *    (versionFiles.ts). A version whose file is not here is missing: reading it is an error, never a shorter column.
 * 3. `loadColumn` returns words of activated versions only, all of them, in order, and of one committee, or throws.
 * 4. An erased holding never returns, nor any of an erased dataset: first the rows go and a tombstone stays (one
 *    transaction), then the key. A crash between the two is finished when the store opens.
 * 5. The file that the chain named stays, unless the caller says that another replaces it: shares for a committee that is
 *    only proposed may be dealt again.
 *
 *   (none) --putSegment--> pending --activateSegment--> active --eraseHolding, eraseDataset--> erased
 *   (none) --activateSegment--> missing --putSegment (that file only)--> active
 *   active, missing --activateSegment (another file, replaces)--> active, missing
 */
import type { RandomBytes } from "../field/field.ts";
import type { ShareFile, ShareFileHeader } from "../messages/shareFile.ts";
import { ActiveSegments } from "./activeSegments.ts";
import { ActiveShares } from "./activeShares.ts";
import { seal, seedsContext } from "./chunkCipher.ts";
import { ColumnChunks } from "./columnChunks.ts";
import type { Database } from "./database.ts";
import { storeError } from "./errors.ts";
import type { HoldingKeys } from "./holdingKeys.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";
import { type Holding, type HoldingStatus, Holdings, isTombstone } from "./holdings.ts";
import { type SegmentStatus, headerText, statusOfRow } from "./segmentRows.ts";
import { prepareShareStatements, type ShareStatements } from "./shareStatements.ts";
import { VersionFiles } from "./versionFiles.ts";

export interface DatasetStatus {
  readonly datasetId: string;
  readonly erased: boolean;
  /** Not those of holdings that were erased by themselves. */
  readonly segments: readonly SegmentStatus[];
}

/** That of another file, of one version among one committee. */
export interface Replacement {
  /** Whether another file may take the place of the one that the chain named. Default: no. */
  readonly replaces?: boolean;
}

export interface NamedFile extends Replacement {
  readonly datasetId: string;
  readonly epoch: bigint;
  readonly version: bigint;
  /** keccak256 of this worker's file. */
  readonly fileHash: string;
}

export interface ShareStoreModules {
  readonly database: Database;
  readonly keys: HoldingKeys;
  readonly randomBytes: RandomBytes;
}

export class ShareStore {
  readonly #database: Database;
  readonly #keys: HoldingKeys;
  readonly #randomBytes: RandomBytes;
  readonly #sql: ShareStatements;
  readonly #chunks: ColumnChunks;
  readonly #holdings: Holdings;
  readonly #files: VersionFiles;
  readonly #active: ActiveSegments;
  readonly #shares: ActiveShares;
  #onErased: (datasetId: string, epoch: bigint) => void = () => undefined;

  constructor({ database, keys, randomBytes }: ShareStoreModules) {
    this.#database = database;
    this.#keys = keys;
    this.#randomBytes = randomBytes;
    this.#sql = prepareShareStatements(database);
    this.#chunks = new ColumnChunks(this.#sql, randomBytes);
    this.#holdings = new Holdings(this.#sql, keys);
    this.#files = new VersionFiles(this.#sql);
    this.#active = new ActiveSegments(this.#sql);
    const keyOf = (datasetId: string, epoch: bigint): Uint8Array =>
      keys.read(this.#holdings.keyOwner(datasetId, epoch));
    this.#shares = new ActiveShares({ sql: this.#sql, active: this.#active, chunks: this.#chunks, keyOf });
    database.guarded(() => this.#holdings.finishErasures());
  }

  /**
   * Stores a decoded share file in the holding that its header names, durably unless inside a transaction, which then decides.
   * @param fileHash keccak256 of the file's bytes, as its receipt will say
   * @param replaces then it is pending beside another file that is active
   * @returns "held" when this very file was here already
   * @throws CodedError STORE_SEGMENT_CONFLICT (another file is active), STORE_TOO_MANY_PENDING, STORE_DATASET_ERASED,
   *   STORE_HOLDING_ERASED, STORE_KEY_MISSING, STORE_FULL
   */
  putSegment(
    { header, seeds, columns }: ShareFile,
    fileHash: string,
    { replaces = false }: Replacement = {},
  ): "stored" | "held" {
    const studyId = hexToBytes(header.studyId, 32, "studyId");
    const place = {
      datasetId: hexToBytes(header.datasetId, 32, "datasetId"),
      version: storedInteger(header.version, "version"),
      fileHash: hexToBytes(fileHash, 32, "fileHash"),
      epoch: storedInteger(header.committeeEpoch, "committeeEpoch"),
      rowCount: storedInteger(header.rowCount, "rowCount"),
    };
    return this.#database.atomically(() => {
      const holding = this.#holdings.take(header.datasetId, place.epoch);
      this.#holdings.refuseErased(holding);
      const { dataset } = holding;
      const { epoch, version, fileHash: hash, rowCount } = place;
      if (this.#files.has(holding, version, hash)) return "held";
      this.#files.refuseConflict(holding, version, hash, replaces);
      const key = this.#keyForWriting(holding);
      this.#sql.nameStudy.run(studyId, dataset);
      const sealedSeeds = seal(key, seedsContext(place), Buffer.concat(seeds), this.#randomBytes);
      const text = headerText(header);
      const segment = this.#sql.insertSegment.run(dataset, version, hash, epoch, rowCount, text, sealedSeeds);
      header.columns.forEach((columnId, index) => {
        this.#chunks.put({ ...place, id: BigInt(segment.lastInsertRowid) }, key, columnId, columns[index]!);
      });
      return "stored";
    });
  }

  /**
   * The chain has made a file this worker's of a version among a committee. Other files of that version there are deleted; with
   * `replaces` those that came after it stay pending, until it is named without.
   * @returns whether the file is here
   * @throws CodedError STORE_SEGMENT_CONFLICT when another file was named before, and this one does not replace it
   */
  activateSegment({ datasetId, epoch, version, fileHash, replaces = false }: NamedFile): boolean {
    const hash = hexToBytes(fileHash, 32, "fileHash");
    return this.#database.atomically(() => {
      const { isHere, over } = this.#files.name(this.#holdings.take(datasetId, epoch), version, hash, replaces);
      for (const segment of over) this.#deleteSegment(segment);
      return isHere;
    });
  }

  /** Whether this version is activated among this committee and its file is here. */
  hasVersion(datasetId: string, epoch: bigint, version: bigint): boolean {
    return this.#database.guarded(() => this.#active.find(datasetId, epoch, version)) !== undefined;
  }

  /**
   * One column of versions 1..upToVersion, concatenated: 32-byte big-endian canonical words, in slot order.
   * @throws CodedError STORE_SEGMENT_MISSING, STORE_COLUMN_MISSING, STORE_CHUNK_MISSING, STORE_DECRYPT_FAILED,
   *   STORE_KEY_MISSING, STORE_KEY_UNREADABLE; nothing of the column is returned
   */
  loadColumn(datasetId: string, epoch: bigint, upToVersion: bigint, columnId: string): Uint8Array {
    return this.#database.guarded(() => this.#shares.column(datasetId, epoch, upToVersion, columnId));
  }

  /**
   * Rows [from, to) of one column of one version alone, its range witnesses included.
   * @throws CodedError as `loadColumn`
   */
  loadRows(datasetId: string, epoch: bigint, version: bigint, columnId: string, from: number, to: number): Uint8Array {
    return this.#database.guarded(() => this.#shares.rows(datasetId, epoch, version, columnId, from, to));
  }

  /** Erases columns of an activated version whose file is here; those that are not there are passed over. */
  eraseColumns(datasetId: string, epoch: bigint, version: bigint, columnIds: readonly string[]): void {
    this.#database.atomically(() => this.#chunks.delete(this.#active.require(datasetId, epoch, version).id, columnIds));
  }

  /** The public header of an activated version's file. @throws CodedError STORE_SEGMENT_MISSING */
  loadHeader(datasetId: string, epoch: bigint, version: bigint): ShareFileHeader {
    return this.#database.guarded(() => this.#shares.header(datasetId, epoch, version));
  }

  /** The blinder seeds of an activated version, in the order of its header's seedSubsets. */
  loadSeeds(datasetId: string, epoch: bigint, version: bigint): Uint8Array[] {
    return this.#database.guarded(() => this.#shares.seeds(datasetId, epoch, version));
  }

  /** Every version of a dataset that this worker has, or should have, in whichever committee; ascending (epoch, version). */
  segments(datasetId: string): SegmentStatus[] {
    return this.#database.guarded(() =>
      this.#sql.segmentStatus.all({ dataset_id: hexToBytes(datasetId, 32, "datasetId") }).map(statusOfRow),
    );
  }

  /** By dataset and epoch: of which something was stored, named by the chain, or erased. */
  holdings(): HoldingStatus[] {
    const all = this.#database.guarded(() => this.#holdings.all());
    return all.map((holding) => ({
      datasetId: holding.datasetId,
      epoch: holding.epoch,
      erased: isTombstone(holding),
    }));
  }

  /** Of which a share file was ever here, whether or not the chain has heard of it; ascending. */
  datasetsOf(studyId: string): string[] {
    const rows = this.#database.guarded(() => this.#sql.datasetsOfStudy.all(hexToBytes(studyId, 32, "studyId")));
    return rows.map((row) => bytesToHex(row["dataset_id"]));
  }

  datasets(): DatasetStatus[] {
    return this.#database.guarded(() => {
      const erased = this.#holdings.all().filter(({ isErased, isDatasetErased }) => isErased && !isDatasetErased);
      const gone = new Set(erased.map(({ datasetId, epoch }) => `${datasetId}/${epoch}`));
      return this.#sql.datasets.all().map((row) => {
        const datasetId = bytesToHex(row["dataset_id"]);
        const segments = this.segments(datasetId).filter(({ epoch }) => !gone.has(`${datasetId}/${epoch}`));
        return { datasetId, erased: row["erased"] === 1n, segments };
      });
    });
  }

  /** Whether it was erased here as a whole: nothing of it is left, and nothing is taken of it. */
  isErased(datasetId: string): boolean {
    return this.#database.guarded(() => this.#holdings.isDatasetErased(datasetId));
  }

  /** Whether one committee's shares of it were, by themselves or with all. */
  isHoldingErased(datasetId: string, epoch: bigint): boolean {
    return this.#database.guarded(() => this.#holdings.isErased(datasetId, epoch));
  }

  /**
   * Forgets a dataset for good, whichever committees its shares are of, in backups of the database too. Not inside a
   * transaction: the keys cannot come back. Again is without effect, but for finishing what failed.
   * @throws CodedError STORE_KEY_NOT_ERASED, STORE_*
   */
  eraseDataset(datasetId: string): void {
    const holdings = this.#database.transaction(() => {
      const dataset = this.#holdings.datasetRow(datasetId);
      for (const row of this.#sql.segmentsOf.all(dataset)) this.#deleteSegment(row["id"] as bigint);
      this.#sql.markErased.run(dataset);
      return this.#holdings.of(datasetId);
    });
    this.#keys.eraseAll(datasetId.toLowerCase());
    for (const { epoch } of holdings) this.#onErased(datasetId.toLowerCase(), epoch);
  }

  /**
   * Forgets one committee's shares of a dataset for good, likewise; another's stay. Of a holding that never was, a tombstone
   * stays.
   * @throws CodedError STORE_KEY_NOT_ERASED, STORE_*
   */
  eraseHolding(datasetId: string, epoch: bigint): void {
    const holding = this.#database.transaction(() => {
      const taken = this.#holdings.take(datasetId, epoch);
      for (const row of this.#sql.segmentsOfHolding.all(taken.dataset, epoch)) this.#deleteSegment(row["id"] as bigint);
      this.#sql.markHoldingErased.run(taken.dataset, epoch);
      return taken;
    });
    this.#keys.erase(holding);
    this.#onErased(holding.datasetId, epoch);
  }

  /** Told of every holding erased from now on: one listener, whoever keeps decrypted columns. */
  onErased(listener: (datasetId: string, epoch: bigint) => void): void {
    this.#onErased = listener;
  }

  /** Names the holding's key as it now is. @throws CodedError STORE_KEY_MISSING */
  keyStamp(datasetId: string, epoch: bigint): string {
    return this.#database.guarded(() => this.#keys.stamp(this.#holdings.keyOwner(datasetId, epoch)));
  }

  /**
   * That the worker's own secret is the one under which the keys that are here were wrapped: at least one of them opens. A file that does
   * not, among others that do, is damaged; its holding alone cannot be read (STORE_KEY_UNREADABLE).
   * @throws CodedError STORE_WRONG_KEY; STORE_PERMISSIONS of a key file that others may read
   */
  checkKeys(): void {
    const holdings = this.#database.guarded(() => this.#holdings.all());
    const here = holdings.filter((holding) => this.#keys.has(holding));
    if (here.length === 0 || here.some((holding) => this.#keys.opens(holding))) return;
    const message =
      `none of the ${here.length} dataset keys here opens under this store key: start with the one that was there when the ` +
      "shares came; if this is it, the key files are damaged: restore them, or delete them to go on without these shares";
    throw storeError({ code: "STORE_WRONG_KEY", holdings: here.length }, message);
  }

  /** A holding that has segments must have its key: a new one would make the old segments unreadable. */
  #keyForWriting(holding: Holding): Uint8Array {
    const isFirst = this.#sql.segmentsOfHolding.all(holding.dataset, holding.epoch).length === 0;
    return isFirst ? this.#keys.readOrCreate(holding) : this.#keys.read(holding);
  }

  #deleteSegment(segment: bigint): void {
    this.#chunks.delete(segment);
    this.#sql.deleteSegment.run(segment);
  }
}
