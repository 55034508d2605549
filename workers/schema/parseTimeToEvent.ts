/** Reads the time-to-event pairs of a schema: which fields are the time and the status of each. */
import type { JsonNode, JsonObject } from "./jsonNode.ts";
import { parseCutPoints } from "./parseCutPoints.ts";
import { schemaError } from "./schemaError.ts";
import { parseName, refuseRepeats } from "./schemaTexts.ts";
import type { CategoryField, NumericField, SchemaField, TimeToEvent } from "./studySchema.ts";

const KEYS = ["name", "title", "time", "status", "event", "grid"];

/** @throws CodedError SCHEMA_* */
export function parseTimeToEvent(node: JsonNode | undefined, fields: readonly SchemaField[]): TimeToEvent[] {
  if (node === undefined) return [];
  const pairs = node.list().map((item) => parsePair(item.object(KEYS), fields));
  // Reserved: later statistics may name a pair where they could name a field.
  const names = [...fields, ...pairs].map(({ name }) => name.toLowerCase());
  refuseRepeats(names, node.path, "SCHEMA_DUPLICATE_NAME");
  return pairs;
}

function parsePair(object: JsonObject, fields: readonly SchemaField[]): TimeToEvent {
  const time = findField(object.required("time"), fields, isDuration, "an integer or a number");
  const status = findField(object.required("status"), fields, isCategory, "a category");
  return {
    name: parseName(object.required("name")),
    title: object.optional("title")?.text(),
    time: time.index,
    status: status.index,
    event: parseEvent(object.required("event"), status.field),
    grid: parseGrid(object.optional("grid"), time.field),
  };
}

function isDuration(field: SchemaField): field is NumericField {
  return field.type === "integer" || field.type === "number";
}

function isCategory(field: SchemaField): field is CategoryField {
  return field.type === "category";
}

function findField<Kind extends SchemaField>(
  node: JsonNode,
  fields: readonly SchemaField[],
  isKind: (field: SchemaField) => field is Kind,
  kind: string,
): { readonly index: number; readonly field: Kind } {
  const name = node.text();
  const index = fields.findIndex((field) => field.name === name);
  const field = fields[index];
  if (field === undefined) throw schemaError("SCHEMA_BAD_TIME_TO_EVENT", node.path, "is no field of the schema");
  if (isKind(field)) return { index, field };
  throw schemaError("SCHEMA_BAD_TIME_TO_EVENT", node.path, `is a ${field.type}; it must be ${kind}`);
}

/** A subject of any other category is censored. */
function parseEvent(node: JsonNode, { name, categories }: CategoryField): number[] {
  const texts = node.list().map((item) => ({ text: item.numberText(), path: item.path }));
  if (texts.length === 0) throw schemaError("SCHEMA_BAD_TIME_TO_EVENT", node.path, "needs at least one category");
  const indices = texts.map(({ text, path }) => {
    const index = categories.indexOf(text);
    if (index >= 0) return index;
    const known = categories.map((category) => JSON.stringify(category)).join(", ");
    throw schemaError("SCHEMA_BAD_TIME_TO_EVENT", path, `is no category of ${name}; it has ${known}`);
  });
  refuseRepeats(
    texts.map(({ text }) => text),
    node.path,
    "SCHEMA_BAD_TIME_TO_EVENT",
  );
  return indices.sort((a, b) => a - b);
}

function parseGrid(node: JsonNode | undefined, time: NumericField): bigint[] | undefined {
  if (node === undefined) return undefined;
  const grid = parseCutPoints(node, time);
  if (grid.length === 0) throw schemaError("SCHEMA_BAD_TIME_TO_EVENT", node.path, "needs at least one time");
  if (time.digits > 0 || grid.every((point) => time.cutPoints.includes(point))) return grid;
  const problem = `has a time that is no cut-point of ${time.name}; declare it there, or search the field by digits`;
  throw schemaError("SCHEMA_BAD_TIME_TO_EVENT", node.path, problem);
}
