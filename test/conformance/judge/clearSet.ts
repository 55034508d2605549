/** Sets of rows in clear: which of all possible rows are in it, and which of those that there are. */

export interface ClearSet {
  /** By possible row. */
  readonly shape: Uint8Array;
  /** By row of the table. */
  readonly rows: Uint8Array;
}

export function intersect(a: ClearSet, b: ClearSet): ClearSet {
  const both = (left: Uint8Array, right: Uint8Array): Uint8Array => left.map((bit, index) => bit & right[index]!);
  return { shape: both(a.shape, b.shape), rows: both(a.rows, b.rows) };
}

export function minus(a: ClearSet, b: ClearSet): ClearSet {
  const rest = (left: Uint8Array, right: Uint8Array): Uint8Array => left.map((bit, index) => bit & (1 - right[index]!));
  return { shape: rest(a.shape, b.shape), rows: rest(a.rows, b.rows) };
}

/** Of at least one set. */
export function unite(sets: readonly ClearSet[]): ClearSet {
  const any = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((bit, index) => bit | b[index]!);
  return sets.reduce((a, b) => ({ shape: any(a.shape, b.shape), rows: any(a.rows, b.rows) }));
}

export function sizeOf({ rows }: ClearSet): number {
  return rows.reduce((sum, bit) => sum + bit, 0);
}

/** Rows of the table of which `count` holds, given how many of the sets they are in. */
export function countRows(sets: readonly ClearSet[], count: (inside: number) => boolean): number {
  let total = 0;
  const length = sets[0]?.rows.length ?? 0;
  for (let row = 0; row < length; row += 1) {
    const inside = sets.reduce((sum, set) => sum + set.rows[row]!, 0);
    if (count(inside)) total += 1;
  }
  return total;
}

/** Rows that are in one of the two. */
export function difference(a: ClearSet, b: ClearSet): number {
  return countRows([a, b], (inside) => inside === 1);
}

/** Rows of a that are not in b. */
export function sizeWithout(a: ClearSet, b: ClearSet): number {
  let total = 0;
  a.rows.forEach((bit, row) => (total += bit & (1 - b.rows[row]!)));
  return total;
}

// What holds by construction.

export function isEmpty({ shape }: ClearSet): boolean {
  return shape.every((bit) => bit === 0);
}

export function isSame(a: ClearSet, b: ClearSet): boolean {
  return a.shape.every((bit, index) => bit === b.shape[index]);
}

export function isWithin(a: ClearSet, b: ClearSet): boolean {
  return a.shape.every((bit, index) => bit <= b.shape[index]!);
}

export function areApart(a: ClearSet, b: ClearSet): boolean {
  return a.shape.every((bit, index) => (bit & b.shape[index]!) === 0);
}

/** Whether the sum of these sets is the set: disjoint, and together all of it. */
export function isSum(parts: readonly ClearSet[], whole: ClearSet): boolean {
  return whole.shape.every((bit, index) => parts.reduce((sum, { shape }) => sum + shape[index]!, 0) === bit);
}
