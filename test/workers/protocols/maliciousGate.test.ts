/**
 * Up to t lying workers, at every step of a gated run: each honest participant ends with the right decisions and outputs
 * or with an error, and no bit, let alone an output, opens after a lie that comes before it.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import { MASK_KEYS_STEP } from "../../../workers/protocols/agreeMaskKeys.ts";
import type { GateResult } from "../../../workers/protocols/gate.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { enumerate, hasEffect, spread, tamperWith } from "./alterations.ts";
import type { Alteration } from "./alterations.ts";
import { workedDecision, workedGate } from "./gateCase.ts";
import { settleGate, settleSealed, unseal } from "./gateRuns.ts";
import { addTo, assertRejected, flipBit, onFrames, sentOutputs } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { World } from "./world.ts";

const example = workedGate();
/** Steps that open what is neither masked nor random. */
const openings = ["cohort", "zeros", "groups", "lines/1/open", "lines/2/open", "outputs"];

for (const size of committees) {
  describe(`a lie at any step of the gate, ${sizeName(size)}`, () => {
    for (const release of ["public", "sealed"] as const)
      it(`makes every honest participant reject, or changes nothing: ${release}`, () => checkEveryStep(size, release));
  });

  describe(`a lie about a mask key, ${sizeName(size)}`, () => {
    it("stops everyone before the outputs, names the subset, and leaves no key behind", async () => {
      const participants = partiesOf(2 * size.t + 1);
      const liar = participants[0] as PartyIndex;
      const tamper = onFrames({ step: MASK_KEYS_STEP, from: liar }, (payload) => flipBit(payload, 0));
      const { outcomes, frames, stored } = await settleSealed(new World(size, "keys"), participants, example, {
        tamper,
      });
      const members = participants.slice(0, size.t + 1);
      for (const outcome of outcomes.slice(1)) {
        const { detail } = assertRejected(outcome, "PROTOCOL_KEY_MISMATCH");
        const groups = [[liar], members.slice(1)];
        const found = detail as unknown as { subset: string; parties: number[]; groups: number[][] };
        assert.deepEqual([found.subset, found.parties], [members.join(","), members]);
        assert.deepEqual(
          found.groups.toSorted(([a], [b]) => a! - b!),
          groups,
        );
      }
      assert.deepEqual(
        [...stored.keys()].filter((party) => party !== liar),
        [],
      );
      assertNeverSent(
        frames.filter(({ from }) => from !== liar),
        ["outputs/ready", "outputs"],
      );
    });
  });

  describe(`an attack on the gate by name, ${sizeName(size)}`, () => {
    const participants = partiesOf(2 * size.t + 1);
    const liar = participants.at(-1) as PartyIndex;
    const shift = (step: string): Tamper => onFrames({ step, from: liar }, (payload) => addTo(field, payload, 1n));

    it("a size is shifted to pass, in its row product or its sum: no bit opens", async () => {
      for (const step of ["products/1/collect", "sums/collect"]) {
        const { outcomes, frames } = await run(size, participants, { tamper: shift(step) });
        assertAllReject(outcomes, "PROTOCOL_PRODUCTS_WRONG");
        assertNeverSent(frames, openings);
      }
    });

    it("a product of the gate is shifted: no bit opens", async () => {
      for (const step of ["gate/pairs/collect", "gate/tree/1/collect", "gate/bits/collect"]) {
        const { outcomes, frames } = await run(size, participants, { tamper: shift(step) });
        assertAllReject(outcomes, "PROTOCOL_PRODUCTS_WRONG");
        assertNeverSent(frames, openings);
      }
    });

    it("a share of a bit is shifted: all honest notice, and nothing opens after it", async () => {
      for (const [index, step] of openings.slice(0, -1).entries()) {
        const { outcomes, frames } = await run(size, participants, { tamper: shift(step) });
        for (const outcome of outcomes.slice(0, -1)) {
          const { detail } = assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING");
          assert.deepEqual(detail, { code: "PROTOCOL_INCONSISTENT_OPENING", step, parties: participants });
        }
        const after = openings.slice(index + 1);
        assertNeverSent(
          frames.filter(({ from }) => from !== liar),
          after,
        );
      }
    });

    it("a product of a line is shifted, after others were verified: it is verified again, and its bit does not open", async () => {
      for (const turn of [1, 2]) {
        for (const product of ["pairs", "bits"]) {
          // There is one product, which the last participant collects: the first one lies about it.
          const step = `lines/${turn}/${product}/collect`;
          const tamper = onFrames({ step, from: participants[0] as PartyIndex }, (payload) => {
            return addTo(field, payload, 1n);
          });
          const { outcomes, frames } = await run(size, participants, { tamper });
          for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_PRODUCTS_WRONG");
          assertNeverSent(frames, [`lines/${turn}/open`, "outputs"]);
        }
      }
    });

    it("a decision is told otherwise to one participant: it stops, and so does everyone before the outputs", async () => {
      for (const step of openings.slice(0, -1)) {
        for (const victim of participants.slice(0, -1)) {
          const tamper = onFrames({ step, from: liar, to: victim }, (payload) => addTo(field, payload, 5n));
          const { outcomes, frames } = await run(size, participants, { tamper });
          assertAllReject(outcomes, "PROTOCOL_INCONSISTENT_OPENING");
          assertRejected(outcomes[participants.indexOf(victim)], "PROTOCOL_INCONSISTENT_OPENING");
          assert(!sentOutputs(frames, participants));
        }
      }
    });

    it("another history of decisions is claimed: the claimant is named, and what was to follow is not sent", async () => {
      for (const [ready, next] of [
        ["tests/ready", "cohort"],
        ["lines/1/ready", "lines/1/open"],
        ["lines/2/verify/weights/ready", "lines/2/open"],
        ["outputs/ready", "outputs"],
      ] as const) {
        const tamper = onFrames({ step: ready, from: liar }, (payload) => flipBit(payload, 0));
        const { outcomes, frames } = await run(size, participants, { tamper });
        for (const outcome of outcomes.slice(0, -1)) {
          const { detail } = assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
          assert.deepEqual(detail, { code: "PROTOCOL_TRANSCRIPT_MISMATCH", step: ready, parties: [liar] });
        }
        assertNeverSent(
          frames.filter(({ from }) => from !== liar),
          [next],
        );
      }
    });

    it("a refusal cannot be undone or made up", async () => {
      const refused = workedGate({ cohortSize: 2 });
      for (const tamper of [shift("cohort"), shift("gate/bits/collect"), shift("verify/last/open")]) {
        const { outcomes, frames } = await settleGate(new World(size, "refused"), participants, refused, { tamper });
        assertAllReject(outcomes);
        assertNeverSent(frames, openings.slice(1));
      }
    });

    function assertAllReject(outcomes: readonly PromiseSettledResult<unknown>[], ...codes: readonly string[]): void {
      const found = outcomes.slice(0, -1).map((outcome) => assertRejected(outcome).code);
      if (codes.length > 0)
        assert(
          found.some((code) => codes.includes(code)),
          found.join(),
        );
    }
  });
}

