/** Reads one file of events against its event table, and passes on each event of a known subject. One pass. */
import type { EventColumn, EventTable, EventValue } from "../schema/eventTable.ts";
import { parseFieldValue } from "../schema/values.ts";
import { adviceFor, hasWidth, isSubject, readReported } from "./csvCells.ts";
import type { CsvHeader } from "./csvHeader.ts";
import { readHeader } from "./csvHeader.ts";
import type { CsvRecord } from "./csvRecords.ts";
import { readRecords } from "./csvRecords.ts";
import type { CsvReport } from "./csvReport.ts";
import { addProblem, closeReport, openReport } from "./csvReport.ts";
import type { Event } from "./eventConditions.ts";

/** An owner's file of events. Secret: it never leaves the hospital. */
export interface EventFile {
  /** Name of the event table. */
  readonly table: string;
  readonly csv: Uint8Array;
  /** How reports name the file. */
  readonly fileName: string;
}

/** What was read of one file of events. */
export interface EventCounts {
  /** Name of the event table. */
  readonly table: string;
  /** Of the file, without its header. */
  readonly rows: number;
  /** Of these, rows of subjects that the study's table does not have. */
  readonly ignored: number;
  /** Of the study's table, with any event: of whichever grade or kind, counted in some field or not. */
  readonly subjects: number;
}

interface Reading {
  readonly table: EventTable;
  readonly report: CsvReport;
  readonly rowOfSubject: ReadonlyMap<string, number>;
  readonly take: (row: number, event: Event) => void;
  /** Rows of subjects that the study's table does not have. */
  readonly unknown: { readonly subjects: Set<string>; rows: number; firstLine: number };
  /** Events that were passed on, and rows of the study's table that have any. */
  readonly known: { readonly subjectRows: Set<number>; rows: number };
}

/**
 * @param rowOfSubject rows of the study's table
 * @throws CodedError CSV_INVALID with every problem found; then some events have been passed on
 */
export function readEvents(
  { csv, fileName }: EventFile,
  table: EventTable,
  rowOfSubject: ReadonlyMap<string, number>,
  take: (row: number, event: Event) => void,
): EventCounts {
  const report = openReport(fileName);
  const unknown = { subjects: new Set<string>(), rows: 0, firstLine: 0 };
  const known = { subjectRows: new Set<number>(), rows: 0 };
  const reading: Reading = { table, report, rowOfSubject, take, unknown, known };
  let header: CsvHeader | undefined;
  readRecords(csv, report, (record) => {
    if (header === undefined) {
      const names = table.columns.map(({ name }) => name);
      header = readHeader(record, table.subject, names, report);
    } else readEvent(record, header, reading);
  });
  if (header === undefined && report.total === 0) {
    const message = "the file is empty; it needs a header line, also where there are no events";
    addProblem(report, { code: "CSV_EMPTY_FILE", line: 1, column: undefined, message });
  }
  reportUnknown(reading);
  closeReport(report);
  const rows = known.rows + unknown.rows;
  return { table: table.name, rows, ignored: unknown.rows, subjects: known.subjectRows.size };
}

function readEvent(record: CsvRecord, header: CsvHeader, reading: Reading): void {
  const { table, report, rowOfSubject, unknown, known } = reading;
  const { cells, line } = record;
  // Without its header a column cannot be told; that has been reported.
  if (header.subject === undefined || !hasWidth(record, header.width, report)) return;
  const subject = cells[header.subject] as string;
  if (!isSubject(subject, table.missingValues, { line, column: table.subject }, report)) return;
  const row = rowOfSubject.get(subject);
  if (row === undefined) {
    unknown.subjects.add(subject);
    unknown.rows += 1;
    if (unknown.rows === 1) unknown.firstLine = line;
    return;
  }
  const event = table.columns.map((column, index) => {
    const position = header.columns[index];
    return position === undefined ? null : readCell(column, cells[position] as string, line, report);
  });
  known.subjectRows.add(row);
  known.rows += 1;
  reading.take(row, event);
}

function readCell(column: EventColumn, text: string, line: number, report: CsvReport): EventValue | null {
  if (column.missingValues.includes(text)) return null;
  if (column.type === "text") return text;
  return readReported(
    () => parseFieldValue(column, text),
    (problem) => `${problem}; ${adviceFor(text, false)}`,
    { line, column: column.name },
    report,
  );
}

function reportUnknown({ table, report, unknown: { subjects, rows, firstLine } }: Reading): void {
  if (rows === 0 || table.unknownSubjects === "ignore") return;
  const count = `subjects that are not in the study's file: ${subjects.size}, on ${rows} rows, the first here`;
  const message = `${count}; leave these rows out, or add the subjects to that file`;
  addProblem(report, { code: "CSV_UNKNOWN_SUBJECTS", line: firstLine, column: table.subject, message });
}
