/** What most kinds have in common: a table, a condition, group columns. */
import { badQuery } from "../conformanceError.ts";
import type { ReferenceQuery } from "../referenceQuery.ts";
import type { ColumnUse, Naming, Translation } from "./translation.ts";

/** `where` and `where_equals`, or those of another name. */
export function conditionKeys(query: ReferenceQuery): Pick<Translation, "where" | "equals"> {
  const equals = query.optionalRecord("where_equals");
  if (equals === undefined) return { where: query.optionalText("where"), equals: undefined };
  const { column, value = null } = equals;
  if (typeof column !== "string" || (typeof value === "object" && value !== null)) {
    throw badQuery(query.id, '"where_equals" is not a column and a value');
  }
  return {
    where: query.optionalText("where"),
    equals: { column, value: value === null ? null : String(value) },
  };
}

export function usesOf(
  categories: readonly (string | undefined)[],
  numbers: readonly (string | undefined)[],
  ordered: readonly (string | undefined)[] = [],
): ReadonlyMap<string, ColumnUse> {
  const named = (columns: readonly (string | undefined)[], use: ColumnUse): [string, ColumnUse][] =>
    columns.flatMap((column) => (column === undefined ? [] : [[column, use]]));
  return new Map([...named(ordered, "order"), ...named(numbers, "number"), ...named(categories, "category")]);
}

/** Aliased, since a column may have the name of a statistic. */
export function groupItems(naming: Naming, groupBy: readonly string[]): string[] {
  return groupBy.map((column, index) => `${naming.column(column)} AS group_${index + 1}`);
}
