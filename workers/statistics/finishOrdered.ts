/**
 * Statistics of the order of values, from the intervals that their lines were merged to. One hidden interval hides the statistic: the
 * rest would be another order.
 */
import type { Column, Descriptor } from "../messages/descriptor.ts";
import { Finish } from "../messages/descriptor.ts";
import type { Merges } from "../messages/merges.ts";
import { valueAxis } from "../messages/valueAxis.ts";
import type { MergedCell } from "../query/mergedLines.ts";
import { mergedCells } from "../query/mergedLines.ts";
import type { NumericField, StudySchema } from "../schema/studySchema.ts";
import { answerError } from "./answerError.ts";
import type { AxisLabel } from "./axisLabels.ts";
import type { Hidden } from "./hidden.ts";
import { HIDDEN } from "./hidden.ts";
import type { IntervalSurvival, QuantileIntervals, ValueInterval } from "./intervalTables.ts";
import { intervalSurvival, quantileIntervals, valueIntervals } from "./intervalTables.ts";
import type { SurvivalCurve } from "./kaplanMeier.ts";
import type { LogRank } from "./logRank.ts";
import type { QuantileTable } from "./orderedTables.ts";
import { logRankTest, quantileTable, survivalCurve } from "./orderedTables.ts";
import type { LineCounts, TimeCounts } from "./timeCounts.ts";

export interface SurvivalTest {
  readonly groups: readonly AxisLabel[];
  /** Over which it is made; absent where each time is a line. */
  readonly intervals?: readonly ValueInterval[];
  readonly test: LogRank;
}

export type OrderedValue = QuantileTable | QuantileIntervals | SurvivalCurve | IntervalSurvival | SurvivalTest | Hidden;

export interface OrderedRow {
  /** By axis, the line that the row is of, for axes that no statistic takes in. */
  readonly lines: ReadonlyMap<number, number>;
  readonly isEmpty: boolean;
  readonly value: OrderedValue;
}

export interface OrderedFacts {
  readonly descriptor: Descriptor;
  readonly schema: StudySchema;
  readonly merges: Merges;
  /** Whether each line holds one value: of data that are public. */
  readonly linesAreValues: boolean;
  readonly labels: readonly (readonly AxisLabel[])[];
}

/**
 * A row for each combination of the axes that the statistic does not take in.
 *
 * @param outputs at their positions; undefined where hidden
 * @throws CodedError ANSWER_INCONSISTENT
 */
export function orderedRows(
  facts: OrderedFacts,
  column: Column,
  outputs: readonly (bigint | undefined)[],
): OrderedRow[] {
  const { descriptor, schema, merges } = facts;
  const { axis } = valueAxis(descriptor)!;
  const others = descriptor.steps[0]!.axes.flatMap((_, at) => (at === axis ? [] : [at]));
  const shown = others.filter((at) => !column.axes.includes(at));
  const lineOf = ({ slice }: MergedCell, at: number): number => slice[others.indexOf(at)]!;
  const rows = groupBy(mergedCells(descriptor, schema, merges), (cell) => shown.map((at) => lineOf(cell, at)).join());
  return rows.map((cells) => {
    const counts = cells.map(({ positions }) => outputs[positions[0]!]);
    return {
      lines: new Map(shown.map((at) => [at, lineOf(cells[0]!, at)])),
      isEmpty: shown.length > 0 && counts.every((count) => count === 0n),
      value: counts.includes(undefined) ? HIDDEN : finish(facts, column, cells, outputs as readonly bigint[]),
    };
  });
}

function finish(
  facts: OrderedFacts,
  column: Column,
  cells: readonly MergedCell[],
  outputs: readonly bigint[],
): OrderedValue {
  const { descriptor, schema, merges, linesAreValues } = facts;
  const { axis, lines } = valueAxis(descriptor)!;
  const { field: index, cuts } = descriptor.steps[0]!.axes[axis]!;
  const field = numericField(schema, index);
  const intervalsOf = (sum: number): ValueInterval[] => valueIntervals(field, cuts, merges[column.sums[sum]!]!);
  const values = [field.minimum, ...cuts];
  const countsOf = (slice: readonly MergedCell[], sum: number): LineCounts => {
    const own = slice.filter(({ output }) => output === column.sums[sum]!);
    return { starts: merges[column.sums[sum]!]!, counts: own.map(({ positions }) => outputs[positions[0]!]!) };
  };
  if (column.finish === Finish.QUANTILE) {
    const { counts } = countsOf(cells, 0);
    return linesAreValues ? quantileTable(column, values, counts) : quantileIntervals(column, intervalsOf(0), counts);
  }
  const timesOf = (slice: readonly MergedCell[]): TimeCounts => {
    return { censored: countsOf(slice, 0), events: countsOf(slice, 1), lines };
  };
  if (column.finish === Finish.KAPLAN_MEIER) {
    const counts = timesOf(cells);
    return linesAreValues
      ? survivalCurve(column, values, counts)
      : intervalSurvival(intervalsOf(1), intervalsOf(0), counts);
  }
  const test = logRankTest(byStratum(facts, column, cells).map((groups) => groups.map(timesOf)));
  const groups = facts.labels[column.axes[0]!]!;
  return linesAreValues ? { groups, test } : { groups, intervals: intervalsOf(1), test };
}

/** Slices by stratum, then group. */
function byStratum({ descriptor }: OrderedFacts, { axes }: Column, cells: readonly MergedCell[]): MergedCell[][][] {
  const { axis } = valueAxis(descriptor)!;
  const others = descriptor.steps[0]!.axes.flatMap((_, at) => (at === axis ? [] : [at]));
  const [group, , stratum] = axes;
  const lineOf = (at: number | undefined, { slice }: MergedCell): number =>
    at === undefined ? 0 : slice[others.indexOf(at)]!;
  const inOrder = (of: readonly MergedCell[], at: number | undefined): MergedCell[][] =>
    groupBy(
      of.toSorted((a, b) => lineOf(at, a) - lineOf(at, b)),
      (cell) => String(lineOf(at, cell)),
    );
  return inOrder(cells, stratum).map((own) => inOrder(own, group));
}

function groupBy(cells: readonly MergedCell[], keyOf: (cell: MergedCell) => string): MergedCell[][] {
  const groups = new Map<string, MergedCell[]>();
  for (const cell of cells) groups.set(keyOf(cell), [...(groups.get(keyOf(cell)) ?? []), cell]);
  return [...groups.values()];
}

function numericField(schema: StudySchema, index: number): NumericField {
  const field = schema.fields[index]!;
  if (field.type !== "category") return field;
  throw answerError({ code: "ANSWER_INCONSISTENT", statistic: "order" }, `${field.name} has no order of values`);
}
