/** The SELECT list and GROUP BY: which sums each column of the answer is finished from. */
import type { Axis, Column } from "../messages/descriptor.ts";
import { Finish } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { Filter } from "./filters.ts";
import type { Measure } from "./measures.ts";
import { sameMeasure } from "./measures.ts";
import type { Aggregate, ParsedQuery, SelectItem } from "./parsedQuery.ts";
import type { ResolvedField } from "./resolveNames.ts";
import { resolveField } from "./resolveNames.ts";
import type { SqlText } from "./sqlText.ts";
import { refuse } from "./sqlText.ts";

/** A cell per combination: more axes than this have too many cells in any study. */
export const MAX_AXES = 8;

export const AGGREGATE_NAMES: Readonly<Record<Aggregate, string>> = {
  [Finish.COUNT]: "COUNT",
  [Finish.SUM]: "SUM",
  [Finish.AVG]: "AVG",
  [Finish.VAR_POP]: "VAR_POP",
  [Finish.VAR_SAMP]: "VAR_SAMP",
  [Finish.STDDEV_POP]: "STDDEV_POP",
  [Finish.STDDEV_SAMP]: "STDDEV_SAMP",
};

export interface Selection {
  readonly axes: readonly Axis[];
  /** Distinct, in output order. */
  readonly measures: readonly Measure[];
  readonly columns: readonly Column[];
}

/** @throws CodedError SQL_UNSUPPORTED | SQL_UNKNOWN_COLUMN | SQL_TYPE | SQL_TOO_LARGE */
export function selectColumns(query: ParsedQuery, filters: readonly Filter[], schema: StudySchema): Selection {
  const axes = groupFields(query, schema);
  const present = new Set(filters.flatMap((filter) => (impliesPresent(filter, schema) ? [filter.field] : [])));
  const measures: Measure[] = axes.length > 0 ? [{ kind: "rows" }] : [];
  const sumOf = (measure: Measure): number => {
    const found = measures.findIndex((candidate) => sameMeasure(candidate, measure));
    return found >= 0 ? found : measures.push(measure) - 1;
  };
  const columns = query.select.map((item): Column => {
    if (item.aggregate === undefined) return groupColumn(query.sql, item, axes, schema);
    const on = item.column === undefined ? undefined : resolveField(query.sql, item.column, schema);
    if (on !== undefined) refuseType(query.sql, item, on);
    const counted: Measure =
      on === undefined || on.field.required || present.has(on.index)
        ? { kind: "rows" }
        : { kind: "n", field: on.index };
    const wanted = [counted, ...(on === undefined ? [] : moments(item.aggregate, on.index))];
    const decimals = on === undefined || item.aggregate === Finish.COUNT ? 0 : on.field.decimals;
    return { name: nameOf(item, on), finish: item.aggregate, sums: wanted.map(sumOf), decimals };
  });
  refuseRepeatedNames(query, columns);
  return { axes, measures, columns };
}

function groupFields({ sql, groupBy }: ParsedQuery, schema: StudySchema): Axis[] {
  const axes: Axis[] = [];
  for (const column of groupBy) {
    const { index, field } = resolveField(sql, column, schema);
    if (field.type !== "category") {
      const problem = `${field.name} is not a category; GROUP BY takes categorical columns`;
      throw refuse(sql, column.span, problem, "SQL_TYPE");
    }
    if (!axes.some((axis) => axis.field === index)) axes.push({ field: index });
    if (axes.length > MAX_AXES)
      throw refuse(sql, column.span, `at most ${MAX_AXES} columns may be grouped`, "SQL_TOO_LARGE");
  }
  return axes;
}

function groupColumn(sql: SqlText, item: SelectItem, axes: readonly Axis[], schema: StudySchema): Column {
  const { index, field } = resolveField(sql, item.column!, schema);
  const axis = axes.findIndex((candidate) => candidate.field === index);
  if (axis < 0) {
    throw refuse(
      sql,
      item.column!.span,
      `add ${field.name} to GROUP BY, or aggregate it; single values never leave the network`,
    );
  }
  return { name: item.alias ?? field.name, finish: Finish.GROUP, sums: [axis], decimals: 0 };
}

function refuseType(sql: SqlText, { aggregate, span }: SelectItem, { field }: ResolvedField): void {
  if (aggregate === undefined || aggregate === Finish.COUNT) return;
  const name = AGGREGATE_NAMES[aggregate];
  if (field.type === "date")
    throw refuse(sql, span, `${name} of a date is not offered; COUNT(${field.name}) is`, "SQL_TYPE");
  if (field.type === "category" && field.numeric === undefined) {
    const problem = `${field.name} is a category of texts, which have no ${name}; COUNT(${field.name}) is offered`;
    throw refuse(sql, span, problem, "SQL_TYPE");
  }
}

function moments(aggregate: Aggregate, field: number): Measure[] {
  switch (aggregate) {
    case Finish.COUNT:
      return [];
    case Finish.SUM:
    case Finish.AVG:
      return [{ kind: "sum", field }];
    default:
      return [
        { kind: "sum", field },
        { kind: "squares", field },
      ];
  }
}

/** True when every row of the cohort has a value in the filter's field. */
function impliesPresent(filter: Filter, schema: StudySchema): boolean {
  const field = schema.fields[filter.field]!;
  if (filter.kind !== "categories") return filter.kind !== "missing";
  return field.type !== "category" || !filter.indices.includes(field.categories.length);
}

function nameOf({ alias, aggregate }: SelectItem, on: ResolvedField | undefined): string {
  return alias ?? `${AGGREGATE_NAMES[aggregate!]}(${on?.field.name ?? "*"})`;
}

function refuseRepeatedNames({ sql, select }: ParsedQuery, columns: readonly Column[]): void {
  columns.forEach(({ name }, index) => {
    if (columns.findIndex((column) => column.name === name) === index) return;
    throw refuse(sql, select[index]!.span, `two columns of the answer would be named ${name}; name one with AS`);
  });
}
