/**
 * Up to t lying workers, at every step of a gated run: each honest participant ends with the right decisions and outputs
 * or with an error, and no bit, let alone an output, opens after a lie that comes before it.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import { MASK_KEYS_STEP } from "../../../workers/protocols/agreeMaskKeys.ts";
import type { GateResult } from "../../../workers/protocols/gate.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { workedDecision, workedGate } from "./gateCase.ts";
import { settleGate, settleSealed, unseal } from "./gateRuns.ts";
import { checkEveryStep } from "./lieTrial.ts";
import type { LieTrial } from "./lieTrial.ts";
import { addTo, assertNeverSent, assertRejected, flipBit, onFrames, sentOutputs } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { World } from "./world.ts";
import type { RunOptions, RunResult } from "./world.ts";

const example = workedGate();
/** Steps that open what is neither masked nor random. */
const openings = ["cohort", "zeros", "groups", "lines/1/open", "lines/2/open", "outputs"];

for (const size of committees) {
  describe(`a lie at any step of the gate, ${sizeName(size)}`, () => {
    for (const release of ["public", "sealed"] as const)
      it(`makes every honest participant reject, or changes nothing: ${release}`, async () => {
        // With more workers as many take part: it is the smaller committee's protocol, with others standing by.
        const isSmallest = size.n === 2 * size.t + 1;
        const most = isSmallest ? budget.alteredGates : budget.fewAlteredGates;
        const steps = await checkEveryStep(gateTrial(release), size, most);
        assert.equal(steps.includes(MASK_KEYS_STEP), release === "sealed");
      });
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

function gateTrial(release: Release): LieTrial<GateResult> {
  return {
    name: `gate, ${release}`,
    expected: workedDecision,
    openings,
    run: (world, participants, honest, options) => runAs(release, world, participants, honest, options),
  };
}

/** Of a sealed answer, what a recipient reads who is given the keys of honest participants only. */
async function runAs(
  release: Release,
  world: World,
  participants: readonly PartyIndex[],
  honest: readonly PartyIndex[],
  options: RunOptions,
): Promise<Pick<RunResult<GateResult>, "outcomes" | "frames">> {
  if (release === "public") return settleGate(world, participants, example, options);
  const { outcomes, frames, stored } = await settleSealed(world, participants, example, options);
  const read = outcomes.map((outcome) =>
    outcome.status === "fulfilled" ? { ...outcome, value: unseal(world, outcome.value, stored, honest) } : outcome,
  );
  return { outcomes: read, frames };
}

function run(size: CommitteeSize, participants: readonly PartyIndex[], options: RunOptions) {
  return settleGate(new World(size, "malicious gate"), participants, example, options);
}
