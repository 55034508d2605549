/**
 * Which factors the tests of sizes have, and in which trees they are multiplied (`sizeTests.ts`). All of it is public and
 * follows from the tests alone: nothing secret, no adversary.
 */
import type { SizeTest } from "../messages/gatePlan.ts";

/** Where a question's bits are among all: undefined when no size can make it fail. */
export interface Question {
  /** When zeros may be shown. */
  readonly zerosShown: number | undefined;
  /** When not: the same bit unless a test depends on that. */
  readonly zerosHidden: number | undefined;
}

/** Everything public about the products: where each factor comes from and what it is multiplied with. */
export interface Forest {
  readonly tests: readonly SizeTest[];
  /** Positions among the tests of those that need a y. */
  readonly paired: readonly number[];
  /** A leaf is a constant + an element of (x per test, y per paired test, ρ per bit). */
  readonly leaves: { readonly indices: readonly number[]; readonly constants: readonly number[] };
  /** Leaves per tree. */
  readonly counts: readonly number[];
  /** Trees whose roots are multiplied to a bit: ∏ Z and ρ, or ρ'·∏ x alone. */
  readonly bits: readonly { readonly factors: number | undefined; readonly mask: number }[];
  readonly questions: readonly Question[];
}

/** @param asked per question its tests; one tree of factors each, and one per bit with its mask */
export function plantForest(asked: readonly (readonly SizeTest[])[]): Forest {
  const tests = asked.flat();
  const paired = tests.flatMap((test, position) => (failingValues(test) >= 2 ? [position] : []));
  const layout = new ForestLayout(tests.length, paired);
  let position = 0;
  const questions = asked.map((own) => {
    const first = position;
    position += own.length;
    return layout.plant(own, first);
  });
  return { tests, paired, ...layout.finish(), questions };
}

/** Collects leaves tree by tree. */
class ForestLayout {
  readonly #tests: number;
  readonly #yOf: ReadonlyMap<number, number>;
  readonly #indices: number[] = [];
  readonly #constants: number[] = [];
  readonly #counts: number[] = [];
  readonly #bits: { factors: number | undefined; mask: number }[] = [];

  constructor(tests: number, paired: readonly number[]) {
    this.#tests = tests;
    this.#yOf = new Map(paired.map((position, rank) => [position, tests + rank]));
  }

  /** @param first position of the first of these tests among all */
  plant(tests: readonly SizeTest[], first: number): Question {
    const factors = this.#tree(() => tests.forEach((test, offset) => this.#addFactors(test, first + offset)));
    const zeros = tests.flatMap(({ zero }, offset) => (zero === "ifShown" ? [first + offset] : []));
    const zerosShown = factors === undefined ? undefined : this.#bit(factors, []);
    return { zerosShown, zerosHidden: zeros.length === 0 ? zerosShown : this.#bit(factors, zeros) };
  }

  finish(): Pick<Forest, "leaves" | "counts" | "bits"> {
    return {
      leaves: { indices: this.#indices, constants: this.#constants },
      counts: this.#counts,
      bits: this.#bits,
    };
  }

  #bit(factors: number | undefined, zeros: readonly number[]): number {
    const rho = this.#tests + this.#yOf.size + this.#bits.length;
    const mask = this.#tree(() => [rho, ...zeros].forEach((index) => this.#leaf(index, 0))) as number;
    return this.#bits.push({ factors, mask }) - 1;
  }

  /** The index of a new tree of the leaves that `addLeaves` adds; none when it adds none. */
  #tree(addLeaves: () => void): number | undefined {
    const before = this.#indices.length;
    addLeaves();
    const count = this.#indices.length - before;
    return count === 0 ? undefined : this.#counts.push(count) - 1;
  }

  #addFactors(test: SizeTest, position: number): void {
    const first = firstFailing(test);
    const sum = first + test.last;
    const count = failingValues(test);
    for (let low = first; low < first + Math.floor(count / 2); low++) {
      this.#leaf(this.#yOf.get(position) as number, low * (sum - low));
    }
    if (count % 2 === 1) this.#leaf(position, -sum / 2);
  }

  #leaf(index: number, constant: number): void {
    this.#indices.push(index);
    this.#constants.push(constant);
  }
}

/** Zero apart: where it fails only if zeros are hidden, it is a factor of that variant. */
export function firstFailing({ zero }: SizeTest): number {
  return zero === "fails" ? 0 : 1;
}

function failingValues(test: SizeTest): number {
  return Math.max(0, test.last - firstFailing(test) + 1);
}
