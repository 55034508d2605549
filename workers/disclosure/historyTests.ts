/**
 * Whether a new set is too close to what is known already (docs/query-language.md, "The gate"): to one earlier set, or to a
 * combination of two others. What holds or fails by construction is decided here, on public bytes; the rest becomes tests on
 * sizes.
 *
 * A combination v = p + q − m of three sets tells the number of rows where it is not zero, if all three are open. It is not
 * tested
 *  - when its support contains p or q by construction: that set has at least k rows or is empty, and then v is a pair;
 *  - when it is zero by construction, or a set, or a growth of a set, that is tested on its own, unless a column is summed over all
 *    three and not over that;
 *  - when m is made up of the answer's cells, p and q among them: what is left of m are other cells, which have tests of their
 *    own, and of which the hidden ones are tested together (`hiddenLines.ts`, `shownSums.ts`);
 *  - when it is rows with missing values whose number is known where the new sets are shown: by answers (`missingCounts.ts`), or as
 *    two new sets, or what is shown with them, are all of an earlier one that lack nothing; unless sums of one column would tell a sum;
 *  - when its new sets have grown from sets that are open, with every sum that all three have, and the others are older: then it
 *    was known but for the growths.
 *
 * That a number is known says nothing of sums: what is left out for a set whose number needs no test is in `sumTests.ts`.
 */
import { BN254_FR_MODULUS as R, residue } from "../field/bn254.ts";
import type { SizeTest } from "../messages/gatePlan.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { Fingerprints } from "./fingerprints.ts";
import type { HistorySet } from "./historySet.ts";
import type { HiddenFamily } from "./historySets.ts";
import { newestOf } from "./historySet.ts";
import { type KnownMissing, leaveOnlyMissing } from "./missingCounts.ts";
import type { TestedSet } from "./pairTests.ts";
import { pairTest, sumsOne } from "./pairTests.ts";
import type { RowSet } from "./rowSet.ts";
import { isSubset, keyOf, meetsWithin } from "./rowSet.ts";
import type { SizeTests } from "./sizeTests.ts";
import type { ToldRest, ToldTable } from "./toldTables.ts";
import { lateRestTests, restTests, tableTests } from "./toldTables.ts";
import { differInValidity, mayBeWhoLacks } from "./validity.ts";

/** Sets beside the new one in a combination: the newest distinct ones of posted answers, and of others. "All rows" is always among them. */
export const COMBINED_SETS = 64;

export interface NewSet extends TestedSet {
  /** The cell of which it is the rows, or those with some values present; undefined for others. */
  readonly cell: number | undefined;
  /** The cells of which it is the total. */
  readonly cells?: readonly number[];
  /** Data of the newest shown set with the same filter on part of these data; 0 for none. */
  readonly grownFrom: bigint;
  /** Fields whose sums that one told. */
  readonly grownSums: ReadonlySet<number>;
  /** Whether it is among the earlier sets, too, so that only sums over it are new. */
  readonly isEarlier: boolean;
  /** Sets that are shown whenever it is, itself among them. */
  readonly shownWith: readonly RowSet[];
  /**
   * What its cell's groups are sums over: the rows, and those that have some column. Where one is hidden, no rows follow from those
   * that are shown (`suppression.ts`).
   */
  readonly ofCell: readonly RowSet[];
}

/**
 * Which combinations of three are tested: all; those in which one field is summed over all three; or of these the ones that come to
 * missing values only, as the others were tested for their sizes.
 */
export type Compared = "sizes" | "sums" | "missing";

/** Sums that are hidden where a set does not pass its own tests: of these fields, or any. */
export type HiddenSums = ReadonlySet<number> | "any";

/** By fingerprint of a set that is, or was, tested on its own, or of the growth of an opened one: what each of these tests hides. */
export type OwnPrints = ReadonlyMap<bigint, readonly HiddenSums[]>;

