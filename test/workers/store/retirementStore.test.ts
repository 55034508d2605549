/** Retirements: recorded once, due until the chain has this worker's receipt, and so after every restart. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { describe, it } from "node:test";
import { inputCheckId } from "../../../workers/messages/inputCheck.ts";
import { bytes32, sampleFile, storeFolder, writeOldStore } from "./storeFixture.ts";

const DATASET = bytes32("dataset");
const RETIREMENT = { datasetId: DATASET, studyId: bytes32("study"), point: 2, block: 17 };
const DUE = { ...RETIREMENT, confirmed: false, receipt: undefined };
const RECEIPT = { version: 3n, signature: `0x${"ab".repeat(65)}` };

describe("RetirementStore", () => {
  it("keeps what was retired, with the first event's block, durably", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    assert.equal(store.retirements.get(DATASET), undefined);
    store.retirements.insert(RETIREMENT);
    store.retirements.insert({ ...RETIREMENT, datasetId: DATASET.toUpperCase().replace("0X", "0x"), block: 99 });
    store.close();
    const again = folder.open();
    assert.deepEqual(again.retirements.get(DATASET), DUE);
    assert.deepEqual(again.retirements.all(), [DUE]);
  });

  it("is due until this worker's receipt is confirmed, and never again", (test) => {
    const { retirements } = storeFolder(test).open();
    retirements.insert(RETIREMENT);
    retirements.confirmed(DATASET, 1);
    retirements.confirmed(bytes32("other"), 2);
    assert.equal(retirements.get(DATASET)?.confirmed, false);
    retirements.confirmed(DATASET, 2);
    retirements.insert(RETIREMENT);
    assert.deepEqual(retirements.all(), [{ ...DUE, confirmed: true }]);
  });

  it("keeps the receipt signed last, for whoever posts it", (test) => {
    const { retirements } = storeFolder(test).open();
    retirements.insert(RETIREMENT);
    retirements.signed(DATASET, { ...RECEIPT, signature: "0x" });
    retirements.signed(DATASET, RECEIPT);
    assert.deepEqual(retirements.get(DATASET)?.receipt, RECEIPT);
  });

  it("is rolled back with the transaction in which the chain's events are handled", (test) => {
    const store = storeFolder(test).open();
    const failing = (): void =>
      store.transaction(() => {
        store.retirements.insert(RETIREMENT);
        throw new Error("disk");
      });
    assert.throws(failing, /disk/);
    assert.deepEqual(store.retirements.all(), []);
  });

  it("ends the input checks of its dataset, and no others", (test) => {
    const { retirements, inputChecks } = storeFolder(test).open();
    for (const datasetId of [DATASET, bytes32("other")]) {
      inputChecks.insert({ checkId: inputCheckId(datasetId, 1n), datasetId, version: 1n, activation: "{}" });
    }
    retirements.insert(RETIREMENT);
    assert.deepEqual(
      inputChecks.open().map(({ datasetId }) => datasetId),
      [bytes32("other")],
    );
  });

  it("comes to a store of the schema before it", (test) => {
    const folder = storeFolder(test);
    writeOldStore(folder, 6, "");
    const { retirements } = folder.open();
    retirements.insert(RETIREMENT);
    assert.deepEqual(retirements.all(), [DUE]);
  });
});

describe("a backup from before the retirement", () => {
  it("has neither tombstone nor retirement, and no key: its dataset can be erased again, but not read", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const fileHash = bytes32("file");
    store.shares.putSegment(sampleFile({ datasetId: DATASET }), fileHash);
    store.shares.activateSegment({ datasetId: DATASET, epoch: 1n, version: 1n, fileHash: fileHash });
    store.close();
    cpSync(folder.path, `${folder.path}.backup`);
    const retired = folder.open();
    retired.retirements.insert(RETIREMENT);
    retired.shares.eraseDataset(DATASET);
    assert.equal(retired.shares.isErased(DATASET), true);
    retired.close();
    cpSync(`${folder.path}.backup`, folder.path);
    const restored = folder.open();
    assert.deepEqual(restored.retirements.all(), []);
    assert.equal(restored.shares.isErased(DATASET), false);
    assert.throws(() => restored.shares.loadColumn(DATASET, 1n, 1n, bytes32("age")), { code: "STORE_KEY_MISSING" });
    restored.shares.eraseDataset(DATASET);
    assert.equal(restored.shares.isErased(DATASET), true);
    assert.deepEqual(
      restored.shares.segments(DATASET).map(({ state }) => state),
      ["missing"],
    );
  });
});
