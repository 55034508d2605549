/** What must be erased: once per holding, due until the chain has this worker's receipt, and so after every restart. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytes32, hasCode, storeFolder } from "./storeFixture.ts";

const DATASET = bytes32("dataset");
const ERASURE = { datasetId: DATASET, studyId: bytes32("study"), epoch: 2n, point: 3, afterBlock: 17 };
const DUE = { ...ERASURE, confirmed: false, receipt: undefined };
const RECEIPT = { version: 3n, signature: `0x${"ab".repeat(65)}` };

describe("ErasureStore", () => {
  it("keeps each holding by itself, durably", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    assert.equal(store.erasures.get(DATASET, 2n), undefined);
    store.erasures.insert(ERASURE);
    store.erasures.insert({ ...ERASURE, epoch: 1n, point: 1 });
    store.close();
    const { erasures } = folder.open();
    assert.deepEqual(erasures.get(DATASET, 2n), DUE);
    assert.deepEqual(erasures.all(), [{ ...DUE, epoch: 1n, point: 1 }, DUE]);
    assert.equal(erasures.get(DATASET, 3n), undefined);
  });

  it("is hastened by a second reason, never put off, and otherwise unchanged", (test) => {
    const { erasures } = storeFolder(test).open();
    const again = (afterBlock: number): void =>
      erasures.insert({ ...ERASURE, datasetId: DATASET.toUpperCase().replace("X", "x"), point: 5, afterBlock });
    erasures.insert(ERASURE);
    erasures.signed(DATASET, 2n, RECEIPT);
    erasures.confirmed(DATASET, 2n, 3);
    again(99);
    assert.equal(erasures.get(DATASET, 2n)?.afterBlock, 17);
    again(16);
    assert.deepEqual(erasures.all(), [{ ...ERASURE, afterBlock: 16, confirmed: true, receipt: RECEIPT }]);
  });

  it("is due until this worker's receipt for that committee is confirmed", (test) => {
    const { erasures } = storeFolder(test).open();
    erasures.insert(ERASURE);
    erasures.insert({ ...ERASURE, epoch: 1n });
    erasures.confirmed(DATASET, 2n, 1);
    erasures.confirmed(DATASET, 4n, 3);
    erasures.confirmed(bytes32("other"), 2n, 3);
    assert.ok(erasures.all().every(({ confirmed }) => !confirmed));
    erasures.confirmed(DATASET, 2n, 3);
    assert.deepEqual(
      erasures.all().map(({ epoch, confirmed }) => [epoch, confirmed]),
      [
        [1n, false],
        [2n, true],
      ],
    );
  });

  it("keeps the receipt signed last, for whoever posts it", (test) => {
    const { erasures } = storeFolder(test).open();
    for (const epoch of [1n, 2n]) erasures.insert({ ...ERASURE, epoch });
    erasures.signed(DATASET, 2n, { ...RECEIPT, signature: "0x" });
    erasures.signed(DATASET, 2n, RECEIPT);
    assert.deepEqual([erasures.get(DATASET, 2n)?.receipt, erasures.get(DATASET, 1n)?.receipt], [RECEIPT, undefined]);
  });

  it("is rolled back with the transaction in which the chain's events are handled", (test) => {
    const store = storeFolder(test).open();
    const failing = (): void =>
      store.transaction(() => {
        store.erasures.insert(ERASURE);
        throw new Error("disk");
      });
    assert.throws(failing, /disk/);
    assert.deepEqual(store.erasures.all(), []);
  });

  it("refuses what is malformed, with the field", (test) => {
    const { erasures } = storeFolder(test).open();
    for (const [field, change] of Object.entries({
      datasetId: { datasetId: "0x12" },
      studyId: { studyId: "0x" },
      epoch: { epoch: -1n },
      afterBlock: { afterBlock: -1 },
    })) {
      assert.throws(() => erasures.insert({ ...ERASURE, ...change }), hasCode("STORE_INVALID", { field }));
    }
    assert.deepEqual(erasures.all(), []);
  });
});
