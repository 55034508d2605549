import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Store } from "../../../workers/store/openStore.ts";
import { bytes32, hasCode, storeFolder, writeOldStore } from "./storeFixture.ts";

const ID = bytes32("request");
const REQUEST = { requestId: ID, queryContract: `0x${"ab".repeat(20)}`, block: 12, event: '{"parameters":"0x"}' };
const SIGNED = { attempt: 1n, statement: bytes32("statement"), resultHash: bytes32("result") };

function withRequest(store: Store): Store {
  store.requests.insert(REQUEST);
  return store;
}

describe("RequestStore", () => {
  describe("insert", () => {
    it("inserts once", (test) => {
      const { requests } = storeFolder(test).open();
      assert.equal(requests.insert(REQUEST), true);
      assert.equal(requests.insert({ ...REQUEST, queryContract: `0x${"AB".repeat(20)}` }), false);
      assert.deepEqual(requests.pending(), [
        { ...REQUEST, state: "pending", lastAttempt: 0n, endedAttempt: undefined },
      ]);
    });

    it("refuses the same id with other contents", (test) => {
      const { requests } = withRequest(storeFolder(test).open());
      for (const other of [{ block: 13 }, { event: "{}" }, { queryContract: `0x${"cd".repeat(20)}` }]) {
        assert.throws(
          () => requests.insert({ ...REQUEST, ...other }),
          hasCode("STORE_REQUEST_CONFLICT", { requestId: ID }),
        );
      }
    });

    it("refuses malformed ids", (test) => {
      const { requests } = storeFolder(test).open();
      assert.throws(
        () => requests.insert({ ...REQUEST, requestId: "0x12" }),
        hasCode("STORE_INVALID", { field: "requestId" }),
      );
      assert.throws(() => requests.get(`0x${"zz".repeat(32)}`), hasCode("STORE_INVALID"));
    });
  });

  describe("attempts", () => {
    it("count up, and may leave numbers out", (test) => {
      const { requests } = withRequest(storeFolder(test).open());
      for (const attempt of [1n, 2n, 9n, 10n]) {
        requests.takeAttempt(ID, attempt);
        assert.equal(requests.get(ID)?.lastAttempt, attempt);
      }
    });

    it("are never taken twice, restarts included", (test) => {
      const folder = storeFolder(test);
      const store = withRequest(folder.open());
      store.requests.takeAttempt(ID, 5n);
      store.close();
      const { requests } = folder.open();
      for (const attempt of [0n, 1n, 5n]) {
        assert.throws(
          () => requests.takeAttempt(ID, attempt),
          hasCode("STORE_ATTEMPT_USED", { attempt, lastAttempt: 5n }),
        );
      }
      requests.takeAttempt(ID, 6n);
    });

    it("are not handed out by a transaction that could still fail", (test) => {
      const store = withRequest(storeFolder(test).open());
      assert.throws(
        () => store.transaction(() => store.requests.takeAttempt(ID, 1n)),
        hasCode("STORE_NESTED_TRANSACTION"),
      );
    });

    it("end when the request has ended", (test) => {
      const { requests } = withRequest(storeFolder(test).open());
      requests.settle(ID, "expired");
      assert.throws(() => requests.takeAttempt(ID, 1n), hasCode("STORE_REQUEST_SETTLED", { state: "expired" }));
    });
  });

  describe("recordSigned", () => {
    it("lets the same statement be signed again, after a restart too", (test) => {
      const folder = storeFolder(test);
      const store = withRequest(folder.open());
      store.requests.takeAttempt(ID, 1n);
      store.requests.recordSigned(ID, SIGNED);
      store.requests.recordSigned(ID, SIGNED);
      store.close();
      const { requests } = folder.open();
      requests.recordSigned(ID, SIGNED);
      assert.deepEqual(requests.signed(ID), [SIGNED]);
    });

    it("never lets two statements be signed in one attempt", (test) => {
      const { requests } = withRequest(storeFolder(test).open());
      requests.takeAttempt(ID, 1n);
      requests.recordSigned(ID, SIGNED);
      const other = { ...SIGNED, statement: bytes32("other") };
      assert.throws(() => requests.recordSigned(ID, other), hasCode("STORE_SIGNED_OTHER", { attempt: 1n }));
    });

    it("lets only the first result be signed in later attempts", (test) => {
      const { requests } = withRequest(storeFolder(test).open());
      requests.takeAttempt(ID, 2n);
      requests.recordSigned(ID, SIGNED);
      const later = { ...SIGNED, attempt: 2n, statement: bytes32("later") };
      assert.throws(
        () => requests.recordSigned(ID, { ...later, resultHash: bytes32("?") }),
        hasCode("STORE_RESULT_CHANGED"),
      );
      requests.recordSigned(ID, later);
      assert.deepEqual(requests.signed(ID), [SIGNED, later]);
    });

    it("keeps the newest verdict until the request is settled, restarts included", (test) => {
      const folder = storeFolder(test);
      const store = withRequest(folder.open());
      store.requests.takeAttempt(ID, 3n);
      assert.equal(store.requests.signedVerdict(ID), undefined);
      store.requests.recordSigned(ID, SIGNED, '{"attempt":"1"}');
      store.requests.recordSigned(ID, { ...SIGNED, attempt: 3n, statement: bytes32("later") }, '{"attempt":"3"}');
      store.close();
      const { requests } = folder.open();
      assert.equal(requests.signedVerdict(ID), '{"attempt":"3"}');
      requests.settle(ID, "answered");
      assert.equal(requests.signedVerdict(ID), undefined);
      assert.equal(requests.signed(ID).length, 2, "what was signed is never forgotten");
    });

    it("takes over what a worker of the first schema signed", (test) => {
      const folder = storeFolder(test);
      const blob = (hex: string): string => `x'${hex.slice(2)}'`;
      writeOldStore(
        folder,
        1,
        `INSERT INTO request VALUES (${blob(ID)}, ${blob(REQUEST.queryContract)}, 12, 'pending', 1, '{}');
         INSERT INTO signed_statement VALUES (${blob(ID)}, 1, ${blob(SIGNED.statement)}, ${blob(SIGNED.resultHash)})`,
      );
      const { requests } = folder.open();
      assert.deepEqual([requests.signed(ID), requests.signedVerdict(ID)], [[SIGNED], undefined]);
      requests.takeAttempt(ID, 2n);
      requests.recordSigned(ID, { ...SIGNED, attempt: 2n, statement: bytes32("later") }, "{}");
      assert.equal(requests.signedVerdict(ID), "{}");
    });

    it("refuses an attempt that was not taken, and an unknown request", (test) => {
      const { requests } = withRequest(storeFolder(test).open());
      assert.throws(() => requests.recordSigned(ID, SIGNED), hasCode("STORE_ATTEMPT_NOT_TAKEN", { attempt: 1n }));
      assert.throws(() => requests.recordSigned(bytes32("?"), SIGNED), hasCode("STORE_REQUEST_UNKNOWN"));
    });
  });

  describe("settle", () => {
    it("is final", (test) => {
      const { requests } = withRequest(storeFolder(test).open());
      requests.settle(ID, "answered");
      requests.settle(ID, "answered");
      const late = hasCode("STORE_REQUEST_SETTLED", { state: "answered", wanted: "refused" });
      assert.throws(() => requests.settle(ID, "refused"), late);
      assert.deepEqual(requests.pending(), []);
      assert.deepEqual(
        requests.list("answered").map(({ requestId }) => requestId),
        [ID],
      );
      assert.deepEqual(requests.counts(), { pending: 0, answered: 1, refused: 0, expired: 0, failed: 0 });
    });

    it("keeps the attempt that the ending names, restarts included, and takes no other", (test) => {
      const folder = storeFolder(test);
      const store = withRequest(folder.open());
      store.requests.settle(ID, "refused", 3n);
      store.requests.settle(ID, "refused", 3n);
      store.requests.settle(ID, "refused");
      store.close();
      const { requests } = folder.open();
      assert.deepEqual([requests.get(ID)?.state, requests.get(ID)?.endedAttempt], ["refused", 3n]);
      assert.throws(() => requests.settle(ID, "refused", 4n), hasCode("STORE_REQUEST_CONFLICT", { requestId: ID }));
      assert.throws(() => requests.settle(ID, "answered", 3n), hasCode("STORE_REQUEST_SETTLED"));
      assert.throws(() => requests.settle(ID, "refused", -1n), hasCode("STORE_INVALID", { field: "attempt" }));
      assert.equal(requests.get(ID)?.endedAttempt, 3n);
    });

    it("names none of a request that expired, and takes later what it was not told at first", (test) => {
      const { requests } = withRequest(storeFolder(test).open());
      requests.settle(ID, "failed");
      assert.equal(requests.get(ID)?.endedAttempt, undefined);
      requests.settle(ID, "failed", 2n);
      assert.equal(requests.get(ID)?.endedAttempt, 2n);
    });
  });
});

