/** What is wrong with a directory of reference data, or with one of its queries. The data are public: messages quote them. */
import { CodedError } from "../../workers/errors.ts";

export type ConformanceErrorDetail =
  /** The directory, or a file that it must have, is not there or cannot be read as what it is. */
  | { readonly code: "CONFORMANCE_BAD_DIRECTORY"; readonly file: string }
  /** A query lacks a key, has one of another type, or names a table or column that is not there. */
  | { readonly code: "CONFORMANCE_BAD_QUERY"; readonly id: string }
  | { readonly code: "CONFORMANCE_UNKNOWN_ID"; readonly id: string }
  | { readonly code: "CONFORMANCE_USAGE" };

/** @param file with its directory; or the directory */
export function badDirectory(file: string, problem: string, cause?: unknown): CodedError<ConformanceErrorDetail> {
  const options = cause === undefined ? {} : { cause };
  return new CodedError<ConformanceErrorDetail>(
    { code: "CONFORMANCE_BAD_DIRECTORY", file },
    `${file}: ${problem}`,
    options,
  );
}

export function badQuery(id: string, problem: string): CodedError<ConformanceErrorDetail> {
  return new CodedError<ConformanceErrorDetail>({ code: "CONFORMANCE_BAD_QUERY", id }, `query ${id}: ${problem}`);
}
