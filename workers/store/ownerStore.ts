/**
 * Which worker this store is: the member's name in the registry, written once. A key may change; whose shares these are may
 * not, and a store followed under another name would miss what is meant for its own.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { bytesToHex, hexToBytes } from "./hex.ts";

export class OwnerStore {
  readonly #database: Database;
  readonly #select: StatementSync;
  readonly #insert: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    this.#select = database.prepare("SELECT member FROM owner");
    this.#insert = database.prepare("INSERT OR IGNORE INTO owner (id, member) VALUES (1, ?)");
  }

  /** In lower case; undefined before the first `claim`. */
  read(): string | undefined {
    const row = this.#database.guarded(() => this.#select.get());
    return row === undefined ? undefined : bytesToHex(row["member"]);
  }

  /** Without effect where there is an owner. */
  claim(member: string): void {
    this.#database.atomically(() => this.#insert.run(hexToBytes(member, 20, "member")));
  }
}
