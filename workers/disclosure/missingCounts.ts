/**
 * Numbers of missing values that answers show: the rows of a set without those that have some column, where both are shown
 * (`validity.ts`). Combinations of other sets that come to the same rows by construction tell nothing more.
 */
import { BN254_FR_MODULUS as R, residue } from "../field/bn254.ts";
import { add } from "./classFunction.ts";
import type { RowSet } from "./rowSet.ts";
import { boxAround, conditionOf, intersect, isSubset, keyOf, setWhere } from "./rowSet.ts";
import { differInValidity, fieldsThatDiffer } from "./validity.ts";

type Classes = Parameters<typeof differInValidity>[0];
type Print = (set: RowSet) => bigint;

/** Fingerprints, up to sign, of rows with missing values whose number shown sets tell, or tell with sets that are shown beside them. */
export class KnownMissing {
  readonly #print: Print;
  readonly #classes: Classes;
  readonly #shown: RowSet[] = [];
  readonly #prints = new Set<bigint>();
  /** By the sets that are added, and by their keys. */
  readonly #added = new WeakMap<readonly RowSet[], ReadonlySet<bigint>>();
  readonly #beside = new Map<string, ReadonlySet<bigint>>();

  /** @param print a set's fingerprint */
  constructor(print: Print, classes: Classes) {
    this.#print = print;
    this.#classes = classes;
  }

  /** With more that are shown. O(more · all) comparisons. */
  with(more: readonly RowSet[]): KnownMissing {
    const known = new KnownMissing(this.#print, this.#classes);
    known.#shown.push(...this.#shown, ...more);
    for (const print of [...this.#prints, ...this.#printsOf(more, known.#shown)]) known.#prints.add(print);
    return known;
  }

  /** O(added · shown) comparisons the first time. @param added each of them sets that are shown together */
  has(print: bigint, added: readonly (readonly RowSet[])[]): boolean {
    return this.#prints.has(print) || added.some((sets) => this.#printsBeside(sets).has(print));
  }

  #printsBeside(sets: readonly RowSet[]): ReadonlySet<bigint> {
    const known = this.#added.get(sets);
    if (known !== undefined) return known;
    const key = sets.map(keyOf).join();
    const prints = this.#beside.get(key) ?? this.#printsOf(sets, [...sets, ...this.#shown]);
    this.#beside.set(key, prints);
    this.#added.set(sets, prints);
    return prints;
  }

  #printsOf(some: readonly RowSet[], all: readonly RowSet[]): ReadonlySet<bigint> {
    const prints = new Set<bigint>();
    for (const one of some) {
      for (const other of all) {
        if (one.parts !== other.parts || (!isSubset(one, other) && !isSubset(other, one))) continue;
        if (!differInValidity(this.#classes, one, other)) continue;
        const missing = residue(this.#print(one) - this.#print(other));
        if (missing !== 0n) prints.add(missing).add(R - missing);
      }
    }
    return prints;
  }
}

interface ShownSet {
  readonly set: RowSet;
  /** Sets that are shown whenever it is, itself among them. */
  readonly shownWith: readonly RowSet[];
}

/**
 * Whether two new sets leave of a third one only rows with missing values: they, or what is shown with them and is more by missing
 * values, are all of it that lack none of some columns.
 */
export function leaveOnlyMissing(classes: Classes, p: ShownSet, q: ShownSet, whole: RowSet): boolean {
  if ([p, q].some(({ set }) => !isSubset(set, whole)) || intersect(p.set, q.set) !== undefined) return false;
  const shown = [p, q].map(({ set, shownWith }) =>
    shownWith.filter(
      (more) => keyOf(more) === keyOf(set) || (isSubset(set, more) && differInValidity(classes, set, more)),
    ),
  );
  return shown[0]!.some((one) => shown[1]!.some((other) => isWholeButMissing(classes, one, other, whole)));
}

/** Whether two disjoint sets are all of a third one that lack none of some columns. */
function isWholeButMissing(classes: Classes, p: RowSet, q: RowSet, whole: RowSet): boolean {
  if ([p, q].some((set) => set.parts !== whole.parts || !isSubset(set, whole))) return false;
  // Asked of any two cells of a table: most are ruled out field by field, before their union is made.
  const around = { conditions: boxAround(p.conditions, q.conditions) };
  if (fieldsThatDiffer(classes, around, whole) === undefined) return false;
  if (intersect(p, q) !== undefined) return false;
  const union = setWhere(whole.parts, add(conditionOf(p), conditionOf(q)));
  return union !== undefined && differInValidity(classes, union, whole);
}
