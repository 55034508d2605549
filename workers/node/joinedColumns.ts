/**
 * Columns of several datasets one after the other, as gates over them need them, kept in place of the columns that they are
 * made of: to copy every column costs more than to plan the gate.
 *
 * Invariants
 * 1. A column is kept once, by itself or as a piece of one joined column, whose views give it back.
 * 2. No column is lost for a joined one: of two that share a column the one kept has all the columns of the other.
 * 3. Whatever depends on a holding, one committee's shares of a dataset, is kept under its name, and forgotten with it.
 */
import type { Field, FieldVector } from "../field/field.ts";
import type { WasmField } from "../field/wasmField.ts";
import type { VectorCache } from "./vectorCache.ts";

/** Rows of a joined column. */
export interface Piece {
  /** Of the column that it is, which tells the committee; undefined: zeros. */
  readonly name: string | undefined;
  readonly rowCount: number;
}

/** Where a column lies. */
interface Place {
  readonly joined: string;
  readonly from: number;
  readonly to: number;
  /** All that are joined there. */
  readonly columns: ReadonlySet<string>;
}

/** One row of so many may be zero: each takes as much as one that was read, and what is not kept is but copied again. */
const ROWS_A_ZERO = 4;
const FEW_PLACES = 1_024;

export class JoinedColumns {
  readonly #field: Pick<WasmField, "bytesInUse">;
  readonly #cache: VectorCache;
  /** By a column's name. */
  readonly #places = new Map<string, Place>();
  #mostPlaces = FEW_PLACES;

  /** @param field the cache's */
  constructor(field: Pick<WasmField, "bytesInUse">, cache: VectorCache) {
    this.#field = field;
    this.#cache = cache;
  }

  /** A column that lies in a joined one. */
  borrow(attempt: Field, column: string): FieldVector | undefined {
    const place = this.#places.get(column);
    const joined = place === undefined ? undefined : this.#cache.borrow(attempt, place.joined);
    if (place === undefined || joined === undefined) return undefined;
    const piece = attempt.view(joined, place.from, place.to);
    attempt.release(joined);
    return piece;
  }

  /**
   * O(1) when it is kept.
   *
   * @param holdings whose rows it has
   * @param read makes the pieces
   */
  join(
    attempt: Field,
    pieces: readonly Piece[],
    holdings: readonly string[],
    read: () => readonly FieldVector[],
  ): FieldVector {
    const joined = pieces.map(({ name, rowCount }) => name ?? `zeros ${rowCount}`).join(", ");
    const kept = this.#cache.borrow(attempt, joined);
    if (kept !== undefined) return kept;
    const vectors = read();
    const before = this.#field.bytesInUse;
    const vector = attempt.concat(vectors);
    if (!this.#isWorthKeeping(pieces)) return vector;
    this.#cache.keep(joined, holdings, vector, this.#field.bytesInUse - before);
    if (this.#cache.has(joined)) this.#replace(pieces, joined);
    return vector;
  }

  #isWorthKeeping(pieces: readonly Piece[]): boolean {
    const columns = columnsOf(pieces);
    const rows = pieces.reduce((sum, { rowCount }) => sum + rowCount, 0);
    const zeros = pieces.reduce((sum, { name, rowCount }) => (name === undefined ? sum + rowCount : sum), 0);
    if (ROWS_A_ZERO * zeros > rows) return false;
    return [...columns].every((column) => {
      const place = this.#places.get(column);
      return (
        place === undefined || !this.#cache.has(place.joined) || [...place.columns].every((each) => columns.has(each))
      );
    });
  }

  #replace(pieces: readonly Piece[], joined: string): void {
    const columns = columnsOf(pieces);
    let from = 0;
    for (const { name, rowCount } of pieces) {
      const to = from + rowCount;
      if (name !== undefined) {
        const before = this.#places.get(name)?.joined;
        if (before !== undefined && before !== joined) this.#cache.drop(before);
        this.#cache.drop(name);
        this.#places.set(name, { joined, from, to, columns });
      }
      from = to;
    }
    if (this.#places.size > this.#mostPlaces) this.#dropPlaces();
  }

  /** In what the cache has dropped: whenever half of them may be. */
  #dropPlaces(): void {
    for (const [column, { joined }] of this.#places) if (!this.#cache.has(joined)) this.#places.delete(column);
    this.#mostPlaces = 2 * this.#places.size + FEW_PLACES;
  }
}

function columnsOf(pieces: readonly Piece[]): ReadonlySet<string> {
  return new Set(pieces.flatMap(({ name }) => name ?? []));
}
