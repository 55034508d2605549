/** Sets that differ by missing values only. */
import type { ClassFunction } from "./classFunction.ts";
import { fieldsIn, withoutField } from "./classFunction.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn, conditionOf, intersect, isSubset } from "./rowSet.ts";

type Classes = (field: number) => Pick<FieldClasses, "count" | "missing">;

/**
 * Equal but for which fields must be present: their difference is a count of missing values, which answers show. One is then a
 * condition on the fields that differ, "missing" apart, together with the same condition on all others: a shape that holds
 * other rows where a column is missing than where it is present tells more than how many lack it.
 */
export function differInValidity(classes: Classes, a: RowSet, b: RowSet): boolean {
  if (a.parts !== b.parts) return false;
  const differing = fieldsThatDiffer(classes, a, b);
  if (differing === undefined) return false;
  if (a.shape === undefined && b.shape === undefined) return true;
  const [restA, restB] = [a, b].map((set) => withoutFields(conditionOf(set), differing));
  return restA !== undefined && restB !== undefined && restA.key === restB.key;
}

/**
 * Whether a set may be just those of `whole` who lack a column, as nobody is and does, and it tells no more than their numbers: not where
 * others than those of `whole` may be in it, of whom it would tell that they are not.
 *
 * @param present those of `whole` who have the column
 */
export function mayBeWhoLacks(classes: Classes, set: RowSet, whole: RowSet, present: RowSet): boolean {
  if (!differInValidity(classes, present, whole)) return false;
  return isSubset(set, whole) || intersect(set, whole) === undefined;
}

/** Fields that must be present in one box only; undefined where the boxes differ by more. */
export function fieldsThatDiffer(
  classes: Classes,
  a: Pick<RowSet, "conditions">,
  b: Pick<RowSet, "conditions">,
): number[] | undefined {
  const fields = new Set([...a.conditions, ...b.conditions].map(([field]) => field));
  const differing: number[] = [];
  for (const field of fields) {
    const { count, missing } = classes(field);
    const [inA, inB] = [a, b].map((set) => classesIn(set, field) ?? allOf(count)) as [bigint, bigint];
    const ignored = missing === undefined ? 0n : 1n << BigInt(missing);
    if ((inA | ignored) !== (inB | ignored)) return undefined;
    if (inA !== inB) differing.push(field);
  }
  return differing;
}

/** The condition on other fields; undefined where these fields' conditions are not apart from it. */
function withoutFields(condition: ClassFunction, fields: readonly number[]): ClassFunction | undefined {
  return fields.reduce<ClassFunction | undefined>((rest, field) => {
    if (rest === undefined || !fieldsIn(rest).has(field)) return rest;
    return withoutField(rest, field);
  }, condition);
}
