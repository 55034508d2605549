/**
 * What a new set's sums tell together with one earlier set: the counts of values in both (`levels.ts`), as when the mean of a
 * column of three values is followed by the number who have one; and in the rows that one has more than the other, as when
 * their sums differ by few values, or that each has beside the other, where they overlap. And what earlier answers told so of other data, from which such a set may have grown by few.
 */
import { isCoded } from "../errors.ts";
import type { SchemaField } from "../schema/studySchema.ts";
import type { Classes } from "./choices.ts";
import { chosenBy, fieldApart, fieldsOfChoice, hasProductsOf, isChosenBySummed } from "./choices.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { HistorySet } from "./historySet.ts";
import { newestOf } from "./historySet.ts";
import type { LevelReader, SummedSet } from "./levels.ts";
import type { RowSet } from "./rowSet.ts";
import { intersect, isSubset, keyOf, without } from "./rowSet.ts";
import type { Sum } from "./summedPoints.ts";
import { isSameSum } from "./summedPoints.ts";

/** Earlier sets that are looked at: the newest distinct ones of those that may tell something with a set. */
const COMPARED_SETS = 64;
/** So few that how many have each may follow: number, sum and sum of squares over two sets are six equations. */
const FEW_VALUES = 6;

export interface TellingSets {
  readonly sets: readonly RowSet[];
  /** What one of two sets leaves of the other, with the sums over both. */
  readonly rests: readonly SummedSet[];
  /** Levels that follow but for rows by which data or missing values leave two sets apart. */
  readonly near: readonly NearLevel[];
  /** Counts follow of sets that no class tells: the group cannot be shown. */
  readonly isUntold: boolean;
}

/** What sums tell is about the level and these rows: of each set, those that are not in a part of it. All are disjoint. */
export interface NearLevel {
  readonly level: RowSet;
  readonly beside: readonly (readonly [set: RowSet, part: RowSet])[];
}

const NOTHING: TellingSets = { sets: [], rests: [], near: [], isUntold: false };

/** A group, or what groups add up to. */
export type SummedGroup = Pick<DisclosedGroup, "set" | "sums">;

/** Of each, in order. */
export function levelsWithEarlier(
  groups: readonly SummedGroup[],
  earlier: readonly HistorySet[],
  levels: LevelReader,
  classes: Classes,
): TellingSets[] {
  const opened = earlier.filter(({ isOpened }) => isOpened);
  const known = new Map(opened.map((each) => [keyOf(each.set), each]));
  return groups.map(({ set, sums }) => {
    if (set === undefined) return NOTHING;
    const before = known.get(keyOf(set));
    const isKnown =
      before?.isShown === true && sums.every((sum) => before.toldHere.sums.some((other) => isSameSum(sum, other)));
    if (isKnown) return NOTHING;
    const related = newestOf(
      opened.filter((each) => mayTell(each, { set, sums }, classes)),
      COMPARED_SETS,
    );
    const almost = newestOf(
      opened.filter((each) => nearRoles(each, { set, sums }, classes).length > 0),
      COMPARED_SETS,
    );
    return merged([
      ...related.map((each) => tellTogether(each, { set, sums }, levels, classes)),
      ...almost.map((each) => tellNearly(each, { set, sums }, levels, classes)),
    ]);
  });
}

/** Of each group, what its set and its exact levels tell. */
export function byGroup(
  groups: readonly DisclosedGroup[],
  tellingOf: (sets: readonly SummedGroup[]) => readonly TellingSets[],
): TellingSets[] {
  const summed = groups.map(({ set, sums, levels, exactLevels, levelSums }): SummedGroup[] => {
    const told = levels.map((level, at) => ({ set: level, sums: levelSums[at]!.sums }));
    return [{ set, sums }, ...told.filter((_, at) => exactLevels[at])];
  });
  const telling = tellingOf(summed.flat());
  let next = 0;
  return summed.map(({ length }) => {
    return merged(telling.slice(next, (next += length)));
  });
}

function merged(found: readonly TellingSets[]): TellingSets {
  return {
    sets: found.flatMap(({ sets }) => sets),
    rests: found.flatMap(({ rests }) => rests),
    near: found.flatMap(({ near }) => near),
    isUntold: found.some(({ isUntold }) => isUntold),
  };
}

/**
 * Counts that two earlier sets told, or sums of several answers over one, on other data that the request has some of: no answer has them
 * as a level. What no class tells is passed over: no set of this request has its filter. Looked at are
 * the newest sets with sums, each with the newest that it may tell something with. O(sets) comparisons for each of these.
 *
 * @param parts the request's data
 */
