/** Columns over a universe of rows, at both implementations of the field, against the rows themselves. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { SegmentRef } from "../../../workers/disclosure/historySets.ts";
import { Universe } from "../../../workers/disclosure/universe.ts";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import { bn254Fr } from "../../../workers/field/bn254Fr.ts";
import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import { datasetIdsOf, loadPartialColumns } from "../../../workers/node/partialColumns.ts";

/** Rows 1, 2, 3 … of each dataset; another column is their tenfold. */
const VALUES: Readonly<Record<string, readonly bigint[]>> = { "0xA": [1n, 2n, 3n, 4n, 5n, 6n], "0xB": [7n, 8n, 9n] };

function segment(datasetId: string, version: number, rowCount: number, excluded?: readonly number[]): SegmentRef {
  const ref = { datasetId, version: BigInt(version), rowCount: BigInt(rowCount) };
  return excluded === undefined ? ref : { ...ref, excluded: Uint32Array.from(excluded) };
}

const WHOLE = [segment("0xA", 1, 4), segment("0xA", 2, 2), segment("0xB", 1, 3)];
const OLDER = [segment("0xA", 1, 4)];
const MASKED = [segment("0xA", 1, 4, [0, 2]), segment("0xA", 2, 2), segment("0xB", 1, 3, [0, 1, 2])];
const EXPECTED: readonly (readonly [name: string, refs: readonly SegmentRef[], rows: readonly bigint[]])[] = [
  ["all rows", WHOLE, [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]],
  ["an older version of one dataset", OLDER, [1n, 2n, 3n, 4n, 0n, 0n, 0n, 0n, 0n]],
  ["what a mask leaves", MASKED, [0n, 2n, 0n, 4n, 5n, 6n, 0n, 0n, 0n]],
];

/** Keeps nothing. */
function joined(attempt: Field, _pieces: unknown, _columnId: string, read: () => readonly FieldVector[]): FieldVector {
  return attempt.concat(read());
}

describe("loadPartialColumns", () => {
  const kernel = createWasmField(BN254_FR_MODULUS);
  for (const [name, field] of [
    ["bigint", bn254Fr],
    ["WebAssembly", kernel],
  ] as const satisfies readonly (readonly [string, Field])[]) {
    it(`has zeros where rows are not wanted: ${name}`, () => {
      const universe = new Universe(EXPECTED.map(([, refs]) => refs));
      const loads: string[] = [];
      const cache = {
        joined,
        column: (attempt: Field, datasetId: string, version: bigint, columnId: string) => {
          loads.push(`${datasetId}@${version}`);
          const factor = columnId === "0xten" ? 10n : 1n;
          return attempt.fromIntegers(VALUES[datasetId]!.map((value) => value * factor));
        },
      };
      const group = field.group();
      const columns = EXPECTED.flatMap(([, refs]) =>
        ["0xone", "0xten"].map((columnId) => ({ columnId, parts: universe.bits(refs) })),
      );
      const vectors = loadPartialColumns(group, columns, universe, cache).map((vector) => group.toResidues(vector));
      EXPECTED.forEach(([what, , rows], index) => {
        assert.deepEqual(vectors[2 * index], rows, what);
        const tenfold = rows.map((value) => 10n * value);
        assert.deepEqual(vectors[2 * index + 1], tenfold, what);
      });
      group.releaseAll();
      // What is wanted of no row is not read; what is, at its newest version.
      assert.deepEqual(new Set(loads), new Set(["0xA@2", "0xB@1"]));
      assert.equal(loads.filter((load) => load === "0xB@1").length, 2);
      assert.deepEqual(datasetIdsOf(universe), ["0xa", "0xb"]);
    });
  }

  for (const [name, field] of [
    ["bigint", bn254Fr],
    ["WebAssembly", kernel],
  ] as const satisfies readonly (readonly [string, Field])[]) {
    it(`has zeros for erased rows, and never looks for them: ${name}`, () => {
      const erased = MASKED.map((ref) => (ref.datasetId === "0xA" ? { ...ref, isErased: true as const } : ref));
      const own = [segment("0xB", 1, 3)];
      const universe = new Universe([own, erased]);
      const cache = {
        joined,
        column: (attempt: Field, datasetId: string) => {
          assert.equal(datasetId, "0xB");
          return attempt.fromIntegers([...VALUES[datasetId]!]);
        },
      };
      const group = field.group();
      const columns = [own, erased, [...own, ...erased]].map((refs) => ({
        columnId: "0xone",
        parts: universe.bits(refs),
      }));
      const vectors = loadPartialColumns(group, columns, universe, cache).map((vector) => group.toResidues(vector));
      const zeros = [0n, 0n, 0n, 0n, 0n, 0n];
      assert.deepEqual(vectors, [
        [...zeros, 7n, 8n, 9n],
        [...zeros, 0n, 0n, 0n],
        [...zeros, 7n, 8n, 9n],
      ]);
      group.releaseAll();
      assert.deepEqual(datasetIdsOf(universe), ["0xb"]);
    });
  }

  it("leaves nothing in use but the columns", () => {
    const universe = new Universe([MASKED]);
    const group = kernel.group();
    const before = kernel.bytesInUse;
    const cache = { joined, column: (attempt: Field, id: string) => attempt.fromIntegers([...VALUES[id]!]) };
    const [column] = loadPartialColumns(group, [{ columnId: "0xone", parts: universe.bits(MASKED) }], universe, cache);
    group.release(column!);
    assert.equal(kernel.bytesInUse, before);
    group.releaseAll();
  });
});
