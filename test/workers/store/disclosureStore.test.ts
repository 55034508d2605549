/** The disclosure history: what counts, until when, through restarts, kills, old files, and two gates at once. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { MIGRATIONS } from "../../../workers/store/migrations.ts";
import type { AboutToOpen, OpeningStage } from "../../../workers/store/openings.ts";
import { budget } from "../../budget.ts";
import { A, ANSWER, B, C, STUDY, counted, opened, opening, withRequests } from "./disclosureFixture.ts";
import { bytes32, hasCode, storeFolder, writeOldStore } from "./storeFixture.ts";

describe("DisclosureStore", () => {
  describe("recordAboutToOpen", () => {
    it("counts from the tests on, and is still there after a restart", (test) => {
      const folder = storeFolder(test);
      const store = withRequests(folder.open(), A, B);
      assert.deepEqual(counted(store.disclosures), []);
      store.disclosures.recordAboutToOpen(opening(B, "tests"));
      store.close();
      const { disclosures } = folder.open();
      assert.deepEqual(counted(disclosures), ["1 mayBeOpen"]);
      disclosures.recordAboutToOpen(opening(B, "outputs"));
      disclosures.recordAboutToOpen(opening(A, "tests", [B]));
      assert.deepEqual(counted(disclosures), ["0 mayBeOpen", "1 mayBeOpen"]);
    });

    it("takes the same again, and an earlier stage, without a change", (test) => {
      const { disclosures } = opened(test);
      for (const stage of ["tests", "tests", "outputs", "outputs", "tests"] as const) {
        disclosures.recordAboutToOpen(opening(A, stage));
      }
      assert.equal(disclosures.closeAttempt(A, 1n), false, "it is still at its outputs");
    });

    it("is not done by a transaction that could still fail", (test) => {
      const store = opened(test);
      const nested = (): void => store.transaction(() => store.disclosures.recordAboutToOpen(opening(A, "tests")));
      assert.throws(nested, hasCode("STORE_NESTED_TRANSACTION"));
      assert.deepEqual(counted(store.disclosures), []);
    });

    it("keeps studies apart, and a request in its study", (test) => {
      const { disclosures } = opened(test);
      const other = bytes32("other study");
      disclosures.recordAboutToOpen(opening(A, "tests"));
      disclosures.recordAboutToOpen({ ...opening(B, "tests"), studyId: other });
      assert.deepEqual([counted(disclosures), counted(disclosures, other)], [["0 mayBeOpen"], ["1 mayBeOpen"]]);
      const moved = { ...opening(A, "outputs"), studyId: other };
      assert.throws(() => disclosures.recordAboutToOpen(moved), hasCode("STORE_REQUEST_CONFLICT", { requestId: A }));
    });

    it("refuses attempts that are not the newest, requests that have ended, and what is malformed", (test) => {
      const { disclosures, requests } = opened(test);
      const refused = (given: AboutToOpen, code: string): void =>
        assert.throws(() => disclosures.recordAboutToOpen(given), hasCode(code));
      refused(opening(bytes32("?"), "tests"), "STORE_REQUEST_UNKNOWN");
      refused(opening(A, "tests", [], 2n), "STORE_ATTEMPT_NOT_TAKEN");
      refused(opening(A, "tests", [], 0n), "STORE_ATTEMPT_NOT_TAKEN");
      requests.takeAttempt(A, 2n);
      refused(opening(A, "tests"), "STORE_ATTEMPT_USED");
      requests.settle(A, "expired");
      refused(opening(A, "tests", [], 2n), "STORE_REQUEST_SETTLED");
      refused({ ...opening(B, "tests"), studyId: "0x12" }, "STORE_INVALID");
      assert.deepEqual(counted(disclosures), []);
    });
  });

  describe("the history that an attempt was planned with", () => {
    it("must hold every other entry, whatever its stage; ids may come in either case", (test) => {
      const { disclosures } = opened(test);
      disclosures.recordAboutToOpen(opening(A, "tests"));
      disclosures.recordAnswered({ requestId: B, ...ANSWER });
      const moved = hasCode("STORE_HISTORY_MOVED", { requestId: C, attempt: 1n, missing: A });
      assert.throws(() => disclosures.recordAboutToOpen(opening(C, "tests")), moved);
      const one = hasCode("STORE_HISTORY_MOVED", { missing: B });
      assert.throws(() => disclosures.recordAboutToOpen(opening(C, "tests", [A])), one);
      assert.throws(() => disclosures.recordAboutToOpen(opening(C, "outputs", [A])), one, "outputs at once, likewise");
      assert.deepEqual(counted(disclosures), ["0 mayBeOpen", "1 answered"], "nothing was recorded");
      const more = [A.toUpperCase().replace("X", "x"), B, bytes32("known to others only")];
      disclosures.recordAboutToOpen(opening(C, "tests", more));
    });

    it("need not hold the request's own earlier attempts", (test) => {
      const { disclosures, requests } = opened(test);
      disclosures.recordAboutToOpen(opening(A, "outputs"));
      requests.takeAttempt(A, 2n);
      disclosures.recordAboutToOpen(opening(A, "tests", [], 2n));
    });

    it("lets outputs follow tests past entries that were planned with this request", (test) => {
      const { disclosures } = opened(test);
      disclosures.recordAboutToOpen(opening(A, "tests"));
      disclosures.recordAboutToOpen(opening(B, "tests", [A]));
      disclosures.recordAboutToOpen(opening(B, "outputs", [A]));
      disclosures.recordAnswered({ requestId: B, ...ANSWER });
      disclosures.recordAboutToOpen(opening(A, "outputs"));
    });

    it("stops outputs when the chain showed an answer meanwhile that was planned elsewhere", (test) => {
      const { disclosures } = opened(test);
      disclosures.recordAboutToOpen(opening(A, "tests"));
      disclosures.recordAnswered({ requestId: B, ...ANSWER });
      assert.throws(
        () => disclosures.recordAboutToOpen(opening(A, "outputs")),
        hasCode("STORE_HISTORY_MOVED", { missing: B }),
      );
      assert.equal(disclosures.closeAttempt(A, 1n), true, "it stayed at its tests");
    });
  });

  describe("closeAttempt", () => {
    it("ends what stayed at its tests, and nothing more is opened in it", (test) => {
      const folder = storeFolder(test);
      const store = withRequests(folder.open(), A, B);
      store.disclosures.recordAboutToOpen(opening(A, "tests"));
      assert.equal(store.disclosures.closeAttempt(A, 1n), true);
      store.close();
      const { disclosures } = folder.open();
      assert.deepEqual(counted(disclosures), []);
      disclosures.recordAboutToOpen(opening(B, "tests"));
      for (const stage of ["tests", "outputs"] as const) {
        assert.throws(
          () => disclosures.recordAboutToOpen(opening(A, stage, [B])),
          hasCode("STORE_ATTEMPT_CLOSED", { requestId: A, attempt: 1n }),
        );
      }
    });

    it("ends one attempt; others go on counting, and so do outputs", (test) => {
      const { disclosures, requests } = opened(test);
      disclosures.recordAboutToOpen(opening(A, "tests"));
      requests.takeAttempt(A, 2n);
      disclosures.recordAboutToOpen(opening(A, "tests", [], 2n));
      assert.equal(disclosures.closeAttempt(A, 2n), true);
      assert.deepEqual(counted(disclosures), ["0 mayBeOpen"]);
      disclosures.closeAttempt(A, 1n);
      assert.deepEqual(counted(disclosures), []);
      disclosures.recordAboutToOpen(opening(B, "outputs"));
      assert.equal(disclosures.closeAttempt(B, 1n), false);
      assert.deepEqual(counted(disclosures), ["1 mayBeOpen"]);
    });

    it("takes an attempt that was never recorded", (test) => {
      const { disclosures } = opened(test);
      assert.equal(disclosures.closeAttempt(A, 1n), true);
      assert.deepEqual(counted(disclosures), []);
    });
  });

  describe("recordAnswered", () => {
    it("puts what was opened in the place of what may have been, for good", (test) => {
      const folder = storeFolder(test);
      const store = withRequests(folder.open(), A, B);
      store.disclosures.recordAboutToOpen(opening(A, "outputs"));
      for (const requestId of [A, B]) store.disclosures.recordAnswered({ requestId, ...ANSWER });
      store.disclosures.recordAnswered({ requestId: A, ...ANSWER });
      store.disclosures.closeAttempt(A, 1n);
      store.close();
      const { disclosures } = folder.open();
      const { suppressedBitmap, zeroOutputs } = ANSWER;
      const status = "answered";
      assert.deepEqual(
        disclosures.entries(STUDY),
        [A, B].map((requestId) => ({ requestId, status, suppressedBitmap, zeroOutputs, answeredBlock: 40 })),
      );
    });

    it("takes an answer that hides nothing and has no zeros", (test) => {
      const { disclosures } = opened(test);
      const nothing = { ...ANSWER, requestId: A, suppressedBitmap: "0x", zeroOutputs: [] };
      disclosures.recordAnswered(nothing);
      disclosures.recordAnswered(nothing);
      const expected = { requestId: A, status: "answered", suppressedBitmap: "0x", zeroOutputs: [], answeredBlock: 40 };
      assert.deepEqual(disclosures.entries(STUDY), [expected]);
    });

    it("belongs to a transaction, with which it is undone", (test) => {
      const store = opened(test);
      const failing = (): void =>
        store.transaction(() => {
          store.disclosures.recordAnswered({ requestId: A, ...ANSWER });
          throw new Error("no");
        });
      assert.throws(failing, /no/);
      assert.deepEqual(counted(store.disclosures), []);
    });

    it("refuses other contents, unknown requests and what is malformed", (test) => {
      const { disclosures } = opened(test);
      disclosures.recordAnswered({ requestId: A, ...ANSWER });
      const refused = (change: object, code: string): void =>
        assert.throws(() => disclosures.recordAnswered({ requestId: A, ...ANSWER, ...change }), hasCode(code));
      refused({ suppressedBitmap: "0x04" }, "STORE_REQUEST_CONFLICT");
      refused({ zeroOutputs: [1] }, "STORE_REQUEST_CONFLICT");
      refused({ block: 41 }, "STORE_REQUEST_CONFLICT");
      refused({ studyId: bytes32("other study") }, "STORE_REQUEST_CONFLICT");
      refused({ requestId: bytes32("?") }, "STORE_REQUEST_UNKNOWN");
      refused({ requestId: B, suppressedBitmap: "0x5" }, "STORE_INVALID");
      refused({ requestId: B, zeroOutputs: [-1] }, "STORE_INVALID");
      assert.deepEqual(counted(disclosures), ["0 answered"]);
    });
  });

  describe("a file of the schema before", () => {
    const before = MIGRATIONS.findIndex((step) => step.includes("CREATE TABLE disclosure"));
    const event = JSON.stringify({ context: { studyId: STUDY } });

    it("counts whatever its attempts may have opened, and follows the chain again for the rest", (test) => {
      const folder = storeFolder(test);
      const states = ["pending", "answered", "expired", "failed", "refused"] as const;
      const rows = states.map((state, i) => row(`attempted ${i}`, state, 3, event));
      writeOldStore(
        folder,
        before,
        `INSERT INTO request VALUES ${[...rows, row("untouched", "pending", 0, event), row("odd", "pending", 1, "{}"), row("no json", "pending", 1, "-")].join()};
         INSERT INTO cursor VALUES ('chain', 90, x'${"cc".repeat(32)}', 1)`,
      );
      const { disclosures, cursors, requests } = folder.open();
      const expected = [0, 1, 2, 3].map((i) => bytes32(`attempted ${i}`)).sort();
      assert.deepEqual(
        disclosures.entries(STUDY),
        expected.map((requestId) => ({ requestId, status: "mayBeOpen" })),
      );
      assert.equal(disclosures.closeAttempt(bytes32("attempted 0"), 3n), false);
      assert.equal(cursors.read("chain"), undefined);
      assert.equal(requests.counts().pending, 4);
    });

    function row(name: string, state: string, attempt: number, text: string): string {
      return `(x'${bytes32(name).slice(2)}', x'${"ab".repeat(20)}', 12, '${state}', ${attempt}, '${text}')`;
    }
  });

  it("keeps, through kill -9, every opening it acknowledged, at the stage it acknowledged", async (test) => {
    const folder = storeFolder(test);
    folder.open().close();
    let recorded = 0;
    for (let cycle = 0; cycle < budget.killCycles; cycle += 1) {
      const { requests, outputs, attempt } = await openUntilKilled(folder, recorded, 3 + 4 * cycle);
      const store = folder.open();
      const held = store.disclosures.entries(STUDY).length;
      assert.ok(held === requests || held === requests + 1, `${held} held, ${requests} acknowledged`);
      if (outputs > 0) assert.equal(store.disclosures.closeAttempt(bytes32(`opening ${outputs}`), attempt), false);
      recorded = held;
      store.close();
    }
  });
});

/** Kills the child once it has acknowledged so many stages more; returns the last request acknowledged at each stage. */
async function openUntilKilled(
  { path, keyDir }: ReturnType<typeof storeFolder>,
  from: number,
  messages: number,
): Promise<{ requests: number; outputs: number; attempt: bigint }> {
  const child = fork(new URL("openingWriter.ts", import.meta.url), [path, keyDir, String(from)]);
  let [requests, outputs, attempt, received] = [from, 0, 0, 0];
  child.on("message", (opening: { request: number; attempt: number; stage: OpeningStage }) => {
    if (opening.stage === "tests") requests = opening.request;
    else [outputs, attempt] = [opening.request, opening.attempt];
    received += 1;
    if (received === messages) child.kill("SIGKILL");
  });
  const [, signal] = (await once(child, "exit")) as [unknown, string];
  assert.equal(signal, "SIGKILL");
  return { requests, outputs, attempt: BigInt(attempt) };
}
