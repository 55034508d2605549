/** What earlier answers on a study's data have disclosed, or may have, as sets. */
import type { ClassCatalogue } from "./classCatalogue.ts";
import { type DisclosedGroup, type VettedRequest, disclosedSets, familiesOf } from "./disclosedSets.ts";
import { type DisclosedMargin, toldPart } from "./margins.ts";
import { type RowSet, keyOf } from "./rowSet.ts";
import { type Sum, isSameSum } from "./summedPoints.ts";
import { type ToldTable, toldTables } from "./toldTables.ts";

/** One segment of a dataset: the rows that version `version` added, less those that consent takes out. */
export interface SegmentRef {
  readonly datasetId: string;
  readonly version: bigint;
  readonly rowCount: bigint;
  /** Positions of rows that the request may not use, ascending; none when absent. */
  readonly excluded?: Uint32Array;
  /**
   * Of a dataset that was retired since, in earlier answers only: its rows were in what these showed, and nobody can count them any
   * more.
   */
  readonly isErased?: true;
}

/** "unknown": opened or not, an attempt came so far and nothing was posted; then every set counts as opened. */
export type Opened =
  "unknown" | { readonly hiddenOutputs: ReadonlySet<number>; readonly zeroOutputs: ReadonlySet<number> };

export interface EarlierAnswer extends VettedRequest {
  readonly requestId: string;
  readonly segments: readonly SegmentRef[];
  readonly opened: Opened;
  /**
   * Of a posted SEALED answer with a lower k, of which this request's readers are not the recipients: it counts as "unknown". What
   * passed there is known to a few, and would not have passed here.
   */
  readonly isToldToOthers?: true;
  /** Of such an answer, unless it is of the order of values: outputs that not even its recipients were told. */
  readonly hiddenFromAll?: ReadonlySet<number>;
  /** A participant names it, and this worker knows nothing of it. */
  readonly isNamedOnly?: true;
}

/**
 * Of one set, in all answers together. By what is known of its number it is one of five:
 *
 *   isPosted  isOpened  isShown  isUnknown
 *   no        no        no       no         the cohort of attempts that were never posted, or of answers told
 *                                             to others only; its number no output
 *   no        yes       no       yes        counted in an attempt that was never posted, or told to others only
 *   yes       no        no       no         the cohort of a posted answer, its number hidden or no output; or a level that only
 *                                             counts as told
 *   yes       yes       no       yes        that, and counted in such an attempt; or what a cell's sums tell
 *                                             together, some of them hidden
 *   yes       yes       yes      no         shown
 *
 *  1. isOpened exactly when isShown or isUnknown, never both; isShown only if isPosted.
 *  2. isEmpty only if isShown.
 *  3. Not isAlone only if isOpened; it may have been shown as well.
 *  4. isMargin wherever not isPosted; if isPosted, where it was posted as what cells add up to and no other way.
 *  5. isToldToOthers only if not isPosted, so not isShown.
 *  6. `toldHere` is part of `summed` and `sums`, and of a set that is not isShown nothing.
 */
export interface HistorySet {
  readonly set: RowSet;
  /** Fields summed over it in some answer; of a level, over its cell. */
  readonly summed: ReadonlySet<number>;
  /** What exactly, each once; of a level, what follows over it from the sums of its cell. */
  readonly sums: readonly Sum[];
  /** Of `summed`, those whose sum over it may have been opened. */
  readonly openSummed: ReadonlySet<number>;
  /** Posted in an answer, as its cohort or as a set that is shown: it passed the gate. */
  readonly isPosted: boolean;
  /** Shown in a posted answer: showing it again shows nothing. A cohort was not shown when its answer is a table. */
  readonly isShown: boolean;
  /** Its size was opened, or may have been. A cohort's was not when its answer is a table. */
  readonly isOpened: boolean;
  /** Whether its size was opened or is hidden nobody knows. */
  readonly isUnknown: boolean;
  /**
   * No answer of which nobody knows that had another cell. Of a table it may have been hidden to protect another cell, and the others
   * opened: shown now, it would tell that cell to whoever saw them.
   */
  readonly isAlone: boolean;
  /** Opened as zero: what follows from it follows without it. */
  readonly isEmpty: boolean;
  /** Only what cells of tables add up to, or never posted: its sums are told, or may be; its size was not tested as its own. */
  readonly isMargin: boolean;
  /** Only in answers that others were told, with a lower k: no reason not to test what the set follows from. */
  readonly isToldToOthers: boolean;
  /** In some answer that was posted, to whomever. */
  readonly isAnswered: boolean;
  /** Its size was shown to those recipients. */
  readonly isShownToOthers: boolean;
  /** Of `summed` and `sums`, those that were not told to others only: what may be shown again. */
  readonly toldHere: Pick<HistorySet, "summed" | "sums">;
}

