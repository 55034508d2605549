import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CodedError } from "../../../workers/errors.ts";
import {
  type ChainCursor,
  ChainFollower,
  type FollowerModules,
  type FollowerOptions,
  WHOLE_BLOCK,
} from "../../../workers/chain/follower.ts";
import type { ChainLog } from "../../../workers/chain/logs.ts";
import type { JsonRpc } from "../../../workers/chain/provider.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { CHAINS } from "./chainsUnderTest.ts";
import type { LocalChain } from "./localChain.ts";

/** Effects and cursor change together, as in the store; `crashes` makes commits fail before either. */
class MemoryStore {
  handled: number[] = [];
  commits: number[] = [];
  crashes = 0;
  #cursor: ChainCursor | undefined;

  cursor(): ChainCursor | undefined {
    return this.#cursor;
  }

  commit(logs: readonly ChainLog[], cursor: ChainCursor): void {
    if (this.crashes > 0) {
      this.crashes -= 1;
      throw new CodedError({ code: "STORE_FULL" }, "full");
    }
    this.handled.push(...logs.map((log) => Number(log.topics[0])));
    this.commits.push(logs.length);
    this.#cursor = cursor;
  }
}

const DEFAULTS = { startBlock: 0, confirmations: 2, pollMs: 10 };

function openFollower(
  chainId: bigint,
  rpc: JsonRpc,
  store: MemoryStore,
  addresses: readonly string[],
  options: Partial<FollowerOptions> = {},
  modules: Partial<FollowerModules> = {},
): ChainFollower {
  return new ChainFollower(
    {
      rpc,
      store,
      addresses,
      discover: () => undefined,
      prepare: () => Promise.resolve(),
      onProgress: () => undefined,
      onOutage: () => undefined,
      wait: () => Promise.resolve(),
      ...modules,
    },
    { ...DEFAULTS, chainId, ...options },
  );
}

function numbers(count: number, from = 1): number[] {
  return Array.from({ length: count }, (_, i) => i + from);
}

const refused = (): never => {
  throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
};

