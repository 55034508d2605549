/** Why a query text was refused, and where. A query is public, so messages quote it. */
import { CodedError } from "../errors.ts";

export type SqlErrorCode =
  /** PostgreSQL's grammar does not accept the text. */
  | "SQL_SYNTAX"
  /** Valid SQL outside the subset; the message says what to write instead. */
  | "SQL_UNSUPPORTED"
  | "SQL_UNKNOWN_TABLE"
  | "SQL_UNKNOWN_COLUMN"
  | "SQL_UNKNOWN_CATEGORY"
  /** A constant, parameter, relation or aggregate that the column's type does not have. */
  | "SQL_TYPE"
  /** A comparison at a value where the schema declares no cut-point. */
  | "SQL_NO_CUT_POINT"
  /** A use of a column that the study's policy does not permit. */
  | "SQL_NOT_PERMITTED"
  /** A condition that no row can satisfy. */
  | "SQL_NEVER_TRUE"
  /** The uses of one parameter leave it no value, or disagree on its type. */
  | "SQL_PARAMETER"
  /** More cells, parameters, conditions or bytes than a query contract takes, or deeper conditions. */
  | "SQL_TOO_LARGE"
  /** A worst-case sum does not fit the field. */
  | "SQL_OVERFLOW";

export interface SqlErrorDetail {
  readonly code: SqlErrorCode;
  /** The refused part, exactly as written (at most 120 characters). */
  readonly fragment: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1 in characters (Unicode code points). */
  readonly column: number;
}

export function sqlError(
  code: SqlErrorCode,
  where: Omit<SqlErrorDetail, "code">,
  problem: string,
): CodedError<SqlErrorDetail> {
  const message = `SQL line ${where.line}, column ${where.column}: ${problem}`;
  return new CodedError<SqlErrorDetail>({ code, ...where }, message);
}
