/** Atoms of a descriptor, and comparisons by digits, as functions of their field's classes. */
import type { Atom } from "../messages/descriptor.ts";
import { AtomOp } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { ClassCatalogue } from "./classCatalogue.ts";
import type { ClassFunction } from "./classFunction.ts";
import { ONE, oneOn } from "./classFunction.ts";
import type { Comparison } from "./digitChains.ts";
import type { NamedField } from "./errors.ts";
import { unsupported } from "./errors.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import { allOf } from "./rowSet.ts";

type Bounds = readonly [bigint, bigint];

/** Undefined for a field that the schema does not have: a descriptor's bytes may name any. */
export function named({ fields }: StudySchema, field: number): NamedField | undefined {
  const on = fields[field];
  return on === undefined ? undefined : { index: field, name: on.name };
}

/** @param atom bound; not a VALUE, whose rows differ within a class, nor a DIGIT. @throws CodedError DISCLOSURE_UNSUPPORTED */
export function atomFunction(catalogue: ClassCatalogue, { op, field, lo, hi }: Atom): ClassFunction {
  if (op === AtomOp.ACTIVE) return ONE;
  const { schema } = catalogue;
  const on = schema.fields[field];
  if (on === undefined) throw unsupported("a condition on no field of the schema");
  const classes = catalogue.classes(field);
  switch (op) {
    case AtomOp.VALID:
      return oneOn(field, presentClasses(classes), allOf(classes.count));
    case AtomOp.EQ: {
      if (on.type === "category" && lo >= 0n && lo < BigInt(classes.count)) {
        return oneOn(field, 1n << lo, allOf(classes.count));
      }
      throw unsupported("it is compared with no category of it", named(schema, field));
    }
    case AtomOp.RANGE:
      if (on.type === "category") throw unsupported("a range of categories", named(schema, field));
      return valuesBetween(catalogue, field, lo, hi);
    default:
      throw unsupported("a column that is no condition", named(schema, field));
  }
}

/** @param lo the threshold, its parameter put in. @throws CodedError DISCLOSURE_UNSUPPORTED: not between the field's bounds */
export function comparisonFunction(catalogue: ClassCatalogue, { at, relation }: Comparison, lo: bigint): ClassFunction {
  const field = catalogue.schema.fields[at.field]!;
  if (field.type === "category" || lo < field.minimum || lo > field.maximum) {
    throw unsupported("a threshold outside its bounds has other digits", named(catalogue.schema, at.field));
  }
  if (relation === "=") return valuesBetween(catalogue, at.field, lo, lo);
  return valuesBetween(catalogue, at.field, relation === ">" ? lo + 1n : lo, field.maximum);
}

/** lo <= value <= hi; nowhere when lo > hi. @throws CodedError DISCLOSURE_UNSUPPORTED: some class has values of both kinds */
export function valuesBetween(catalogue: ClassCatalogue, field: number, lo: bigint, hi: bigint): ClassFunction {
  const classes = catalogue.classes(field);
  const isInside = ([first, last]: Bounds): boolean => first >= lo && last <= hi;
  const isApart = ([first, last]: Bounds): boolean => first > hi || last < lo;
  let inside = 0n;
  for (let index = 0; index < classes.count; index++) {
    const bounds = classes.bounds(index);
    if (bounds === undefined || lo > hi) continue;
    if (isInside(bounds)) inside |= 1n << BigInt(index);
    else if (!isApart(bounds)) {
      throw unsupported("a threshold at which it has no cut-point", named(catalogue.schema, field));
    }
  }
  return oneOn(field, inside, allOf(classes.count));
}

/** All but "missing". */
export function presentClasses({ count, missing }: Pick<FieldClasses, "count" | "missing">): bigint {
  return missing === undefined ? allOf(count) : allOf(count) & ~(1n << BigInt(missing));
}

/** The value of a field on each class, 0 where missing; undefined where rows of the class differ. */
export function valueOfClasses(catalogue: ClassCatalogue, field: number): (bigint | undefined)[] {
  const on = catalogue.schema.fields[field];
  if (on === undefined) throw unsupported("a sum of no field of the schema");
  if (on.type === "category" && on.numeric === undefined) {
    throw unsupported("a sum of categories that are not numbers", named(catalogue.schema, field));
  }
  const classes = catalogue.classes(field);
  return Array.from({ length: classes.count }, (_, index) => {
    if (index === classes.missing) return 0n;
    const [first, last] = classes.bounds(index)!;
    return first === last ? first : undefined;
  });
}
