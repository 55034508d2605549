/**
 * [x >= c] of digit columns, with d the base-16 digits of c − minimum and j the lowest of them that is not 0:
 * F(j) = Σ of the columns of digit j from d(j) on; F(p) = greater(p) + equal(p) × F(p − 1). One product per digit above j.
 */
import type { LinearForm } from "../messages/circuit.ts";
import { AtomOp, DigitRelation } from "../messages/descriptor.ts";
import type { ColumnTerm } from "../query/expandAtoms.ts";
import { expandAtom } from "../query/expandAtoms.ts";
import { digitAt } from "../schema/digits.ts";
import type { NumericField, StudySchema } from "../schema/studySchema.ts";
import { combineForms } from "./linearForms.ts";

export interface FormBuilder {
  columns(terms: readonly ColumnTerm[]): LinearForm;
  multiply(left: LinearForm, right: LinearForm): LinearForm;
}

/** @param threshold above the field's minimum, at most its maximum; the field has digits */
export function thresholdForm(
  schema: StudySchema,
  index: number,
  threshold: bigint,
  { columns, multiply }: FormBuilder,
): LinearForm {
  const { digits, minimum } = schema.fields[index] as NumericField;
  const digit = (position: number, relation: DigitRelation): ColumnTerm[] => {
    const hi = BigInt(2 * position + relation);
    return expandAtom({ op: AtomOp.DIGIT, field: index, lo: threshold, hi, bind: 0 }, schema);
  };
  let position = 0;
  while (digitAt(threshold - minimum, position) === 0n) position++;
  let form = columns([...digit(position, DigitRelation.GREATER), ...digit(position, DigitRelation.EQUAL)]);
  for (position++; position < digits; position++) {
    const below = multiply(columns(digit(position, DigitRelation.EQUAL)), form);
    form = combineForms([
      [1n, columns(digit(position, DigitRelation.GREATER))],
      [1n, below],
    ]);
  }
  return form;
}
