/** Computes the derived fields of a table from the owner's event files, before anything is encoded. */
import { CodedError } from "../errors.ts";
import type { Derivation } from "../schema/eventTable.ts";
import type { SchemaField, StudySchema } from "../schema/studySchema.ts";
import { parseFieldValue } from "../schema/values.ts";
import { readReported } from "./csvCells.ts";
import type { CsvReport } from "./csvReport.ts";
import { addProblem, closeReport, openReport } from "./csvReport.ts";
import type { EventFold } from "./eventFold.ts";
import { foldOf } from "./eventFold.ts";
import type { EventCounts, EventFile } from "./readEvents.ts";
import { readEvents } from "./readEvents.ts";

export interface EventFileErrorDetail {
  readonly code: "EVENT_FILE_MISSING" | "EVENT_FILE_UNKNOWN" | "EVENT_FILE_REPEATED";
  /** Name of the event table. */
  readonly table: string;
}

/** Rows of the study's own CSV. */
export interface SubjectRows {
  readonly fileName: string;
  readonly subjects: readonly string[];
  /** Where each subject stands. */
  readonly lineOfSubject: ReadonlyMap<string, number>;
}

/** In the order of the schema's event tables. @throws CodedError EVENT_FILE_* unless there is one file for each */
export function matchEventFiles({ eventTables }: StudySchema, files: readonly EventFile[]): EventFile[] {
  const refuse = (code: EventFileErrorDetail["code"], table: string, problem: string): CodedError =>
    new CodedError<EventFileErrorDetail>({ code, table }, problem);
  for (const { table } of files) {
    if (eventTables.some(({ name }) => name === table)) continue;
    const known = eventTables.map(({ name }) => name).join(", ");
    const has = known === "" ? "the schema has none" : `the schema has ${known}`;
    throw refuse("EVENT_FILE_UNKNOWN", table, `${table} is no event table; ${has}`);
  }
  return eventTables.map(({ name }) => {
    const [file, second] = files.filter(({ table }) => table === name);
    if (file === undefined) {
      throw refuse(
        "EVENT_FILE_MISSING",
        name,
        `the schema computes fields from ${name}: give the file of its events (--events ${name}=FILE)`,
      );
    }
    if (second === undefined) return file;
    throw refuse("EVENT_FILE_REPEATED", name, `two files are given for ${name}; join them into one`);
  });
}

export interface DerivedFields {
  /** By field, then row; undefined for fields that are not derived. */
  readonly values: readonly (readonly (bigint | null)[] | undefined)[];
  /** In the order of the schema's event tables. */
  readonly events: readonly EventCounts[];
}

/**
 * @param files as `matchEventFiles` gives them
 * @throws CodedError CSV_INVALID of the first event file with problems; then of the study's file, for results that the
 *   schema does not allow
 */
export function deriveFields(schema: StudySchema, rows: SubjectRows, files: readonly EventFile[]): DerivedFields {
  const { folds, events } = foldEvents(schema, rows, files);
  const report = openReport(rows.fileName);
  const values = schema.fields.map((field, f) => {
    const [fold, { derived }] = [folds[f], field];
    if (fold === undefined || derived === undefined) return undefined;
    const source = (files[derived.from] as EventFile).fileName;
    return rows.subjects.map((subject, row) => {
      const line = rows.lineOfSubject.get(subject) as number;
      return readResult(field, derived, fold.textOf(row), { line, source, report });
    });
  });
  closeReport(report);
  return { values, events };
}

/** Every file is read once, for all fields that are derived from it. */
function foldEvents(
  { fields, eventTables }: StudySchema,
  { subjects }: SubjectRows,
  files: readonly EventFile[],
): { readonly folds: (EventFold | undefined)[]; readonly events: EventCounts[] } {
  const rowOfSubject = new Map(subjects.map((subject, row) => [subject, row]));
  const folds = fields.map(({ derived }) => {
    const table = derived === undefined ? undefined : eventTables[derived.from];
    return derived === undefined || table === undefined ? undefined : foldOf(derived, table, subjects.length);
  });
  const events = eventTables.map((table, t) => {
    const own = folds.flatMap((fold, f) => (fold !== undefined && fields[f]?.derived?.from === t ? [fold] : []));
    return readEvents(files[t] as EventFile, table, rowOfSubject, (row, event) => {
      for (const fold of own) fold.take(row, event);
    });
  });
  return { folds, events };
}

interface ResultPlace {
  readonly line: number;
  readonly source: string;
  readonly report: CsvReport;
}

function readResult(
  field: SchemaField,
  derived: Derivation,
  text: string | null,
  { line, source, report }: ResultPlace,
): bigint | null {
  const place = { line, column: field.name };
  if (text !== null) {
    const word = (problem: string): string => `computed from ${source}, ${problem}; check this subject's events`;
    return readReported(() => parseFieldValue(field, text), word, place, report);
  }
  const value = "default" in derived ? derived.default : undefined;
  if (value !== undefined) return value;
  if (field.required) {
    const message = `the field is required and no event of ${source} gives a value; leave the row out or add the event`;
    addProblem(report, { code: "CSV_MISSING_VALUE", ...place, message });
  }
  return null;
}
