/**
 * Toxicity of one arm by subject: each subject counts once, at the worst grade, and the denominator is every subject of
 * the arm, not those with events.
 */
import { requirePossible } from "./answerError.ts";
import type { Proportion } from "./clopperPearson.ts";
import { clopperPearson } from "./clopperPearson.ts";

export interface ToxicityRate extends Proportion {
  /** The rate is of subjects whose worst grade is at least this. */
  readonly minGrade: number;
  readonly nAtRisk: number;
  readonly nWith: number;
}

/**
 * One rate per grade from 1 up.
 *
 * @param subjectsByWorstGrade index 0 holds the subjects without an event
 * @throws CodedError ANSWER_INCONSISTENT for a count below 0
 */
export function toxicity(subjectsByWorstGrade: readonly bigint[]): ToxicityRate[] {
  requirePossible(
    subjectsByWorstGrade.every((subjects) => subjects >= 0n),
    "toxicity",
  );
  const from = (grade: number): bigint =>
    subjectsByWorstGrade.slice(grade).reduce((sum, subjects) => sum + subjects, 0n);
  const atRisk = from(0);
  return subjectsByWorstGrade.slice(1).map((_, index) => {
    const minGrade = index + 1;
    const subjects = from(minGrade);
    const counts = { minGrade, nAtRisk: Number(atRisk), nWith: Number(subjects) };
    return { ...counts, ...clopperPearson(subjects, atRisk) };
  });
}
