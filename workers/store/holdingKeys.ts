/**
 * One key per holding, the shares of one dataset among one committee, in a file of its own outside the database and its
 * backups: deleting the file erases the holding everywhere, backups of the database included. Each key is wrapped under one
 * key of the worker's, so that a copied key folder alone opens nothing.
 *
 * File `<datasetId>-<epoch>.key`, mode 0600: "OPALKEY1" | AES-256-GCM of the key, bound to both (chunkCipher.ts). Of a
 * dataset stored when there was one committee for ever: `<datasetId>.key`, bound to the dataset alone.
 */
import { hkdfSync } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isCoded } from "../errors.ts";
import type { RandomBytes } from "../field/field.ts";
import { keyContext, onlyKeyContext, seal, unseal } from "./chunkCipher.ts";
import { storeError } from "./errors.ts";
import { hexToBytes } from "./hex.ts";

const MAGIC = Buffer.from("OPALKEY1");
const KEY_BYTES = 32;
const KEY_ENDING = ".key";

/** @param secret 32 secret bytes of the worker's, kept as long as the store @returns 32 bytes for `wrappingKey` */
export function deriveWrappingKey(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), "Opaline.store.wrappingKey.v1", KEY_BYTES));
}

/** Whose key it is. */
export interface KeyOwner {
  /** 0x-hex, lower case. */
  readonly datasetId: string;
  readonly epoch: bigint;
  /** Of the file, without its ending: `keyName`, or the dataset's id alone. */
  readonly keyName: string;
}

/** Of a key that is made now. */
export function keyName(datasetId: string, epoch: bigint): string {
  return `${fileHex(datasetId)}-${epoch}`;
}

export class HoldingKeys {
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
  read(owner: KeyOwner): Uint8Array {
    const stamp = this.stamp(owner);
    const open = this.#open.get(owner.keyName);
    if (open?.stamp === stamp) return open.key;
    const file = this.#readFile(owner);
    const isOurs = file.subarray(0, MAGIC.length).equals(MAGIC);
    const key = isOurs ? unseal(this.#wrappingKey, contextOf(owner), file.subarray(MAGIC.length)) : undefined;
    if (key?.length !== KEY_BYTES) {
      const { datasetId, epoch } = owner;
      const detail = { code: "STORE_KEY_UNREADABLE", datasetId, epoch } as const;
      throw storeError(detail, `${textOf(owner)} does not open: another worker's, or damaged`);
    }
    this.#open.set(owner.keyName, { key, stamp });
    return key;
  }

  /** Whether it is sealed under this worker's key. @throws CodedError STORE_KEY_MISSING, STORE_PERMISSIONS */
  opens(owner: KeyOwner): boolean {
    try {
      this.read(owner);
      return true;
    } catch (error) {
      if (isCoded(error, "STORE_KEY_UNREADABLE")) return false;
      throw error;
    }
  }

  /**
   * Which key file is there now: another text once it was replaced.
   * @throws CodedError STORE_KEY_MISSING when it is gone, which also forgets the key
   */
  stamp(owner: KeyOwner): string {
    const status = lstatSync(this.#pathOf(owner), { throwIfNoEntry: false, bigint: true });
    if (status !== undefined) return `${status.ino}-${status.mtimeNs}`;
    this.#wipe(owner.keyName);
    const { datasetId, epoch } = owner;
    const detail = { code: "STORE_KEY_MISSING", datasetId, epoch } as const;
    throw storeError(detail, `${textOf(owner)} is not there: erased, or not restored`);
  }

  /** The key, made and durable on disk first if there is none. */
  readOrCreate(owner: KeyOwner): Uint8Array {
    if (!this.has(owner)) this.#create(owner);
    return this.read(owner);
  }

  has(owner: KeyOwner): boolean {
    return lstatSync(this.#pathOf(owner), { throwIfNoEntry: false }) !== undefined;
  }

  /**
   * Gone when this returns, after a power cut too (as far as the disk forgets what it overwrites).
   * @throws CodedError STORE_KEY_NOT_ERASED when the folder refuses
   */
  erase(owner: KeyOwner): void {
    const { datasetId, epoch } = owner;
    try {
      this.#erase([owner.keyName]);
    } catch (error) {
      const message = `${textOf(owner)} cannot be deleted from ${this.#folder}`;
      throw storeError({ code: "STORE_KEY_NOT_ERASED", datasetId, epoch }, message, error);
    }
  }

  /**
   * Every key of the dataset, whatever the database knows of: one restored from a backup may not know of all. O(files of the
   * folder).
   * @throws CodedError STORE_KEY_NOT_ERASED without an epoch, after which again is no harm
   */
  eraseAll(datasetId: string): void {
    try {
      this.#erase(this.#namesOf(datasetId));
    } catch (error) {
      const message = `a key of dataset ${datasetId}, whichever epoch's, cannot be deleted from ${this.#folder}`;
      throw storeError({ code: "STORE_KEY_NOT_ERASED", datasetId }, message, error);
    }
  }

  /** O(files of the folder). */
  hasAny(datasetId: string): boolean {
    return this.#namesOf(datasetId).length > 0;
  }

  /** Wipes the keys held in memory. */
  close(): void {
    for (const name of this.#open.keys()) this.#wipe(name);
  }

  #wipe(name: string): void {
    this.#open.get(name)?.key.fill(0);
    this.#open.delete(name);
  }

  #namesOf(datasetId: string): string[] {
    const hex = fileHex(datasetId);
    const files = readdirSync(this.#folder).filter((file) => file.startsWith(hex) && file.endsWith(KEY_ENDING));
    return files.map((file) => file.slice(0, -KEY_ENDING.length));
  }

  #erase(names: readonly string[]): void {
    for (const name of names) {
      this.#wipe(name);
      rmSync(join(this.#folder, `${name}${KEY_ENDING}`), { force: true });
    }
    syncFolder(this.#folder);
  }

  #create(owner: KeyOwner): void {
    const key = this.#randomBytes(KEY_BYTES);
    const file = Buffer.concat([MAGIC, seal(this.#wrappingKey, contextOf(owner), key, this.#randomBytes)]);
    key.fill(0);
    const path = this.#pathOf(owner);
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

  #readFile(owner: KeyOwner): Buffer {
    const path = this.#pathOf(owner);
    refuseMode(path, 0o077);
    return readFileSync(path);
  }

  #pathOf({ keyName: name }: KeyOwner): string {
    return join(this.#folder, `${name}${KEY_ENDING}`);
  }
}

function fileHex(datasetId: string): string {
  return Buffer.from(hexToBytes(datasetId, 32, "datasetId")).toString("hex");
}

function contextOf({ datasetId, epoch, keyName: name }: KeyOwner): Uint8Array {
  const bytes = hexToBytes(datasetId, 32, "datasetId");
  return name === fileHex(datasetId) ? onlyKeyContext(bytes) : keyContext(bytes, epoch);
}

function textOf({ datasetId, epoch }: KeyOwner): string {
  return `the key of dataset ${datasetId}, epoch ${epoch},`;
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
