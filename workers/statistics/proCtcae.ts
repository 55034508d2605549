/**
 * Patient-reported toxicity of one arm and item (PRO-CTCAE, scores 0 to 4): subjects whose worst score after baseline is
 * at least 1 and at least 3, as reported and adjusted for baseline. Adjusted, a worst score counts only where it is above
 * the subject's own baseline, and is 0 otherwise (Basch, Rogak & Dueck 2016, Clinical Therapeutics 38:821).
 */
import assert from "node:assert/strict";
import { requirePossible } from "./answerError.ts";
import type { Proportion } from "./clopperPearson.ts";
import { clopperPearson } from "./clopperPearson.ts";

/** Any symptom, and severe. */
const THRESHOLDS = [1, 3] as const;

export interface ScoreRate extends Proportion {
  readonly minScore: number;
  readonly nWith: number;
}

export interface ProCtcae {
  /** Subjects with a baseline score and one after it. */
  readonly n: number;
  readonly worst: readonly ScoreRate[];
  readonly baselineAdjusted: readonly ScoreRate[];
}

/**
 * @param subjects square: by baseline score, then by worst score after baseline
 * @throws CodedError ANSWER_INCONSISTENT for a count below 0
 */
export function proCtcae(subjects: readonly (readonly bigint[])[]): ProCtcae {
  assert(
    subjects.every((row) => row.length === subjects.length),
    "as many worst scores as baseline scores",
  );
  requirePossible(
    subjects.every((row) => row.every((count) => count >= 0n)),
    "PRO-CTCAE",
  );
  const countWhere = (counts: (baseline: number, worst: number) => boolean): bigint =>
    subjects.flatMap((row, baseline) => row.filter((_, worst) => counts(baseline, worst))).reduce((a, b) => a + b, 0n);
  const n = countWhere(() => true);
  const rates = (counts: (baseline: number, worst: number) => boolean): ScoreRate[] =>
    THRESHOLDS.map((minScore) => {
      const nWith = countWhere((baseline, worst) => worst >= minScore && counts(baseline, worst));
      return { minScore, nWith: Number(nWith), ...clopperPearson(nWith, n) };
    });
  return {
    n: Number(n),
    worst: rates(() => true),
    baselineAdjusted: rates((baseline, worst) => worst > baseline),
  };
}