export interface HiddenFamily {
  /** The same sum's sets, or the same level's, in all cells of one answer, disjoint. */
  readonly members: readonly RowSet[];
  readonly hidden: readonly RowSet[];
  /** Fields summed over them. */
  readonly summed: ReadonlySet<number>;
}

export interface HistorySets {
  /** Distinct, the newest last. */
  readonly sets: readonly HistorySet[];
  /** Of answers with hidden cells. */
  readonly families: readonly HiddenFamily[];
  /** Of answers of two cells or more, in their order. */
  readonly tables: readonly ToldTable[];
  /** Of each answer that has one, in their order. */
  readonly cohorts: readonly { readonly set: RowSet; readonly answer: EarlierAnswer }[];
  /** Of tables, lines over which nothing is summed, as their shown cells tell how many are in them. */
  readonly lines: readonly RowSet[];
  /** The same, where the cells were shown or may have been; distinct. */
  readonly counted: readonly HistorySet[];
  /** Of tables, lines of which all cells were opened as zero. */
  readonly empties: readonly RowSet[];
  /** How many of the sets are of posted answers: others may be named by one participant alone. */
  readonly posted: number;
}

/**
 * @param history oldest first
 * @param segmentsOf bits of the universe's parts
 * @param catalogue of a plan that has all of it
 * @throws CodedError DISCLOSURE_UNSUPPORTED | CIRCUIT_*
 */
export function historySets(
  history: readonly EarlierAnswer[],
  segmentsOf: (segments: readonly SegmentRef[]) => bigint,
  catalogue: ClassCatalogue,
): HistorySets {
  const sets = new Map<string, HistorySet>();
  const families: HiddenFamily[] = [];
  const tables: ToldTable[] = [];
  const lines: RowSet[] = [];
  const counted = new Map<string, HistorySet>();
  const empties: RowSet[] = [];
  const cohorts: { set: RowSet; answer: EarlierAnswer }[] = [];
  const posted = new Set<string>();
  for (const answer of history) {
    const parts = segmentsOf(answer.segments);
    const disclosed = disclosedSets(answer, parts, catalogue);
    tables.push(...toldTables(answer, disclosed.groups, shownIn(disclosed.groups, answer)));
    if (disclosed.cohort !== undefined) cohorts.push({ set: disclosed.cohort, answer });
    for (const found of [
      ...cohortOf(disclosed, answer),
      ...groupSets(disclosed, answer),
      ...totalSets(disclosed, answer),
      ...marginSets(disclosed, answer),
    ]) {
      merge(sets, found, answer.isToldToOthers === true);
      if (isPostedAnswer(answer)) posted.add(keyOf(found.set));
    }
    families.push(...hiddenFamilies(disclosed, answer));
    const told = countedLines(disclosed, answer);
    for (const found of told) merge(counted, found, answer.isToldToOthers === true);
    if (answer.opened !== "unknown") lines.push(...told.map(({ set }) => set));
    empties.push(...emptyLines(disclosed, answer));
  }
  return {
    sets: [...sets.values()],
    families,
    tables,
    cohorts,
    lines,
    counted: [...counted.values()],
    empties,
    posted: posted.size,
  };
}

/**
 * The newest of some sets, in their order. As many again of those that are in no posted answer: a participant alone can name these, and
 * must not put others out of sight.
 */
export function newestOf<Each extends Pick<HistorySet, "isAnswered">>(sets: readonly Each[], most: number): Each[] {
  const answered = sets.filter(({ isAnswered }) => isAnswered).slice(-most);
  const others = sets.filter(({ isAnswered }) => !isAnswered).slice(-most);
  const chosen = new Set([...answered, ...others]);
  return sets.filter((each) => chosen.has(each));
}

function isPostedAnswer({ opened, isToldToOthers }: EarlierAnswer): boolean {
  return opened !== "unknown" || isToldToOthers === true;
}

