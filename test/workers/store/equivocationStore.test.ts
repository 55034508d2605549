/** Evidence against members: one piece of each member and request, kept for good. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MIGRATIONS } from "../../../workers/store/migrations.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { bytes32, hasCode, storeFolder, writeOldStore } from "./storeFixture.ts";

const REQUEST = bytes32("request");
const OTHER = bytes32("other request");

function withRequests(store: Store): Store {
  for (const requestId of [REQUEST, OTHER]) {
    store.requests.insert({ requestId, queryContract: `0x${"c0".repeat(20)}`, block: 1, event: "{}" });
  }
  return store;
}

describe("EquivocationStore", () => {
  it("keeps the first of each member and request, durably, past the request's end", (test) => {
    const folder = storeFolder(test);
    const store = withRequests(folder.open());
    assert.equal(store.equivocations.keep(REQUEST, 2, "first"), true);
    assert.equal(store.equivocations.keep(REQUEST, 2, "second"), false);
    assert.equal(store.equivocations.keep(REQUEST, 3, "of another member"), true);
    assert.equal(store.equivocations.keep(OTHER, 2, "of another request"), true);
    store.requests.settle(REQUEST, "answered");
    store.close();
    const kept = folder.open().equivocations.all();
    assert.deepEqual([...kept].sort(), ["first", "of another member", "of another request"]);
  });

  it("refuses a member that no committee has, and a request that is not known", (test) => {
    const store = withRequests(storeFolder(test).open());
    for (const index of [0, 8]) assert.throws(() => store.equivocations.keep(REQUEST, index, "x"));
    assert.throws(() => store.equivocations.keep(REQUEST, -1, "x"), hasCode("STORE_INVALID", { field: "index" }));
    assert.throws(() => store.equivocations.keep("0x12", 1, "x"), hasCode("STORE_INVALID", { field: "requestId" }));
    assert.throws(() => store.equivocations.keep(bytes32("unknown"), 1, "x"));
    assert.deepEqual(store.equivocations.all(), []);
  });

  it("is there, and empty, in a file of before there was evidence", (test) => {
    const folder = storeFolder(test);
    const before = MIGRATIONS.findIndex((step) => step.includes("CREATE TABLE equivocation"));
    writeOldStore(folder, before, "");
    assert.deepEqual(folder.open().equivocations.all(), []);
  });
});