type Release = "public" | "sealed";

async function checkEveryStep(size: CommitteeSize, release: Release): Promise<void> {
  const choices = subsets(partiesOf(size.n), 2 * size.t + 1);
  const participants = choices[0] as PartyIndex[];
  const { outcomes, frames } = await runAs(release, size, participants, {}, "honest", participants);
  for (const outcome of outcomes) assert.deepEqual(outcome, { status: "fulfilled", value: workedDecision });
  const steps = [...new Set(frames.map(({ step }) => step))];
  for (const opening of openings) assert(steps.includes(opening), `no step ${opening} in the trace`);
  assert.equal(steps.includes(MASK_KEYS_STEP), release === "sealed");
  const seed = `gate, ${release}, ${sizeName(size)}`;
  // With more workers as many take part: it is the smaller committee's protocol, with others standing by.
  const isSmallest = size.n === 2 * size.t + 1;
  const count = isSmallest ? budget.alteredGates : budget.fewAlteredGates;
  const isOpening = (step: string): boolean => openings.includes(step);
  const sample = spread(enumerate(frames, participants, size.t), seed, isOpening).slice(0, count);
  const tried = new Set(sample.map(({ step }) => step));
  assert.equal(tried.size, Math.min(count, steps.length), "every step is lied at, or as many as there are lies");
  for (const opening of openings) assert(tried.has(opening), `nobody lies at ${opening}`);
  for (const [number, alteration] of sample.entries()) {
    const chosen = choices[number % choices.length] as PartyIndex[];
    await checkAlteration(release, size, chosen, steps, alteration, `${seed}, ${number}`);
  }
}

