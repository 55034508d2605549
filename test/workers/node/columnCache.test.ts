/** Columns kept between attempts: within the budget, alive while in use, gone with their dataset or the worker. */
import assert from "node:assert/strict";
import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, it } from "node:test";

import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import type { FieldGroup, FieldVector } from "../../../workers/field/field.ts";
import { createWasmField } from "../../../workers/field/wasmField.ts";
import type { WasmField } from "../../../workers/field/wasmField.ts";
import { ColumnCache } from "../../../workers/node/columnCache.ts";
import type { ColumnPiece, ColumnStore } from "../../../workers/node/columnCache.ts";
import { ENTRY_BYTES, VectorCache } from "../../../workers/node/vectorCache.ts";
import { bytes32, hasCode, sampleFile, storeFolder } from "../store/storeFixture.ts";

const ROWS = 100;
const [A, B] = [bytes32("dataset a"), bytes32("dataset b")];

/** Every column holds its own number; `loads` counts the columns read. */
function numberedStore(): ColumnStore & { loads: string[]; stamps: Map<string, string>; broken: Set<string> } {
  const plain = createWasmField(BN254_FR_MODULUS);
  const [loads, stamps, broken]: [string[], Map<string, string>, Set<string>] = [[], new Map(), new Set()];
  return {
    loads,
    stamps,
    broken,
    keyStamp: (datasetId, epoch) => stamps.get(`${datasetId}#${epoch}`) ?? "first key",
    loadColumn(datasetId, epoch, version, columnId) {
      if (broken.has(columnId)) throw new Error("no such column");
      loads.push(`${datasetId}@${version}${epoch === 1n ? "" : ` of ${epoch}`}/${columnId}`);
      const words = plain.toWords(plain.fromIntegers(Array<bigint>(ROWS).fill(BigInt(columnId))));
      if (columnId === "0") words.fill(0xff);
      return words;
    },
  };
}

