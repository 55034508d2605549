import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { alignRows, equalAnswers, equalCells } from "../../scripts/demo/compareAnswers.ts";

describe("equalCells", () => {
  it("wants counts exact, even large ones", () => {
    assert.equal(equalCells(10 ** 14, 10 ** 14), true);
    assert.equal(equalCells(10 ** 14, 10 ** 14 + 1), false);
  });

  it("lets other numbers differ by rounding only", () => {
    assert.equal(equalCells(0.1 + 0.2, 0.3), true);
    assert.equal(equalCells(0.3, 0.3 * (1 + 2e-12)), false);
  });

  it("never takes a missing value for a number or a text", () => {
    assert.equal(equalCells(null, 0), false);
    assert.equal(equalCells("1", 1), false);
    assert.equal(equalCells(null, null), true);
  });
});

describe("alignRows", () => {
  it("puts the clear rows in the answer's order, by their keys", () => {
    const clear = [
      ["A", 1],
      ["B", 2],
    ];
    const answer = [
      ["B", 2],
      ["A", 1],
    ];
    assert.deepEqual(alignRows(answer, clear, [0]), answer);
  });

  it("keeps a row that has no partner, so that the answers are unequal", () => {
    const aligned = alignRows(
      [["A", 1]],
      [
        ["C", 5],
        ["A", 1],
      ],
      [0],
    );
    assert.deepEqual(aligned, [
      ["A", 1],
      ["C", 5],
    ]);
    assert.equal(equalAnswers([["A", 1]], aligned), false);
  });
});
