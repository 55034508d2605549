/** Copies of sealed answers' keys: kept before anything opens, due once the chain shows the answer, then gone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Store } from "../../../workers/store/openStore.ts";
import { bytes32, hasCode, storeFolder, writeOldStore } from "./storeFixture.ts";

const REQUEST = bytes32("request");
const CONTRACT = `0x${"c0".repeat(20)}`;
const copiesOf = (name: string) => ({ index: 2, maskKeyHashes: [bytes32(`hash ${name}`)], copies: [bytes32(name)] });
const SEALED = bytes32("sealed");
const OUTPUTS = bytes32("outputs");
const newCopies = (name: string) => ({ ...copiesOf(name), sealedHash: SEALED });

function withRequest(store: Store, requestId = REQUEST): Store {
  store.requests.insert({ requestId, queryContract: CONTRACT, block: 1, event: "{}" });
  return store;
}

/** One attempt after another, each with its copies. */
function withAttempts(store: Store, count: number): Store {
  for (let attempt = 1n; attempt <= count; attempt++) {
    store.requests.takeAttempt(REQUEST, attempt);
    store.keyCopies.put(REQUEST, attempt, newCopies(`${attempt}`));
  }
  return store;
}

describe("KeyCopyStore", () => {
  it("makes due what belongs to the attempt that was answered, durably, and forgets the others", (test) => {
    const folder = storeFolder(test);
    const store = withAttempts(withRequest(folder.open()), 3);
    assert.deepEqual(store.keyCopies.due(), []);
    store.keyCopies.answered(REQUEST, 2n, SEALED, OUTPUTS);
    const due = [{ requestId: REQUEST, attempt: 2n, outputsHash: OUTPUTS, ...copiesOf("2") }];
    assert.deepEqual(store.keyCopies.due(), due);
    store.close();
    const again = folder.open();
    assert.deepEqual(again.keyCopies.due(), due);
    again.keyCopies.answered(REQUEST, 3n, SEALED, OUTPUTS);
    assert.deepEqual(again.keyCopies.due(), [], "the others are gone");
  });

  it("is durable from `put` on: a worker that dies right after it publishes when it comes back", (test) => {
    const folder = storeFolder(test);
    withAttempts(withRequest(folder.open()), 1).close();
    const again = folder.open();
    again.keyCopies.answered(REQUEST, 1n, SEALED, OUTPUTS);
    assert.deepEqual(again.keyCopies.due(), [
      { requestId: REQUEST, attempt: 1n, outputsHash: OUTPUTS, ...copiesOf("1") },
    ]);
  });

  it("owes nothing of an attempt that this worker took no part in, nor of a request that ended without an answer", (test) => {
    const store = withAttempts(withRequest(storeFolder(test).open()), 1);
    store.keyCopies.ended(REQUEST);
    store.keyCopies.answered(REQUEST, 1n, SEALED, OUTPUTS);
    assert.deepEqual(store.keyCopies.due(), []);
    store.keyCopies.answered(bytes32("never seen"), 1n, SEALED, OUTPUTS);
    store.keyCopies.published(bytes32("never seen"), copiesOf("1"));
  });

  it("owes them until the chain shows these very copies", (test) => {
    const store = withAttempts(withRequest(storeFolder(test).open()), 1);
    const own = copiesOf("1");
    store.keyCopies.published(REQUEST, own);
    store.keyCopies.answered(REQUEST, 1n, SEALED, OUTPUTS);
    // Another worker that publishes them under its own index, or without the hashes that readers look for, is not this one.
    for (const other of [
      { ...own, copies: [] },
      { ...own, copies: copiesOf("2").copies },
      { ...own, copies: [...own.copies, "0x"] },
      { ...own, index: 3 },
      { ...own, maskKeyHashes: [] },
    ]) {
      store.keyCopies.published(REQUEST, other);
      assert.equal(store.keyCopies.due().length, 1);
    }
    const upper = (hex: string): string => hex.toUpperCase().replace("0X", "0x");
    store.keyCopies.published(upper(REQUEST), { ...own, copies: own.copies.map(upper) });
    assert.deepEqual(store.keyCopies.due(), []);
  });

  it("owes nothing of another answer than the one on the chain, though of the same attempt", (test) => {
    const store = withAttempts(withRequest(storeFolder(test).open()), 1);
    store.keyCopies.answered(REQUEST, 1n, bytes32("another"), OUTPUTS);
    assert.deepEqual(store.keyCopies.due(), []);
  });

  it("takes none but of the newest attempt of an open request, and not inside a transaction", (test) => {
    const store = withAttempts(withRequest(storeFolder(test).open()), 2);
    const put = (attempt: bigint, requestId = REQUEST): void => store.keyCopies.put(requestId, attempt, newCopies("x"));
    assert.throws(() => put(1n), hasCode("STORE_ATTEMPT_USED", { attempt: 1n, lastAttempt: 2n }));
    assert.throws(() => put(3n), hasCode("STORE_ATTEMPT_USED", { attempt: 3n, lastAttempt: 2n }));
    assert.throws(() => put(1n, bytes32("?")), hasCode("STORE_REQUEST_UNKNOWN"));
    store.requests.takeAttempt(REQUEST, 3n);
    assert.throws(() => store.transaction(() => put(3n)), hasCode("STORE_NESTED_TRANSACTION"));
    store.requests.settle(REQUEST, "expired");
    assert.throws(() => put(3n), hasCode("STORE_REQUEST_SETTLED", { state: "expired" }));
    store.keyCopies.answered(REQUEST, 3n, SEALED, OUTPUTS);
    assert.deepEqual(store.keyCopies.due(), []);
  });

  it("is rolled back with the transaction in which the chain's events are handled", (test) => {
    const store = withAttempts(withRequest(storeFolder(test).open()), 1);
    const failing = (): void =>
      store.transaction(() => {
        store.keyCopies.answered(REQUEST, 1n, SEALED, OUTPUTS);
        throw new Error("disk");
      });
    assert.throws(failing, /disk/);
    assert.deepEqual(store.keyCopies.due(), []);
    store.keyCopies.answered(REQUEST, 1n, SEALED, OUTPUTS);
    assert.equal(store.keyCopies.due().length, 1);
  });

  it("comes to a store of the schema before it", (test) => {
    const folder = storeFolder(test);
    writeOldStore(folder, 4, "");
    const store = withAttempts(withRequest(folder.open()), 1);
    store.keyCopies.answered(REQUEST, 1n, SEALED, OUTPUTS);
    assert.equal(store.keyCopies.due().length, 1);
  });
});
