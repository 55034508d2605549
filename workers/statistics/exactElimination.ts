/**
 * Fraction-free Gauss-Jordan elimination of a symmetric positive semi-definite integer matrix (Bareiss 1968,
 * doi:10.1090/S0025-5718-1968-0226829-0): every entry stays an integer, a minor of the matrix, and a pivot is 0 exactly
 * where its column depends on those before it, so rank is decided, not estimated.
 */

export interface Elimination {
  /** The columns that do not depend on earlier ones. */
  readonly independent: readonly number[];
  /** > 0: the determinant of their submatrix. */
  readonly determinant: bigint;
  /** Per row: determinant × the solution for each right-hand side; 0 in dependent rows. */
  readonly solution: readonly (readonly bigint[])[];
}

/**
 * Solves matrix · X = right over the independent columns, with 0 for the others. For a singular matrix that is a solution
 * where one exists.
 *
 * @returns undefined when the matrix is not positive semi-definite
 */
export function eliminate(
  matrix: readonly (readonly bigint[])[],
  right: readonly (readonly bigint[])[],
): Elimination | undefined {
  const size = matrix.length;
  let rows = matrix.map((row, index) => [...row, ...right[index]!]);
  const independent: number[] = [];
  let previous = 1n;
  for (let column = 0; column < size; column++) {
    const pivotRow = rows[column]!;
    const pivot = pivotRow[column]!;
    if (pivot < 0n || (pivot === 0n && pivotRow.slice(column, size).some((entry) => entry !== 0n))) return undefined;
    if (pivot === 0n) continue;
    rows = rows.map((row, index) => (index === column ? row : clearColumn(row, pivotRow, column, previous)));
    independent.push(column);
    previous = pivot;
  }
  const solution = rows.map((row, index) =>
    independent.includes(index) ? row.slice(size) : row.slice(size).map(() => 0n),
  );
  return { independent, determinant: previous, solution };
}

/** The row times the pivot, less its multiple of the pivot's row; the division leaves no remainder. [Bareiss68] */
function clearColumn(row: readonly bigint[], pivotRow: readonly bigint[], column: number, previous: bigint): bigint[] {
  const pivot = pivotRow[column]!;
  const factor = row[column]!;
  return row.map((entry, index) => (pivot * entry - factor * pivotRow[index]!) / previous);
}
