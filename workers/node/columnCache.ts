/**
 * This worker's shares of columns as field vectors, kept between attempts: decrypting and parsing a column costs more
 * than most queries compute with it.
 *
 * Invariants
 * 1. Nothing of a holding is kept once its key was erased, deleted or replaced: its key is looked at before every use.
 * 2. A column that could not be loaded whole leaves nothing here.
 * 3. Shares among two committees are never taken for each other: every name tells whose they are.
 */
import type { Field, FieldVector } from "../field/field.ts";
import type { WasmField } from "../field/wasmField.ts";
import { JoinedColumns } from "./joinedColumns.ts";
import { type VectorCache, holdingName } from "./vectorCache.ts";

/** Where columns come from: the share store. */
export interface ColumnStore {
  /** 32-byte words of this worker's shares of one column among one committee, versions 1..version. */
  loadColumn(datasetId: string, epoch: bigint, version: bigint, columnId: string): Uint8Array;
  /** Names the holding's key as it now is; another text when it was replaced. @throws CodedError STORE_KEY_MISSING */
  keyStamp(datasetId: string, epoch: bigint): string;
}

/** Rows of a joined column: a dataset's, versions 1..version, or rows that are all zero. */
export interface ColumnPiece {
  readonly rowCount: number;
  readonly of: { readonly datasetId: string; readonly version: bigint } | "zeros";
}

/** Columns as one committee shares them. */
export interface CommitteeColumns {
  /**
   * One column of versions 1..version. O(1) when it is kept.
   *
   * @param attempt a group of the cache's field; the vector is released with it
   * @throws CodedError STORE_* | FIELD_NOT_CANONICAL | FIELD_OUT_OF_MEMORY
   */
  column(attempt: Field, datasetId: string, version: bigint, columnId: string): FieldVector;
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
  ): FieldVector;
  /** Forgets all of the dataset unless its key is the one under which it was read. @throws CodedError STORE_KEY_MISSING */
  checkKey(datasetId: string): void;
}

export class ColumnCache {
  readonly #field: Pick<WasmField, "bytesInUse">;
  readonly #cache: VectorCache;
  readonly #store: ColumnStore;
  /** Under which key each holding's columns were read. */
  readonly #stamps = new Map<string, string>();
  readonly #joined: JoinedColumns;

  /** @param field the cache's */
  constructor(field: Pick<WasmField, "bytesInUse">, cache: VectorCache, store: ColumnStore) {
    this.#field = field;
    this.#cache = cache;
    this.#store = store;
    this.#joined = new JoinedColumns(field, cache);
  }

  /** This worker's columns as a member of the committee of that epoch. */
  among(epoch: bigint): CommitteeColumns {
    return {
      column: (attempt, ...column) => this.#column(attempt, epoch, ...column),
      joined: (attempt, ...joined) => this.#join(attempt, epoch, ...joined),
      checkKey: (datasetId) => this.#checkKey(datasetId, epoch),
    };
  }

  #column(attempt: Field, epoch: bigint, datasetId: string, version: bigint, columnId: string): FieldVector {
    this.#checkKey(datasetId, epoch);
    const holding = holdingName(datasetId, epoch);
    const name = nameOf(holding, version, columnId);
    const kept = this.#cache.borrow(attempt, name) ?? this.#joined.borrow(attempt, name);
    if (kept !== undefined) return kept;
    const words = this.#store.loadColumn(datasetId, epoch, version, columnId);
    const before = this.#field.bytesInUse;
    const vector = attempt.fromWords(words);
    this.#cache.keep(name, [holding], vector, this.#field.bytesInUse - before);
    return vector;
  }

  #join(
    attempt: Field,
    epoch: bigint,
    pieces: readonly ColumnPiece[],
    columnId: string,
    read: () => readonly FieldVector[],
  ): FieldVector {
    const datasetIds = pieces.flatMap(({ of }) => (of === "zeros" ? [] : [of.datasetId]));
    for (const datasetId of datasetIds) this.#checkKey(datasetId, epoch);
    const named = pieces.map(({ rowCount, of }) => {
      const name = of === "zeros" ? undefined : nameOf(holdingName(of.datasetId, epoch), of.version, columnId);
      return { name, rowCount };
    });
    const holdings = datasetIds.map((datasetId) => holdingName(datasetId, epoch));
    return this.#joined.join(attempt, named, holdings, read);
  }

  #checkKey(datasetId: string, epoch: bigint): void {
    const holding = holdingName(datasetId, epoch);
    const stamp = this.#stampOf(datasetId, epoch);
    if (this.#stamps.get(holding) !== stamp) this.#cache.forget(datasetId, epoch);
    this.#stamps.set(holding, stamp);
  }

  #stampOf(datasetId: string, epoch: bigint): string {
    try {
      return this.#store.keyStamp(datasetId, epoch);
    } catch (error) {
      this.#stamps.delete(holdingName(datasetId, epoch));
      this.#cache.forget(datasetId, epoch);
      throw error;
    }
  }
}

function nameOf(holding: string, version: bigint, columnId: string): string {
  return `column ${holding}@${version}/${columnId.toLowerCase()}`;
}
