/**
 * Response-adaptive randomisation: the posterior of each arm, the probability that it is the best, and the share of the
 * next patients it gets, P(best)^exponent normalised (Thall & Wathen 2007, doi:10.1016/j.ejca.2007.01.006). Exponent 0
 * allocates equally, 1 in proportion to P(best). Within a marker, call it with the counts of the marker.
 */
import assert from "node:assert/strict";
import type { BetaShape, BinomialCounts, ExternalCounts, Posterior } from "./betaBinomial.ts";
import { betaBinomial } from "./betaBinomial.ts";
import { bestArm } from "./bestArm.ts";

export interface ArmCounts extends BinomialCounts {
  /** Subjects of earlier studies on this arm. */
  readonly external?: ExternalCounts;
}

export interface ArmAllocation extends Posterior {
  readonly n: number;
  readonly successes: number;
  readonly probabilityBest: number;
  readonly allocation: number;
}

/**
 * @param exponent >= 0
 * @throws CodedError ANSWER_INCONSISTENT
 */
export function allocate(arms: readonly ArmCounts[], prior: BetaShape, exponent: number): ArmAllocation[] {
  assert(exponent >= 0 && Number.isFinite(exponent), "exponent of the allocation");
  const posteriors = arms.map((arm) => betaBinomial(arm, prior, arm.external));
  const best = bestArm(posteriors);
  // Relative to the largest, so that a large exponent cannot make every power 0.
  const powers = best.map((probability) => (probability / Math.max(...best)) ** exponent);
  const total = powers.reduce((sum, power) => sum + power, 0);
  return posteriors.map((posterior, index) => ({
    n: Number(arms[index]!.n),
    successes: Number(arms[index]!.successes),
    ...posterior,
    probabilityBest: best[index]!,
    allocation: powers[index]! / total,
  }));
}
