/** Accounts without money: said with the account and what to do, before anything else is lost. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command as deploy } from "../../scripts/admin/deploy.ts";
import { command as publish } from "../../scripts/querier/publish.ts";
import { exitCodeOf } from "../../scripts/exitCode.ts";
import { requireFunds } from "../../scripts/funds.ts";
import { openProvider } from "../../workers/chain/provider.ts";
import { type Consortium, startConsortium } from "./consortium.ts";
import { startRpcProxy } from "./rpcProxy.ts";

describe("an account that cannot pay", () => {
  let consortium: Consortium;
  before(async () => {
    consortium = await startConsortium();
  });
  after(() => consortium.close());

  const refused = async (act: Promise<unknown>, account: string): Promise<void> => {
    await assert.rejects(act, (error: { detail: object; message: string }) => {
      assert.deepEqual(error.detail, { code: "CHAIN_INSUFFICIENT_FUNDS", account, balance: "0" });
      assert.equal(error.message, `account ${account} cannot pay: it has 0.0 ETH; fund it (docs/operators.md, Funds)`);
      assert.equal(exitCodeOf(error), 1);
      return true;
    });
  };

  it("deploys nothing", async () => {
    const options = { ...consortium.as("poor"), deployment: "elsewhere", chainId: "31337", delay: "0", replace: false };
    await refused(deploy.handler(options, consortium.context), consortium.wallet("poor").address);
  });

  it("is looked at beforehand, and needs nothing where gas is free", async () => {
    const account = consortium.wallet("penniless").address;
    let price = "0x0";
    const free = (method: string, result: unknown): unknown => {
      if (method === "eth_getBlockByNumber") return { ...(result as object), baseFeePerGas: "0x0" };
      return method === "eth_gasPrice" ? price : result;
    };
    const proxy = await startRpcProxy(consortium.chain.url, () => free);
    const provider = openProvider(proxy.url, consortium.chain.chainId);
    try {
      await requireFunds(provider, account);
      price = "0x1";
      await refused(requireFunds(provider, account), account);
      await refused(requireFunds(consortium.chain.provider, account), account);
    } finally {
      provider.destroy();
      await proxy.close();
    }
  });

  it("publishes nothing", async () => {
    const account = await consortium.admit("querier", "poor", "Institute");
    await consortium.chain.provider.send("hardhat_setBalance", [account, "0x0"]);
    const options = {
      ...consortium.as("poor"),
      study: consortium.studyId,
      sql: "SELECT COUNT(*) FROM trial",
      agreement: "Only for the study.",
    };
    await refused(publish.handler(options, consortium.context), account);
  });
});
