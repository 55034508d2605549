/**
 * Lines: disjoint sets that make up another one by construction, as the cells of a table make up its total. Where the total is
 * known, so is the sum of the cells that are hidden, which must be large enough, also for an owner who takes its own rows away; and so
 * is what is summed over them, which may not be just above the least that it can be, or below the most.
 */
import { BN254_FR_MODULUS as R } from "../field/bn254.ts";
import type { LineTest, SizeTest } from "../messages/gatePlan.ts";
import { boundsOfAll } from "./boundTests.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { DisclosedGroup, FamilyMember } from "./disclosedSets.ts";
import { familiesOf } from "./disclosedSets.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { Fingerprints } from "./fingerprints.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset, keyOf } from "./rowSet.ts";
import type { SuppressionFacts } from "./suppression.ts";

/** Tests of one line. */
const MAX_CHOICES = 64;

type LineFacts = Pick<
  SuppressionFacts,
  "k" | "jointK" | "tests" | "fingerprints" | "groups" | "totals" | "known" | "unknown" | "families" | "owners"
> & { readonly catalogue: Pick<ClassCatalogue, "classes"> };

/** A sum of sets that is known when `whole` is: the sets are disjoint and make it up by construction. */
interface Line {
  readonly whole: RowSet;
  /** Fields that are summed over it, where that is told. */
  readonly summed: ReadonlySet<number>;
  /** Group that opens `whole`; undefined: known before. */
  readonly wholeGroup: number | undefined;
  /** The smallest sum of hidden members that may be known. */
  readonly k: number;
  readonly members: readonly { readonly set: RowSet; readonly group: number | undefined; readonly isHidden: boolean }[];
}

export class HiddenLines {
  readonly #facts: LineFacts;
  readonly #lines: readonly Line[];
  readonly #tests = new Map<string, readonly SizeTest[]>();

