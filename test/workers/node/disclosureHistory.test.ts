/** An attempt's history: agreed over loopback, resolved from real stores and real hashes; the registries are simulated. */
import assert from "node:assert/strict";
import { type TestContext, before, describe, it } from "node:test";
import { ZeroAddress, id, keccak256 } from "ethers";
import { WHOLE_BLOCK } from "../../../workers/chain/follower.ts";
import { CodedError } from "../../../workers/errors.ts";
import { datasetRoot } from "../../../workers/messages/datasetRoot.ts";
import { decodeDescriptor } from "../../../workers/messages/decodeDescriptor.ts";
import { encodeParameters } from "../../../workers/messages/descriptor.ts";
import { recipientsHash } from "../../../workers/messages/sealedAnswer.ts";
import {
  Outcome,
  ReleaseClass,
  type RequestContext,
  ZERO_HASH,
  resultHash,
} from "../../../workers/messages/statement.ts";
import { requestToJson } from "../../../workers/node/chainEffects.ts";
import { ConsentMasks } from "../../../workers/node/consentMasks.ts";
import { DisclosureHistory } from "../../../workers/node/disclosureHistory.ts";
import { handledBlock } from "../../../workers/node/following.ts";
import { RequestedSegments } from "../../../workers/node/requestedSegments.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { VettedQueries } from "../../../workers/node/vettedQueries.ts";
import type { History } from "../../../workers/protocols/agreeHistory.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import { type CompiledQuery, compileQuery } from "../../../workers/query/compileQuery.ts";
import { queryHash } from "../../../workers/query/queryHash.ts";
import { type PartyIndex, partiesOf } from "../../../workers/sharing/parties.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { DEMO_SQL, trialSchema, trialSchemaText } from "../query/trialSchema.ts";
import { storeFolder } from "../store/storeFixture.ts";

const CONTRACT = "0x00000000000000000000000000000000000000c1";
const AGREEMENT = "I shall not try to identify anyone.";
const STUDY = id("study");
const DATASETS = [id("dataset 1"), id("dataset 2")].sort();
const SEGMENTS = [3n, 5n].map((rowCount, i) => ({ rowCount, columnsRoot: id(`c${i}`), sharesRoot: id(`s${i}`) }));
const PARAMETERS = [40n, 59n, 0n];
const STUDY_K = 11;
/** Block of a request, when not said otherwise. */
const BLOCK = 50;

