/**
 * Rates of subjects with a grade, or a PRO-CTCAE score, at or above thresholds, each with exact limits. A count that is hidden
 * hides its rate alone.
 */
import type { Proportion } from "./clopperPearson.ts";
import { clopperPearson } from "./clopperPearson.ts";
import type { Hidden } from "./hidden.ts";
import { HIDDEN } from "./hidden.ts";

export interface GradeRate extends Proportion {
  /** The worst grade or score is at least this. */
  readonly minGrade: number;
  readonly nWith: number;
}

export interface HiddenRate {
  readonly minGrade: number;
  readonly nWith: Hidden;
}

export interface GradeRates {
  readonly nAtRisk: number;
  readonly rates: readonly (GradeRate | HiddenRate)[];
  /** Of scores above the subject's own baseline; only of PRO_CTCAE. */
  readonly baselineAdjusted?: readonly (GradeRate | HiddenRate)[];
}

/**
 * @param thresholds ascending
 * @param counts [n, one per threshold, and, of PRO_CTCAE, one more per threshold]; undefined where hidden
 * @throws CodedError ANSWER_INCONSISTENT unless 0 <= count <= n
 */
export function finishGradeRates(
  thresholds: readonly bigint[],
  [n, ...counts]: readonly (bigint | undefined)[],
): GradeRates | Hidden {
  if (n === undefined) return HIDDEN;
  const rates = (of: readonly (bigint | undefined)[]): (GradeRate | HiddenRate)[] =>
    of.map((count, index) => {
      const minGrade = Number(thresholds[index]!);
      if (count === undefined) return { minGrade, nWith: HIDDEN };
      return { minGrade, nWith: Number(count), ...clopperPearson(count, n) };
    });
  const width = thresholds.length;
  const observed = { nAtRisk: Number(n), rates: rates(counts.slice(0, width)) };
  return counts.length > width ? { ...observed, baselineAdjusted: rates(counts.slice(width)) } : observed;
}
