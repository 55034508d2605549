/** Cells of one kind of an answer, or their levels of one kind, and the earlier sets that they may come close to together. */
import { BN254_FR_MODULUS as R } from "../field/bn254.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import { familiesOf } from "./disclosedSets.ts";
import type { HistorySet } from "./historySet.ts";
import type { HistoryFacts, NewSet } from "./historyTests.ts";
import type { TestedSet } from "./pairTests.ts";
import type { RequestTests } from "./requestTests.ts";
import { intersect, isSubset } from "./rowSet.ts";
import { unionOf } from "./toldTables.ts";

/** A set that a group tells: its own, or a level. */
export interface Member {
  readonly group: number;
  readonly tested: NewSet;
}

/** Cells of one kind, or their levels of one kind: disjoint. */
export interface Family {
  readonly members: readonly Member[];
  readonly summed: ReadonlySet<number>;
  /** By earlier set, the members that may have patients in common with it, and those that are in it. */
  readonly near: ReadonlyMap<EarlierSet, { readonly meeting: readonly Member[]; readonly inside: readonly Member[] }>;
}

export type EarlierSet = TestedSet & Pick<HistorySet, "isOpened" | "isUnknown">;

/** Of what they add up to. */
export function printOf(members: readonly Member[]): bigint {
  return members.reduce((sum, { tested }) => (sum + tested.print) % R, 0n);
}

/** Hidden cells of earlier answers that are known together, as sets. */
function restSets(facts: HistoryFacts): EarlierSet[] {
  return facts.rests.flatMap(({ cells, summed }): EarlierSet[] => {
    const { set, print } = unionOf(facts, cells, summed);
    return set === undefined ? [] : [{ set, print, summed, isOpened: true, isUnknown: true }];
  });
}

/**
 * Those of two members or more, with what they are compared with: earlier sets whose number was opened, or may have been, and hidden
 * cells that are known together.
 */
export function comparedFamilies(groups: readonly DisclosedGroup[], tests: RequestTests): Family[] {
  const earlier = [...tests.facts.earlier.filter(({ isOpened }) => isOpened), ...restSets(tests.facts)];
  return familiesOf(groups).flatMap((disjoint) => {
    const members = disjoint.map(({ set, group }): Member => {
      const own = groups[group]!;
      return { group, tested: tests.tested(set, own.summed, own) };
    });
    if (members.length < 2) return [];
    const near = earlier.map((before) => {
      const meeting = members.filter(({ tested }) => intersect(tested.set, before.set) !== undefined);
      return [before, { meeting, inside: meeting.filter(({ tested }) => isSubset(tested.set, before.set)) }] as const;
    });
    return [{ members, summed: groups[members[0]!.group]!.summed, near: new Map(near) }];
  });
}
