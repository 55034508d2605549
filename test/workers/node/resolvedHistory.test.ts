/** What a worker knows of the requests in a history, and for which of them it waits. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import { datasetRoot } from "../../../workers/messages/datasetRoot.ts";
import { decodeDescriptor } from "../../../workers/messages/decodeDescriptor.ts";
import { encodeParameters } from "../../../workers/messages/descriptor.ts";
import { recipientsHash } from "../../../workers/messages/sealedAnswer.ts";
import { ReleaseClass, type RequestContext } from "../../../workers/messages/statement.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { trialSchema } from "../query/trialSchema.ts";
import {
  agreed,
  answered,
  BLOCK,
  compiled,
  DATASETS,
  follow,
  PARAMETERS,
  request,
  SEGMENTS,
  STUDY,
  STUDY_K,
  workerIn,
} from "./historyWorld.ts";
import type { Worker } from "./historyWorld.ts";

describe("DisclosureHistory.resolve", () => {
  it("gives every fact of an earlier answer, oldest request first, without the request itself", async (test) => {
    const worker = workerIn(test);
    const late = request([worker], "late", { block: 49, version: 1, parameters: encodeParameters([40n, 59n, 1n]) });
    const early = request([worker], "early", { block: 48 });
    const own = request([worker], "own");
    for (const { event } of [late, early]) worker.store.requests.settle(event.requestId, "expired");
    const earlier = await worker.history.resolve(own, agreed([late, early, own]), STUDY_K);
    const rows = (versions: number) =>
      DATASETS.flatMap((datasetId) =>
        SEGMENTS.slice(0, versions).map(({ rowCount }, i) => ({ datasetId, version: BigInt(i + 1), rowCount })),
      );
    const common = {
      descriptor: decodeDescriptor(compiled.descriptorBytes),
      schema: trialSchema,
      opened: "unknown",
      isNamedOnly: true,
    };
    assert.deepEqual(earlier, [
      { requestId: early.event.requestId, parameters: PARAMETERS, segments: rows(2), ...common },
      { requestId: late.event.requestId, parameters: [40n, 59n, 1n], segments: rows(1), ...common },
    ]);
  });

  it("tells what this worker knows itself from what others only name", async (test) => {
    const worker = workerIn(test);
    const [known, named] = [request([worker], "known", { block: 48 }), request([worker], "named", { block: 49 })];
    worker.history.openings(known, 1n, agreed([])).aboutToOpen({ stage: "tests" });
    for (const { event } of [known, named]) worker.store.requests.settle(event.requestId, "expired");
    const earlier = await worker.history.resolve(request([worker], "own"), agreed([known, named]), STUDY_K);
    assert.deepEqual(
      earlier.map(({ isNamedOnly }) => isNamedOnly),
      [undefined, true],
    );
  });

  it("leaves out, and does not wait for, what no honest worker computes, whoever names it", async (test) => {
    const worker = workerIn(test);
    const offTheCurve = `0x02${"ff".repeat(32)}`;
    const context = { releaseClass: ReleaseClass.SEALED, recipientsHash: recipientsHash([offTheCurve]) };
    const sealed = request([worker], "sealed to nobody", { block: 47, recipients: [offTheCurve], context });
    const empty = request([worker], "nobody", { block: 48, parameters: encodeParameters([60n, 39n, 0n]) });
    const outOfBounds = request([worker], "out of bounds", {
      block: 48,
      parameters: encodeParameters([41n, 59n, 0n]),
    });
    const usual = request([worker], "usual", { block: 49 });
    worker.store.disclosures.takeOver(STUDY, 2n);
    const own = request([worker], "own", { context: { committeeEpoch: 2n } });
    worker.store.requests.settle(usual.event.requestId, "expired");
    const earlier = await worker.history.resolve(own, agreed([sealed, empty, outOfBounds, usual]), STUDY_K);
    assert.deepEqual(
      earlier.map(({ requestId }) => requestId),
      [usual.event.requestId],
    );
    answered(worker, empty, 49);
    const posted = await worker.history.resolve(own, agreed([empty, usual]), STUDY_K);
    assert.equal(posted.length, 2, "what the chain shows as answered counts, whatever it is");
  });

  it("takes an answer for known from its block on, and not when others have not followed so far", async (test) => {
    const worker = workerIn(test);
    const [earlier, own] = [request([worker], "earlier", { block: 49 }), request([worker], "own")];
    answered(worker, earlier, 60);
    const openedAt = async (block: number) =>
      (await worker.history.resolve(own, agreed([earlier], block), STUDY_K))[0]!.opened;
    await assert.rejects(openedAt(59), { code: "PLAN_HISTORY_PENDING" });
    const known = { hiddenOutputs: new Set([1, 8]), zeroOutputs: new Set([0, 3]) };
    assert.deepEqual(await openedAt(60), known);
    assert.deepEqual(await openedAt(70), known);
  });

  it("takes the rows of a dataset that was retired for erased from that block on, and not before", async (test) => {
    const worker = workerIn(test);
    const [earlier, own] = [request([worker], "earlier", { block: 49 }), request([worker], "own")];
    worker.store.requests.settle(earlier.event.requestId, "expired");
    const erasedAt = async (followed: number, block = followed) => {
      const [answer] = await worker.history.resolve(own, { ...agreed([earlier], block), followed }, STUDY_K);
      return answer!.segments.map(({ datasetId, isErased }) => [DATASETS.indexOf(datasetId), isErased === true]);
    };
    const there = [0, 0, 1, 1].map((dataset) => [dataset, false]);
    assert.deepEqual(await erasedAt(60), there);
    worker.store.retirements.insert({ datasetId: DATASETS[1]!, studyId: STUDY, block: 60 });
    assert.deepEqual(await erasedAt(59), there, "another participant has not followed so far");
    const gone = there.map(([dataset]) => [dataset, dataset === 1]);
    assert.deepEqual(await erasedAt(60), gone);
    assert.deepEqual(await erasedAt(61), gone);
    assert.deepEqual(await erasedAt(60, 59), gone, "also where an earlier attempt has fixed the history");
  });

  it("counts a sealed answer with a lower k as unknown, but for its own recipients", async (test) => {
    const worker = workerIn(test);
    const sealedTo = (name: string): Partial<RequestContext> => ({
      releaseClass: ReleaseClass.SEALED,
      recipientsHash: id(name),
    });
    const requestOf = (name: string, k: number, context: Partial<RequestContext>): ConfirmedRequest =>
      request([worker], name, { block: name === "earlier" ? 49 : BLOCK, k, context });
    const earlier = requestOf("earlier", 3, sealedTo("board"));
    answered(worker, earlier, 49);
    const openedTo = async (own: ConfirmedRequest, studyK = STUDY_K) => {
      const [answer] = await worker.history.resolve(own, agreed([earlier]), studyK);
      return [answer!.opened === "unknown", answer!.isToldToOthers];
    };
    const [unknown, posted] = [
      [true, true],
      [false, undefined],
    ];
    assert.deepEqual(await openedTo(requestOf("public", 11, {})), unknown);
    assert.deepEqual(await openedTo(requestOf("other", 3, sealedTo("another board"))), unknown);
    assert.deepEqual(await openedTo(requestOf("raised", 11, sealedTo("board"))), unknown, "its k is no lower one");
    assert.deepEqual(await openedTo(requestOf("same", 3, sealedTo("board"))), posted);
    assert.deepEqual(await openedTo(requestOf("equal", 3, {}), 3), posted, "the study's k was no higher");
  });

  it("waits for requests before it that may be open, and for none after it: no two wait for each other", async (test) => {
    const worker = workerIn(test);
    const [first, second] = [request([worker], "first", { block: 49 }), request([worker], "second")];
    await assert.rejects(worker.history.resolve(second, agreed([first]), STUDY_K), { code: "PLAN_HISTORY_PENDING" });
    const [later] = await worker.history.resolve(first, agreed([second]), STUDY_K);
    assert.equal(later!.opened, "unknown");
    worker.store.requests.settle(first.event.requestId, "expired");
    const [ended] = await worker.history.resolve(second, agreed([first]), STUDY_K);
    assert.equal(ended!.opened, "unknown");
  });

  it("waits, in the block of a change of committee, for requests to the committee that was followed", async (test) => {
    const names = ["one", "two"].sort((a, b) => (id(a) < id(b) ? -1 : 1));
    for (const [old, next] of [names, names.toReversed()] as [string, string][]) {
      const worker = workerIn(test);
      const [toOld, toNext] = [
        request([worker], old, { context: { committeeEpoch: 1n } }),
        request([worker], next, { context: { committeeEpoch: 2n } }),
      ];
      const pending = { code: "PLAN_HISTORY_PENDING" };
      await assert.rejects(worker.history.resolve(toNext, agreed([toOld]), STUDY_K), pending);
      assert.equal((await worker.history.resolve(toOld, agreed([toNext]), STUDY_K)).length, 1);
    }
  });

  it("waits for no request past its deadline that nobody has ended: its answer cannot be posted any more", async (test) => {
    const worker = workerIn(test);
    const [first, second] = [request([worker], "first", { block: 49 }), request([worker], "second")];
    const openedFrom = async (block: number) => {
      follow(worker.store, block);
      return (await worker.history.resolve(second, agreed([first]), STUDY_K))[0]!.opened;
    };
    await assert.rejects(openedFrom(Number(first.event.deadlineBlock)), { code: "PLAN_HISTORY_PENDING" });
    assert.equal(await openedFrom(Number(first.event.deadlineBlock) + 1), "unknown");
  });

  it("knows the data of a request to an earlier committee, whose roots the chain does not tell any more", async (test) => {
    const worker = workerIn(test);
    const before = SEGMENTS.map((segment, i) => ({
      ...segment,
      sharesRoot: id(`shares of the first committee ${i}`),
    }));
    for (const datasetId of DATASETS) {
      for (const [i, segment] of before.entries()) {
        const place = { datasetId, studyId: STUDY, epoch: 1n, version: BigInt(i + 1), ingestProofHash: id("proof") };
        worker.store.segmentFacts.upsert({ ...place, ...segment }, { block: 1, logIndex: 0 });
      }
    }
    const datasetRoots = DATASETS.map((dataset) => datasetRoot(dataset, 2n, before));
    const earlier = request([worker], "earlier", { block: 49, context: { datasetRoots } });
    const own = request([worker], "own", { context: { committeeEpoch: 2n } });
    answered(worker, earlier, 49);
    const [answer] = await worker.history.resolve(own, agreed([earlier]), STUDY_K);
    assert.deepEqual(
      answer!.segments.map(({ version, rowCount }) => [version, rowCount]),
      [1n, 2n, 1n, 2n].map((version) => [version, SEGMENTS[Number(version) - 1]!.rowCount]),
    );
  });

  it("asks the chain once for what never changes, and again for what it did not get", async (test) => {
    const worker = workerIn(test);
    const [first, second, own] = ["first", "second", "own"].map((name) => request([worker], name)) as [
      ConfirmedRequest,
      ConfirmedRequest,
      ConfirmedRequest,
    ];
    worker.away = true;
    await assert.rejects(worker.history.resolve(own, agreed([first]), STUDY_K), { code: "CHAIN_UNREACHABLE" });
    worker.away = false;
    worker.asked.length = 0;
    assert.equal((await worker.history.resolve(own, agreed([first, second]), STUDY_K)).length, 2);
    const once = ["consent", "descriptor", "publication", "schemaText", "segments", "segments"];
    assert.deepEqual(worker.asked.sort(), once);
    worker.away = true;
    assert.equal((await worker.history.resolve(own, agreed([first, second]), STUDY_K)).length, 2);
  });

  describe("refuses what it cannot look up:", () => {
    const refused = async (worker: Worker, own: ConfirmedRequest, earlier: string, reason: string): Promise<void> => {
      const history = { requestIds: [earlier], block: BLOCK, followed: BLOCK };
      const detail = { code: "PLAN_HISTORY_UNRESOLVED", earlier, reason };
      await assert.rejects(worker.history.resolve(own, history, STUDY_K), { detail });
    };

    it("a request that is not confirmed here, until it is", async (test) => {
      const worker = workerIn(test);
      const own = request([worker], "own");
      await refused(worker, own, id("later"), "not confirmed here");
      const later = request([worker], "later");
      assert.equal((await worker.history.resolve(own, agreed([later]), STUDY_K)).length, 1);
    });

    for (const [reason, change] of [
      ["another study's", { context: { studyId: id("other") } }],
      ["not a vetted query", { context: { queryHash: id("other") } }],
      ["parameters out of bounds", { parameters: encodeParameters([-1n, 59n, 0n]) }],
      ["parameters out of bounds", { parameters: "0x1234" }],
      ["unknown dataset root", { context: { datasetRoots: [id("root"), id("root")] } }],
      ["unknown dataset root", { context: { datasetRoots: [] } }],
      ["unknown consent mask", { context: { consentMaskRoot: id("mask") } }],
    ] as const) {
      it(`${reason}, ${Object.keys("context" in change ? change.context : change).join()}`, async (test) => {
        const worker = workerIn(test);
        const [own, earlier] = [request([worker], "own"), request([worker], "earlier", change)];
        if ("parameters" in change) answered(worker, earlier, BLOCK);
        await refused(worker, own, earlier.event.requestId, reason);
      });
    }
  });
});
