import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroAddress, id, keccak256, zeroPadValue } from "ethers";
import type { HostilePayee } from "../../types/mocks/HostilePayee.ts";
import { deployMock, ethers, load } from "./support/chain.ts";
import { CONSORTIUM, OTHER_QUERIER, OUTSIDER, QUERIER, deployContracts } from "./support/consortium.ts";
import { reverts, revertsBare } from "./support/reverts.ts";

const CONDUCT = { REENTER: 0, REVERT: 1, BURN_GAS: 2, ACCEPT: 3 };

describe("Credits", () => {
  async function paid() {
    const world = await deployContracts();
    const payees = [QUERIER.address, OTHER_QUERIER.address, QUERIER.address];
    await world.credits.connect(OUTSIDER).pay(payees, [1n, 20n, 300n], { value: 321n });
    return world;
  }
  const balance = async (contract: { getAddress(): Promise<string> }) =>
    ethers.provider.getBalance(await contract.getAddress());

  describe("pay", () => {
    it("credits each payee, also one named twice, and is recorded", async () => {
      const { credits, trail } = await load(paid);
      assert.deepEqual(
        [await credits.credit(QUERIER.address), await credits.credit(OTHER_QUERIER.address)],
        [301n, 20n],
      );
      const events = await credits.queryFilter(credits.filters.Credited());
      assert.deepEqual(
        events.map(({ args }) => [args.payee, args.payer, args.amount]),
        [
          [QUERIER.address, OUTSIDER.address, 1n],
          [OTHER_QUERIER.address, OUTSIDER.address, 20n],
          [QUERIER.address, OUTSIDER.address, 300n],
        ],
      );
      const subject = zeroPadValue(OUTSIDER.address, 32);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(undefined, subject));
      const words = [
        [QUERIER.address, OTHER_QUERIER.address, QUERIER.address],
        [1n, 20n, 300n],
      ];
      const hash = keccak256(AbiCoder.defaultAbiCoder().encode(["address[]", "uint256[]"], words));
      assert.deepEqual([recorded?.args.act, recorded?.args.newHash], [id("Credited"), hash]);
    });
    it("passes over amounts of 0, for nobody too", async () => {
      const { credits } = await load(deployContracts);
      await credits.pay([ZeroAddress, QUERIER.address, OUTSIDER.address], [0n, 5n, 0n], { value: 5n });
      assert.equal((await credits.queryFilter(credits.filters.Credited())).length, 1);
      assert.deepEqual([await credits.credit(ZeroAddress), await credits.credit(OUTSIDER.address)], [0n, 0n]);
    });
    it("refuses other sums, nothing, nobody, and lists of two lengths", async () => {
      const { credits } = await load(deployContracts);
      const one = [QUERIER.address];
      for (const value of [4n, 6n, 0n]) {
        await reverts(credits.pay(one, [5n], { value }), credits, "CreditsWrongSum", [5n, value]);
      }
      await reverts(credits.pay([], [], { value: 5n }), credits, "CreditsWrongSum", [0n, 5n]);
      await reverts(credits.pay(one, [0n]), credits, "CreditsWrongSum", [0n, 0n]);
      await reverts(credits.pay([], []), credits, "CreditsWrongSum", [0n, 0n]);
      const nobody = credits.pay([QUERIER.address, ZeroAddress], [2n, 3n], { value: 5n });
      await reverts(nobody, credits, "CreditsNoPayee", [1n]);
      await reverts(credits.pay(one, [2n, 3n], { value: 5n }), credits, "CreditsLengthMismatch", [1n, 2n]);
      await reverts(credits.pay([...one, ...one], [5n], { value: 5n }), credits, "CreditsLengthMismatch", [2n, 1n]);
    });
    it("refuses a sum that is right only modulo 2^256", async () => {
      const { credits } = await load(deployContracts);
      const act = credits.pay([QUERIER.address, OUTSIDER.address], [2n ** 256n - 1n, 6n], { value: 5n });
      await reverts(act, credits, "Panic", [0x11n]);
    });
    it("takes no money by a plain transfer", async () => {
      const { credits } = await load(deployContracts);
      await assert.rejects(OUTSIDER.sendTransaction({ to: await credits.getAddress(), value: 1n }));
    });
  });

  describe("withdraw", () => {
    it("pays the whole credit, once, to the sender", async () => {
      const { credits, trail } = await load(paid);
      const before = await ethers.provider.getBalance(QUERIER.address);
      const receipt = await (await credits.connect(QUERIER).withdraw()).wait();
      const spent = (receipt?.gasUsed ?? 0n) * (receipt?.gasPrice ?? 0n);
      assert.equal(await ethers.provider.getBalance(QUERIER.address), before + 301n - spent);
      assert.deepEqual([await credits.credit(QUERIER.address), await balance(credits)], [0n, 20n]);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(undefined, zeroPadValue(QUERIER.address, 32)));
      assert.equal(recorded?.args.act, id("Withdrawn"));
      const again = credits.connect(QUERIER).withdraw();
      await reverts(again, credits, "CreditsNothingToWithdraw", [QUERIER.address]);
    });
    it("refuses an account without credit, the consortium too", async () => {
      const { credits } = await load(paid);
      for (const wallet of [OUTSIDER, CONSORTIUM]) {
        const act = credits.connect(wallet).withdraw();
        await reverts(act, credits, "CreditsNothingToWithdraw", [wallet.address]);
      }
    });

    async function hostile(conduct: number) {
      const { credits } = await load(paid);
      const withdrawal = credits.interface.encodeFunctionData("withdraw");
      const address = await credits.getAddress();
      const payee = await deployMock<HostilePayee>("HostilePayee", address, withdrawal, conduct);
      await credits.pay([await payee.getAddress()], [100n], { value: 100n });
      return { credits, payee };
    }
    async function keeps({ credits, payee }: Awaited<ReturnType<typeof hostile>>): Promise<void> {
      assert.equal(await credits.credit(await payee.getAddress()), 100n);
      await credits.connect(QUERIER).withdraw();
      await credits.connect(OTHER_QUERIER).withdraw();
      assert.equal(await balance(credits), 100n);
      await payee.setConduct(CONDUCT.ACCEPT);
      await payee.withdraw();
      assert.equal(await balance(credits), 0n);
    }
    it("pays a payee that re-enters nothing, keeps its credit, and pays the others", async () => {
      const world = await hostile(CONDUCT.REENTER);
      await reverts(world.payee.withdraw(), world.credits, "ReentrancyGuardReentrantCall");
      await keeps(world);
    });
    it("of a payee that always reverts does not keep the others from being paid", async () => {
      const world = await hostile(CONDUCT.REVERT);
      await reverts(world.payee.withdraw(), world.credits, "HostilePayeeRefuses");
      await keeps(world);
    });
    it("of a payee that burns all gas costs that payee's gas, and nothing else", async () => {
      const world = await hostile(CONDUCT.BURN_GAS);
      await assert.rejects(world.payee.withdraw({ gasLimit: 500_000 }), /FailedCall|out of gas|revert/i);
      await keeps(world);
    });
  });

  it("knows no authority: there is nothing that anybody could close or change", async () => {
    const { credits, access } = await load(paid);
    assert.equal(credits.interface.hasFunction("setAuthority"), false);
    await access.setTargetClosed(await credits.getAddress(), true);
    await credits.connect(QUERIER).withdraw();
    await revertsBare(CONSORTIUM.call({ to: await credits.getAddress(), data: "0x12345678" }));
  });
});
