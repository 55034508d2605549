/** The choice of lines against the same choice over plain numbers: what it says, what it costs, and what it never opens. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { sizeName } from "../sharing/committees.ts";
import { isOpening } from "./lieTrial.ts";
import {
  decideLines,
  lineCase,
  lineProgram,
  randomLineCase,
  workedChoice,
  workedLines,
  workedOpenings,
} from "./lineCase.ts";
import type { LineCase } from "./lineCase.ts";
import { World } from "./world.ts";

const WORD = 32;

for (const size of [
  { n: 3, t: 1 },
  { n: 4, t: 1 },
  { n: 5, t: 2 },
]) {
  const participants = partiesOf(2 * size.t + 1);
  const run = (seed: string, example: LineCase) => {
    const world = new World(size, seed);
    return world.runAll(participants, lineProgram(world, example));
  };

  describe(`chooseLines, ${sizeName(size)}`, () => {
    it("chooses as over plain numbers, whoever takes part", async () => {
      const choices = subsets(partiesOf(size.n), 2 * size.t + 1);
      const property = fc.asyncProperty(
        randomLineCase,
        fc.constantFrom(...choices),
        fc.string(),
        async (example, chosen, seed) => {
          const world = new World(size, seed);
          const { values } = await world.runAll(chosen, lineProgram(world, example));
          const expected = decideLines(example);
          for (const value of values) assert.deepEqual(value, expected);
        },
      );
      await fc.assert(property, { numRuns: budget.protocolRuns });
    });

    it("opens a bit per interval that it tries, in order, and no other", async () => {
      const { values, traces } = await run("worked", workedLines());
      assert.deepEqual(decideLines(workedLines()), workedChoice);
      for (const value of values) assert.deepEqual(value, workedChoice);
      const bits = (step: string): number => (step === "groups" ? 3 : 1);
      const expected = workedOpenings.map((step) => ({ step, bytesSent: 2 * size.t * WORD * bits(step) }));
      for (const trace of traces) {
        assert.deepEqual(
          trace.filter(({ step }) => isOpening(step)),
          expected,
        );
      }
    });

    it("refuses a cohort of few before anything else opens", async () => {
      for (const cohort of [0, 1, 2]) {
        const { values, frames } = await run("refused", workedLines({ cohort }));
        for (const value of values) assert.deepEqual(value, { refused: true });
        assert.equal(frames.at(-1)?.step, "cohort");
        assert.ok(frames.every(({ step }) => step === "cohort" || !isOpening(step)));
      }
    });

    it("tries no interval where every slice counts few rows over all lines", async () => {
      const counts = [[[1, 1, 0], [0, 2, 0]]]; // prettier-ignore
      const few = lineCase({ tables: [{ counts, last: 2, zero: "fails" }], starts: [[0, 1, 2]] });
      const { values, frames } = await run("few", few);
      for (const value of values) assert.deepEqual(value, { refused: false, merges: [[0]] });
      assert.ok(frames.every(({ step }) => !step.startsWith("output/")));
    });

    it("sends the same frames, in order and size, for opposite secrets of which the same is chosen", async () => {
      const opposite = await Promise.all(
        [workedLines(), workedLines({ more: 400, cohort: 3 })].map((example) => run("traffic", example)),
      );
      const [one, other] = opposite.map(({ values, frames }) => {
        for (const value of values) assert.deepEqual(value, workedChoice);
        return frames.map(frameName);
      });
      assert.deepEqual(one, other);
    });
  });
}

describe("the choice of lines", () => {
  it("says who refuses in the same words, whatever is refused", async () => {
    const logs = [workedLines({ cohort: 0 }), workedLines({ cohort: 2, more: 7 })].map(async (example) => {
      const world = new World({ n: 3, t: 1 }, "refusals");
      return (await world.runAll(partiesOf(3), lineProgram(world, example))).frames.map(frameName);
    });
    const [one, other] = await Promise.all(logs);
    assert.deepEqual(one, other);
  });

  it("records at every participant that it is about to open, once, before anyone sends a share of a bit", async () => {
    const world = new World({ n: 3, t: 1 }, "records");
    const events: string[] = [];
    const program = lineProgram(world, workedLines(), (party) => ({
      aboutToOpen: ({ stage }) => void events.push(`${stage} ${party}`),
    }));
    await world.runAll(partiesOf(3), program, {
      tamper: ({ step, payload }) => {
        if (isOpening(step)) assert.equal(events.length, 3);
        return payload;
      },
    });
    assert.deepEqual(events.toSorted(), ["tests 1", "tests 2", "tests 3"]);
  });
});

function frameName({ step, from, to, payload }: LoopbackFrame): string {
  return `${step} ${from}->${to} ${payload.length}`;
}
