/** The numbers of a schema that have a field's own scale: decimals and bounds, of a field or an event table's column. */
import { isCoded } from "../errors.ts";
import type { JsonNode, JsonObject } from "./jsonNode.ts";
import { schemaError } from "./schemaError.ts";
import type { NumericField } from "./studySchema.ts";
import { MAX_DECIMALS, parseNumericText, SCALED_LIMIT } from "./values.ts";

/** What a number in the schema's text needs to be read. */
export type Scale = Pick<NumericField, "type" | "decimals">;
export type NumericRange = Scale & Pick<NumericField, "minimum" | "maximum">;

/** @throws CodedError SCHEMA_MISSING_KEY without both bounds */
export function parseNumericRange(object: JsonObject, type: NumericField["type"]): NumericRange {
  const scale = { type, decimals: parseDecimals(object, type) };
  const minimum = readScaled(object.required("minimum"), scale);
  const maximum = readScaled(object.required("maximum"), scale);
  return orderedRange(object, { ...scale, minimum, maximum });
}

/** A bound that is left out is that of all scaled integers. */
export function parseOpenRange(object: JsonObject, type: NumericField["type"]): NumericRange {
  const scale = { type, decimals: parseDecimals(object, type) };
  const [minimum, maximum] = ["minimum", "maximum"].map((key) => object.optional(key));
  return orderedRange(object, {
    ...scale,
    minimum: minimum === undefined ? 1n - SCALED_LIMIT : readScaled(minimum, scale),
    maximum: maximum === undefined ? SCALED_LIMIT - 1n : readScaled(maximum, scale),
  });
}

function orderedRange(object: JsonObject, range: NumericRange): NumericRange {
  if (range.minimum <= range.maximum) return range;
  throw schemaError("SCHEMA_BAD_RANGE", `${object.path}.minimum`, "is above the maximum");
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

/** A bound, a cut-point or a constant in the field's own type. */
export function readScaled(node: JsonNode, field: Scale): bigint {
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
