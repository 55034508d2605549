/** Why the gate cannot say what a query discloses. */
import { CodedError } from "../errors.ts";

export type DisclosureErrorDetail =
  /** A part of the descriptor whose sets of rows cannot be told; `field` where one is the cause. */
  { readonly code: "DISCLOSURE_UNSUPPORTED"; readonly field: number | undefined; readonly problem: string };

export function unsupported(problem: string, field?: number): CodedError<DisclosureErrorDetail> {
  return new CodedError<DisclosureErrorDetail>(
    { code: "DISCLOSURE_UNSUPPORTED", field, problem },
    `the gate cannot tell which sets this query discloses: ${problem}`,
  );
}