describe("UploadNonceStore", () => {
  const owner = `0x${"11".repeat(20)}`;

  it("refuses a nonce used before, per signer", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    store.uploadNonces.use(owner, 2n ** 256n - 1n, 2n ** 255n);
    store.close();
    const { uploadNonces } = folder.open();
    assert.throws(() => uploadNonces.use(owner, 2n ** 256n - 1n, 100n), hasCode("STORE_NONCE_USED", { signer: owner }));
    assert.equal(uploadNonces.isUsed(owner, 2n ** 256n - 1n), true);
    assert.equal(uploadNonces.isUsed(owner, 1n), false);
    uploadNonces.use(`0x${"22".repeat(20)}`, 2n ** 256n - 1n, 100n);
  });

  it("does not spend a nonce in a transaction that fails", (test) => {
    const store = storeFolder(test).open();
    const failing = (): void =>
      store.transaction(() => {
        store.uploadNonces.use(owner, 1n, 100n);
        throw new Error("no");
      });
    assert.throws(failing);
    assert.equal(store.uploadNonces.isUsed(owner, 1n), false);
  });

  it("forgets nonces only past their deadline", (test) => {
    const { uploadNonces } = storeFolder(test).open();
    uploadNonces.use(owner, 1n, 99n);
    uploadNonces.use(owner, 2n, 100n);
    assert.equal(uploadNonces.prune(100n), 1);
    assert.equal(uploadNonces.isUsed(owner, 1n), false);
    assert.equal(uploadNonces.isUsed(owner, 2n), true);
  });
});
