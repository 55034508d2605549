/**
 * A log-rank test over intervals, computed again from the judge's counts: within each stratum and interval of events as many
 * events are expected of a group as its share of those at risk, with the hypergeometric variance.
 */
import type { JsonRecord } from "../referenceQuery.ts";
import { upperChiSquare } from "./chiSquareTail.ts";
import { compareValue, EXACT, isSameKey, show, spreadTolerance } from "./compareValues.ts";
import type { CountedRow } from "./countedIntervals.ts";
import { compareIntervals, countedRows, intervalsOf } from "./countedIntervals.ts";
import { intervalRisks } from "./intervalRisks.ts";
import type { IntervalRisk } from "./intervalRisks.ts";
import { expectedList, read, readList } from "./structuredValue.ts";

interface Test {
  readonly observed: readonly number[];
  readonly expected: readonly number[];
  readonly chiSquare: number | null;
  readonly df: number;
  readonly p: number | null;
}

export function compareIntervalTest(got: unknown, { cells }: CountedRow, expected: JsonRecord | undefined): string[] {
  const rows = countedRows(cells, cells[0]!.keys.length);
  const groups = [...new Set(rows.map(({ keys }) => keys[0]!))];
  const strata = [...new Set(rows.map(({ keys }) => keys[1]))];
  const risks = strata.map((stratum) =>
    groups.map((group) => {
      return intervalRisks(rows.find(({ keys }) => keys[0] === group && keys[1] === stratum)!.cells);
    }),
  );
  const test = logRank(groups.length, risks);
  const labels = readList(got, "groups");
  const isLabelled = labels.length === groups.length && groups.every((group, at) => labels[at] === group);
  const precise = spreadTolerance(1);
  const numbers = groups.flatMap((group, at) => [
    compareValue(`observed of ${show(group)}`, read(got, "test", "observed", at), test.observed[at]!, EXACT),
    compareValue(`expected of ${show(group)}`, read(got, "test", "expected", at), test.expected[at]!, precise),
  ]);
  const references = expectedList(expected ?? {}, "groups").map((group, place) => {
    const own = groups.findIndex((each) => isSameKey(each, group));
    const observed = expectedList(expected!, "observed")[place];
    const what = `observed of the reference's ${show(group)}`;
    return observed === undefined ? undefined : compareValue(what, test.observed[own], observed, EXACT);
  });
  const problems = [
    isLabelled ? undefined : `the groups are ${show(labels)}, expected ${show(groups)}`,
    ...numbers,
    ...references,
    compareValue("chisq", read(got, "test", "chiSquare"), test.chiSquare, precise),
    compareValue("df", read(got, "test", "df"), test.df, EXACT),
    compareValue("p", read(got, "test", "p"), test.p, { relative: 1e-6, absolute: 0 }),
  ].filter((problem) => problem !== undefined);
  const intervals = intervalsOf(rows[0]!.cells, 1);
  return [...compareIntervals("the intervals", read(got, "intervals"), undefined, intervals), ...problems];
}

/** @param strata by stratum, then group: its intervals */
function logRank(count: number, strata: readonly (readonly (readonly IntervalRisk[])[])[]): Test {
  const groups = Array.from({ length: count }, (_, group) => group);
  const observed = groups.map(() => 0);
  const expected = groups.map(() => 0);
  const variance = groups.map(() => groups.map(() => 0));
  for (const own of strata) {
    own[0]!.forEach((_interval, at) => {
      const risk = own.map((intervals) => intervals[at]!);
      const [n, d] = [sum(risk.map(({ most }) => most)), sum(risk.map(({ count: events }) => events))];
      if (d === 0) return;
      for (const g of groups) {
        const share = risk[g]!.most / n;
        observed[g]! += risk[g]!.count;
        expected[g]! += d * share;
        if (n === 1) continue;
        const scale = ((d * (n - d)) / (n - 1)) * share;
        for (const h of groups) variance[g]![h]! += scale * ((g === h ? 1 : 0) - risk[h]!.most / n);
      }
    });
  }
  const excess = observed.map((events, group) => events - expected[group]!);
  const { form, rank } = quadraticForm(variance, excess);
  const isNone = rank === 0;
  return {
    ...{ observed, expected, df: rank },
    ...{ chiSquare: isNone ? null : form, p: isNone ? null : upperChiSquare(form, rank) },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of what rounding leaves of a zero. */
const NOTHING = 1e-10;

/** v' M⁻ v of a positive semi-definite M and a v in its range, by pivots on the largest of the diagonal. */
function quadraticForm(m: readonly (readonly number[])[], v: readonly number[]): { form: number; rank: number } {
  const matrix = m.map((row) => [...row]);
  const vector = [...v];
  const largest = Math.max(...matrix.map((row, at) => row[at]!));
  const left = new Set(matrix.keys());
  let form = 0;
  for (;;) {
    const pivot = [...left].reduce<number | undefined>(
      (best, at) => (best === undefined || matrix[at]![at]! > matrix[best]![best]! ? at : best),
      undefined,
    );
    if (pivot === undefined || matrix[pivot]![pivot]! <= NOTHING * largest) break;
    left.delete(pivot);
    const row = matrix[pivot]!;
    form += vector[pivot]! ** 2 / row[pivot]!;
    for (const other of left) {
      const factor = matrix[other]![pivot]! / row[pivot]!;
      vector[other]! -= factor * vector[pivot]!;
      for (const at of left) matrix[other]![at]! -= factor * row[at]!;
    }
  }
  return { form, rank: m.length - left.size };
}
