/** What every CSV file of an owner must satisfy row by row, and how a cell that does not fit is reported. */
import { isCoded } from "../errors.ts";
import type { ValueErrorDetail } from "../schema/values.ts";
import type { CsvRecord } from "./csvRecords.ts";
import type { CsvProblemCode, CsvReport } from "./csvReport.ts";
import { addProblem } from "./csvReport.ts";

/** Reports a row of another width than the header's. */
export function hasWidth({ cells, line }: CsvRecord, width: number, report: CsvReport): boolean {
  if (cells.length === width) return true;
  const message = `the row has ${cells.length} cells, the header ${width}; quote cells that contain a comma`;
  addProblem(report, { code: "CSV_RAGGED_ROW", line, column: undefined, message });
  return false;
}

export interface CellPlace {
  readonly line: number;
  readonly column: string;
}

/** Reports a subject id that is empty or has spaces around it. */
export function isSubject(text: string, missing: readonly string[], place: CellPlace, report: CsvReport): boolean {
  if (text.trim() === "" || missing.includes(text)) {
    const message = "the subject id is empty; every row needs one";
    addProblem(report, { code: "CSV_EMPTY_SUBJECT", ...place, message });
    return false;
  }
  if (text === text.trim()) return true;
  const message = "the subject id has spaces around it; remove them";
  addProblem(report, { code: "CSV_SUBJECT_SPACES", ...place, message });
  return false;
}

const PROBLEM_OF_VALUE_ERROR = {
  VALUE_NOT_A_NUMBER: "CSV_WRONG_TYPE",
  VALUE_NOT_A_DATE: "CSV_WRONG_TYPE",
  VALUE_TOO_MANY_DECIMALS: "CSV_TOO_MANY_DECIMALS",
  VALUE_UNKNOWN_CATEGORY: "CSV_UNKNOWN_CATEGORY",
  VALUE_BELOW_MINIMUM: "CSV_OUT_OF_RANGE",
  VALUE_ABOVE_MAXIMUM: "CSV_OUT_OF_RANGE",
} as const satisfies Record<ValueErrorDetail["code"], CsvProblemCode>;

/** The value that `read` gives; null after a VALUE_* error, which is reported with what `word` makes of its message. */
export function readReported<Value>(
  read: () => Value,
  word: (problem: string) => string,
  place: CellPlace,
  report: CsvReport,
): Value | null {
  try {
    return read();
  } catch (error) {
    if (!isCoded(error)) throw error;
    const code = PROBLEM_OF_VALUE_ERROR[error.code as ValueErrorDetail["code"]];
    addProblem(report, { code, ...place, message: word(error.message) });
    return null;
  }
}

/** @param text the cell's, which is looked at and not repeated */
export function adviceFor(text: string, required: boolean): string {
  if (text !== text.trim()) return "remove the spaces around it";
  return required ? "correct it or leave the row out" : "correct it, or leave the cell as missing";
}
