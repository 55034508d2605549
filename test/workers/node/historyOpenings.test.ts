/** What a worker writes down before it opens anything, and what it opens no more. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import { Outcome, ZERO_HASH, resultHash } from "../../../workers/messages/statement.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { agreed, request, STUDY, workerIn } from "./historyWorld.ts";
import type { Worker } from "./historyWorld.ts";

describe("DisclosureHistory.openings", () => {
  const signed = (
    { store }: Worker,
    { event }: ConfirmedRequest,
    outcome: Outcome,
    outputs: readonly bigint[] = [],
  ) => {
    const hash = resultHash({ outcome, suppressedBitmap: "0x", outputs, sealedHash: ZERO_HASH });
    const statement = { attempt: 1n, statement: id("statement"), resultHash: hash };
    store.requests.recordSigned(event.requestId, statement);
    store.requests.takeAttempt(event.requestId, 2n);
  };

  it("open no outputs of what this worker has signed as refused, in whichever attempt; tests may run again", (test) => {
    for (const outcome of [Outcome.REFUSED_DISCLOSURE, Outcome.REFUSED_EMPTY_SET, Outcome.FAILED_UNAVAILABLE]) {
      const worker = workerIn(test);
      const own = request([worker], "own");
      signed(worker, own, outcome);
      const openings = worker.history.openings(own, 2n, agreed([]));
      openings.aboutToOpen({ stage: "tests" });
      assert.throws(() => openings.aboutToOpen({ stage: "outputs", hidden: [] }), { code: "PLAN_SIGNED_REFUSAL" });
    }
  });

  it("open again what this worker has signed as an answer, and what it has signed nothing of", (test) => {
    const worker = workerIn(test);
    const [again, first] = [request([worker], "again"), request([worker], "first")];
    signed(worker, again, Outcome.ANSWERED, [1n]);
    worker.history.openings(again, 2n, agreed([first])).aboutToOpen({ stage: "outputs", hidden: [] });
    worker.history.openings(first, 1n, agreed([again])).aboutToOpen({ stage: "outputs", hidden: [] });
    assert.equal(worker.store.disclosures.entries(STUDY).length, 2);
  });

  it("record each stage against the agreed history, and nothing against a shorter one", (test) => {
    const worker = workerIn(test);
    const [earlier, own] = [request([worker], "earlier"), request([worker], "own")];
    worker.history.openings(earlier, 1n, agreed([])).aboutToOpen({ stage: "outputs", hidden: [] });
    assert.throws(() => worker.history.openings(own, 1n, agreed([])).aboutToOpen({ stage: "tests" }), {
      code: "STORE_HISTORY_MOVED",
    });
    const openings = worker.history.openings(own, 1n, agreed([earlier]));
    openings.aboutToOpen({ stage: "tests" });
    assert.equal(worker.store.disclosures.entries(STUDY).length, 2);
    openings.refused();
    assert.equal(worker.store.disclosures.entries(STUDY).length, 1);
    assert.throws(() => openings.aboutToOpen({ stage: "outputs", hidden: [] }), { code: "STORE_ATTEMPT_CLOSED" });
  });

  it("cannot be refused once outputs were about to open", (test) => {
    const worker = workerIn(test);
    const openings = worker.history.openings(request([worker], "own"), 1n, agreed([]));
    openings.aboutToOpen({ stage: "outputs", hidden: [] });
    assert.throws(() => openings.refused(), /no refusal is opened after outputs/);
  });
});
