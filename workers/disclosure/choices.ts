/** By which fields' conditions one set of rows is chosen from another, or differs from it. */
import type { FieldClasses } from "./fieldClasses.ts";
import type { SummedSet } from "./levels.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, apartFrom, classesIn, intersect, keyOf } from "./rowSet.ts";

export type Classes = (field: number) => Pick<FieldClasses, "count" | "missing">;

/** Fields whose conditions differ, by more than that the value is present. */
export function fieldsOfChoice(whole: RowSet, part: RowSet, classes: Classes): number[] {
  const fields = new Set([...whole.conditions, ...part.conditions].map(([field]) => field));
  return [...fields].filter((field) => {
    const { count, missing } = classes(field);
    const ignored = missing === undefined ? 0n : 1n << BigInt(missing);
    const [inWhole, inPart] = [whole, part].map((set) => (classesIn(set, field) ?? allOf(count)) | ignored);
    return inWhole !== inPart;
  });
}

/** @param fields whose conditions choose the part */
export function isChosenBySummed(fields: readonly number[], whole: SummedSet, part: SummedSet): boolean {
  const isSummed = (field: number): boolean =>
    [...whole.sums, ...part.sums].flat().some((each) => each.field === field);
  return (fields.length === 1 && isSummed(fields[0]!)) || (fields.length > 0 && hasProductsOf(fields, whole));
}

/** Whether sums are of products of several fields, and of each of these ones. */
export function hasProductsOf(fields: readonly number[], { sums }: SummedSet): boolean {
  const products = sums.map((sum) => new Set(sum.map(({ field }) => field))).filter(({ size }) => size > 1);
  return products.length > 0 && fields.every((field) => products.some((product) => product.has(field)));
}

/** Those of the whole that the part's condition on one field chooses; undefined where a shape decides, too. */
export function chosenBy(field: number, whole: RowSet, part: RowSet): RowSet | undefined {
  const chosen = intersect(whole, { parts: whole.parts, conditions: part.conditions.filter(([on]) => on === field) });
  if (whole.shape === undefined && part.shape === undefined) return chosen;
  return chosen !== undefined && keyOf(chosen) === keyOf(part) ? chosen : undefined;
}

/** The one field by which rows that only one of two sets has are told from those that only the other has; undefined where there is none. */
export function fieldApart(a: RowSet, b: RowSet, classes: Classes): number | undefined {
  const isBox = a.shape === undefined && b.shape === undefined;
  const [more, less] = isBox ? [a, b] : [apartFrom(a, b), apartFrom(b, a)];
  if (more === undefined || less === undefined) return undefined;
  const [field, ...others] = fieldsOfChoice(more, less, classes);
  if (field === undefined || others.length > 0) return undefined;
  const [inMore, inLess] = [more, less].map((set) => classesIn(set, field));
  return isBox || (inMore !== undefined && inLess !== undefined && (inMore & inLess) === 0n) ? field : undefined;
}
