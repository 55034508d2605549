/**
 * [x >= c] and its like as linear combinations of atoms and products: a thermometer where the schema has a cut-point, else a
 * chain over the value's base-16 digits, from the least up (`contracts/types/Descriptor.sol`, DIGIT):
 *
 *   F(0) = greater(0), and equal(0) where c itself satisfies;   F(p) = greater(p) + equal(p) × F(p − 1)
 *
 * One product per digit but the first. Every term is 0 where the value is missing.
 */
import { AtomOp, DigitRelation } from "../messages/descriptor.ts";
import type { NumericField, StudySchema } from "../schema/studySchema.ts";
import type { Assembly, PendingTerm } from "./assembleDescriptor.ts";
import { ACTIVE_FIELD, negatedTerm, oneOf } from "./assembleDescriptor.ts";
import type { End } from "./filters.ts";

/** lo <= x <= hi, both within the field's bounds and lo <= hi. */
export function intervalTerms(
  assembly: Assembly,
  schema: StudySchema,
  index: number,
  [lo, hi]: readonly [bigint, bigint],
): PendingTerm[] {
  const field = numericField(schema, index);
  const { minimum, maximum, cutPoints } = field;
  const isCut = (value: bigint): boolean => cutPoints.includes(value);
  const [startsAtCut, endsAtCut] = [lo === minimum || isCut(lo), hi === maximum || isCut(hi + 1n)];
  if (lo === minimum && hi === maximum) return [presenceTerm(assembly, schema, index)];
  if (startsAtCut && endsAtCut) return [oneOf(assembly.atom(AtomOp.RANGE, index, { value: lo }, { value: hi }))];
  if (lo === hi) return equalTerms(assembly, field, index, { value: lo });
  const above = hi === maximum ? [] : atLeastTerms(assembly, schema, index, hi + 1n);
  return [...atLeastTerms(assembly, schema, index, lo), ...above.map(negatedTerm)];
}

/** x >= value, which lies within the field's bounds. */
function atLeastTerms(assembly: Assembly, schema: StudySchema, index: number, value: bigint): PendingTerm[] {
  const field = numericField(schema, index);
  if (value === field.minimum) return [presenceTerm(assembly, schema, index)];
  if (field.cutPoints.includes(value)) {
    return [oneOf(assembly.atom(AtomOp.RANGE, index, { value }, { value: field.maximum }))];
  }
  return chainTerms(assembly, field, index, { value }, ">=");
}

/** x > at, or x >= at, by digits. */
export function chainTerms(
  assembly: Assembly,
  { digits }: NumericField,
  field: number,
  at: End,
  relation: ">" | ">=",
): PendingTerm[] {
  const compared = (position: number, by: DigitRelation): PendingTerm =>
    oneOf(digitAtom(assembly, field, at, position, by));
  let terms = [compared(0, DigitRelation.GREATER), ...(relation === ">=" ? [compared(0, DigitRelation.EQUAL)] : [])];
  for (let position = 1; position < digits; position++) {
    const equal = assembly.factor([compared(position, DigitRelation.EQUAL)]);
    const below = assembly.multiply(equal, assembly.factor(terms));
    terms = [compared(position, DigitRelation.GREATER), ...assembly.terms(below)];
  }
  return terms;
}

/** x = at: every digit is equal. */
export function equalTerms(assembly: Assembly, { digits }: NumericField, field: number, at: End): PendingTerm[] {
  let factor: number | undefined;
  for (let position = 0; position < digits; position++) {
    const equal = assembly.factor([oneOf(digitAtom(assembly, field, at, position, DigitRelation.EQUAL))]);
    factor = factor === undefined ? equal : assembly.multiply(equal, factor);
  }
  return factor === undefined ? [] : [...assembly.terms(factor)];
}

function digitAtom(assembly: Assembly, field: number, at: End, position: number, by: DigitRelation): number {
  return assembly.atom(AtomOp.DIGIT, field, at, { value: BigInt(2 * position + by) });
}

/** 1 where the field is present. */
export function presenceTerm(assembly: Assembly, schema: StudySchema, field: number): PendingTerm {
  const { required } = schema.fields[field]!;
  return oneOf(required ? assembly.atom(AtomOp.ACTIVE, ACTIVE_FIELD) : assembly.atom(AtomOp.VALID, field));
}

export function activeTerm(assembly: Assembly): PendingTerm {
  return oneOf(assembly.atom(AtomOp.ACTIVE, ACTIVE_FIELD));
}

export function numericField(schema: StudySchema, index: number): NumericField {
  const field = schema.fields[index]!;
  if (field.type === "category") throw new RangeError(`${field.name} is a category`);
  return field;
}
