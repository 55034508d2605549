/** What each confirmed event changes in the real store; events are encoded with the contracts' own ABIs. */
import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import { ZeroAddress, ZeroHash, id } from "ethers";
import type { ChainLog } from "../../../workers/chain/logs.ts";
import { Outcome, ReleaseClass, outputsHash } from "../../../workers/messages/statement.ts";
import { ChainEffects, discoverQueryContract, requestFromJson } from "../../../workers/node/chainEffects.ts";
import type { OpeningStage } from "../../../workers/store/openings.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { storeFolder } from "../store/storeFixture.ts";
import { ABIS, ADDRESSES, CLONE, DEPLOYMENT, logOf } from "./encodedEvents.ts";

const STUDY = id("study");
const REQUEST = id("request");

const CONTEXT = {
  studyId: STUDY,
  requestId: REQUEST,
  queryHash: id("query"),
  parametersHash: id("parameters"),
  policyHash: id("policy"),
  datasetRoots: [id("root")],
  committeeEpoch: 2n ** 60n,
  requestBlock: 12n,
  consentMaskRoot: ZeroHash,
  releaseClass: ReleaseClass.PUBLIC,
  recipientsHash: ZeroHash,
};
const REQUESTED = logOf("QuerySmartContract", "QueryRequested", [
  REQUEST,
  ZeroAddress,
  "0x1234",
  [id("dataset")],
  CONTEXT,
  500n,
  [],
  11,
]);

interface World {
  readonly store: Store;
  readonly effects: ChainEffects;
  readonly logged: string[];
}

function worldOf(test: TestContext): World {
  const store = storeFolder(test).open();
  const logged: string[] = [];
  const log = (level: string, event: string): void => void logged.push(`${level} ${event}`);
  const [committees, datasets, studies] = [{}, {}, {}] as never[];
  const effects = new ChainEffects({
    deployment: DEPLOYMENT,
    store,
    committees: committees!,
    datasets: datasets!,
    studies: studies!,
    log,
  });
  return { store, effects, logged };
}

