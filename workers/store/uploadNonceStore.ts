/**
 * Upload nonces that were used. `use` belongs in the transaction that stores the file: then a replayed upload finds the
 * nonce, and a failed one has not spent it. A nonce may be forgotten once its deadline has passed, since the deadline
 * refuses the upload by itself.
 */
import type { StatementSync } from "node:sqlite";
import type { Database } from "./database.ts";
import { storeError } from "./errors.ts";
import { hexToBytes } from "./hex.ts";

const MAX_I64 = (1n << 63n) - 1n;

export class UploadNonceStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare("INSERT OR IGNORE INTO upload_nonce (signer, nonce, deadline) VALUES (?, ?, ?)");
    this.#select = database.prepare("SELECT 1 FROM upload_nonce WHERE signer = ? AND nonce = ?");
    this.#delete = database.prepare("DELETE FROM upload_nonce WHERE deadline < ?");
  }

  isUsed(signer: string, nonce: bigint): boolean {
    return this.#database.guarded(() => this.#select.get(addressBytes(signer), nonceBytes(nonce))) !== undefined;
  }

  /**
   * @param deadline last second at which the upload may be accepted
   * @throws CodedError STORE_NONCE_USED
   */
  use(signer: string, nonce: bigint, deadline: bigint): void {
    const kept = deadline > MAX_I64 ? MAX_I64 : deadline;
    const { changes } = this.#database.atomically(() =>
      this.#insert.run(addressBytes(signer), nonceBytes(nonce), kept),
    );
    if (BigInt(changes) === 1n) return;
    const detail = { code: "STORE_NONCE_USED", signer, nonce: String(nonce) } as const;
    throw storeError(detail, `${signer} has used upload nonce ${nonce} before`);
  }

  /** Forgets nonces whose deadline lies before `nowSeconds`. @returns how many */
  prune(nowSeconds: bigint): number {
    return Number(this.#database.atomically(() => this.#delete.run(nowSeconds)).changes);
  }
}

function addressBytes(signer: string): Uint8Array {
  return hexToBytes(signer, 20, "signer");
}

function nonceBytes(nonce: bigint): Uint8Array {
  return hexToBytes(`0x${nonce.toString(16).padStart(64, "0")}`, 32, "nonce");
}
