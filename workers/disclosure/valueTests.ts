/** Tests of what sums of values tell of few though no number of rows does: near the least that they can be, and across gaps of values. */
import type { SizeTest } from "../messages/gatePlan.ts";
import { rowsApart, rowsBeyondGaps } from "./apartValues.ts";
import { boundTests, restsOf } from "./boundTests.ts";
import type { DisclosedGroup } from "./disclosedSets.ts";
import type { RequestTests } from "./requestTests.ts";
import type { RowSet } from "./rowSet.ts";
import type { Sum } from "./summedPoints.ts";
import { isSameSum } from "./summedPoints.ts";

/** Of one group, in the order in which they are shown. */
export function valueTests(
  tests: RequestTests,
  groups: readonly DisclosedGroup[],
  index: number,
  k: number,
): SizeTest[] {
  const group = groups[index]!;
  const before = groups.slice(0, index).filter(({ cell }) => cell === group.cell);
  const { set, sums, levels, levelSums } = group;
  const rests = restsOf(group, before).map(({ whole, parts, rest }) => {
    const isInAll = (sum: Sum): boolean => parts.every((part) => part.sums.some((other) => isSameSum(sum, other)));
    return { set: rest, sums: whole.sums.filter(isInAll) };
  });
  const summed = [{ set, sums }, ...levels.map((level, at) => ({ set: level, sums: levelSums[at]!.sums })), ...rests];
  const apart = summed.flatMap((each) =>
    each.set === undefined ? [] : rowsApart(each.set, each.sums, k, tests.facts),
  );
  return [...boundTests(tests, group, before, k), ...apart.flatMap((few) => tests.sizeTests(few.set, few.zero))];
}

/** Of sums over what two answers leave: not few are beyond a gap. What else these tell are levels (`levels.ts`). */
export function gapTests(tests: RequestTests, set: RowSet, sums: readonly Sum[], k: number): SizeTest[] {
  return rowsBeyondGaps(set, sums, k, tests.facts).flatMap((few) => tests.sizeTests(few, "passes", k));
}