export interface HistoryFacts {
  /** Of tests against what others were told: at least the request's own k. */
  readonly jointK: number;
  readonly tests: SizeTests;
  readonly fingerprints: Fingerprints;
  /** "All rows" first, then oldest first. */
  readonly earlier: readonly (HistorySet & TestedSet)[];
  /**
   * All rows of some of the request's data, which no answer showed: only their numbers are known. One is compared with a new
   * set, but not combined with two: every growth of a set would have to leave out k of the new rows, or none.
   */
  readonly totals: readonly RowSet[];
  readonly own: OwnPrints;
  /** Numbers of missing values that this request's readers know; and that others may, for a combination with a set they were told. */
  readonly missing: { readonly here: KnownMissing; readonly elsewhere: KnownMissing };
  /** Rows of parts of the universe. */
  rows(parts: bigint): number;
  /** Whether some of them are gone. A set that had them is measured too small: what passes then is large enough all the same. */
  isErased(parts: bigint): boolean;
  /** Of earlier answers: what their cells add up to is known, or may be. */
  readonly tables: readonly ToldTable[];
  /** Earlier answers' cells, some of them hidden. */
  readonly families: readonly HiddenFamily[];
  /** Of hidden cells of earlier answers those that are known together. */
  readonly rests: readonly ToldRest[];
  /** Fingerprints of lines of tables that are known to be nobody. */
  readonly empties: readonly bigint[];
  /** Of the new answer. */
  readonly cells: readonly (RowSet | undefined)[];
  /** By key of a set, the cells that make it up: filled as it is asked for. */
  readonly lines: Map<string, ReadonlySet<number>>;
  classes(field: number): FieldClasses;
}

/**
 * @param zero of pairs of one filter over different data: whether an unchanged cell passes
 * @param siblings other new sets of the same answer, each compared, and combined with one earlier set
 */
export function historyTests(
  facts: HistoryFacts,
  a: NewSet,
  zero: SizeTest["zero"],
  siblings: readonly NewSet[],
): SizeTest[] {
  const pairs = [
    ...facts.earlier.flatMap((b) => pairTest(facts, a, b, zero)),
    ...tableTests(facts, a, zero),
    ...restTests(facts, a, zero),
    ...lateRestTests(facts, a),
  ];
  const combined = earlierPairs(facts).flatMap(([b, c]) =>
    isKnownButGrown([a], [b, c]) ? [] : combinationTests(facts, [a, b, c], "sizes"),
  );
  return [
    ...pairs,
    ...siblingPairs(facts, a, siblings),
    ...totalTests(facts, a, zero),
    ...combined,
    ...amongTests(facts, a, siblings),
  ];
}

/** Earlier sets that are combined. */
function windowOf({ earlier }: HistoryFacts): (HistorySet & TestedSet)[] {
  return [...earlier.slice(0, 1), ...newestOf(earlier.slice(1), COMBINED_SETS - 1)];
}

/** Any two earlier sets that are combined with a new one. */
export function earlierPairs(facts: HistoryFacts): (readonly [HistorySet & TestedSet, HistorySet & TestedSet])[] {
  const window = windowOf(facts);
  return window.flatMap((b, index) => window.slice(index + 1).map((c) => [b, c] as const));
}

/** Combinations of two sets of one answer with an earlier one. Of a set that is earlier, too, sizes were combined as such. */
export function amongTests(facts: HistoryFacts, a: NewSet, siblings: readonly NewSet[]): SizeTest[] {
  const window = windowOf(facts);
  return siblings.flatMap((b) => {
    // An earlier set that is out of sight was not combined as such.
    const isSeen = [a, b].every((each) => !each.isEarlier || window.some(({ print }) => print === each.print));
    const compared = isSeen || a.isMargin === true ? comparedAmong(a, b) : "sizes";
    if (compared !== "sizes" && !sumsOne(a, b)) return [];
    return window.flatMap((c) =>
      isKnownButGrown([a, b], [c]) || isTestedLine(facts, a, b, c) ? [] : combinationTests(facts, [a, b, c], compared),
    );
  });
}

