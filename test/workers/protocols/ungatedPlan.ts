/** The plan of no tests, for circuits whose outputs are all to open. */
import type { Circuit } from "../../../workers/messages/circuit.ts";
import type { GatePlan } from "../../../workers/messages/gatePlan.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import { openThroughGate } from "../../../workers/protocols/gate.ts";
import type { GateHooks } from "../../../workers/protocols/gate.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";

/** Records nothing. */
export const noHooks: GateHooks = { aboutToOpen: () => undefined };

export function ungatedPlan(circuit: Circuit): GatePlan {
  const measures = circuit.outputs.length;
  const groups = [{ outputs: circuit.outputs.map((_, index) => index), tests: [] }];
  return { circuit, measures, cohort: [], zeros: [], groups, close: (hidden) => ({ hidden, lines: [] }) };
}

/** Opens all outputs of a circuit. */
export async function openAll(
  session: ProtocolSession,
  circuit: Circuit,
  columns: readonly FieldVector[],
  inputs: string,
): Promise<readonly bigint[]> {
  const result = await openThroughGate(session, ungatedPlan(circuit), columns, inputs, noHooks);
  if (result.refused) throw new Error("nothing was tested that could refuse");
  return result.outputs;
}
