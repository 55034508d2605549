/** Requests of the committee before, in the disclosure history of the one that takes over. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Store } from "../../../workers/store/openStore.ts";
import { A, ANSWER, B, C, CONTRACT, STUDY, counted, opening, withRequests } from "./disclosureFixture.ts";
import { bytes32, hasCode, storeFolder } from "./storeFixture.ts";

describe("DisclosureStore: takeOver", () => {
  const event = (studyId = STUDY, committeeEpoch = "1"): string =>
    JSON.stringify({ context: { studyId, committeeEpoch } });
  /** Of the study; their attempts were another committee's. */
  function followed(store: Store, ...requestIds: readonly string[]): Store {
    for (const requestId of requestIds)
      store.requests.insert({ requestId, queryContract: CONTRACT, block: 12, event: event() });
    return store;
  }

  it("counts whatever may have been opened, as far as the chain shows, and survives a restart", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const endings = [
      ["pending", undefined],
      ["expired", undefined],
      ["failed", 1n],
      ["refused", 2n],
      ["refused", undefined],
      ["refused", 1n],
      ["answered", 1n],
    ] as const;
    const ids = endings.map((_, index) => bytes32(`request ${index}`));
    followed(store, ...ids);
    endings.forEach(([state, attempt], index) => {
      if (state !== "pending") store.requests.settle(ids[index]!, state, attempt);
    });
    store.requests.insert({ requestId: A, queryContract: CONTRACT, block: 1, event: event(bytes32("other study")) });
    store.requests.insert({ requestId: B, queryContract: CONTRACT, block: 1, event: "no json" });
    store.requests.insert({ requestId: C, queryContract: CONTRACT, block: 1, event: event(STUDY.toUpperCase()) });
    store.disclosures.takeOver(STUDY, 2n);
    store.close();
    const { disclosures } = folder.open();
    const expected = [...ids.slice(0, 5), C].sort();
    assert.deepEqual(
      disclosures.entries(STUDY),
      expected.map((requestId) => ({ requestId, status: "mayBeOpen" })),
    );
    assert.deepEqual(disclosures.entries(bytes32("other study")), []);
  });

  it("belongs to the transaction of the event, and is undone with it", (test) => {
    const store = followed(storeFolder(test).open(), A);
    const failing = (): void =>
      store.transaction(() => {
        store.disclosures.takeOver(STUDY, 2n);
        throw new Error("no");
      });
    assert.throws(failing, /no/);
    assert.deepEqual(counted(store.disclosures), []);
    store.transaction(() => store.disclosures.takeOver(STUDY, 2n));
    assert.deepEqual(counted(store.disclosures), ["0 mayBeOpen"]);
  });

  it("is no harm again: what was refused at first stays closed, what came since counts", (test) => {
    const { disclosures, requests } = followed(storeFolder(test).open(), A, B);
    disclosures.takeOver(STUDY, 2n);
    assert.equal(disclosures.closeAttempt(A, 1n), true);
    followed({ requests } as Store, C);
    for (let turn = 0; turn < 2; turn++) disclosures.takeOver(STUDY, 2n);
    assert.deepEqual(counted(disclosures), ["1 mayBeOpen", "2 mayBeOpen"]);
  });

  it("leaves what was asked of the committee itself, or of a later one, as when the chain is followed anew", (test) => {
    const { disclosures, requests } = followed(storeFolder(test).open(), A);
    const place = { queryContract: CONTRACT, block: 12 };
    requests.insert({ requestId: B, ...place, event: event(STUDY, "2") });
    requests.insert({ requestId: C, ...place, event: event(STUDY, "10") });
    disclosures.takeOver(STUDY, 1n);
    assert.deepEqual(counted(disclosures), []);
    disclosures.takeOver(STUDY, 2n);
    assert.deepEqual(counted(disclosures), ["0 mayBeOpen"]);
  });

  it("ends by a refusal of the first attempt, before which there was none, and of no later one", (test) => {
    const { disclosures } = followed(storeFolder(test).open(), A);
    disclosures.takeOver(STUDY, 2n);
    assert.equal(disclosures.closeAttempt(A, 2n), true);
    assert.deepEqual(counted(disclosures), ["0 mayBeOpen"]);
    assert.equal(disclosures.closeAttempt(A, 1n), true);
    assert.deepEqual(counted(disclosures), []);
  });

  it("gives way to what the chain shows was answered", (test) => {
    const { disclosures } = followed(storeFolder(test).open(), A);
    disclosures.takeOver(STUDY, 2n);
    disclosures.recordAnswered({ requestId: A, ...ANSWER });
    assert.deepEqual(counted(disclosures), ["0 answered"]);
  });

  it("leaves this worker's own attempts as they were", (test) => {
    const { disclosures } = withRequests(followed(storeFolder(test).open(), A), B);
    const store = { disclosures };
    store.disclosures.recordAboutToOpen(opening(B, "outputs"));
    store.disclosures.takeOver(STUDY, 2n);
    assert.deepEqual(counted(disclosures), ["0 mayBeOpen", "1 mayBeOpen"]);
    assert.equal(disclosures.closeAttempt(B, 1n), false, "its outputs were about to open");
    assert.deepEqual(counted(disclosures), ["0 mayBeOpen", "1 mayBeOpen"]);
  });

  it("is named to requests of the committee that takes over, not to those of the one before", (test) => {
    const store = followed(storeFolder(test).open(), A, B);
    const { requests, disclosures } = store;
    requests.insert({ requestId: C, queryContract: CONTRACT, block: 13, event: event(STUDY, "2") });
    disclosures.takeOver(STUDY, 2n);
    assert.deepEqual(disclosures.named(C, STUDY), [A, B]);
    assert.deepEqual(disclosures.named(A, STUDY), []);
    requests.takeAttempt(B, 1n);
    disclosures.recordAboutToOpen(opening(B, "tests"));
    assert.deepEqual(disclosures.named(A, STUDY), [B], "this worker was about to open it");
  });

  it("stops tests and outputs that were planned without what was taken over, answered since or not", (test) => {
    for (const isAnswered of [false, true]) {
      const store = followed(withRequests(storeFolder(test).open(), C), A);
      const { disclosures } = store;
      disclosures.recordAboutToOpen(opening(C, "tests"));
      disclosures.takeOver(STUDY, 2n);
      if (isAnswered) disclosures.recordAnswered({ requestId: A, ...ANSWER });
      const moved = hasCode("STORE_HISTORY_MOVED", { requestId: C, missing: A });
      assert.throws(() => disclosures.recordAboutToOpen(opening(C, "outputs")), moved);
      store.requests.takeAttempt(C, 2n);
      assert.throws(() => disclosures.recordAboutToOpen(opening(C, "tests", [], 2n)), moved);
      const changed = hasCode("STORE_HISTORY_CHANGED", { requestId: C, attempt: 2n });
      assert.throws(() => disclosures.recordAboutToOpen(opening(C, "tests", [A], 2n)), changed);
    }
  });
});
