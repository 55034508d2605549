/** Which columns' sums say more than a sum: those with two values only are tables of two counts. */
import { AtomOp, type Descriptor } from "../messages/descriptor.ts";
import type { SchemaField } from "../schema/studySchema.ts";

/** The sum over n patients is then n times the smaller value, and as much more as there are of the larger. */
export function isTwoValued(field: SchemaField | undefined): boolean {
  if (field === undefined) return false;
  return field.type === "category" ? field.numeric?.length === 2 : field.maximum - field.minimum === 1n;
}

/** Fields whose values the outputs sum, ascending. */
export function summedFields({ atoms, factors, products, steps }: Descriptor): number[] {
  const found = new Set<number>();
  const visit = (factor: number): void => {
    for (const { signal } of factors[factor]?.terms ?? []) {
      const atom = atoms[signal];
      const product = products[signal - atoms.length];
      if (atom?.op === AtomOp.VALUE) found.add(atom.field);
      if (atom !== undefined || product === undefined) continue;
      visit(product.left);
      visit(product.right);
    }
  };
  for (const { left, right } of steps.flatMap(({ outputs }) => outputs)) {
    visit(left);
    visit(right);
  }
  return [...found].sort((a, b) => a - b);
}
