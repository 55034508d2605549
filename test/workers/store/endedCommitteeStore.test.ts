/** Ends of committees: recorded once, durably. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MIGRATIONS } from "../../../workers/store/migrations.ts";
import { bytes32, hasCode, storeFolder, writeOldStore } from "./storeFixture.ts";

const STUDY = bytes32("study");

describe("EndedCommitteeStore", () => {
  it("keeps of which study which committee came to an end, durably", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    store.endedCommittees.insert(STUDY, 2n);
    store.endedCommittees.insert(STUDY.toUpperCase().replace("0X", "0x"), 2n);
    store.close();
    const { endedCommittees } = folder.open();
    const found = [1n, 2n, 3n].map((epoch) => endedCommittees.has(STUDY, epoch));
    assert.deepEqual(found, [false, true, false]);
    assert.equal(endedCommittees.has(bytes32("another study"), 2n), false);
  });

  it("refuses what is no committee", (test) => {
    const { endedCommittees } = storeFolder(test).open();
    assert.throws(() => endedCommittees.insert("0x", 1n), hasCode("STORE_INVALID", { field: "studyId" }));
    assert.throws(() => endedCommittees.has(STUDY, -1n), hasCode("STORE_INVALID", { field: "epoch" }));
  });

  it("comes to a store of the schema before it", (test) => {
    const folder = storeFolder(test);
    const before = MIGRATIONS.findIndex((step) => step.includes("CREATE TABLE ended_committee"));
    writeOldStore(folder, before, "");
    const { endedCommittees } = folder.open();
    endedCommittees.insert(STUDY, 1n);
    assert.equal(endedCommittees.has(STUDY, 1n), true);
  });

  it("is rolled back with the transaction in which the chain's events are handled", (test) => {
    const store = storeFolder(test).open();
    const failing = (): void =>
      store.transaction(() => {
        store.endedCommittees.insert(STUDY, 1n);
        throw new Error("disk");
      });
    assert.throws(failing, /disk/);
    assert.equal(store.endedCommittees.has(STUDY, 1n), false);
  });
});
