import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, type HDNodeWallet, ZeroAddress, id, keccak256, zeroPadValue } from "ethers";
import { Capacity } from "../../workers/chain/credits.ts";
import type { HostilePayee } from "../../types/mocks/HostilePayee.ts";
import { deployMock, ethers, load } from "./support/chain.ts";
import {
  CONSORTIUM,
  OTHER_QUERIER,
  OUTSIDER,
  OWNERS,
  QUERIER,
  VETTERS,
  WORKERS,
  admissionOf,
  admitMembers,
  deployContracts,
} from "./support/consortium.ts";
import { NEW_KEY, replace, rotate } from "./support/keyRotation.ts";
import { reverts, revertsBare } from "./support/reverts.ts";

const CONDUCT = { REENTER: 0, REVERT: 1, BURN_GAS: 2, ACCEPT: 3 };

describe("Credits", () => {
  const { ACCOUNT, DATA_OWNER, QUERIER: AS_QUERIER, WORKER, VETTER } = Capacity;
  const accountsOf = (...accounts: string[]) => accounts.map((account) => ({ capacity: ACCOUNT, account }));
  async function paid() {
    const world = await deployContracts();
    const payees = accountsOf(QUERIER.address, OTHER_QUERIER.address, QUERIER.address);
    await world.credits.connect(OUTSIDER).pay(payees, [1n, 20n, 300n], { value: 321n });
    return world;
  }
  const balance = async (contract: { getAddress(): Promise<string> }) =>
    ethers.provider.getBalance(await contract.getAddress());

  describe("pay", () => {
    it("credits each payee, also one named twice, and is recorded", async () => {
      const { credits, trail } = await load(paid);
      assert.deepEqual(
        [await credits.credit(ACCOUNT, QUERIER.address), await credits.credit(ACCOUNT, OTHER_QUERIER.address)],
        [301n, 20n],
      );
      const events = await credits.queryFilter(credits.filters.Credited());
      assert.deepEqual(
        events.map(({ args }) => [args.capacity, args.account, args.payer, args.amount]),
        [
          [BigInt(ACCOUNT), QUERIER.address, OUTSIDER.address, 1n],
          [BigInt(ACCOUNT), OTHER_QUERIER.address, OUTSIDER.address, 20n],
          [BigInt(ACCOUNT), QUERIER.address, OUTSIDER.address, 300n],
        ],
      );
      const subject = zeroPadValue(OUTSIDER.address, 32);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(undefined, subject));
      const words = [[QUERIER, OTHER_QUERIER, QUERIER].map(({ address }) => [ACCOUNT, address]), [1n, 20n, 300n]];
      const hash = keccak256(AbiCoder.defaultAbiCoder().encode(["tuple(uint8, address)[]", "uint256[]"], words));
      assert.deepEqual([recorded?.args.act, recorded?.args.newHash], [id("Credited"), hash]);
    });
    it("passes over amounts of 0, for nobody too", async () => {
      const { credits } = await load(deployContracts);
      await credits.pay(accountsOf(ZeroAddress, QUERIER.address, OUTSIDER.address), [0n, 5n, 0n], { value: 5n });
      assert.equal((await credits.queryFilter(credits.filters.Credited())).length, 1);
      assert.deepEqual(
        [await credits.credit(ACCOUNT, ZeroAddress), await credits.credit(ACCOUNT, OUTSIDER.address)],
        [0n, 0n],
      );
    });
    it("refuses other sums, nothing, nobody, and lists of two lengths", async () => {
      const { credits } = await load(deployContracts);
      const one = accountsOf(QUERIER.address);
      for (const value of [4n, 6n, 0n]) {
        await reverts(credits.pay(one, [5n], { value }), credits, "CreditsWrongSum", [5n, value]);
      }
      await reverts(credits.pay([], [], { value: 5n }), credits, "CreditsWrongSum", [0n, 5n]);
      await reverts(credits.pay(one, [0n]), credits, "CreditsWrongSum", [0n, 0n]);
      await reverts(credits.pay([], []), credits, "CreditsWrongSum", [0n, 0n]);
      const nobody = credits.pay(accountsOf(QUERIER.address, ZeroAddress), [2n, 3n], { value: 5n });
      await reverts(nobody, credits, "CreditsNoPayee", [1n]);
      await reverts(credits.pay(one, [2n, 3n], { value: 5n }), credits, "CreditsLengthMismatch", [1n, 2n]);
      await reverts(credits.pay([...one, ...one], [5n], { value: 5n }), credits, "CreditsLengthMismatch", [2n, 1n]);
    });
    it("refuses a sum that is right only modulo 2^256", async () => {
      const { credits } = await load(deployContracts);
      const act = credits.pay(accountsOf(QUERIER.address, OUTSIDER.address), [2n ** 256n - 1n, 6n], { value: 5n });
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
      const receipt = await (await credits.connect(QUERIER).withdraw(ACCOUNT)).wait();
      const spent = (receipt?.gasUsed ?? 0n) * (receipt?.gasPrice ?? 0n);
      assert.equal(await ethers.provider.getBalance(QUERIER.address), before + 301n - spent);
      assert.deepEqual([await credits.credit(ACCOUNT, QUERIER.address), await balance(credits)], [0n, 20n]);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(undefined, zeroPadValue(QUERIER.address, 32)));
      assert.equal(recorded?.args.act, id("Withdrawn"));
      const again = credits.connect(QUERIER).withdraw(ACCOUNT);
      await reverts(again, credits, "CreditsNothingToWithdraw", [BigInt(ACCOUNT), QUERIER.address]);
    });
    it("refuses an account without credit, the consortium too", async () => {
      const { credits } = await load(paid);
      for (const wallet of [OUTSIDER, CONSORTIUM]) {
        const act = credits.connect(wallet).withdraw(ACCOUNT);
        await reverts(act, credits, "CreditsNothingToWithdraw", [BigInt(ACCOUNT), wallet.address]);
      }
    });

    async function hostile(conduct: number) {
      const { credits } = await load(paid);
      const withdrawal = credits.interface.encodeFunctionData("withdraw", [ACCOUNT]);
      const address = await credits.getAddress();
      const payee = await deployMock<HostilePayee>("HostilePayee", address, withdrawal, conduct);
      await credits.pay(accountsOf(await payee.getAddress()), [100n], { value: 100n });
      return { credits, payee };
    }
    async function keeps({ credits, payee }: Awaited<ReturnType<typeof hostile>>): Promise<void> {
      assert.equal(await credits.credit(ACCOUNT, await payee.getAddress()), 100n);
      await credits.connect(QUERIER).withdraw(ACCOUNT);
      await credits.connect(OTHER_QUERIER).withdraw(ACCOUNT);
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
    it("is done before it pays: what a payee pays in meanwhile is its new credit", async () => {
      const { credits, payee } = await hostile(CONDUCT.ACCEPT);
      const account = await payee.getAddress();
      await payee.prepare(credits.interface.encodeFunctionData("pay", [accountsOf(account), [60n]]), 60n);
      await payee.withdraw();
      assert.deepEqual([await credits.credit(ACCOUNT, account), await balance(credits)], [60n, 381n]);
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

  describe("a member's credit", () => {
    const MEMBERS = [
      [DATA_OWNER, "owners", OWNERS[0] as HDNodeWallet],
      [AS_QUERIER, "queriers", QUERIER],
      [WORKER, "workers", WORKERS[0] as HDNodeWallet],
      [VETTER, "vetters", VETTERS[0] as HDNodeWallet],
    ] as const;
    /** Each as a member, and as the account that is its name. */
    async function earned() {
      const world = await admitMembers();
      const payees = MEMBERS.flatMap(([capacity, , { address }]) => [
        { capacity, account: address },
        ...accountsOf(address),
      ]);
      await world.credits.pay(payees, [1n, 2n, 10n, 20n, 100n, 200n, 1_000n, 2_000n], { value: 3_333n });
      return world;
    }

    for (const [i, [capacity, registry, member]] of MEMBERS.entries()) {
      const amount = 10n ** BigInt(i);
      it(`of ${registry} follows the member to its new key, and no further`, async () => {
        const { credits, trail, ...world } = await load(earned);
        await rotate(world[registry], member, NEW_KEY);
        const old = credits.connect(member).withdraw(capacity);
        await reverts(old, credits, "CreditsNotMember", [BigInt(capacity), member.address]);
        const others = MEMBERS.map(([other]) => other).filter((other) => other !== capacity);
        for (const other of others) {
          const act = credits.connect(NEW_KEY).withdraw(other);
          await reverts(act, credits, "CreditsNotMember", [BigInt(other), NEW_KEY.address]);
        }
        const before = await ethers.provider.getBalance(NEW_KEY.address);
        const receipt = await (await credits.connect(NEW_KEY).withdraw(capacity)).wait();
        const spent = (receipt?.gasUsed ?? 0n) * (receipt?.gasPrice ?? 0n);
        assert.equal(await ethers.provider.getBalance(NEW_KEY.address), before + amount - spent);
        assert.equal(await credits.credit(capacity, member.address), 0n);
        assert.equal(await credits.credit(ACCOUNT, member.address), 2n * amount, "the account's is another");
        const [event] = await credits.queryFilter(credits.filters.Withdrawn());
        assert.deepEqual([...(event?.args ?? [])], [BigInt(capacity), member.address, NEW_KEY.address, amount]);
        const subject = zeroPadValue(member.address, 32);
        const recorded = (await trail.queryFilter(trail.filters.Recorded(undefined, subject))).at(-1);
        const organisation = await world[registry].organisationOf(member.address);
        assert.deepEqual(
          [recorded?.args.act, recorded?.args.actor, recorded?.args.organisation, BigInt(recorded?.args.oldHash ?? 0)],
          [id("Withdrawn"), member.address, organisation, amount],
        );
        await credits.connect(member).withdraw(ACCOUNT);
        assert.equal(await credits.credit(ACCOUNT, member.address), 0n);
      });
      it(`of ${registry} is the member's after it was revoked, with the key that the consortium last gave it`, async () => {
        const { credits, ...world } = await load(earned);
        await replace(world[registry], member.address, NEW_KEY);
        await world[registry].revoke(member.address, "");
        const old = credits.connect(member).withdraw(capacity);
        await reverts(old, credits, "CreditsNotMember", [BigInt(capacity), member.address]);
        await credits.connect(NEW_KEY).withdraw(capacity);
        const again = credits.connect(NEW_KEY).withdraw(capacity);
        await reverts(again, credits, "CreditsNothingToWithdraw", [BigInt(capacity), member.address]);
      });
    }
    it("is apart for each capacity of one account: who has one of its keys has not the others'", async () => {
      const { credits, ...world } = await load(earned);
      await world.vetters.admit(QUERIER.address, await admissionOf(QUERIER, "University"));
      await credits.pay([{ capacity: VETTER, account: QUERIER.address }], [7n], { value: 7n });
      await rotate(world.queriers, QUERIER, NEW_KEY);
      await credits.connect(QUERIER).withdraw(VETTER);
      assert.deepEqual(
        [await credits.credit(VETTER, QUERIER.address), await credits.credit(AS_QUERIER, QUERIER.address)],
        [0n, 10n],
      );
      const other = credits.connect(NEW_KEY).withdraw(VETTER);
      await reverts(other, credits, "CreditsNotMember", [BigInt(VETTER), NEW_KEY.address]);
    });
    it("is not reached by who never was a member, nor in a capacity that there is not", async () => {
      const { credits } = await load(earned);
      const act = credits.connect(OUTSIDER).withdraw(WORKER);
      await reverts(act, credits, "CreditsNotMember", [BigInt(WORKER), OUTSIDER.address]);
      await assert.rejects(credits.connect(OUTSIDER).withdraw(5));
    });
  });

  it("knows no authority: there is nothing that anybody could close or change", async () => {
    const { credits, access } = await load(paid);
    assert.equal(credits.interface.hasFunction("setAuthority"), false);
    await access.setTargetClosed(await credits.getAddress(), true);
    await credits.connect(QUERIER).withdraw(ACCOUNT);
    await revertsBare(CONSORTIUM.call({ to: await credits.getAddress(), data: "0x12345678" }));
  });
});
