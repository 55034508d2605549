/**
 * The product-limit estimate of Kaplan & Meier (1958) from the number at risk and of events at each time, with Greenwood's
 * standard error and log-log 95 % limits, as R's `survfit(conf.type = "log-log")`:
 *
 *   S(t) = ∏ (1 − d/n),  SE = S·√Σ d/(n(n−d)),  limits S^exp(±1.96·SE/(S·|log S|)).
 *
 * The product, Greenwood's sum and all comparisons are exact, at a cost of O(steps²): a second for 3,000 distinct times.
 */
import { requirePossible } from "./answerError.ts";
import { ratioToNumber, rootToNumber } from "./exactNumber.ts";
import type { Interval } from "./interval.ts";
import { finiteInterval, NORMAL_975 } from "./interval.ts";
import type { Rational } from "./rational.ts";
import { greatestCommonDivisor } from "../field/greatestCommonDivisor.ts";
import { rational } from "./rational.ts";

/** What happened at one time of the grid. */
export interface RiskStep {
  /** Scaled by 10^decimals. */
  readonly time: bigint;
  /** Subjects whose follow-up reaches this time. */
  readonly atRisk: bigint;
  /** Of these, with the event at this time. */
  readonly events: bigint;
}

export interface SurvivalPoint {
  readonly time: number;
  /** Null without subjects. */
  readonly survival: number | null;
  /** Null where the estimate is 0. */
  readonly standardError: number | null;
  /** [1, 1] where the estimate is 1, null where it is 0. */
  readonly ci95: Interval | null;
  /** Subjects whose follow-up reaches the first step at or after this time. */
  readonly atRisk: number;
}

export interface SurvivalCurve {
  readonly n: number;
  readonly events: number;
  /** One per step. */
  readonly steps: readonly SurvivalPoint[];
  /** One per requested time: the value is right-continuous, and after the last step the last one is carried on. */
  readonly at: readonly SurvivalPoint[];
  /** Times by which a quarter, half and three quarters have had the event; null where the curve stays above. */
  readonly quartiles: readonly [first: number | null, median: number | null, third: number | null];
}

/** The curve from one step up to the next, exact. */
interface Estimate {
  readonly time: bigint;
  readonly survival: Rational;
  readonly greenwood: Rational;
}

/**
 * @param steps ascending in time; a step without events marks follow-up that ends there
 * @param times at which the curve is wanted, scaled like the steps'
 * @throws CodedError ANSWER_INCONSISTENT
 */
export function kaplanMeier(steps: readonly RiskStep[], times: readonly bigint[], decimals: number): SurvivalCurve {
  requireSteps(steps);
  const n = steps[0]?.atRisk ?? 0n;
  const scale = 10n ** BigInt(decimals);
  const estimates = n === 0n ? [] : productLimit(steps);
  const start: Estimate = { time: 0n, survival: rational(1n), greenwood: rational(0n) };
  const pointAt = (time: bigint): SurvivalPoint => {
    const atRisk = Number(steps.find((step) => step.time >= time)?.atRisk ?? 0n);
    const label = ratioToNumber(time, scale);
    if (n === 0n) return { time: label, survival: null, standardError: null, ci95: null, atRisk };
    return { time: label, ...finish(estimates.findLast((step) => step.time <= time) ?? start), atRisk };
  };
  const quartile = (quarters: bigint): number | null => survivalQuantile(estimates, rational(quarters, 4n), scale);
  return {
    n: Number(n),
    events: Number(steps.reduce((sum, { events }) => sum + events, 0n)),
    steps: steps.map(({ time }) => pointAt(time)),
    at: times.map(pointAt),
    quartiles: [quartile(1n), quartile(2n), quartile(3n)],
  };
}

function requireSteps(steps: readonly RiskStep[]): void {
  const possible = steps.every(({ time, atRisk, events }, index) => {
    const next = steps[index + 1];
    const follows = next === undefined || (next.time > time && next.atRisk <= atRisk - events);
    return events >= 0n && events <= atRisk && follows;
  });
  requirePossible(possible, "Kaplan-Meier");
}

function productLimit(steps: readonly RiskStep[]): Estimate[] {
  let [survival, greenwood] = [rational(1n), rational(0n)];
  return steps.map(({ time, atRisk, events }) => {
    if (events > 0n) {
      survival = shrink(survival, atRisk, events);
      if (events < atRisk) greenwood = addShare(greenwood, events, atRisk * (atRisk - events));
    }
    return { time, survival, greenwood };
  });
}

/** Times (atRisk − events)/atRisk; without censoring in between the numbers at risk cancel. */
function shrink({ numerator, denominator }: Rational, atRisk: bigint, events: bigint): Rational {
  const cancels = numerator % atRisk === 0n;
  return cancels
    ? rational((numerator / atRisk) * (atRisk - events), denominator)
    : rational(numerator * (atRisk - events), denominator * atRisk);
}

/** Plus numerator/denominator over the least common denominator, which stays far shorter than the product. */
function addShare(sum: Rational, numerator: bigint, denominator: bigint): Rational {
  const shared = greatestCommonDivisor(sum.denominator, denominator);
  const factor = denominator / shared;
  return rational(sum.numerator * factor + numerator * (sum.denominator / shared), sum.denominator * factor);
}

function finish({ survival, greenwood }: Estimate): Pick<SurvivalPoint, "survival" | "standardError" | "ci95"> {
  const { numerator, denominator } = survival;
  if (numerator === 0n) return { survival: 0, standardError: null, ci95: null };
  if (numerator === denominator) return { survival: 1, standardError: 0, ci95: { lower: 1, upper: 1 } };
  const standardError = rootToNumber(
    numerator * numerator * greenwood.numerator,
    denominator * denominator * greenwood.denominator,
  );
  // From the complement, which keeps the precision of survival close to 1.
  const logSurvival = Math.log1p(-ratioToNumber(denominator - numerator, denominator));
  const relative = rootToNumber(greenwood.numerator, greenwood.denominator);
  const factor = Math.exp((NORMAL_975 * relative) / -logSurvival);
  const ci95 = finiteInterval(Math.exp(logSurvival * factor), Math.exp(logSurvival / factor));
  return { survival: ratioToNumber(numerator, denominator), standardError, ci95 };
}

/**
 * The first time at which S(t) <= 1 − p. Where the curve is level at exactly 1 − p, the middle of that stretch, to the last
 * time of follow-up if it is the last, as R's `quantile.survfit`.
 */
function survivalQuantile(estimates: readonly Estimate[], p: Rational, scale: bigint): number | null {
  const remaining = p.denominator - p.numerator;
  const above = ({ survival }: Estimate): bigint =>
    survival.numerator * p.denominator - remaining * survival.denominator;
  const reached = estimates.find((estimate) => above(estimate) <= 0n);
  if (reached === undefined) return null;
  if (above(reached) < 0n) return ratioToNumber(reached.time, scale);
  const end = estimates.find((estimate) => above(estimate) < 0n) ?? estimates.at(-1)!;
  return ratioToNumber(reached.time + end.time, 2n * scale);
}
