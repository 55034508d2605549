/** What others answered since a request was planned. */
import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import type { AboutToOpen } from "../../../workers/store/openings.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { A, ANSWER, B, CONTRACT, STUDY, opening } from "./disclosureFixture.ts";
import { hasCode, storeFolder } from "./storeFixture.ts";

describe("DisclosureStore: what others answered since a request was planned", () => {
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
