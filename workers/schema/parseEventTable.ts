/** Reads the event tables of a schema: their names and the columns that derived fields may use. */
import type { EventColumn, EventTable } from "./eventTable.ts";
import type { JsonNode } from "./jsonNode.ts";
import { parseCategories } from "./parseCategories.ts";
import { parseOpenRange } from "./parseNumericRange.ts";
import { parseHeader, parseName, parseTextList, refuseRepeats } from "./schemaTexts.ts";
import { schemaError } from "./schemaError.ts";

const TABLE_KEYS = ["name", "title", "subject", "missingValues", "unknownSubjects", "columns"];
const SHARED_KEYS = ["name", "type", "title", "missingValues"];
const CATEGORY_KEYS = [...SHARED_KEYS, "categories"];
const NUMERIC_KEYS = [...SHARED_KEYS, "unit", "decimals", "minimum", "maximum"];
const ALL_KEYS = [...new Set([...CATEGORY_KEYS, ...NUMERIC_KEYS])];

/** @throws CodedError SCHEMA_* */
export function parseEventTables(node: JsonNode | undefined, schemaMissing: readonly string[]): EventTable[] {
  if (node === undefined) return [];
  const tables = node.list().map((item) => parseEventTable(item, schemaMissing));
  // The owner names files by them, on systems where case may not count.
  refuseRepeats(
    tables.map(({ name }) => name.toLowerCase()),
    node.path,
    "SCHEMA_DUPLICATE_NAME",
  );
  return tables;
}

function parseEventTable(node: JsonNode, schemaMissing: readonly string[]): EventTable {
  const object = node.object(TABLE_KEYS);
  const missingValues = parseTextList(object.optional("missingValues")) ?? [...schemaMissing];
  const subject = parseHeader(object.required("subject"));
  const list = object.required("columns");
  const columns = list.list().map((item) => parseEventColumn(item, missingValues));
  refuseRepeats([subject, ...columns.map(({ name }) => name)], list.path, "SCHEMA_DUPLICATE_NAME");
  return {
    name: parseName(object.required("name")),
    title: object.optional("title")?.text(),
    subject,
    missingValues,
    unknownSubjects: parseUnknownSubjects(object.optional("unknownSubjects")),
    columns,
  };
}

function parseUnknownSubjects(node: JsonNode | undefined): EventTable["unknownSubjects"] {
  const text = node?.text() ?? "refuse";
  if (text === "refuse" || text === "ignore") return text;
  throw schemaError("SCHEMA_WRONG_TYPE", node?.path ?? "$", "must be refuse or ignore");
}

function parseEventColumn(node: JsonNode, tableMissing: readonly string[]): EventColumn {
  const object = node.object(ALL_KEYS);
  const typeNode = object.required("type");
  const type = typeNode.text();
  const shared = {
    name: parseHeader(object.required("name")),
    title: object.optional("title")?.text(),
    missingValues: [...tableMissing, ...(parseTextList(object.optional("missingValues")) ?? [])],
  };
  switch (type) {
    case "text":
      node.object(SHARED_KEYS);
      return { ...shared, type };
    case "category": {
      const categories = node.object(CATEGORY_KEYS).required("categories");
      return { ...shared, type, categories: parseCategories(categories, shared.missingValues) };
    }
    case "integer":
    case "number":
    case "date": {
      const numeric = node.object(NUMERIC_KEYS);
      return { ...shared, ...parseOpenRange(numeric, type), unit: numeric.optional("unit")?.text() };
    }
    default:
      throw schemaError("SCHEMA_WRONG_TYPE", typeNode.path, "must be text, category, integer, number or date");
  }
}
