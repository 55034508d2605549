import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { HIDDEN } from "../../workers/statistics/hidden.ts";
import { alignRows, equalAnswers, equalCells, faultsOf } from "../../scripts/demo/compareAnswers.ts";
import type { ExpectedAnswer, Fate } from "../../scripts/demo/expectedDisclosure.ts";

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
  const clear = [
    ["A", 1],
    ["B", 2],
  ];

  it("finds the clear row of each answer's row, by their keys", () => {
    const aligned = alignRows([clear[1]!, ["C", HIDDEN], clear[0]!], clear, [0]);
    assert.deepEqual(aligned, { partners: [clear[1], undefined, clear[0]], missing: [] });
  });

  it("keeps a row that has no partner, so that the answers are unequal", () => {
    const aligned = alignRows([["A", 1]], clear, [0]);
    assert.deepEqual(aligned, { partners: [clear[0]], missing: [clear[1]] });
    assert.equal(equalAnswers([["A", 1]], aligned), false);
  });

  it("pairs a row once: a group given twice is unequal", () => {
    const twice = [...clear, clear[0]!];
    assert.equal(equalAnswers(twice, alignRows(twice, clear, [0])), false);
    assert.equal(equalAnswers(clear, alignRows(clear, clear, [0])), true);
    assert.equal(equalAnswers([["A", HIDDEN], clear[1]!], alignRows(clear, clear, [0])), false);
  });
});

describe("faultsOf", () => {
  const clear = [
    ["A", 40, 0.5],
    ["B", 3, 1],
  ];
  const expect = (a: Fate, aMean: Fate, b: Fate, c: Fate): ExpectedAnswer => ({
    request: "shown",
    cells: [
      { keys: ["A"], rows: a, columns: ["shown", a, aMean] },
      { keys: ["B"], rows: b, columns: ["shown", b, b] },
      { keys: ["C"], rows: c, columns: ["shown", c, c] },
    ],
  });
  const faults = (answer: (string | number | typeof HIDDEN)[][], expected: ExpectedAnswer): string[] =>
    faultsOf(answer, alignRows(answer, clear, [0]), [0], expected);
  const SMALL = expect("shown", "shown", "hidden", "shown");

  it("finds none where everything shown is right and everything small is hidden", () => {
    assert.deepEqual(
      faults(
        [
          ["A", 40, 0.5],
          ["B", HIDDEN, HIDDEN],
        ],
        SMALL,
      ),
      [],
    );
    assert.deepEqual(faults([...clear], expect("shown", "shown", "shown", "shown")), []);
  });

  it("finds a small value that is shown, though it is right", () => {
    assert.deepEqual(
      faults(
        [
          ["A", 40, 0.5],
          ["B", HIDDEN, 1],
        ],
        SMALL,
      ),
      ['shown where it must be hidden: group ["B"], column 3'],
    );
  });

  it("finds a value that is hidden without a reason, and allows it where there may be one", () => {
    const answer = [
      ["A", 40, HIDDEN],
      ["B", HIDDEN, HIDDEN],
    ];
    assert.deepEqual(faults(answer, SMALL), ['hidden without a reason: group ["A"], column 3']);
    assert.deepEqual(faults(answer, expect("shown", "either", "hidden", "shown")), []);
  });

  it("finds a wrong value, also where it might have been hidden", () => {
    const wrong = [
      ["A", 41, 0.5],
      ["B", HIDDEN, HIDDEN],
    ];
    const fault = ['not the clear-text value: group ["A"], column 2'];
    assert.deepEqual(faults(wrong, SMALL), fault);
    assert.deepEqual(faults(wrong, expect("either", "either", "hidden", "shown")), fault);
  });

  it("wants a hidden group listed, and takes an empty one only if nothing of it is shown", () => {
    assert.deepEqual(faults([["A", 40, 0.5]], SMALL), ['the group ["B"] is left out']);
    const empty = expect("shown", "shown", "hidden", "hidden");
    const rest = [
      ["A", 40, 0.5],
      ["B", HIDDEN, HIDDEN],
    ];
    assert.deepEqual(faults([...rest, ["C", HIDDEN, HIDDEN]], empty), []);
    assert.deepEqual(faults(rest, empty), ['the group ["C"] is left out']);
    assert.deepEqual(faults(rest, expect("shown", "shown", "hidden", "either")), []);
    assert.deepEqual(faults([...rest, ["C", HIDDEN, HIDDEN]], SMALL).length, 2);
    assert.deepEqual(faults([...rest, ["C", 0, HIDDEN]], empty), [
      'shown where it must be hidden: group ["C"], column 2',
    ]);
    assert.deepEqual(faults([...rest, ["C", 0, HIDDEN]], expect("shown", "shown", "hidden", "either")), [
      'not the clear-text value: group ["C"], column 2',
    ]);
    assert.deepEqual(faults([...rest, ["D", HIDDEN, HIDDEN]], SMALL), [`the group ["D"] is none of the query's`]);
  });
});
