/** Attempts of a request after the first, in the disclosure history. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MIGRATIONS } from "../../../workers/store/migrations.ts";
import type { AboutToOpen } from "../../../workers/store/openings.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { A, ANSWER, B, C, CONTRACT, STUDY, counted, opened, opening, withRequests } from "./disclosureFixture.ts";
import { bytes32, hasCode, storeFolder, writeOldStore } from "./storeFixture.ts";

describe("DisclosureStore: every attempt of a request", () => {
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
