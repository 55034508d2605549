import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { budget } from "../../budget.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import { sizeName } from "../sharing/committees.ts";
import { decideClear, randomGateCase } from "./gateCase.ts";
import { runGate } from "./gateRuns.ts";
import { World } from "./world.ts";

for (const size of [
  { n: 3, t: 1 },
  { n: 4, t: 1 },
  { n: 5, t: 2 },
]) {
  describe(`openThroughGate, ${sizeName(size)}`, () => {
    it("decides and opens as over plain numbers", async () => {
      const choices = subsets(partiesOf(size.n), 2 * size.t + 1);
      const seen = { refused: 0, hidden: 0, shown: 0, lines: 0 };
      const property = fc.asyncProperty(
        randomGateCase,
        fc.constantFrom(...choices),
        fc.string(),
        async (example, participants, seed) => {
          const { values, traces } = await runGate(new World(size, seed), participants, example);
          const expected = decideClear(example);
          for (const result of values) assert.deepEqual(result, expected);
          if (expected.refused) seen.refused++;
          else if (expected.hidden.length > 0) seen.hidden++;
          else seen.shown++;
          if (traces[0]?.some(({ step }) => step.startsWith("lines/"))) seen.lines++;
        },
      );
      await fc.assert(property, { numRuns: budget.protocolRuns });
      console.log(seen);
    });
  });
}
