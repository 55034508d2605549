/** Same cases in every run, unless others are asked for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEFAULT_SEED, chooseSeed, seed } from "./seed.ts";
import { fc } from "./support/fastCheck.ts";

const DRAWN = 12_345;
const choose = (given: string | undefined, deep = false): number => chooseSeed(given, deep, () => DRAWN);

describe("chooseSeed", () => {
  it("takes the fixed one in a normal run, and draws one in a deep run", () => {
    assert.equal(choose(undefined), DEFAULT_SEED);
    assert.equal(choose(""), DEFAULT_SEED);
    assert.equal(choose(undefined, true), DRAWN);
  });

  it("prefers what OPALINE_SEED says to both", () => {
    for (const deep of [false, true]) {
      assert.equal(choose("17", deep), 17);
      assert.equal(choose("0", deep), 0);
      assert.equal(choose("2147483647", deep), 2_147_483_647);
      assert.equal(choose("random", deep), DRAWN);
    }
  });

  it("refuses what is no seed, and says what one is", () => {
    for (const given of ["-1", "2147483648", "1.5", "1e3", "0x11", " 17", "Random", "17,4"]) {
      assert.throws(() => choose(given), {
        message: `OPALINE_SEED=${given}: a whole number from 0 to 2147483647, or the word random, expected`,
      });
    }
  });
});

describe("fast-check", () => {
  const drawn = (): number[] => {
    const numbers: number[] = [];
    fc.assert(fc.property(fc.integer(), (number) => void numbers.push(number)));
    return numbers;
  };

  it("draws the same cases for the run's seed, and others for another", () => {
    assert.equal(fc.readConfigureGlobal().seed, seed);
    const first = drawn();
    assert.deepEqual(drawn(), first);
    assert.deepEqual(fc.sample(fc.integer(), { numRuns: 3, seed }), fc.sample(fc.integer(), 3));
    assert.notDeepEqual(fc.sample(fc.integer(), { numRuns: 3, seed: seed + 1 }), fc.sample(fc.integer(), 3));
  });

  it("names the seed when a property fails", () => {
    assert.throws(
      () => fc.assert(fc.property(fc.integer(), () => false)),
      (error: Error) => error.message.includes(`seed: ${seed},`),
    );
  });
});
