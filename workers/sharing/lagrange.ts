/**
 * Interpolation weights. Points and x are integers, so weights at an integer among 1..15 from consecutive points are
 * small integers, which the field combines five times as fast as full ones.
 */
import type { Field } from "../field/field.ts";

/**
 * Weights λ with f(x) = Σ λ_i·f(points_i) for every polynomial of degree below the number of points:
 * λ_i = Π_{j≠i} (x − p_j)/(p_i − p_j), canonical residues.
 *
 * @param points distinct modulo the field's prime; at most some dozens, O(points²) products
 */
export function lagrangeWeights(field: Field, points: readonly number[], x: bigint): bigint[] {
  return points.map((point) => {
    const others = points.filter((other) => other !== point);
    const numerator = others.reduce((product, other) => field.reduce(product * (x - BigInt(other))), 1n);
    const denominator = others.reduce((product, other) => product * BigInt(point - other), 1n);
    return field.reduce(numerator * field.invert(denominator));
  });
}
