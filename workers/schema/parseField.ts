/** Reads one field of a schema: a category, or a number, integer or date with bounds and cut-points. */
import { isCoded } from "../errors.ts";
import { digitsOfRange } from "./digits.ts";
import type { JsonNode, JsonObject } from "./jsonNode.ts";
import { readNumericCategories } from "./numericCategories.ts";
import { parseName, parseTextList, refuseRepeats } from "./schemaTexts.ts";
import { schemaError } from "./schemaError.ts";
import type { CategoryField, NumericField, SchemaField } from "./studySchema.ts";
import { MAX_DECIMALS, parseNumericText, SCALED_LIMIT } from "./values.ts";

const SHARED_KEYS = ["name", "type", "title", "required", "missingValues"];
const CATEGORY_KEYS = [...SHARED_KEYS, "categories"];
const NUMERIC_KEYS = [...SHARED_KEYS, "unit", "minimum", "maximum", "decimals", "cutPoints", "search"];
const ALL_KEYS = [...new Set([...CATEGORY_KEYS, ...NUMERIC_KEYS])];

/** More would be a value, not a category; GROUP BY over two such fields already has 2^20 cells. */
const MAX_CATEGORIES = 1_024;
const MAX_CUT_POINTS = 1_024;

/** @throws CodedError SCHEMA_* */
export function parseField(node: JsonNode, schemaMissing: readonly string[]): SchemaField {
  const typeNode = node.object(ALL_KEYS).required("type");
  const type = typeNode.text();
  switch (type) {
    case "category":
      return parseCategoryField(node.object(CATEGORY_KEYS), schemaMissing);
    case "integer":
    case "number":
    case "date":
      return parseNumericField(node.object(NUMERIC_KEYS), type);
    default:
      throw schemaError("SCHEMA_WRONG_TYPE", typeNode.path, "must be category, integer, number or date");
  }
}

function parseShared(object: JsonObject): Pick<SchemaField, "name" | "title" | "required" | "missingValues"> {
  return {
    name: parseName(object.required("name")),
    title: object.optional("title")?.text(),
    required: object.optional("required")?.boolean() ?? false,
    missingValues: parseTextList(object.optional("missingValues")) ?? [],
  };
}

function parseCategoryField(object: JsonObject, schemaMissing: readonly string[]): CategoryField {
  const shared = parseShared(object);
  const node = object.required("categories");
  const categories = node.list().map((item) => item.numberText());
  const missing = new Set([...schemaMissing, ...shared.missingValues]);
  if (categories.length === 0 || categories.length > MAX_CATEGORIES) {
    throw schemaError("SCHEMA_BAD_CATEGORIES", node.path, `needs 1 to ${MAX_CATEGORIES} categories`);
  }
  refuseRepeats(categories, node.path, "SCHEMA_BAD_CATEGORIES");
  const ambiguous = categories.find((category) => category === "" || missing.has(category));
  if (ambiguous !== undefined) {
    const problem = `${JSON.stringify(ambiguous)} cannot be a category: it means "missing"`;
    throw schemaError("SCHEMA_BAD_CATEGORIES", node.path, problem);
  }
  return { ...shared, type: "category", categories, ...readNumericCategories(categories) };
}

function parseNumericField(object: JsonObject, type: NumericField["type"]): NumericField {
  const decimals = parseDecimals(object, type);
  const read = (node: JsonNode): bigint => readScaled(node, { type, decimals });
  const minimum = read(object.required("minimum"));
  const maximum = read(object.required("maximum"));
  if (minimum > maximum) throw schemaError("SCHEMA_BAD_RANGE", `${object.path}.minimum`, "is above the maximum");
  const cutPoints = parseCutPoints(object.optional("cutPoints"), { type, decimals, minimum, maximum });
  const search = parseSearch(object.optional("search"), cutPoints);
  return {
    ...parseShared(object),
    type,
    unit: object.optional("unit")?.text(),
    decimals,
    minimum,
    maximum,
    cutPoints,
    digits: search === "digits" ? digitsOfRange({ minimum, maximum }) : 0,
  };
}

const SEARCHES = ["none", "cutPoints", "digits"] as const;
type Search = (typeof SEARCHES)[number];