/** Of a margin, or of two earlier sets, only sums are new; of one earlier set, what comes to missing values. */
function comparedAmong(a: NewSet, b: NewSet): Compared {
  if (a.isMargin === true || (a.isEarlier && b.isEarlier)) return "sums";
  return a.isEarlier || b.isEarlier ? "missing" : "sizes";
}

/**
 * Of one answer. A set in another has its rest tested by itself, as a level, or shown, as missing values; for what sums tell of these
 * there is `missingSumTests`.
 */
function siblingPairs(facts: HistoryFacts, a: NewSet, siblings: readonly NewSet[]): SizeTest[] {
  const apart = siblings.filter(({ set, isEarlier }) => !isEarlier && !isSubset(a.set, set) && !isSubset(set, a.set));
  return apart.flatMap((b) => (differInValidity(facts.classes, a.set, b.set) ? [] : pairTest(facts, a, b, "fails")));
}

/**
 * Against known totals, unless the difference is but public numbers of rows and numbers of missing values, which answers show. A cell
 * may be all rows of a part, as of the owner in whose country it is: that part's other rows are a cell of nobody, like others.
 */
function totalTests(facts: HistoryFacts, a: TestedSet, zero: SizeTest["zero"]): SizeTest[] {
  if (differInValidity(facts.classes, a.set, { parts: a.set.parts, conditions: [] })) return [];
  const ofNobody = zero === "fails" ? zero : "ifShown";
  return facts.totals.map((total) => facts.tests.pair(a.set, total, facts.jointK - 1, ofNobody));
}

/** Whether the new sets have all grown from data that contain the earlier sets' data. */
export function haveGrown(grown: readonly NewSet[], earlier: readonly TestedSet[]): boolean {
  return grown.every(({ grownFrom }) => earlier.every(({ set }) => (set.parts & ~grownFrom) === 0n));
}

/** Whether, besides, every sum that all of them have was told over what each new set has grown from. */
export function isKnownButGrown(grown: readonly NewSet[], earlier: readonly TestedSet[]): boolean {
  if (!haveGrown(grown, earlier)) return false;
  const common = fieldsOfAll([...grown, ...earlier]);
  return grown.every(({ grownSums }) => common.every((field) => grownSums.has(field)));
}

/** Summed over each of them. */
function fieldsOfAll([first, ...others]: readonly TestedSet[]): number[] {
  return [...(first?.summed ?? [])].filter((field) => others.every(({ summed }) => summed.has(field)));
}

/** Cells of the answer that a set is of. */
export function cellsOf({ cell, cells }: NewSet): readonly number[] {
  return cells ?? (cell === undefined ? [] : [cell]);
}

/**
 * Whether other tests see to what two sets leave of a line: that is its other cells. Where the two are parts of cells, who is in
 * neither is left as well: known missing values to sizes, but not to sums.
 */
function isTestedLine(facts: HistoryFacts, a: NewSet, b: NewSet, whole: TestedSet): boolean {
  if (!isLine(facts, a, b, whole)) return false;
  const isPart = ({ set, cell }: NewSet): boolean => cell !== undefined && keyOf(facts.cells[cell]!) !== keyOf(set);
  return (!isPart(a) && !isPart(b)) || fieldsOfAll([a, b, whole]).length === 0;
}

/** Whether `whole` is made up of cells of the answer, and a and b are of different ones among them. */
function isLine(facts: HistoryFacts, a: NewSet, b: NewSet, whole: TestedSet): boolean {
  const [own, other] = [cellsOf(a), cellsOf(b)];
  if (own.length === 0 || other.length === 0 || own.some((cell) => other.includes(cell))) return false;
  const key = keyOf(whole.set);
  let line = facts.lines.get(key);
  if (line === undefined) facts.lines.set(key, (line = lineOf(facts, whole)));
  return [...own, ...other].every((cell) => line.has(cell));
}

/** The cells that make up `whole`; none when they do not. */
function lineOf({ cells, fingerprints }: HistoryFacts, whole: TestedSet): ReadonlySet<number> {
  const inside = cells.flatMap((cell, index) => (cell !== undefined && isSubset(cell, whole.set) ? [index] : []));
  const sum = inside.reduce((total, index) => total + fingerprints.of(cells[index] as RowSet), 0n);
  return new Set((sum - whole.print) % R === 0n ? inside : []);
}

