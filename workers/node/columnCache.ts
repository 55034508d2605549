/**
 * This worker's shares of columns as field vectors, kept between attempts: decrypting and parsing a column costs more
 * than most queries compute with it.
 *
 * A borrowed vector is a view made through the attempt's own group, and a view keeps the elements alive: whatever the
 * cache does meanwhile, the attempt goes on with what it has, and the memory returns with the last of both.
 *
 * Invariants
 * 1. At most `budgetBytes` are kept; the column not used for longest goes first. A column larger than that is not kept.
 * 2. Nothing of a dataset is kept once its key was erased, deleted or replaced: its key is looked at before every use.
 * 3. A column that could not be loaded whole leaves nothing here.
 * 4. After `stop` nothing is kept, whatever attempts that are still ending may ask for.
 */
import type { Field, FieldGroup, FieldVector } from "../field/field.ts";
import type { WasmField } from "../field/wasmField.ts";

/** Where columns come from: the share store. */
export interface ColumnStore {
  /** 32-byte words of this worker's shares of one column, versions 1..version. */
  loadColumn(datasetId: string, version: bigint, columnId: string): Uint8Array;
  /** Names the dataset's key as it now is; another text when it was replaced. @throws CodedError STORE_KEY_MISSING */
  keyStamp(datasetId: string): string;
}

export interface ColumnCacheOptions {
  /** Of vectors kept; 0 keeps none. */
  readonly budgetBytes: number;
}

interface Kept {
  readonly datasetId: string;
  readonly vector: FieldVector;
  readonly bytes: number;
}

export class ColumnCache {
  readonly #field: WasmField;
  readonly #group: FieldGroup;
  readonly #store: ColumnStore;
  readonly #budgetBytes: number;
  /** By dataset, version and column; least recently used first. */
  readonly #kept = new Map<string, Kept>();
  /** Under which key each dataset's columns were read. */
  readonly #stamps = new Map<string, string>();
  #bytes = 0;
  #isStopped = false;

  constructor(field: WasmField, store: ColumnStore, { budgetBytes }: ColumnCacheOptions) {
    this.#field = field;
    this.#group = field.group();
    this.#store = store;
    this.#budgetBytes = budgetBytes;
  }

  /** Of the vectors kept; those only attempts still hold are not counted. */
  get bytesInUse(): number {
    return this.#bytes;
  }

  /**
   * One column of versions 1..version. O(1) when it is kept.
   *
   * @param attempt a group of this cache's field; the vector is released with it
   * @throws CodedError STORE_* | FIELD_NOT_CANONICAL | FIELD_OUT_OF_MEMORY
   */
  column(attempt: Field, datasetId: string, version: bigint, columnId: string): FieldVector {
    const dataset = datasetId.toLowerCase();
    this.#checkKey(dataset);
    const name = `${dataset}@${version}/${columnId.toLowerCase()}`;
    const kept = this.#kept.get(name);
    if (kept === undefined) {
      const words = this.#store.loadColumn(datasetId, version, columnId);
      return this.#keep(name, dataset, attempt, words);
    }
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    return attempt.view(kept.vector, 0, kept.vector.length);
  }

  /** The dataset was erased here, or its key changed. */
  forget(datasetId: string): void {
    const dataset = datasetId.toLowerCase();
    this.#stamps.delete(dataset);
    for (const [name, kept] of this.#kept) if (kept.datasetId === dataset) this.#drop(name, kept);
  }

  stop(): void {
    this.#isStopped = true;
    for (const [name, kept] of this.#kept) this.#drop(name, kept);
    this.#stamps.clear();
  }

  #checkKey(dataset: string): void {
    const stamp = this.#stampOf(dataset);
    if (this.#stamps.get(dataset) !== stamp) this.forget(dataset);
    this.#stamps.set(dataset, stamp);
  }

  #stampOf(dataset: string): string {
    try {
      return this.#store.keyStamp(dataset);
    } catch (error) {
      this.forget(dataset);
      throw error;
    }
  }

  /** Parses a column for the attempt, and keeps it if there is, or can be made, room. */
  #keep(name: string, datasetId: string, attempt: Field, words: Uint8Array): FieldVector {
    const before = this.#field.bytesInUse;
    const vector = attempt.fromWords(words);
    const bytes = this.#field.bytesInUse - before;
    if (this.#isStopped || bytes > this.#budgetBytes) return vector;
    for (const [oldest, kept] of this.#kept) {
      if (this.#bytes + bytes <= this.#budgetBytes) break;
      this.#drop(oldest, kept);
    }
    this.#kept.set(name, { datasetId, vector: this.#group.view(vector, 0, vector.length), bytes });
    this.#bytes += bytes;
    return vector;
  }

  #drop(name: string, { vector, bytes }: Kept): void {
    this.#kept.delete(name);
    this.#bytes -= bytes;
    this.#group.release(vector);
  }
}
