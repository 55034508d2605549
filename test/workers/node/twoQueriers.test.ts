/**
 * Two accounts of two organisations are one querier to the gate: a worker's history of a study holds every answer, whoever asked for
 * it. Requests, stores and hashes are real, and so is the agreement; the registries are simulated.
 */
import assert from "node:assert/strict";
import { type TestContext, before, describe, it } from "node:test";
import { id, keccak256 } from "ethers";
import { WHOLE_BLOCK } from "../../../workers/chain/follower.ts";
import type { EarlierAnswer } from "../../../workers/disclosure/historySets.ts";
import { datasetRoot } from "../../../workers/messages/datasetRoot.ts";
import { encodeParameters } from "../../../workers/messages/descriptor.ts";
import { ReleaseClass, ZERO_HASH } from "../../../workers/messages/statement.ts";
import { requestToJson } from "../../../workers/node/chainEffects.ts";
import { ConsentMasks } from "../../../workers/node/consentMasks.ts";
import { DisclosureHistory } from "../../../workers/node/disclosureHistory.ts";
import { RequestedSegments } from "../../../workers/node/requestedSegments.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import { VettedQueries } from "../../../workers/node/vettedQueries.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import { type CompiledQuery, compileQuery } from "../../../workers/query/compileQuery.ts";
import { queryHash } from "../../../workers/query/queryHash.ts";
import { type PartyIndex, partiesOf } from "../../../workers/sharing/parties.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { ClearStudy } from "../disclosure/clearStudy.ts";
import { complete, completeText, people } from "../disclosure/trackerStudy.ts";
import { storeFolder } from "../store/storeFixture.ts";

const SQL = "SELECT COUNT(*) FROM trial WHERE age >= :lo";
const AGREEMENT = "I shall not try to identify anyone.";
const CONTRACT = "0x00000000000000000000000000000000000000c1";
const [STUDY, DATASET] = [id("study"), id("dataset")];
/** Of two organisations: the chain knows of which, a worker does not ask. */
const [ALICE, BOB] = [
  "0xa11ce00000000000000000000000000000000001",
  "0xb0b0000000000000000000000000000000000002",
] as const;
/** Five patients are from 50 to 59. */
const ROWS = [...people(40, { age: 65 }), ...people(5, { age: 55 }), ...people(40, { age: 20 })];
const SEGMENTS = [{ rowCount: BigInt(ROWS.length), columnsRoot: id("columns"), sharesRoot: id("shares") }];
const ANSWER_BLOCK = 60;

