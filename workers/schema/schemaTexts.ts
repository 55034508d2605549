/** Names and lists of texts inside a schema. */
import type { JsonNode } from "./jsonNode.ts";
import type { SchemaErrorCode } from "./schemaError.ts";
import { schemaError } from "./schemaError.ts";

/** PostgreSQL cuts identifiers off after 63 bytes; a longer name could not be written in a query. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** A name that can stand in SQL without quotes. @throws CodedError SCHEMA_BAD_NAME */
export function parseName(node: JsonNode): string {
  const name = node.text();
  if (NAME.test(name)) return name;
  throw schemaError("SCHEMA_BAD_NAME", node.path, "must be 1 to 63 letters, digits or _, not starting with a digit");
}

/** A CSV header only, never a name in SQL: any text that is visible. @throws CodedError SCHEMA_BAD_NAME */
export function parseHeader(node: JsonNode): string {
  const header = node.text();
  if (header !== "" && header.trim() === header) return header;
  throw schemaError("SCHEMA_BAD_NAME", node.path, "must be a CSV header without spaces around it");
}

export function parseTextList(node: JsonNode | undefined): string[] | undefined {
  if (node === undefined) return undefined;
  const texts = node.list().map((item) => item.text());
  refuseRepeats(texts, node.path, "SCHEMA_DUPLICATE_NAME");
  return texts;
}

/** @throws CodedError of the given code when a text stands twice */
export function refuseRepeats(texts: readonly string[], path: string, code: SchemaErrorCode): void {
  const seen = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) throw schemaError(code, path, `${JSON.stringify(text)} is given twice`);
    seen.add(text);
  }
}
