/** Which columns' sums say more than a sum: those with two values only are tables of two counts. */
import { AtomOp, type Descriptor } from "../messages/descriptor.ts";
import type { SchemaField } from "../schema/studySchema.ts";

/** The sum over n patients is then n times the smaller value, and as much more as there are of the larger. */
export function isTwoValued(field: SchemaField | undefined): boolean {
  if (field === undefined) return false;
  return field.type === "category" ? field.numeric?.length === 2 : field.maximum - field.minimum === 1n;
}

/** Fields whose values the outputs sum, ascending. */
export function summedFields(descriptor: Descriptor): number[] {
  return [...new Set(valuesSummed(descriptor).flat())].sort((a, b) => a - b);
}

/** Of each output, the fields whose values are multiplied and summed: none of a count, one twice of a sum of squares. */
export function valuesSummed({ atoms, factors, products, steps }: Descriptor): number[][] {
  const valuesIn = (factor: number): number[] =>
    (factors[factor]?.terms ?? []).flatMap(({ signal }) => {
      const atom = atoms[signal];
      if (atom !== undefined) return atom.op === AtomOp.VALUE ? [atom.field] : [];
      const product = products[signal - atoms.length];
      return product === undefined ? [] : [...valuesIn(product.left), ...valuesIn(product.right)];
    });
  return steps.flatMap(({ outputs }) => outputs.map(({ left, right }) => [...valuesIn(left), ...valuesIn(right)]));
}
