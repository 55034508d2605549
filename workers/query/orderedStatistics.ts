/**
 * Quantiles and survival: statistics of the order of values. Each is finished from how many rows lie between one cut-point and
 * the next. The gate cannot open them yet as it should (quantiles by comparisons alone, survival over intervals merged until no
 * count is small), so they are compiled only for data that are public.
 */
import { ARGUMENT_DECIMALS, Finish } from "../messages/descriptor.ts";
import type { NumericField } from "../schema/studySchema.ts";
import type { ConditionContext } from "./fieldConditions.ts";
import { isFilter } from "./filters.ts";
import { ROWS } from "./measures.ts";
import { normalizeConditions } from "./normalizeConditions.ts";
import type { Argument, SelectItem } from "./parsedQuery.ts";
import { scale } from "./readConstants.ts";
import { resolveField } from "./resolveNames.ts";
import { refuse } from "./sqlText.ts";
import { STATISTIC_NAMES } from "./statisticNames.ts";
import type { PlannedAxis } from "./tableAxes.ts";
import type { TableStatistic } from "./tableStatistics.ts";

const DEFAULT_TYPE = "7";

export function isOrdered(finish: Finish): boolean {
  return finish === Finish.QUANTILE || finish === Finish.KAPLAN_MEIER || finish === Finish.LOGRANK;
}

/** @throws CodedError SQL_* */
export function orderedStatistic(
  context: ConditionContext,
  item: SelectItem,
  compared: PlannedAxis | undefined,
  withoutGate: boolean,
): TableStatistic {
  if (!withoutGate) {
    throw refuse(context.sql, item.span, `${STATISTIC_NAMES[item.aggregate!]} is not offered yet`);
  }
  const grid = item.options.find(({ name }) => name === "GRID");
  if (grid !== undefined) throw refuse(context.sql, grid.span, "GRID is not offered yet");
  const decimals = [valueField(context, item).field.decimals];
  const values = valueAxis(context, item);
  if (item.aggregate === Finish.QUANTILE) {
    return { axes: [values], sums: [ROWS], decimals, arguments: quantileArguments(context, item) };
  }
  const { axis: status, events } = eventAxis(context, item);
  const strata = item.aggregate === Finish.LOGRANK ? strataAxes(context, item) : [];
  const axes = [...(compared === undefined ? [] : [compared]), values, status, ...strata];
  return { axes, sums: [ROWS], decimals, arguments: events };
}

function valueField(
  { sql, schema }: ConditionContext,
  item: SelectItem,
): { readonly index: number; readonly field: NumericField } {
  const [of] = item.arguments;
  if (of?.kind !== "column") throw refuse(sql, item.span, `${STATISTIC_NAMES[item.aggregate!]} takes a column`);
  const { index, field } = resolveField(sql, of.column, schema);
  if (field.type !== "category") return { index, field };
  throw refuse(sql, of.span, `${field.name} is a category, which has no order of values`, "SQL_TYPE");
}

/** A line for every cut-point: exact where each value that occurs is one. */
function valueAxis(context: ConditionContext, item: SelectItem): PlannedAxis {
  const { index, field } = valueField(context, item);
  return { field: index, missing: false, cuts: field.cutPoints };
}

/** The type, then each probability. */
function quantileArguments({ sql }: ConditionContext, item: SelectItem): bigint[] {
  const option = item.options.find(({ name }) => name === "TYPE");
  const [type] = option === undefined ? [DEFAULT_TYPE] : option.values.map(numberText);
  if (type !== "1" && type !== "7")
    throw refuse(sql, option?.span ?? item.span, "TYPE takes 1 or 7, R's types", "SQL_TYPE");
  const probabilities = item.arguments.slice(1).map((argument) => {
    const { floor, ceiling } = scale(numberText(argument), ARGUMENT_DECIMALS);
    if (floor === ceiling && floor >= 0n && floor <= 10n ** BigInt(ARGUMENT_DECIMALS)) return floor;
    throw refuse(sql, argument.span, "QUANTILE takes probabilities from 0 to 1, of at most 6 decimals", "SQL_TYPE");
  });
  return [BigInt(type), ...probabilities];
}

function numberText(argument: Argument): string {
  return argument.kind === "number" ? argument.text : "-1";
}

/** The status column's categories are lines; which of them are events. */
function eventAxis(
  context: ConditionContext,
  item: SelectItem,
): { readonly axis: PlannedAxis; readonly events: readonly bigint[] } {
  const argument = item.arguments[1];
  const problem = "the event is a condition on a categorical column, such as status = 1";
  if (argument?.kind !== "condition") throw refuse(context.sql, argument?.span ?? item.span, problem);
  const [clause, more] = normalizeConditions(context, argument.condition);
  if (clause === undefined || more !== undefined || !isFilter(clause) || clause.kind !== "categories") {
    throw refuse(context.sql, argument.span, problem, "SQL_TYPE");
  }
  return { axis: { field: clause.field, missing: false, cuts: [] }, events: clause.indices.map(BigInt) };
}

function strataAxes({ sql, schema }: ConditionContext, item: SelectItem): PlannedAxis[] {
  const option = item.options.find(({ name }) => name === "STRATA");
  if (option === undefined) return [];
  const [of] = option.values;
  if (of?.kind !== "column") throw refuse(sql, option.span, "STRATA takes a categorical column");
  const { index, field } = resolveField(sql, of.column, schema);
  if (field.type === "category") return [{ field: index, missing: false, cuts: [] }];
  throw refuse(sql, of.span, `${field.name} is not a category; STRATA takes a categorical column`, "SQL_TYPE");
}
