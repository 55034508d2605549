/** Sending on every client: estimates that suffice, refusals that name the error, before and after mining. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Interface, Wallet, id, toBeHex } from "ethers";
import type { Deployment } from "../../../workers/chain/deployment.ts";
import { chainTime } from "../../../workers/chain/provider.ts";
import { mine } from "../../../workers/chain/transactions.ts";
import type { CodedError } from "../../../workers/errors.ts";
import { CHAINS } from "./chainsUnderTest.ts";
import type { LocalChain } from "./localChain.ts";

const DEPLOYMENT = { interfaces: [new Interface(["error Refused(uint256 reason)"])] } as unknown as Deployment;

/** Stores the call's first word in slot 0: setting it to zero again gives gas back. */
const STORE = "0x64" + "5f355f5500" + "5f52" + "6005601bf3";
/** Reverts with `Refused(first word)`. */
const REFUSE =
  "0x75" + `63${id("Refused(uint256)").slice(2, 10)}60e01b600052600035600452602460` + "00fd" + "600052" + "6016600af3";

for (const { name, absent, start } of CHAINS) {
  describe(`transactions of ${name}`, { skip: absent }, () => {
    let chain: LocalChain;
    before(async () => (chain = await start()));
    after(() => chain.close());

    const nonce = (): Promise<number> => chain.provider.getTransactionCount(chain.wallet.address);
    const refusal = (reason: string) => (error: CodedError) => {
      assert.deepEqual(error.detail, { code: "CHAIN_REVERTED", error: "Refused", args: { reason } });
      return true;
    };

    it("have gas enough by the node's own estimate, also where some is given back", async () => {
      const to = await chain.deploy(STORE);
      for (const value of [1, 0]) {
        const mined = await mine(DEPLOYMENT, "store", chain.wallet.sendTransaction({ to, data: toBeHex(value, 32) }));
        assert.equal(Number(await chain.provider.getStorage(to, 0)), value);
        assert.ok(mined.gasUsed > 21_000n);
      }
    });

    it("that would revert are refused by name before they are sent", async () => {
      const to = await chain.deploy(REFUSE);
      const before = await nonce();
      const sent = chain.wallet.sendTransaction({ to, data: toBeHex(7, 32) });
      await assert.rejects(mine(DEPLOYMENT, "refuse", sent), refusal("7"));
      assert.equal(await nonce(), before);
    });

    it("that reverted in their block are refused by name, too", async () => {
      const to = await chain.deploy(REFUSE);
      const before = await nonce();
      const sent = chain.wallet.sendTransaction({ to, data: toBeHex(8, 32), gasLimit: 100_000n });
      await assert.rejects(mine(DEPLOYMENT, "refuse", sent), refusal("8"));
      assert.equal(await nonce(), before + 1);
    });

    it("are seen by whatever is read or sent next", async () => {
      const to = await chain.deploy(STORE);
      for (let value = 1; value <= 5; value++) {
        const before = await nonce();
        await mine(DEPLOYMENT, "store", chain.wallet.sendTransaction({ to, data: toBeHex(value, 32) }));
        assert.deepEqual([Number(await chain.provider.getStorage(to, 0)), await nonce()], [value, before + 1]);
      }
    });

    it("of an account without ether say that it cannot pay, also where ether is sent along", async () => {
      const poor = Wallet.createRandom().connect(chain.provider);
      for (const value of [0n, 5n]) {
        const sent = poor.sendTransaction({ to: chain.wallet.address, value });
        await assert.rejects(mine(DEPLOYMENT, "transfer", sent), { code: "CHAIN_INSUFFICIENT_FUNDS" });
      }
    });

    it("happen at the newest block's time, which is about now", async () => {
      await chain.mine(2);
      const time = await chainTime(chain.provider);
      assert.equal(time, BigInt((await chain.provider.getBlock("latest"))!.timestamp));
      assert.ok(Math.abs(Number(time) - Date.now() / 1_000) < 3_600);
    });
  });
}
