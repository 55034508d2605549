/**
 * Reads a hospital's CSV against the study's schema: all of it or nothing. Runs at the hospital only; neither errors
 * nor messages repeat a value or a subject id.
 */
import { isCoded } from "../errors.ts";
import type { SchemaField, StudySchema } from "../schema/studySchema.ts";
import type { ValueErrorDetail } from "../schema/values.ts";
import { parseFieldValue } from "../schema/values.ts";
import type { CsvHeader } from "./csvHeader.ts";
import { readHeader } from "./csvHeader.ts";
import type { CsvRecord } from "./csvRecords.ts";
import { readRecords } from "./csvRecords.ts";
import type { CsvProblemCode, CsvReport } from "./csvReport.ts";
import { addProblem, closeReport, openReport } from "./csvReport.ts";

/** One row per subject, in file order. Secret: it never leaves the hospital. */
export interface Table {
  readonly rowCount: number;
  readonly subjects: readonly string[];
  /** [field][row]: scaled integer, null where missing. */
  readonly values: readonly (readonly (bigint | null)[])[];
}

interface Reading {
  readonly schema: StudySchema;
  readonly report: CsvReport;
  readonly subjects: string[];
  readonly lineOfSubject: Map<string, number>;
  readonly values: (bigint | null)[][];
  readonly missing: readonly ReadonlySet<string>[];
}

/**
 * @param csv the file's bytes
 * @param fileName how the report names the file
 * @throws CodedError CSV_INVALID with every problem found (`CsvErrorDetail`)
 */
export function readTable(csv: Uint8Array, schema: StudySchema, fileName: string): Table {
  const report = openReport(fileName);
  const reading: Reading = {
    schema,
    report,
    subjects: [],
    lineOfSubject: new Map(),
    values: schema.fields.map(() => []),
    missing: schema.fields.map(({ missingValues }) => new Set([...schema.missingValues, ...missingValues])),
  };
  let header: CsvHeader | undefined;
  let rows = 0;
  readRecords(csv, report, (record) => {
    if (header === undefined) {
      header = readHeader(record, schema, report);
      return;
    }
    rows += 1;
    readRow(record, header, reading);
  });
  if (rows === 0 && report.total === 0) {
    const message = "the file has no rows; it needs a header line and one line per subject";
    addProblem(report, { code: "CSV_EMPTY_FILE", line: 1, column: undefined, message });
  }
  closeReport(report);
  return { rowCount: rows, subjects: reading.subjects, values: reading.values };
}

function readRow({ cells, line }: CsvRecord, header: CsvHeader, reading: Reading): void {
  const { schema, report, values } = reading;
  // With no column of the schema present the header is what is wrong, and it has been reported.
  if (header.subject === undefined && header.fields.every((position) => position === undefined)) return;
  if (cells.length !== header.width) {
    const message = `the row has ${cells.length} cells, the header ${header.width}; quote cells that contain a comma`;
    addProblem(report, { code: "CSV_RAGGED_ROW", line, column: undefined, message });
    return;
  }
  if (header.subject !== undefined) readSubject(cells[header.subject] as string, line, reading);
  schema.fields.forEach((field, f) => {
    const position = header.fields[f];
    if (position === undefined) return;
    const missing = reading.missing[f] as ReadonlySet<string>;
    (values[f] as (bigint | null)[]).push(readCell(field, missing, cells[position] as string, line, report));
  });
}

function readSubject(subject: string, line: number, { schema, report, subjects, lineOfSubject }: Reading): void {
  const add = (code: CsvProblemCode, message: string): void =>
    addProblem(report, { code, line, column: schema.subject, message });
  const first = lineOfSubject.get(subject);
  if (subject.trim() === "" || schema.missingValues.includes(subject)) {
    add("CSV_EMPTY_SUBJECT", "the subject id is empty; every row needs one");
  } else if (subject !== subject.trim()) {
    add("CSV_SUBJECT_SPACES", "the subject id has spaces around it; remove them");
  } else if (first !== undefined) {
    add("CSV_DUPLICATE_SUBJECT", `same subject id as line ${first}; keep one row per subject`);
  } else {
    lineOfSubject.set(subject, line);
  }
  subjects.push(subject);
}

function readCell(
  field: SchemaField,
  missing: ReadonlySet<string>,
  text: string,
  line: number,
  report: CsvReport,
): bigint | null {
  if (missing.has(text)) {
    if (field.required) {
      const message = "the value is missing and the field is required; fill it in or leave the row out";
      addProblem(report, { code: "CSV_MISSING_VALUE", line, column: field.name, message });
    }
    return null;
  }
  try {
    return parseFieldValue(field, text);
  } catch (error) {
    if (!isCoded(error)) throw error;
    const message = `${error.message}; ${adviceFor(field, text)}`;
    addProblem(report, {
      code: problemCode(error.code as ValueErrorDetail["code"]),
      line,
      column: field.name,
      message,
    });
    return null;
  }
}

const PROBLEM_OF_VALUE_ERROR = {
  VALUE_NOT_A_NUMBER: "CSV_WRONG_TYPE",
  VALUE_NOT_A_DATE: "CSV_WRONG_TYPE",
  VALUE_TOO_MANY_DECIMALS: "CSV_TOO_MANY_DECIMALS",
  VALUE_UNKNOWN_CATEGORY: "CSV_UNKNOWN_CATEGORY",
  VALUE_BELOW_MINIMUM: "CSV_OUT_OF_RANGE",
  VALUE_ABOVE_MAXIMUM: "CSV_OUT_OF_RANGE",
} as const satisfies Record<ValueErrorDetail["code"], CsvProblemCode>;

function problemCode(code: ValueErrorDetail["code"]): CsvProblemCode {
  return PROBLEM_OF_VALUE_ERROR[code];
}

function adviceFor(field: SchemaField, text: string): string {
  if (text !== text.trim()) return "remove the spaces around it";
  return field.required ? "correct it or leave the row out" : "correct it, or leave the cell as missing";
}
