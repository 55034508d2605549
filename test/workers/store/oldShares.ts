/** Shares as a worker stored them when a study had one committee for ever: one key per dataset, named and bound by its id. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { chunkContext, onlyKeyContext, seal, seedsContext } from "../../../workers/store/chunkCipher.ts";
import { CHUNK_ROWS } from "../../../workers/store/columnChunks.ts";
import { headerText } from "../../../workers/store/segmentRows.ts";
import type { ShareFile } from "../../../workers/messages/shareFile.ts";
import { type StoreFolder, WRAPPING_KEY } from "./storeFixture.ts";

const CHUNK_BYTES = 32 * CHUNK_ROWS;

export interface OldFile {
  readonly file: ShareFile;
  readonly fileHash: string;
  readonly isActive: boolean;
}

export class OldShares {
  readonly #folder: StoreFolder;
  readonly #database: DatabaseSync;

  /** @param folder with a file of that schema (`writeOldStore`) */
  constructor(folder: StoreFolder) {
    this.#folder = folder;
    this.#database = new DatabaseSync(folder.path);
    mkdirSync(folder.keyDir, { recursive: true, mode: 0o700 });
  }

  /** A dataset's files, all under one key. */
  put(datasetId: string, files: readonly OldFile[]): void {
    const id = bytesOf(datasetId);
    const key = randomBytes(32);
    const sealedKey = seal(WRAPPING_KEY, onlyKeyContext(id), key, randomBytes);
    const keyFile = Buffer.concat([Buffer.from("OPALKEY1"), sealedKey]);
    writeFileSync(join(this.#folder.keyDir, `${id.toString("hex")}.key`), keyFile, { mode: 0o600 });
    const dataset = this.#insert("INSERT INTO dataset (dataset_id) VALUES (?)", id);
    for (const each of files) this.#putFile(dataset, key, each);
  }

  close(): void {
    this.#database.close();
  }

  #putFile(dataset: number, key: Uint8Array, { file, fileHash, isActive }: OldFile): void {
    const { header, seeds, columns } = file;
    const { version, committeeEpoch: epoch, rowCount } = header;
    const hash = bytesOf(fileHash);
    const place = { datasetId: bytesOf(header.datasetId), version, fileHash: hash, epoch, rowCount: BigInt(rowCount) };
    const segment = this.#insert(
      "INSERT INTO segment (dataset, version, file_hash, epoch, row_count, header, seeds) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...[dataset, version, hash, epoch, rowCount, headerText(header)],
      seal(key, seedsContext(place), Buffer.concat(seeds), randomBytes),
    );
    if (isActive) this.#insert("INSERT INTO activation VALUES (?, ?, ?)", dataset, version, hash);
    header.columns.forEach((columnId, index) => {
      const id = bytesOf(columnId);
      const column = this.#insert("INSERT INTO stored_column (segment, column_id) VALUES (?, ?)", segment, id);
      for (let chunk = 0; chunk * CHUNK_BYTES < columns[index]!.length; chunk += 1) {
        const words = columns[index]!.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
        const sealed = seal(key, chunkContext(place, id, chunk), words, randomBytes);
        this.#insert("INSERT INTO chunk VALUES (?, ?)", column * 2 ** 20 + chunk, sealed);
      }
    });
  }

  #insert(sql: string, ...values: (number | bigint | string | Uint8Array)[]): number {
    return Number(this.#database.prepare(sql).run(...values).lastInsertRowid);
  }
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.slice(2), "hex");
}
