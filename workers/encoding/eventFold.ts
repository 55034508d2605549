/**
 * A derived field computed event by event: what is kept is one result per subject, whatever the length of the file. Sums
 * are of whole numbers of unlimited size.
 */
import assert from "node:assert/strict";
import type { Derivation, EventColumn, EventTable, EventValue, ValueDerivation } from "../schema/eventTable.ts";
import { formatFieldValue, formatScaled } from "../schema/values.ts";
import type { Event } from "./eventConditions.ts";
import { satisfies } from "./eventConditions.ts";

export interface EventFold {
  /** @param row of the event's subject in the study's table */
  take(row: number, event: Event): void;
  /** As a cell of the study's CSV would say it; null where no event counts. */
  textOf(row: number): string | null;
}

/** `count` and `exists` are 0 where no event counts, the others null. */
export function foldOf(derivation: Derivation, table: EventTable, rowCount: number): EventFold {
  if ("of" in derivation) return valueFold(derivation, table, rowCount);
  const { aggregate, where } = derivation;
  const counts = new Float64Array(rowCount);
  return {
    take: (row, event) => {
      if (satisfies(event, where)) counts[row] = (counts[row] as number) + 1;
    },
    textOf: (row) => {
      const count = counts[row] as number;
      return String(aggregate === "exists" ? Math.min(count, 1) : count);
    },
  };
}

function valueFold(derivation: ValueDerivation, table: EventTable, rowCount: number): EventFold {
  const results = new Array<EventValue | null>(rowCount).fill(null);
  const step = stepOf(derivation, rowCount);
  const column = table.columns[derivation.of] as EventColumn;
  return {
    take: (row, event) => {
      const value = event[derivation.of] ?? null;
      if (value === null || !satisfies(event, derivation.where)) return;
      results[row] = step(results[row] ?? null, value, row, event);
    },
    textOf: (row) => {
      const result = results[row] ?? null;
      return result === null ? null : resultText(result, derivation.aggregate, column);
    },
  };
}

type Step = (result: EventValue | null, value: EventValue, row: number, event: Event) => EventValue | null;

function stepOf({ aggregate, by }: ValueDerivation, rowCount: number): Step {
  switch (aggregate) {
    case "sum":
      return (sum, value) => whole(sum ?? 0n) + whole(value);
    case "sumSquares":
      return (sum, value) => whole(sum ?? 0n) + whole(value) ** 2n;
    case "max":
      return (largest, value) => (largest === null || value > largest ? value : largest);
    case "latest":
      assert(by !== undefined, "latest has an order");
      return latestBy(by, rowCount);
  }
}

/** Of two events at the same point of time the later row of the file counts. */
function latestBy(by: number, rowCount: number): Step {
  const times = new Array<EventValue | null>(rowCount).fill(null);
  return (latest, value, row, event) => {
    const time = event[by] ?? null;
    const last = times[row] ?? null;
    if (time === null || (last !== null && time < last)) return latest;
    times[row] = time;
    return value;
  };
}

function resultText(result: EventValue, aggregate: ValueDerivation["aggregate"], column: EventColumn): string {
  if (column.type === "text") return String(result);
  if (column.type === "category" || aggregate === "max" || aggregate === "latest") {
    return formatFieldValue(column, whole(result));
  }
  return formatScaled(whole(result), aggregate === "sumSquares" ? 2 * column.decimals : column.decimals);
}

function whole(value: EventValue): bigint {
  assert(typeof value === "bigint", "only texts are no scaled integers, and they are not calculated with");
  return value;
}
