/**
 * Numbers of missing values that answers show: the rows of a set without those that have some column, where both are shown
 * (`validity.ts`). Combinations of other sets that come to the same rows by construction tell nothing more.
 */
import { BN254_FR_MODULUS as R, residue } from "../field/bn254.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset, keyOf } from "./rowSet.ts";
import { differInValidity } from "./validity.ts";

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
