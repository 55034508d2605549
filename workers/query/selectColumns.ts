/** The SELECT list and GROUP BY: the answer's columns, the sums they are finished from, and the table's axes. */
import type { Column } from "../messages/descriptor.ts";
import { Finish } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import { cellSums } from "./cellStatistics.ts";
import { gradeRates } from "./gradeRates.ts";
import type { ConditionContext } from "./fieldConditions.ts";
import type { Clause, Filter } from "./filters.ts";
import { inOrder, isFilter } from "./filters.ts";
import type { Measure, Variable } from "./measures.ts";
import { fieldsOf, ROWS, sameMeasure, sameVariable } from "./measures.ts";
import { normalizeConditions } from "./normalizeConditions.ts";
import type { Argument, GroupKey, ParsedQuery, SelectItem } from "./parsedQuery.ts";
import { resolveField } from "./resolveNames.ts";
import type { Span, SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";
import { isOrdered } from "../messages/valueAxis.ts";
import { orderedStatistic } from "./orderedStatistics.ts";
import { comparesGroups, isTableStatistic, STATISTIC_NAMES } from "./statisticNames.ts";
import type { PlannedAxis } from "./tableAxes.ts";
import { groupAxis } from "./tableAxes.ts";
import { tableStatistic } from "./tableStatistics.ts";

/** A cell per combination: more axes than this have too many cells in any study. */
export const MAX_AXES = 8;

export interface Selection {
  /** WHERE's, and that the fields of a table statistic are present. */
  readonly clauses: readonly Clause[];
  readonly axes: readonly PlannedAxis[];
  /** Distinct, in output order. */
  readonly measures: readonly Measure[];
  readonly columns: readonly Column[];
}

/** @throws CodedError SQL_UNSUPPORTED | SQL_UNKNOWN_COLUMN | SQL_TYPE | SQL_TOO_LARGE */
export function selectColumns(
  context: ConditionContext,
  query: ParsedQuery,
  clauses: readonly Clause[],
  withoutGate: boolean,
): Selection {
  const axes = groupAxes(context, query);
  const statistic = query.select.find(({ aggregate }) => aggregate !== undefined && isTableStatistic(aggregate));
  const selection =
    statistic === undefined
      ? cellColumns(context, query, clauses, axes)
      : tableColumns(context, query, clauses, { axes, statistic, withoutGate });
  refuseRepeatedNames(query, selection.columns);
  if (selection.axes.length <= MAX_AXES) return selection;
  throw refuse(query.sql, query.groupBy.at(-1)!.span, `at most ${MAX_AXES} columns may be grouped`, "SQL_TOO_LARGE");
}

interface GroupedAxis extends PlannedAxis {
  readonly key: GroupKey;
}

function groupAxes({ sql, schema }: ConditionContext, { groupBy }: ParsedQuery): GroupedAxis[] {
  const axes: GroupedAxis[] = [];
  for (const key of groupBy) {
    const axis = groupAxis(sql, schema, key);
    const other = axes.find(({ field }) => field === axis.field);
    if (other === undefined) axes.push({ ...axis, key });
    else if (String(other.cuts) !== String(axis.cuts)) {
      throw refuse(sql, key.span, "a column may be grouped in one way only", "SQL_TYPE");
    }
  }
  return axes;
}

/** Statistics of each cell. */
function cellColumns(
  context: ConditionContext,
  query: ParsedQuery,
  clauses: readonly Clause[],
  axes: readonly GroupedAxis[],
): Selection {
  const measures: Measure[] = axes.length > 0 ? [ROWS] : [];
  const indexOf = (measure: Measure): number => {
    const found = measures.findIndex((candidate) => sameMeasure(candidate, measure));
    return found >= 0 ? found : measures.push(measure) - 1;
  };
  const mayMiss = missableIn(context.schema, clauses);
  const columns = query.select.map((item): Column => {
    if (item.aggregate === undefined) return groupColumn(context, item, axes);
    const { variables, arguments: args } = cellVariables(context, item);
    const sums = cellSums(item.aggregate, variables, mayMiss).map(indexOf);
    const decimals = decimalsOf(item.aggregate, variables, context.schema);
    return { name: nameOf(item), finish: item.aggregate, axes: [], sums, decimals, arguments: args };
  });
  return { clauses, axes: axes.map(withoutKey), measures, columns };
}

interface TableSelection {
  readonly axes: readonly GroupedAxis[];
  readonly statistic: SelectItem;
  readonly withoutGate: boolean;
}

/** One statistic of a table, for each cell of the group columns that it does not take in. */
function tableColumns(
  context: ConditionContext,
  query: ParsedQuery,
  clauses: readonly Clause[],
  { axes, statistic, withoutGate }: TableSelection,
): Selection {
  const { sql, schema } = context;
  const finish = statistic.aggregate!;
  const name = STATISTIC_NAMES[finish];
  const other = query.select.find((item) => item !== statistic && item.aggregate !== undefined);
  if (other !== undefined) {
    throw refuse(sql, other.span, `${name} stands alone beside group columns; publish the rest as a query of its own`);
  }
  const compared = comparesGroups(finish) ? comparedAxis(context, query, axes, statistic) : undefined;
  const shown = axes.filter((axis) => axis.field !== compared?.field);
  const table = isOrdered(finish)
    ? orderedStatistic(context, statistic, compared, withoutGate)
    : tableStatistic(
        sql,
        schema,
        statistic,
        compared && { axis: compared, lines: possibleLines(schema, compared, clauses) },
      );
  const again = table.axes.find(({ field }) => shown.some((axis) => axis.field === field));
  if (again !== undefined) {
    throw refuse(sql, statistic.span, `${schema.fields[again.field]!.name} is a column of ${name} and of GROUP BY`);
  }
  const mayMiss = missableIn(schema, clauses);
  const summed = table.sums.flatMap(({ variables }) => variables.flatMap(fieldsOf));
  const needed = [...new Set([...table.axes.map(({ field }) => field), ...summed])].filter(mayMiss);
  const present = needed.map((field): Filter => ({ kind: "present", field }));
  const columns = query.select.map((item): Column => {
    if (item.aggregate === undefined) return groupColumn(context, item, shown);
    const own = table.axes.map((_, index) => shown.length + index);
    const sums = table.sums.map((_, index) => index);
    const { decimals, arguments: args } = table;
    return { name: nameOf(item), finish, axes: own, sums, decimals, arguments: args };
  });
  return {
    clauses: inOrder([...clauses, ...present]),
    axes: [...shown.map(withoutKey), ...table.axes],
    measures: table.sums,
    columns,
  };
}

/** The one GROUP BY column that is not selected; rows without it are in no group. */
function comparedAxis(
  { sql }: ConditionContext,
  query: ParsedQuery,
  axes: readonly GroupedAxis[],
  { aggregate, span }: SelectItem,
): PlannedAxis {
  const selected = query.select.flatMap(({ key }) => (key === undefined ? [] : [key.column.name.toLowerCase()]));
  const [only, more] = axes.filter(({ key }) => !selected.includes(key.column.name.toLowerCase()));
  if (only !== undefined && more === undefined) return { ...withoutKey(only), missing: false };
  const problem = `${STATISTIC_NAMES[aggregate!]} compares the groups of one GROUP BY column, which is not in the SELECT list`;
  throw refuse(sql, span, problem, "SQL_TYPE");
}

/** Of the axis, what WHERE's constants leave. */
function possibleLines(schema: StudySchema, { field, cuts }: PlannedAxis, clauses: readonly Clause[]): number[] {
  const on = schema.fields[field]!;
  const count = on.type === "category" ? on.categories.length : cuts.length + 1;
  const filter = clauses.find((clause) => clause.kind === "categories" && clause.field === field);
  const lines = Array.from({ length: count }, (_, line) => line);
  return filter?.kind === "categories" ? lines.filter((line) => filter.indices.includes(line)) : lines;
}

function withoutKey({ field, missing, cuts }: PlannedAxis): PlannedAxis {
  return { field, missing, cuts };
}

function groupColumn({ sql, schema }: ConditionContext, item: SelectItem, axes: readonly GroupedAxis[]): Column {
  const { column } = item.key!;
  const { index, field } = resolveField(sql, column, schema);
  const axis = axes.findIndex((candidate) => candidate.field === index);
  if (axis < 0) {
    const problem = `add ${field.name} to GROUP BY, or aggregate it; single values never leave the network`;
    throw refuse(sql, column.span, problem);
  }
  if (String(groupAxis(sql, schema, item.key!).cuts) !== String(axes[axis]!.cuts)) {
    throw refuse(sql, item.span, "select the group as GROUP BY has it, with the same cuts");
  }
  const name = item.alias ?? field.name;
  return { name, finish: Finish.GROUP, axes: [], sums: [axis], decimals: [], arguments: [] };
}

function cellVariables(
  context: ConditionContext,
  item: SelectItem,
): { readonly variables: readonly Variable[]; readonly arguments: readonly bigint[] } {
  if (item.aggregate === Finish.TOXICITY || item.aggregate === Finish.PRO_CTCAE) {
    const { counted, arguments: args } = gradeRates(context.sql, context.schema, item);
    return { variables: counted, arguments: args };
  }
  const variables = item.arguments.map((argument) => variableOf(context, item, argument));
  refuseSameVariable(context.sql, item, variables);
  return { variables, arguments: [] };
}

/** @throws CodedError SQL_TYPE for what has no numbers */
function variableOf(context: ConditionContext, { aggregate, span }: SelectItem, argument: Argument): Variable {
  const { sql, schema } = context;
  if (argument.kind === "indicator") return { kind: "indicator", clause: indicatorFilter(context, argument) };
  if (argument.kind !== "column") throw refuse(sql, argument.span, "a column is expected here");
  const isCount = aggregate === Finish.COUNT || aggregate === Finish.REGR_COUNT;
  const { index, field } = resolveField(sql, argument.column, schema, isCount ? "present" : "sum");
  if (isCount) return { kind: "value", field: index };
  const name = STATISTIC_NAMES[aggregate!];
  const offered = `COUNT(${field.name})`;
  if (field.type === "date") {
    throw refuse(sql, span, `${name} of a date is not offered; ${offered} is`, "SQL_TYPE");
  }
  if (field.type === "category" && field.numeric === undefined) {
    const problem = `${field.name} is a category of texts, which have no ${name}; ${offered} is offered`;
    const instead = aggregate === Finish.LINEAR_REGRESSION ? `; write INDICATOR(${field.name} = '…')` : "";
    throw refuse(sql, span, `${problem}${instead}`, "SQL_TYPE");
  }
  return { kind: "value", field: index };
}

/** One condition on one field that is not "is missing": 1 where it is TRUE. */
function indicatorFilter(context: ConditionContext, { condition, span }: Argument & { kind: "indicator" }): Filter {
  const [clause, more] = normalizeConditions(context, condition);
  const isOne = clause !== undefined && more === undefined && isFilter(clause);
  if (isOne && impliesPresent(clause, context.schema)) return clause;
  throw refuse(
    context.sql,
    span,
    "INDICATOR takes one condition on one column's values, as in INDICATOR(arm = 'agent')",
  );
}

function refuseSameVariable(sql: SqlText, { span, aggregate }: SelectItem, variables: readonly Variable[]): void {
  const repeated = variables.some((variable, index) =>
    variables.slice(0, index).some((other) => sameVariable(variable, other)),
  );
  if (repeated) throw refuse(sql, span, `${STATISTIC_NAMES[aggregate!]} takes different columns`, "SQL_TYPE");
}

function decimalsOf(finish: Finish, variables: readonly Variable[], schema: StudySchema): number[] {
  const counts: readonly Finish[] = [Finish.COUNT, Finish.REGR_COUNT, Finish.TOXICITY, Finish.PRO_CTCAE];
  if (counts.includes(finish)) return [];
  const scales = variables.map((v) => (v.kind === "value" ? schema.fields[v.field]!.decimals : 0));
  return finish === Finish.LINEAR_REGRESSION ? [...scales.slice(1), scales[0]!] : scales;
}

/** Whether rows of the cohort may lack the field. */
function missableIn(schema: StudySchema, clauses: readonly Clause[]): (field: number) => boolean {
  const present = new Set(
    clauses.flatMap((clause) => (isFilter(clause) && impliesPresent(clause, schema) ? [clause.field] : [])),
  );
  return (field) => !schema.fields[field]!.required && !present.has(field);
}

/** True when every row that satisfies the filter has a value in its field. */
function impliesPresent(filter: Filter, schema: StudySchema): boolean {
  const field = schema.fields[filter.field]!;
  if (filter.kind === "intervals") return !filter.missing;
  if (filter.kind !== "categories") return filter.kind !== "missing";
  return field.type !== "category" || !filter.indices.includes(field.categories.length);
}

/** The function and the columns it is of; constants are left out. */
function nameOf({ alias, aggregate, arguments: args }: SelectItem): string {
  if (alias !== undefined) return alias;
  const columns = args.flatMap((argument) => {
    if (argument.kind === "column") return [argument.column.name];
    return "condition" in argument && "column" in argument.condition ? [argument.condition.column.name] : [];
  });
  return `${STATISTIC_NAMES[aggregate!]}(${columns.length === 0 ? "*" : columns.join(", ")})`;
}

function refuseRepeatedNames({ sql, select }: ParsedQuery, columns: readonly Column[]): void {
  columns.forEach(({ name }, index) => {
    if (columns.findIndex((column) => column.name === name) === index) return;
    const span: Span = select[index]!.span;
    throw refuse(sql, span, `two columns of the answer would be named ${name}; name one with AS`);
  });
}