export function toldTogether(
  earlier: readonly HistorySet[],
  parts: bigint,
  levels: LevelReader,
  classes: Classes,
): RowSet[] {
  // Over data of which the request has none, a set is apart from all of its own.
  const isElsewhere = ({ set }: HistorySet): boolean => set.parts !== parts && (set.parts & parts) !== 0n;
  const elsewhere = earlier.filter((each) => each.isOpened && isElsewhere(each));
  const places = new Map(elsewhere.map((each, place) => [each, place]));
  const inOrder = (a: HistorySet, b: HistorySet): [HistorySet, HistorySet] =>
    places.get(a)! < places.get(b)! ? [a, b] : [b, a];
  const summed = newestOf(
    elsewhere.filter(({ sums }) => sums.length > 0),
    COMPARED_SETS,
  );
  const pairs = summed.flatMap((one) => {
    // Two with sums are one pair.
    const others = elsewhere.filter(
      (each) => each !== one && (each.sums.length === 0 || inOrder(each, one)[0] === each),
    );
    const partners = newestOf(
      others.filter((each) => mayTell(each, one, classes)),
      COMPARED_SETS,
    );
    return partners.map((each) => inOrder(each, one));
  });
  // One by itself, too, for the sums of several answers over it.
  const own = summed.map((one): [SummedSet, SummedSet] => [{ set: one.set, sums: [] }, one]);
  const told = [...own, ...pairs].flatMap(([before, added]) => tellTogether(before, added, levels, classes).sets);
  return [...new Map(told.map((set) => [keyOf(set), set])).values()];
}

export function hasFewValues(field: SchemaField): boolean {
  const count = field.type === "category" ? field.categories.length : Number(field.maximum - field.minimum) + 1;
  return count <= FEW_VALUES;
}

/**
 * Whether two sets may tell counts together: one is chosen from the other by one field that is summed over one of them, or by fields of
 * which products are summed over the larger; and one of these fields has few values. More than tell any: where it is not known
 * which cells are shown, there are no levels to look at.
 */
export function mayTellCounts(
  earlier: SummedSet,
  added: SummedSet,
  classes: Classes,
  hasFewValues: (field: number) => boolean,
): boolean {
  if (!areSummed(earlier, added)) return false;
  const [whole, part] = wholeFirst(earlier, added);
  const fields = fieldsOfChoice(whole.set, part.set, classes);
  return fields.some(hasFewValues) && isChosenBySummed(fields, whole, part);
}

/** The same where it is known which cells are shown; or of the rows that only one of the two has, since both have a sum. */
function mayTell(earlier: SummedSet, added: SummedSet, classes: Classes): boolean {
  if (!areSummed(earlier, added)) return sumsApart(earlier, added, classes) !== undefined;
  if (keyOf(earlier.set) === keyOf(added.set)) return true;
  const [whole, part] = wholeFirst(earlier, added);
  if (isChosenBySummed(fieldsOfChoice(whole.set, part.set, classes), whole, part)) return true;
  return added.sums.some((sum) => earlier.sums.some((other) => isSameSum(sum, other)));
}

/** One in the other, with a sum over one of them. */
function areSummed(a: SummedSet, b: SummedSet): boolean {
  if (a.set.parts !== b.set.parts || a.sums.length + b.sums.length === 0) return false;
  return isSubset(a.set, b.set) || isSubset(b.set, a.set);
}

function wholeFirst(a: SummedSet, b: SummedSet): [whole: SummedSet, part: SummedSet] {
  return isSubset(a.set, b.set) ? [b, a] : [a, b];
}

/** The field by which two sets differ where they overlap and neither is in the other, and what of it is summed over both. */
function sumsApart(
  { set: a, sums }: SummedSet,
  { set: b, sums: others }: SummedSet,
  classes: Classes,
): { readonly field: number; readonly sums: readonly Sum[] } | undefined {
  if (a.parts !== b.parts || sums.length === 0 || others.length === 0) return undefined;
  if (isSubset(a, b) || isSubset(b, a) || intersect(a, b) === undefined) return undefined;
  const field = fieldApart(a, b, classes);
  if (field === undefined) return undefined;
  const common = sums.filter(
    (sum) => sum.every((each) => each.field === field) && others.some((other) => isSameSum(sum, other)),
  );
  return common.length === 0 ? undefined : { field, sums: common };
}

