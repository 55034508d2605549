/** Reads one field of a schema: a category, or a number, integer or date with bounds and cut-points. */
import { digitsOfRange } from "./digits.ts";
import type { EventTable } from "./eventTable.ts";
import type { JsonNode, JsonObject } from "./jsonNode.ts";
import { readNumericCategories } from "./numericCategories.ts";
import { parseCategories } from "./parseCategories.ts";
import { parseCutPoints, parseSearch } from "./parseCutPoints.ts";
import { parseDerivation } from "./parseDerivation.ts";
import { parseNumericRange } from "./parseNumericRange.ts";
import { parseName, parseTextList } from "./schemaTexts.ts";
import { schemaError } from "./schemaError.ts";
import type { CategoryField, NumericField, SchemaField } from "./studySchema.ts";

const SHARED_KEYS = ["name", "type", "title", "required", "missingValues", "derived"];
const CATEGORY_KEYS = [...SHARED_KEYS, "categories"];
const NUMERIC_KEYS = [...SHARED_KEYS, "unit", "minimum", "maximum", "decimals", "cutPoints", "search"];
const ALL_KEYS = [...new Set([...CATEGORY_KEYS, ...NUMERIC_KEYS])];

/** What a field may refer to. */
export interface FieldContext {
  readonly missingValues: readonly string[];
  readonly eventTables: readonly EventTable[];
}

/** @throws CodedError SCHEMA_* */
export function parseField(node: JsonNode, context: FieldContext): SchemaField {
  const typeNode = node.object(ALL_KEYS).required("type");
  const type = typeNode.text();
  switch (type) {
    case "category":
      return parseCategoryField(node.object(CATEGORY_KEYS), context);
    case "integer":
    case "number":
    case "date":
      return parseNumericField(node.object(NUMERIC_KEYS), type, context);
    default:
      throw schemaError("SCHEMA_WRONG_TYPE", typeNode.path, "must be category, integer, number or date");
  }
}

type Shared = Pick<SchemaField, "name" | "title" | "required" | "missingValues">;

function parseShared(object: JsonObject): Shared {
  return {
    name: parseName(object.required("name")),
    title: object.optional("title")?.text(),
    required: object.optional("required")?.boolean() ?? false,
    missingValues: parseTextList(object.optional("missingValues")) ?? [],
  };
}

function parseCategoryField(object: JsonObject, { missingValues, eventTables }: FieldContext): CategoryField {
  const shared = parseShared(object);
  const categories = parseCategories(object.required("categories"), [...missingValues, ...shared.missingValues]);
  const form = { ...shared, type: "category" as const, categories };
  return { ...form, ...readNumericCategories(categories), derived: parseDerivation(object, form, eventTables) };
}

function parseNumericField(
  object: JsonObject,
  type: NumericField["type"],
  { eventTables }: FieldContext,
): NumericField {
  const range = parseNumericRange(object, type);
  const cutPoints = parseCutPoints(object.optional("cutPoints"), range);
  const search = parseSearch(object.optional("search"), cutPoints);
  const form = { ...parseShared(object), ...range };
  return {
    ...form,
    unit: object.optional("unit")?.text(),
    cutPoints,
    digits: search === "digits" ? digitsOfRange(range) : 0,
    derived: parseDerivation(object, form, eventTables),
  };
}
