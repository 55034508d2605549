/** Reads one condition on the events that a derived field counts, its constants in the column's own terms. */
import type { EventColumn, EventCondition, EventTable, EventValue, NumericColumn } from "./eventTable.ts";
import type { JsonNode } from "./jsonNode.ts";
import { readScaled } from "./parseNumericRange.ts";
import { schemaError } from "./schemaError.ts";

const RELATIONS = ["=", "<>", "<", "<=", ">", ">=", "in", "between", "isNull", "isNotNull"] as const;
type Relation = (typeof RELATIONS)[number];

/** @throws CodedError SCHEMA_* */
export function parseCondition(node: JsonNode, table: EventTable): EventCondition {
  const { column, relation } = parseSubjectOf(node, table);
  const on = table.columns[column] as EventColumn;
  switch (relation) {
    case "isNull":
    case "isNotNull":
      node.object(["column", "relation"]);
      return { column, relation };
    case "in":
      return { column, relation, values: parseValues(constantsOf(node), on) };
    case "between":
      return { column, relation, values: parseBounds(constantsOf(node), ordered(on, relation, node)) };
    case "=":
    case "<>":
      return { column, relation, value: readEventConstant(constantOf(node), on) };
    default:
      return { column, relation, value: readScaled(constantOf(node), ordered(on, relation, node)) };
  }
}

/** The index of the named column. @throws CodedError SCHEMA_BAD_DERIVATION */
export function findColumn(node: JsonNode, { name, columns }: EventTable): number {
  const wanted = node.text();
  const index = columns.findIndex((column) => column.name === wanted);
  if (index >= 0) return index;
  const known = columns.map((column) => JSON.stringify(column.name)).join(", ");
  throw schemaError("SCHEMA_BAD_DERIVATION", node.path, `is no column of ${name}; it has ${known}`);
}

function parseSubjectOf(node: JsonNode, table: EventTable): { column: number; relation: Relation } {
  const object = node.object(["column", "relation", "value", "values"]);
  const column = findColumn(object.required("column"), table);
  const relationNode = object.required("relation");
  const relation = RELATIONS.find((known) => known === relationNode.text());
  if (relation === undefined) {
    throw schemaError("SCHEMA_WRONG_TYPE", relationNode.path, `must be one of ${RELATIONS.join(" ")}`);
  }
  return { column, relation };
}

function ordered(on: EventColumn, relation: Relation, node: JsonNode): NumericColumn {
  if (on.type !== "text" && on.type !== "category") return on;
  const problem = `${relation} needs an order, and ${JSON.stringify(on.name)} is a ${on.type}: use = <> in isNull isNotNull`;
  throw schemaError("SCHEMA_BAD_CONDITION", `${node.path}.relation`, problem);
}

function constantOf(node: JsonNode): JsonNode {
  return node.object(["column", "relation", "value"]).required("value");
}

function constantsOf(node: JsonNode): JsonNode {
  return node.object(["column", "relation", "values"]).required("values");
}

function parseValues(node: JsonNode, on: EventColumn): EventValue[] {
  const values = node.list().map((item) => readEventConstant(item, on));
  if (values.length === 0) throw schemaError("SCHEMA_BAD_CONDITION", node.path, "needs at least one value");
  if (new Set(values).size < values.length) {
    throw schemaError("SCHEMA_BAD_CONDITION", node.path, "gives one value twice");
  }
  return values;
}

function parseBounds(node: JsonNode, on: NumericColumn): [bigint, bigint] {
  const [low, high, ...more] = node.list().map((item) => readScaled(item, on));
  if (low === undefined || high === undefined || more.length > 0) {
    throw schemaError("SCHEMA_BAD_CONDITION", node.path, "needs two values, the lowest and the highest");
  }
  if (low > high) throw schemaError("SCHEMA_BAD_CONDITION", node.path, "has no value between: the first is the larger");
  return [low, high];
}

/** @throws CodedError SCHEMA_BAD_CONDITION for a text that the column cannot have */
function readEventConstant(node: JsonNode, on: EventColumn): EventValue {
  if (on.type !== "text" && on.type !== "category") return readScaled(node, on);
  const text = on.type === "text" ? node.text() : node.numberText();
  if (on.missingValues.includes(text)) {
    throw schemaError("SCHEMA_BAD_CONDITION", node.path, 'means "missing" in this column: use isNull or isNotNull');
  }
  if (on.type === "text") return text;
  const index = on.categories.indexOf(text);
  if (index >= 0) return BigInt(index);
  const known = on.categories.map((category) => JSON.stringify(category)).join(", ");
  throw schemaError("SCHEMA_BAD_CONDITION", node.path, `is no category of ${JSON.stringify(on.name)}; it has ${known}`);
}
