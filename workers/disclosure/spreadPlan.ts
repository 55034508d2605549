/**
 * The gate's plan of a query whose lines were merged, with the outputs of the whole query: each interval's at the place of its first line,
 * nothing at the places of its other lines, which are hidden. An interval of which nothing could be shown would read as part of
 * the one before it: then nothing at all is.
 */
import type { CircuitOutput } from "../messages/circuit.ts";
import type { GatePlan, OutputGroup } from "../messages/gatePlan.ts";
import type { MergedLines } from "../query/mergedLines.ts";
import type { Gate } from "./planGate.ts";
import { NEVER_PASSES } from "./planGate.ts";

type OpenGate = Gate & { readonly refused: false };

const NOTHING: CircuitOutput = { left: { columns: [], products: [] }, right: undefined };

export function spreadPlan(gate: OpenGate, { positions, intervals, total }: MergedLines): OpenGate {
  const { plan, sizes } = gate;
  const { circuit, measures } = plan;
  const outputs = Array.from({ length: total }, () => NOTHING);
  positions.forEach((position, output) => (outputs[position] = circuit.outputs[output]!));
  const shown = new Set(positions);
  const merged = [...outputs.keys()].filter((position) => !shown.has(position));
  const groups: OutputGroup[] = plan.groups.map((group) => ({
    ...group,
    outputs: group.outputs.map((output) => positions[output]!).sort((a, b) => a - b),
  }));
  const own = merged.length === 0 ? [] : [{ outputs: merged, tests: [NEVER_PASSES] }];
  const groupsOf = groupsByInterval(plan, intervals);
  const moved = new Map([...sizes].map(([output, name]) => [output - measures + total, name]));
  return {
    ...gate,
    plan: {
      ...plan,
      circuit: { ...circuit, outputs: [...outputs, ...circuit.outputs.slice(measures)] },
      measures: total,
      groups: [...groups, ...own],
      close: (given) => {
        const all = [...groups.keys(), ...own.map((_, at) => groups.length + at)];
        const closure = plan.close(new Set([...given].filter((group) => group < groups.length)));
        const isGone = groupsOf.some((interval) => interval.every((group) => closure.hidden.has(group)));
        if (isGone) return { hidden: new Set(all), lines: [] };
        return { hidden: new Set([...closure.hidden, ...all.slice(groups.length)]), lines: closure.lines };
      },
    },
    sizes: moved,
  };
}

/** Groups that show something of each interval. */
function groupsByInterval({ groups }: GatePlan, intervals: readonly number[]): number[][] {
  const found = new Map<number, number[]>();
  groups.forEach(({ outputs }, group) => {
    const interval = intervals[outputs[0]!]!;
    found.set(interval, [...(found.get(interval) ?? []), group]);
  });
  return [...found.values()];
}
