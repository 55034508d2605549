/**
 * Up to t lying workers, at every step of a choice of lines: each honest participant ends with the right choice or with an
 * error, and no bit of an interval opens after a lie that comes before it.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import type { ChosenLines } from "../../../workers/protocols/chooseLines.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { checkEveryStep } from "./lieTrial.ts";
import type { LieTrial } from "./lieTrial.ts";
import type { LineCase } from "./lineCase.ts";
import { lineProgram, workedChoice, workedLines, workedOpenings } from "./lineCase.ts";
import { addTo, assertNeverSent, assertRejected, flipBit, onFrames } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { World } from "./world.ts";

const choice: LieTrial<ChosenLines> = {
  name: "lines",
  run: runOf(workedLines()),
  expected: workedChoice,
  openings: workedOpenings,
};
const refusal: LieTrial<ChosenLines> = {
  name: "lines, refused",
  run: runOf(workedLines({ cohort: 2 })),
  expected: { refused: true },
  openings: ["cohort"],
};

function runOf(example: LineCase): LieTrial<ChosenLines>["run"] {
  return (world, participants, _, options) => world.run(participants, lineProgram(world, example), options);
}

for (const size of committees) {
  describe(`a lie at any step of a choice of lines, ${sizeName(size)}`, () => {
    // The steps are the same in every committee.
    const isThorough = size.n === 3;
    const most = isThorough ? budget.alteredLines : budget.fewAlteredLines;

    it("makes every honest participant reject, or changes nothing", async () => {
      await checkEveryStep(choice, size, most);
    });

    it("makes every honest participant reject, or refuse as it must", async () => {
      await checkEveryStep(refusal, size, budget.alteredRefusals);
    });
  });

  // Elsewhere it would be a smaller committee's protocol, with others standing by.
  if (size.n !== 2 * size.t + 1) continue;

  describe(`an attack on the choice of lines by name, ${sizeName(size)}`, () => {
    const participants = partiesOf(2 * size.t + 1);
    const liar = participants.at(-1) as PartyIndex;
    const shift = (step: string): Tamper => onFrames({ step, from: liar }, (payload) => addTo(field, payload, 1n));

    it("a product is shifted before the first bit: none opens", async () => {
      for (const step of ["products/1/collect", "sums/collect", "gate/pairs/collect", "gate/bits/collect"]) {
        const { outcomes, frames } = await run(shift(step));
        for (const outcome of outcomes.slice(0, -1)) assertRejected(outcome, "PROTOCOL_PRODUCTS_WRONG");
        assertNeverSent(frames, workedOpenings);
      }
    });

    it("a product of an output is shifted, after others were verified: no interval of it is told", async () => {
      for (const output of [0, 1]) {
        for (const product of ["pairs", "tree/1", "bits"]) {
          const { outcomes, frames } = await run(shift(`output/${output}/${product}/collect`));
          for (const outcome of outcomes.slice(0, -1)) assertRejected(outcome, "PROTOCOL_PRODUCTS_WRONG");
          assertNeverSent(frames, [...from(`output/${output}/`), ...from(`output/${output + 1}/`)]);
        }
      }
    });

    it("a share of an output's bit is shifted: all honest notice, and nothing opens after it", async () => {
      for (const step of from("output/")) {
        const { outcomes, frames } = await run(shift(step));
        for (const outcome of outcomes.slice(0, -1)) {
          const { detail } = assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING");
          assert.deepEqual(detail, { code: "PROTOCOL_INCONSISTENT_OPENING", step, parties: participants });
        }
        assertNeverSent(ofHonest(frames), workedOpenings.slice(workedOpenings.indexOf(step) + 1));
      }
    });

    it("another history is claimed before an output's bits: the claimant is named, and none of them is sent", async () => {
      for (const output of [0, 1]) {
        const step = `output/${output}/ready`;
        const { outcomes, frames } = await run(onFrames({ step, from: liar }, (payload) => flipBit(payload, 0)));
        for (const outcome of outcomes.slice(0, -1)) {
          const { detail } = assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
          assert.deepEqual(detail, { code: "PROTOCOL_TRANSCRIPT_MISMATCH", step, parties: [liar] });
        }
        assertNeverSent(ofHonest(frames), [...from(`output/${output}/`), ...from(`output/${output + 1}/`)]);
      }
    });

    it("an interval is told otherwise to one participant: it stops, and nobody comes to another choice", async () => {
      for (const [turn, step] of from("output/").entries()) {
        const others = participants.slice(0, -1);
        const victims = budget.deep ? others : [others[turn % others.length] as PartyIndex];
        for (const victim of victims) {
          const tamper = onFrames({ step, from: liar, to: victim }, (payload) => addTo(field, payload, 5n));
          const { outcomes, frames } = await run(tamper);
          assertRejected(outcomes[participants.indexOf(victim)], "PROTOCOL_INCONSISTENT_OPENING");
          for (const outcome of outcomes) {
            if (outcome.status === "fulfilled") assert.deepEqual(outcome.value, workedChoice);
            else assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING", "NETWORK_ABORTED");
          }
          const isLast = step === workedOpenings.at(-1);
          assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, isLast ? 2 * size.t : 0);
          assertNeverSent(frames, workedOpenings.slice(workedOpenings.indexOf(step) + 2));
        }
      }
    });

    function run(tamper: Tamper, example = workedLines()) {
      const world = new World(size, "malicious lines");
      return world.run(participants, lineProgram(world, example), { tamper });
    }

    function ofHonest<Frame extends { readonly from: PartyIndex }>(frames: readonly Frame[]): Frame[] {
      return frames.filter((frame) => frame.from !== liar);
    }
  });
}

/** Of the bits that open. */
function from(prefix: string): string[] {
  return workedOpenings.filter((step) => step.startsWith(prefix));
}
