/** Why a descriptor cannot run with this schema or these parameters. */
import { CodedError } from "../errors.ts";

export type CircuitErrorDetail =
  | { readonly code: "CIRCUIT_SCHEMA_MISMATCH"; readonly expected: string; readonly actual: string }
  /** An atom or axis that the schema's columns cannot express. */
  | { readonly code: "CIRCUIT_NO_COLUMN"; readonly field: number }
  /** More numbers than an answer may open. */
  | { readonly code: "CIRCUIT_TOO_LARGE"; readonly openedValues: number; readonly limit: number }
  | { readonly code: "CIRCUIT_NO_PARAMETER"; readonly parameter: number };

export function circuitError(detail: CircuitErrorDetail, problem: string): CodedError<CircuitErrorDetail> {
  return new CodedError<CircuitErrorDetail>(detail, `descriptor: ${problem}`);
}
