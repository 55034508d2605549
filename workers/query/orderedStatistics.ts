/**
 * Quantiles and survival: statistics of the order of values. Each is finished from how many rows lie between one cut and the
 * next; of these intervals the gate merges as many as it must (`mergedLines.ts`).
 */
import { ARGUMENT_DECIMALS, Finish } from "../messages/descriptor.ts";
import type { NumericField } from "../schema/studySchema.ts";
import type { ConditionContext } from "./fieldConditions.ts";
import type { Measure } from "./measures.ts";
import { ROWS } from "./measures.ts";
import { MAX_GRID } from "./parseOptions.ts";
import type { Argument, SelectItem } from "./parsedQuery.ts";
import { readCategoryConstant, readNumericConstant, scale } from "./readConstants.ts";
import { resolveField } from "./resolveNames.ts";
import { refuse } from "./sqlText.ts";
import { STATISTIC_NAMES } from "./statisticNames.ts";
import type { PlannedAxis } from "./tableAxes.ts";
import { refuseBetweenCuts } from "./tableAxes.ts";
import type { TableStatistic } from "./tableStatistics.ts";

const DEFAULT_TYPE = "7";

/**
 * @param compared the GROUP BY column whose groups the log-rank test compares
 * @param withoutGate a line for every cut-point, however many
 * @throws CodedError SQL_*
 */
export function orderedStatistic(
  context: ConditionContext,
  item: SelectItem,
  compared: PlannedAxis | undefined,
  withoutGate: boolean,
): TableStatistic {
  const { index, field } = valueField(context, item);
  const ends = item.aggregate === Finish.QUANTILE ? undefined : eventCategories(context, item);
  const declared = context.schema.timeToEvent.find(
    ({ time, status }) => time === index && status === ends?.index,
  )?.grid;
  const points = withoutGate ? field.cutPoints : (declared ?? field.cutPoints);
  const values = { field: index, missing: false, cuts: gridOf(context, item, field, points, withoutGate) };
  const decimals = [field.decimals];
  if (ends === undefined) {
    return { axes: [values], sums: [ROWS], decimals, arguments: quantileArguments(context, item) };
  }
  const strata = item.aggregate === Finish.LOGRANK ? strataAxes(context, item) : [];
  const axes = [...(compared === undefined ? [] : [compared]), values, ...strata];
  return { axes, sums: endMeasures(ends), decimals, arguments: [] };
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

/**
 * The cuts of GRID; without it those of the schema: of its time-to-event pair, or all cut-points.
 *
 * @param declared above the minimum or at it
 */
function gridOf(
  { sql }: ConditionContext,
  item: SelectItem,
  field: NumericField,
  declared: readonly bigint[],
  withoutGate: boolean,
): readonly bigint[] {
  const grid = item.options.find(({ name }) => name === "GRID");
  const name = STATISTIC_NAMES[item.aggregate!];
  if (grid === undefined) {
    const cuts = declared.filter((cut) => cut > field.minimum);
    if (withoutGate || (cuts.length > 0 && cuts.length <= MAX_GRID)) return cuts;
    const has =
      cuts.length === 0 ? "no cut-points" : `${cuts.length} cut-points, of which at most ${MAX_GRID} can be used`;
    const problem = `${field.name} has ${has}; say between which values ${name} counts, as in ${name}(…, GRID 90, 180, 365)`;
    throw refuse(sql, item.span, problem, "SQL_NO_CUT_POINT");
  }
  const cuts = grid.values.map((value) => {
    const { floor, ceiling } = readNumericConstant(sql, field, value as Argument & { kind: "number" });
    if (floor === ceiling) return floor;
    throw refuse(sql, value.span, `${field.name} has ${field.decimals} decimals; so must its grid`, "SQL_TYPE");
  });
  cuts.forEach((cut, at) => {
    if (cut > field.minimum && cut <= field.maximum && (at === 0 || cut > cuts[at - 1]!)) return;
    const problem = `the cuts of GRID ascend strictly, above ${field.name}'s minimum and up to its maximum`;
    throw refuse(sql, grid.values[at]!.span, problem, "SQL_TYPE");
  });
  refuseBetweenCuts(sql, field, cuts, grid.span);
  return cuts;
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

/** How many of a line's rows end there without the event, and how many with it. */
function endMeasures({ index: field, events, categories }: EventCategories): Measure[] {
  const without = categories.filter((index) => !events.includes(index));
  return [without, categories.filter((index) => events.includes(index))].map((indices): Measure => {
    return { variables: [{ kind: "indicator", clause: { kind: "categories", field, indices } }], present: [] };
  });
}

interface EventCategories {
  readonly index: number;
  readonly events: readonly number[];
  /** All that the status has. */
  readonly categories: readonly number[];
}

function eventCategories({ sql, schema }: ConditionContext, item: SelectItem): EventCategories {
  const argument = item.arguments[1];
  const problem = "the event is a condition on a categorical column, such as status = 1";
  if (argument?.kind !== "condition") throw refuse(sql, argument?.span ?? item.span, problem);
  const { condition } = argument;
  const values = condition.kind === "compare" ? [condition.value] : condition.kind === "in" ? condition.values : [];
  if (values.length === 0 || !("column" in condition)) throw refuse(sql, argument.span, problem, "SQL_TYPE");
  const { index, field } = resolveField(sql, condition.column, schema);
  if (field.type !== "category") throw refuse(sql, argument.span, problem, "SQL_TYPE");
  const events = values.flatMap((value) => {
    if (value.kind === "parameter") throw refuse(sql, value.span, "the event is a constant", "SQL_TYPE");
    return readCategoryConstant(sql, field, "=", value);
  });
  return { index, events, categories: [...field.categories.keys()] };
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
