/** Powers of one element. */
import type { Field } from "./field.ts";

/** x^exponent, by squaring. @param exponent a whole number >= 0 */
export function scalarPower(field: Field, x: bigint, exponent: number): bigint {
  let [result, square] = [1n, x];
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = field.reduce(result * square);
    square = field.reduce(square * square);
  }
  return result;
}
