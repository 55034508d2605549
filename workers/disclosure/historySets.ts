/** What earlier answers on a study's data have disclosed, or may have, as sets. */
import type { ClassCatalogue } from "./classCatalogue.ts";
import { type DisclosedGroup, type VettedRequest, disclosedSets, familiesOf } from "./disclosedSets.ts";
import { type FoundSet, type HistorySet, merge, NO_SUMS, type Summed } from "./historySet.ts";
import { type DisclosedMargin, toldPart } from "./margins.ts";
import { type RowSet, keyOf } from "./rowSet.ts";
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
