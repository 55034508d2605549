import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestState } from "../../../workers/chain/querySmartContract.ts";
import type { Mined } from "../../../workers/chain/transactions.ts";
import { CodedError } from "../../../workers/errors.ts";
import { Posting, oneAfterAnother } from "../../../workers/node/posting.ts";
import { VirtualTime, settle } from "./virtualTime.ts";

const MINED: Mined = { hash: "0x", block: 1, gasUsed: 1n, events: [] };
const error = (code: string): CodedError => new CodedError({ code }, code);

/** One posting against a chain whose state and answers the test decides. */
class PostingWorld {
  readonly time = new VirtualTime();
  readonly sentAtMs: number[] = [];
  readonly refusals: unknown[] = [];
  state: RequestState = RequestState.REQUESTED;
  /** What the next sends do; then they are mined. */
  failures: CodedError[] = [];
  /** Another's transaction lands in the block in which ours reverts. */
  isOvertaken = false;
  readonly posting: Posting;

  constructor(rank: number) {
    this.posting = new Posting(
      {
        timers: this.time,
        log: () => undefined,
        inTurn: oneAfterAnother(),
        stateOf: () => Promise.resolve(this.state),
        send: () => {
          this.sentAtMs.push(this.time.nowMs);
          const failure = this.failures.shift();
          if (this.isOvertaken) this.state = RequestState.ANSWERED;
          if (failure !== undefined) return Promise.reject(failure);
          this.state = RequestState.ANSWERED;
          return Promise.resolve(MINED);
        },
        onRefused: (refusal) => this.refusals.push(refusal),
      },
      { requestId: "0x1", act: "answer", rank, takeoverMs: 100 },
    );
    this.posting.start();
  }

  run(untilMs = 1_000_000): Promise<boolean> {
    return this.time.until(() => false, untilMs);
  }
}

describe("Posting", () => {
  it("acts when its rank's turn has come", async () => {
    for (const rank of [0, 1, 3]) {
      const world = new PostingWorld(rank);
      await world.run();
      assert.deepEqual(world.sentAtMs, [rank * 100]);
    }
  });

  it("sends nothing when another was first, or when it was stopped", async () => {
    const late = new PostingWorld(2);
    late.time.after(150, () => (late.state = RequestState.ANSWERED));
    await late.run();
    assert.deepEqual([late.sentAtMs, late.refusals], [[], []]);
    const stopped = new PostingWorld(1);
    stopped.posting.stop();
    await stopped.run();
    assert.deepEqual(stopped.sentAtMs, []);
  });

  it("tries again, more and more slowly, while the node is away or the account is empty", async () => {
    const world = new PostingWorld(0);
    world.failures = ["CHAIN_UNREACHABLE", "CHAIN_INSUFFICIENT_FUNDS", "CHAIN_TRANSACTION_PENDING"].map(error);
    await world.run();
    assert.deepEqual(world.sentAtMs, [0, 1_000, 3_000, 7_000]);
  });

  it("posts again when the block that held the answer is replaced, until it is stopped", async () => {
    const world = new PostingWorld(0);
    world.time.after(10_000, () => (world.state = RequestState.REQUESTED));
    await world.run();
    assert.deepEqual(world.sentAtMs, [0, 60_000]);
    const ended = new PostingWorld(0);
    ended.time.after(10_000, () => {
      ended.state = RequestState.REQUESTED;
      ended.posting.stop();
    });
    await ended.run();
    assert.deepEqual(ended.sentAtMs, [0]);
  });

  it("counts a revert as success when the request has ended, and gives up when it has not", async () => {
    const refused = new PostingWorld(0);
    refused.failures = [error("CHAIN_REVERTED")];
    await refused.run();
    assert.deepEqual([refused.sentAtMs.length, refused.refusals.length], [1, 1]);
    const overtaken = new PostingWorld(0);
    overtaken.failures = [error("CHAIN_REVERTED")];
    overtaken.isOvertaken = true;
    await overtaken.run();
    assert.deepEqual([overtaken.sentAtMs.length, overtaken.refusals.length], [1, 0]);
  });

  it("keeps its answer while the consortium has stopped all, and posts it when that is over", async () => {
    const world = new PostingWorld(0);
    const detail = { code: "CHAIN_REVERTED", error: "QuerySmartContractStopped", args: {} };
    world.failures = [1, 2].map(() => new CodedError(detail, "stopped"));
    await world.run();
    assert.deepEqual([world.sentAtMs, world.refusals], [[0, 1_000, 3_000], []]);
  });

  it("keeps an account's transactions one after another, failures included", async () => {
    const inTurn = oneAfterAnother();
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = inTurn(async () => {
      await gate.promise;
      order.push("first");
      throw error("CHAIN_UNREACHABLE");
    });
    const second = inTurn(() => Promise.resolve(order.push("second")));
    await settle();
    assert.deepEqual(order, []);
    gate.resolve();
    await assert.rejects(first, { code: "CHAIN_UNREACHABLE" });
    await second;
    assert.deepEqual(order, ["first", "second"]);
  });
});
