/** The disclosure history: what counts, until when, through restarts, kills, old files, and two gates at once. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { type TestContext, describe, it } from "node:test";
import type { DisclosureStore } from "../../../workers/store/disclosureStore.ts";
import { MIGRATIONS } from "../../../workers/store/migrations.ts";
import type { AboutToOpen, OpeningStage } from "../../../workers/store/openings.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { budget } from "../../budget.ts";
import { bytes32, hasCode, storeFolder, writeOldStore } from "./storeFixture.ts";

const STUDY = bytes32("study");
/** Ascending, so that entries come in this order. */
const [A, B, C] = ["a", "b", "c"].map(bytes32).sort() as [string, string, string];
const CONTRACT = `0x${"ab".repeat(20)}`;
const ANSWER = { studyId: STUDY, suppressedBitmap: "0x05", zeroOutputs: [1, 3], block: 40 };

/** Known and pending, with attempt 1 taken. */
function withRequests(store: Store, ...requestIds: readonly string[]): Store {
  for (const requestId of requestIds) {
    store.requests.insert({ requestId, queryContract: CONTRACT, block: 12, event: "{}" });
    store.requests.takeAttempt(requestId, 1n);
  }
  return store;
}

function opening(
  requestId: string,
  stage: OpeningStage,
  requestIds: readonly string[] = [],
  attempt = 1n,
): AboutToOpen {
  const history = { requestIds, block: 12 };
  const of = { requestId, studyId: STUDY, attempt, history, overlaps: true, knownWhenPlanned: new Set<string>() };
  return stage === "tests" ? { ...of, stage } : { ...of, stage, hidden: [2] };
}

function counted(disclosures: DisclosureStore, studyId = STUDY): string[] {
  return disclosures.entries(studyId).map(({ requestId, status }) => `${[A, B, C].indexOf(requestId)} ${status}`);
}

const opened = (test: TestContext): Store => withRequests(storeFolder(test).open(), A, B, C);

