/** A worker that changes its key keeps what it has at stake, and loses it for what it signed with any key it ever had. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id, zeroPadValue } from "ethers";
import type { HDNodeWallet } from "ethers";
import { Capacity } from "../../workers/chain/credits.ts";
import { statementHash } from "../../workers/messages/statement.ts";
import { chainId, ethers, load, networkHelpers } from "./support/chain.ts";
import { NO_RULES, POLICY, RELAYER, SCHEMA, VERDICT, WORKERS, studyIdOf } from "./support/consortium.ts";
import { OTHER, type Stake, atStake, evidenceOf, prove, signed } from "./support/equivocations.ts";
import { LATER_KEYS, NEW_KEY, replace, rotate } from "./support/keyRotation.ts";
import { reverts } from "./support/reverts.ts";

const [WORKER, TWO] = WORKERS as [HDNodeWallet, HDNodeWallet];
const UNBONDING = 1_814_400n;

describe("a rotated worker's deposit", () => {
  async function rotated() {
    const world = await atStake();
    await rotate(world.workers, WORKER, NEW_KEY);
    return world;
  }
  const amountOf = async ({ committees }: Stake, account = WORKER.address) =>
    (await committees.depositOf(account)).amount;

  it("is added to by the new key, under the member's name; the old key adds nothing", async () => {
    const world = await load(rotated);
    await world.committees.connect(NEW_KEY).deposit({ value: 7n });
    assert.deepEqual([await amountOf(world), await amountOf(world, NEW_KEY.address)], [5_007n, 0n]);
    const old = world.committees.connect(WORKER).deposit({ value: 7n });
    await reverts(old, world.committees, "WorkerDepositsNotWorker", [WORKER.address]);
    const subject = zeroPadValue(WORKER.address, 32);
    const recorded = (await world.trail.queryFilter(world.trail.filters.Recorded(undefined, subject))).at(-1);
    assert.deepEqual(
      [recorded?.args.act, recorded?.args.actor, recorded?.args.organisation],
      [id("Deposited"), WORKER.address, id("Operator 1")],
    );
  });
  it("is announced and pulled by the new key; the old key does neither, and gets nothing", async () => {
    const world = await load(rotated);
    const { committees } = world;
    const old = committees.connect(WORKER);
    await reverts(old.announceWithdrawal(1n), committees, "WorkerDepositsNotWorker", [WORKER.address]);
    await reverts(old.announceWithdrawal(0n), committees, "WorkerDepositsNotWorker", [WORKER.address]);
    await committees.connect(NEW_KEY).announceWithdrawal(5_000n);
    await networkHelpers.time.increase(UNBONDING);
    await reverts(old.withdrawDeposit(), committees, "WorkerDepositsNotWorker", [WORKER.address]);
    const before = await ethers.provider.getBalance(NEW_KEY.address);
    const receipt = await (await committees.connect(NEW_KEY).withdrawDeposit()).wait();
    const spent = (receipt?.gasUsed ?? 0n) * (receipt?.gasPrice ?? 0n);
    assert.equal(await ethers.provider.getBalance(NEW_KEY.address), before + 5_000n - spent);
    const [event] = await committees.queryFilter(committees.filters.DepositWithdrawn(WORKER.address));
    assert.deepEqual([...(event?.args ?? [])], [WORKER.address, NEW_KEY.address, 5_000n]);
    assert.equal(await amountOf(world), 0n);
  });
  it("that a thief has announced is taken back, and pulled, with the key that the consortium gave instead", async () => {
    const world = await load(atStake);
    const { committees } = world;
    await committees.connect(WORKER).announceWithdrawal(5_000n);
    await replace(world.workers, WORKER.address, NEW_KEY);
    await networkHelpers.time.increase(UNBONDING);
    const thief = committees.connect(WORKER).withdrawDeposit();
    await reverts(thief, committees, "WorkerDepositsNotWorker", [WORKER.address]);
    await committees.connect(NEW_KEY).announceWithdrawal(0n);
    assert.equal((await committees.depositOf(WORKER.address)).announced, 0n);
    await world.workers.revoke(WORKER.address, "left");
    await committees.connect(NEW_KEY).announceWithdrawal(5_000n);
    await networkHelpers.time.increase(UNBONDING);
    await committees.connect(NEW_KEY).withdrawDeposit();
    assert.equal(await amountOf(world), 0n);
  });
  it("counts for committees that are appointed afterwards, and is bound by them", async () => {
    const world = await load(rotated);
    const { committees, studies } = world;
    await studies.register("Staked", SCHEMA, { ...POLICY, leastDeposit: 1_000n }, 14, ZeroHash, NO_RULES);
    for (const wallet of WORKERS.slice(1, 3)) await committees.connect(wallet).deposit({ value: 1_000n });
    const addresses = WORKERS.slice(0, 3).map(({ address }) => address);
    await committees.appoint(studyIdOf(await studies.getAddress(), "Staked"), addresses, 1);
    assert.equal((await committees.depositOf(WORKER.address)).bound, 1_000n);
    const act = committees.connect(NEW_KEY).announceWithdrawal(4_001n);
    await reverts(act, committees, "WorkerDepositsBound", [4_001n, 4_000n]);
  });

  describe("is lost", () => {
    const KEYS = { old: WORKER, new: NEW_KEY } as const;
    for (const [first, second] of [
      ["old", "old"],
      ["new", "new"],
      ["old", "new"],
      ["new", "old"],
    ] as const) {
      it(`for two statements signed by its ${first} and by its ${second} key`, async () => {
        const world = await load(rotated);
        const evidence = await evidenceOf(world, {
          first: await signed(world, VERDICT, KEYS[first]),
          second: await signed(world, OTHER, KEYS[second]),
        });
        await prove(world, evidence);
        assert.equal(await amountOf(world), 0n);
        assert.equal(await world.credits.credit(Capacity.ACCOUNT, RELAYER.address), 250n);
        const [event] = await world.committees.queryFilter(world.committees.filters.EquivocationProven());
        assert.equal(event?.args.worker, WORKER.address);
      });
    }
    it("for what any earlier key signed, however many came after it, whoever gave them", async () => {
      const world = await load(rotated);
      await replace(world.workers, WORKER.address, LATER_KEYS[0]);
      await replace(world.workers, WORKER.address, LATER_KEYS[1]);
      await prove(world, await evidenceOf(world, { second: await signed(world, OTHER, NEW_KEY) }));
      assert.equal(await amountOf(world), 0n);
    });
    it("once for a request and attempt, by whichever keys", async () => {
      const world = await load(rotated);
      await prove(world, await evidenceOf(world));
      await world.committees.connect(NEW_KEY).deposit({ value: 1_000n });
      const again = prove(
        world,
        await evidenceOf(world, {
          first: await signed(world, VERDICT, NEW_KEY),
          second: await signed(world, OTHER, NEW_KEY),
        }),
      );
      const args = [WORKER.address, world.asked.context.requestId, 1n];
      await reverts(again, world.committees, "WorkerDepositsAlreadyProven", args);
      assert.equal(await amountOf(world), 1_000n);
    });
    it("not for one statement signed by both keys: a worker sends again with the new key what it signed before", async () => {
      const world = await load(rotated);
      const act = prove(world, await evidenceOf(world, { second: await signed(world, VERDICT, NEW_KEY) }));
      const { asked, queryContract } = world;
      const statement = statementHash({ chainId, contract: queryContract, context: asked.context, verdict: VERDICT });
      await reverts(act, world.committees, "WorkerDepositsSameStatement", [statement]);
      assert.equal(await amountOf(world), 5_000n);
    });
    it("not for what keys of another worker, or of nobody, signed, former ones included", async () => {
      const world = await load(rotated);
      await rotate(world.workers, TWO, LATER_KEYS[0]);
      for (const by of [TWO, LATER_KEYS[0], LATER_KEYS[1]]) {
        const second = await signed(world, OTHER, by);
        const act = prove(world, await evidenceOf(world, { second }));
        await reverts(act, world.committees, "WorkerDepositsInvalidSigner", [by.address, WORKER.address]);
        const first = await signed(world, VERDICT, by);
        const other = prove(world, await evidenceOf(world, { first }));
        await reverts(other, world.committees, "WorkerDepositsInvalidSigner", [by.address, WORKER.address]);
      }
      const asTwo = prove(world, await evidenceOf(world, { index: 2 }));
      await reverts(asTwo, world.committees, "WorkerDepositsInvalidSigner", [WORKER.address, TWO.address]);
      assert.equal(await amountOf(world), 5_000n);
    });
  });
});
