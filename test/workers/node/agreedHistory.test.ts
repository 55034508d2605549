/** Which earlier requests the participants of an attempt test against: one history for all attempts, and of two requests one against the other. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import type { CodedError } from "../../../workers/errors.ts";
import { encodeParameters } from "../../../workers/messages/descriptor.ts";
import type { Openings } from "../../../workers/node/disclosureHistory.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import type { History } from "../../../workers/protocols/agreeHistory.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import { storeFolder } from "../store/storeFixture.ts";
import {
  agreeAll,
  agreed,
  answered,
  BLOCK,
  follow,
  request,
  STUDY,
  STUDY_K,
  workerIn,
  workerWith,
} from "./historyWorld.ts";
import type { Worker } from "./historyWorld.ts";

/** Alone, as far as an agreement comes without the others. */
function alone({ history }: Worker, about: ConfirmedRequest): Promise<History> {
  return history.agree(about, loopbackNetworks(partiesOf(1))[0]!);
}

/** What these workers may record of a request, once they have agreed on this history of it. */
async function openingsOf(workers: readonly Worker[], about: ConfirmedRequest, expected: History): Promise<Openings[]> {
  const outcomes = await agreeAll(workers, about);
  return outcomes.map((outcome, position) => {
    assert.ok(outcome.status === "fulfilled");
    assert.deepEqual(outcome.value, expected);
    return workers[position]!.history.openings(about, 1n, outcome.value);
  });
}

