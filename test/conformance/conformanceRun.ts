/**
 * The reference queries of a directory, each asked of a study that is derived from its table: translated to SQL, compiled,
 * computed by three workers over the shares of every hospital's rows, opened through the gate with an empty history, finished and
 * compared. The judge (`judge/`) says what the gate must refuse or hide.
 */
import { CodedError, isCoded } from "../../workers/errors.ts";
import type { RandomBytes } from "../../workers/field/field.ts";
import { checkColumns, usesOf } from "./columnUses.ts";
import type { ConformanceErrorDetail } from "./conformanceError.ts";
import { withDerivedColumns } from "./derivedColumns.ts";
import { derivationJson, eventFile, eventTableJson } from "./derivedFields.ts";
import type { DerivedStudy, StudyEvents } from "./derivedStudy.ts";
import { deriveStudy } from "./derivedStudy.ts";
import type { EventFile } from "../../workers/encoding/readEvents.ts";
import { hospitalFiles, hospitalOfRows } from "./hospitals.ts";
import { columnTexts } from "./referenceDirectory.ts";
import type { CsvTable, ReferenceDirectory } from "./referenceDirectory.ts";
import type { JsonRecord, ReferenceQuery } from "./referenceQuery.ts";
import { runStatement } from "./runStatement.ts";
import type { AskedTable, StatementReport } from "./runStatement.ts";
import { SharedStudy } from "./sharedStudy.ts";
import { translate } from "./translations/translate.ts";
import type { DerivedColumn, Translation } from "./translations/translation.ts";

export type Verdict = StatementReport["verdict"];

export interface QueryReport {
  readonly id: string;
  readonly kind: string;
  readonly verdict: Verdict;
  /** The rule, or what is wrong. */
  readonly reason: string;
  readonly expected: JsonRecord;
  /** In the reference's form, as far as a table has one; of several statements, a list. A hidden cell is {"suppressed": true}. */
  readonly got: unknown;
}

export interface ConformanceReport {
  readonly queries: readonly QueryReport[];
  readonly pass: number;
  readonly refused: number;
  readonly unsupported: number;
  readonly fail: number;
}

export interface RunOptions {
  /** Ids of the queries to ask; all when absent. */
  readonly only?: readonly string[];
  /** False: sums open without the gate. */
  readonly disclosureControl: boolean;
  readonly randomBytes: RandomBytes;
  readonly progress: (line: string) => void;
}

/** @throws CodedError CONFORMANCE_BAD_DIRECTORY | CONFORMANCE_UNKNOWN_ID */
export async function runConformance(directory: ReferenceDirectory, options: RunOptions): Promise<ConformanceReport> {
  const queries = chosen(directory, options.only);
  const reports = new Map<string, QueryReport>();
  const byTable = new Map<string, Asked[]>();
  for (const query of queries) {
    const translation = attempt(() => translated(directory, query));
    if ("verdict" in translation) reports.set(query.id, told(reportOf(query, [translation]), options));
    else byTable.set(translation.table, [...(byTable.get(translation.table) ?? []), { query, translation }]);
  }
  for (const [table, asked] of byTable) {
    for (const report of await askTable(directory, table, asked, options)) reports.set(report.id, report);
  }
  const ordered = queries.map(({ id }) => reports.get(id)!);
  const count = (verdict: Verdict): number => ordered.filter((report) => report.verdict === verdict).length;
  return {
    queries: ordered,
    pass: count("pass"),
    refused: count("refused"),
    unsupported: count("unsupported"),
    fail: count("FAIL"),
  };
}

interface Asked {
  readonly query: ReferenceQuery;
  readonly translation: Translation;
}

function chosen({ queries }: ReferenceDirectory, only: readonly string[] | undefined): readonly ReferenceQuery[] {
  const unknown = only?.find((id) => !queries.some((query) => query.id === id));
  if (unknown !== undefined) {
    const detail: ConformanceErrorDetail = { code: "CONFORMANCE_UNKNOWN_ID", id: unknown };
    throw new CodedError(detail, `there is no query "${unknown}" in the directory`);
  }
  return only === undefined ? queries : queries.filter(({ id }) => only.includes(id));
}

function translated(directory: ReferenceDirectory, query: ReferenceQuery): Translation | StatementReport {
  const translation = translate(query);
  if ("unsupported" in translation) {
    return { verdict: "unsupported", reason: translation.unsupported, got: null };
  }
  checkColumns(query.id, translation, directory.table(translation.table));
  return translation;
}

/** A query that the kit cannot read fails; a directory that it cannot read ends the run. */
function attempt<Value>(read: () => Value): Value | StatementReport {
  try {
    return read();
  } catch (error) {
    if (!isCoded(error, "CONFORMANCE_BAD_QUERY")) throw error;
    return { verdict: "FAIL", reason: error.message, got: null };
  }
}

