/** A set of rows as all earlier answers together have disclosed it, or may have. */
import { keyOf, type RowSet } from "./rowSet.ts";
import { type Sum, isSameSum } from "./summedPoints.ts";

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

/** A set as one answer tells it. */
export type FoundSet = Omit<HistorySet, "isToldToOthers" | "isAnswered" | "toldHere">;

/** What is known of a set with what one more answer tells of it. */
export function merge(sets: Map<string, HistorySet>, found: FoundSet, isToldToOthers: boolean): void {
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

export type Summed = Pick<HistorySet, "summed" | "sums" | "openSummed">;
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
