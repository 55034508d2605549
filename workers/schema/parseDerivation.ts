/** Reads how a field is derived from an event table, and checks that the field can hold what comes out. */
import { isCoded } from "../errors.ts";
import type { Derivation, EventColumn, EventCondition, EventTable, ValueDerivation } from "./eventTable.ts";
import type { JsonNode, JsonObject } from "./jsonNode.ts";
import { findColumn, parseCondition } from "./parseCondition.ts";
import { schemaError } from "./schemaError.ts";
import type { ValueForm } from "./values.ts";
import { parseFieldValue } from "./values.ts";

const SHARED_KEYS = ["from", "where", "aggregate"];
const VALUE_KEYS = [...SHARED_KEYS, "of", "default"];
const LATEST_KEYS = [...VALUE_KEYS, "by"];
const AGGREGATES = ["count", "exists", "max", "latest", "sum", "sumSquares"] as const;

/** @param field what is known of the field whose JSON is `object` */
export function parseDerivation(
  object: JsonObject,
  field: ValueForm,
  tables: readonly EventTable[],
): Derivation | undefined {
  const node = object.optional("derived");
  if (node === undefined) return undefined;
  const missing = object.optional("missingValues");
  if (missing !== undefined) {
    throw schemaError("SCHEMA_BAD_DERIVATION", missing.path, "has no meaning here: a derived field is in no CSV");
  }
  const { from, where } = parseEvents(node, tables);
  const aggregateNode = node.object(LATEST_KEYS).required("aggregate");
  const aggregate = AGGREGATES.find((known) => known === aggregateNode.text());
  switch (aggregate) {
    case undefined:
      throw schemaError("SCHEMA_WRONG_TYPE", aggregateNode.path, `must be one of ${AGGREGATES.join(" ")}`);
    case "count":
    case "exists":
      node.object(SHARED_KEYS);
      requireRoom(aggregateNode, field, { type: "integer", decimals: 0 });
      if (aggregate === "exists") requireZeroAndOne(aggregateNode, field);
      return { from, where, aggregate };
    default:
      return parseValueDerivation(node, field, { from, where, aggregate }, tables[from] as EventTable);
  }
}

function parseEvents(node: JsonNode, tables: readonly EventTable[]): { from: number; where: EventCondition[] } {
  const object = node.object(LATEST_KEYS);
  const fromNode = object.required("from");
  const name = fromNode.text();
  const from = tables.findIndex((table) => table.name === name);
  const table = tables[from];
  if (table === undefined) {
    const known = tables.map((each) => each.name).join(", ");
    const remedy = known === "" ? "the schema has none: declare eventTables" : `the schema has ${known}`;
    throw schemaError("SCHEMA_BAD_DERIVATION", fromNode.path, `is no event table; ${remedy}`);
  }
  const conditions = object.optional("where")?.list() ?? [];
  return { from, where: conditions.map((condition) => parseCondition(condition, table)) };
}

function parseValueDerivation(
  node: JsonNode,
  field: ValueForm,
  start: Pick<ValueDerivation, "from" | "where" | "aggregate">,
  table: EventTable,
): Derivation {
  const object = node.object(start.aggregate === "latest" ? LATEST_KEYS : VALUE_KEYS);
  const ofNode = object.required("of");
  const of = findColumn(ofNode, table);
  const column = table.columns[of] as EventColumn;
  requireRoom(ofNode, field, resultOf(start.aggregate, column, ofNode));
  const by = start.aggregate === "latest" ? findOrder(object.required("by"), table) : undefined;
  return { ...start, of, by, default: parseDefault(object.optional("default"), field) };
}

/** `latest` needs a column that has an order. */
function findOrder(node: JsonNode, table: EventTable): number {
  const index = findColumn(node, table);
  const { type } = table.columns[index] as EventColumn;
  if (type !== "text" && type !== "category") return index;
  throw schemaError(
    "SCHEMA_BAD_DERIVATION",
    node.path,
    `is a ${type}, which has no order; a date or a number is needed`,
  );
}

type Result =
  | { readonly type: "text" }
  | { readonly type: "date" }
  | { readonly type: "integer" | "number"; readonly decimals: number };

function resultOf(aggregate: ValueDerivation["aggregate"], column: EventColumn, node: JsonNode): Result {
  const isText = column.type === "text" || column.type === "category";
  if (aggregate === "latest" && isText) return { type: "text" };
  if (isText || (column.type === "date" && (aggregate === "sum" || aggregate === "sumSquares"))) {
    throw schemaError("SCHEMA_BAD_DERIVATION", node.path, `is a ${column.type}, which has no ${aggregate}`);
  }
  if (column.type === "date") return { type: "date" };
  return { type: column.type, decimals: aggregate === "sumSquares" ? 2 * column.decimals : column.decimals };
}

/** A category can have any text; its list is checked when the value is computed. */
function requireRoom(node: JsonNode, field: ValueForm, result: Result): void {
  if (field.type === "category") return;
  if (result.type === "text" || result.type === "date" || field.type === "date") {
    if (field.type === result.type) return;
    throw schemaError(
      "SCHEMA_BAD_DERIVATION",
      node.path,
      `gives the type ${result.type}, but the field is of type ${field.type}`,
    );
  }
  if (field.decimals >= result.decimals) return;
  const problem = `gives ${result.decimals} decimals, but the field keeps ${field.decimals}`;
  throw schemaError("SCHEMA_BAD_DERIVATION", node.path, problem);
}

function requireZeroAndOne(node: JsonNode, field: ValueForm): void {
  const fits =
    field.type === "category"
      ? field.categories.includes("0") && field.categories.includes("1")
      : field.minimum <= 0n && field.maximum >= 10n ** BigInt(field.decimals);
  if (!fits) throw schemaError("SCHEMA_BAD_DERIVATION", node.path, "gives 0 or 1, and the field must allow both");
}

function parseDefault(node: JsonNode | undefined, field: ValueForm): bigint | undefined {
  if (node === undefined) return undefined;
  const text = field.type === "date" ? node.text() : node.numberText();
  try {
    return parseFieldValue({ ...field, missingValues: [] }, text) ?? undefined;
  } catch (error) {
    if (!isCoded(error)) throw error;
    throw schemaError("SCHEMA_BAD_DERIVATION", node.path, error.message);
  }
}