function tellTogether(earlier: SummedSet, added: SummedSet, levels: LevelReader, classes: Classes): TellingSets {
  return unlessUntold(() => {
    const apart = sumsApart(earlier, added, classes);
    if (apart !== undefined)
      return { ...NOTHING, sets: levels.levelsApart(earlier.set, added.set, apart.field, apart.sums) };
    if (keyOf(earlier.set) === keyOf(added.set)) {
      const both = { set: added.set, sums: [...earlier.sums, ...added.sums] };
      return { ...NOTHING, sets: levels.levelsOfCell([both])[0]!.own.map(({ set }) => set) };
    }
    const rest = restOf(earlier, added);
    const sums = added.sums.filter((sum) => earlier.sums.some((other) => isSameSum(sum, other)));
    const both = levelsOfBoth(earlier, added, levels, classes);
    if (rest === undefined || sums.length === 0) return { ...NOTHING, sets: both };
    return { ...NOTHING, sets: [...both, ...levels.levelsAlone(rest, sums)], rests: [{ set: rest, sums }] };
  });
}

function unlessUntold(tell: () => TellingSets): TellingSets {
  try {
    return tell();
  } catch (error) {
    if (isCoded(error, "DISCLOSURE_UNSUPPORTED")) return { ...NOTHING, isUntold: true };
    throw error;
  }
}

/**
 * Sums over one set, and the other chosen from it but for missing values or other data, as when an arm has not grown since its mean
 * was told: what both tell is about the level, and about the rows by which the sets are apart.
 */
function tellNearly(earlier: SummedSet, added: SummedSet, levels: LevelReader, classes: Classes): TellingSets {
  return unlessUntold(() => {
    const near = nearRoles(earlier, added, classes).flatMap(({ whole, part, beside }) =>
      levelsOfBoth(whole, part, levels, classes).map((level): NearLevel => ({ level, beside })),
    );
    return { ...NOTHING, near };
  });
}

/** Which of two sets is summed, and what the other chooses of it: on their common data, with the rows of each that this leaves out. */
function nearRoles(
  earlier: SummedSet,
  added: SummedSet,
  classes: Classes,
): { readonly whole: SummedSet; readonly part: SummedSet; readonly beside: NearLevel["beside"] }[] {
  return [[earlier, added] as const, [added, earlier] as const].flatMap(([summed, chosen]) => {
    const parts = summed.set.parts & chosen.set.parts;
    if (summed.sums.length === 0 || parts === 0n) return [];
    const fields = fieldsOfChoice(summed.set, chosen.set, classes);
    if (!isChosenBySummed(fields, summed, { ...chosen, sums: [] })) return [];
    const whole = { set: { ...summed.set, parts }, sums: summed.sums };
    const part = intersect(whole.set, chosen.set);
    if (part === undefined || keyOf(part) === keyOf(whole.set)) return [];
    const beside = [[summed.set, whole.set] as const, [chosen.set, part] as const].filter(
      ([set, own]) => keyOf(set) !== keyOf(own),
    );
    // Sets that are one in the other are looked at as such.
    return beside.length === 0 ? [] : [{ whole, part: { set: part, sums: [] }, beside }];
  });
}

/**
 * Of the larger one, where the other is chosen from it by one field, with the sums of that field: how many have one of three values,
 * and the mean. Chosen by two fields, the other tells nothing more of sums of one. Products of the fields that choose are looked
 * at whole, as if each factor were told alone, too.
 */
function levelsOfBoth(earlier: SummedSet, added: SummedSet, levels: LevelReader, classes: Classes): RowSet[] {
  const [whole, part] = wholeFirst(earlier, added);
  const fields = fieldsOfChoice(whole.set, part.set, classes);
  let compared: readonly [SummedSet, SummedSet] = [earlier, added];
  if (!hasProductsOf(fields, whole)) {
    const chosen = fields.length === 1 ? chosenBy(fields[0]!, whole.set, part.set) : undefined;
    if (chosen === undefined || keyOf(chosen) === keyOf(whole.set)) return [];
    const sumsOf = ({ sums }: SummedSet): Sum[] => sums.filter((sum) => sum.every(({ field }) => field === fields[0]));
    compared = [
      { set: whole.set, sums: sumsOf(whole) },
      { set: chosen, sums: sumsOf(part) },
    ];
  }
  const rest = restOf(...compared);
  // The rest's number follows from the sets alone: it is tested as a pair, or public.
  const joint = levels.levelsOfCell(compared)[1]!.joint.map(({ set }) => set);
  return joint.filter((set) => rest === undefined || keyOf(set) !== keyOf(rest));
}

/** The rows of one that are not in the other, which is in it. */
function restOf(earlier: SummedSet, added: SummedSet): RowSet | undefined {
  const [whole, part] = wholeFirst(earlier, added);
  return without(whole.set, part.set);
}
