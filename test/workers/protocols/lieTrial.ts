/**
 * Up to t lying workers at every step of a protocol that opens bits or sums: each honest participant ends with what it must
 * or with an error, and no share of what opens after a lie is sent.
 */
import assert from "node:assert/strict";

import { isCoded } from "../../../workers/errors.ts";
import { MASK_KEYS_STEP } from "../../../workers/protocols/agreeMaskKeys.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { sizeName } from "../sharing/committees.ts";
import { enumerate, hasEffect, spread, tamperWith } from "./alterations.ts";
import type { Alteration } from "./alterations.ts";
import { World } from "./world.ts";
import type { RunOptions, RunResult } from "./world.ts";

/** A protocol, and what it comes to where nobody lies. */
export interface LieTrial<Value> {
  /** Of its own: seeds are made of it. */
  readonly name: string;
  /** At every participant. */
  readonly expected: Value;
  /** Steps of an honest run that open what is neither masked nor random, in order; nothing is compared after the last. */
  readonly openings: readonly string[];
  run(
    world: World,
    participants: readonly PartyIndex[],
    honest: readonly PartyIndex[],
    options: RunOptions,
  ): Promise<Pick<RunResult<Value>, "outcomes" | "frames">>;
}

/** Whether a step opens what is neither masked nor random: any that is no key, hash, reduction or verification. */
export function isOpening(step: string): boolean {
  return !/^keys\/|(^|\/)verify\/|\/(collect|return|ready)$/.test(step) && step !== MASK_KEYS_STEP;
}

/**
 * All lies, or as many as `most`: at each opening, and of the other steps as many as there is room for.
 *
 * @returns the steps of an honest run
 */
export async function checkEveryStep<Value>(
  trial: LieTrial<Value>,
  size: CommitteeSize,
  most: number,
): Promise<readonly string[]> {
  const { expected, openings } = trial;
  const seed = `${trial.name}, ${sizeName(size)}`;
  const choices = subsets(partiesOf(size.n), 2 * size.t + 1);
  const participants = choices[0] as PartyIndex[];
  const { outcomes, frames } = await trial.run(new World(size, "honest"), participants, participants, {});
  for (const outcome of outcomes) assert.deepEqual(outcome, { status: "fulfilled", value: expected });
  const steps = [...new Set(frames.map(({ step }) => step))];
  assert.deepEqual(steps.filter(isOpening), openings);
  const sample = spread(enumerate(frames, participants, size.t), seed, isOpening).slice(0, most);
  const tried = new Set(sample.map(({ step }) => step));
  assert.equal(tried.size, Math.min(most, steps.length), "every step is lied at, or as many as there are lies");
  for (const opening of openings) assert(tried.has(opening), `nobody lies at ${opening}`);
  for (const [number, alteration] of sample.entries()) {
    const chosen = choices[number % choices.length] as PartyIndex[];
    await checkAlteration(trial, new World(size, `${seed}, ${number}`), chosen, steps, alteration);
  }
  return steps;
}

async function checkAlteration<Value>(
  trial: LieTrial<Value>,
  world: World,
  participants: readonly PartyIndex[],
  steps: readonly string[],
  alteration: Alteration,
): Promise<void> {
  const { step } = alteration;
  const liars = alteration.liars.map((position) => participants[position] as PartyIndex);
  const honest = participants.filter((party) => !liars.includes(party));
  const altered: LoopbackFrame[] = [];
  const tamper = tamperWith(alteration, liars, honest, world.seed, altered);
  const { outcomes, frames } = await trial.run(world, participants, honest, { tamper });
  const context = `participants ${participants.join()}, liars ${liars.join()}, ${JSON.stringify(alteration)}, ${String(world)}`;
  assert(altered.length > 0, `nothing was altered: ${context}`);
  const rejecting = honest.filter((party) => {
    const outcome = outcomes[participants.indexOf(party)];
    if (outcome?.status === "fulfilled") assert.deepEqual(outcome.value, trial.expected, `wrong: ${context}`);
    else assert(isCoded(outcome?.reason), `${String(outcome?.reason)}: ${context}`);
    return outcome?.status === "rejected";
  });
  if (step === trial.openings.at(-1)) {
    const deceived = honest.filter((party) => altered.some(({ to }) => to === party));
    assert.deepEqual(rejecting, deceived, context);
  } else if (!hasEffect(altered, step, participants)) {
    assert.deepEqual(rejecting, [], `rejected for no reason: ${context}`);
    return;
  } else assert.deepEqual(rejecting, honest, `accepted: ${context}`);
  const sent = frames.filter(({ from }) => honest.includes(from));
  assertNothingFollows(sent, steps, alteration, context);
}

/**
 * Honest participants send no share of what opens after the lie. Where only one of them was lied to, the others may send
 * what comes next at once, as it takes no other exchange with it; never outputs, as a comparison comes before them.
 */
function assertNothingFollows(
  sent: readonly LoopbackFrame[],
  steps: readonly string[],
  { step, target }: Alteration,
  context: string,
): void {
  const at = steps.indexOf(step);
  const allowed = steps.slice(0, target === "one receiver" ? at + 2 : at + 1);
  const wrong = sent.find((frame) => isOpening(frame.step) && !allowed.includes(frame.step));
  assert(wrong === undefined, `${wrong?.step} was sent: ${context}`);
}
