/** Statistics of a table: its cells' sums to one structured value of the answer. */
import type { Axis, Column } from "../messages/descriptor.ts";
import { armLines } from "../messages/allocationArguments.ts";
import { ARGUMENT_DECIMALS, Finish } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { formatFieldValue, isDate } from "../schema/values.ts";
import type { ArmAllocation } from "./allocation.ts";
import { allocate } from "./allocation.ts";
import { requirePossible } from "./answerError.ts";
import type { Anova } from "./anova.ts";
import { anova } from "./anova.ts";
import type { AxisLabel } from "./axisLabels.ts";
import type { Crosstab } from "./crosstab.ts";
import { crosstab } from "./crosstab.ts";
import type { Sums } from "./finishCell.ts";
import { areShown } from "./finishCell.ts";
import type { GroupMoments } from "./groupMoments.ts";
import type { Hidden } from "./hidden.ts";
import { HIDDEN } from "./hidden.ts";
import { integerAnswer } from "./moments.ts";
import type { TTest } from "./tTest.ts";
import { tTest } from "./tTest.ts";

type Count = number | string | Hidden;

export interface HistogramTable {
  /** Hidden where a bin is. */
  readonly n: Count;
  readonly below: Count;
  /** [from, to), the last one closed. */
  readonly bins: readonly { readonly from: string; readonly to: string; readonly count: Count }[];
  readonly above: Count;
}

export interface CrosstabTable {
  readonly rows: readonly AxisLabel[];
  readonly columns: readonly AxisLabel[];
  readonly counts: readonly (readonly Count[])[];
  /** Needs every cell. */
  readonly test: Crosstab | Hidden;
}

export interface GroupTest<Test> {
  readonly groups: readonly AxisLabel[];
  /** Null unless there are two groups with rows, for a t test. */
  readonly test: Test | null;
}

export interface AllocationTable {
  readonly arms: readonly ({ readonly arm: AxisLabel } & ArmAllocation)[];
}

export type TableValue =
  HistogramTable | CrosstabTable | GroupTest<TTest> | GroupTest<Anova> | AllocationTable | Hidden;

export interface TablePlace {
  /** Of each of the statistic's axes. */
  readonly labels: readonly (readonly AxisLabel[])[];
  readonly axes: readonly Axis[];
  readonly schema: StudySchema;
}

const ARGUMENT_SCALE = 10 ** ARGUMENT_DECIMALS;

/**
 * @param cells row-major by the statistic's axes
 * @throws CodedError ANSWER_INCONSISTENT
 */
export function finishTable(column: Column, cells: readonly Sums[], place: TablePlace): TableValue {
  switch (column.finish) {
    case Finish.HISTOGRAM:
      return histogram(column, countsOf(column, cells), place);
    case Finish.CROSSTAB:
      return crossTable(countsOf(column, cells), place);
    case Finish.T_TEST:
    case Finish.ANOVA:
      return groupTest(column, cells, place);
    case Finish.ALLOCATION:
      return allocation(column, cells, place);
    default:
      throw new RangeError(`finish ${column.finish} is of no table`);
  }
}

function countsOf({ sums }: Column, cells: readonly Sums[]): Sums {
  return cells.map((cell) => cell[sums[0]!]);
}

function shownCount(count: bigint | undefined): Count {
  return count === undefined ? HIDDEN : integerAnswer(count);
}

/** Breaks outside the field's bounds have no line of their own: nobody lies there. */
function histogram({ arguments: breaks }: Column, counts: Sums, { axes: [axis], schema }: TablePlace): HistogramTable {
  const { field: index, cuts } = axis!;
  const field = schema.fields[index]!;
  const minimum = field.type === "category" ? 0n : field.minimum;
  requirePossible(field.type !== "date" || breaks.every(isDate), "histogram");
  const starts = [minimum, ...cuts];
  const within = (from: bigint | undefined, to: bigint | undefined): bigint | undefined =>
    starts.reduce<bigint | undefined>((sum, start, line) => {
      if ((from !== undefined && start < from) || (to !== undefined && start >= to)) return sum;
      const count = counts[line];
      return sum === undefined || count === undefined ? undefined : sum + count;
    }, 0n);
  const [first, last] = [breaks[0]!, breaks.at(-1)!];
  const text = (value: bigint): string => formatFieldValue(field, value);
  const bins = breaks.slice(1).map((to, at) => {
    const from = breaks[at]!;
    return { from: text(from), to: text(to), count: shownCount(within(from, to === last ? last + 1n : to)) };
  });
  const n = within(undefined, undefined);
  return {
    n: shownCount(n),
    below: shownCount(within(undefined, first)),
    bins,
    above: shownCount(within(last + 1n, undefined)),
  };
}

function crossTable(counts: Sums, { labels }: TablePlace): CrosstabTable {
  const [rows, columns] = labels as [readonly AxisLabel[], readonly AxisLabel[]];
  const lines = rows.map((_, row) => counts.slice(row * columns.length, (row + 1) * columns.length));
  const test = areShown(counts) ? crosstab(lines as readonly (readonly bigint[])[]) : HIDDEN;
  return { rows, columns, counts: lines.map((line) => line.map(shownCount)), test };
}

/** Groups without rows take no part; a hidden one hides the test. */
function groupTest(
  { finish, sums, decimals }: Column,
  cells: readonly Sums[],
  { labels }: TablePlace,
): GroupTest<TTest> | GroupTest<Anova> | Hidden {
  const needed = cells.map((cell) => sums.map((index) => cell[index]));
  if (!needed.every(areShown)) return HIDDEN;
  const all = needed.map(([n, sum, squares]): GroupMoments => ({ n: n!, sum: sum!, squares: squares! }));
  const present = all.flatMap((group, index) => (group.n === 0n ? [] : [{ group, label: labels[0]![index]! }]));
  const groups = present.map(({ label }) => label);
  const moments = present.map(({ group }) => group);
  if (finish === Finish.ANOVA) return { groups, test: anova(moments, decimals[0]!) };
  const [first, second, third] = moments;
  const isPair = first !== undefined && second !== undefined && third === undefined;
  return { groups, test: isPair ? tTest(first, second, decimals[0]!) : null };
}

/** One hidden count hides the whole allocation: P(best) needs every arm; one without subjects keeps the prior. */
function allocation(
  { sums, arguments: args }: Column,
  cells: readonly Sums[],
  { labels }: TablePlace,
): AllocationTable | Hidden {
  const [alpha, beta, power, lines, weight, ...external] = args as [bigint, bigint, bigint, bigint, ...bigint[]];
  const arms = armLines(lines);
  requirePossible(
    arms.every((line) => line < cells.length),
    "allocation",
  );
  const needed = arms.map((line) => sums.map((index) => cells[line]![index]));
  if (!needed.every(areShown)) return HIDDEN;
  const real = (word: bigint): number => Number(word) / ARGUMENT_SCALE;
  const observed = needed.map(([n, successes], arm) => {
    const own = { n: n!, successes: successes! };
    if (weight === undefined) return own;
    return { ...own, external: { n: external[2 * arm]!, successes: external[2 * arm + 1]!, weight: real(weight) } };
  });
  const allocated = allocate(observed, { alpha: real(alpha), beta: real(beta) }, real(power));
  return { arms: allocated.map((arm, index) => ({ arm: labels[0]![arms[index]!]!, ...arm })) };
}
