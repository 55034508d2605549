/** A node's URL often holds its user's key: it must be in no error, however it is printed. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import type { ContractTransactionResponse } from "ethers";
import { chainError, withoutUrlSecrets } from "../../../workers/chain/errors.ts";
import { allLogs } from "../../../workers/chain/logs.ts";
import { chainTime, checkChainId, openProvider } from "../../../workers/chain/provider.ts";
import { mine } from "../../../workers/chain/transactions.ts";
import type { CodedError } from "../../../workers/errors.ts";

const KEY = "SECRETAPIKEY";

const CONTRACT = "0x00000000000000000000000000000000000000C1";

describe("errors of a chain's node", () => {
  let server: Server;
  let url: string;
  /** What the node answers; the key also stands in what it says. */
  let respond: { readonly status: number; readonly body: string };
  before(async () => {
    server = createServer((request, response) => {
      request.resume();
      response.writeHead(respond.status, { "content-type": "application/json" }).end(respond.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3/${KEY}?apikey=${KEY}`;
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  /** Text, JSON with every own property, what the console shows, and the same of all causes. */
  const everything = (error: unknown): string => {
    const parts: string[] = [];
    for (let at = error; at !== undefined; at = (at as Error).cause) {
      const own = Object.fromEntries(Object.getOwnPropertyNames(at).map((name) => [name, (at as never)[name]]));
      parts.push(String(at), JSON.stringify(at), JSON.stringify(own), inspect(at, { depth: 20, showHidden: true }));
    }
    return parts.join("\n");
  };

  const ANSWERS = {
    "401 with a page": { status: 401, body: `{"message":"project ${KEY} is unknown"}` },
    "a JSON-RPC error": {
      status: 200,
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32005, message: `quota of ${KEY}` } }),
    },
    "no JSON": { status: 200, body: `<html>${KEY}</html>` },
  };
  for (const [name, answer] of Object.entries(ANSWERS)) {
    it(`keep the URL and the answer to themselves: ${name}`, async () => {
      respond = answer;
      const provider = openProvider(url, 31337n);
      try {
        const asks = [checkChainId(provider, 31337n), allLogs(provider, { addresses: ["0x"] }, 0, 0)];
        for (const ask of asks) {
          const error = await ask.then(
            () => assert.fail("answered"),
            (reason: unknown) => reason,
          );
          assert.equal((error as { code: string }).code, "CHAIN_UNREACHABLE");
          assert.ok(!everything(error).includes(KEY), everything(error));
        }
      } finally {
        provider.destroy();
      }
    });
  }

  it("keep to themselves when the chain's time is asked, too", async () => {
    respond = ANSWERS["401 with a page"];
    const provider = openProvider(url, 31337n);
    try {
      const error = await chainTime(provider).then(
        () => assert.fail("answered"),
        (reason: unknown) => reason,
      );
      assert.equal((error as { code: string }).code, "CHAIN_UNREACHABLE");
      assert.ok(!everything(error).includes(KEY), everything(error));
    } finally {
      provider.destroy();
    }
  });

  it("keep to themselves when a transaction is not mined in time", async () => {
    const timeout = Object.assign(new Error(`POST ${KEY}`), { code: "TIMEOUT", shortMessage: "timeout", request: KEY });
    const provider = { getTransactionReceipt: () => Promise.reject(timeout) };
    const sent = { hash: "0x12", provider } as unknown as ContractTransactionResponse;
    await assert.rejects(mine({ interfaces: [] } as never, "call", Promise.resolve(sent)), (error: unknown) => {
      assert.deepEqual((error as CodedError).detail, { code: "CHAIN_TRANSACTION_PENDING", hash: "0x12" });
      assert.ok(!everything(error).includes(KEY), everything(error));
      return true;
    });
  });

  it("say that a mined transaction reverted, and none before it is mined", async () => {
    const receipts = [null, null, { status: 0, to: CONTRACT, from: CONTRACT, blockNumber: 7 }];
    const replayed: unknown[] = [];
    const provider = {
      getTransactionReceipt: () => Promise.resolve(receipts.shift()),
      getBlockNumber: () => Promise.resolve(7),
      call: ({ blockTag }: { blockTag: unknown }) => Promise.reject(new Error(`forgotten: ${replayed.push(blockTag)}`)),
    };
    const sent = { hash: "0x12", provider } as unknown as ContractTransactionResponse;
    await assert.rejects(mine({ interfaces: [] } as never, "call", Promise.resolve(sent)), { code: "CHAIN_REVERTED" });
    assert.equal(receipts.length, 0);
    assert.deepEqual(replayed, [6], "asked why on the state before its block");
  });

  it("take a receipt for final only once the node answers from its block", async () => {
    const heads = [6, 6, 7];
    const provider = {
      getTransactionReceipt: () => Promise.resolve({ hash: "0x12", status: 1, blockNumber: 7, gasUsed: 1n, logs: [] }),
      getBlockNumber: () => Promise.resolve(heads.shift()),
    };
    const sent = { hash: "0x12", provider } as unknown as ContractTransactionResponse;
    const mined = await mine({ interfaces: [] } as never, "call", Promise.resolve(sent));
    assert.deepEqual([mined.block, heads], [7, []]);
  });

  it("recognise an account that cannot pay, by what Hardhat, geth, Besu and EthereumJS say", () => {
    const rpcError = { code: -32000, message: "Sender doesn't have enough funds to send tx." };
    const geth = { code: -32000, message: "insufficient funds for gas * price + value" };
    const besu = { code: -32004, message: "Upfront cost exceeds account balance" };
    const ethereumjs =
      "0xa1 does not have enough balance to cover transaction costs, need 2, but have 1 (insufficient balance)";
    for (const thrown of [
      { code: "UNKNOWN_ERROR", error: besu },
      { code: "UNKNOWN_ERROR", error: { code: -32602, message: ethereumjs } },
      { code: "CALL_EXCEPTION", data: "0x", info: { error: { code: 3, message: "insufficient balance", data: "0x" } } },
      {
        code: "UNKNOWN_ERROR",
        error: { ...rpcError, data: { message: rpcError.message } },
        payload: { params: [KEY] },
      },
      { code: "CALL_EXCEPTION", data: null, info: { error: geth } },
      { code: "INSUFFICIENT_FUNDS", info: {} },
    ]) {
      const error = chainError(Object.assign(new Error("x"), thrown), [], "transfer");
      assert.deepEqual(error.detail, { code: "CHAIN_INSUFFICIENT_FUNDS" });
      assert.ok(!everything(error).includes(KEY));
    }
  });

  it("leave a contract's own refusal a refusal, whatever its text", () => {
    const thrown = {
      code: "CALL_EXCEPTION",
      data: "0x08c379a0",
      info: { error: { code: 3, message: "insufficient funds" } },
    };
    assert.equal(chainError(Object.assign(new Error("x"), thrown), [], "transfer").code, "CHAIN_REVERTED");
  });

  it("tell an address without a contract from a node that is away", () => {
    const thrown = { code: "BAD_DATA", value: "0x", shortMessage: "could not decode result data" };
    const error = chainError(Object.assign(new Error(KEY), thrown), [], "StudyRegistry.study");
    assert.deepEqual(error.detail, { code: "CHAIN_UNREACHABLE", method: "StudyRegistry.study", absent: true });
    assert.match(error.message, /^StudyRegistry\.study: the chain's node knows no contract there/);
    assert.ok(!everything(error).includes(KEY));
    const garbled = chainError(Object.assign(new Error("x"), { ...thrown, value: "0x12" }), [], "call");
    assert.deepEqual(garbled.detail, { code: "CHAIN_UNREACHABLE", method: "call" });
  });

  it("strips user, path and query of every URL in a short message", () => {
    assert.equal(
      withoutUrlSecrets(`cannot reach https://u:${KEY}@rpc.example:8545/v3/${KEY}?k=${KEY}#x, or (wss://h/${KEY})`),
      "cannot reach https://rpc.example:8545 or (wss://h)",
    );
    const error = Object.assign(new Error(`x ${KEY}`), { shortMessage: `no https://h/${KEY}`, code: "SERVER_ERROR" });
    const wrapped = chainError(error, [], "eth_call");
    assert.match(wrapped.message, /no https:\/\/h\)$/);
    assert.ok(!everything(wrapped).includes(KEY));
    assert.ok(!everything(chainError(`text ${KEY}`, [], "eth_call")).includes(KEY));
  });
});
