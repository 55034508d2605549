/** Which events a derived field counts: SQL's WHERE over ANDed conditions, on exact values. */
import assert from "node:assert/strict";
import type { EventCondition, EventValue, Order } from "../schema/eventTable.ts";

/** One event: a value per column of its table, null where missing. */
export type Event = readonly (EventValue | null)[];

/** Under three-valued logic a conjunction is true only if every condition is; unknown counts as not true. */
export function satisfies(event: Event, where: readonly EventCondition[]): boolean {
  return where.every((condition) => isTrue(condition, event[condition.column] ?? null));
}

function isTrue(condition: EventCondition, value: EventValue | null): boolean {
  if (condition.relation === "isNull") return value === null;
  if (value === null) return false;
  switch (condition.relation) {
    case "isNotNull":
      return true;
    case "=":
      return value === condition.value;
    case "<>":
      return value !== condition.value;
    case "in":
      return condition.values.includes(value);
    case "between":
      return compares(value, ">=", condition.values[0]) && compares(value, "<=", condition.values[1]);
    default:
      return compares(value, condition.relation, condition.value);
  }
}

function compares(value: EventValue, order: Order, constant: bigint): boolean {
  assert(typeof value === "bigint", "a schema orders numbers and dates only");
  switch (order) {
    case "<":
      return value < constant;
    case "<=":
      return value <= constant;
    case ">":
      return value > constant;
    case ">=":
      return value >= constant;
  }
}
