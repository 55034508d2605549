/**
 * Everything wrong with one CSV file, collected so that the owner can mend it in one go. A problem names the line, the
 * column and the rule, never the text that stands there: reports are mailed and logged, rows must not be.
 */
import { CodedError } from "../errors.ts";

export type CsvProblemCode =
  | "CSV_NOT_UTF8"
  | "CSV_EMPTY_FILE"
  | "CSV_BAD_QUOTES"
  | "CSV_MISSING_COLUMN"
  | "CSV_DUPLICATE_HEADER"
  | "CSV_DERIVED_COLUMN"
  | "CSV_RAGGED_ROW"
  | "CSV_EMPTY_SUBJECT"
  | "CSV_SUBJECT_SPACES"
  | "CSV_DUPLICATE_SUBJECT"
  | "CSV_UNKNOWN_SUBJECTS"
  | "CSV_MISSING_VALUE"
  | "CSV_WRONG_TYPE"
  | "CSV_TOO_MANY_DECIMALS"
  | "CSV_OUT_OF_RANGE"
  | "CSV_UNKNOWN_CATEGORY";

export interface CsvProblem {
  readonly code: CsvProblemCode;
  /** From 1; a row that spans several lines is named by its first. */
  readonly line: number;
  /** A column of the schema, when one is concerned. Never a header found in the file: that may be a row. */
  readonly column: string | undefined;
  /** The rule that is broken; what to do about it. */
  readonly message: string;
}

export interface CsvErrorDetail {
  readonly code: "CSV_INVALID";
  readonly file: string;
  /** The first `MAX_PROBLEMS`, by line. */
  readonly problems: readonly CsvProblem[];
  /** How many there are. */
  readonly total: number;
}

/** Enough to see every kind of mistake, short enough for a terminal. */
export const MAX_PROBLEMS = 50;

export interface CsvReport {
  readonly file: string;
  readonly problems: CsvProblem[];
  total: number;
}

export function openReport(file: string): CsvReport {
  return { file, problems: [], total: 0 };
}

export function addProblem(report: CsvReport, problem: CsvProblem): void {
  report.total += 1;
  if (report.problems.length < MAX_PROBLEMS) report.problems.push(problem);
}

/** @throws CodedError CSV_INVALID when anything was reported */
export function closeReport({ file, problems, total }: CsvReport): void {
  if (total === 0) return;
  const lines = problems.map(({ line, column, message }) => {
    const place = column === undefined ? "" : `column ${JSON.stringify(column)}: `;
    return `  ${file}:${line}: ${place}${message}`;
  });
  const more = total > problems.length ? [`  … and ${total - problems.length} more`] : [];
  const heading = `${file}: ${total} ${total === 1 ? "problem" : "problems"}; nothing was read`;
  throw new CodedError<CsvErrorDetail>(
    { code: "CSV_INVALID", file, problems, total },
    [heading, ...lines, ...more].join("\n"),
  );
}
