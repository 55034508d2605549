/** Retirements: recorded once, of every study. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { describe, it } from "node:test";
import { MIGRATIONS } from "../../../workers/store/migrations.ts";
import { bytes32, hasCode, sampleFile, storeFolder, writeOldStore } from "./storeFixture.ts";

const DATASET = bytes32("dataset");
const RETIREMENT = { datasetId: DATASET, studyId: bytes32("study"), block: 17 };

describe("RetirementStore", () => {
  it("keeps what was retired, with the first event's block, durably", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    assert.equal(store.retirements.get(DATASET), undefined);
    store.retirements.insert(RETIREMENT);
    store.retirements.insert({ ...RETIREMENT, datasetId: DATASET.toUpperCase().replace("0X", "0x"), block: 99 });
    store.close();
    const again = folder.open();
    assert.deepEqual(again.retirements.get(DATASET), RETIREMENT);
    assert.deepEqual(again.retirements.all(), [RETIREMENT]);
  });

  it("takes datasets of any study, and owes nothing for them by itself", (test) => {
    const { retirements, erasures } = storeFolder(test).open();
    const other = { datasetId: bytes32("other"), studyId: bytes32("another study"), block: 3 };
    for (const each of [RETIREMENT, other]) retirements.insert(each);
    assert.equal(retirements.all().length, 2);
    assert.deepEqual([retirements.get(other.datasetId), erasures.all()], [other, []]);
    assert.throws(() => retirements.insert({ ...other, block: -1 }), hasCode("STORE_INVALID", { field: "block" }));
    assert.throws(
      () => retirements.insert({ ...other, studyId: "0x" }),
      hasCode("STORE_INVALID", { field: "studyId" }),
    );
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

  it("ends the input checks of its dataset among every committee, and no others", (test) => {
    const { retirements, inputChecks } = storeFolder(test).open();
    for (const datasetId of [DATASET, bytes32("other")]) {
      for (const epoch of [1n, 2n]) {
        const checkId = bytes32(`${datasetId} ${epoch}`);
        inputChecks.insert({ checkId, datasetId, epoch, version: 1n, activation: "{}" });
      }
    }
    retirements.insert(RETIREMENT);
    assert.deepEqual(
      inputChecks.open().map(({ datasetId, epoch }) => [datasetId, epoch]),
      [1n, 2n].map((epoch) => [bytes32("other"), epoch]),
    );
  });

  it("comes to a store of the schema before it", (test) => {
    const folder = storeFolder(test);
    writeOldStore(
      folder,
      MIGRATIONS.findIndex((step) => step.includes("CREATE TABLE retirement")),
      "",
    );
    const { retirements } = folder.open();
    retirements.insert(RETIREMENT);
    assert.deepEqual(retirements.all(), [RETIREMENT]);
  });
});

describe("a backup from before the retirement", () => {
  it("has neither tombstone nor retirement, and no key: its dataset can be erased again, but not read", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const fileHash = bytes32("file");
    store.shares.putSegment(sampleFile({ datasetId: DATASET }), fileHash);
    store.shares.activateSegment({ datasetId: DATASET, epoch: 1n, version: 1n, fileHash });
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
