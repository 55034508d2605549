/**
 * Complementary suppression (docs/query-language.md, "The gate"): no hidden set may follow from what is shown, this answer
 * and earlier ones together, and hidden sets whose sum follows must together be large enough. Which further groups are hidden
 * is decided on public facts alone, the same at every worker.
 */
import { residue } from "../field/bn254.ts";
import type { Field, FieldVector } from "../field/field.ts";
import type { Closure } from "../messages/gatePlan.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { WeightedSets } from "./countingSums.ts";
import { countingSums } from "./countingSums.ts";
import type { DisclosedGroup, DisclosedTotal } from "./disclosedSets.ts";
import { MAX_SETS } from "./disclosedSets.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { HiddenLines } from "./hiddenLines.ts";
import type { HistorySet } from "./historySet.ts";
import type { HiddenFamily } from "./historySets.ts";
import type { RowSet } from "./rowSet.ts";
import type { Pause } from "./pieces.ts";
import { Pieces } from "./pieces.ts";
import { keyOf } from "./rowSet.ts";
import type { SizeTests } from "./sizeTests.ts";
import type { SpanRow } from "./span.ts";
import { isZero, rowOf, Span, without } from "./span.ts";
import type { Sum } from "./summedPoints.ts";

export interface KnownSet {
  readonly set: RowSet;
  readonly summed: ReadonlySet<number>;
  readonly sums: readonly Sum[];
}

const NOTHING: readonly KnownSet[] = [];

/** Functionals more than sets: so many times over a chance of 1/r that dependent ones only look so. */
const SPARE = 8;

/** Products of two numbers of sets that are worked through in one piece: of so many vectors, each against as many, some 10 ns an element. */
const PIECE = 200_000;

/** What is told of a set: the number of its rows (undefined), or sums of a field. */
type Quantity = number | undefined;

export interface SuppressionFacts {
  /** For vectors that live as long as the plan: the attempt's own. */
  readonly field: Field;
  readonly k: number;
  /** Of lines whose total, or some members, earlier answers told; at least k. */
  readonly jointK: number;
  readonly fingerprints: Fingerprints;
  readonly catalogue: ClassCatalogue;
  readonly tests: SizeTests;
  readonly groups: readonly DisclosedGroup[];
  /** What groups add up to. */
  readonly totals: readonly DisclosedTotal[];
  /** Public or opened before; the rows of each segment are public. */
  readonly known: readonly KnownSet[];
  /** As good as known to whoever guesses right, as that nobody lacks a column: nothing hidden may follow from them, either. */
  readonly suspected: readonly KnownSet[];
  /** Opened before or hidden, nobody knows: what follows only from them is not shown, since it would tell the hidden ones. */
  readonly unknown: readonly (KnownSet & Pick<HistorySet, "isAlone">)[];
  readonly families: readonly HiddenFamily[];
  /** The rows of each data owner, where there are two or more. */
  readonly owners: readonly RowSet[];
  readonly pause: Pause | undefined;
}

/** What can be computed while an answer's groups are shown one by one. */
interface Shown {
  readonly known: Span;
  /** With what may be known; undefined: there is no such set. */
  readonly withUnknown: Span | undefined;
}

interface SpansBefore {
  readonly known: Span;
  readonly withUnknown: Span;
}

export class Suppression {
  readonly #facts: SuppressionFacts;
  readonly #lines: HiddenLines;
  /** Sets that are to be told apart. */
  readonly #sets: number;
  /** Functionals needed for that, sums of counts among them. */
  readonly #width: number;
  readonly #vectors = new Map<string, FieldVector>();
  /** By the list of a set's sums, which is that set's alone. */
  readonly #sums = new Map<readonly Sum[], readonly FieldVector[]>();
  /** By what is assumed, then quantity. */
  readonly #spans = new Map<readonly KnownSet[], ReadonlyMap<Quantity, SpansBefore>>();
  readonly #quantities: readonly Quantity[];