const UNSEEN = {
  isShown: false,
  isOpened: false,
  isUnknown: false,
  isAlone: true,
  isEmpty: false,
  isMargin: false,
  isShownToOthers: false,
};

type Disclosed = ReturnType<typeof disclosedSets>;

function cohortOf({ cohort }: Disclosed, { opened }: EarlierAnswer): FoundSet[] {
  if (cohort === undefined) return [];
  return [{ set: cohort, ...NO_SUMS, isPosted: opened !== "unknown", ...UNSEEN }];
}

function groupSets({ groups, cells }: Disclosed, { opened, isToldToOthers, hiddenFromAll }: EarlierAnswer): FoundSet[] {
  const isPosted = opened !== "unknown";
  const isHidden = ({ outputs }: DisclosedGroup): boolean =>
    isPosted && outputs.some((output) => opened.hiddenOutputs.has(output));
  const partlyHidden = new Set(groups.filter(isHidden).map(({ cell }) => cell));
  return groups.flatMap((group) => {
    const { cell, set, levels, ownLevels, exactLevels, levelSums, summed, sums } = group;
    if (set === undefined || isHidden(group)) return [];
    const isEmpty = isZero(group, opened);
    const mayBeHiddenFromAll = group.outputs.some((output) => hiddenFromAll?.has(output) !== false);
    return [set, ...levels].map((each, at) => {
      const isNobody = isEmpty && at <= ownLevels;
      // What only counts as told was not, where all is posted: it was tested, and is no secret.
      const isOpened = at === 0 || !isPosted || isNobody || exactLevels[at - 1]!;
      // What a group tells with others nobody knows when some of these are hidden.
      const isTold = isPosted && isOpened && (at <= ownLevels || !partlyHidden.has(cell));
      return {
        set: each,
        summed,
        sums: at === 0 ? sums : levelSums[at - 1]!.sums,
        openSummed: at === 0 ? summed : levelSums[at - 1]!.summed,
        isPosted,
        isShown: isTold,
        isOpened,
        isUnknown: isOpened && !isTold,
        isAlone: isTold || !isOpened || (!isPosted && cells.length === 1),
        isEmpty: isNobody,
        isMargin: false,
        isShownToOthers: at === 0 && isToldToOthers === true && !mayBeHiddenFromAll,
      };
    });
  });
}

/** Where all that they are made up of is shown, or may be. */
function totalSets({ groups, totals }: Disclosed, answer: EarlierAnswer): FoundSet[] {
  const isShown = shownIn(groups, answer);
  const found = { ...openingOf(answer.opened), isEmpty: false, isMargin: false, isShownToOthers: false };
  return totals.flatMap((total) => (total.groups.every(isShown) ? [{ set: total.set, ...NO_SUMS, ...found }] : []));
}

/** Of what follows from several cells: posted, or nobody knows. */
function openingOf(opened: Opened): Omit<FoundSet, "set" | keyof Summed | "isEmpty" | "isMargin" | "isShownToOthers"> {
  const isPosted = opened !== "unknown";
  return { isPosted, isShown: isPosted, isOpened: true, isUnknown: !isPosted, isAlone: isPosted };
}

/** Which groups are shown, or may be. */
function shownIn(
  groups: readonly DisclosedGroup[],
  { opened, hiddenFromAll }: Pick<EarlierAnswer, "opened" | "hiddenFromAll">,
): (group: number) => boolean {
  const hidden = opened === "unknown" ? hiddenFromAll : opened.hiddenOutputs;
  return (group) => !groups[group]!.outputs.some((output) => hidden?.has(output) === true);
}

function isZero({ counts }: DisclosedGroup, opened: Opened): boolean {
  return opened !== "unknown" && counts.some((output) => opened.zeroOutputs.has(output));
}

/** Sums over what cells of a table that are shown, or may be, add up to. */
function marginSets(disclosed: Disclosed, answer: EarlierAnswer): FoundSet[] {
  return toldMargins(disclosed, answer, ({ summed }) => summed.size > 0);
}

/** How many are in such lines. */
function countedLines(disclosed: Disclosed, answer: EarlierAnswer): FoundSet[] {
  return toldMargins(disclosed, answer, ({ summed }) => summed.size === 0);
}

