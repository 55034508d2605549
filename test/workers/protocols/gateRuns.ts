/** Runs of the gate in a `World`. */
import assert from "node:assert/strict";

import type { FieldVector } from "../../../workers/field/field.ts";
import { maskKeyHash } from "../../../workers/messages/sealedAnswer.ts";
import type { MaskKeys } from "../../../workers/protocols/agreeMaskKeys.ts";
import { openThroughGate } from "../../../workers/protocols/gate.ts";
import type { GateHooks, GateResult } from "../../../workers/protocols/gate.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { answerMask } from "../../../workers/sharing/prss.ts";
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

/** A sealed run: what each participant ends with, and the mask keys that each has stored for the recipients. */
export async function settleSealed(
  world: World,
  participants: readonly PartyIndex[],
  example: GateCase,
  options: RunOptions = {},
) {
  const stored = new Map<PartyIndex, MaskKeys>();
  const hooksOf = (party: PartyIndex): GateHooks => ({ ...noHooks, seal: (keys) => void stored.set(party, keys) });
  return { ...(await settleGate(world, participants, example, options, hooksOf)), stored };
}

/** What a recipient reads who is given keys by these participants only. */
export function unseal(
  { field }: World,
  result: GateResult,
  stored: ReadonlyMap<PartyIndex, MaskKeys>,
  givers: readonly PartyIndex[],
): GateResult {
  if (result.refused) return result;
  const { hidden, outputs, maskKeyHashes } = result;
  assert(maskKeyHashes !== undefined, "a sealed answer names its keys");
  const given = givers.flatMap((party) => stored.get(party)?.own ?? []);
  const keys = maskKeyHashes.map((hash) => given.find((key) => maskKeyHash(key) === hash));
  assert(
    keys.every((key) => key !== undefined),
    "every key has a giver",
  );
  const opened = field.sub(field.fromIntegers(outputs), answerMask(field, keys, outputs.length));
  return { refused: false, hidden, outputs: field.toResidues(opened) };
}