describe("DisclosureStore", () => {
  describe("what others answered since a request was planned", () => {
    const withEpochs = (test: TestContext, epochs: readonly number[]): Store => {
      const store = storeFolder(test).open();
      for (const [at, requestId] of [A, B].entries()) {
        const event = JSON.stringify({ context: { studyId: STUDY, committeeEpoch: String(epochs[at]) } });
        store.requests.insert({ requestId, queryContract: CONTRACT, block: 12, event });
        store.requests.takeAttempt(requestId, 1n);
      }
      return store;
    };
    const answer = ({ disclosures }: Store): void => disclosures.recordAnswered({ requestId: B, ...ANSWER });
    const moved = hasCode("STORE_HISTORY_MOVED", { requestId: A, attempt: 1n, missing: B });
    const isRecorded = (store: Store, change: Partial<AboutToOpen> = {}): void => {
      const knownWhenPlanned = store.disclosures.checkPlan(opening(A, "tests"));
      answer(store);
      store.disclosures.recordAboutToOpen({ ...opening(A, "tests"), knownWhenPlanned, ...change } as AboutToOpen);
    };

    it("is passed over, in later attempts too", (test) => {
      const store = withEpochs(test, [2, 2]);
      isRecorded(store);
      store.requests.takeAttempt(A, 2n);
      const knownWhenPlanned = store.disclosures.checkPlan(opening(A, "tests", [], 2n));
      for (const stage of ["tests", "outputs"] as const)
        store.disclosures.recordAboutToOpen({ ...opening(A, stage, [], 2n), knownWhenPlanned });
    });

    it("is not, where two sets of participants may have no honest worker in common", (test) => {
      assert.throws(() => isRecorded(withEpochs(test, [2, 2]), { overlaps: false }), moved);
    });

    it("is not, where another committee was asked", (test) => {
      for (const epochs of [
        [2, 1],
        [2, 3],
      ])
        assert.throws(() => isRecorded(withEpochs(test, epochs)), moved);
    });

    it("is not, where this worker took part, or knew it when it planned the request", (test) => {
      const part = withEpochs(test, [2, 2]);
      const knownWhenPlanned = part.disclosures.checkPlan(opening(A, "tests"));
      part.disclosures.recordAboutToOpen(opening(B, "tests"));
      answer(part);
      assert.throws(() => part.disclosures.recordAboutToOpen({ ...opening(A, "tests"), knownWhenPlanned }), moved);
      const late = withEpochs(test, [2, 2]);
      answer(late);
      assert.throws(() => late.disclosures.checkPlan(opening(A, "tests")), moved);
      assert.throws(
        () => late.disclosures.recordAboutToOpen({ ...opening(A, "tests"), knownWhenPlanned: new Set([B]) }),
        moved,
      );
    });
  });

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

  describe("every attempt of a request", () => {
    const again = ({ requests }: Pick<Store, "requests">): void => requests.takeAttempt(A, 2n);
    const [OTHER, THIRD] = ["other", "third"].map(bytes32) as [string, string];

    it("is planned against the history of the first, its block too, and not against more", (test) => {
      const folder = storeFolder(test);
      const store = withRequests(folder.open(), A);
      assert.equal(store.disclosures.plannedHistory(A), undefined);
      store.disclosures.recordAboutToOpen(opening(A, "tests", [THIRD, OTHER]));
      again(store);
      store.close();
      const { disclosures } = folder.open();
      const planned = { requestIds: [OTHER, THIRD].sort(), block: 12 };
      assert.deepEqual(disclosures.plannedHistory(A), planned);
      const changed = hasCode("STORE_HISTORY_CHANGED", { requestId: A, attempt: 2n });
      for (const stage of ["tests", "outputs"] as const) {
        for (const requestIds of [[], [OTHER], [OTHER, THIRD, B]])
          assert.throws(() => disclosures.recordAboutToOpen(opening(A, stage, requestIds, 2n)), changed);
        const later = { ...opening(A, stage, [], 2n), history: { ...planned, block: 13 } };
        assert.throws(() => disclosures.recordAboutToOpen(later), changed);
      }
      disclosures.recordAboutToOpen(opening(A, "tests", [OTHER, THIRD], 2n));
      disclosures.recordAboutToOpen(opening(A, "outputs", [OTHER.toUpperCase().replace("X", "x"), THIRD], 2n));
    });

    it("hides the outputs that the first hid which came so far", (test) => {
      const store = opened(test);
      const { disclosures } = store;
      const hiding = (hidden: readonly number[], attempt: bigint): AboutToOpen => {
        return { ...opening(A, "tests", [], attempt), stage: "outputs", hidden };
      };
      disclosures.recordAboutToOpen(opening(A, "tests"));
      again(store);
      disclosures.recordAboutToOpen(hiding([1, 3], 2n));
      store.requests.takeAttempt(A, 3n);
      const changed = hasCode("STORE_HIDDEN_CHANGED", { requestId: A, attempt: 3n });
      for (const hidden of [[], [1], [1, 3, 4], [1, 4]])
        assert.throws(() => disclosures.recordAboutToOpen(hiding(hidden, 3n)), changed);
      disclosures.recordAboutToOpen(hiding([1, 3], 3n));
      assert.throws(() => disclosures.recordAboutToOpen(hiding([1], 3n)), changed, "nor the same attempt, asked again");
    });

    it("passes over what was planned with this request since, at whatever stage, and over nothing else", (test) => {
      const store = opened(test);
      const { disclosures } = store;
      disclosures.recordAboutToOpen(opening(A, "tests"));
      disclosures.recordAboutToOpen(opening(B, "outputs", [A]));
      disclosures.recordAnswered({ requestId: B, ...ANSWER });
      again(store);
      disclosures.recordAboutToOpen(opening(A, "outputs", [], 2n));
      disclosures.recordAnswered({ requestId: C, ...ANSWER });
      store.requests.takeAttempt(A, 3n);
      const moved = hasCode("STORE_HISTORY_MOVED", { missing: C });
      assert.throws(() => disclosures.recordAboutToOpen(opening(A, "tests", [], 3n)), moved);
    });

    it("is not planned without an entry that lacks part of this one's history: of three one must have the others", (test) => {
      const store = opened(test);
      const { disclosures } = store;
      // A liar named C in the plan of A, when C was not computed yet.
      disclosures.recordAboutToOpen(opening(A, "outputs", [C]));
      disclosures.recordAnswered({ requestId: A, ...ANSWER });
      disclosures.recordAboutToOpen(opening(B, "outputs", [A]));
      disclosures.recordAnswered({ requestId: B, ...ANSWER });
      const moved = hasCode("STORE_HISTORY_MOVED", { requestId: C, missing: A });
      assert.throws(() => disclosures.checkPlan(opening(C, "tests", [B])), moved);
      assert.throws(() => disclosures.recordAboutToOpen(opening(C, "tests", [B])), moved);
      disclosures.checkPlan(opening(C, "tests", [A, B]));
      disclosures.recordAboutToOpen(opening(C, "tests", [A, B]));
    });

    it("passes over what the next committee takes over of this one's requests, and of earlier ones nothing", (test) => {
      const asked = (requestId: string, epoch: number): Parameters<Store["requests"]["insert"]>[0] => {
        const event = JSON.stringify({ context: { studyId: STUDY, committeeEpoch: String(epoch) } });
        return { requestId, queryContract: CONTRACT, block: 12, event };
      };
      for (const [ownEpoch, isMoved] of [
        [1, false],
        [2, true],
      ] as const) {
        const { disclosures, requests } = storeFolder(test).open();
        requests.insert(asked(A, ownEpoch));
        requests.insert(asked(B, 1));
        for (const attempt of [1n, 2n]) requests.takeAttempt(A, attempt);
        disclosures.recordAboutToOpen(opening(A, "tests", [], 2n));
        disclosures.takeOver(STUDY, 3n);
        assert.deepEqual(counted(disclosures), ["0 mayBeOpen", "1 mayBeOpen"]);
        const go = (): void => disclosures.recordAboutToOpen(opening(A, "outputs", [], 2n));
        if (isMoved) assert.throws(go, hasCode("STORE_HISTORY_MOVED", { missing: B }));
        else go();
      }
    });

    it("is found out before anything is recorded, if it cannot be recorded", (test) => {
      const { disclosures } = opened(test);
      disclosures.checkPlan(opening(A, "tests"));
      assert.equal(disclosures.plannedHistory(A), undefined);
      disclosures.recordAboutToOpen(opening(A, "tests"));
      disclosures.checkPlan(opening(A, "tests"));
      assert.throws(() => disclosures.checkPlan(opening(A, "tests", [B])), hasCode("STORE_HISTORY_CHANGED"));
      assert.throws(() => disclosures.checkPlan(opening(B, "tests")), hasCode("STORE_HISTORY_MOVED", { missing: A }));
      assert.deepEqual(counted(disclosures), ["0 mayBeOpen"]);
    });

    it("is refused where an older store does not tell how the first was planned", (test) => {
      const folder = storeFolder(test);
      const blob = (hex: string): string => `x'${hex.slice(2)}'`;
      writeOldStore(
        folder,
        MIGRATIONS.findIndex((migration) => migration.includes("CREATE TABLE planned_gate")),
        `INSERT INTO request (request_id, query_contract, block, event, state, last_attempt)
           VALUES (${blob(A)}, ${blob(CONTRACT)}, 12, '{}', 'pending', 2);
         INSERT INTO disclosure (request_id, study_id) VALUES (${blob(A)}, ${blob(STUDY)});
         INSERT INTO opening (request_id, attempt, stage) VALUES (${blob(A)}, 1, 'tests')`,
      );
      const { disclosures } = folder.open();
      const changed = hasCode("STORE_HISTORY_CHANGED", { requestId: A, attempt: 2n });
      assert.throws(() => disclosures.recordAboutToOpen(opening(A, "tests", [], 2n)), changed);
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

  describe("takeOver", () => {
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
