/**
 * Tests for sums alone. How many patients a set has may be public or known, and need no test; a sum over it is another
 * number, and with sums over other sets it may be about few of them. So where a field is summed over such a set for the first
 * time, all is tested that was left out for its size.
 */
import type { SizeTest } from "../messages/gatePlan.ts";
import type { HistorySet } from "./historySet.ts";
import type { HistoryFacts, NewSet } from "./historyTests.ts";
import { amongTests, combinationTests, earlierPairs, haveGrown, isKnownButGrown } from "./historyTests.ts";
import type { TestedSet } from "./pairTests.ts";
import { isSameFilter, pairTest, sumsOne } from "./pairTests.ts";
import { lateRestTests, restTests, tableTests } from "./toldTables.ts";
import { differInValidity } from "./validity.ts";

/**
 * Of a set whose size needs no test here, what that left out. If it is all rows, or was shown before, it needed no test when
 * others came: whatever shares a sum is tested, but not one filter over different data, which differs by public rows or was tested.
 * If it is the answer's cohort, it was tested without sums: what is left are pairs and combinations that come to missing values, and
 * those that were known but for a growth.
 *
 * @param siblings sets of the same answer before it
 */
export function sumTests(facts: HistoryFacts, a: NewSet, siblings: readonly NewSet[]): SizeTest[] {
  const pairs = facts.earlier.flatMap((b) => {
    const isLeftOut = a.isEarlier ? !isOneFilter(a, b) : differInValidity(facts.classes, a.set, b.set);
    return isLeftOut && sumsOne(a, b) ? pairTest(facts, a, b, "passes") : [];
  });
  const combined = earlierPairs(facts).flatMap(([b, c]) => {
    if (isKnownButGrown([a], [b, c])) return [];
    return combinationTests(facts, [a, b, c], a.isEarlier || haveGrown([a], [b, c]) ? "sums" : "missing");
  });
  return [...pairs, ...summedTableTests(facts, a), ...combined, ...amongTests(facts, a, siblings)];
}

/** What cells add up to over which a field is summed, too. */
function summedTableTests(facts: HistoryFacts, a: TestedSet): SizeTest[] {
  const tables = facts.tables.filter((table) => sumsOne(a, table));
  const rests = facts.rests.filter((rest) => sumsOne(a, rest));
  const told = [...tableTests(facts, a, "passes", tables), ...restTests(facts, a, "passes", rests)];
  // The sizes of what a margin leaves of earlier cells are not made.
  return a.isMargin === true ? told : [...told, ...lateRestTests(facts, a)];
}

/** Whether both have one filter, so that they differ by public rows, or their growth was tested; that of a margin was not. */
function isOneFilter(a: TestedSet, b: HistorySet & TestedSet): boolean {
  const isWhole = a.set.conditions.length === 0 && a.set.shape === undefined;
  return isSameFilter(a.set, b.set) && (isWhole || !b.isMargin);
}

/**
 * Of what cells of a table add up to: whatever shares a sum.
 *
 * @param others of the same answer: its cells, and other margins before it
 */
export function marginTests(facts: HistoryFacts, a: NewSet, others: readonly NewSet[]): SizeTest[] {
  // All rows of one filter over different data differ by public rows: of fewer than k the request is refused.
  const summed = facts.earlier.filter((b) => sumsOne(a, b) && !(a.isEarlier && isOneFilter(a, b)));
  const pairs = summed.flatMap((b) => pairTest(facts, a, b, "passes"));
  const combined = earlierPairs(facts).flatMap(([b, c]) =>
    isKnownButGrown([a], [b, c]) ? [] : combinationTests(facts, [a, b, c], "sums"),
  );
  return [...pairs, ...summedTableTests(facts, a), ...combined, ...amongTests(facts, a, others)];
}
