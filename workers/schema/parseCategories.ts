/** The list of texts that a categorical field, or an event table's column, may have. */
import type { JsonNode } from "./jsonNode.ts";
import { schemaError } from "./schemaError.ts";
import { refuseRepeats } from "./schemaTexts.ts";

/** More would be a value, not a category; GROUP BY over two such fields already has 2^20 cells. */
const MAX_CATEGORIES = 1_024;

/** @throws CodedError SCHEMA_BAD_CATEGORIES for none, too many, repeated ones, and one that means "missing" */
export function parseCategories(node: JsonNode, missingValues: readonly string[]): string[] {
  const categories = node.list().map((item) => item.numberText());
  if (categories.length === 0 || categories.length > MAX_CATEGORIES) {
    throw schemaError("SCHEMA_BAD_CATEGORIES", node.path, `needs 1 to ${MAX_CATEGORIES} categories`);
  }
  refuseRepeats(categories, node.path, "SCHEMA_BAD_CATEGORIES");
  const ambiguous = categories.find((category) => category === "" || missingValues.includes(category));
  if (ambiguous === undefined) return categories;
  const problem = `${JSON.stringify(ambiguous)} cannot be a category: it means "missing"`;
  throw schemaError("SCHEMA_BAD_CATEGORIES", node.path, problem);
}
