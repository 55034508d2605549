/** What is said of two requests at once: that both can be recorded, whichever is first. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import { isCoded } from "../../../workers/errors.ts";
import { type Planned, UnderWay, arePlannedTogether } from "../../../workers/node/underWay.ts";
import { BLOCK, type Worker, workerIn } from "./historyWorld.ts";

describe("arePlannedTogether", () => {
  it("says whether a store records both, whichever is first, of every two histories of four requests", (test) => {
    const worker = workerIn(test);
    let together = 0;
    for (let bits = 0; bits < 64; bits++) {
      const orders = [0, 1].map((order) => areRecorded(worker, `${bits} ${order}`, twoPlans(bits, order)));
      const [one, other] = twoPlans(bits, 0);
      assert.equal(arePlannedTogether(one, other), orders[0]! && orders[1]!, `histories ${bits}`);
      together += orders[0]! && orders[1]! ? 1 : 0;
    }
    assert.ok(together > 0 && together < 64, `${together} of 64`);
  });

  /** Bits 0 to 2: which of b, c, d the history of a holds; bits 3 to 5: which of a, c, d that of b. */
  function twoPlans(bits: number, order: number): [Planned, Planned] {
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => id(`${name} ${bits} ${order}`));
    const chosen = (others: readonly string[], from: number): Set<string> =>
      new Set(others.filter((_, i) => ((bits >> (from + i)) & 1) === 1));
    const plans = [
      { requestId: a!, history: chosen([b!, c!, d!], 0) },
      { requestId: b!, history: chosen([a!, c!, d!], 3) },
    ] as const;
    return order === 0 ? [...plans] : [plans[1], plans[0]];
  }

  function areRecorded({ store }: Worker, study: string, plans: readonly Planned[]): boolean {
    return plans.every(({ requestId, history }) => {
      store.requests.insert({ requestId, queryContract: `0x${"c1".repeat(20)}`, block: BLOCK, event: "{}" });
      store.requests.takeAttempt(requestId, 1n);
      const planned = { requestIds: [...history], block: BLOCK };
      try {
        const of = { requestId, studyId: id(study), attempt: 1n, overlaps: true, knownWhenPlanned: new Set<string>() };
        const opening = { ...of, history: planned, stage: "tests" } as const;
        store.disclosures.recordAboutToOpen(opening);
        return true;
      } catch (error) {
        if (isCoded(error, "STORE_HISTORY_MOVED")) return false;
        throw error;
      }
    });
  }
});

describe("UnderWay", () => {
  const STUDY = id("study");
  const [older, younger] = [4, 5].map((block) => ({ requestId: id(`block ${block}`), block, epoch: 1n }));

  it("keeps what a request is planned against, by its newest attempt, until none of it is under way", () => {
    const underWay = new UnderWay();
    const planned = (history: readonly string[]): Planned => ({
      requestId: older!.requestId,
      history: new Set(history),
    });
    const expect = (...plans: readonly Planned[]): void =>
      assert.deepEqual(underWay.plannedBeside(STUDY, younger!), plans);
    underWay.begin(STUDY, older!);
    expect();
    underWay.plan(STUDY, planned(["one"]), 1n);
    expect(planned(["one"]));
    underWay.begin(STUDY, older!);
    underWay.plan(STUDY, planned(["two"]), 2n);
    underWay.plan(STUDY, planned(["given up, and late"]), 1n);
    underWay.end(STUDY, older!);
    expect(planned(["two"]));
    assert.deepEqual(underWay.plannedBeside(STUDY, older!), [], "not beside itself");
    assert.deepEqual(underWay.plannedBeside(id("another study"), younger!), []);
    underWay.end(STUDY, older!);
    expect();
    underWay.plan(STUDY, planned(["late"]), 3n);
    expect();
  });
});
