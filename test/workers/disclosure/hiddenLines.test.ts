/** What is left of a line's hidden cells when shown parts of them, and each owner's rows, are taken away: over made-up sets. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { DisclosedGroup } from "../../../workers/disclosure/disclosedSets.ts";
import { Fingerprints } from "../../../workers/disclosure/fingerprints.ts";
import { HiddenLines } from "../../../workers/disclosure/hiddenLines.ts";
import type { Condition, RowSet } from "../../../workers/disclosure/rowSet.ts";
import { intersect, keyOf } from "../../../workers/disclosure/rowSet.ts";
import { SizeTests } from "../../../workers/disclosure/sizeTests.ts";

const K = 11;
/** Of each cell: its number, and three numbers of those who have some value. */
const PARTS = 3;
const [OTHERS, OWN] = [0, 1];

interface Rows {
  readonly owner: number;
  readonly cell: number;
  readonly count: number;
  readonly hasValues: boolean;
}

/** Of each cell of a table of so many, its set and then its parts'. */
function tableGroups(cells: number): DisclosedGroup[] {
  const all = (1n << BigInt(cells)) - 1n;
  const cellSet = (cell: number, ...more: Condition[]): RowSet => {
    return { parts: 3n, conditions: [[0, 1n << BigInt(cell), all], ...more] };
  };
  return Array.from({ length: cells }, (_, cell) => [
    cellSet(cell),
    ...Array.from({ length: PARTS }, (_, part) => cellSet(cell, [part + 1, 1n, 3n])),
  ]).flatMap((sets, cell) =>
    sets.map((set, kind) => ({ cell, kind: String(kind), set, levels: [], levelKinds: [], outputs: [] })),
  ) as unknown as DisclosedGroup[];
}

/** Place of a cell's set (kind 0) or of a part of it among these. */
function groupAt(cell: number, kind: number): number {
  return cell * (PARTS + 1) + kind;
}

/** Numbers the sets whose sizes are named, in their order. */
function namedSizes() {
  const measured: RowSet[] = [];
  const size = (a: RowSet, b: RowSet = a): number | undefined => {
    const both = intersect(a, b);
    if (both === undefined) return undefined;
    const known = measured.findIndex((each) => keyOf(each) === keyOf(both));
    return known >= 0 ? known : measured.push(both) - 1;
  };
  return { measured, size };
}

function sizeOf({ parts, conditions }: RowSet, rows: readonly Rows[]): number {
  return rows.reduce((sum, { owner, cell, count, hasValues }) => {
    const isIn = conditions.every(([field, classes]) => {
      const value = field === 0 ? cell : hasValues ? 0 : 1;
      return ((classes >> BigInt(value)) & 1n) === 1n;
    });
    return sum + (isIn && ((parts >> BigInt(owner)) & 1n) === 1n ? count : 0);
  }, 0);
}

/** A table of so many cells, whose total is known: what fails when the numbers of the `hidden` ones are. */
function failing(cells: number, rows: readonly Rows[], hidden: readonly number[], alsoParts: readonly number[]) {
  const { measured, size } = namedSizes();
  const lines = new HiddenLines({
    k: K,
    jointK: K,
    tests: new SizeTests({ size, total: () => assert.fail("no sums are tested here") }),
    fingerprints: new Fingerprints((field) => (field === 0 ? cells : 2)),
    catalogue: { classes: () => assert.fail("no values are tested here") },
    groups: tableGroups(cells),
    totals: [],
    known: [{ set: { parts: 3n, conditions: [] }, summed: new Set(), sums: [] }],
    unknown: [],
    families: [],
    owners: [1n, 2n].map((parts) => ({ parts, conditions: [] })),
  });
  const named = measured.length;
  const asked = lines.hiddenBy(
    new Set([
      ...hidden.map((cell) => groupAt(cell, 0)),
      ...alsoParts.flatMap((cell) => Array.from({ length: PARTS }, (_, part) => groupAt(cell, part + 1))),
    ]),
  );
  assert.equal(measured.length, named, "all sizes are named before the circuit is finished");
  return asked.filter(({ tests }) =>
    tests.some(({ terms, last, zero }) => {
      const x = terms.reduce((sum, [index, coefficient]) => sum + coefficient * sizeOf(measured[index]!, rows), 0);
      assert.ok(x >= 0, "no size is negative");
      return x === 0 ? zero === "fails" : x <= last;
    }),
  ).length;
}

describe("hidden cells of a total", () => {
  /** Cell 0 is shown; of cells 1 … n the owner knows who lacks the values; the last has so many of the others. */
  function table(cells: number, few: number): Rows[] {
    const middle = Array.from({ length: cells - 2 }, (_, index) => index + 1);
    return [
      { owner: OTHERS, cell: 0, count: 40, hasValues: true },
      { owner: OWN, cell: 0, count: 40, hasValues: true },
      ...middle.flatMap((cell) => [
        { owner: OTHERS, cell, count: 30, hasValues: true },
        { owner: OWN, cell, count: 15, hasValues: false },
      ]),
      { owner: OTHERS, cell: cells - 1, count: few, hasValues: true },
    ];
  }

  for (const cells of [3, 5, 7]) {
    it(`without their shown parts and one owner's rows are few: noticed, of ${PARTS ** (cells - 2)} choices of parts`, () => {
      const hidden = Array.from({ length: cells - 1 }, (_, index) => index + 1);
      const fail = (few: number): number => failing(cells, table(cells, few), hidden, [cells - 1]);
      assert.ok(fail(3) > 0, "three are left of the others");
      // With more choices than are tried one by one, nobody left of a cell is taken for few of another.
      if (PARTS ** (cells - 2) <= 64) assert.equal(fail(K), 0);
    });
  }
});