describe("ChainEffects", () => {
  describe("requests", () => {
    const settled = (event: string, values: unknown[]): ChainLog => logOf("QuerySmartContract", event, values);
    const answered = settled("QueryAnswered", [REQUEST, 1n, "0x", [7n], ZeroHash, id("statement")]);
    const refused = (outcome: Outcome): ChainLog => settled("QueryRefused", [REQUEST, 1n, outcome, id("statement")]);

    it("are stored pending, with every field of the event", (test) => {
      const { store, effects } = worldOf(test);
      effects.apply([REQUESTED]);
      const [request] = store.requests.pending();
      assert.ok(request !== undefined);
      assert.deepEqual([request.requestId, request.queryContract, request.block], [REQUEST, CLONE, 12]);
      assert.deepEqual(requestFromJson(request.event), {
        requestId: REQUEST,
        querier: ZeroAddress,
        parameters: "0x1234",
        datasetIds: [id("dataset")],
        context: CONTEXT,
        deadlineBlock: 500n,
        recipients: [],
        k: 11,
      });
    });

    for (const [state, log] of [
      ["answered", answered],
      ["refused", refused(Outcome.REFUSED_EMPTY_SET)],
      ["refused", refused(Outcome.REFUSED_DISCLOSURE)],
      ["failed", refused(Outcome.FAILED_UNAVAILABLE)],
      ["expired", settled("QueryExpired", [REQUEST])],
    ] as const) {
      it(`are ${state} when ${ABIS["QuerySmartContract"]!.parseLog(log)!.signature} says so`, (test) => {
        const { store, effects } = worldOf(test);
        effects.apply([REQUESTED, log]);
        assert.deepEqual(store.requests.pending(), []);
        assert.equal(store.requests.get(REQUEST)?.state, state);
      });
    }

    it("end by their own contract's events only", (test) => {
      const { store, effects } = worldOf(test);
      effects.apply([REQUESTED, { ...answered, address: ADDRESSES["DatasetRegistry"]! }]);
      assert.equal(store.requests.get(REQUEST)?.state, "pending");
    });

    it("that this worker never saw end without effect; other events have none", (test) => {
      const { store, effects, logged } = worldOf(test);
      const other = { ...REQUESTED, topics: [id("Something(uint256)")], data: "0x" };
      effects.apply([answered, other]);
      assert.deepEqual([store.requests.get(REQUEST), logged], [undefined, []]);
    });
  });

  describe("the disclosure history", () => {
    const ended = (event: string, values: unknown[]): ChainLog => logOf("QuerySmartContract", event, values);
    const refusedIn = (attempt: bigint, outcome: Outcome): ChainLog =>
      ended("QueryRefused", [REQUEST, attempt, outcome, id("statement")]);
    /** A world in which the attempts 1..n came to these stages. */
    const openedWorld = (test: TestContext, ...stages: OpeningStage[]): World => {
      const world = worldOf(test);
      world.effects.apply([REQUESTED]);
      const { requests, disclosures } = world.store;
      for (const [i, stage] of stages.entries()) {
        const attempt = BigInt(i + 1);
        requests.takeAttempt(REQUEST, attempt);
        const history = { requestIds: [], block: 1 };
        const of = {
          requestId: REQUEST,
          studyId: STUDY,
          attempt,
          history,
          overlaps: true,
          knownWhenPlanned: new Set<string>(),
        };
        disclosures.recordAboutToOpen(stage === "tests" ? { ...of, stage } : { ...of, stage, hidden: [] });
      }
      return world;
    };
    const mayBeOpen = [{ requestId: REQUEST, status: "mayBeOpen" }];

    it("knows what an answer shows, whether this worker took part or not", (test) => {
      for (const world of [openedWorld(test, "outputs"), openedWorld(test)]) {
        world.effects.apply([ended("QueryAnswered", [REQUEST, 9n, "0x02", [0n, 0n, 7n, 0n], ZeroHash, id("s")])]);
        const shown = { suppressedBitmap: "0x02", zeroOutputs: [0, 1, 3], answeredBlock: 12 };
        assert.deepEqual(world.store.disclosures.entries(STUDY), [
          { requestId: REQUEST, status: "answered", ...shown },
        ]);
      }
    });

    it("takes an answer that it sees again, after its cursor was lost, for the same", (test) => {
      const { store, effects, logged } = openedWorld(test, "outputs");
      const logs = [REQUESTED, ended("QueryAnswered", [REQUEST, 1n, "0x", [7n], ZeroHash, id("s")])];
      effects.apply(logs);
      const before = store.disclosures.entries(STUDY);
      effects.apply(logs);
      assert.deepEqual([store.disclosures.entries(STUDY), logged], [before, []]);
    });

    it("forgets the attempt that a refusal names, and no other", (test) => {
      const only = openedWorld(test, "tests");
      only.effects.apply([refusedIn(1n, Outcome.REFUSED_DISCLOSURE)]);
      assert.deepEqual(only.store.disclosures.entries(STUDY), []);
      for (const stages of [
        ["tests", "tests"],
        ["outputs", "tests"],
      ] as const) {
        const { store, effects, logged } = openedWorld(test, ...stages);
        effects.apply([refusedIn(2n, Outcome.REFUSED_DISCLOSURE)]);
        assert.deepEqual([store.disclosures.entries(STUDY), logged], [mayBeOpen, []]);
      }
    });

    it("keeps, with an alarm, outputs that were about to open in a refused attempt", (test) => {
      const { store, effects, logged } = openedWorld(test, "outputs");
      effects.apply([refusedIn(1n, Outcome.REFUSED_DISCLOSURE)]);
      assert.deepEqual(store.disclosures.entries(STUDY), mayBeOpen);
      assert.deepEqual(logged, ["alarm refusal-contradicts-opening"]);
    });

    it("keeps what was about to open when the request failed or expired", (test) => {
      for (const end of [refusedIn(1n, Outcome.FAILED_UNAVAILABLE), ended("QueryExpired", [REQUEST])]) {
        const { store, effects, logged } = openedWorld(test, "tests");
        effects.apply([end]);
        assert.deepEqual([store.disclosures.entries(STUDY), logged], [mayBeOpen, []]);
      }
    });

    it("is undone with the transaction", (test) => {
      const { store, effects } = openedWorld(test, "tests");
      const failing = (): void =>
        store.transaction(() => {
          effects.apply([refusedIn(1n, Outcome.REFUSED_DISCLOSURE)]);
          throw new Error("disk");
        });
      assert.throws(failing, /disk/);
      assert.deepEqual([store.disclosures.entries(STUDY), store.requests.pending().length], [mayBeOpen, 1]);
    });
  });

  describe("keys of a sealed answer", () => {
    const COPIES = { index: 2, maskKeyHashes: [id("hash")], copies: ["0x0102", "0x03"] };
    const event = (name: string, values: unknown[]): ChainLog => logOf("QuerySmartContract", name, values);
    const answered = (attempt: bigint): ChainLog =>
      event("QueryAnswered", [REQUEST, attempt, "0x02", [8n, 0n, 7n, 0n], id("sealed"), id("s")]);
    const published = (index: bigint, copies: readonly string[]): ChainLog =>
      event("KeyCopiesPublished", [REQUEST, index, COPIES.maskKeyHashes, copies]);
    const sealedWorld = (test: TestContext): World => {
      const world = worldOf(test);
      world.effects.apply([REQUESTED]);
      const { requests, keyCopies } = world.store;
      requests.takeAttempt(REQUEST, 1n);
      keyCopies.put(REQUEST, 1n, { ...COPIES, sealedHash: id("sealed") });
      return world;
    };

    it("are due when the chain shows their attempt's answer, until it shows them", (test) => {
      const { store, effects } = sealedWorld(test);
      effects.apply([answered(1n)]);
      const due = [{ requestId: REQUEST, attempt: 1n, outputsHash: outputsHash([8n, 0n, 7n, 0n]), ...COPIES }];
      effects.apply([published(2n, ["0x0a", "0x0b"]), published(1n, COPIES.copies)]);
      assert.deepEqual(store.keyCopies.due(), due);
      effects.apply([published(2n, COPIES.copies)]);
      assert.deepEqual(store.keyCopies.due(), []);
    });

    it("are forgotten when another attempt is answered, or none", (test) => {
      for (const end of [
        answered(2n),
        event("QueryRefused", [REQUEST, 1n, Outcome.REFUSED_DISCLOSURE, id("s")]),
        event("QueryRefused", [REQUEST, 1n, Outcome.FAILED_UNAVAILABLE, id("s")]),
        event("QueryExpired", [REQUEST]),
      ]) {
        const { store, effects } = sealedWorld(test);
        effects.apply([end]);
        store.keyCopies.answered(REQUEST, 1n, id("sealed"), id("outputs"));
        assert.deepEqual(store.keyCopies.due(), []);
      }
    });

    it("leave in the history which outputs are hidden, and none as zero: masked words say nothing", (test) => {
      const { store, effects } = sealedWorld(test);
      effects.apply([answered(1n)]);
      const [entry] = store.disclosures.entries(STUDY);
      const shown = { suppressedBitmap: "0x02", zeroOutputs: [], answeredBlock: 12 };
      assert.deepEqual(entry, { requestId: REQUEST, status: "answered", ...shown });
    });

    it("go with their request's recipients, which are stored, and absent from what older workers stored", (test) => {
      const { store, effects } = worldOf(test);
      const recipients = [`0x02${"11".repeat(32)}`, `0x03${"22".repeat(32)}`];
      const values = [REQUEST, ZeroAddress, "0x1234", [id("dataset")], CONTEXT, 500n, recipients, 11];
      effects.apply([event("QueryRequested", values)]);
      const { event: text } = store.requests.get(REQUEST)!;
      assert.deepEqual(requestFromJson(text).recipients, recipients);
      const older = JSON.stringify({ ...(JSON.parse(text) as object), recipients: undefined });
      assert.deepEqual(requestFromJson(older).recipients, []);
    });
  });
});

describe("discoverQueryContract", () => {
  it("follows the contract that the catalogue itself announces, and no other", () => {
    const activated = logOf("QueryCatalogue", "QueryActivated", [id("query"), CLONE]);
    assert.equal(discoverQueryContract(DEPLOYMENT, activated)?.toLowerCase(), CLONE);
    assert.equal(discoverQueryContract(DEPLOYMENT, { ...activated, address: CLONE }), undefined);
    const revoked = logOf("QueryCatalogue", "QueryRevoked", [id("query"), "reason"]);
    assert.equal(discoverQueryContract(DEPLOYMENT, revoked), undefined);
  });
});