describe("DisclosureHistory.agree", () => {
  it("joins what the participants know of the study", async (test) => {
    const workers = [workerIn(test), workerIn(test), workerIn(test)];
    const [first, second, own] = ["first", "second", "own"].map((name) => request(workers, name)) as [
      ConfirmedRequest,
      ConfirmedRequest,
      ConfirmedRequest,
    ];
    const other = request(workers, "other study's", { context: { studyId: id("other") } });
    workers[0]!.history.openings(first, 1n, agreed([])).aboutToOpen({ stage: "tests" });
    answered(workers[1]!, second, BLOCK);
    workers[2]!.history.openings(other, 1n, agreed([])).aboutToOpen({ stage: "tests" });
    follow(workers[1]!.store, 80);
    for (const outcome of await agreeAll(workers, own)) {
      assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed([first, second]));
    }
  });

  const takeSecondAttempt = (workers: readonly Worker[], { event }: ConfirmedRequest): void => {
    for (const { store } of workers) store.requests.takeAttempt(event.requestId, 2n);
  };

  it("is that of the first attempt that came to open bits: of what others name later, and of later blocks, nothing counts", async (test) => {
    const workers = [workerIn(test), workerIn(test), workerIn(test)];
    const [earlier, own, named] = [
      request(workers, "earlier", { block: BLOCK - 1 }),
      request(workers, "own"),
      request(workers, "never computed", { block: BLOCK + 3, parameters: encodeParameters([40n, 59n, 1n]) }),
    ];
    for (const worker of workers) answered(worker, earlier, BLOCK);
    const [liar, ...honest] = workers as [Worker, Worker, Worker];
    const first = agreed([earlier], BLOCK + 3);
    for (const outcome of await agreeAll(workers, own))
      assert.deepEqual(outcome.status === "fulfilled" && outcome.value, first);
    for (const { history } of honest) {
      const openings = history.openings(own, 1n, first);
      openings.aboutToOpen({ stage: "tests" });
      openings.aboutToOpen({ stage: "outputs", hidden: [1] });
    }
    for (const { history } of workers) history.end(own);
    takeSecondAttempt(workers, own);
    // One of three has learned the outputs, and would have the next attempt hide others.
    liar.history.openings(named, 1n, agreed([earlier])).aboutToOpen({ stage: "tests" });
    for (const { store } of workers) follow(store, BLOCK + 9);
    for (const [position, outcome] of (await agreeAll(workers, own)).entries()) {
      assert.ok(outcome.status === "fulfilled");
      assert.deepEqual(outcome.value, { ...first, followed: BLOCK + 9 });
      if (position === 0) continue;
      const { history } = workers[position]!;
      assert.equal((await history.resolve(own, outcome.value, STUDY_K)).length, 1);
      const openings = history.openings(own, 2n, outcome.value);
      openings.aboutToOpen({ stage: "tests" });
      for (const hidden of [[], [0], [0, 1]])
        assert.throws(() => openings.aboutToOpen({ stage: "outputs", hidden }), { code: "STORE_HIDDEN_CHANGED" });
      openings.aboutToOpen({ stage: "outputs", hidden: [1] });
      const more = agreed([earlier, named], BLOCK + 3);
      assert.throws(() => history.openings(own, 2n, more), { code: "STORE_HISTORY_CHANGED" });
    }
  });

  it("names older requests that are under way here, until all their attempts have ended; younger ones are not, unless planned", async (test) => {
    const workers = [workerIn(test), workerIn(test), workerIn(test)];
    const [older, younger] = [request(workers, "older"), request(workers, "younger", { block: BLOCK + 1 })];
    const [a, b, c] = workers as [Worker, Worker, Worker];
    const expect = async (about: ConfirmedRequest, known: readonly ConfirmedRequest[]): Promise<void> => {
      for (const outcome of await agreeAll(workers, about))
        assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed(known, BLOCK + 1));
    };
    await alone(c, younger);
    await expect(older, []);
    await expect(younger, [older]);
    await assert.rejects(b.history.resolve(younger, agreed([older], BLOCK + 1), STUDY_K), {
      code: "PLAN_HISTORY_PENDING",
    });
    // One attempt at a was given up, and ends after the next began.
    await alone(a, older);
    for (const { history } of workers) history.end(older);
    await expect(younger, [older]);
    a.history.end(older);
    await expect(younger, []);
  });

  it("yields to an older request that is under way here and not in the history, whatever others called fixed", async (test) => {
    const worker = workerIn(test);
    const { history } = worker;
    const [older, younger] = [request([worker], "older"), request([worker], "younger", { block: BLOCK + 1 })];
    await alone(worker, older);
    assert.throws(() => history.openings(younger, 1n, agreed([], BLOCK + 1)), { code: "PLAN_HISTORY_PENDING" });
    history.openings(younger, 1n, agreed([older], BLOCK + 1));
    history.end(older);
    history.openings(younger, 1n, agreed([], BLOCK + 1)).aboutToOpen({ stage: "tests" });
  });

  it("names what is planned here, with what that is planned against, and records both, whichever is first", async (test) => {
    const four = Array.from({ length: 4 }, () => workerIn(test));
    const before = request(four, "before", { block: BLOCK - 1 });
    const [older, younger] = [request(four, "older"), request(four, "younger", { block: BLOCK + 1 })];
    const [a, b, c, d] = four as [Worker, Worker, Worker, Worker];
    a.history.openings(before, 1n, agreed([])).aboutToOpen({ stage: "tests" });
    const [first, second] = [
      [a, b, d],
      [a, b, c],
    ];
    const ofYounger = await openingsOf(first, younger, agreed([before], BLOCK + 1));
    // The older one comes to a and b while they compute the younger one, which d alone has recorded so far.
    ofYounger[2]!.aboutToOpen({ stage: "tests" });
    const ofOlder = await openingsOf(second, older, agreed([before, younger], BLOCK + 1));
    for (const openings of [...ofOlder, ...ofYounger]) openings.aboutToOpen({ stage: "tests" });
    for (const openings of [...ofOlder, ...ofYounger]) openings.aboutToOpen({ stage: "outputs", hidden: [] });
  });

  it("records what was planned here though others answered older requests meanwhile, each without one of its participants", async (test) => {
    const four = Array.from({ length: 4 }, () => workerIn(test));
    const [one, other] = [request(four, "one"), request(four, "other", { block: BLOCK + 1 })];
    const younger = request(four, "younger", { block: BLOCK + 2 });
    const [a, b, c, d] = four as [Worker, Worker, Worker, Worker];
    const own = await openingsOf([a, b, c], younger, agreed([], BLOCK + 2));
    own[1]!.aboutToOpen({ stage: "tests" });
    const answer = async (by: readonly Worker[], about: ConfirmedRequest, before: History): Promise<void> => {
      const openings = await openingsOf(by, about, before);
      for (const stage of [{ stage: "tests" }, { stage: "outputs", hidden: [] }] as const)
        for (const each of openings) each.aboutToOpen(stage);
      for (const { history } of by) history.end(about);
      for (const worker of four) {
        answered(worker, about, BLOCK + 3);
        worker.store.requests.settle(about.event.requestId, "answered");
      }
    };
    await answer([b, c, d], one, agreed([younger], BLOCK + 2));
    own[0]!.aboutToOpen({ stage: "tests" });
    own[2]!.aboutToOpen({ stage: "tests" });
    await answer([a, b, d], other, agreed([one, younger], BLOCK + 2));
    own[1]!.aboutToOpen({ stage: "outputs", hidden: [] });
    for (const { history } of [a, b, c]) history.end(younger);
    // Its next attempt, as a was stopped.
    takeSecondAttempt(four, younger);
    for (const outcome of await agreeAll([a, b, c], younger)) {
      assert.ok(outcome.status === "fulfilled");
      assert.deepEqual(outcome.value.requestIds, []);
    }
    for (const { history } of [a, b, c]) {
      const openings = history.openings(younger, 2n, agreed([], BLOCK + 2));
      openings.aboutToOpen({ stage: "tests" });
      openings.aboutToOpen({ stage: "outputs", hidden: [] });
    }
  });

  it("yields to what is planned here, if it was itself planned elsewhere without that, until it is over", async (test) => {
    const workers = [workerIn(test), workerIn(test), workerIn(test)];
    const [own, other] = [request(workers, "own"), request(workers, "other")];
    const [a, b] = workers as [Worker, Worker, Worker];
    a.history.openings(own, 1n, agreed([])).aboutToOpen({ stage: "tests" });
    takeSecondAttempt(workers, own);
    await alone(b, other);
    const planned = b.history.openings(other, 1n, agreed([]));
    assert.throws(() => b.history.openings(own, 2n, agreed([])), { code: "PLAN_HISTORY_PENDING" });
    planned.aboutToOpen({ stage: "tests" });
    planned.refused();
    b.history.end(other);
    b.history.openings(own, 2n, agreed([])).aboutToOpen({ stage: "tests" });
  });

  it("names with a pending request all that this was planned against, so that what is planned with it may be passed over", async (test) => {
    const workers = [workerIn(test), workerIn(test), workerIn(test)];
    const [own, older] = [request(workers, "own", { block: BLOCK + 1 }), request(workers, "older")];
    const named = request(workers, "named by a liar", { block: BLOCK + 2 });
    for (const { history } of workers) history.openings(own, 1n, agreed([named])).aboutToOpen({ stage: "tests" });
    takeSecondAttempt(workers, own);
    const all = agreed([own, named], BLOCK + 2);
    for (const outcome of await agreeAll(workers, older))
      assert.deepEqual(outcome.status === "fulfilled" && outcome.value, all);
    for (const { history, store } of workers) {
      history.openings(older, 1n, all).aboutToOpen({ stage: "outputs", hidden: [] });
      history.end(older);
      answered({ store } as Worker, older, BLOCK + 2);
      history.openings(own, 2n, agreed([named])).aboutToOpen({ stage: "outputs", hidden: [] });
      store.requests.settle(own.event.requestId, "expired");
      const other = id("any other");
      assert.deepEqual(store.disclosures.named(other, STUDY), [own, older].map(({ event }) => event.requestId).sort());
    }
  });

  it("fails where two attempts were planned otherwise, and where one knows of an answer that was not tested against this", async (test) => {
    const workers = [workerIn(test), workerIn(test), workerIn(test)];
    const [own, other] = [request(workers, "own"), request(workers, "other")];
    const [a, b, c] = workers as [Worker, Worker, Worker];
    a.history.openings(own, 1n, agreed([])).aboutToOpen({ stage: "tests" });
    c.history.openings(other, 1n, agreed([])).aboutToOpen({ stage: "tests" });
    takeSecondAttempt(workers, own);
    for (const outcome of await agreeAll(workers, own))
      assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed([]));
    b.history.openings(own, 2n, agreed([])).aboutToOpen({ stage: "tests" });
    assert.throws(() => c.history.openings(own, 2n, agreed([])), { code: "STORE_HISTORY_MOVED" });
    c.history.openings(own, 2n, agreed([other])).aboutToOpen({ stage: "tests" });
    for (const outcome of await agreeAll(workers, own)) {
      assert.ok(outcome.status === "rejected");
      assert.deepEqual((outcome.reason as CodedError).detail.code, "PROTOCOL_HISTORY_CONFLICT");
    }
  });

  it("waits until the chain has been followed to the block that an earlier attempt fixed", async (test) => {
    const workers = [workerIn(test), workerIn(test), workerIn(test)];
    const own = request(workers, "own");
    workers[0]!.history.openings(own, 1n, agreed([], BLOCK + 2)).aboutToOpen({ stage: "tests" });
    for (const position of [0, 2]) follow(workers[position]!.store, BLOCK + 2);
    const [ahead, behind] = await agreeAll(workers, own);
    const expected = { ...agreed([], BLOCK + 2), followed: BLOCK };
    assert.deepEqual(ahead?.status === "fulfilled" && ahead.value, expected);
    assert.ok(behind?.status === "rejected");
    const { requestId } = own.event;
    const detail = { code: "PLAN_HISTORY_BEHIND", requestId, block: BLOCK, needed: BLOCK + 2 };
    assert.deepEqual((behind.reason as CodedError).detail, detail);
  });

  it("waits until the chain has been followed to the end of the request's block", async (test) => {
    const workers = [workerIn(test), workerIn(test), workerIn(test)];
    const own = request(workers, "own");
    follow(workers[0]!.store, BLOCK, 3);
    const [outcome] = await agreeAll(workers, own);
    assert.ok(outcome?.status === "rejected");
    const { requestId } = own.event;
    const detail = { code: "PLAN_HISTORY_BEHIND", requestId, block: BLOCK - 1, needed: BLOCK };
    assert.deepEqual((outcome.reason as CodedError).detail, detail);
  });

  it("goes on counting, after a restart, what was opened and never posted", async (test) => {
    const folder = storeFolder(test);
    const first = workerWith(folder.open());
    const others = [workerIn(test), workerIn(test)];
    const [lost, own] = ["lost", "own"].map((name) => request([first, ...others], name)) as [
      ConfirmedRequest,
      ConfirmedRequest,
    ];
    const openings = first.history.openings(lost, 1n, agreed([]));
    openings.aboutToOpen({ stage: "tests" });
    openings.aboutToOpen({ stage: "outputs", hidden: [] });
    first.store.requests.settle(lost.event.requestId, "expired");
    first.store.close();
    const restarted = workerWith(folder.open());
    const outcomes = await agreeAll([restarted, ...others], own);
    for (const [position, outcome] of outcomes.entries()) {
      assert.ok(outcome.status === "fulfilled");
      assert.deepEqual(outcome.value, agreed([lost]));
      const { history } = [restarted, ...others][position]!;
      const [earlier] = await history.resolve(own, outcome.value, STUDY_K);
      assert.deepEqual([earlier?.requestId, earlier?.opened], [lost.event.requestId, "unknown"]);
    }
  });
});