function toldMargins(
  { groups, margins }: Disclosed,
  answer: EarlierAnswer,
  isMeant: (margin: DisclosedMargin) => boolean,
): FoundSet[] {
  const mayBeShown = shownIn(groups, answer);
  const told = { ...openingOf(answer.opened), isEmpty: false, isMargin: true, isShownToOthers: false };
  return margins.filter(isMeant).flatMap((margin) => {
    const set = toldPart(margin, groups, mayBeShown);
    const { summed, sums } = margin;
    return set === undefined ? [] : [{ set, summed, sums, openSummed: summed, ...told }];
  });
}

function emptyLines({ groups, margins }: Disclosed, { opened }: EarlierAnswer): RowSet[] {
  return margins.flatMap((margin) => (margin.groups.every((at) => isZero(groups[at]!, opened)) ? [margin.set] : []));
}

/** Of one answer. */
type FoundSet = Omit<HistorySet, "isToldToOthers" | "isAnswered" | "toldHere">;

function merge(sets: Map<string, HistorySet>, found: FoundSet, isToldToOthers: boolean): void {
  const key = keyOf(found.set);
  const known = sets.get(key);
  // The newest is last; what was answered stays where it is when a request that was never posted has it, too.
  const isAnswered = found.isPosted || isToldToOthers;
  if (isAnswered || known?.isAnswered !== true) sets.delete(key);
  sets.set(key, {
    set: found.set,
    ...withSums(known, found),
    isPosted: found.isPosted || known?.isPosted === true,
    isAnswered: isAnswered || known?.isAnswered === true,
    isShown: found.isShown || known?.isShown === true,
    isOpened: found.isOpened || known?.isOpened === true,
    isUnknown:
      found.isOpened && known?.isOpened === true
        ? found.isUnknown && known.isUnknown
        : found.isUnknown || known?.isUnknown === true,
    isAlone: found.isAlone && known?.isAlone !== false,
    isEmpty: found.isEmpty || known?.isEmpty === true,
    isMargin: (found.isMargin || !found.isPosted) && known?.isMargin !== false,
    isToldToOthers: isToldToOthers && known?.isToldToOthers !== false,
    isShownToOthers: found.isShownToOthers || known?.isShownToOthers === true,
    toldHere: isToldToOthers || !found.isShown ? (known?.toldHere ?? NO_SUMS) : toldHere(known?.toldHere, found),
  });
}

type Summed = Pick<HistorySet, "summed" | "sums" | "openSummed">;
export const NO_SUMS: Summed = { summed: new Set(), sums: [], openSummed: new Set() };

function withSums(known: Summed = NO_SUMS, { summed, sums, openSummed }: Summed): Summed {
  return {
    summed: new Set([...known.summed, ...summed]),
    sums: distinctSums(known.sums, sums),
    openSummed: new Set([...known.openSummed, ...openSummed]),
  };
}

function toldHere(known: HistorySet["toldHere"] = NO_SUMS, { openSummed, sums }: Summed): HistorySet["toldHere"] {
  return { summed: new Set([...known.summed, ...openSummed]), sums: distinctSums(known.sums, sums) };
}

function distinctSums(known: readonly Sum[], added: readonly Sum[]): Sum[] {
  return [...known, ...added.filter((sum) => !known.some((other) => isSameSum(other, sum)))];
}

/** Whether its size, or a sum over it, may have been opened, and nobody, or only others, knows. */
export function mayTellMore({ isOpened, isUnknown, sums, openSummed, toldHere }: HistorySet): boolean {
  if (!isOpened) return false;
  return isUnknown || sums.length > toldHere.sums.length || openSummed.size > toldHere.summed.size;
}

function hiddenFamilies({ groups }: Disclosed, { opened }: EarlierAnswer): HiddenFamily[] {
  if (opened === "unknown" || opened.hiddenOutputs.size === 0) return [];
  const isHidden = ({ outputs }: DisclosedGroup): boolean => outputs.some((output) => opened.hiddenOutputs.has(output));
  return familiesOf(groups).flatMap((members) => {
    const hidden = members.filter(({ group }) => isHidden(groups[group]!));
    if (hidden.length === 0) return [];
    const summed = new Set(hidden.flatMap(({ group }) => [...groups[group]!.summed]));
    return [{ members: members.map(({ set }) => set), hidden: hidden.map(({ set }) => set), summed }];
  });
}
