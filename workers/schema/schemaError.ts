/** Why a schema text was refused. A schema is public, so messages may quote it. */
import { CodedError } from "../errors.ts";

export type SchemaErrorCode =
  | "SCHEMA_NOT_JSON"
  | "SCHEMA_DUPLICATE_KEY"
  | "SCHEMA_MISSING_KEY"
  | "SCHEMA_UNKNOWN_KEY"
  | "SCHEMA_WRONG_TYPE"
  | "SCHEMA_BAD_NAME"
  | "SCHEMA_DUPLICATE_NAME"
  | "SCHEMA_BAD_CATEGORIES"
  | "SCHEMA_BAD_NUMBER"
  | "SCHEMA_BAD_RANGE"
  | "SCHEMA_BAD_CUT_POINTS"
  | "SCHEMA_BAD_DERIVATION"
  | "SCHEMA_BAD_CONDITION"
  | "SCHEMA_BAD_TIME_TO_EVENT"
  | "SCHEMA_BAD_SITE"
  | "SCHEMA_BAD_FIELD_RULES"
  | "SCHEMA_TOO_MANY_COLUMNS";

export interface SchemaErrorDetail {
  readonly code: SchemaErrorCode;
  /** Where in the JSON: `$.fields[2].minimum`. */
  readonly path: string;
}

export function schemaError(code: SchemaErrorCode, path: string, problem: string): CodedError<SchemaErrorDetail> {
  return new CodedError<SchemaErrorDetail>({ code, path }, `schema ${path}: ${problem}`);
}
