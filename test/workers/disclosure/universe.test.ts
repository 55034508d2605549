/** Rows of segments, divided by what requests may not use of them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { SegmentRef } from "../../../workers/disclosure/historySets.ts";
import { splitSegment } from "../../../workers/disclosure/rowParts.ts";
import { Universe } from "../../../workers/disclosure/universe.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";

const ROWS = 24;
const lists = fc
  .array(fc.uniqueArray(fc.nat({ max: ROWS - 1 })), { maxLength: 5 })
  .map((drawn) => drawn.map((list) => Uint32Array.from(list).sort()));

function segment(datasetId: string, version: number, rowCount: number, excluded?: readonly number[]): SegmentRef {
  const ref = { datasetId, version: BigInt(version), rowCount: BigInt(rowCount) };
  return excluded === undefined ? ref : { ...ref, excluded: Uint32Array.from(excluded) };
}

const naming = {
  schemaHash: "0xschema",
  classes: () => ({ count: 3, missing: undefined, bounds: () => undefined }),
};

describe("splitSegment", () => {
  it("divides the rows so that every list is some of the parts, and no two parts could be one", () => {
    fc.assert(
      fc.property(lists, (drawn) => {
        const { parts, excluded } = splitSegment(ROWS, drawn);
        const all = parts.flatMap((part) => [...part]);
        assert.deepEqual(
          all.sort((a, b) => a - b),
          Array.from({ length: ROWS }, (_, row) => row),
        );
        const inPart = (bits: bigint, part: number): boolean => ((bits >> BigInt(part)) & 1n) === 1n;
        drawn.forEach((list, index) => {
          const rows = parts.flatMap((part, position) => (inPart(excluded[index]!, position) ? [...part] : []));
          assert.deepEqual(Uint32Array.from(rows).sort(), list);
        });
        const memberships = parts.map((_, part) => excluded.map((bits) => inPart(bits, part)).join());
        assert.equal(new Set(memberships).size, parts.length);
        assert.ok(
          parts.every((part) => part.every((row, i) => i === 0 || row > part[i - 1]!)),
          "ascending",
        );
      }),
      { numRuns: budget.propertyRuns },
    );
  });
});

describe("Universe", () => {
  it("counts rows by whole segments where nothing is left out", () => {
    const universe = new Universe([[segment("0xB", 1, 5), segment("0xA", 2, 3), segment("0xA", 1, 4)]]);
    assert.deepEqual(
      universe.segments.map(({ datasetId, version }) => `${datasetId}@${version}`),
      ["0xA@1", "0xA@2", "0xB@1"],
    );
    assert.deepEqual(
      universe.parts.map(({ rows, rowCount }) => [rows, rowCount]),
      [
        [undefined, 4],
        [undefined, 3],
        [undefined, 5],
      ],
    );
    assert.equal(universe.rows(0b101n), 9);
    assert.deepEqual(universe.owners(0b111n), [0b011n, 0b100n]);
  });

  it("counts what masks leave, for each request its own", () => {
    const now = [segment("0xA", 1, 10, [0, 7])];
    const before = [segment("0xa", 1, 10, [7])];
    const first = [segment("0xA", 1, 10)];
    const universe = new Universe([now, before, first]);
    assert.deepEqual(
      [now, before, first].map((each) => universe.rows(universe.bits(each))),
      [8, 9, 10],
    );
    assert.equal(universe.rows(universe.bits(now) ^ universe.bits(first)), 2);
    assert.equal(universe.parts.length, 3);
    assert.equal(new Universe([[segment("0xA", 1, 2, [0, 1])]]).rows(0n), 0);
  });

  it("counts into how many parts consent has divided the most divided dataset of a request", () => {
    const asked = [segment("0xA", 1, 10, [0, 7]), segment("0xA", 2, 10), segment("0xB", 1, 4)];
    const before = [segment("0xa", 1, 10, [7]), segment("0xA", 2, 10, [3])];
    const other = [segment("0xC", 1, 9, [1]), segment("0xC", 1, 9, [2]), segment("0xC", 1, 9, [3])];
    const universe = new Universe([asked, before, other]);
    assert.equal(universe.masksOf(asked), 3);
    assert.equal(universe.masksOf([segment("0xB", 1, 4)]), 0);
    assert.equal(universe.masksOf(other), 3);
    assert.equal(new Universe([[segment("0xA", 1, 3)]]).masksOf([segment("0xA", 1, 3)]), 0);
  });

  it("tells a total of at least k that is less than all", () => {
    const universe = new Universe([[segment("0xA", 1, 30, [3])], [segment("0xA", 1, 30)], [segment("0xB", 1, 4)]]);
    const all = universe.bits([segment("0xA", 1, 30), segment("0xB", 1, 4)]);
    const totals = universe.knownTotals(all, 5).map(({ parts }) => universe.rows(parts));
    assert.deepEqual(totals.sort(), [29, 30]);
  });

  it("tells the total of a version that consent has divided, as far as the request uses it", () => {
    const before = [segment("0xA", 1, 30, [3, 4]), segment("0xA", 2, 20)];
    const later = [segment("0xA", 1, 30, [4, 5]), segment("0xA", 2, 20)];
    const universe = new Universe([later, before]);
    const totals = universe.knownTotals(universe.bits(later), 5).map(({ parts }) => universe.rows(parts));
    // Without 4 and 5; those whom both use; the other version.
    assert.deepEqual(totals.sort(), [20, 27, 28]);
  });

  it("names rows alike whatever else is asked, and unlike when they differ", () => {
    const set = (universe: Universe, refs: readonly SegmentRef[]): string =>
      universe.nameOf("rows", { parts: universe.bits(refs), conditions: [[1, 2n, 7n]] }, naming);
    const masked = [segment("0xA", 1, 10, [7]), segment("0xB", 1, 4)];
    const alone = set(new Universe([masked]), masked);
    const others = [segment("0xA", 1, 10, [2, 7]), segment("0xB", 1, 4)];
    const together = new Universe([others, masked]);
    assert.equal(set(together, masked), alone);
    assert.notEqual(set(together, others), alone);
    const whole = [segment("0xA", 1, 10), segment("0xB", 1, 4)];
    assert.notEqual(set(new Universe([whole]), whole), alone);
    assert.notEqual(set(new Universe([masked]), masked.slice(0, 1)), alone);
    assert.notEqual(set(new Universe([masked.slice(0, 1)]), masked.slice(0, 1)), alone);
  });

  it("keeps erased rows apart and countable, but knows that they are gone, and names what has them anew", () => {
    const own = [segment("0xA", 1, 10)];
    const before = [segment("0xA", 1, 10), segment("0xB", 1, 4, [1]), segment("0xB", 2, 3)];
    const after = before.map((ref) => (ref.datasetId === "0xB" ? { ...ref, isErased: true as const } : ref));
    const [there, gone] = [new Universe([own, before]), new Universe([own, after])];
    assert.equal(gone.rows(gone.bits(after)), 16);
    assert.deepEqual(
      gone.segments.map(({ isErased }) => isErased),
      [undefined, true, true],
    );
    const [mine, all] = [gone.bits(own), gone.bits(after)];
    assert.deepEqual([gone.isErased(mine), gone.isErased(all), gone.isErased(all ^ mine)], [false, true, true]);
    assert.equal(there.isErased(there.bits(before)), false);
    const name = (universe: Universe, parts: bigint): string =>
      universe.nameOf("number", { parts, conditions: [] }, naming);
    assert.notEqual(name(gone, mine), name(there, mine), "vectors have other rows");
    assert.notEqual(name(gone, all), name(there, all));
  });
});
