/** The constraints of a schema over columns in clear: which rows break which, in plain arithmetic modulo r. */
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import type { ColumnForm, RowConstraint } from "../../../workers/messages/constraints.ts";

/** [constraint, row] of every equation that does not hold. */
export function violations(
  constraints: readonly RowConstraint[],
  columns: readonly (readonly bigint[])[],
): (readonly [constraint: number, row: number])[] {
  const rows = columns[0]?.length ?? 0;
  return constraints.flatMap(({ products, linear }, index) =>
    Array.from({ length: rows }, (_, row) => row)
      .filter((row) => {
        const at = (form: ColumnForm): bigint =>
          form.reduce((sum, [column, coefficient]) => sum + coefficient * (columns[column]?.[row] as bigint), 0n);
        const sum = products.reduce((total, { left, right }) => total + at(left) * at(right), 0n);
        return (sum - at(linear)) % BN254_FR_MODULUS !== 0n;
      })
      .map((row) => [index, row] as const),
  );
}
