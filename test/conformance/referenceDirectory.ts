/**
 * Reads a directory of reference data: the dictionary, the queries, and the tables that they ask. Nothing here knows what a
 * table or a query is called.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, normalize, sep } from "node:path";

import { parse } from "csv-parse/sync";

import { badDirectory } from "./conformanceError.ts";
import { legibleJson, legibleText } from "./legibleText.ts";
import { isRecord, ReferenceQuery } from "./referenceQuery.ts";
import type { JsonRecord, JsonValue } from "./referenceQuery.ts";

const DICTIONARY = "datapackage.json";
const REFERENCES = ["reference.json", "edge_reference.json"];

export interface DictionaryField {
  readonly name: string;
  /** integer, number, date, boolean, string; whatever else is taken for a string. */
  readonly type: string;
  readonly description: string;
}

/** Cells as they stand in the file, but for characters that are not seen; null where missing. */
export interface CsvTable {
  readonly name: string;
  readonly fields: readonly DictionaryField[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface ReferenceDirectory {
  /** As it was given. */
  readonly path: string;
  readonly queries: readonly ReferenceQuery[];
  /** @throws CodedError CONFORMANCE_BAD_DIRECTORY when there is no such table, or its file is not what the dictionary says */
  table(name: string): CsvTable;
}

/** @throws CodedError CONFORMANCE_BAD_DIRECTORY */
export function readDirectory(path: string): ReferenceDirectory {
  if (!existsSync(path)) throw badDirectory(path, "there is no such directory");
  const dictionary = readJson(path, DICTIONARY);
  const resources = listOf(dictionary["resources"], join(path, DICTIONARY), "resources");
  const missing = textsOf(dictionary["missingValues"]) ?? [""];
  const present = REFERENCES.filter((name) => existsSync(join(path, name)));
  if (present.length === 0) throw badDirectory(path, `has neither ${REFERENCES.join(" nor ")}`);
  const queries = present.flatMap((name) => queriesOf(readJson(path, name), join(path, name)));
  refuseRepeats(path, queries);
  const tables = new Map<string, CsvTable>();
  return {
    path,
    queries,
    table: (name) => {
      const known = tables.get(name);
      if (known !== undefined) return known;
      const resource = resources.find((each) => each["name"] === name);
      if (resource === undefined) throw badDirectory(join(path, DICTIONARY), `describes no table "${name}"`);
      const table = readCsv(path, name, resource, missing);
      tables.set(name, table);
      return table;
    },
  };
}

export function columnTexts(table: CsvTable, column: string): (string | null)[] {
  const index = table.columns.indexOf(column);
  return table.rows.map((row) => row[index] ?? null);
}

function readJson(path: string, name: string): JsonRecord {
  const file = join(path, name);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw badDirectory(file, "cannot be read; a directory of reference data has one", cause);
  }
  try {
    const value = legibleJson(JSON.parse(text) as JsonValue);
    if (isRecord(value)) return value;
  } catch (cause) {
    throw badDirectory(file, "is not JSON", cause);
  }
  throw badDirectory(file, "is not a JSON object");
}

function queriesOf(json: JsonRecord, file: string): ReferenceQuery[] {
  return listOf(json["queries"], file, "queries").map((query, index) => {
    const { id, kind } = query;
    if (typeof id === "string" && typeof kind === "string") return new ReferenceQuery(id, kind, query);
    throw badDirectory(file, `query ${index + 1} lacks "id" or "kind"`);
  });
}

function refuseRepeats(path: string, queries: readonly ReferenceQuery[]): void {
  const ids = queries.map(({ id }) => id);
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated !== undefined)
    throw badDirectory(path, `the query ${repeated} stands twice in ${REFERENCES.join(", ")}`);
}

function readCsv(path: string, name: string, resource: JsonRecord, packageMissing: readonly string[]): CsvTable {
  const dictionary = join(path, DICTIONARY);
  const file = normalize(typeof resource["path"] === "string" ? resource["path"] : `${name}.csv`);
  if (file.startsWith("..") || file.startsWith(sep)) throw badDirectory(dictionary, `${file} is outside the directory`);
  const schema = isRecord(resource["schema"]) ? resource["schema"] : {};
  const missing = new Set(textsOf(schema["missingValues"]) ?? packageMissing);
  const [columns = [], ...rows] = parseCsv(path, file);
  const fields = listOf(schema["fields"], dictionary, `fields of ${name}`).map((field) => fieldOf(field, dictionary));
  const absent = fields.find((field) => !columns.includes(field.name));
  if (absent !== undefined)
    throw badDirectory(join(path, file), `has no column "${absent.name}", which the dictionary describes`);
  if (new Set(columns).size !== columns.length) throw badDirectory(join(path, file), "names a column twice");
  const cells = rows.map((row) => row.map((text) => (missing.has(text) ? null : text)));
  return { name, fields, columns, rows: cells };
}

function parseCsv(path: string, file: string): string[][] {
  try {
    const records = parse(readFileSync(join(path, file)), { bom: true, record_delimiter: ["\r\n", "\n"] });
    return (records as string[][]).map((record) => record.map(legibleText));
  } catch (cause) {
    throw badDirectory(join(path, file), "cannot be read as CSV: UTF-8, commas, one width", cause);
  }
}

function fieldOf(field: JsonRecord, dictionary: string): DictionaryField {
  const { name, type, description } = field;
  if (typeof name !== "string") throw badDirectory(dictionary, "a field has no name");
  return {
    name,
    type: typeof type === "string" ? type : "string",
    description: typeof description === "string" ? description : "",
  };
}

function listOf(value: JsonValue | undefined, file: string, what: string): JsonRecord[] {
  if (Array.isArray(value) && (value as readonly JsonValue[]).every(isRecord)) return value as JsonRecord[];
  throw badDirectory(file, `"${what}" is not a list of objects`);
}

function textsOf(value: JsonValue | undefined): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return (value as readonly JsonValue[]).filter((item) => typeof item === "string");
}
