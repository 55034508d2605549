/**
 * For a field that keeps its vectors in memory of its own: it must give back what is released, at once, however it was
 * released. One loop makes more elements than 32-bit addresses reach, without a pause in which a collector could run.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field } from "../../../workers/field/field.ts";
import { wordsOf } from "./bigintModel.ts";

/** 5 GB of elements of 40 bytes. */
const ELEMENTS = 125_000_000;
const LENGTH = 250_001;
export function recyclingSuite(name: string, field: Field): void {
  function repeat(make: () => void): void {
    const kept = field.fromIntegers([1n, 2n, 3n]);
    for (let made = 0; made < ELEMENTS; made += LENGTH) make();
    assert.deepEqual(field.toResidues(kept), [1n, 2n, 3n]);
    field.release(kept);
  }

  describe(`${name} gives memory back`, () => {
    it("by release", () => repeat(() => field.release(field.zeros(LENGTH))));

    it("at the end of a scope", () =>
      repeat(() => {
        field.scope(() => field.sum(field.zeros(LENGTH)));
      }));

    it("at the end of a scope that throws", () =>
      repeat(() => {
        assert.throws(() => field.scope(() => field.view(field.zeros(LENGTH), 1, 0)), { code: "ERR_ASSERTION" });
      }));

    it("when the last view of a vector goes", () =>
      repeat(() => {
        const whole = field.zeros(LENGTH);
        const view = field.view(whole, 1, 2);
        field.release(whole);
        field.release(view);
      }));

    it("when the vector goes after its views", () =>
      repeat(() => {
        const whole = field.zeros(LENGTH);
        field.release(field.view(whole, 1, LENGTH));
        field.release(whole);
      }));

    it("when lengths differ each time", () => {
      let length = 1;
      repeat(() => {
        length = (length * 31 + 7) % LENGTH;
        const [first, second] = [field.zeros(length), field.zeros(LENGTH - length)];
        field.release(first);
        field.release(second);
      });
    });

    it("when words are refused", () => {
      const words = Buffer.alloc(LENGTH * 32, wordsOf([1n]));
      words.set(wordsOf([field.modulus]), words.length - 32);
      repeat(() => {
        assert.throws(() => field.fromWords(words), { code: "FIELD_NOT_CANONICAL" });
      });
    });
  });
}
