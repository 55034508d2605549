/**
 * A set's condition by values, not by classes: these depend on the plan's thresholds, and what is kept for other plans must be
 * found by the same name. Classes of categories are the same everywhere; those of numbers are told by their first and last values.
 */
import { createHash } from "node:crypto";

import type { ClassFunction } from "./classFunction.ts";
import { isConstant } from "./classFunction.ts";
import type { FieldClasses } from "./fieldClasses.ts";
import type { RowSet } from "./rowSet.ts";

export interface NamingFacts {
  readonly schemaHash: string;
  classes(field: number): Pick<FieldClasses, "count" | "missing" | "bounds">;
}

/** The same for the same rows by construction, whatever else is told apart. */
export function conditionName({ conditions, shape }: RowSet, facts: NamingFacts): string {
  if (shape !== undefined) return shapeName(shape, facts, new Map());
  return conditions.map(([field, bits]) => `${field}:${rangesOf(field, bits, facts)}`).join(",");
}

function shapeName(of: ClassFunction, facts: NamingFacts, known: Map<string, string>): string {
  if (isConstant(of)) return `${of.value}`;
  const done = known.get(of.key);
  if (done !== undefined) return done;
  const edges = of.edges.map(([bits, child]) => `${rangesOf(of.field, bits, facts)}>${shapeName(child, facts, known)}`);
  const name = createHash("sha256")
    .update(`${of.field}:${edges.join(",")}`)
    .digest("hex");
  known.set(of.key, name);
  return name;
}

/** Neighbouring intervals as one. A class that has no numbers is a category's, and has the same index everywhere. */
function rangesOf(field: number, bits: bigint, facts: NamingFacts): string {
  const { count, missing, bounds } = facts.classes(field);
  const ranges: [lo: bigint, hi: bigint][] = [];
  const others: string[] = [];
  for (let index = 0; index < count; index++) {
    if (((bits >> BigInt(index)) & 1n) === 0n) continue;
    const own = index === missing ? undefined : bounds(index);
    const before = ranges.at(-1);
    if (own === undefined) others.push(index === missing ? "missing" : `category ${index}`);
    else if (before !== undefined && before[1] + 1n === own[0]) before[1] = own[1];
    else ranges.push([...own]);
  }
  return [...ranges.map(([lo, hi]) => `${lo}..${hi}`), ...others].join("+");
}
