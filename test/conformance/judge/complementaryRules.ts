/**
 * Which further cells are hidden, so that no hidden one can be computed from those shown: the documentation promises that, and
 * the order in which it is decided is the product's own. Cells are looked at in the order of the answer, and one with
 * which something hidden would follow is hidden, too; then hidden cells of a line whose total is known must be k patients
 * together, also without any one hospital's, or the line loses its total, or the last part that tells of it; and the cells
 * that are shown must together leave k of all patients, or some more are hidden, whole. Until nothing changes.
 */
import type { ClearSet } from "./clearSet.ts";
import {
  areApart,
  difference,
  isEmpty,
  isSame,
  isSum,
  isWithin,
  minus,
  sizeOf,
  sizeWithout,
  unite,
} from "./clearSet.ts";
import type { JudgedGroup } from "./judgedSets.ts";
import { isZero, PrimeSpan, without } from "./primeSpan.ts";
import type { SpanVector } from "./primeSpan.ts";
import { areZerosShown } from "./sizeRules.ts";
import type { RuleFacts } from "./sizeRules.ts";

/** More disclosed sets than this cannot be told apart in time: then nothing is shown once anything is hidden. */
export const MOST_SETS = 512;
/** Of the cells that are shown so many, at least one, are hidden at once. */
const HIDDEN_AT_ONCE = 8;
/** More choices of shown parts than this: each part by itself. */
const MOST_CHOICES = 64;

type Quantity = "rows" | "sums";

/** The indices of all hidden groups. @param failed those that their own tests hide */
export function hiddenGroups(facts: RuleFacts, failed: ReadonlySet<number>): Set<number> {
  const { groups } = facts.sets;
  const hidden = new Set(failed);
  const disclosed = groups.reduce((sum, { levels }) => sum + 1 + levels.length, 0) + facts.owned.length + 1;
  const families = familiesOf(groups);
  const lines = linesOf(facts);
  const vectors = vectorsOf(facts);
  for (let before = -1; before !== hidden.size;) {
    before = hidden.size;
    if (disclosed > MOST_SETS && hidden.size > 0) return new Set(groups.keys());
    hideFollowing(facts, vectors, hidden);
    const turn = new Set(lines.flatMap((line) => sacrificesOf(facts, line, hidden)));
    for (const { cells, sacrifice } of shownTogether(facts, families, hidden))
      if (!cells.some((group) => turn.has(group))) for (const group of sacrifice) turn.add(group);
    for (const group of turn) hidden.add(group);
  }
  return hidden;
}

type Vectors = ReadonlyMap<ClearSet, SpanVector>;

/** Until no hidden set follows from shown ones: the numbers of rows and the sums each by themselves. */
function hideFollowing(facts: RuleFacts, vectors: Vectors, hidden: Set<number>): void {
  for (let before = -1; before !== hidden.size;) {
    before = hidden.size;
    hideQuantity(facts, vectors, "rows", hidden);
    hideQuantity(facts, vectors, "sums", hidden);
  }
}

function hideQuantity(
  { sets, all, owned }: RuleFacts,
  vectors: Vectors,
  quantity: Quantity,
  hidden: Set<number>,
): void {
  const isTold = (group: JudgedGroup): boolean =>
    !group.isNobody && (quantity === "rows" || group.parts.includes("sum"));
  const vectorsIn = (group: JudgedGroup): SpanVector[] => disclosedBy(group).map((set) => vectors.get(set)!);
  const known = new PrimeSpan();
  if (quantity === "rows") for (const set of [...owned, all]) known.insert(known.residual(vectors.get(set)!));
  const told = sets.groups.map((group, index) => ({ group, index })).filter(({ group }) => isTold(group));
  const residuals = (group: JudgedGroup): SpanVector[] =>
    vectorsIn(group)
      .map((vector) => known.residual(vector))
      .filter((rest) => !isZero(rest));
  let secret: readonly SpanVector[] = told.flatMap(({ group, index }) => (hidden.has(index) ? residuals(group) : []));
  if (secret.length === 0) return;
  for (const { group, index } of told) {
    if (hidden.has(index)) continue;
    const shown = vectorsIn(group).reduce<{ rest: readonly SpanVector[]; added: readonly SpanVector[] }>(
      ({ rest, added }, vector) => {
        const own = reduceBy(known.residual(vector), added);
        return isZero(own) ? { rest, added } : { rest: without(rest, own), added: [...added, own] };
      },
      { rest: secret, added: [] },
    );
    if (shown.rest.some(isZero)) {
      hidden.add(index);
      secret = [...secret, ...residuals(group)];
    } else {
      for (const own of shown.added) known.insert(own);
      secret = shown.rest;
    }
  }
}

function reduceBy(vector: SpanVector, added: readonly SpanVector[]): SpanVector {
  return added.reduce((rest, own) => without([rest], own)[0]!, vector);
}

/**
 * What is shown of sets that say the same of each cell, together too close to all patients. Not where all of these sets are all
 * patients: then the hidden ones are looked at as a line.
 */
function shownTogether(
  { k, sets, all, differInMissing }: RuleFacts,
  families: readonly Line["members"][],
  hidden: ReadonlySet<number>,
): { readonly cells: readonly number[]; readonly sacrifice: readonly number[] }[] {
  return families.flatMap((family) => {
    const shown = family.filter(({ group }) => !hidden.has(group));
    const untold = shown.filter(({ set }) => !isSame(set, all)).map(({ group }) => group);
    const isLine = isSum(
      family.map(({ set }) => set),
      all,
    );
    if (isLine || shown.length < 2 || untold.length === 0) return [];
    const together = unite(shown.map(({ set }) => set));
    if (differInMissing(together, all) || difference(together, all) >= k) return [];
    const first = untold.slice(0, Math.ceil(untold.length / HIDDEN_AT_ONCE));
    const lost = new Set(first.map((group) => sets.groups[group]!.cell));
    const sacrifice = sets.groups.flatMap(({ cell, isNobody }, group) =>
      lost.has(cell) && !isNobody && !hidden.has(group) ? [group] : [],
    );
    return [{ cells: shown.map(({ group }) => group), sacrifice }];
  });
}

