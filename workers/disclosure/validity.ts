/** Sets that differ by missing values only. */
import { presentClasses } from "./atomFunctions.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn, intersect, keyOf, makeSet } from "./rowSet.ts";

type Classes = (field: number) => Pick<FieldClasses, "count" | "missing">;

/**
 * Equal but for which fields must be present: their difference is a count of missing values, which answers show. Of shapes: equal on
 * the rows that have every field of which either has no missing value, and there are such rows.
 */
export function differInValidity(classes: Classes, a: RowSet, b: RowSet): boolean {
  if (a.parts !== b.parts) return false;
  if (a.shape !== undefined || b.shape !== undefined) return equalWherePresent(classes, a, b);
  const fields = new Set([...a.conditions, ...b.conditions].map(([field]) => field));
  return [...fields].every((field) => {
    const { count, missing } = classes(field);
    const [inA, inB] = [a, b].map((set) => classesIn(set, field) ?? allOf(count)) as [bigint, bigint];
    const ignored = missing === undefined ? 0n : 1n << BigInt(missing);
    return (inA | ignored) === (inB | ignored);
  });
}

function equalWherePresent(classes: Classes, a: RowSet, b: RowSet): boolean {
  const asked = [...a.conditions, ...b.conditions].flatMap(([field, inside]): [number, bigint][] => {
    const present = presentClasses(classes(field));
    return (inside & ~present) === 0n ? [[field, present]] : [];
  });
  const present = makeSet(a.parts, new Map(asked), (field) => allOf(classes(field).count)) as RowSet;
  const [inA, inB] = [intersect(a, present), intersect(b, present)];
  return inA !== undefined && inB !== undefined && keyOf(inA) === keyOf(inB);
}
