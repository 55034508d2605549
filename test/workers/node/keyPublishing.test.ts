/** A worker publishes what is due, once, and again when it must. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { ZeroHash, id } from "ethers";
import type { Mined } from "../../../workers/chain/transactions.ts";
import { CodedError } from "../../../workers/errors.ts";
import { type KeyPublishing, keyPublishing } from "../../../workers/node/keyPublishing.ts";
import { oneAfterAnother } from "../../../workers/node/posting.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { storeFolder } from "../store/storeFixture.ts";
import { settle } from "./virtualTime.ts";

const MINED: Mined = { hash: "0x", block: 1, gasUsed: 1n, events: [] };
const CONTRACT = `0x${"c0".repeat(20)}`;
const QUERIER = `0x${"01".repeat(20)}`;
const COPIES = { index: 1, maskKeyHashes: [ZeroHash], copies: ["0x01"] };
const error = (code: string): CodedError => new CodedError({ code }, code);

class PublishingWorld {
  readonly store: Store;
  readonly sent: string[] = [];
  readonly logged: string[] = [];
  failures: Error[] = [];
  nowMs = 0;
  readonly publishing: KeyPublishing;

  constructor(test: TestContext) {
    this.store = storeFolder(test).open();
    this.publishing = keyPublishing({
      store: this.store,
      log: (level, event) => void this.logged.push(`${level} ${event}`),
      now: () => this.nowMs,
      inTurn: oneAfterAnother(),
      publish: (contract, { context, querier, outputsHash }, copies) => {
        assert.deepEqual([contract, querier, outputsHash, copies], [CONTRACT, QUERIER, id("outputs"), COPIES]);
        this.sent.push(context.requestId);
        const failure = this.failures.shift();
        return failure === undefined ? Promise.resolve(MINED) : Promise.reject(failure);
      },
    });
  }

  /** An answered request, whose copies are due. */
  owe(name: string): string {
    const requestId = id(name);
    const context = { requestId, committeeEpoch: "1", requestBlock: "1" };
    const event = JSON.stringify({ requestId, querier: QUERIER, context, deadlineBlock: "9" });
    const { requests, keyCopies } = this.store;
    requests.insert({ requestId, queryContract: CONTRACT, block: 1, event });
    requests.takeAttempt(requestId, 1n);
    keyCopies.put(requestId, 1n, { ...COPIES, sealedHash: id("sealed") });
    keyCopies.answered(requestId, 1n, id("sealed"), id("outputs"));
    return requestId;
  }

  async block(nowMs: number): Promise<void> {
    this.nowMs = nowMs;
    this.publishing.onBlock();
    await settle();
  }
}

describe("keyPublishing", () => {
  it("sends what is due once, and once more only if it is not confirmed for long", async (test) => {
    const world = new PublishingWorld(test);
    await world.block(0);
    assert.deepEqual(world.sent, []);
    const requests = ["one", "two"].map((name) => world.owe(name)).sort();
    await world.block(1);
    await world.block(2);
    await world.block(590_000);
    assert.deepEqual(world.sent, requests);
    world.store.keyCopies.published(requests[0]!, COPIES);
    await world.block(600_002);
    assert.deepEqual(world.sent.slice(2), [requests[1]]);
    world.store.keyCopies.published(requests[1]!, COPIES);
    await world.block(9_000_000);
    assert.equal(world.sent.length, 3);
    assert.equal(world.logged.filter((line) => line === "info key-copies-published").length, 3);
  });

  it("tries again after a failure, ever more rarely, and says so", async (test) => {
    const world = new PublishingWorld(test);
    world.owe("one");
    world.failures = ["CHAIN_UNREACHABLE", "CHAIN_INSUFFICIENT_FUNDS", "CHAIN_REVERTED"].map(error);
    for (const at of [0, 999, 1_000, 2_999, 3_000, 6_999, 7_000, 20_000]) await world.block(at);
    assert.equal(world.sent.length, 4);
    assert.deepEqual(world.logged, [
      ...Array.from({ length: 3 }, () => "warn key-copies-delayed"),
      "info key-copies-published",
    ]);
  });

  it("waits while the store cannot be read, and sends nothing once it is stopped", async (test) => {
    const world = new PublishingWorld(test);
    world.owe("one");
    const { keyCopies } = world.store;
    const due = keyCopies.due.bind(keyCopies);
    keyCopies.due = () => {
      throw error("STORE_BUSY");
    };
    await world.block(0);
    assert.deepEqual([world.sent.length, world.logged], [0, ["warn key-copies-delayed"]]);
    keyCopies.due = due;
    world.publishing.stop();
    await world.block(1);
    assert.equal(world.sent.length, 0);
  });
});