for (const { name, absent, start, hasSnapshots, isSlow } of CHAINS) {
  describe(`ChainFollower on ${name}`, { skip: absent }, () => {
    let chain: LocalChain;
    const createFollower = (...parts: Parameters<typeof openFollower> extends [bigint, ...infer Rest] ? Rest : never) =>
      openFollower(chain.chainId, ...parts);
    before(async () => (chain = await start()));
    after(() => chain.close());

    /** A fresh emitter, so that each test sees its own events only. */
    async function emitted(count: number): Promise<{ emitter: string; startBlock: number }> {
      const emitter = await chain.deployEmitter();
      const startBlock = await chain.provider.getBlockNumber();
      for (const value of numbers(count)) await chain.emit(emitter, value);
      return { emitter, startBlock };
    }

    it("handles an event only under its confirmations, in order, once", async () => {
      const { emitter, startBlock } = await emitted(3);
      const store = new MemoryStore();
      const follower = createFollower(chain.provider, store, [emitter], { startBlock });
      await follower.poll();
      assert.deepEqual(store.handled, [1]);
      await chain.mine(1);
      await follower.poll();
      await follower.poll();
      assert.deepEqual(store.handled, [1, 2]);
      await chain.mine(1);
      await follower.poll();
      assert.deepEqual(store.handled, [1, 2, 3]);
      const { lag, newest, cursor } = follower.status();
      assert.deepEqual([lag, cursor?.block, cursor?.logIndex], [0, newest! - 2, WHOLE_BLOCK]);
    });

    it("goes on from the stored cursor after a restart", async () => {
      const { emitter, startBlock } = await emitted(4);
      const store = new MemoryStore();
      await createFollower(chain.provider, store, [emitter], { startBlock, confirmations: 0 }).poll();
      await chain.emit(emitter, 5);
      await createFollower(chain.provider, store, [emitter], { startBlock, confirmations: 0 }).poll();
      assert.deepEqual(store.handled, numbers(5));
    });

    it("repeats nothing and loses nothing when a commit fails", async () => {
      const { emitter, startBlock } = await emitted(3);
      const store = new MemoryStore();
      store.crashes = 2;
      const follower = createFollower(chain.provider, store, [emitter], { startBlock, confirmations: 0 });
      await assert.rejects(follower.poll(), { code: "STORE_FULL" });
      await assert.rejects(follower.poll(), { code: "STORE_FULL" });
      await follower.poll();
      assert.deepEqual(store.handled, numbers(3));
    });

    it("halves its pages until the node answers", async () => {
      const { emitter, startBlock } = await emitted(6);
      await chain.mine(40);
      const spans: number[] = [];
      const limited: JsonRpc = {
        send(method, params) {
          if (method !== "eth_getLogs") return chain.provider.send(method, params);
          const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
          const span = Number(toBlock) - Number(fromBlock) + 1;
          if (span > 5) throw new Error("query returned more than 10000 results");
          spans.push(span);
          return chain.provider.send(method, params);
        },
      };
      const store = new MemoryStore();
      await createFollower(limited, store, [emitter], { startBlock, confirmations: 0, pageBlocks: 32 }).poll();
      assert.deepEqual(store.handled, numbers(6));
      assert.ok(spans.length >= 46 / 5 && spans.every((span) => span <= 5));
    });

    it("commits many logs in bounded transactions", async () => {
      const { emitter, startBlock } = await emitted(1);
      const many: JsonRpc = {
        async send(method, params) {
          const answer = await chain.provider.send(method, params);
          if (method !== "eth_getLogs") return answer;
          const [log] = answer as { logIndex: string; topics: string[] }[];
          return numbers(1_200).map((value) => ({
            ...log,
            logIndex: `0x${value.toString(16)}`,
            topics: [`0x${value.toString(16)}`],
          }));
        },
      };
      const store = new MemoryStore();
      store.crashes = 0;
      await createFollower(many, store, [emitter], { startBlock, confirmations: 0 }).poll();
      assert.deepEqual(store.commits, [500, 500, 200]);
      assert.deepEqual(store.handled, numbers(1_200));
    });

    it("resumes inside a block", async () => {
      const { emitter, startBlock } = await emitted(1);
      const block = await chain.provider.getBlock(startBlock + 1);
      const store = new MemoryStore();
      store.commit([], { block: startBlock + 1, blockHash: block!.hash!, logIndex: 0 });
      await createFollower(chain.provider, store, [emitter], { startBlock, confirmations: 0 }).poll();
      assert.deepEqual(store.handled, [], "log 0 of the block had been handled");
      const other = new MemoryStore();
      other.commit([], { block: startBlock + 1, blockHash: block!.hash!, logIndex: -1 });
      await createFollower(chain.provider, other, [emitter], { startBlock, confirmations: 0 }).poll();
      assert.deepEqual(other.handled, [1]);
    });

    it("follows a contract from the block in which another announces it", async () => {
      const first = await chain.deployEmitter();
      const second = await chain.deployEmitter();
      const third = await chain.deployEmitter();
      const startBlock = await chain.provider.getBlockNumber();
      await chain.emit(first, 1);
      await chain.emit(second, 2);
      await chain.emit(third, 3);
      await chain.emit(first, 4);
      const announces = new Map([
        [first, second],
        [second, third],
      ]);
      const store = new MemoryStore();
      const discover = (log: ChainLog): string | undefined => announces.get(log.address.toLowerCase());
      await createFollower(chain.provider, store, [first], { startBlock, confirmations: 0 }, { discover }).poll();
      assert.deepEqual(store.handled, [1, 2, 3, 4]);
    });

    it("prepares a page's new logs before it commits them, and treats a failure as an outage", async () => {
      const { emitter, startBlock } = await emitted(2);
      const store = new MemoryStore();
      const prepared: number[][] = [];
      let failures = 1;
      const prepare = (logs: readonly ChainLog[]): Promise<void> => {
        prepared.push(logs.map((log) => Number(log.topics[0])));
        assert.deepEqual(store.handled, []);
        failures -= 1;
        return failures >= 0 ? Promise.reject(new Error("away")) : Promise.resolve();
      };
      const follower = createFollower(chain.provider, store, [emitter], { startBlock, confirmations: 0 }, { prepare });
      await assert.rejects(follower.poll());
      assert.deepEqual(store.handled, []);
      await follower.poll();
      assert.deepEqual(prepared, [
        [1, 2],
        [1, 2],
      ]);
      assert.deepEqual(store.handled, [1, 2]);
    });

    it("still follows an announced contract after a restart", async () => {
      const first = await chain.deployEmitter();
      const second = await chain.deployEmitter();
      const third = await chain.deployEmitter();
      const startBlock = await chain.provider.getBlockNumber();
      const announces = new Map([
        [first, second],
        [second, third],
      ]);
      const discover = (log: ChainLog): string | undefined => announces.get(log.address.toLowerCase());
      const store = new MemoryStore();
      const options = { startBlock, confirmations: 0 };
      await chain.emit(first, 1);
      await createFollower(chain.provider, store, [first], options, { discover }).poll();
      await chain.emit(second, 2);
      await createFollower(chain.provider, store, [first], options, { discover }).poll();
      await chain.emit(third, 3);
      const again = createFollower(chain.provider, store, [first], options, { discover });
      await again.poll();
      await chain.emit(third, 4);
      await again.poll();
      assert.deepEqual(store.handled, [1, 2, 3, 4]);
    });

    // Taking a chain back to a snapshot, shorter than it was, is a method of test nodes only; a client that knows no other
    // way than its Engine API replaces blocks by a longer branch.
    if (hasSnapshots) {
      it("stops for good when a handled block is replaced, and says so after a restart", async () => {
        const { emitter, startBlock } = await emitted(2);
        const snapshot = (await chain.provider.send("evm_snapshot", [])) as string;
        await chain.emit(emitter, 3);
        const store = new MemoryStore();
        const options = { startBlock, confirmations: 0 };
        const follower = createFollower(chain.provider, store, [emitter], options);
        await follower.poll();
        assert.deepEqual(store.handled, numbers(3));
        await chain.provider.send("evm_revert", [snapshot]);
        await assert.rejects(follower.poll(), { code: "CHAIN_UNREACHABLE" }, "a node behind the cursor is waited for");
        await chain.emit(emitter, 33);
        await chain.mine(3);
        await assert.rejects(follower.poll(), { code: "CHAIN_REORG" });
        await assert.rejects(follower.poll(), { code: "CHAIN_REORG" });
        assert.equal(follower.status().stoppedBy, "CHAIN_REORG");
        const restarted = createFollower(chain.provider, store, [emitter], options);
        await assert.rejects(restarted.run(new AbortController().signal), { code: "CHAIN_REORG" });
        assert.deepEqual(store.handled, numbers(3), "nothing was handled on the other branch");
      });

      it("does not notice a reorganisation no deeper than the confirmations", async () => {
        const { emitter, startBlock } = await emitted(1);
        await chain.mine(2);
        const snapshot = (await chain.provider.send("evm_snapshot", [])) as string;
        await chain.emit(emitter, 2);
        await chain.emit(emitter, 3);
        const store = new MemoryStore();
        const follower = createFollower(chain.provider, store, [emitter], { startBlock, confirmations: 2 });
        await follower.poll();
        assert.deepEqual(store.handled, [1]);
        await chain.provider.send("evm_revert", [snapshot]);
        for (const value of [22, 33]) await chain.emit(emitter, value);
        await chain.mine(3);
        await follower.poll();
        assert.deepEqual(store.handled, [1, 22, 33]);
      });
    } else {
      const replaced = async (block: number): Promise<void> => chain.replaceFrom!(block);

      it("stops for good when the client itself replaces a handled block", async () => {
        const { emitter, startBlock } = await emitted(3);
        const store = new MemoryStore();
        const follower = createFollower(chain.provider, store, [emitter], { startBlock, confirmations: 0 });
        await follower.poll();
        assert.deepEqual(store.handled, numbers(3));
        await replaced(startBlock + 3);
        await assert.rejects(follower.poll(), { code: "CHAIN_REORG" });
        assert.equal(follower.status().stoppedBy, "CHAIN_REORG");
        assert.deepEqual(store.handled, numbers(3));
      });

      it("does not notice when the client replaces blocks under their confirmations only", async () => {
        const { emitter, startBlock } = await emitted(3);
        const store = new MemoryStore();
        const follower = createFollower(chain.provider, store, [emitter], { startBlock, confirmations: 2 });
        await follower.poll();
        assert.deepEqual(store.handled, [1]);
        await replaced(startBlock + 2);
        for (const value of [22, 33]) await chain.emit(emitter, value);
        await chain.mine(2);
        await follower.poll();
        assert.deepEqual(store.handled, [1, 22, 33]);
      });
    }

    it("refuses a node of another chain, also when it becomes one after an outage", async () => {
      const { emitter, startBlock } = await emitted(1);
      const store = new MemoryStore();
      const wrong = createFollower(chain.provider, store, [emitter], { startBlock, chainId: 5n });
      await assert.rejects(wrong.poll(), (error: CodedError) => {
        assert.deepEqual(error.detail, { code: "CHAIN_WRONG_ID", expected: "5", actual: String(chain.chainId) });
        return true;
      });
      let mode: "right" | "down" | "other" = "right";
      const changing: JsonRpc = {
        send(method, params) {
          if (mode === "down") return refused();
          if (mode === "other" && method === "eth_chainId") return Promise.resolve("0x1");
          return chain.provider.send(method, params);
        },
      };
      const follower = createFollower(changing, store, [emitter], { startBlock, confirmations: 0 });
      await follower.poll();
      mode = "down";
      await assert.rejects(follower.poll(), { code: "CHAIN_UNREACHABLE" });
      mode = "other";
      await assert.rejects(follower.poll(), { code: "CHAIN_WRONG_ID" });
    });

    it("backs off while the node is away and carries on when it is back", async () => {
      const { emitter, startBlock } = await emitted(2);
      let failures = 6;
      const flaky: JsonRpc = {
        send: (method, params) => (failures-- > 0 ? refused() : chain.provider.send(method, params)),
      };
      const store = new MemoryStore();
      const pauses: number[] = [];
      const controller = new AbortController();
      const follower = createFollower(
        flaky,
        store,
        [emitter],
        { startBlock, confirmations: 0 },
        { onOutage: (_error, retryMs) => pauses.push(retryMs), onProgress: () => controller.abort() },
      );
      await follower.run(controller.signal);
      assert.deepEqual(pauses, [200, 400, 800, 1_600, 3_200, 6_400]);
      assert.deepEqual(store.handled, [1, 2]);
    });

    it("delivers every event exactly once whatever the node does", async () => {
      const { emitter, startBlock } = await emitted(12);
      await chain.mine(2);
      const fault = fc.constantFrom("none", "none", "none", "away", "limit");
      await fc.assert(
        fc.asyncProperty(
          fc.array(fault, { maxLength: 60 }),
          fc.integer({ min: 1, max: 9 }),
          async (faults, pageBlocks) => {
            const schedule = [...faults];
            const rpc: JsonRpc = {
              send(method, params) {
                const next = schedule.shift() ?? "none";
                if (next === "away") return refused();
                if (next === "limit" && method === "eth_getLogs") throw new Error("limit exceeded");
                return chain.provider.send(method, params);
              },
            };
            const store = new MemoryStore();
            // A new follower after each failure: every poll is also a restart.
            for (let tries = 0; store.cursor()?.block !== startBlock + 12 && tries < 100; tries++) {
              const follower = createFollower(rpc, store, [emitter], { startBlock, pageBlocks });
              await follower
                .poll()
                .catch((error: unknown) => assert.equal((error as CodedError).code, "CHAIN_UNREACHABLE"));
            }
            assert.deepEqual(store.handled, numbers(12));
          },
        ),
        { numRuns: isSlow ? budget.secondClientRuns : budget.protocolRuns },
      );
    });
  });
}