  constructor(facts: SuppressionFacts) {
    this.#facts = facts;
    const { groups, known, suspected, unknown, families } = facts;
    const own = groups.reduce((total, { levels }) => total + 1 + levels.length, 0);
    const told = known.length + suspected.length + unknown.length;
    this.#sets = own + told + families.reduce((total, { hidden }) => total + hidden.length, 0);
    this.#width = this.#sets + this.#countSums() + SPARE;
    this.#quantities = [undefined, ...new Set(groups.flatMap(({ summed }) => [...summed]))];
    this.#lines = new HiddenLines(facts);
  }

  /** Where more sets are disclosed than can be told apart, nothing is shown once anything is hidden. */
  async close(failed: ReadonlySet<number>): Promise<Closure> {
    const { field, groups } = this.#facts;
    const hidden = new Set(failed);
    if (this.#isTooMuch(hidden)) return { hidden: new Set(groups.keys()), lines: [] };
    const turn = field.group();
    const pieces = new Pieces(this.#facts.pause, PIECE);
    try {
      for (let before = -1; before !== hidden.size;) {
        before = hidden.size;
        // A set's count may be known and a sum over it hidden: each quantity is looked at by itself.
        for (const quantity of this.#quantities) {
          await this.#hideCompleting(turn, quantity, hidden, NOTHING, pieces);
          // Numbers of rows tell who lacks a column; that nobody does is suspected of sums only.
          const { suspected, unknown } = this.#facts;
          if (quantity !== undefined && suspected.length > 0)
            await this.#hideCompleting(turn, quantity, hidden, suspected, pieces);
          // Others may know it all.
          if (unknown.length > 0) await this.#hideCompleting(turn, quantity, hidden, unknown, pieces);
        }
      }
    } finally {
      turn.releaseAll();
    }
    return { hidden, lines: this.#lines.hiddenBy(hidden) };
  }

  #isTooMuch(hidden: ReadonlySet<number>): boolean {
    const { unknown, families } = this.#facts;
    return this.#sets > MAX_SETS && hidden.size + unknown.length + families.length > 0;
  }

  /**
   * Group by group in order: hides those with which something hidden would follow from what is shown.
   *
   * @param assumed counts as known, too; what follows from it without this answer is not protected
   */
  async #hideCompleting(
    turn: Field,
    quantity: Quantity,
    hidden: Set<number>,
    assumed: readonly KnownSet[],
    pieces: Pieces,
  ): Promise<void> {
    const { groups } = this.#facts;
    const isTold = ({ summed }: { summed: ReadonlySet<number> }): boolean =>
      quantity === undefined || summed.has(quantity);
    const unknown = this.#facts.unknown.filter(isTold);
    const secretSets = this.#secretSets(hidden, isTold);
    if (secretSets.length + unknown.length === 0) return;
    const before = this.#spansBefore(quantity, isTold, assumed);
    const shown: Shown = {
      known: new Span(turn, before.known),
      withUnknown: unknown.length === 0 ? undefined : new Span(turn, before.withUnknown),
    };
    const residuals = secretSets.map((set) => shown.known.residual(this.#vector(set)));
    let secret: readonly FieldVector[] = residuals.filter((residual) => !isZero(turn, residual));
    if (secret.length + unknown.length === 0) return;
    for (const [index, group] of groups.entries()) {
      if (group.set === undefined || hidden.has(index) || !isTold(group)) continue;
      const sets = [group.set, ...group.levels];
      const told = [
        ...sets.map((each) => this.#vector(each)),
        ...(quantity === undefined ? this.#sumsOf(group.set, group.sums) : []),
      ];
      await pieces.did(this.#sets ** 2);
      const left = this.#show(turn, shown, told, secret);
      if (left !== undefined) secret = left;
      else {
        hidden.add(index);
        const own = sets.map((set) => shown.known.residual(this.#vector(set)));
        secret = [...secret, ...own.filter((residual) => !isZero(turn, residual))];
      }
    }
  }

  /** What of the secret vectors is left when the sets are shown; undefined: they must not be, and nothing has changed. */
  #show(
    turn: Field,
    { known, withUnknown }: Shown,
    told: readonly FieldVector[],
    secret: readonly FieldVector[],
  ): readonly FieldVector[] | undefined {
    const [rows, rowsWithUnknown]: [SpanRow[], SpanRow[]] = [[], []];
    const rowIn = (span: Span, others: readonly SpanRow[], vector: FieldVector): SpanRow | undefined =>
      rowOf(
        turn,
        others.reduce((rest, row) => without(turn, rest, row), span.residual(vector)),
      );
    let left = secret;
    for (const vector of told) {
      const row = rowIn(known, rows, vector);
      const other = withUnknown === undefined ? row : rowIn(withUnknown, rowsWithUnknown, vector);
      if (row !== undefined && other === undefined) return undefined;
      if (other !== undefined) rowsWithUnknown.push(other);
      if (row === undefined) continue;
      rows.push(row);
      left = left.map((vector) => without(turn, vector, row));
    }
    if (left.some((vector) => isZero(turn, vector))) return undefined;
    for (const row of rows) known.insert(row);
    for (const row of rowsWithUnknown) withUnknown?.insert(row);
    turn.release(...secret.filter((vector) => !left.includes(vector)));
    return left;
  }

  /** What was known before this answer, and with what may be. */
  #spansBefore(quantity: Quantity, isTold: (of: KnownSet) => boolean, assumed: readonly KnownSet[]): SpansBefore {
    const made = this.#spans.get(assumed)?.get(quantity);
    if (made !== undefined) return made;
    const { field, groups, known, unknown } = this.#facts;
    const of = (sets: readonly KnownSet[], base?: Span): Span => {
      const span = new Span(field, base);
      for (const { set, sums } of sets.filter(isTold)) {
        span.add(this.#vector(set));
        if (quantity === undefined) for (const vector of this.#sumsOf(set, sums)) span.add(vector);
      }
      return span;
    };
    const ofKnown = of([...known, ...assumed]);
    // A set that was asked alone may be shown all the same, unless it follows from other sets: what hid it then hides it now.
    const own = new Set(groups.flatMap(({ set, levels }) => (set === undefined ? [] : [set, ...levels].map(keyOf))));
    const others = unknown.filter(({ set, isAlone }) => !isAlone || !own.has(keyOf(set)));
    const spans = { known: ofKnown, withUnknown: of(others, ofKnown) };
    this.#spans.set(assumed, new Map(this.#spans.get(assumed)).set(quantity, spans));
    return spans;
  }

  #secretSets(hidden: ReadonlySet<number>, isTold: (of: { summed: ReadonlySet<number> }) => boolean): RowSet[] {
    const { groups, families } = this.#facts;
    const own = [...hidden].flatMap((index) => {
      const group = groups[index]!;
      return group.set === undefined || !isTold(group) ? [] : [group.set, ...group.levels];
    });
    return [...own, ...families.flatMap((family) => (isTold(family) ? family.hidden : []))];
  }

  /** What sums over a set tell of counts. */
  #sumsOf(set: RowSet, sums: readonly Sum[]): readonly FieldVector[] {
    const known = this.#sums.get(sums);
    if (known !== undefined) return known;
    const counting = countingSums(set, sums, this.#facts.catalogue);
    const told = counting.map((sum) => this.#weightedVector(sum));
    this.#sums.set(sums, told);
    return told;
  }

  #weightedVector(sum: WeightedSets): FieldVector {
    const { field, fingerprints } = this.#facts;
    const elements = Array.from({ length: this.#width }, (_, index) => {
      const total = sum.reduce((rest, [set, weight]) => rest + weight * fingerprints.of(set, index), 0n);
      return residue(total);
    });
    return field.fromIntegers(elements);
  }

  #countSums(): number {
    const { groups, known, suspected, unknown, catalogue } = this.#facts;
    const all = [...groups, ...known, ...suspected, ...unknown];
    return all.reduce((total, { set, sums }) => {
      return set === undefined ? total : total + countingSums(set, sums, catalogue).length;
    }, 0);
  }

  #vector(set: RowSet): FieldVector {
    const key = keyOf(set);
    let vector = this.#vectors.get(key);
    if (vector === undefined) {
      const { field, fingerprints } = this.#facts;
      vector = field.fromIntegers(Array.from({ length: this.#width }, (_, index) => fingerprints.of(set, index)));
      this.#vectors.set(key, vector);
    }
    return vector;
  }
}
