/**
 * Inverses of a whole vector with one inversion: products of halves, down to a few elements, and back up. About three
 * products per element. Source: P. Montgomery, "Speeding the Pollard and elliptic curve methods of factorization",
 * Math. Comp. 48 (1987), section 10.3.1, here as a tree so that every step is one vector product.
 */
import type { Field, FieldVector } from "./field.ts";
import { zeroInverseError } from "./fieldError.ts";

/** Below this many elements a bigint inversion each is as fast as another level. */
const SMALL = 4;

/** @throws CodedError FIELD_ZERO_INVERSE with the index of the first zero */
export function batchInverse(field: Field, vector: FieldVector): FieldVector {
  try {
    return field.scope(() => invertTree(field, vector));
  } catch (error) {
    // A zero makes every product above it zero: only here is it known which element it was.
    const index = field.toResidues(vector).indexOf(0n);
    if (index < 0) throw error;
    throw zeroInverseError(index, { cause: error });
  }
}

function invertTree(field: Field, vector: FieldVector): FieldVector {
  const { length } = vector;
  if (length <= SMALL) return field.fromIntegers(field.toResidues(vector).map((value) => field.invert(value)));
  const half = 2 * Math.ceil(length / 4); // even, so that both halves are aligned
  const paired = length - half;
  const [low, high] = [field.view(vector, 0, paired), field.view(vector, half, length)];
  const products = field.mul(low, high);
  const inverses = invertTree(field, field.concat([products, field.view(vector, paired, half)]));
  const inverseOfProduct = field.view(inverses, 0, paired);
  return field.concat([
    field.mul(inverseOfProduct, high),
    field.view(inverses, paired, half),
    field.mul(inverseOfProduct, low),
  ]);
}
