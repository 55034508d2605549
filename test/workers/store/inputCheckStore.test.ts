/** Attempts of input checks are never used twice, and an ending is final. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { InputCheckStore } from "../../../workers/store/inputCheckStore.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { bytes32, hasCode, sampleFile, storeFolder, writeOldStore } from "./storeFixture.ts";

const ID = bytes32("check");
const CHECK = { checkId: ID, datasetId: bytes32("dataset"), epoch: 1n, version: 3n, activation: '{"a":1}' };
const REJECTED = { state: "rejected", reason: "malformed-columns" } as const;

function withCheck(store: Store): InputCheckStore {
  store.inputChecks.insert(CHECK);
  return store.inputChecks;
}

describe("InputCheckStore", () => {
  it("keeps a check as it was inserted first", (test) => {
    const checks = withCheck(storeFolder(test).open());
    checks.insert({ ...CHECK, activation: "{}" });
    const expected = { ...CHECK, state: "unchecked", reason: undefined, lastAttempt: 0n, needed: false };
    assert.deepEqual(checks.get(ID), expected);
    assert.deepEqual(checks.ofVersion(CHECK.datasetId, 1n, 3n), expected);
    assert.deepEqual([checks.open(), checks.all()], [[expected], [expected]]);
    assert.deepEqual(
      [checks.ofVersion(CHECK.datasetId, 1n, 2n), checks.ofVersion(CHECK.datasetId, 2n, 3n), checks.get(bytes32("?"))],
      [undefined, undefined, undefined],
    );
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

  it("stays open for others that need it, takes attempts, and is over once it is released", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    withCheck(store).settle(ID, { state: "checked" }, { needed: true });
    store.close();
    const checks = folder.open().inputChecks;
    assert.deepEqual(
      checks.open().map(({ state, needed }) => [state, needed]),
      [["checked", true]],
    );
    checks.takeAttempt(ID, 3n);
    checks.settle(ID, { state: "checked" });
    assert.throws(() => checks.settle(ID, REJECTED), hasCode("STORE_CHECK_ENDED", { state: "checked" }));
    assert.equal(checks.get(ID)?.needed, true, "the same ending again changes nothing");
    for (let i = 0; i < 2; i += 1) checks.release(ID);
    assert.deepEqual([checks.open(), checks.get(ID)?.state, checks.get(ID)?.lastAttempt], [[], "checked", 3n]);
    assert.throws(() => checks.takeAttempt(ID, 4n), hasCode("STORE_CHECK_ENDED"));
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

  it("is another for the same version among another committee", (test) => {
    const checks = withCheck(storeFolder(test).open());
    const later = { ...CHECK, checkId: bytes32("later"), epoch: 2n };
    checks.insert(later);
    checks.settle(ID, REJECTED);
    assert.deepEqual(
      checks.all().map(({ epoch, state }) => `${epoch} ${state}`),
      ["1 rejected", "2 unchecked"],
    );
    assert.deepEqual([checks.ofVersion(CHECK.datasetId, 2n, 3n)?.checkId, checks.open().length], [later.checkId, 1]);
  });

  it("gives way to that of the version shared anew, ended or not, and to no other", (test) => {
    const checks = withCheck(storeFolder(test).open());
    const [anew, again] = ["anew", "again"].map((name) => ({ ...CHECK, checkId: bytes32(name), activation: name }));
    checks.insert(anew!);
    assert.equal(checks.ofVersion(CHECK.datasetId, 1n, 3n)?.checkId, ID, "it did not say that it replaces");
    checks.insert({ ...CHECK, epoch: 2n, checkId: bytes32("other") }, { replaces: true });
    checks.insert(anew!, { replaces: true });
    checks.takeAttempt(anew!.checkId, 2n);
    checks.insert(anew!, { replaces: true });
    assert.equal(checks.get(anew!.checkId)?.lastAttempt, 2n, "the same again changes nothing");
    checks.settle(anew!.checkId, { state: "checked" });
    checks.insert(again!, { replaces: true });
    const { checkId, state, lastAttempt, activation } = checks.ofVersion(CHECK.datasetId, 1n, 3n)!;
    assert.deepEqual([checkId, state, lastAttempt, activation], [again!.checkId, "unchecked", 0n, "again"]);
    assert.deepEqual([checks.get(ID), checks.get(anew!.checkId), checks.all().length], [undefined, undefined, 2]);
  });

  it("is dropped with all of its holding, and no other", (test) => {
    const checks = withCheck(storeFolder(test).open());
    checks.insert({ ...CHECK, checkId: bytes32("4"), version: 4n });
    checks.insert({ ...CHECK, checkId: bytes32("later"), epoch: 2n });
    checks.insert({ ...CHECK, checkId: bytes32("other"), datasetId: bytes32("other") });
    checks.settle(bytes32("4"), { state: "checked" });
    checks.drop(CHECK.datasetId, 1n);
    checks.drop(CHECK.datasetId, 1n);
    assert.deepEqual(
      new Set(checks.all().map(({ checkId }) => checkId)),
      new Set([bytes32("later"), bytes32("other")]),
    );
    checks.insert(CHECK);
    assert.equal(checks.get(ID)?.state, "unchecked", "seen again");
  });

  it("is not open once its shares were erased, alone or with their dataset", (test) => {
    const { shares, inputChecks } = storeFolder(test).open();
    const open = (): string[] => inputChecks.open().map(({ epoch }) => String(epoch));
    for (const epoch of [1n, 2n, 3n]) inputChecks.insert({ ...CHECK, epoch, checkId: bytes32(`check ${epoch}`) });
    shares.putSegment(sampleFile({ datasetId: CHECK.datasetId, epoch: 2n }), bytes32("file"));
    assert.deepEqual(open(), ["1", "2", "3"]);
    shares.eraseHolding(CHECK.datasetId, 2n);
    assert.deepEqual(open(), ["1", "3"]);
    shares.eraseDataset(CHECK.datasetId);
    assert.deepEqual(open(), []);
    assert.equal(inputChecks.all().length, 3);
  });

  it("comes to a store of the second schema, whose versions it does not know", (test) => {
    const folder = storeFolder(test);
    writeOldStore(folder, 2, "");
    assert.deepEqual(withCheck(folder.open()).all().length, 1);
  });
});
