/** Which lies a sample of all holds. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { spread } from "./alterations.ts";
import type { Alteration } from "./alterations.ts";

/** As many lies at each of these steps. */
function liesAt(steps: readonly string[], each: number): Alteration[][] {
  return steps.map((step) =>
    Array.from({ length: each }, (_, liar) => {
      return { liars: [liar], step, offset: "1", target: "all receivers", extent: "all elements" };
    }),
  );
}

const STEPS = Array.from({ length: 30 }, (_, index) => `step ${index}`);
const late = ["step 25", "step 29"];
const isLate = (step: string): boolean => late.includes(step);
const stepsOf = (sample: readonly Alteration[]): Set<string> => new Set(sample.map(({ step }) => step));

describe("spread", () => {
  it("orders all of them, so that any beginning has nearly as many of each step", () => {
    const lies = liesAt(STEPS, 4);
    const all = spread(lies, "all");
    assert.deepEqual(new Set(all), new Set(lies.flat()));
    for (const length of [30, 60, 90, 120]) {
      const counts = STEPS.map((step) => all.slice(0, length).filter((lie) => lie.step === step).length);
      assert.deepEqual(new Set(counts), new Set([length / 30]));
    }
  });

  it("draws other steps, and other lies at one, with another seed, and the same with the same", () => {
    const beginnings = ["one", "two", "one"].map((seed) => spread(liesAt(STEPS, 4), seed).slice(0, 10));
    assert.deepEqual(beginnings[0], beginnings[2]);
    assert.notDeepEqual(stepsOf(beginnings[0]!), stepsOf(beginnings[1]!));
    const several = Array.from({ length: 60 }, (_, seed) => spread(liesAt(STEPS, 4), `${seed}`));
    const reached = new Set(several.slice(0, 12).flatMap((each) => [...stepsOf(each.slice(0, 10))]));
    assert.ok(reached.size > 25, `twelve samples of 10 reach ${reached.size} of 30 steps`);
    assert.equal(new Set(several.map((each) => each.find(({ step }) => step === "step 0")!.liars[0])).size, 4);
  });

  it("has the steps that are named first in every beginning that is as long as they are many", () => {
    for (const seed of ["one", "two", "three"]) {
      const sample = spread(liesAt(STEPS, 4), seed, isLate);
      assert.deepEqual(stepsOf(sample.slice(0, 2)), new Set(late));
      assert.equal(stepsOf(sample.slice(0, 30)).size, 30);
    }
  });
});
