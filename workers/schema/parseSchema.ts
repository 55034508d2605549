/**
 * Reads a study's schema from its JSON text, strictly: an unknown or repeated key, an unsafe name, bounds or cut-points
 * that make no sense are refused, naming the place. The form is described in this folder's README.
 */
import { keccak256, toUtf8Bytes } from "ethers";
import { MAX_SHARE_FILE_COLUMNS } from "../messages/shareFileHeader.ts";
import { columnCount } from "./columns.ts";
import type { JsonNode } from "./jsonNode.ts";
import { readJson } from "./jsonNode.ts";
import { parseEventTables } from "./parseEventTable.ts";
import type { FieldContext } from "./parseField.ts";
import { parseField } from "./parseField.ts";
import { parseTimeToEvent } from "./parseTimeToEvent.ts";
import { witnessCount } from "./rangeWitness.ts";
import { parseHeader, parseName, parseTextList, refuseRepeats } from "./schemaTexts.ts";
import { schemaError } from "./schemaError.ts";
import type { SchemaField, StudySchema } from "./studySchema.ts";

export type { SchemaErrorDetail } from "./schemaError.ts";

/** Committed columns per study. One costs 32 bytes per row and worker, plus its blinders: 4,096 is 131 KB a row. */
export const MAX_COLUMNS = 4_096;

const KEYS = ["name", "title", "table", "subject", "missingValues", "eventTables", "fields", "timeToEvent", "site"];

/**
 * @param text the JSON text; its keccak256 over the exact UTF-8 bytes becomes `hash`
 * @throws CodedError SCHEMA_*, with the JSON path
 */
export function parseSchema(text: string): StudySchema {
  const root = readJson(text).object(KEYS);
  const missingValues = parseTextList(root.optional("missingValues")) ?? [""];
  const subject = parseHeader(root.required("subject"));
  const eventTables = parseEventTables(root.optional("eventTables"), missingValues);
  const fields = parseFields(root.required("fields"), subject, { missingValues, eventTables });
  return {
    name: parseStudyName(root.required("name")),
    title: root.optional("title")?.text(),
    table: parseName(root.required("table")),
    subject,
    missingValues,
    fields,
    eventTables,
    timeToEvent: parseTimeToEvent(root.optional("timeToEvent"), fields),
    site: parseSite(root.optional("site"), fields),
    hash: keccak256(toUtf8Bytes(text)),
  };
}

function parseStudyName(node: JsonNode): string {
  const name = node.text();
  if (/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/.test(name)) return name;
  throw schemaError("SCHEMA_BAD_NAME", node.path, "must be 1 to 64 letters, digits, spaces, dots, dashes or _");
}

/** The name of a category field. */
function parseSite(node: JsonNode | undefined, fields: readonly SchemaField[]): number | undefined {
  if (node === undefined) return undefined;
  const name = node.text();
  const index = fields.findIndex((field) => field.name === name);
  if (index < 0) throw schemaError("SCHEMA_BAD_SITE", node.path, "is no field of the schema");
  if (fields[index]!.type === "category") return index;
  throw schemaError("SCHEMA_BAD_SITE", node.path, `is a ${fields[index]!.type}; it must be a category`);
}

function parseFields(node: JsonNode, subject: string, context: FieldContext): SchemaField[] {
  const fields = node.list().map((item) => parseField(item, context));
  if (fields.length === 0) throw schemaError("SCHEMA_BAD_RANGE", node.path, "needs at least one field");
  // SQL ignores the case of unquoted names, so two fields may not differ by case alone.
  const names = [subject, ...fields.map(({ name }) => name)].map((name) => name.toLowerCase());
  refuseRepeats(names, node.path, "SCHEMA_DUPLICATE_NAME");
  const columns = fields.reduce((sum, field) => sum + columnCount(field), 1);
  if (columns > MAX_COLUMNS) {
    throw schemaError("SCHEMA_TOO_MANY_COLUMNS", node.path, `gives ${columns} columns, at most ${MAX_COLUMNS}`);
  }
  const shared = fields.reduce((sum, field) => sum + witnessCount(field), columns);
  if (shared > MAX_SHARE_FILE_COLUMNS) {
    const problem = `gives ${shared} columns with the bits that show ranges, at most ${MAX_SHARE_FILE_COLUMNS}`;
    throw schemaError("SCHEMA_TOO_MANY_COLUMNS", node.path, problem);
  }
  return fields;
}
