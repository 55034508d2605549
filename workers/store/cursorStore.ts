/**
 * How far the worker has followed the chain. Written in the same transaction as the effects of the logs it passes
 * (`Store.transaction`), so that after a kill at any moment a log is either wholly handled or not at all.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";

/** Everything up to and including log `logIndex` of block `block` has been handled. */
export interface StoredCursor {
  readonly block: number;
  /** 0x-hex bytes32. */
  readonly blockHash: string;
  readonly logIndex: number;
}

export class CursorStore {
  readonly #database: Database;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    this.#select = database.prepare("SELECT block, block_hash, log_index FROM cursor WHERE name = ?");
    this.#upsert = database.prepare(
      `INSERT INTO cursor (name, block, block_hash, log_index) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE
       SET block = excluded.block, block_hash = excluded.block_hash, log_index = excluded.log_index`,
    );
  }

  /** @param name which stream of events, such as the chain's id */
  read(name: string): StoredCursor | undefined {
    const row = this.#database.guarded(() => this.#select.get(name));
    if (row === undefined) return undefined;
    return {
      block: Number(row["block"]),
      blockHash: bytesToHex(row["block_hash"]),
      logIndex: Number(row["log_index"]),
    };
  }

  write(name: string, { block, blockHash, logIndex }: StoredCursor): void {
    const values = [
      storedInteger(block, "block"),
      hexToBytes(blockHash, 32, "blockHash"),
      storedInteger(logIndex, "logIndex"),
    ] as const;
    this.#database.atomically(() => this.#upsert.run(name, ...values));
  }
}
