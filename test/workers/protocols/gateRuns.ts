/** Runs of the gate in a `World`. */
import type { FieldVector } from "../../../workers/field/field.ts";
import { openThroughGate } from "../../../workers/protocols/gate.ts";
import type { GateHooks, GateResult } from "../../../workers/protocols/gate.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import type { GateCase } from "./gateCase.ts";
import { noHooks } from "./ungatedPlan.ts";
import type { RunOptions, World } from "./world.ts";

/** What every participant does: the same plan on its own shares. */
export function gateProgram(
  world: World,
  { plan, columns }: GateCase,
  hooksOf: (party: PartyIndex) => GateHooks = () => noHooks,
): (session: ProtocolSession) => Promise<GateResult> {
  const shares = world.share(columns);
  return (session) => {
    const { self } = session.network;
    return openThroughGate(session, plan, shares[self - 1] as FieldVector[], "data", hooksOf(self));
  };
}

/** A run that must succeed everywhere. */
export function runGate(
  world: World,
  participants: readonly PartyIndex[],
  example: GateCase,
  options: RunOptions = {},
) {
  return world.runAll(participants, gateProgram(world, example), options);
}

/** A run that may fail. */
export function settleGate(
  world: World,
  participants: readonly PartyIndex[],
  example: GateCase,
  options: RunOptions = {},
  hooksOf?: (party: PartyIndex) => GateHooks,
) {
  return world.run(participants, gateProgram(world, example, hooksOf), options);
}
