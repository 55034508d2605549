/**
 * The SQLite file under the store: opened once, by one process, for as long as the worker lives. WAL with
 * synchronous=FULL: what `transaction` returned from survives kill -9 and loss of power. Errors of SQLite become
 * STORE_* errors; when one does, the transaction was rolled back.
 *
 * https://sqlite.org/wal.html, https://sqlite.org/pragma.html
 */
import { strict as assert } from "node:assert";
import { closeSync, openSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { isCoded } from "../errors.ts";
import { storeError } from "./errors.ts";
import { MIGRATIONS } from "./migrations.ts";

/** "OPAL": marks the file as ours, so that another program's database is refused and not migrated. */
const APPLICATION_ID = 0x4f50414c;
/** A chunk of 1,024 words takes one page and a small rest. Measured: 2.9 GB/s read with 32 KiB, 2.0 with 4 KiB. */
const PAGE_BYTES = 32_768;
/** SQLite's primary result codes. */
const [SQLITE_BUSY, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_NOTADB] = [5, 10, 11, 13, 26];

export class Database {
  readonly #database: DatabaseSync;
  readonly #path: string;
  #inTransaction = false;

  /**
   * @param maxBytes refuse to grow beyond (STORE_FULL); undefined: the disk decides
   * @throws CodedError STORE_PERMISSIONS, STORE_LOCKED, STORE_FOREIGN_FILE, STORE_NEWER_FILE, STORE_CORRUPT
   */
  constructor(path: string, maxBytes: number | undefined) {
    this.#path = path;
    createPrivately(path);
    this.#database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    try {
      this.guarded(() => this.#prepareFile(maxBytes));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** Rows come with integers as bigint. */
  prepare(sql: string): StatementSync {
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  }

  /**
   * Runs `work` in one transaction: all of it is durable when this returns, none of it when this throws.
   * @throws CodedError STORE_NESTED_TRANSACTION, STORE_FULL, STORE_IO, STORE_CORRUPT, and whatever `work` throws
   */
  transaction<Result>(work: () => Result): Result {
    if (this.#inTransaction) {
      throw storeError({ code: "STORE_NESTED_TRANSACTION" }, "a transaction is already open");
    }
    this.guarded(() => this.#database.exec("BEGIN IMMEDIATE"));
    this.#inTransaction = true;
    try {
      const result = this.guarded(work);
      assert(!(result instanceof Promise), "a transaction's work is synchronous");
      this.guarded(() => this.#database.exec("COMMIT"));
      return result;
    } catch (error) {
      // After SQLITE_FULL and the like, SQLite may have rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /** In its own transaction, or as one step of the open one: should it throw, and be caught, the step leaves no trace. */
  atomically<Result>(work: () => Result): Result {
    if (!this.#inTransaction) return this.transaction(work);
    this.guarded(() => this.#database.exec("SAVEPOINT step"));
    try {
      const result = this.guarded(work);
      this.guarded(() => this.#database.exec("RELEASE step"));
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK TO step; RELEASE step");
      throw error;
    }
  }

  /** Runs `work` with SQLite's errors translated. */
  guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw isCoded(error) ? error : translate(error, this.#path);
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #prepareFile(maxBytes: number | undefined): void {
    // The page size can only be chosen before the first page exists. EXCLUSIVE: one worker per file.
    this.#database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA locking_mode = EXCLUSIVE`);
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    this.#database.exec("PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF");
    if (maxBytes !== undefined) this.#database.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)}`);
    this.#checkOwner();
    this.#migrate();
  }

  #checkOwner(): void {
    const applicationId = this.#pragma("application_id");
    const isNew = this.#database.prepare("SELECT COUNT(*) AS tables FROM sqlite_schema").get()?.["tables"] === 0;
    if (applicationId === APPLICATION_ID || (isNew && applicationId === 0)) return;
    throw storeError({ code: "STORE_FOREIGN_FILE", path: this.#path }, `${this.#path} is not a worker's store`);
  }

  #migrate(): void {
    const found = this.#pragma("user_version");
    const supported = MIGRATIONS.length;
    if (found > supported) {
      const detail = { code: "STORE_NEWER_FILE", path: this.#path, found, supported } as const;
      throw storeError(detail, `${this.#path} has schema ${found}, this worker knows ${supported}`);
    }
    this.transaction(() => {
      for (const migration of MIGRATIONS.slice(found)) this.#database.exec(migration);
      this.#database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${supported}`);
    });
  }

  #pragma(name: string): number {
    return Number(this.#database.prepare(`PRAGMA ${name}`).get()?.[name]);
  }
}

/** SQLite gives its WAL the database's mode, so 0600 here holds for all. */
function createPrivately(path: string): void {
  closeSync(openSync(path, "a", 0o600));
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  const detail = { code: "STORE_PERMISSIONS", path, mode: mode.toString(8) } as const;
  throw storeError(detail, `${path} may be read by others (mode ${detail.mode}); make it 600`);
}

function translate(error: unknown, path: string): unknown {
  const errcode = (error as { errcode?: unknown }).errcode;
  if (typeof errcode !== "number") return error;
  switch (errcode & 0xff) {
    case SQLITE_BUSY:
      return storeError({ code: "STORE_LOCKED", path }, `${path} is in use by another worker`, error);
    case SQLITE_FULL:
      return storeError({ code: "STORE_FULL" }, "no space left for the store", error);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return storeError({ code: "STORE_CORRUPT", errcode }, `${path} is damaged (SQLite ${errcode})`, error);
    case SQLITE_IOERR:
      return storeError({ code: "STORE_IO", errcode }, `cannot read or write ${path} (SQLite ${errcode})`, error);
    default:
      return error;
  }
}