async function askTable(
  directory: ReferenceDirectory,
  name: string,
  asked: readonly Asked[],
  options: RunOptions,
): Promise<QueryReport[]> {
  const place = prepare(directory, name, asked, options);
  if (!("verdict" in place)) {
    options.progress(`${name}: ${place.table.rows.length} rows, ${place.study.fields.length} columns`);
    const reports = await askQueries(place, asked, options);
    place.shared.release();
    return reports;
  }
  // What no study can hold may be what one query needs: the others are asked without it.
  if (asked.length === 1) return asked.map(({ query }) => told(reportOf(query, [place]), options));
  const alone: QueryReport[] = [];
  for (const each of asked) alone.push(...(await askTable(directory, name, [each], options)));
  return alone;
}

/** Limits of a study: on categories, cut-points, columns and digits. */
const TOO_LARGE = ["SCHEMA_BAD_CATEGORIES", "SCHEMA_BAD_CUT_POINTS", "SCHEMA_TOO_MANY_COLUMNS", "SCHEMA_BAD_NUMBER"];

/** The table's study, its rows dealt; or why there is none. */
function prepare(
  directory: ReferenceDirectory,
  name: string,
  asked: readonly Asked[],
  { disclosureControl, randomBytes }: RunOptions,
): AskedTable | StatementReport {
  const translations = asked.map(({ translation }) => translation);
  const derived = translations.flatMap((translation) => translation.derived);
  const table = withDerivedColumns(directory, directory.table(name), derived);
  try {
    const uses = usesOf(table, translations, disclosureControl ? "grid" : "every value");
    const study = deriveStudy(name, uses, studyEvents(directory, derived));
    const hospitals = hospitalOfRows(table);
    const files = hospitalFiles(table, study, derived[0]?.subject);
    const events = hospitalEvents(directory, table, derived, study, hospitals);
    const shared = new SharedStudy(study.schema, files, randomBytes, events);
    return { table, study, shared, hospitals, disclosureControl, randomBytes };
  } catch (error) {
    if (!isCoded(error)) throw error;
    const verdict = TOO_LARGE.includes(error.code) ? "unsupported" : "FAIL";
    return { verdict, reason: `${error.code}: ${error.message}`, got: null };
  }
}

function studyEvents(directory: ReferenceDirectory, derived: readonly DerivedColumn[]): StudyEvents {
  const names = [...new Set(derived.map(({ from }) => from))];
  return {
    tables: names.map((from) => eventTableJson(directory, from, derived)),
    derivations: new Map(derived.map((each) => [each.column, derivationJson(directory, each)])),
  };
}

/** By hospital, a file for each event table. */
function hospitalEvents(
  directory: ReferenceDirectory,
  table: CsvTable,
  derived: readonly DerivedColumn[],
  { schema }: DerivedStudy,
  hospitals: readonly number[],
): EventFile[][] {
  const subject = derived[0]?.subject;
  if (subject === undefined) return [];
  const subjects = columnTexts(table, subject);
  return Array.from({ length: Math.max(...hospitals) + 1 }, (_, hospital) => {
    const own = subjects.filter((_each, row) => hospitals[row] === hospital);
    return schema.eventTables.map(({ name, columns }) => {
      const names = [subject, ...columns.map((column) => column.name)];
      return { table: name, fileName: name, csv: eventFile(directory.table(name), names, own) };
    });
  });
}

async function askQueries(place: AskedTable, asked: readonly Asked[], options: RunOptions): Promise<QueryReport[]> {
  const reports: QueryReport[] = [];
  for (const { query, translation } of asked) {
    const statements: StatementReport[] = [];
    for (const [index, statement] of translation.statements.entries()) {
      statements.push(await runStatement(place, `${query.id}/${index}`, translation, statement, query.expectsNobody));
    }
    reports.push(told(reportOf(query, statements), options));
  }
  return reports;
}

function told(report: QueryReport, { progress }: RunOptions): QueryReport {
  progress(`${report.verdict.padEnd(11)} ${report.id}: ${report.reason}`);
  return report;
}

const WORST_FIRST = ["FAIL", "unsupported", "refused", "pass"] as const;

function reportOf({ id, kind, expected }: ReferenceQuery, statements: readonly StatementReport[]): QueryReport {
  const verdict = WORST_FIRST.find((each) => statements.some((statement) => statement.verdict === each)) ?? "FAIL";
  const reasons = statements.filter((statement) => statement.verdict === verdict).map(({ reason }) => reason);
  const got = statements.length === 1 ? statements[0]!.got : statements.map((statement) => statement.got);
  return { id, kind, verdict, reason: [...new Set(reasons)].join("; "), expected, got };
}
