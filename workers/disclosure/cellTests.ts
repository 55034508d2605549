/** What the sets of one cell tell together, three by three. */
import type { SizeTest } from "../messages/gatePlan.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { NewSet } from "./historyTests.ts";
import { combinationTests } from "./historyTests.ts";
import type { RequestTests } from "./requestTests.ts";

/**
 * That no combination of three sets of one cell over which one column is summed is about few rows. It may be about none: that tells of
 * nobody.
 *
 * @param before sets of groups before this one, by cell; this one's are added
 */
export function cellTests(tests: RequestTests, group: DisclosedGroup, before: Map<number, NewSet[]>): SizeTest[] {
  if (group.set === undefined) return [];
  const own = [group.set, ...group.levels].map((set) => tests.tested(set, group.summed, group));
  const others = before.get(group.cell) ?? [];
  before.set(group.cell, [...others, ...own]);
  const all = [...others, ...own];
  const three = own.flatMap((a, first) => {
    const rest = all.slice(0, others.length + first);
    return rest.flatMap((b, at) => rest.slice(at + 1).map((c) => [a, b, c] as const));
  });
  const untold = three.filter((sets) => !sets.every((each) => tests.isTold(each)));
  return untold
    .flatMap((sets) => combinationTests(tests.facts, sets, "sums"))
    .map((test) => ({ ...test, zero: "passes" }));
}
