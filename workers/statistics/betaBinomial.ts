/**
 * The posterior of one arm's response rate: Beta(a, b) prior, binomial counts, and optionally external counts of a fixed
 * weight w in [0, 1], the power prior of Ibrahim & Chen (2000, doi:10.1214/ss/1009212673):
 *
 *   alpha = a + successes + w·(external successes),   beta = b + failures + w·(external failures).
 */
import assert from "node:assert/strict";
import { requirePossible } from "./answerError.ts";
import { betaQuantile, betaUpper } from "./distributions.ts";
import type { Interval } from "./interval.ts";

/**
 * The shapes of a prior: below the first, a visible part of its mass is nearer to 0 or 1 than doubles can tell; above the second, it
 * stands for more subjects than a study has and the incomplete beta function loses the ninth digit.
 */
export const SMALLEST_SHAPE = 0.05;
export const LARGEST_SHAPE = 1e6;

export interface BetaShape {
  readonly alpha: number;
  readonly beta: number;
}

export interface BinomialCounts {
  readonly n: bigint;
  readonly successes: bigint;
}

export interface ExternalCounts extends BinomialCounts {
  /** In [0, 1]: 0 ignores the external subjects, 1 counts each as one of the study's. */
  readonly weight: number;
}

export interface Posterior extends BetaShape {
  readonly mean: number;
  readonly sd: number;
  readonly probabilityAboveHalf: number;
  readonly credible95: Interval;
}

/**
 * @param prior shapes from SMALLEST_SHAPE to LARGEST_SHAPE, checked where the query is compiled
 * @throws CodedError ANSWER_INCONSISTENT unless 0 <= successes <= n
 */
export function betaBinomial(counts: BinomialCounts, prior: BetaShape, external?: ExternalCounts): Posterior {
  for (const shape of [prior.alpha, prior.beta]) assert(shape >= SMALLEST_SHAPE && shape <= LARGEST_SHAPE, "prior");
  assert(external === undefined || (external.weight >= 0 && external.weight <= 1), "weight of external counts");
  const own = split(counts);
  const borrowed = external === undefined ? { successes: 0, failures: 0 } : split(external);
  const weight = external?.weight ?? 0;
  const alpha = prior.alpha + own.successes + weight * borrowed.successes;
  const beta = prior.beta + own.failures + weight * borrowed.failures;
  const total = alpha + beta;
  return {
    alpha,
    beta,
    mean: alpha / total,
    sd: Math.sqrt(((alpha / total) * (beta / total)) / (total + 1)),
    probabilityAboveHalf: betaUpper(0.5, alpha, beta),
    credible95: { lower: betaQuantile(0.025, alpha, beta), upper: betaQuantile(0.975, alpha, beta) },
  };
}

function split({ n, successes }: BinomialCounts): { successes: number; failures: number } {
  requirePossible(successes >= 0n && successes <= n, "beta-binomial");
  return { successes: Number(successes), failures: Number(n - successes) };
}
