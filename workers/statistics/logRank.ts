/**
 * The log-rank test of Mantel and Haenszel, over strata, as R's `survdiff` with rho = 0. At each time of each stratum, with
 * n at risk and d events in all and n_g at risk in group g:
 *
 *   E_g = d·n_g/n,   V_gh = d(n−d)/(n−1) · n_g/n · ([g = h] − n_h/n)   (hypergeometric),
 *
 * and χ² = (O−E)' V⁻ (O−E). Everything is exact over one common denominator until χ² is rounded. V always has a null
 * vector (the sum over groups) and one more for each group that is never at risk together with the others: the degrees of
 * freedom are its rank. Where `survdiff` answers, that is the number of groups with E > 0, less one.
 */
import assert from "node:assert/strict";
import { requirePossible } from "./answerError.ts";
import { chiSquareUpper } from "./distributions.ts";
import { eliminate } from "./exactElimination.ts";
import { ratioToNumber } from "./exactNumber.ts";
import { greatestCommonDivisor } from "../field/greatestCommonDivisor.ts";

/** One time of one stratum, by group. */
export interface GroupRisk {
  readonly atRisk: readonly bigint[];
  readonly events: readonly bigint[];
}

export interface LogRank {
  readonly observed: readonly number[];
  readonly expected: readonly number[];
  /** Null where no two groups are at risk together at an event. */
  readonly chiSquare: number | null;
  readonly df: number;
  readonly p: number | null;
}

/**
 * @param strata the times of each stratum; one stratum when the test is not stratified
 * @throws CodedError ANSWER_INCONSISTENT
 */
export function logRank(groups: number, strata: readonly (readonly GroupRisk[])[]): LogRank {
  const times = strata.flat();
  for (const time of times) requireTime(time, groups);
  const withEvents = times.filter(({ events }) => total(events) > 0n);
  const denominator = withEvents.map(({ atRisk }) => termDenominator(total(atRisk))).reduce(leastCommonMultiple, 1n);
  const indices = Array.from({ length: groups }, (_, group) => group);
  const observed = indices.map((group) => withEvents.reduce((sum, { events }) => sum + events[group]!, 0n));
  const expected = indices.map(() => 0n);
  const variance = indices.map(() => indices.map(() => 0n));
  for (const { atRisk, events } of withEvents) {
    const [n, d] = [total(atRisk), total(events)];
    const each = d * (denominator / n);
    const spread = d * (n - d) * (denominator / termDenominator(n));
    for (const g of indices) {
      expected[g]! += each * atRisk[g]!;
      for (const h of indices) variance[g]![h]! += spread * atRisk[g]! * ((g === h ? n : 0n) - atRisk[h]!);
    }
  }
  return {
    observed: observed.map(Number),
    expected: expected.map((sum) => ratioToNumber(sum, denominator)),
    ...test(
      observed.map((count, group) => count * denominator - expected[group]!),
      variance,
      denominator,
    ),
  };
}

/** All in units of 1/denominator. */
function test(
  excess: readonly bigint[],
  variance: readonly (readonly bigint[])[],
  denominator: bigint,
): Pick<LogRank, "chiSquare" | "df" | "p"> {
  const solved = eliminate(
    variance,
    excess.map((difference) => [difference]),
  );
  assert(solved !== undefined, "a covariance is positive semi-definite");
  const df = solved.independent.length;
  if (df === 0) return { chiSquare: null, df, p: null };
  const form = solved.solution.reduce((sum, [solution], group) => sum + solution! * excess[group]!, 0n);
  const chiSquare = ratioToNumber(form, solved.determinant * denominator);
  return { chiSquare, df, p: chiSquareUpper(chiSquare, df) };
}

function requireTime({ atRisk, events }: GroupRisk, groups: number): void {
  assert(atRisk.length === groups && events.length === groups, "one number per group");
  requirePossible(
    events.every((count, group) => count >= 0n && count <= atRisk[group]!),
    "log-rank",
  );
}

/** Of V's terms at a time with n at risk, a multiple of E's; with one at risk the term is 0, as n − d is. */
function termDenominator(n: bigint): bigint {
  return n === 1n ? 1n : n * n * (n - 1n);
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  return a * (b / greatestCommonDivisor(a, b));
}

function total(counts: readonly bigint[]): bigint {
  return counts.reduce((sum, count) => sum + count, 0n);
}
