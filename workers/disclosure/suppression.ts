/**
 * Complementary suppression (DESIGN, section 6): no hidden set may follow from what is shown, this answer and earlier ones
 * together, and hidden sets whose sum follows must together be large enough. Which further groups are hidden is decided on
 * public facts alone, the same at every worker.
 */
import type { Closure, HiddenLine } from "../messages/gatePlan.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { Fingerprints } from "./fingerprints.ts";
import type { HiddenFamily } from "./historySets.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset, keyOf } from "./rowSet.ts";
import type { SizeTests } from "./sizeTests.ts";
import { Span } from "./span.ts";
import { BN254_FR_MODULUS as R } from "../field/bn254.ts";

export interface SuppressionFacts {
  readonly k: number;
  readonly fingerprints: Fingerprints;
  readonly tests: SizeTests;
  readonly groups: readonly DisclosedGroup[];
  /** Public or opened before; the rows of each segment are public. */
  readonly known: readonly RowSet[];
  /** Opened before or hidden, nobody knows: what follows only from them is not shown, since it would tell the hidden ones. */
  readonly unknown: readonly RowSet[];
  readonly families: readonly HiddenFamily[];
}

/** A sum of sets that is known when `whole` is: the sets are disjoint and make it up by construction. */
interface Line {
  readonly whole: RowSet;
  /** Group that opens `whole`; undefined: known before. */
  readonly wholeGroup: number | undefined;
  readonly members: readonly { readonly set: RowSet; readonly group: number | undefined; readonly isHidden: boolean }[];
}

export class Suppression {
  readonly #facts: SuppressionFacts;
  readonly #lines: readonly Line[];
  readonly #tests = new Map<string, HiddenLine["test"]>();
  /** Functionals needed to tell all sets apart. */
  readonly #width: number;
  readonly #vectors = new Map<string, readonly bigint[]>();

  constructor(facts: SuppressionFacts) {
    this.#facts = facts;
    const { groups, known, unknown, families } = facts;
    const own = groups.reduce((total, { levels }) => total + 1 + levels.length, 0);
    this.#width =
      own + known.length + unknown.length + families.reduce((total, { hidden }) => total + hidden.length, 0) + 8;
    this.#lines = [...newLines(facts), ...earlierLines(facts)];
    // Sizes are part of the circuit, so all that may be asked for are named before it is finished.
    for (const { members } of this.#lines)
      facts.tests.sum(
        members.map(({ set }) => set),
        facts.k - 1,
        "fails",
      );
  }

  close(failed: ReadonlySet<number>): Closure {
    const hidden = new Set(failed);
    for (let more = this.#derivable(hidden); more !== undefined; more = this.#derivable(hidden)) hidden.add(more);
    return { hidden, lines: this.#hiddenLines(hidden) };
  }

  /** The group to hide next because a hidden set follows from what is shown: the one that completes it, in order. */
  #derivable(hidden: ReadonlySet<number>): number | undefined {
    const { groups, known, unknown } = this.#facts;
    const span = this.#spanOf(known);
    const withUnknown = unknown.length === 0 ? span : this.#spanOf([...known, ...unknown]);
    const single = new Set(unknown.map(keyOf));
    const secret = this.#secretSets(hidden)
      .map((set) => this.#vector(set))
      .filter((vector) => !span.contains(vector));
    if (secret.length + unknown.length === 0) return undefined;
    for (const [index, { set, levels }] of groups.entries()) {
      if (set === undefined || hidden.has(index)) continue;
      for (const each of [set, ...levels]) {
        const vector = this.#vector(each);
        if (!single.has(keyOf(each)) && !span.contains(vector) && withUnknown.contains(vector)) return index;
        span.add(vector);
        withUnknown.add(vector);
      }
      if (secret.some((vector) => span.contains(vector))) return index;
    }
    return undefined;
  }

  #spanOf(sets: readonly RowSet[]): Span {
    const span = new Span();
    for (const set of sets) span.add(this.#vector(set));
    return span;
  }

  #secretSets(hidden: ReadonlySet<number>): RowSet[] {
    const { groups, families } = this.#facts;
    const own = [...hidden].flatMap((index) => {
      const { set, levels } = groups[index]!;
      return set === undefined ? [] : [set, ...levels];
    });
    return [...own, ...families.flatMap((family) => family.hidden)];
  }

  #vector(set: RowSet): readonly bigint[] {
    const key = keyOf(set);
    let vector = this.#vectors.get(key);
    if (vector === undefined) {
      vector = Array.from({ length: this.#width }, (_, index) => this.#facts.fingerprints.of(set, index));
      this.#vectors.set(key, vector);
    }
    return vector;
  }

  #hiddenLines(hidden: ReadonlySet<number>): HiddenLine[] {
    const { k, tests } = this.#facts;
    return this.#lines.flatMap(({ whole, wholeGroup, members }) => {
      if (wholeGroup !== undefined && hidden.has(wholeGroup)) return [];
      const isHidden = ({ group, isHidden: before }: Line["members"][number]): boolean =>
        before || (group !== undefined && hidden.has(group));
      const secret = members.filter(isHidden).map(({ set }) => set);
      const shown = members.find((member) => member.group !== undefined && !isHidden(member));
      const sacrifice = wholeGroup ?? shown?.group;
      if (secret.length < 2 || secret.length === members.length || sacrifice === undefined) return [];
      const key = `${keyOf(whole)}=${secret.map(keyOf).join("+")}`;
      const test = this.#tests.get(key) ?? tests.sum(secret, k - 1, "fails");
      this.#tests.set(key, test);
      return [{ test, sacrifice }];
    });
  }
}

/** Families of this answer against what is known and what it opens itself. */
function newLines({ groups, known, fingerprints }: SuppressionFacts): Line[] {
  const wholes = [
    ...known.map((set) => ({ set, group: undefined })),
    ...groups.flatMap(({ set }, group) => (set === undefined ? [] : [{ set, group }])),
  ];
  const kinds = [...new Set(groups.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const family = groups.flatMap((group, index) =>
      group.kind === kind && group.set !== undefined ? [{ set: group.set, group: index, isHidden: false }] : [],
    );
    return wholes.flatMap(({ set, group }) => lineOf(fingerprints, set, group, family));
  });
}

/** Families of earlier answers with hidden cells, against what this answer opens. */
function earlierLines({ groups, families, fingerprints }: SuppressionFacts): Line[] {
  return families.flatMap(({ members, hidden }) => {
    const secret = new Set(hidden.map(keyOf));
    const family = members.map((set) => ({ set, group: undefined, isHidden: secret.has(keyOf(set)) }));
    return groups.flatMap(({ set }, group) => (set === undefined ? [] : lineOf(fingerprints, set, group, family)));
  });
}

function lineOf(
  fingerprints: Fingerprints,
  whole: RowSet,
  wholeGroup: number | undefined,
  family: Line["members"],
): Line[] {
  const members = family.filter(({ set }) => isSubset(set, whole));
  if (members.length < 2) return [];
  const sum = members.reduce((total, { set }) => total + fingerprints.of(set), 0n);
  const difference = sum - fingerprints.of(whole);
  return difference % R === 0n ? [{ whole, wholeGroup, members }] : [];
}