describe("ColumnCache", () => {
  let field: WasmField;
  let store: ReturnType<typeof numberedStore>;
  let cache: VectorCache;
  let reader: ColumnCache;
  let attempt: FieldGroup;
  /** What one column takes. */
  let columnBytes: number;

  const column = (columnId: string, group = attempt, datasetId = A, version = 1n, epoch = 1n): FieldVector =>
    reader.among(epoch).column(group, datasetId, version, columnId);
  const valueOf = (vector: FieldVector): bigint => {
    const values = new Set(field.toResidues(vector));
    assert.equal(values.size, 1);
    assert.equal(vector.length, ROWS);
    return [...values][0]!;
  };
  const open = (columns: number): void => {
    cache = new VectorCache(field, { budgetBytes: columns * (columnBytes + ENTRY_BYTES) });
    reader = new ColumnCache(field, cache, store);
  };

  beforeEach(() => {
    field = createWasmField(BN254_FR_MODULUS);
    const vector = field.zeros(ROWS);
    columnBytes = field.bytesInUse;
    field.release(vector);
    store = numberedStore();
    attempt = field.group();
    open(3);
  });

  it("reads a column once, and every dataset, version and column apart", () => {
    for (let turn = 0; turn < 3; turn++) {
      assert.equal(valueOf(column("1")), 1n);
      assert.equal(valueOf(reader.among(1n).column(attempt, A.toUpperCase().replace("0X", "0x"), 1n, "1")), 1n);
    }
    assert.equal(store.loads.length, 1);
    column("1", attempt, B);
    column("1", attempt, A, 2n);
    assert.deepEqual(store.loads, [`${A}@1/1`, `${B}@1/1`, `${A}@2/1`]);
    attempt.releaseAll();
    assert.equal(cache.bytesInUse, 3 * columnBytes);
    assert.equal(field.bytesInUse, 3 * columnBytes);
  });

  it("keeps no more than its budget, and drops what was not used for longest", () => {
    for (const columnId of ["1", "2", "3", "1", "4"]) {
      column(columnId);
      attempt.releaseAll();
      assert(cache.bytesInUse <= 3 * columnBytes);
      assert.equal(field.bytesInUse, cache.bytesInUse);
    }
    store.loads.length = 0;
    for (const columnId of ["3", "1", "4"]) column(columnId);
    assert.deepEqual(store.loads, []);
    column("2");
    assert.deepEqual(store.loads, [`${A}@1/2`]);
  });

  it("keeps nothing that is larger than its budget, and nothing at all without one", () => {
    for (const columns of [0.9, 0]) {
      open(columns);
      assert.equal(valueOf(column("1")), 1n);
      assert.equal(cache.bytesInUse, 0);
      attempt.releaseAll();
      assert.equal(field.bytesInUse, 0);
    }
  });

  it("leaves an attempt its columns when they are dropped meanwhile", () => {
    open(1);
    const [first, second] = [column("1"), column("1")];
    const other = field.group();
    assert.equal(valueOf(column("2", other)), 2n); // drops 1
    assert.equal(cache.bytesInUse, columnBytes);
    assert.equal(field.bytesInUse, 2 * columnBytes);
    for (let turn = 3; turn < 20; turn++) column(`${turn}`, other);
    cache.forget(A, 1n);
    cache.stop();
    assert.deepEqual([first, second].map(valueOf), [1n, 1n]);
    other.releaseAll();
    assert.deepEqual([first, second].map(valueOf), [1n, 1n]);
    attempt.releaseAll();
    assert.equal(field.bytesInUse, 0);
  });

  it("outlives the attempt that read a column, and the group of one that only used it", () => {
    column("1");
    attempt.releaseAll();
    const other = field.group();
    assert.equal(valueOf(column("1", other)), 1n);
    other.releaseAll();
    assert.equal(valueOf(column("1")), 1n);
    assert.equal(store.loads.length, 1);
  });

  it("keeps nothing of a column that cannot be loaded", () => {
    store.broken.add("1");
    assert.throws(() => column("1"), /no such column/);
    assert.throws(() => column("0"), hasCode("FIELD_NOT_CANONICAL"));
    assert.equal(cache.bytesInUse, 0);
    assert.equal(field.bytesInUse, 0);
    store.broken.clear();
    assert.equal(valueOf(column("1")), 1n);
  });

  it("forgets one dataset and no other", () => {
    for (const dataset of [A, B]) column("1", attempt, dataset);
    cache.forget(A, 1n);
    assert.equal(cache.bytesInUse, columnBytes);
    store.loads.length = 0;
    for (const dataset of [A, B]) column("1", attempt, dataset);
    assert.deepEqual(store.loads, [`${A}@1/1`]);
  });

  it("reads again what was read under a key that was replaced", () => {
    column("1");
    column("2");
    store.stamps.set(`${A}#1`, "second key");
    store.loads.length = 0;
    column("1");
    assert.equal(cache.bytesInUse, columnBytes);
    assert.deepEqual(store.loads, [`${A}@1/1`]);
  });

  it("never takes one committee's shares for another's, and forgets each by itself", () => {
    for (let turn = 0; turn < 2; turn++) for (const epoch of [1n, 2n]) column("1", attempt, A, 1n, epoch);
    assert.deepEqual(store.loads, [`${A}@1/1`, `${A}@1 of 2/1`]);
    store.stamps.set(`${A}#2`, "second key");
    for (const epoch of [1n, 2n]) column("1", attempt, A, 1n, epoch);
    cache.erase(A, 1n);
    for (const epoch of [1n, 2n, 1n]) column("1", attempt, A, 1n, epoch);
    assert.deepEqual(store.loads.slice(2), [`${A}@1 of 2/1`, `${A}@1/1`, `${A}@1/1`]);
  });

  describe("joined", () => {
    const piece = (datasetId: string): ColumnPiece => ({ rowCount: ROWS, of: { datasetId, version: 1n } });
    const zeros = (rowCount: number): ColumnPiece => ({ rowCount, of: "zeros" });
    let made: number;

    const joined = (...pieces: ColumnPiece[]): bigint[] => {
      const vector = reader.among(1n).joined(attempt, pieces, "1", () => {
        made++;
        return pieces.map(({ rowCount, of }) =>
          of === "zeros" ? attempt.zeros(rowCount) : column("1", attempt, of.datasetId),
        );
      });
      const residues = field.toResidues(vector);
      assert.deepEqual(
        residues,
        pieces.flatMap(({ rowCount, of }) => Array<bigint>(rowCount).fill(of === "zeros" ? 0n : 1n)),
      );
      attempt.releaseAll();
      return residues;
    };

    beforeEach(() => {
      made = 0;
      open(6);
    });

    it("is made once, in place of the columns it is made of", () => {
      for (let turn = 0; turn < 3; turn++) joined(piece(A), zeros(3), piece(B));
      assert.equal(made, 1);
      assert(cache.bytesInUse <= 2.1 * columnBytes);
      for (const dataset of [A, B]) assert.equal(valueOf(column("1", attempt, dataset)), 1n);
      assert.equal(store.loads.length, 2);
      attempt.releaseAll();
      assert.equal(field.bytesInUse, cache.bytesInUse);
    });

    it("is another for another committee", () => {
      joined(piece(A), piece(B));
      const pieces = [piece(A), piece(B)];
      const later = reader.among(2n);
      const read = (): FieldVector[] => [A, B].map((dataset) => later.column(attempt, dataset, 1n, "1"));
      for (let turn = 0; turn < 2; turn++) later.joined(attempt, pieces, "1", read);
      const of2 = [A, B].map((dataset) => `${dataset}@1 of 2/1`);
      assert.deepEqual(store.loads, [`${A}@1/1`, `${B}@1/1`, ...of2]);
      joined(piece(A), piece(B));
      assert.equal(made, 1);
    });

    it("loses no column, whatever is joined in which order", () => {
      const orders = [
        [piece(A), piece(B)],
        [piece(A), zeros(2)],
        [zeros(1), piece(B)],
        [piece(A), zeros(1), piece(B)],
      ];
      for (const pieces of [...orders, ...orders.toReversed(), ...orders]) joined(...pieces);
      assert.equal(store.loads.length, 2);
      assert(cache.bytesInUse <= 2.1 * columnBytes);
    });

    it("is not kept where much of it is zero, or too large", () => {
      for (let turn = 0; turn < 2; turn++) joined(piece(A), zeros(ROWS));
      assert.equal(made, 2);
      cache.stop();
      open(1.5);
      for (let turn = 0; turn < 2; turn++) joined(piece(A), piece(B));
      assert.equal(made, 4);
      assert.equal(field.bytesInUse, cache.bytesInUse);
    });

    it("is forgotten with each of its datasets, and when one's key was replaced", () => {
      joined(piece(A), piece(B));
      cache.forget(B, 1n);
      assert.equal(cache.bytesInUse, 0);
      joined(piece(A), piece(B));
      store.stamps.set(`${A}#1`, "second key");
      joined(piece(A), piece(B));
      assert.equal(made, 3);
      assert.equal(store.loads.length, 6);
      cache.erase(A, 1n);
      joined(piece(A), piece(B));
      joined(piece(A), piece(B));
      assert.equal(made, 5);
    });
  });

  it("keeps nothing after the worker has stopped", () => {
    column("1");
    attempt.releaseAll();
    cache.stop();
    assert.equal(field.bytesInUse, 0);
    assert.equal(valueOf(column("1")), 1n);
    attempt.releaseAll();
    assert.equal(cache.bytesInUse, 0);
    assert.equal(field.bytesInUse, 0);
  });

  describe("over the share store", () => {
    const [AGE, DATASET, HASH] = [bytes32("age"), bytes32("dataset"), bytes32("file")];

    function filled(test: Parameters<typeof storeFolder>[0]) {
      const folder = storeFolder(test);
      const { shares } = folder.open();
      const file = sampleFile();
      shares.putSegment(file, HASH);
      shares.activateSegment({ datasetId: DATASET, epoch: 1n, version: 1n, fileHash: HASH });
      cache = new VectorCache(field, { budgetBytes: 1 << 20 });
      reader = new ColumnCache(field, cache, shares);
      shares.onErased((datasetId, epoch) => cache.erase(datasetId, epoch));
      const keyFile = join(folder.keyDir, `${DATASET.slice(2)}-1.key`);
      return { shares, words: file.columns[0]!, keyFile };
    }

    it("gives a column's very words, the first time and the next", (test) => {
      const { words } = filled(test);
      for (let turn = 0; turn < 2; turn++) {
        assert.deepEqual(Buffer.from(field.toWords(column(AGE, attempt, DATASET))), Buffer.from(words));
      }
    });

    it("drops a dataset as soon as it is erased", (test) => {
      const { shares } = filled(test);
      column(AGE, attempt, DATASET);
      attempt.releaseAll();
      shares.eraseDataset(DATASET);
      assert.equal(field.bytesInUse, 0);
      assert.throws(() => column(AGE, attempt, DATASET), hasCode("STORE_KEY_MISSING"));
    });

    it("drops a dataset whose key file is gone, and reads it again under one that was replaced", (test) => {
      const { keyFile } = filled(test);
      column(AGE, attempt, DATASET);
      attempt.releaseAll();
      assert(cache.bytesInUse > 0);
      utimesSync(keyFile, 1, 1);
      const before = cache.bytesInUse;
      column(AGE, attempt, DATASET);
      assert.equal(cache.bytesInUse, before);
      rmSync(keyFile);
      assert.throws(() => column(AGE, attempt, DATASET), hasCode("STORE_KEY_MISSING"));
      assert.equal(cache.bytesInUse, 0);
    });
  });
});
