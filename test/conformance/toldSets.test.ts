import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { toldSets } from "./judge/toldSets.ts";

const column = (...values: readonly (number | string)[]): string[][] => values.map((value) => [String(value)]);
const product = (left: readonly string[], right: readonly string[]): string[][] =>
  left.flatMap((a) => right.map((b) => [a, b]));

describe("counts that follow from sums", () => {
  it("are those of two values from a sum, of three from its squares too, and of no more", () => {
    assert.deepEqual(toldSets(column(0, 1), false), [[0], [1]]);
    assert.deepEqual(toldSets(column("-2.5", 7), false), [[0], [1]]);
    assert.deepEqual(toldSets(column(0, 1, 2), false), []);
    assert.deepEqual(toldSets(column(0, 1, 5), true), [[0], [1], [2]]);
    assert.deepEqual(toldSets(column(0, 1, 5, 9), true), []);
    assert.deepEqual(toldSets(column(7), true), []);
  });

  it("are of pairs of four values that are symmetric", () => {
    assert.deepEqual(toldSets(column(1, 2, 3, 4), true), [
      [1, 2],
      [0, 3],
    ]);
  });

  it("are of each pair of values from products, and only of each value without", () => {
    const points = product(["0", "1"], ["0", "1"]);
    assert.deepEqual(toldSets(points, true), [[0], [1], [2], [3]]);
    assert.deepEqual(toldSets(points, false), [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
    ]);
  });

  it("are not looked for among too many points", () => {
    assert.throws(() => toldSets(product(["0", "1", "2", "3"], ["0", "1", "2", "3", "4"]), true), /at most of 16/);
  });
});