describe("DisclosureHistory", () => {
  let compiled: CompiledQuery;
  let hash: string;

  before(async () => {
    compiled = await compileQuery(DEMO_SQL, trialSchema);
    const { descriptorBytes, sql, boundsBytes, manifest } = compiled;
    hash = queryHash(trialSchema.hash, descriptorBytes, sql, boundsBytes, manifest, AGREEMENT);
  });

  interface Worker {
    readonly store: Store;
    readonly history: DisclosureHistory;
    /** What was asked of the chain. */
    readonly asked: string[];
    /** Set, and the chain does not answer. */
    away: boolean;
  }

  function workerWith(store: Store): Worker {
    const asked: string[] = [];
    const worker = { store, asked, away: false };
    const answer = <Value>(call: string, value: Value): Promise<Value> => {
      asked.push(call);
      const away = (): CodedError => new CodedError({ code: "CHAIN_UNREACHABLE", method: call }, "away");
      return worker.away ? Promise.reject(away()) : Promise.resolve(value);
    };
    const { descriptorBytes, sql, boundsBytes, manifest } = compiled;
    const queries = new VettedQueries({
      rpc: { send: () => assert.fail("nothing else is asked") },
      catalogue: {
        descriptor: () => answer("descriptor", descriptorBytes),
        publication: () => answer("publication", { sql, bounds: boundsBytes, manifest, agreement: AGREEMENT }),
      },
      studies: { schemaText: () => answer("schemaText", trialSchemaText) },
    });
    const requestedSegments = new RequestedSegments(
      { segments: () => answer("segments", [...SEGMENTS]) },
      store.segmentFacts,
    );
    const consent = new ConsentMasks({
      log: { changes: () => answer("consent", []) },
      rpc: { send: () => assert.fail("nothing else is asked") },
      studies: { policy: () => assert.fail("nothing restricts") },
      firstBlock: 1,
    });
    return Object.assign(worker, { history: new DisclosureHistory({ store, queries, requestedSegments, consent }) });
  }

  const workerIn = (test: TestContext): Worker => workerWith(storeFolder(test).open());

  interface Change {
    readonly recipients?: readonly string[];
    readonly k?: number;
    readonly block?: number;
    readonly parameters?: string;
    readonly version?: number;
    readonly context?: Partial<RequestContext>;
  }

  /** Confirmed at these workers, and followed to its block. */
  function request(workers: readonly Worker[], name: string, change: Change = {}): ConfirmedRequest {
    const {
      recipients = [],
      k = 11,
      block = BLOCK,
      parameters = encodeParameters(PARAMETERS),
      version = 2,
      context = {},
    } = change;
    const requestId = id(name);
    const event: ConfirmedRequest["event"] = {
      requestId,
      querier: ZeroAddress,
      parameters,
      datasetIds: DATASETS,
      deadlineBlock: 100n,
      recipients,
      k,
      context: {
        studyId: STUDY,
        requestId,
        queryHash: hash,
        parametersHash: keccak256(parameters),
        policyHash: id("policy"),
        datasetRoots: DATASETS.map((dataset) => datasetRoot(dataset, BigInt(version), SEGMENTS.slice(0, version))),
        committeeEpoch: 1n,
        requestBlock: BigInt(block),
        consentMaskRoot: ZERO_HASH,
        releaseClass: ReleaseClass.PUBLIC,
        recipientsHash: ZERO_HASH,
        ...context,
      },
    };
    for (const { store } of workers) {
      store.requests.insert({ requestId, queryContract: CONTRACT, block, event: requestToJson(event) });
      store.requests.takeAttempt(requestId, 1n);
      follow(store, block);
    }
    const committee = { epoch: 1n, threshold: 1, demonstration: true, workers: [] };
    return { event, contract: CONTRACT, committee, self: 1 as PartyIndex };
  }

  function follow(store: Store, block: number, logIndex = WHOLE_BLOCK): void {
    store.cursors.write("chain", { block, blockHash: id(`block ${block}`), logIndex });
  }

  const agreed = (requests: readonly ConfirmedRequest[], block = BLOCK): History => ({
    requestIds: requests.map(({ event }) => event.requestId).sort(),
    block,
    followed: block,
  });

  function answered({ store }: Worker, { event }: ConfirmedRequest, block: number): void {
    const shown = { suppressedBitmap: "0x0201", zeroOutputs: [0, 1, 3, 8], block };
    store.disclosures.recordAnswered({ requestId: event.requestId, studyId: STUDY, ...shown });
  }

  const agreeAll = (workers: readonly Worker[], about: ConfirmedRequest): Promise<PromiseSettledResult<History>[]> => {
    const networks = loopbackNetworks(partiesOf(workers.length), { timeoutMs: 500 });
    return Promise.allSettled(workers.map(({ history }, position) => history.agree(about, networks[position]!)));
  };

  describe("agree", () => {
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

    const second = (workers: readonly Worker[], { event }: ConfirmedRequest): void => {
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
      second(workers, own);
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

    it("names older requests that are under way here, until all their attempts have ended; younger ones are not named", async (test) => {
      const workers = [workerIn(test), workerIn(test), workerIn(test)];
      const [older, younger] = [request(workers, "older"), request(workers, "younger", { block: BLOCK + 1 })];
      const [a, b, c] = workers as [Worker, Worker, Worker];
      const expect = async (about: ConfirmedRequest, known: readonly ConfirmedRequest[]): Promise<void> => {
        for (const outcome of await agreeAll(workers, about))
          assert.deepEqual(outcome.status === "fulfilled" && outcome.value, agreed(known, BLOCK + 1));
      };
      // Alone, as far as an agreement comes without the others.
      const alone = ({ history }: Worker, about: ConfirmedRequest): Promise<History> => {
        return history.agree(about, loopbackNetworks(partiesOf(1))[0]!);
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

    it("yields to an older request that came meanwhile and is not in the history, whatever others called fixed, until it is recorded", async (test) => {
      const worker = workerIn(test);
      const { history } = worker;
      const [older, younger] = [request([worker], "older"), request([worker], "younger", { block: BLOCK + 1 })];
      const agree = (about: ConfirmedRequest): Promise<History> =>
        history.agree(about, loopbackNetworks(partiesOf(1))[0]!);
      const waits = { code: "PLAN_HISTORY_PENDING" };
      await agree(older);
      assert.throws(() => history.openings(younger, 1n, agreed([], BLOCK + 1)), waits);
      history.openings(younger, 1n, agreed([older], BLOCK + 1));
      history.end(older);

      const own = await agree(younger);
      const openings = history.openings(younger, 1n, own);
      await agree(older);
      assert.throws(() => openings.aboutToOpen({ stage: "tests" }), waits);
      assert.deepEqual(worker.store.disclosures.entries(STUDY), [], "nothing was recorded");
      history.end(older);
      openings.aboutToOpen({ stage: "tests" });
      const of = await agree(older);
      assert.deepEqual(of, agreed([younger], BLOCK + 1), "recorded first, it is named, and goes on");
      openings.aboutToOpen({ stage: "outputs", hidden: [] });
    });

    it("names with a pending request all that this was planned against, so that what is planned with it may be passed over", async (test) => {
      const workers = [workerIn(test), workerIn(test), workerIn(test)];
      const [own, older] = [request(workers, "own", { block: BLOCK + 1 }), request(workers, "older")];
      const named = request(workers, "named by a liar", { block: BLOCK + 2 });
      for (const { history } of workers) history.openings(own, 1n, agreed([named])).aboutToOpen({ stage: "tests" });
      second(workers, own);
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
        assert.deepEqual(
          store.disclosures.named(other, STUDY),
          [own, older].map(({ event }) => event.requestId).sort(),
        );
      }
    });

    it("fails where two attempts were planned otherwise, and where one knows of an answer that was not tested against this", async (test) => {
      const workers = [workerIn(test), workerIn(test), workerIn(test)];
      const [own, other] = [request(workers, "own"), request(workers, "other")];
      const [a, b, c] = workers as [Worker, Worker, Worker];
      a.history.openings(own, 1n, agreed([])).aboutToOpen({ stage: "tests" });
      c.history.openings(other, 1n, agreed([])).aboutToOpen({ stage: "tests" });
      second(workers, own);
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

  describe("resolve", () => {
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

  describe("openings", () => {
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
});

describe("handledBlock", () => {
  it("is the last block of which nothing is left", (test) => {
    const store = storeFolder(test).open();
    assert.equal(handledBlock(store), undefined);
    store.cursors.write("chain", { block: 9, blockHash: id("9"), logIndex: 4 });
    assert.equal(handledBlock(store), 8);
    store.cursors.write("chain", { block: 9, blockHash: id("9"), logIndex: WHOLE_BLOCK });
    assert.equal(handledBlock(store), 9);
  });
});
