/**
 * How large an opened sum can get, from the descriptor and the schema's proven ranges alone: |Σ| <= rows × Π of the
 * factors' bounds, a factor's bound being Σ |coefficient| × bound of its signal. Sums must stay below r/2, or a signed
 * total would be read back as another number.
 */
import { BN254_FR_MODULUS } from "../field/bn254.ts";
import type { Atom, Descriptor } from "../messages/descriptor.ts";
import { AtomOp, NO_FACTOR } from "../messages/descriptor.ts";
import type { StudySchema } from "../schema/studySchema.ts";

/** More rows than any study: twice the patients of a large country. */
export const DEFAULT_MAX_ROWS = 1n << 28n;

/** Sums in (−r/2, r/2) are read back exactly. */
export const SUM_LIMIT = BN254_FR_MODULUS / 2n;

/** The largest |value| of each output of the step, over at most maxRows rows. */
export function worstCaseSums(descriptor: Descriptor, schema: StudySchema, maxRows: bigint): bigint[] {
  const atoms = descriptor.atoms.map((atom) => atomBound(atom, schema));
  const products: bigint[] = [];
  const factorBound = (factor: number): bigint =>
    descriptor.factors[factor]!.terms.reduce((sum, { coefficient, signal }) => {
      const bound = signal < atoms.length ? atoms[signal]! : products[signal - atoms.length]!;
      return sum + size(coefficient) * bound;
    }, 0n);
  for (const { left, right } of descriptor.products) products.push(factorBound(left) * factorBound(right));
  return descriptor.steps[0]!.outputs.map(
    ({ left, right }) => maxRows * factorBound(left) * (right === NO_FACTOR ? 1n : factorBound(right)),
  );
}

function atomBound({ op, field }: Atom, schema: StudySchema): bigint {
  const on = schema.fields[field];
  if (op !== AtomOp.VALUE || on === undefined) return 1n;
  return largest(on.type === "category" ? (on.numeric ?? [0n]) : [on.minimum, on.maximum]);
}

function largest(values: readonly bigint[]): bigint {
  return values.map(size).reduce((a, b) => (a > b ? a : b), 0n);
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value;
}