/** Of p + q − m with each of the three as m. */
export function combinationTests(
  facts: HistoryFacts,
  [a, b, c]: readonly [TestedSet, TestedSet, TestedSet],
  compared: Compared,
): SizeTest[] {
  if (a.print === b.print || a.print === c.print || b.print === c.print) return [];
  const isSummed = fieldsOfAll([a, b, c]).length > 0;
  if (compared !== "sizes" && !isSummed) return [];
  const places = [
    [a, b, c],
    [a, c, b],
    [b, c, a],
  ] as const;
  return places.flatMap((place) => combinationTest(facts, place, isSummed, compared));
}

function combinationTest(
  facts: HistoryFacts,
  [p, q, m]: readonly [TestedSet, TestedSet, TestedSet],
  isSummed: boolean,
  compared: Compared,
): SizeTest[] {
  const { jointK: k, tests } = facts;
  if (meetsWithin(p.set, m.set, q.set) || meetsWithin(q.set, m.set, p.set)) return []; // p, or q, or both, in the support
  const mayHaveErased = (): boolean => facts.isErased(p.set.parts | q.set.parts | m.set.parts);
  const prints = printsOf(facts, [p, q, m]);
  const own = prints.flatMap((print) => [...(facts.own.get(print) ?? []), ...(facts.own.get(R - print) ?? [])]);
  const common = fieldsOfAll([p, q, m]);
  const isHidden = (sums: HiddenSums): boolean => sums === "any" || common.every((field) => sums.has(field));
  if (prints.includes(0n) || own.some(isHidden)) return [];
  if (own.length > 0 || isMissing(facts, [p, q, m], prints)) {
    // Sums of one column over all three would tell its sum over those few, unless there are none: of erased rows nobody can say.
    return isSummed ? [tests.combination(p.set, q.set, m.set, k - 1, mayHaveErased() ? "fails" : "passes")] : [];
  }
  if (compared === "missing") return [];
  const isUnit = meetsWithin(p.set, q.set, m.set); // |v| <= 1, so Σv² counts rows
  const isRest = (a: TestedSet, b: TestedSet): boolean => mayBeWhoLacks(facts.classes, a.set, m.set, b.set);
  const isOfMissing = (isRest(p, q) || isRest(q, p)) && !mayHaveErased();
  return [tests.combination(p.set, q.set, m.set, isUnit ? k - 1 : 4 * (k - 1), isOfMissing ? "ifShown" : "fails")];
}

/** Whether they come to missing values whose number is known when the new ones of these sets are shown. */
function isMissing(
  facts: HistoryFacts,
  [p, q, m]: readonly [TestedSet | NewSet, TestedSet | NewSet, TestedSet | NewSet],
  prints: readonly bigint[],
): boolean {
  const { here, elsewhere } = facts.missing;
  const known = [p, q, m].some(({ isToldToOthers }) => isToldToOthers === true) ? elsewhere : here;
  const added = [p, q, m].filter(isNew).flatMap(({ shownWith, ofCell }) => [shownWith, ofCell]);
  return (
    prints.some((print) => known.has(print, added)) ||
    (isNew(p) && isNew(q) && leaveOnlyMissing(facts.classes, p, q, m.set))
  );
}

function isNew(each: TestedSet | NewSet): each is NewSet {
  return "shownWith" in each;
}

/** Of p + q − m; and, where one is what cells of a table add up to, of what it is but for a line that is nobody. */
function printsOf({ empties }: HistoryFacts, [p, q, m]: readonly [TestedSet, TestedSet, TestedSet]): bigint[] {
  const print = residue(p.print + q.print - m.print);
  if (![p, q, m].some(({ isMargin }) => isMargin === true)) return [print];
  return [print, ...empties.flatMap((empty) => [residue(print + empty), residue(print - empty)])];
}
