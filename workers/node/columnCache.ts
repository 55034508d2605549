/**
 * This worker's shares of columns as field vectors, kept between attempts: decrypting and parsing a column costs more
 * than most queries compute with it.
 *
 * Invariants
 * 1. Nothing of a dataset is kept once its key was erased, deleted or replaced: its key is looked at before every use.
 * 2. A column that could not be loaded whole leaves nothing here.
 */
import type { Field, FieldVector } from "../field/field.ts";
import type { WasmField } from "../field/wasmField.ts";
import { JoinedColumns } from "./joinedColumns.ts";
import type { VectorCache } from "./vectorCache.ts";

/** Where columns come from: the share store. */
export interface ColumnStore {
  /** 32-byte words of this worker's shares of one column, versions 1..version. */
  loadColumn(datasetId: string, version: bigint, columnId: string): Uint8Array;
  /** Names the dataset's key as it now is; another text when it was replaced. @throws CodedError STORE_KEY_MISSING */
  keyStamp(datasetId: string): string;
}

/** Rows of a joined column: a dataset's, versions 1..version, or rows that are all zero. */
export interface ColumnPiece {
  readonly rowCount: number;
  readonly of: { readonly datasetId: string; readonly version: bigint } | "zeros";
}

export class ColumnCache {
  readonly #field: Pick<WasmField, "bytesInUse">;
  readonly #cache: VectorCache;
  readonly #store: ColumnStore;
  /** Under which key each dataset's columns were read. */
  readonly #stamps = new Map<string, string>();
  readonly #joined: JoinedColumns;

  /** @param field the cache's */
  constructor(field: Pick<WasmField, "bytesInUse">, cache: VectorCache, store: ColumnStore) {
    this.#field = field;
    this.#cache = cache;
    this.#store = store;
    this.#joined = new JoinedColumns(field, cache);
  }

  /**
   * One column of versions 1..version. O(1) when it is kept.
   *
   * @param attempt a group of the cache's field; the vector is released with it
   * @throws CodedError STORE_* | FIELD_NOT_CANONICAL | FIELD_OUT_OF_MEMORY
   */
  column(attempt: Field, datasetId: string, version: bigint, columnId: string): FieldVector {
    const dataset = datasetId.toLowerCase();
    this.checkKey(dataset);
    const name = nameOf(dataset, version, columnId);
    const kept = this.#cache.borrow(attempt, name) ?? this.#joined.borrow(attempt, name);
    if (kept !== undefined) return kept;
    const words = this.#store.loadColumn(datasetId, version, columnId);
    const before = this.#field.bytesInUse;
    const vector = attempt.fromWords(words);
    this.#cache.keep(name, [dataset], vector, this.#field.bytesInUse - before);
    return vector;
  }

  /**
   * Pieces of one column, at least one of them a dataset's, one after the other. O(1) when they are kept so.
   *
   * @param attempt as of `column`
   * @param read makes the pieces, of columns of this cache
   * @throws CodedError STORE_* | FIELD_*
   */
  joined(
    attempt: Field,
    pieces: readonly ColumnPiece[],
    columnId: string,
    read: () => readonly FieldVector[],
  ): FieldVector {
    const datasetIds = pieces.flatMap(({ of }) => (of === "zeros" ? [] : [of.datasetId.toLowerCase()]));
    for (const datasetId of datasetIds) this.checkKey(datasetId);
    const named = pieces.map(({ rowCount, of }) => {
      const name = of === "zeros" ? undefined : nameOf(of.datasetId.toLowerCase(), of.version, columnId);
      return { name, rowCount };
    });
    return this.#joined.join(attempt, named, datasetIds, read);
  }

  /** Forgets all of the dataset unless its key is the one under which it was read. @throws CodedError STORE_KEY_MISSING */
  checkKey(datasetId: string): void {
    const dataset = datasetId.toLowerCase();
    const stamp = this.#stampOf(dataset);
    if (this.#stamps.get(dataset) !== stamp) this.#cache.forget(dataset);
    this.#stamps.set(dataset, stamp);
  }

  #stampOf(dataset: string): string {
    try {
      return this.#store.keyStamp(dataset);
    } catch (error) {
      this.#stamps.delete(dataset);
      this.#cache.forget(dataset);
      throw error;
    }
  }
}

function nameOf(dataset: string, version: bigint, columnId: string): string {
  return `column ${dataset}@${version}/${columnId.toLowerCase()}`;
}
