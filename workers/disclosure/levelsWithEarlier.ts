/**
 * What a new set's sums tell together with one earlier set: the counts of values in both (`levels.ts`), as when the mean of a
 * column of three values is followed by the number who have one; and in the rows that one has more than the other, as when
 * their sums differ by few values.
 */
import { isCoded } from "../errors.ts";
import { add, scale } from "./classFunction.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { HistorySet } from "./historySets.ts";
import type { LevelReader, SummedSet } from "./levels.ts";
import type { Sum } from "./summedPoints.ts";
import { textOf } from "./summedPoints.ts";
import type { RowSet } from "./rowSet.ts";
import { conditionOf, isSubset, keyOf, setWhere } from "./rowSet.ts";

/** Earlier sets that are looked at: the newest distinct ones, as in combinations of three. */
const COMPARED_SETS = 64;

export interface TellingSets {
  readonly sets: readonly RowSet[];
  /** Counts follow of sets that no class tells: the group cannot be shown. */
  readonly isUntold: boolean;
}

const NOTHING: TellingSets = { sets: [], isUntold: false };

/** Of each group, in order. */
export function levelsWithEarlier(
  groups: readonly DisclosedGroup[],
  earlier: readonly HistorySet[],
  levels: LevelReader,
): TellingSets[] {
  const opened = earlier.filter(({ isOpened }) => isOpened).slice(-COMPARED_SETS);
  const known = new Map(opened.map((each) => [keyOf(each.set), each]));
  return groups.map(({ set, sums }) => {
    if (set === undefined) return NOTHING;
    const before = known.get(keyOf(set));
    const isKnown = before?.isShown === true && sums.every((sum) => before.sums.some((other) => isSame(sum, other)));
    if (isKnown) return NOTHING;
    const related = opened.filter((each) => mayTell(each, { set, sums }));
    const found = related.map((each) => tellTogether(each, { set, sums }, levels));
    return { sets: found.flatMap(({ sets }) => sets), isUntold: found.some(({ isUntold }) => isUntold) };
  });
}

/** One in the other, with a sum over one of them. */
function mayTell(earlier: SummedSet, added: SummedSet): boolean {
  if (earlier.set.parts !== added.set.parts || earlier.sums.length + added.sums.length === 0) return false;
  return isSubset(earlier.set, added.set) || isSubset(added.set, earlier.set);
}

function tellTogether(earlier: SummedSet, added: SummedSet, levels: LevelReader): TellingSets {
  try {
    if (keyOf(earlier.set) === keyOf(added.set)) {
      const both = { set: added.set, sums: [...earlier.sums, ...added.sums] };
      return { sets: levels.levelsOfCell([both])[0]!.own.map(({ set }) => set), isUntold: false };
    }
    const rest = restOf(earlier.set, added.set);
    // The rest's number follows from the sets alone: it is tested as a pair, or public.
    const joint = levels.levelsOfCell([earlier, added])[1]!.joint.map(({ set }) => set);
    const told = joint.filter((set) => rest === undefined || keyOf(set) !== keyOf(rest));
    return { sets: [...told, ...levelsOfRest(rest, earlier, added, levels)], isUntold: false };
  } catch (error) {
    if (isCoded(error, "DISCLOSURE_UNSUPPORTED")) return { sets: [], isUntold: true };
    throw error;
  }
}

/** Of the rows by which they differ, with the sums that both have. */
function levelsOfRest(rest: RowSet | undefined, earlier: SummedSet, added: SummedSet, levels: LevelReader): RowSet[] {
  const sums = added.sums.filter((sum) => earlier.sums.some((other) => isSame(sum, other)));
  return rest === undefined || sums.length === 0
    ? []
    : levels.levelsOfCell([{ set: rest, sums }])[0]!.own.map(({ set }) => set);
}

/** The rows of one that are not in the other, which is in it. */
function restOf(a: RowSet, b: RowSet): RowSet | undefined {
  const [whole, part] = isSubset(a, b) ? [b, a] : [a, b];
  return setWhere(whole.parts, add(conditionOf(whole), scale(conditionOf(part), -1n)));
}

function isSame(a: Sum, b: Sum): boolean {
  return a.map(textOf).sort().join("*") === b.map(textOf).sort().join("*");
}
