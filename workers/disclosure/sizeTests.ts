/** Tests on sizes of sets and of their combinations, as linear forms over sizes (docs/query-language.md, "The gate"). */
import type { SizeTest } from "../messages/gatePlan.ts";
import { unsupported } from "./errors.ts";
import type { RowSet } from "./rowSet.ts";
import type { SetVectors } from "./setVectors.ts";

type Zero = SizeTest["zero"];

/** Of one plan. At some 600 bytes each, and tens of multiplications: more take a worker's memory, and nobody waits for them. */
export const MAX_TESTS = 500_000;

/** Σ weight·output + Σ weight·|set|: sums of values, less what they are at least, or the reverse. */
export interface WeighedSums {
  /** Of the answer, distinct. */
  readonly outputs: readonly (readonly [output: number, weight: bigint])[];
  readonly rows: readonly (readonly [set: RowSet, weight: bigint])[];
}

export class SizeTests {
  readonly #vectors: Pick<SetVectors, "size" | "total">;
  readonly #unions = new WeakMap<RowSet, readonly RowSet[]>();
  #most: number;
  #made = 0;

  constructor(vectors: Pick<SetVectors, "size" | "total">, most = MAX_TESTS) {
    this.#vectors = vectors;
    this.#most = most;
  }

  /** Says how a set is made up, by construction, of disjoint ones: this object is measured as their sum, without a vector of its own. */
  asUnion(set: RowSet, of: readonly RowSet[]): RowSet {
    this.#unions.set(set, of);
    return set;
  }

  /** Says that tests will need how many are in both: all that are needed are named before the circuit is finished. */
  name(a: RowSet, b: RowSet): void {
    this.#vectors.size(a, b);
  }

  /** The same of an answer's sum, and of what owners' rows add to it. */
  nameSum(output: number, owners: readonly RowSet[]): void {
    this.#vectors.total(output);
    for (const { parts } of owners) this.#vectors.total(output, parts);
  }

  /** The plan is made, and cannot be refused any more: tests of what is hidden are made as it is hidden, and may be more than counted. */
  stopCounting(): void {
    this.#most = Number.POSITIVE_INFINITY;
  }

  /** |a| > last. */
  size(a: RowSet, last: number, zero: Zero): SizeTest {
    return this.#test([[a, a, 1]], last, zero);
  }

  /** Σ|a_i \\ b_i| > last, of disjoint sets a_i; b_i undefined: nobody is left out. */
  sum(sets: readonly (readonly [a: RowSet, b: RowSet | undefined])[], last: number, zero: Zero): SizeTest {
    const terms = sets.flatMap(([a, b]) => [[a, a, 1] as const, ...(b === undefined ? [] : [[a, b, -1] as const])]);
    return this.#test(terms, last, zero);
  }

  /** Σ|a_i \\ b_i \\ c| > last, of disjoint sets a_i, b_i in a_i. */
  sumWithout(
    sets: readonly (readonly [a: RowSet, b: RowSet | undefined])[],
    c: RowSet,
    last: number,
    zero: Zero,
  ): SizeTest {
    const terms = sets.flatMap(([a, b]) => {
      const whole = [[a, a, 1] as const, [a, c, -1] as const];
      return b === undefined ? whole : [...whole, [a, b, -1] as const, [b, c, 1] as const];
    });
    return this.#test(terms, last, zero);
  }

  /** |a \\ b| > last. */
  without(a: RowSet, b: RowSet, last: number, zero: Zero): SizeTest {
    const terms = [
      [a, a, 1],
      [a, b, -1],
    ] as const;
    return this.#test(terms, last, zero);
  }

  /** Σ(a − b)² > last: the rows that are in one of the two. */
  pair(a: RowSet, b: RowSet, last: number, zero: Zero): SizeTest {
    const terms = [
      [a, a, 1],
      [b, b, 1],
      [a, b, -2],
    ] as const;
    return this.#test(terms, last, zero);
  }

  /** The same where b is the union of disjoint sets. */
  pairWithUnion(a: RowSet, b: readonly RowSet[], last: number, zero: Zero): SizeTest {
    const terms = b.flatMap((each) => [[each, each, 1] as const, [a, each, -2] as const]);
    return this.#test([[a, a, 1], ...terms], last, zero);
  }

  /** Σ(p + q − m)² > last. */
  combination(p: RowSet, q: RowSet, m: RowSet, last: number, zero: Zero): SizeTest {
    const terms = [
      [p, p, 1],
      [q, q, 1],
      [m, m, 1],
      [p, q, 2],
      [p, m, -2],
      [q, m, -2],
    ] as const;
    return this.#test(terms, last, zero);
  }

  /**
   * A sum of values > last, or 0 where zeros may be shown, that no patient's values make negative.
   *
   * @param owner all rows of parts, whose own are left out
   */
  weighed({ outputs, rows }: WeighedSums, last: number, owner?: RowSet): SizeTest {
    const sizes = rows.flatMap(([set, weight]) => {
      const own = owner === undefined ? [] : [[set, owner, -Number(weight)] as const];
      return [[set, set, Number(weight)] as const, ...own];
    });
    const { terms, ...test } = this.#test(sizes, last, "ifShown");
    const totals = outputs.flatMap(([output, weight]) => {
      const own = owner === undefined ? [] : [[this.#vectors.total(output, owner.parts), -Number(weight)] as const];
      return [[this.#vectors.total(output), Number(weight)] as const, ...own];
    });
    return { terms: [...totals.filter(([, weight]) => weight !== 0), ...terms], ...test };
  }

  /** @throws CodedError DISCLOSURE_UNSUPPORTED: more than a plan may have */
  #test(intersections: readonly (readonly [RowSet, RowSet, number])[], last: number, zero: Zero): SizeTest {
    if (++this.#made > this.#most) {
      throw unsupported(
        `more than ${this.#most} tests against earlier answers: ask for fewer cells or columns at once`,
      );
    }
    const terms = new Map<number, number>();
    for (const [a, b, coefficient] of intersections) {
      for (const left of this.#unions.get(a) ?? [a])
        for (const right of this.#unions.get(b) ?? [b]) {
          const size = this.#vectors.size(left, right);
          if (size !== undefined) terms.set(size, (terms.get(size) ?? 0) + coefficient);
        }
    }
    return { terms: [...terms].filter(([, coefficient]) => coefficient !== 0), constant: 0, last, zero };
  }
}
