/** Attempts of input checks are never used twice, and an ending is final. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { InputCheckStore } from "../../../workers/store/inputCheckStore.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { bytes32, hasCode, storeFolder, writeOldStore } from "./storeFixture.ts";

const ID = bytes32("check");
const CHECK = { checkId: ID, datasetId: bytes32("dataset"), version: 3n, activation: '{"a":1}' };
const REJECTED = { state: "rejected", reason: "malformed-columns" } as const;

function withCheck(store: Store): InputCheckStore {
  store.inputChecks.insert(CHECK);
  return store.inputChecks;
}

describe("InputCheckStore", () => {
  it("keeps a check as it was inserted first", (test) => {
    const checks = withCheck(storeFolder(test).open());
    checks.insert({ ...CHECK, activation: "{}" });
    const expected = { ...CHECK, state: "unchecked", reason: undefined, lastAttempt: 0n };
    assert.deepEqual(checks.get(ID), expected);
    assert.deepEqual(checks.ofVersion(CHECK.datasetId, 3n), expected);
    assert.deepEqual([checks.open(), checks.all()], [[expected], [expected]]);
    assert.deepEqual([checks.ofVersion(CHECK.datasetId, 2n), checks.get(bytes32("?"))], [undefined, undefined]);
  });

  it("takes attempts upwards only, durably", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const checks = withCheck(store);
    checks.takeAttempt(ID, 4n);
    for (const attempt of [1n, 4n]) {
      assert.throws(() => checks.takeAttempt(ID, attempt), hasCode("STORE_ATTEMPT_USED", { attempt, lastAttempt: 4n }));
    }
    assert.throws(() => store.transaction(() => checks.takeAttempt(ID, 5n)), hasCode("STORE_NESTED_TRANSACTION"));
    assert.throws(() => checks.takeAttempt(bytes32("?"), 1n), hasCode("STORE_CHECK_UNKNOWN"));
    store.close();
    assert.equal(folder.open().inputChecks.get(ID)?.lastAttempt, 4n);
  });

  it("ends once, with a reason when it is a rejection", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const checks = withCheck(store);
    checks.settle(ID, REJECTED);
    checks.settle(ID, REJECTED);
    for (const other of [{ state: "checked" }, { ...REJECTED, reason: "inconsistent-dealing" }] as const) {
      assert.throws(() => checks.settle(ID, other), hasCode("STORE_CHECK_ENDED", { state: "rejected" }));
    }
    assert.throws(() => checks.takeAttempt(ID, 1n), hasCode("STORE_CHECK_ENDED"));
    assert.throws(() => checks.settle(bytes32("?"), REJECTED), hasCode("STORE_CHECK_UNKNOWN"));
    assert.deepEqual(checks.open(), []);
    store.close();
    const [again] = folder.open().inputChecks.all();
    assert.deepEqual([again?.state, again?.reason], ["rejected", "malformed-columns"]);
  });

  it("is rolled back with the transaction that it ends in", (test) => {
    const store = storeFolder(test).open();
    const checks = withCheck(store);
    const failing = (): void =>
      store.transaction(() => {
        checks.settle(ID, { state: "checked" });
        throw new Error("disk");
      });
    assert.throws(failing, /disk/);
    assert.equal(checks.get(ID)?.state, "unchecked");
  });

  it("comes to a store of the second schema, whose versions it does not know", (test) => {
    const folder = storeFolder(test);
    writeOldStore(folder, 2, "");
    assert.deepEqual(withCheck(folder.open()).all().length, 1);
  });
});