/** What filters may compare the field with: nothing, its cut-points, or any threshold. */
function parseSearch(node: JsonNode | undefined, cutPoints: readonly bigint[]): Search {
  if (node === undefined) return cutPoints.length > 0 ? "cutPoints" : "none";
  const search = SEARCHES.find((known) => known === node.text());
  if (search === undefined) {
    throw schemaError("SCHEMA_WRONG_TYPE", node.path, "must be none, cutPoints or digits");
  }
  if (search === "none" && cutPoints.length > 0) {
    throw schemaError(
      "SCHEMA_BAD_CUT_POINTS",
      node.path,
      "is none, but the field has cut-points; leave one of them out",
    );
  }
  if (search === "cutPoints" && cutPoints.length === 0) {
    throw schemaError("SCHEMA_BAD_CUT_POINTS", node.path, "is cutPoints, but the field has none; declare cutPoints");
  }
  return search;
}

/** Needed for `number`; an integer or a date has none. */
function parseDecimals(object: JsonObject, type: NumericField["type"]): number {
  const node = type === "number" ? object.required("decimals") : object.optional("decimals");
  const text = node?.numberText() ?? "0";
  const limit = type === "number" ? MAX_DECIMALS : 0;
  if (/^\d{1,2}$/.test(text) && Number(text) <= limit) return Number(text);
  const allowed = limit === 0 ? `must be 0 for the type ${type}` : `must be a whole number from 0 to ${limit}`;
  throw schemaError("SCHEMA_BAD_NUMBER", `${object.path}.decimals`, allowed);
}

/** A bound or cut-point in the field's own type. */
function readScaled(node: JsonNode, field: Pick<NumericField, "type" | "decimals">): bigint {
  const text = field.type === "date" ? node.text() : node.numberText();
  let value: bigint;
  try {
    value = parseNumericText(field, text);
  } catch (error) {
    if (!isCoded(error)) throw error;
    throw schemaError("SCHEMA_BAD_NUMBER", node.path, error.message);
  }
  if (value > -SCALED_LIMIT && value < SCALED_LIMIT) return value;
  throw schemaError("SCHEMA_BAD_NUMBER", node.path, "times 10^decimals must stay below 2^62 in size");
}

const WHOLE_DAYS = { type: "integer", decimals: 0 } as const;

type Range = Pick<NumericField, "type" | "decimals" | "minimum" | "maximum">;

function parseCutPoints(node: JsonNode | undefined, range: Range): bigint[] {
  if (node === undefined) return [];
  const cuts = node.isList() ? node.list().map((item) => readScaled(item, range)) : parseSteps(node, range);
  if (cuts.length > MAX_CUT_POINTS) {
    throw schemaError("SCHEMA_BAD_CUT_POINTS", node.path, `gives more than ${MAX_CUT_POINTS} cut-points`);
  }
  cuts.forEach((cut, index) => {
    const previous = cuts[index - 1];
    if (previous !== undefined && cut <= previous) {
      throw schemaError("SCHEMA_BAD_CUT_POINTS", node.path, "must be strictly ascending");
    }
    // [x >= minimum] is validity again, [x >= c] above the maximum is zero: neither says anything.
    if (cut <= range.minimum || cut > range.maximum) {
      throw schemaError("SCHEMA_BAD_CUT_POINTS", node.path, "must be above the minimum and at most the maximum");
    }
  });
  return cuts;
}

/** `{from, to, step}`: from, from + step, … up to and including to. A date's step counts days. */
function parseSteps(node: JsonNode, range: Range): bigint[] {
  const object = node.object(["from", "to", "step"]);
  const from = readScaled(object.required("from"), range);
  const to = readScaled(object.required("to"), range);
  const stepNode = object.required("step");
  const step = readScaled(stepNode, range.type === "date" ? WHOLE_DAYS : range);
  if (step <= 0n) throw schemaError("SCHEMA_BAD_CUT_POINTS", stepNode.path, "must be above 0");
  const count = to < from ? 0n : (to - from) / step + 1n;
  // One more than allowed is enough for the caller to refuse, and keeps a tiny step from filling memory.
  const length = Number(count > MAX_CUT_POINTS ? MAX_CUT_POINTS + 1 : count);
  return Array.from({ length }, (_, index) => from + BigInt(index) * step);
}
