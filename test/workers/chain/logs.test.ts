/** Event logs on every client: filters as JSON-RPC defines them, whatever the node makes of them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { concat, toBeHex } from "ethers";
import { type ChainLog, type LogFilter, allLogs, blockHash, latestBlock } from "../../../workers/chain/logs.ts";
import type { JsonRpc } from "../../../workers/chain/provider.ts";
import { receiptOf } from "../../../workers/chain/transactions.ts";
import { CHAINS } from "./chainsUnderTest.ts";
import type { LocalChain } from "./localChain.ts";

/** Emits LOG2 with the call's first two words as its topics. */
const TWO_TOPICS = "0x68" + "6020355f355f5fa200" + "5f52" + "60096017f3";

const word = (value: number): string => toBeHex(value, 32);
const topicsOf = (logs: readonly ChainLog[]): number[][] => logs.map(({ topics }) => topics.map(Number));

for (const { name, absent, start } of CHAINS) {
  describe(`logs of ${name}`, { skip: absent }, () => {
    let chain: LocalChain;
    let emitter: string;
    let from: number;

    before(async () => {
      chain = await start();
      emitter = await chain.deploy(TWO_TOPICS);
      from = await latestBlock(chain.provider);
      for (const [first, second] of [
        [0xa1, 1],
        [0xa1, 2],
        [0xb1, 1],
      ] as const) {
        const data = concat([word(first), word(second)]);
        await receiptOf(await chain.wallet.sendTransaction({ to: emitter, data, gasLimit: 100_000n }));
      }
    });
    after(() => chain.close());

    const found = async (topics: LogFilter["topics"] & object): Promise<number[][]> =>
      topicsOf(
        await allLogs(chain.provider, { addresses: [emitter], topics }, from, await latestBlock(chain.provider)),
      );

    it("come in order, with their place in the block", async () => {
      const logs = await allLogs(chain.provider, { addresses: [emitter] }, 0, await latestBlock(chain.provider));
      assert.deepEqual(topicsOf(logs), [
        [0xa1, 1],
        [0xa1, 2],
        [0xb1, 1],
      ]);
      for (const [index, log] of logs.entries()) {
        assert.deepEqual([log.blockNumber, log.logIndex, log.address.toLowerCase()], [from + 1 + index, 0, emitter]);
        assert.equal(log.blockHash, await blockHash(chain.provider, log.blockNumber));
      }
    });

    it("are those that every topic of the filter allows, each at its place", async () => {
      assert.deepEqual(await found([word(0xa1)]), [
        [0xa1, 1],
        [0xa1, 2],
      ]);
      assert.deepEqual(await found([null, word(1)]), [
        [0xa1, 1],
        [0xb1, 1],
      ]);
      assert.deepEqual(await found([word(0xa1), word(2)]), [[0xa1, 2]]);
      assert.deepEqual(await found([[word(0xa1), word(0xb1)], [word(1)]]), [
        [0xa1, 1],
        [0xb1, 1],
      ]);
      assert.deepEqual(await found([word(0xb1), word(2)]), []);
    });

    it("are none beyond the chain's head", async () => {
      const newest = await latestBlock(chain.provider);
      assert.equal(await blockHash(chain.provider, newest + 5), undefined);
    });
  });
}

describe("a page of logs", () => {
  const ADDRESS = `0x${"a1".repeat(20)}`;
  const raw = (block: number, index: number): object => ({
    ...{ address: ADDRESS, topics: [], data: "0x", blockHash: word(block), transactionHash: word(index) },
    ...{ blockNumber: `0x${block.toString(16)}`, logIndex: `0x${index.toString(16)}` },
  });
  /** Cuts its answers off after the block with which it has 10,000, and says nothing. */
  const silent = (perBlock: number): JsonRpc => ({
    send: (_method, params) => {
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      const logs: object[] = [];
      for (let block = Number(fromBlock); block <= Number(toBlock) && logs.length < 10_000; block++)
        for (let index = 0; index < perBlock; index++) logs.push(raw(block, index));
      return Promise.resolve(logs);
    },
  });

  it("that a node has cut off in silence is asked for in halves", async () => {
    const logs = await allLogs(silent(3_000), { addresses: [ADDRESS] }, 1, 9);
    assert.equal(logs.length, 27_000);
    assert.deepEqual([...new Set(logs.map(({ blockNumber }) => blockNumber))], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("of one block is taken as it is, however many its logs", async () => {
    assert.equal((await allLogs(silent(12_000), { addresses: [ADDRESS] }, 1, 2)).length, 24_000);
  });

  it("leaves out what was not asked for", async () => {
    const rpc: JsonRpc = {
      send: () => Promise.resolve([raw(1, 0), { ...raw(1, 1), address: `0x${"b2".repeat(20)}` }]),
    };
    assert.deepEqual(
      (await allLogs(rpc, { addresses: [ADDRESS.toUpperCase().replace("0X", "0x")] }, 1, 1)).map(
        ({ logIndex }) => logIndex,
      ),
      [0],
    );
    assert.deepEqual(await allLogs(rpc, { addresses: [ADDRESS], topics: [null] }, 1, 1), [], "it has no topic");
  });
});
