/**
 * The sets of patients that an answer discloses, in clear, for the demonstration and for tests only: the cohort, every
 * cell, and for every column of the answer the sets whose sizes it gives away. SQLite finds the patients; nothing of the
 * network's compiler is used. Takes one form of query, `SELECT items FROM … [WHERE …] [GROUP BY …]`, where every group
 * column is selected and items are group columns or `AGGREGATE(column)`.
 */
import { parse } from "csv-parse/sync";
import type { SchemaField, StudySchema } from "#schema";
import { type Cell, openClearTable } from "./clearAnswer.ts";

/** 1 at every patient of the set, by place in the owners' files, one file after the other. */
export type PatientSet = Uint8Array;

export interface ClearCell {
  /** As the answer's row has them. */
  readonly keys: readonly Cell[];
  readonly rows: PatientSet;
  /** For each column of the answer the sets whose sizes it gives away, the one it sums over first; none for a key. */
  readonly columns: readonly (readonly PatientSet[])[];
}

export interface ClearSets {
  /** Without WHERE the cohort is the whole table, whatever is in it. */
  readonly wholeTable: boolean;
  /** The patients of each owner. */
  readonly owners: readonly PatientSet[];
  /** The patients of each file: what an owner contributed at once. */
  readonly files: readonly PatientSet[];
  readonly cohort: PatientSet;
  /** Every combination of the group columns' values, empty ones too. */
  readonly cells: readonly ClearCell[];
}

export interface Site {
  /** The owner: files of one name are one owner's. */
  readonly name: string;
  readonly csv: string;
}

interface Patient {
  readonly owner: string;
  readonly file: number;
  readonly inCohort: boolean;
  readonly values: Readonly<Record<string, Cell>>;
}

type Parameters = Readonly<Record<string, string | number>>;

const FORM = /^SELECT (?<items>.+?) FROM (?<source>.+?)(?: GROUP BY (?<keys>.+))?$/s;
const AGGREGATE = /^(?<name>[A-Z_]+)\((?<column>.+)\)$/;

/** @throws Error when the query is of another form: a mistake of the demonstration or the test */
export function clearSets(sites: readonly Site[], schema: StudySchema, sql: string, parameters: Parameters): ClearSets {
  const { items = "", source = "", keys = "" } = FORM.exec(sql)?.groups ?? {};
  if (source === "") throw new Error(`not a query of the form SELECT … FROM …: ${sql}`);
  const axes = keys === "" ? [] : listed(keys);
  const columns = listed(items);
  const patients = readPatients(sites, schema, source, parameters);
  const setOf = (wanted: (patient: Patient) => boolean): PatientSet =>
    Uint8Array.from(patients, (patient) => (wanted(patient) ? 1 : 0));
  const cells = combinations(axes.map((axis) => linesOf(fieldOf(schema, axis)))).map((lines): ClearCell => {
    const inCell = ({ inCohort, values }: Patient): boolean =>
      inCohort && axes.every((axis, index) => values[axis] === lines[index]);
    const needs = (item: string): PatientSet[] =>
      axes.includes(item)
        ? []
        : givenAway(item, schema).map((has) => setOf((patient) => inCell(patient) && has(patient)));
    const shown = columns.flatMap((item) => (axes.includes(item) ? [lines[axes.indexOf(item)]!] : []));
    return { keys: shown, rows: setOf(inCell), columns: columns.map(needs) };
  });
  return {
    wholeTable: !source.includes(" WHERE "),
    owners: [...new Set(sites.map(({ name }) => name))].map((name) => setOf(({ owner }) => owner === name)),
    files: sites.map((_, index) => setOf(({ file }) => file === index)),
    cohort: setOf(({ inCohort }) => inCohort),
    cells,
  };
}

function readPatients(sites: readonly Site[], schema: StudySchema, source: string, parameters: Parameters): Patient[] {
  const files = sites.map(({ csv }) => csv);
  const sources = sites.flatMap(({ name, csv }, file) =>
    (parse(csv, { columns: true, bom: true }) as unknown[]).map(() => ({ owner: name, file })),
  );
  const database = openClearTable(files, schema);
  try {
    const found = database.prepare(`SELECT rowid FROM ${source}`).all(parameters);
    const cohort = new Set(found.map(({ rowid }) => Number(rowid)));
    const all = database.prepare(`SELECT * FROM "${schema.table}" ORDER BY rowid`).all();
    return all.map((values, place) => ({
      ...sources[place]!,
      inCohort: cohort.has(place + 1),
      values: values as Record<string, Cell>,
    }));
  } finally {
    database.close();
  }
}

/**
 * COUNT(*) gives away the cell's size; an aggregate of a column the number of its values; one that sums a two-valued
 * column how many there are of each value, too.
 */
function givenAway(item: string, schema: StudySchema): ((patient: Patient) => boolean)[] {
  const { name, column } = AGGREGATE.exec(item)?.groups ?? {};
  if (name === undefined || column === undefined) throw new Error(`neither a group column nor an aggregate: ${item}`);
  if (column === "*") return [() => true];
  const present = ({ values }: Patient): boolean => values[column] !== null;
  const both = name === "COUNT" ? [] : bothValues(fieldOf(schema, column));
  return [
    present,
    ...both.map((value) => (patient: Patient) => present(patient) && Number(patient.values[column]) === value),
  ];
}

/** Of a column that has two values only. */
function bothValues(field: SchemaField): number[] {
  const scale = 10 ** field.decimals;
  const unscaled = (values: readonly bigint[]): number[] => values.map((value) => Number(value) / scale);
  if (field.type === "category") return field.numeric?.length === 2 ? unscaled(field.numeric) : [];
  return field.maximum - field.minimum === 1n ? unscaled([field.minimum, field.maximum]) : [];
}

function linesOf(field: SchemaField): (string | null)[] {
  if (field.type !== "category") throw new Error(`a group column that is no category: ${field.name}`);
  return field.required ? [...field.categories] : [...field.categories, null];
}

function fieldOf(schema: StudySchema, name: string): SchemaField {
  const field = schema.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`no such column: ${name}`);
  return field;
}

function combinations<Value>(axes: readonly (readonly Value[])[]): Value[][] {
  return axes.reduce<Value[][]>((cells, lines) => cells.flatMap((cell) => lines.map((line) => [...cell, line])), [[]]);
}

function listed(text: string): string[] {
  return text.split(",").map((item) => item.trim());
}
