/**
 * Tests for sums alone. How many patients a set has may be public or known, and need no test; a sum over it is another
 * number, and with sums over other sets it may be about few of them. So where a field is summed over such a set for the first
 * time, all is tested that was left out for its size.
 */
import type { SizeTest } from "../messages/gatePlan.ts";
import type { HistoryFacts, NewSet, TestedSet } from "./historyTests.ts";
import {
  amongTests,
  combinationTests,
  earlierPairs,
  haveGrown,
  isKnownButGrown,
  isSameFilter,
  pairTest,
  sumsOne,
} from "./historyTests.ts";
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
    const isLeftOut = a.isEarlier ? !isSameFilter(a.set, b.set) : differInValidity(facts.classes, a.set, b.set);
    return isLeftOut && sumsOne(a, b) ? pairTest(facts, a, b, "fails") : [];
  });
  const combined = earlierPairs(facts).flatMap(([b, c]) => {
    if (isKnownButGrown([a], [b, c])) return [];
    return combinationTests(facts, [a, b, c], a.isEarlier || haveGrown([a], [b, c]) ? "sums" : "missing");
  });
  return [...pairs, ...combined, ...amongTests(facts, a, siblings)];
}

/**
 * Of what cells of a table add up to: whatever shares a sum. That nobody lacks a column tells nothing of sums, and passes.
 *
 * @param others of the same answer: its cells, and other margins before it
 */
export function marginTests(facts: HistoryFacts, a: NewSet, others: readonly NewSet[]): SizeTest[] {
  // All rows of one filter over different data differ by public rows: of fewer than k the request is refused.
  const isPublic = (b: TestedSet): boolean => a.isEarlier && isSameFilter(a.set, b.set);
  const summed = facts.earlier.filter((b) => sumsOne(a, b) && !isPublic(b));
  const pairs = summed.flatMap((b) =>
    differInValidity(facts.classes, a.set, b.set) ? missingSumTests(facts, a, [b]) : pairTest(facts, a, b, "passes"),
  );
  const combined = earlierPairs(facts).flatMap(([b, c]) =>
    isKnownButGrown([a], [b, c]) ? [] : combinationTests(facts, [a, b, c], "sums"),
  );
  return [...pairs, ...combined, ...amongTests(facts, a, others)];
}

/**
 * Of one answer: a set and those that differ from it by missing values, where a column is summed over both. How many patients
 * differ may be known, also that none do; but not a sum over few of them.
 */
export function missingSumTests(facts: HistoryFacts, a: TestedSet, others: readonly TestedSet[]): SizeTest[] {
  const near = others.filter((b) => a.print !== b.print && sumsOne(a, b));
  return near.flatMap((b) =>
    differInValidity(facts.classes, a.set, b.set) ? [facts.tests.pair(a.set, b.set, facts.k - 1, "passes")] : [],
  );
}
