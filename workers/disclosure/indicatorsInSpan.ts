/**
 * Which sets of points are told by sums: those whose indicator is a linear combination of the summed functions. The reduced row
 * echelon form determines a combination by its values on the pivots; these are tried as 0 and 1, and every other point is
 * checked as soon as its value follows.
 *
 * Elimination is modulo r: integer functions are dependent over the rationals when they are modulo r, unless r divides a minor.
 */
import { BN254_FR_MODULUS as R, residue } from "../field/bn254.ts";
import { bn254Fr } from "../field/bn254Fr.ts";
import { unsupported } from "./errors.ts";

/** Partial assignments tried: five columns of two values, with all their products, need a few thousand. */
const MOST_TRIED = 1 << 17;

/**
 * The smallest such sets that are not empty: every other one is a disjoint union of these, since what is left of a told set
 * without a told part of it is told.
 *
 * @param functions each on all points, one of them 1 everywhere
 * @returns positions of points, ascending, by the first of them
 * @throws CodedError DISCLOSURE_UNSUPPORTED: too many to try
 */
export function smallestIndicators(functions: readonly (readonly bigint[])[]): number[][] {
  const columns = new Map<string, { readonly values: readonly bigint[]; readonly points: number[] }>();
  functions[0]!.forEach((_, point) => {
    const values = functions.map((each) => residue(each[point]!));
    const key = values.join();
    const same = columns.get(key) ?? { values, points: [] };
    same.points.push(point);
    columns.set(key, same);
  });
  const distinct = [...columns.values()];
  const rows = echelonForm(functions.map((_, row) => distinct.map(({ values }) => values[row]!)));
  const indicators = indicatorsOf(rows, distinct.length).filter((bits) => bits !== 0n);
  const ascending = indicators.map((bits) => [popcount(bits), bits] as const).sort(([a], [b]) => a - b);
  const smallest: bigint[] = [];
  for (const [, bits] of ascending) if (smallest.every((each) => (each & bits) !== each)) smallest.push(bits);
  const sets = smallest.map((bits) =>
    distinct.flatMap(({ points }, index) => (isIn(bits, index) ? points : [])).sort((a, b) => a - b),
  );
  return sets.sort(compareLists);
}

/**
 * Of sets of points, whether each is told by sums.
 *
 * @param functions as of `smallestIndicators`
 * @param sets positions of points
 */
export function indicatorsTold(
  functions: readonly (readonly bigint[])[],
  sets: readonly (readonly number[])[],
): boolean[] {
  const inside = sets.map((set) => new Set(set));
  return areInSpan(
    functions,
    inside.map((set) => functions[0]!.map((_, point) => (set.has(point) ? 1n : 0n))),
  );
}

/** Of functions on points, whether each is a linear combination of others. */
export function areInSpan(
  functions: readonly (readonly bigint[])[],
  wanted: readonly (readonly bigint[])[],
): boolean[] {
  const rows = echelonForm(functions.map((values) => values.map(residue)));
  return wanted.map((values) =>
    rows.reduce<readonly bigint[]>(without, values.map(residue)).every((value) => value === 0n),
  );
}

interface Row {
  readonly pivot: number;
  readonly values: readonly bigint[];
}

function echelonForm(functions: readonly (readonly bigint[])[]): Row[] {
  let rows: Row[] = [];
  for (const each of functions) {
    const rest = rows.reduce((values, row) => without(values, row), each);
    const pivot = rest.findIndex((value) => value !== 0n);
    if (pivot < 0) continue;
    const inverse = bn254Fr.invert(rest[pivot]!);
    const row = { pivot, values: rest.map((value) => (value * inverse) % R) };
    rows = [...rows.map((before) => ({ pivot: before.pivot, values: without(before.values, row) })), row];
  }
  return rows.sort((a, b) => a.pivot - b.pivot);
}

function without(values: readonly bigint[], { pivot, values: row }: Row): readonly bigint[] {
  const factor = values[pivot]!;
  return factor === 0n ? values : values.map((value, index) => residue(value - factor * row[index]!));
}

/** All combinations that are 0 or 1 on every point, as bits. */
function indicatorsOf(rows: readonly Row[], points: number): bigint[] {
  const due = Array.from({ length: points }, (_, point) => rows.findLastIndex(({ values }) => values[point] !== 0n));
  const dueAfter = rows.map((_, row) => due.flatMap((last, point) => (last === row ? [point] : [])));
  const found: bigint[] = [];
  let tried = 0;
  const visit = (row: number, values: readonly bigint[]): void => {
    if (++tried > MOST_TRIED) throw unsupported("sums of too many columns of few values");
    const next = rows[row];
    if (next === undefined) {
      found.push(values.reduce((bits, value, point) => (value === 1n ? bits | (1n << BigInt(point)) : bits), 0n));
      return;
    }
    for (const bit of [0n, 1n]) {
      const sums = bit === 0n ? values : values.map((value, point) => (value + next.values[point]!) % R);
      if (dueAfter[row]!.every((point) => sums[point] === 0n || sums[point] === 1n)) visit(row + 1, sums);
    }
  };
  visit(
    0,
    Array.from({ length: points }, () => 0n),
  );
  return found;
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? a.length - b.length : a[at]! - (b[at] ?? -1);
}

function popcount(bits: bigint): number {
  return bits.toString(2).replaceAll("0", "").length;
}

function isIn(bits: bigint, index: number): boolean {
  return ((bits >> BigInt(index)) & 1n) === 1n;
}
