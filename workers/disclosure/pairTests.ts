/** Whether two sets differ by few rows. What holds or fails by construction is decided here, on public bytes; the rest is a test. */
import type { SizeTest } from "../messages/gatePlan.ts";
import type { HistoryFacts } from "./historyTests.ts";
import type { RowSet } from "./rowSet.ts";
import { filterKeyOf, intersect } from "./rowSet.ts";
import { differInValidity } from "./validity.ts";

export interface TestedSet {
  readonly set: RowSet;
  readonly summed: ReadonlySet<number>;
  readonly print: bigint;
  /** Of an earlier one: only others were told it. */
  readonly isToldToOthers?: boolean;
  /** What cells of a table add up to: only sums over it are looked at. */
  readonly isMargin?: boolean;
}

/**
 * That two sets differ by no few rows, or by none where they differ by missing values only and share a sum: that nobody lacks a column
 * tells nothing of sums. No test where it holds by construction, or where they differ so and share no sum.
 *
 * @param zero of one filter over different data, by at least k known rows
 */
export function pairTest(facts: HistoryFacts, a: TestedSet, b: TestedSet, zero: SizeTest["zero"]): SizeTest[] {
  const { jointK: k, tests } = facts;
  if (a.print === b.print) return [];
  if (intersect(a.set, b.set) === undefined) return []; // a alone is as large
  if (differInValidity(facts.classes, a.set, b.set)) return missingSumTests(facts, a, [b]);
  // A difference within fewer rows than k is about them, even when it is zero; and one that is zero but for erased rows may be
  // any number of them.
  const apart = a.set.parts ^ b.set.parts;
  const mayBeZero = isSameFilter(a.set, b.set) && facts.rows(apart) >= k && !facts.isErased(apart);
  return [tests.pair(a.set, b.set, k - 1, mayBeZero ? zero : "fails")];
}

/**
 * A set and those that differ from it by missing values, where a column is summed over both. How many patients differ may be known,
 * also that none do; but not a sum over few of them.
 */
export function missingSumTests(facts: HistoryFacts, a: TestedSet, others: readonly TestedSet[]): SizeTest[] {
  const near = others.filter((b) => a.print !== b.print && sumsOne(a, b));
  return near.flatMap((b) =>
    differInValidity(facts.classes, a.set, b.set) ? [facts.tests.pair(a.set, b.set, facts.jointK - 1, "passes")] : [],
  );
}

/** Whether a field is summed over both. */
export function sumsOne(a: Pick<TestedSet, "summed">, b: Pick<TestedSet, "summed">): boolean {
  return [...a.summed].some((field) => b.summed.has(field));
}

/** One filter over different data. */
export function isSameFilter(a: RowSet, b: RowSet): boolean {
  return filterKeyOf(a) === filterKeyOf(b);
}
