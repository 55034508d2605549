/**
 * The gate's plan of a query whose lines were merged: what is at the places of merged lines is hidden. An interval of which nothing
 * could be shown in any slice would read as part of the one before it: then nothing at all is shown.
 */
import type { GatePlan, SizeTest } from "../messages/gatePlan.ts";
import type { Merges } from "../messages/merges.ts";
import { mergedCells } from "../query/mergedLines.ts";
import type { GatedRequest } from "./preparedRequest.ts";

/** Of what cannot be shown at all. */
export const NEVER_PASSES: SizeTest = { terms: [], constant: 0, last: 0, zero: "fails" };

export function mergedPlan(plan: GatePlan, { descriptor, schema }: GatedRequest, merges: Merges): GatePlan {
  const cells = mergedCells(descriptor, schema, merges);
  const merged = cells.flatMap(({ positions }) => positions.slice(1)).sort((a, b) => a - b);
  const extra = merged.length === 0 ? [] : [{ outputs: merged, tests: [NEVER_PASSES] }];
  const groups = [...plan.groups, ...extra];
  const own = new Set(groups.keys());
  plan.groups.forEach((_, group) => own.delete(group));
  const intervals = new Map<string, number[]>();
  cells.forEach(({ output, interval }, group) => {
    const key = `${output}|${interval}`;
    intervals.set(key, [...(intervals.get(key) ?? []), group]);
  });
  return {
    ...plan,
    groups,
    close: async (given) => {
      const { hidden, lines } = await plan.close(new Set([...given].filter((group) => !own.has(group))));
      const isGone = [...intervals.values()].some((all) => all.every((group) => hidden.has(group)));
      return isGone ? { hidden: new Set(groups.keys()), lines: [] } : { hidden: new Set([...hidden, ...own]), lines };
    },
  };
}
