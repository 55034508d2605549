/** Pearson's chi-square test against the uniform distribution, for tests with a fixed seed. */
import assert from "node:assert/strict";

/** Standard normal quantile of 1 − 10⁻⁶: a uniform sample fails once in a million seeds. */
const NORMAL_QUANTILE = 4.753;

/** Fails when `counts` would come from equally likely bins with probability below 10⁻⁶. */
export function assertUniform(counts: readonly number[], what: string): void {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const expected = total / counts.length;
  assert(expected >= 10, `${what}: too few samples per bin for the test to mean anything`);
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const bound = chiSquareQuantile(counts.length - 1);
  assert(statistic < bound, `${what}: chi-square ${statistic.toFixed(1)} exceeds ${bound.toFixed(1)}`);
}

/** Wilson-Hilferty approximation, within 1 % for these degrees of freedom (>= 3). */
function chiSquareQuantile(degreesOfFreedom: number): number {
  const spread = 2 / (9 * degreesOfFreedom);
  return degreesOfFreedom * (1 - spread + NORMAL_QUANTILE * Math.sqrt(spread)) ** 3;
}
