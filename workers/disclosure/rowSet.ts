/**
 * Sets of rows as the gate reasons about them: the rows of some parts that satisfy one condition per field. A condition
 * is a set of the field's classes, so intersections and inclusions "by construction" are decided on bits, from public
 * bytes alone. What the query language can filter by, and every cell and validity of it, is such a set.
 */

export interface RowSet {
  /** Bit i: part i of the universe: rows of one segment. */
  readonly parts: bigint;
  /** [field, classes as bits], ascending fields; no condition that holds on every row, none that holds on none. */
  readonly conditions: readonly (readonly [field: number, classes: bigint])[];
}

/** All bits of `count` classes or parts. */
export function allOf(count: number): bigint {
  return (1n << BigInt(count)) - 1n;
}

/** @param full all classes of a field. Undefined when no row can be in it. */
export function makeSet(
  parts: bigint,
  conditions: ReadonlyMap<number, bigint>,
  full: (field: number) => bigint,
): RowSet | undefined {
  if (parts === 0n || [...conditions.values()].some((classes) => classes === 0n)) return undefined;
  const proper = [...conditions].filter(([field, classes]) => classes !== full(field));
  return { parts, conditions: proper.sort(([a], [b]) => a - b) };
}

/** Undefined when no row can be in both. */
export function intersect(a: RowSet, b: RowSet): RowSet | undefined {
  const parts = a.parts & b.parts;
  if (parts === 0n) return undefined;
  const conditions: (readonly [number, bigint])[] = [];
  let [i, j] = [0, 0];
  while (i < a.conditions.length || j < b.conditions.length) {
    const [left, right] = [a.conditions[i], b.conditions[j]];
    if (right === undefined || (left !== undefined && left[0] < right[0])) {
      conditions.push(left as readonly [number, bigint]);
      i++;
    } else if (left === undefined || right[0] < left[0]) {
      conditions.push(right);
      j++;
    } else {
      const classes = left[1] & right[1];
      if (classes === 0n) return undefined;
      conditions.push([left[0], classes]);
      i++;
      j++;
    }
  }
  return { parts, conditions };
}

/** Whether every row of a is in b by construction. */
export function isSubset(a: RowSet, b: RowSet): boolean {
  if ((a.parts & ~b.parts) !== 0n) return false;
  return b.conditions.every(([field, classes]) => {
    const own = classesIn(a, field);
    return own !== undefined && (own & ~classes) === 0n;
  });
}

/** Whether every row of both a and b is in c by construction. */
export function meetsWithin(a: RowSet, b: RowSet, c: RowSet): boolean {
  const both = intersect(a, b);
  return both === undefined || isSubset(both, c);
}

/** Undefined: no condition. */
export function classesIn({ conditions }: RowSet, field: number): bigint | undefined {
  return conditions.find(([on]) => on === field)?.[1];
}

/** Two sets are equal by construction exactly when their keys are. */
export function keyOf({ parts, conditions }: RowSet): string {
  return `${parts.toString(16)}|${conditions.map(([field, classes]) => `${field}:${classes.toString(16)}`).join(",")}`;
}
