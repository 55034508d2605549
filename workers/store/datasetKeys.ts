/**
 * One key per dataset, in a file of its own outside the database and its backups: deleting the file erases the dataset
 * everywhere, backups of the database included. Each key is wrapped under one key of the worker's, so that a copied key
 * folder alone opens nothing.
 *
 * File `<datasetId>.key`, mode 0600: "OPALKEY1" | AES-256-GCM of the key (chunkCipher.ts).
 */
import { hkdfSync } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { RandomBytes } from "../field/field.ts";
import { keyContext, seal, unseal } from "./chunkCipher.ts";
import { storeError } from "./errors.ts";
import { hexToBytes } from "./hex.ts";

const MAGIC = Buffer.from("OPALKEY1");
const KEY_BYTES = 32;

/** @param secret 32 secret bytes of the worker's, kept as long as the store @returns 32 bytes for `wrappingKey` */
export function deriveWrappingKey(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), "Opaline.store.wrappingKey.v1", KEY_BYTES));
}

export class DatasetKeys {
  readonly #folder: string;
  readonly #wrappingKey: Uint8Array;
  readonly #randomBytes: RandomBytes;
  /** Keys already unwrapped, and the stamp of the file each came from. */
  readonly #open = new Map<string, { readonly key: Uint8Array; readonly stamp: string }>();

  /** @throws CodedError STORE_PERMISSIONS when others may write in the folder */
  constructor(folder: string, wrappingKey: Uint8Array, randomBytes: RandomBytes) {
    if (wrappingKey.length !== KEY_BYTES) {
      throw storeError(
        { code: "STORE_INVALID", field: "wrappingKey" },
        `the wrapping key must have ${KEY_BYTES} bytes`,
      );
    }
    this.#folder = folder;
    this.#wrappingKey = wrappingKey;
    this.#randomBytes = randomBytes;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    refuseMode(folder, 0o022);
  }

  /** @throws CodedError STORE_KEY_MISSING, STORE_KEY_UNREADABLE (wrong worker, altered file), STORE_PERMISSIONS */
  read(datasetId: string): Uint8Array {
    const stamp = this.stamp(datasetId);
    const open = this.#open.get(datasetId);
    if (open?.stamp === stamp) return open.key;
    const file = this.#readFile(datasetId);
    const context = keyContext(hexToBytes(datasetId, 32, "datasetId"));
    const isOurs = file.subarray(0, MAGIC.length).equals(MAGIC);
    const key = isOurs ? unseal(this.#wrappingKey, context, file.subarray(MAGIC.length)) : undefined;
    if (key?.length !== KEY_BYTES) {
      const detail = { code: "STORE_KEY_UNREADABLE", datasetId } as const;
      throw storeError(detail, `the key of dataset ${datasetId} does not open: another worker's, or damaged`);
    }
    this.#open.set(datasetId, { key, stamp });
    return key;
  }

  /**
   * Which key file is there now: another text once it was replaced.
   * @throws CodedError STORE_KEY_MISSING when it is gone, which also forgets the key
   */
  stamp(datasetId: string): string {
    const status = lstatSync(this.#pathOf(datasetId), { throwIfNoEntry: false, bigint: true });
    if (status !== undefined) return `${status.ino}-${status.mtimeNs}`;
    this.#wipe(datasetId);
    throw storeError(
      { code: "STORE_KEY_MISSING", datasetId },
      `dataset ${datasetId} has no key: erased, or not restored`,
    );
  }

  /** The key, made and durable on disk first if there is none. */
  readOrCreate(datasetId: string): Uint8Array {
    if (!this.has(datasetId)) this.#create(datasetId);
    return this.read(datasetId);
  }

  has(datasetId: string): boolean {
    return lstatSync(this.#pathOf(datasetId), { throwIfNoEntry: false }) !== undefined;
  }

  /**
   * Gone when this returns, after a power cut too (as far as the disk forgets what it overwrites).
   * @throws CodedError STORE_KEY_NOT_ERASED when the folder refuses
   */
  erase(datasetId: string): void {
    this.#wipe(datasetId);
    try {
      rmSync(this.#pathOf(datasetId), { force: true });
      syncFolder(this.#folder);
    } catch (error) {
      const message = `the key file of dataset ${datasetId} cannot be deleted from ${this.#folder}`;
      throw storeError({ code: "STORE_KEY_NOT_ERASED", datasetId }, message, error);
    }
  }

  /** Wipes the keys held in memory. */
  close(): void {
    for (const datasetId of this.#open.keys()) this.#wipe(datasetId);
  }

  #wipe(datasetId: string): void {
    this.#open.get(datasetId)?.key.fill(0);
    this.#open.delete(datasetId);
  }

  #create(datasetId: string): void {
    const context = keyContext(hexToBytes(datasetId, 32, "datasetId"));
    const key = this.#randomBytes(KEY_BYTES);
    const file = Buffer.concat([MAGIC, seal(this.#wrappingKey, context, key, this.#randomBytes)]);
    key.fill(0);
    const path = this.#pathOf(datasetId);
    const unfinished = `${path}.new`;
    rmSync(unfinished, { force: true });
    const descriptor = openSync(unfinished, "wx", 0o600);
    try {
      writeSync(descriptor, file);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, path);
    syncFolder(this.#folder);
  }

  #readFile(datasetId: string): Buffer {
    const path = this.#pathOf(datasetId);
    refuseMode(path, 0o077);
    return readFileSync(path);
  }

  #pathOf(datasetId: string): string {
    return join(this.#folder, `${Buffer.from(hexToBytes(datasetId, 32, "datasetId")).toString("hex")}.key`);
  }
}

function refuseMode(path: string, forbidden: number): void {
  const mode = lstatSync(path).mode & 0o777;
  if ((mode & forbidden) === 0) return;
  const detail = { code: "STORE_PERMISSIONS", path, mode: mode.toString(8) } as const;
  throw storeError(detail, `${path} is open to others (mode ${detail.mode})`);
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
