/**
 * Sets that differ by missing values only, of any rows that there could be: how many lack a value, answers show
 * (docs/query-language.md, "The gate").
 */
import type { ClearSet } from "./clearSet.ts";
import { isSame } from "./clearSet.ts";
import type { PossibleRows } from "./possibleRows.ts";

interface Facts {
  readonly hospitals: string;
  /** Positions of columns that no row of the set lacks. */
  readonly present: readonly number[];
}

/** Rows by what they have in some columns, and in all others. */
interface Split {
  /** By row. */
  readonly inside: Int32Array;
  readonly outside: Int32Array;
}

/**
 * Two sets of the same hospitals that are one on the rows that have every column of which either set must have a value; and for
 * each of them the other columns decide alike, whether such a value is there or not. Who lacks a score and has a sex is no number of
 * missing values.
 */
export function missingness(possible: PossibleRows): (a: ClearSet, b: ClearSet) => boolean {
  const factsFor = remember((set: ClearSet) => presence(set, possible));
  const splits = new Map<string, Split>();
  const splitBy = (positions: readonly number[]): Split => {
    const key = positions.join();
    const split = splits.get(key) ?? splitRows(positions, possible);
    splits.set(key, split);
    return split;
  };
  return (a, b) => {
    if (isSame(a, b)) return true;
    const [left, right] = [factsFor(a), factsFor(b)];
    if (left.hospitals !== right.hospitals) return false;
    const asked = [...new Set([...left.present, ...right.present])];
    const compared = possible.rows.flatMap((row, index) => (asked.every((at) => row[at] !== null) ? [index] : []));
    const isThere = compared.some((index) => a.shape[index] === 1);
    if (!isThere || compared.some((index) => a.shape[index] !== b.shape[index])) return false;
    const differing = asked.filter((at) => !(left.present.includes(at) && right.present.includes(at)));
    const split = splitBy(differing);
    return isProduct(a, split) && isProduct(b, split);
  };
}

function presence({ shape }: ClearSet, { columns, rows, hospitals }: PossibleRows): Facts {
  const inside = rows.flatMap((_, index) => (shape[index] === 1 ? [index] : []));
  const owners = new Set(inside.map((index) => hospitals[index]!));
  const present = columns.flatMap((_, at) => (inside.every((index) => rows[index]![at] !== null) ? [at] : []));
  return { hospitals: [...owners].sort((a, b) => a - b).join(), present };
}

function splitRows(positions: readonly number[], { columns, rows, hospitals }: PossibleRows): Split {
  const others = columns.flatMap((_, at) => (positions.includes(at) ? [] : [at]));
  const numbered = (keyOf: (index: number) => unknown): Int32Array => {
    const numbers = new Map<string, number>();
    return Int32Array.from(rows, (_, index) => {
      const key = JSON.stringify(keyOf(index));
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
  };
  return {
    inside: numbered((index) => positions.map((at) => rows[index]![at])),
    outside: numbered((index) => [hospitals[index], ...others.map((at) => rows[index]![at])]),
  };
}

/** Every value inside that occurs goes with every one outside that does. */
function isProduct({ shape }: ClearSet, { inside, outside }: Split): boolean {
  const [ins, outs] = [inside, outside].map((numbers) => new Set(numbers.filter((_, index) => shape[index] === 1)));
  const count = shape.reduce((sum, bit) => sum + bit, 0);
  return count === ins!.size * outs!.size;
}

function remember<Key extends object, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
}