async function checkAlteration(
  release: Release,
  size: CommitteeSize,
  participants: readonly PartyIndex[],
  steps: readonly string[],
  alteration: Alteration,
  seed: string,
): Promise<void> {
  const { step, target } = alteration;
  const liars = alteration.liars.map((position) => participants[position] as PartyIndex);
  const honest = participants.filter((party) => !liars.includes(party));
  const altered: LoopbackFrame[] = [];
  const tamper = tamperWith(alteration, liars, honest, seed, altered);
  const { outcomes, frames } = await runAs(release, size, participants, { tamper }, seed, honest);
  const context = `participants ${participants.join()}, liars ${liars.join()}, ${JSON.stringify(alteration)}, seed ${seed}`;
  assert(altered.length > 0, `nothing was altered: ${context}`);
  const rejecting = honest.filter((party) => {
    const outcome = outcomes[participants.indexOf(party)];
    if (outcome?.status === "fulfilled") assert.deepEqual(outcome.value, workedDecision, `wrong: ${context}`);
    else assert(isCoded(outcome?.reason), `${String(outcome?.reason)}: ${context}`);
    return outcome?.status === "rejected";
  });
  if (step === "outputs") {
    const deceived = honest.filter((party) => altered.some(({ to }) => to === party));
    assert.deepEqual(rejecting, deceived, context);
  } else if (!hasEffect(altered, step, participants)) {
    assert.deepEqual(rejecting, [], `rejected for no reason: ${context}`);
  } else {
    assert.deepEqual(rejecting, honest, `accepted: ${context}`);
    assertNothingFollows(frames, honest, openings, steps, step, target, context);
  }
}

/**
 * Honest participants send no share of what opens after the lie. Where only one of them was lied to, the others may send
 * what follows without another exchange with it, which is never outputs but after the last comparison.
 */
function assertNothingFollows(
  frames: readonly LoopbackFrame[],
  honest: readonly PartyIndex[],
  all: readonly string[],
  steps: readonly string[],
  step: string,
  target: Alteration["target"],
  context: string,
): void {
  const following = all.filter((opening) => steps.indexOf(opening) > steps.indexOf(step));
  const isAhead = target === "one receiver" && (all.includes(step) || steps[steps.indexOf(step) + 1] === following[0]);
  const forbidden = isAhead ? following.slice(1) : following;
  const sent = frames.filter(({ from }) => honest.includes(from));
  assertNeverSent(sent, forbidden, context);
}

function assertNeverSent(frames: readonly LoopbackFrame[], steps: readonly string[], context = ""): void {
  const sent = frames.find(({ step }) => steps.includes(step));
  assert(sent === undefined, `${sent?.step} was sent: ${context}`);
}

interface Lies {
  readonly tamper?: Tamper;
}

/** Of a sealed answer, what a recipient reads who is given the keys of honest participants only. */
async function runAs(
  release: Release,
  size: CommitteeSize,
  participants: readonly PartyIndex[],
  lies: Lies,
  seed: string,
  honest: readonly PartyIndex[],
): Promise<{ outcomes: readonly PromiseSettledResult<GateResult>[]; frames: readonly LoopbackFrame[] }> {
  if (release === "public") return run(size, participants, lies, seed);
  const world = new World(size, seed);
  const { outcomes, frames, stored } = await settleSealed(world, participants, example, lies);
  const read = outcomes.map((outcome) =>
    outcome.status === "fulfilled" ? { ...outcome, value: unseal(world, outcome.value, stored, honest) } : outcome,
  );
  return { outcomes: read, frames };
}

function run(size: CommitteeSize, participants: readonly PartyIndex[], lies: Lies, seed = "malicious gate") {
  return settleGate(new World(size, seed), participants, example, lies);
}