/** Disjoint sets that say the same of each cell, and a set that they make up. */
interface Line {
  readonly whole: ClearSet;
  /** That opens `whole`; undefined: it is public. */
  readonly wholeGroup: number | undefined;
  readonly members: readonly { readonly set: ClearSet; readonly group: number }[];
}

function linesOf({ sets, all, owned }: RuleFacts): Line[] {
  const opened = sets.groups.flatMap((group, index) => disclosedBy(group).map((set) => ({ set, group: index })));
  const wholes = [...owned, all].map((set) => ({ set, group: undefined }));
  return familiesOf(sets.groups).flatMap((family) =>
    [...wholes, ...opened].flatMap(({ set: whole, group: wholeGroup }) => {
      const members = family.filter(({ set }) => isWithin(set, whole));
      const parts = members.map(({ set }) => set);
      return members.length > 1 && isSum(parts, whole) ? [{ whole, wholeGroup, members }] : [];
    }),
  );
}

/** Counts of all cells; sums' sets of all cells; of each value, its sets of all cells. */
function familiesOf(groups: readonly JudgedGroup[]): Line["members"][] {
  const families = new Map<string, { set: ClearSet; group: number }[]>();
  groups.forEach(({ parts, isNobody, set, levels }, group) => {
    if (isNobody) return;
    const kind = parts.join();
    for (const [key, member] of [
      [kind, set] as const,
      ...levels.map((level) => [`${kind}=${level.value}`, level.set] as const),
    ]) {
      families.set(key, [...(families.get(key) ?? []), { set: member, group }]);
    }
  });
  return [...families.values()];
}

/**
 * What a line must lose when what is hidden of it is fewer than k patients together, whichever shown parts are taken away; or when
 * a hospital that has some of the line's patients, and not all, takes its own away and fewer than k are left, or none where no cell
 * may have none.
 */
function sacrificesOf(facts: RuleFacts, { whole, wholeGroup, members }: Line, hidden: ReadonlySet<number>): number[] {
  const { k, sets, owned } = facts;
  if (wholeGroup !== undefined && hidden.has(wholeGroup)) return [];
  const secret = members.filter(({ group }) => hidden.has(group));
  const sacrifice = wholeGroup ?? members.find(({ group }) => !hidden.has(group))?.group;
  if (secret.length < 2 || secret.length === members.length || sacrifice === undefined) return [];
  const options = secret.map(({ set, group }): Rest[] => {
    const parts = partsOf(sets.groups, set, group).filter((part) => !hidden.has(part));
    return parts.length === 0 ? [{ set, part: undefined }] : parts.map((part) => ({ set, part }));
  });
  const sharing = owned.length < 2 ? [] : owned.filter((own) => !areApart(own, whole) && !isWithin(whole, own));
  const zerosShown = areZerosShown(facts);
  return choicesOf(options).flatMap((rests) => {
    const left = rests.map(({ set, part }) => (part === undefined ? set : minus(set, sets.groups[part]!.set)));
    const size = left.reduce((sum, set) => sum + sizeOf(set), 0);
    const others = sharing.map((own) => left.reduce((sum, set) => sum + sizeWithout(set, own), 0));
    const passes = size >= k && others.every((count) => (count === 0 ? zerosShown : count >= k));
    return passes ? [] : [rests.findLast(({ part }) => part !== undefined)?.part ?? sacrifice];
  });
}

interface Rest {
  readonly set: ClearSet;
  readonly part: number | undefined;
}

/** Groups of the same cell that are about some of the set's rows. */
function partsOf(groups: readonly JudgedGroup[], set: ClearSet, group: number): number[] {
  const { cell } = groups[group]!;
  return groups.flatMap((other, index) => {
    const isPart = other.cell === cell && !other.isNobody && isWithin(other.set, set) && !isSame(other.set, set);
    return isPart ? [index] : [];
  });
}

function choicesOf(options: readonly (readonly Rest[])[]): Rest[][] {
  if (options.reduce((count, { length }) => count * length, 1) > MOST_CHOICES)
    return options.flat().flatMap((rest) => (rest.part === undefined ? [] : [[rest]]));
  return options.reduce<Rest[][]>((all, own) => all.flatMap((rests) => own.map((rest) => [...rests, rest])), [[]]);
}

function disclosedBy({ isNobody, set, levels }: JudgedGroup): ClearSet[] {
  return isNobody ? [] : [set, ...levels.map((level) => level.set)];
}

/** Possible rows that no set tells apart are one coordinate. */
function vectorsOf({ sets, all, owned }: RuleFacts): Vectors {
  const disclosed = [...owned, all, ...sets.groups.flatMap(disclosedBy)].filter((set) => !isEmpty(set));
  const kinds = new Map<string, number>();
  all.shape.forEach((_, index) => {
    const key = disclosed.map(({ shape }) => shape[index]).join("");
    if (!kinds.has(key)) kinds.set(key, index);
  });
  const representatives = [...kinds.values()];
  return new Map(disclosed.map((set) => [set, Float64Array.from(representatives, (index) => set.shape[index]!)]));
}