describe("two requests of two queriers", () => {
  let compiled: CompiledQuery;
  let hash: string;

  before(async () => {
    compiled = await compileQuery(SQL, complete);
    const { descriptorBytes, sql, boundsBytes, manifest } = compiled;
    hash = queryHash(complete.hash, descriptorBytes, sql, boundsBytes, manifest, AGREEMENT);
  });

  function historyOf(store: Store): DisclosureHistory {
    const { descriptorBytes, sql, boundsBytes, manifest } = compiled;
    const rpc = { send: () => assert.fail("nothing else is asked") };
    const publication = { sql, bounds: boundsBytes, manifest, agreement: AGREEMENT };
    const registry = { segments: () => Promise.resolve([...SEGMENTS]) };
    return new DisclosureHistory({
      store,
      queries: new VettedQueries({
        rpc,
        catalogue: {
          descriptor: () => Promise.resolve(descriptorBytes),
          publication: () => Promise.resolve(publication),
        },
        studies: { schemaText: () => Promise.resolve(completeText) },
      }),
      requestedSegments: new RequestedSegments(registry, store.segmentFacts),
      consent: new ConsentMasks({
        log: { changes: () => Promise.resolve([]) },
        rpc,
        studies: { policy: () => assert.fail("nothing restricts") },
        firstBlock: 1,
      }),
    });
  }

  function requestOf(querier: string, lowest: bigint, block: number, studyId = STUDY): ConfirmedRequest {
    const parameters = encodeParameters([lowest]);
    const requestId = id(`${querier} from ${lowest}`);
    const context = {
      studyId,
      requestId,
      queryHash: hash,
      parametersHash: keccak256(parameters),
      policyHash: id("policy"),
      datasetRoots: [datasetRoot(DATASET, 1n, SEGMENTS)],
      committeeEpoch: 1n,
      requestBlock: BigInt(block),
      consentMaskRoot: ZERO_HASH,
      releaseClass: ReleaseClass.PUBLIC,
      recipientsHash: ZERO_HASH,
    };
    const asked = { requestId, querier, parameters, datasetIds: [DATASET], deadlineBlock: 100n };
    return {
      event: { ...asked, recipients: [], k: 11, context },
      contract: CONTRACT,
      committee: { epoch: 1n, threshold: 1, demonstration: true, workers: [] },
      self: 1 as PartyIndex,
    };
  }

  /** As three workers resolve it, which have seen the first request answered and the second one confirmed. */
  async function historyOfSecond(
    test: TestContext,
    first: ConfirmedRequest,
    second: ConfirmedRequest,
  ): Promise<EarlierAnswer[]> {
    const stores = [1, 2, 3].map(() => storeFolder(test).open());
    for (const store of stores) {
      for (const { event, contract } of [first, second]) {
        const block = Number(event.context.requestBlock);
        store.requests.insert({
          requestId: event.requestId,
          queryContract: contract,
          block,
          event: requestToJson(event),
        });
      }
      const { requestId, context } = first.event;
      const shown = { suppressedBitmap: "0x00", zeroOutputs: [], block: ANSWER_BLOCK };
      store.disclosures.recordAnswered({ requestId, studyId: context.studyId, ...shown });
      store.cursors.write("chain", { block: 80, blockHash: id("block 80"), logIndex: WHOLE_BLOCK });
    }
    const networks = loopbackNetworks(partiesOf(stores.length), { timeoutMs: 500 });
    const resolved = await Promise.all(
      stores.map(async (store, at) => {
        const history = historyOf(store);
        return history.resolve(second, await history.agree(second, networks[at]!), 11);
      }),
    );
    for (const each of resolved) assert.deepEqual(each, resolved[0], "workers disagree");
    return resolved[0]!;
  }

  /** What the gate makes of the second request after these answers. */
  async function secondAfter(history: readonly EarlierAnswer[]): Promise<string> {
    const study = new ClearStudy(complete);
    study.contribute(DATASET, ROWS);
    study.history.push(...history);
    return (await study.ask({ sql: SQL, parameters: { lo: "50" } })).kind;
  }

  for (const [name, asks, asksNext] of [
    ["one account", ALICE, ALICE],
    ["two accounts of two organisations", ALICE, BOB],
    ["the same, the other way round", BOB, ALICE],
  ] as const) {
    it(`${name}: the second's history holds the first's answer, and what differs by five is refused`, async (test) => {
      const first = requestOf(asks, 60n, 50);
      const history = await historyOfSecond(test, first, requestOf(asksNext, 50n, 70));
      const told = history.map(({ requestId, parameters, opened }) => ({ requestId, parameters, opened }));
      const opened = { hiddenOutputs: new Set(), zeroOutputs: new Set() };
      assert.deepEqual(told, [{ requestId: first.event.requestId, parameters: [60n], opened }]);
      assert.equal(await secondAfter(history), "refused");
    });
  }

  it("what was asked of another study is not in it, and the same request is answered", async (test) => {
    const elsewhere = requestOf(ALICE, 60n, 50, id("another study"));
    const history = await historyOfSecond(test, elsewhere, requestOf(BOB, 50n, 70));
    assert.deepEqual(history, []);
    assert.equal(await secondAfter(history), "answered");
  });
});