  constructor(facts: LineFacts) {
    this.#facts = facts;
    this.#lines = [...newLines(facts), ...earlierLines(facts)];
    // Sizes are part of the circuit, so all that may be asked for are named before it is finished.
    for (const { members } of this.#lines)
      for (const { set, group } of members)
        for (const { set: part } of [{ set }, ...this.#partsOf(set, group)])
          for (const other of [set, ...facts.owners]) facts.tests.name(part, other);
    const { groups, tests, owners } = facts;
    const summed = new Set(this.#lines.flatMap((line) => (line.summed.size === 0 ? [] : groupsOf(line.members))));
    for (const group of summed) {
      const { outputs, counts } = groups[group]!;
      for (const output of outputs) if (!counts.includes(output)) tests.nameSum(output, owners);
    }
  }

  /** What is to be tested when these groups are hidden. */
  hiddenBy(hidden: ReadonlySet<number>): LineTest[] {
    const known = new Set(this.#facts.known.map(({ set }) => keyOf(set)));
    return this.#lines.flatMap(({ whole, summed, wholeGroup, members, k }) => {
      if (wholeGroup !== undefined && hidden.has(wholeGroup)) return [];
      // What an earlier answer showed, hiding does not take back: whoever knows it subtracts it from the others.
      const isSecret = ({ set, group, isHidden: before }: Line["members"][number]): boolean =>
        (before || (group !== undefined && hidden.has(group))) && !known.has(keyOf(set));
      const secret = members.filter(isSecret);
      const own = members.filter(({ group }) => group !== undefined && !hidden.has(group));
      const shown = own.find(({ set }) => !known.has(keyOf(set))) ?? own[0];
      const sacrifice = wholeGroup ?? shown?.group;
      if (secret.length < 2 || secret.length === members.length || sacrifice === undefined) return [];
      const parts = secret.map(({ set, group }) => this.#partsOf(set, group).filter((part) => !hidden.has(part.group)));
      const { choices, isComplete } = choicesOf(secret, parts);
      const rests = choices.map((choice) => ({
        tests: this.#restTests(whole, choice, k, isComplete ? "ifShown" : "fails"),
        sacrifice: [choice.findLast(({ part }) => part !== undefined)?.part?.group ?? sacrifice],
      }));
      const bounds = this.#boundTests(secret, summed, k);
      return bounds.length === 0 ? rests : [...rests, { tests: bounds, sacrifice: [sacrifice] }];
    });
  }

  /** Of what is summed over hidden sets of this answer, all together; not over levels of its cells. */
  #boundTests(secret: Line["members"], summed: ReadonlySet<number>, k: number): SizeTest[] {
    const { groups, catalogue } = this.#facts;
    const own = secret.flatMap(({ set, group }) => {
      const of = group === undefined ? undefined : groups[group]!;
      return of?.set !== undefined && keyOf(of.set) === keyOf(set) ? [of] : [];
    });
    const classes = (field: number): FieldClasses => catalogue.classes(field);
    return own.length < secret.length ? [] : boundsOfAll(this.#facts, own, summed, classes, k);
  }

  /** What the answer may show of a cell though it hides the cell: who of it has some value. */
  #partsOf(set: RowSet, group: number | undefined): FamilyMember[] {
    const { groups } = this.#facts;
    const cell = group === undefined ? undefined : groups[group]!.cell;
    return groups.flatMap((other, index) => {
      const isPart = other.cell === cell && other.set !== undefined && isSubset(other.set, set);
      return isPart && keyOf(other.set) !== keyOf(set) ? [{ set: other.set, group: index }] : [];
    });
  }

  /**
   * Of all that is left, then without each owner's rows. Made once, however often they are asked for.
   *
   * @param zero whether nothing may be left without an owner's
   */
  #restTests(whole: RowSet, rests: readonly Rest[], k: number, zero: SizeTest["zero"]): readonly SizeTest[] {
    const { tests, owners } = this.#facts;
    const names = rests.map(({ set, part }) => (part === undefined ? keyOf(set) : `${keyOf(set)}-${keyOf(part.set)}`));
    const key = `${k}<=${keyOf(whole)}=${names.join("+")} ${zero}`;
    const known = this.#tests.get(key);
    if (known !== undefined) return known;
    const sets = rests.map(({ set, part }) => [set, part?.set] as const);
    // Who has all rows of a line, or none, learns nothing by taking its own away.
    const sharing = owners.filter(({ parts }) => (parts & whole.parts) !== 0n && (whole.parts & ~parts) !== 0n);
    const made = [
      tests.sum(sets, k - 1, "fails"),
      ...sharing.map((owner) => tests.sumWithout(sets, owner, k - 1, zero)),
    ];
    this.#tests.set(key, made);
    return made;
  }
}

/** A hidden set, without the part of it that is shown. */
interface Rest {
  readonly set: RowSet;
  readonly part: FamilyMember | undefined;
}

interface Choices {
  readonly choices: readonly (readonly Rest[])[];
  /** Of each hidden set something is in every choice. */
  readonly isComplete: boolean;
}

/**
 * What is left of a line when of each hidden set one shown part is taken away: every choice of parts. Too many: the rest of each
 * part by itself, of which each of them is at least one. Where one of these is nobody, others of the line may be few.
 */
function choicesOf(secret: readonly { readonly set: RowSet }[], parts: readonly (readonly FamilyMember[])[]): Choices {
  const options = secret.map(({ set }, index): Rest[] => {
    const own = parts[index]!.map((part) => ({ set, part }));
    return own.length > 0 ? own : [{ set, part: undefined }];
  });
  if (options.reduce((count, { length }) => count * length, 1) > MAX_CHOICES) {
    const single = options.flat().flatMap((rest) => (rest.part === undefined ? [] : [[rest]]));
    return { choices: single, isComplete: false };
  }
  const choices = options.reduce<Rest[][]>(
    (all, own) => all.flatMap((rests) => own.map((rest) => [...rests, rest])),
    [[]],
  );
  return { choices, isComplete: true };
}

/** Families of this answer against what is known, or others may know, and what it opens itself. */
function newLines({ groups, known, unknown, fingerprints, k, jointK }: LineFacts): Line[] {
  const told = [...known, ...unknown].map(({ set, summed }) => ({ set, summed, group: undefined }));
  const wholes = [...told, ...openedSets(groups)];
  return familiesOf(groups).flatMap((members) => {
    const family = members.map((member) => ({ ...member, isHidden: false }));
    return wholes.flatMap((whole) => lineOf(fingerprints, whole, family, whole.group === undefined ? jointK : k));
  });
}

/** A set that may be a line's whole. */
interface Whole {
  readonly set: RowSet;
  readonly summed: ReadonlySet<number>;
  readonly group: number | undefined;
}

function openedSets(groups: readonly DisclosedGroup[]): Whole[] {
  return groups.flatMap(({ set, summed, levels, levelSums }, group) => {
    if (set === undefined) return [];
    return [{ set, summed, group }, ...levels.map((each, at) => ({ set: each, summed: levelSums[at]!.summed, group }))];
  });
}

/** Families of earlier answers with hidden cells, against what this answer opens. */
function earlierLines({ groups, totals, families, fingerprints, jointK }: LineFacts): Line[] {
  // The last of its groups opens a total, and is sacrificed for what that would tell.
  const told = totals.map(({ set, groups: own }): Whole => ({ set, summed: new Set(), group: own.at(-1)! }));
  return families.flatMap(({ members, hidden }) => {
    const secret = new Set(hidden.map(keyOf));
    const family = members.map((set) => ({ set, group: undefined, isHidden: secret.has(keyOf(set)) }));
    return [...openedSets(groups), ...told].flatMap((whole) => lineOf(fingerprints, whole, family, jointK));
  });
}

/** Of members that are sets of this answer's groups. */
function groupsOf(members: Line["members"]): number[] {
  return members.flatMap(({ group }) => group ?? []);
}

function lineOf(
  fingerprints: Fingerprints,
  { set: whole, summed, group: wholeGroup }: Whole,
  family: Line["members"],
  k: number,
): Line[] {
  const members = family.filter(({ set }) => isSubset(set, whole));
  if (members.length < 2) return [];
  const sum = members.reduce((total, { set }) => total + fingerprints.of(set), 0n);
  const difference = sum - fingerprints.of(whole);
  return difference % R === 0n ? [{ whole, summed, wholeGroup, members, k }] : [];
}
