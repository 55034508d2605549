/**
 * Fisher's exact test of a 2×2 table, two-sided as R's `fisher.test`: the total probability of the tables with the same
 * margins that are no more probable than the observed one, within a relative 1e-7. Larger tables are not tested here.
 *
 * Probabilities are built from the mode outwards by the exact ratio of neighbours and divided by their sum: no
 * factorials, so no cancellation at any size.
 */

/** R's tolerance for tables that are as probable as the observed one. */
const TIE = 1 + 1e-7;

/** The p-value of [[a, b], [c, d]]; 1 for tables with an empty line. Time and memory O(smallest margin). */
export function fisherExact(a: number, b: number, c: number, d: number): number {
  const [row, column, n] = [a + b, a + c, a + b + c + d];
  const [low, high] = [Math.max(0, row + column - n), Math.min(row, column)];
  const mode = Math.min(high, Math.max(low, Math.floor(((row + 1) * (column + 1)) / (n + 2))));
  /** P(first cell = x + 1) / P(first cell = x). */
  const ratio = (x: number): number => ((row - x) * (column - x)) / ((x + 1) * (n - row - column + x + 1));
  const weights = new Float64Array(high - low + 1);
  weights[mode - low] = 1;
  for (let x = mode; x < high; x++) weights[x + 1 - low] = weights[x - low]! * ratio(x);
  for (let x = mode - 1; x >= low; x--) weights[x - low] = weights[x + 1 - low]! / ratio(x);
  const limit = weights[a - low]! * TIE;
  const ascending = weights.sort();
  const total = ascending.reduce((sum, weight) => sum + weight, 0);
  const extreme = ascending.reduce((sum, weight) => (weight <= limit ? sum + weight : sum), 0);
  return Math.min(extreme / total, 1);
}
