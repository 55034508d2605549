/** Why opened outputs are not an answer: they cannot come from the query's sums. */
import { CodedError } from "../errors.ts";

export type AnswerErrorDetail =
  | { readonly code: "ANSWER_LENGTH"; readonly expected: number; readonly given: number }
  /** Not a canonical residue. */
  | { readonly code: "ANSWER_NOT_CANONICAL"; readonly index: number }
  /** A count below 0, or sums that no values have (n·Σx² < (Σx)²). */
  | { readonly code: "ANSWER_IMPOSSIBLE"; readonly cell: number }
  /** Counts or sums of one statistic that no rows have together. */
  | { readonly code: "ANSWER_INCONSISTENT"; readonly statistic: string };

export function answerError(detail: AnswerErrorDetail, problem: string): CodedError<AnswerErrorDetail> {
  return new CodedError<AnswerErrorDetail>(detail, `answer: ${problem}`);
}

/** @throws CodedError ANSWER_INCONSISTENT unless rows could have given what was opened */
export function requirePossible(possible: boolean, statistic: string): void {
  if (!possible) throw answerError({ code: "ANSWER_INCONSISTENT", statistic }, `no rows give these sums: ${statistic}`);
}
