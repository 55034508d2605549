/**
 * Whom a pinned value leaves. Where a set's condition on a summed field depends on others, as in `age = 40 OR arm = 'A'`, it may pin the
 * field's value for all but some rows: the sum of the differences from that value is over these alone, and so is, of two values a and b,
 * Σ(x − a)(x − b) where squares are summed. Their number only counts as told.
 */
import { classTexts, oneOn, times } from "./classFunction.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, classesIn, conditionOf, setWhere } from "./rowSet.ts";
import { fieldsMultiplied } from "./sumFields.ts";
import type { Sum } from "./summedPoints.ts";
import { entangledFields } from "./summedPoints.ts";

interface FieldFacts {
  classes(field: number): FieldClasses;
  /** Whether unknown parameters decide which values of the field count. */
  isOpen(field: number): boolean;
}

/** @returns the rows of a set but for those of one value of a summed field, or of two, where its condition is alike on these only */
export function leftByPinnedValues(
  set: RowSet,
  sums: readonly Sum[],
  { classes, isOpen }: FieldFacts,
): { readonly set: RowSet; readonly kind: string }[] {
  const entangled = entangledFields(set);
  const values = new Set(sums.flat().flatMap(({ field, isValue }) => (isValue ? [field] : [])));
  return [...values].flatMap((field) => {
    if (isOpen(field) || !entangled.has(field)) return [];
    const of = classes(field);
    const all = allOf(of.count);
    return [...new Set(pinnedClasses(set, field, of, isSquared(field, sums, classes)))].flatMap((each) => {
      const left = setWhere(set.parts, times(conditionOf(set), oneOn(field, all & ~each, all)));
      return left === undefined ? [] : [{ set: left, kind: `${field} but ${each}` }];
    });
  });
}

function isSquared(field: number, sums: readonly Sum[], classes: (field: number) => FieldClasses): boolean {
  return sums.some((sum) => (fieldsMultiplied(sum, classes) ?? []).filter((each) => each === field).length > 1);
}

/** Classes of one value, as bits, and with `two` of two, also apart. */
function pinnedClasses(set: RowSet, field: number, classes: FieldClasses, two: boolean): bigint[] {
  const alike = classesAlike(set, field, classes);
  const [one, both] = [1n, 2n].map((count) =>
    alike.flatMap(({ bits, values }) => (values === count ? [bits] : [])),
  ) as [bigint[], bigint[]];
  const pairs = one.flatMap((a, at) => one.slice(at + 1).map((b) => a | b));
  return two ? [...one, ...both, ...pairs] : one;
}

/** Classes on which the set's condition is alike, as on no others, and how many values they have. */
function classesAlike(set: RowSet, field: number, classes: FieldClasses): { bits: bigint; values: bigint }[] {
  const allowed = classesIn(set, field) ?? allOf(classes.count);
  const alike = new Map<string, { bits: bigint; values: bigint }>();
  classTexts(conditionOf(set), field, classes.count).forEach((text, index) => {
    const bounds = classes.bounds(index);
    if (index === classes.missing || bounds === undefined || ((allowed >> BigInt(index)) & 1n) === 0n) return;
    const before = alike.get(text) ?? { bits: 0n, values: 0n };
    const values = before.values + bounds[1] - bounds[0] + 1n;
    alike.set(text, { bits: before.bits | (1n << BigInt(index)), values });
  });
  return [...alike.values()];
}
