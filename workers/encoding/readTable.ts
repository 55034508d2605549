/**
 * Reads a hospital's files against the study's schema: all of them or nothing. Runs at the hospital only; neither errors
 * nor messages repeat a value or a subject id.
 */
import type { SchemaField, StudySchema } from "../schema/studySchema.ts";
import { parseFieldValue } from "../schema/values.ts";
import { adviceFor, hasWidth, isSubject, readReported } from "./csvCells.ts";
import type { CsvHeader } from "./csvHeader.ts";
import { readHeader } from "./csvHeader.ts";
import type { CsvRecord } from "./csvRecords.ts";
import { readRecords } from "./csvRecords.ts";
import type { CsvReport } from "./csvReport.ts";
import { addProblem, closeReport, openReport } from "./csvReport.ts";
import { deriveFields, matchEventFiles } from "./deriveFields.ts";
import type { EventCounts, EventFile } from "./readEvents.ts";

/** One row per subject, in file order. Secret: it never leaves the hospital. */
export interface Table {
  readonly rowCount: number;
  readonly subjects: readonly string[];
  /** [field][row]: scaled integer, null where missing. */
  readonly values: readonly (readonly (bigint | null)[])[];
}

/** With what was read of the event files, in the order of the schema's event tables. */
export interface TableAndEvents extends Table {
  readonly events: readonly EventCounts[];
}

interface Reading {
  readonly schema: StudySchema;
  readonly report: CsvReport;
  readonly subjects: string[];
  readonly lineOfSubject: Map<string, number>;
  /** The fields that are columns of the file, with their index in the schema. */
  readonly fields: readonly ReadField[];
  /** By field of the schema; of derived ones empty. */
  readonly values: readonly (bigint | null)[][];
}

interface ReadField {
  readonly index: number;
  readonly field: SchemaField;
  readonly missing: ReadonlySet<string>;
}

/**
 * @param csv the file's bytes
 * @param fileName how the report names the file
 * @param eventFiles one for each event table of the schema
 * @throws CodedError EVENT_FILE_*; CSV_INVALID with every problem found in the first file that has any (`CsvErrorDetail`)
 */
export function readTable(
  csv: Uint8Array,
  schema: StudySchema,
  fileName: string,
  eventFiles: readonly EventFile[] = [],
): TableAndEvents {
  const files = matchEventFiles(schema, eventFiles);
  const { subjects, lineOfSubject, values } = readRows(csv, schema, fileName);
  const derived = deriveFields(schema, { fileName, subjects, lineOfSubject }, files);
  return {
    rowCount: subjects.length,
    subjects,
    events: derived.events,
    values: values.map((read, f) => derived.values[f] ?? read),
  };
}

function readRows(csv: Uint8Array, schema: StudySchema, fileName: string): Reading {
  const report = openReport(fileName);
  const reading: Reading = {
    schema,
    report,
    subjects: [],
    lineOfSubject: new Map(),
    fields: schema.fields.flatMap((field, index) =>
      field.derived === undefined
        ? [{ index, field, missing: new Set([...schema.missingValues, ...field.missingValues]) }]
        : [],
    ),
    values: schema.fields.map(() => []),
  };
  let header: CsvHeader | undefined;
  let rows = 0;
  readRecords(csv, report, (record) => {
    if (header === undefined) {
      header = readStudyHeader(record, reading);
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
  return reading;
}

/** A derived field that is a column as well would have two values. */
function readStudyHeader(record: CsvRecord, { schema, fields, report }: Reading): CsvHeader {
  for (const { name, derived } of schema.fields) {
    if (derived === undefined || !record.cells.includes(name)) continue;
    const message = `the field is computed from ${schema.eventTables[derived.from]?.name}; remove or rename the column`;
    addProblem(report, { code: "CSV_DERIVED_COLUMN", line: record.line, column: name, message });
  }
  const names = fields.map(({ field }) => field.name);
  return readHeader(record, schema.subject, names, report);
}

function readRow(record: CsvRecord, header: CsvHeader, reading: Reading): void {
  const { fields, report, values } = reading;
  const { cells, line } = record;
  // With no column of the schema present the header is what is wrong, and it has been reported.
  if (header.subject === undefined && header.columns.every((position) => position === undefined)) return;
  if (!hasWidth(record, header.width, report)) return;
  if (header.subject !== undefined) readSubject(cells[header.subject] as string, line, reading);
  fields.forEach((field, column) => {
    const position = header.columns[column];
    if (position === undefined) return;
    (values[field.index] as (bigint | null)[]).push(readCell(field, cells[position] as string, line, report));
  });
}

function readSubject(subject: string, line: number, { schema, report, subjects, lineOfSubject }: Reading): void {
  const place = { line, column: schema.subject };
  subjects.push(subject);
  if (!isSubject(subject, schema.missingValues, place, report)) return;
  const first = lineOfSubject.get(subject);
  if (first === undefined) {
    lineOfSubject.set(subject, line);
    return;
  }
  const message = `same subject id as line ${first}; keep one row per subject`;
  addProblem(report, { code: "CSV_DUPLICATE_SUBJECT", ...place, message });
}

function readCell({ field, missing }: ReadField, text: string, line: number, report: CsvReport): bigint | null {
  const place = { line, column: field.name };
  if (missing.has(text)) {
    if (field.required) {
      const message = "the value is missing and the field is required; fill it in or leave the row out";
      addProblem(report, { code: "CSV_MISSING_VALUE", ...place, message });
    }
    return null;
  }
  const word = (problem: string): string => `${problem}; ${adviceFor(text, field.required)}`;
  return readReported(() => parseFieldValue(field, text), word, place, report);
}
