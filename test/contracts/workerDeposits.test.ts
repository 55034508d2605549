/** What workers have at stake in the committee registry: paying in, unbonding, and the only way to lose it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroAddress, ZeroHash, hexlify, id, toBeHex, zeroPadValue } from "ethers";
import type { HDNodeWallet } from "ethers";
import type { HostilePayee } from "../../types/mocks/HostilePayee.ts";
import { Capacity } from "../../workers/chain/credits.ts";
import { equivocationCommitment, evidenceStruct } from "../../workers/chain/workerDeposits.ts";
import { type RequestContext, statementHash } from "../../workers/messages/statement.ts";
import { ANSWER } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { blockNumber, chainId, deployMock, ethers, load, networkHelpers, now } from "./support/chain.ts";
import {
  type Contracts,
  OUTSIDER,
  NO_RULES,
  POLICY,
  RELAYER,
  SCHEMA,
  VERDICT,
  WORKERS,
  admissionOf,
  answer,
  registerStudy,
  studyIdOf,
} from "./support/consortium.ts";
import { OTHER, announce, atStake, evidenceOf, prove, report, signed } from "./support/equivocations.ts";
import { reverts } from "./support/reverts.ts";
import { shouldCheckSignature } from "./support/signedAct.behavior.ts";

const WORKER = WORKERS[0] as HDNodeWallet;
const UNBONDING = 1_814_400n;
const LEAST = 1_000n;
const BURNT = "0x000000000000000000000000000000000000dEaD";
const CONDUCT = { REENTER: 0, REVERT: 1, BURN_GAS: 2, ACCEPT: 3 };

describe("WorkerDeposits", () => {
  async function deposited() {
    const world = await registerStudy();
    await world.committees.connect(WORKER).deposit({ value: 5_000n });
    return world;
  }
  /** A study that asks for a deposit of five workers, who have all paid in three times as much. */
  async function staked() {
    const world = await registerStudy();
    await world.studies.register("Staked", SCHEMA, { ...POLICY, leastDeposit: LEAST }, 14, ZeroHash, NO_RULES);
    for (const wallet of WORKERS.slice(0, 5)) await world.committees.connect(wallet).deposit({ value: 3n * LEAST });
    return { ...world, staked: studyIdOf(await world.studies.getAddress(), "Staked") };
  }
  async function serving() {
    const world = await staked();
    await world.committees.appoint(world.staked, addresses(0, 4), 1);
    return world;
  }
  const addresses = (from: number, to: number): string[] => WORKERS.slice(from, to).map(({ address }) => address);
  const balance = async (contract: { getAddress(): Promise<string> }) =>
    ethers.provider.getBalance(await contract.getAddress());
  const depositOf = async ({ committees }: Awaited<ReturnType<typeof registerStudy>>, worker = WORKER.address) => {
    const { amount, announced, bound } = await committees.depositOf(worker);
    return { amount, announced, bound };
  };

  describe("deposit", () => {
    it("adds to the worker's deposit, and is recorded under its organisation", async () => {
      const world = await load(deposited);
      await world.committees.connect(WORKER).deposit({ value: 1n });
      assert.deepEqual(await depositOf(world), { amount: 5_001n, announced: 0n, bound: 0n });
      assert.equal(await balance(world.committees), 5_001n);
      const subject = zeroPadValue(WORKER.address, 32);
      const recorded = (await world.trail.queryFilter(world.trail.filters.Recorded(undefined, subject))).at(-1);
      assert.deepEqual(
        [recorded?.args.act, recorded?.args.organisation, recorded?.args.oldHash, recorded?.args.newHash],
        [id("Deposited"), id("Operator 1"), toBeHex(5_000n, 32), toBeHex(5_001n, 32)],
      );
    });
    it("refuses who is no active worker, nothing, and more than fits", async () => {
      const { committees, workers } = await load(deposited);
      const act = committees.connect(OUTSIDER).deposit({ value: 1n });
      await reverts(act, committees, "WorkerDepositsNotWorker", [OUTSIDER.address]);
      const nothing = committees.connect(WORKER).deposit();
      await reverts(nothing, committees, "WorkerDepositsNothingPaid", [WORKER.address]);
      await workers.revoke(WORKER.address, "");
      const revoked = committees.connect(WORKER).deposit({ value: 1n });
      await reverts(revoked, committees, "WorkerDepositsNotWorker", [WORKER.address]);
      await assert.rejects(OUTSIDER.sendTransaction({ to: await committees.getAddress(), value: 1n }));
    });
  });

  describe("a withdrawal", () => {
    it("is announced, waits, and is pulled from the first second on that it is ready", async () => {
      const world = await load(deposited);
      const committees = world.committees.connect(WORKER);
      await committees.announceWithdrawal(4_000n);
      const readyAt = (await now()) + UNBONDING;
      assert.equal((await committees.depositOf(WORKER.address)).readyAt, readyAt);
      assert.equal(await committees.unbondingSeconds(), UNBONDING);
      assert.deepEqual(await depositOf(world), { amount: 5_000n, announced: 4_000n, bound: 0n });
      await networkHelpers.time.setNextBlockTimestamp(readyAt - 1n);
      const early = committees.withdrawDeposit({ gasLimit: 500_000 });
      await reverts(early, committees, "WorkerDepositsUnbonding", [readyAt, readyAt - 1n]);
      await networkHelpers.time.setNextBlockTimestamp(readyAt);
      const before = await ethers.provider.getBalance(WORKER.address);
      const receipt = await (await committees.withdrawDeposit({ gasLimit: 500_000 })).wait();
      const spent = (receipt?.gasUsed ?? 0n) * (receipt?.gasPrice ?? 0n);
      assert.equal(await ethers.provider.getBalance(WORKER.address), before + 4_000n - spent);
      assert.deepEqual(await depositOf(world), { amount: 1_000n, announced: 0n, bound: 0n });
      const again = committees.withdrawDeposit();
      await reverts(again, committees, "WorkerDepositsNothingAnnounced", [WORKER.address]);
    });
    it("announced anew replaces the earlier one and waits anew; 0 takes it back", async () => {
      const world = await load(deposited);
      const committees = world.committees.connect(WORKER);
      await committees.announceWithdrawal(4_000n);
      await networkHelpers.time.increase(UNBONDING);
      await committees.announceWithdrawal(5_000n);
      const { readyAt } = await committees.depositOf(WORKER.address);
      await networkHelpers.time.setNextBlockTimestamp(readyAt - 1n);
      const early = committees.withdrawDeposit({ gasLimit: 500_000 });
      await reverts(early, committees, "WorkerDepositsUnbonding", [readyAt, readyAt - 1n]);
      await committees.announceWithdrawal(0n);
      assert.deepEqual(await depositOf(world), { amount: 5_000n, announced: 0n, bound: 0n });
      const none = committees.withdrawDeposit();
      await reverts(none, committees, "WorkerDepositsNothingAnnounced", [WORKER.address]);
    });
    it("of more than there is, or of nothing, is refused", async () => {
      const { committees } = await load(deposited);
      const more = committees.connect(WORKER).announceWithdrawal(5_001n);
      await reverts(more, committees, "WorkerDepositsBound", [5_001n, 5_000n]);
      const nothing = committees.connect(WORKER).announceWithdrawal(0n);
      await reverts(nothing, committees, "WorkerDepositsNothingAnnounced", [WORKER.address]);
    });
    it("is a worker's alone", async () => {
      const { committees } = await load(deposited);
      const stranger = committees.connect(OUTSIDER);
      const refused = [OUTSIDER.address];
      await reverts(stranger.announceWithdrawal(1n), committees, "WorkerDepositsNotWorker", refused);
      await reverts(stranger.announceWithdrawal(0n), committees, "WorkerDepositsNotWorker", refused);
      await reverts(stranger.withdrawDeposit(), committees, "WorkerDepositsNotWorker", refused);
    });
    it("leaves a committee member the least deposit, but for one that was revoked", async () => {
      const world = await load(serving);
      const committees = world.committees.connect(WORKER);
      const act = committees.announceWithdrawal(2n * LEAST + 1n);
      await reverts(act, committees, "WorkerDepositsBound", [2n * LEAST + 1n, 2n * LEAST]);
      await committees.announceWithdrawal(2n * LEAST);
      await world.workers.revoke(WORKER.address, "");
      await committees.announceWithdrawal(3n * LEAST);
      await networkHelpers.time.increase(UNBONDING);
      await committees.withdrawDeposit();
      assert.equal((await depositOf(world)).amount, 0n);
    });
  });

  describe("appoint", () => {
    it("binds the least deposit of every member, and frees the earlier committee's", async () => {
      const world = await load(serving);
      const bound = async (i: number) => (await depositOf(world, (WORKERS[i] as HDNodeWallet).address)).bound;
      assert.deepEqual(await Promise.all([0, 1, 2, 3, 4].map(bound)), [LEAST, LEAST, LEAST, LEAST, 0n]);
      await world.committees.appoint(world.staked, addresses(1, 5), 1);
      assert.deepEqual(await Promise.all([0, 1, 2, 3, 4].map(bound)), [0n, LEAST, LEAST, LEAST, LEAST]);
    });
    it("refuses a member whose deposit is too low, announced, or bound by other committees", async () => {
      const world = await load(staked);
      const { committees, staked: studyId } = world;
      const six = (WORKERS[5] as HDNodeWallet).address;
      const without = committees.appoint(studyId, [...addresses(0, 3), six], 1);
      await reverts(without, committees, "WorkerDepositsTooLow", [six, 0n, LEAST]);
      await committees.connect(WORKERS[5] as HDNodeWallet).deposit({ value: LEAST - 1n });
      const low = committees.appoint(studyId, [...addresses(0, 3), six], 1);
      await reverts(low, committees, "WorkerDepositsTooLow", [six, LEAST - 1n, LEAST]);
      await committees.connect(WORKER).announceWithdrawal(2n * LEAST + 1n);
      const announced = committees.appoint(studyId, addresses(0, 4), 1);
      await reverts(announced, committees, "WorkerDepositsTooLow", [WORKER.address, LEAST - 1n, LEAST]);
      await committees.connect(WORKER).announceWithdrawal(2n * LEAST);
      await committees.appoint(studyId, addresses(0, 4), 1);
      await world.studies.register("Another", SCHEMA, { ...POLICY, leastDeposit: LEAST }, 14, ZeroHash, NO_RULES);
      const another = studyIdOf(await world.studies.getAddress(), "Another");
      const twice = committees.appoint(another, addresses(0, 4), 1);
      await reverts(twice, committees, "WorkerDepositsTooLow", [WORKER.address, 0n, LEAST]);
      await committees.connect(WORKER).announceWithdrawal(LEAST);
      await committees.appoint(another, addresses(0, 4), 1);
      assert.equal((await depositOf(world)).bound, 2n * LEAST);
    });
  });

  describe("reportEquivocation", () => {
    it("takes the whole deposit: a twentieth for the reporter, the rest burnt", async () => {
      const world = await load(atStake);
      const before = await ethers.provider.getBalance(BURNT);
      await prove(world, await evidenceOf(world));
      assert.deepEqual(await depositOf(world), { amount: 0n, announced: 0n, bound: 0n });
      assert.equal(await world.credits.credit(Capacity.ACCOUNT, RELAYER.address), 250n);
      assert.equal((await ethers.provider.getBalance(BURNT)) - before, 4_750n);
      assert.equal(await balance(world.committees), 0n);
      const { requestId } = world.asked.context;
      const [event] = await world.committees.queryFilter(world.committees.filters.EquivocationProven(WORKER.address));
      assert.deepEqual(
        [...(event?.args ?? [])],
        [WORKER.address, requestId, RELAYER.address, world.queryContract, 1n, 5_000n, 250n],
      );
      const subject = zeroPadValue(WORKER.address, 32);
      const recorded = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, subject));
      assert.equal(recorded.at(-1)?.args.act, id("EquivocationProven"));
      assert.equal(await world.committees.isProven(WORKER.address, world.queryContract, requestId, 1n), true);
    });
    it("takes what is announced for withdrawal, until it is pulled", async () => {
      const world = await load(atStake);
      await world.committees.connect(WORKER).announceWithdrawal(5_000n);
      await networkHelpers.time.increase(UNBONDING);
      await prove(world, await evidenceOf(world));
      const act = world.committees.connect(WORKER).withdrawDeposit();
      await reverts(act, world.committees, "WorkerDepositsNothingAnnounced", [WORKER.address]);
    });
    it("is open to anyone, after the answer too, and against a worker revoked since", async () => {
      const world = await load(atStake);
      await answer(world);
      await world.workers.revoke(WORKER.address, "");
      await prove(world, await evidenceOf(world), OUTSIDER);
      assert.equal(await world.credits.credit(Capacity.ACCOUNT, OUTSIDER.address), 250n);
    });
    it("convicts once for a request and attempt, whichever two statements are shown", async () => {
      const world = await load(atStake);
      await prove(world, await evidenceOf(world));
      await world.committees.connect(WORKER).deposit({ value: 1_000n });
      const third = await signed(world, { ...VERDICT, outcome: 3, outputs: [] });
      const { requestId } = world.asked.context;
      const args = [WORKER.address, requestId, 1n];
      for (const [evidence, by] of [
        [await evidenceOf(world, { second: third }), RELAYER],
        [await evidenceOf(world), OUTSIDER],
      ] as const) {
        await reverts(prove(world, evidence, by), world.committees, "WorkerDepositsAlreadyProven", args);
      }
      const [first, second] = await Promise.all(
        [VERDICT, OTHER].map((each) => signed(world, { ...each, attempt: 2n })),
      );
      await prove(world, await evidenceOf(world, { first: first!, second: second! }));
      assert.equal((await depositOf(world)).amount, 0n, "another attempt is another offence");
    });
    it("convicts a worker without a deposit, who loses nothing", async () => {
      const world = await load(atStake);
      const two = WORKERS[1] as HDNodeWallet;
      const [first, second] = [await signed(world, VERDICT, two), await signed(world, OTHER, two)];
      await prove(world, await evidenceOf(world, { index: 2, first, second }));
      assert.equal(await world.credits.credit(Capacity.ACCOUNT, RELAYER.address), 0n);
      assert.equal(await balance(world.committees), 5_000n);
    });
    it("does not pay a worker that reports itself", async () => {
      const world = await load(atStake);
      await prove(world, await evidenceOf(world), WORKER);
      assert.equal(await world.credits.credit(Capacity.ACCOUNT, WORKER.address), 250n);
      assert.equal((await depositOf(world)).amount, 0n);
    });
    it("refuses a report that its sender did not announce, or announced in this block: a copy earns nothing", async () => {
      const world = await load(atStake);
      const evidence = await evidenceOf(world);
      const commitment = equivocationCommitment(RELAYER.address, evidence);
      await reverts(report(world, evidence), world.committees, "WorkerDepositsNotAnnounced", [commitment]);
      await announce(world, evidence);
      assert.equal(await world.committees.announcedAt(commitment), await blockNumber());
      const copy = equivocationCommitment(OUTSIDER.address, evidence);
      await reverts(report(world, evidence, OUTSIDER), world.committees, "WorkerDepositsNotAnnounced", [copy]);
      await ethers.provider.send("evm_setAutomine", [false]);
      try {
        const limit = { gasLimit: 1_000_000 };
        await world.committees.connect(OUTSIDER).announceEquivocation(copy, limit);
        await world.committees.connect(OUTSIDER).reportEquivocation(evidenceStruct(evidence), limit);
        await networkHelpers.mine();
      } finally {
        await ethers.provider.send("evm_setAutomine", [true]);
      }
      assert.equal((await depositOf(world)).amount, 5_000n, "announced and shown in one block");
      await report(world, evidence);
      assert.equal(await world.credits.credit(Capacity.ACCOUNT, RELAYER.address), 250n);
      await reverts(announce(world, evidence), world.committees, "WorkerDepositsAlreadyAnnounced", [commitment]);
    });
    it("refuses two attempts, and one statement twice: no offence", async () => {
      const world = await load(atStake);
      const later = await signed(world, { ...OTHER, attempt: 2n });
      const attempts = prove(world, await evidenceOf(world, { second: later }));
      await reverts(attempts, world.committees, "WorkerDepositsDifferentAttempts", [1n, 2n]);
      const first = await signed(world, VERDICT);
      const same = prove(world, await evidenceOf(world, { second: first }), OUTSIDER);
      const contract = world.queryContract;
      const statement = statementHash({ chainId, contract, context: world.asked.context, verdict: VERDICT });
      await reverts(same, world.committees, "WorkerDepositsSameStatement", [statement]);
    });
    it("refuses another member's point, no point, and another committee", async () => {
      const world = await load(atStake);
      const two = (WORKERS[1] as HDNodeWallet).address;
      for (const [index, expected] of [
        [2, two],
        [0, ZeroAddress],
        [5, ZeroAddress],
      ] as const) {
        const evidence = await evidenceOf(world, { index });
        if (index === 2) await announce(world, evidence);
        const act = report(world, evidence);
        await reverts(act, world.committees, "WorkerDepositsInvalidSigner", [WORKER.address, expected]);
      }
      const context: RequestContext = { ...world.asked.context, committeeEpoch: 2n };
      const [first, second] = [
        await signed(world, VERDICT, WORKER, context),
        await signed(world, OTHER, WORKER, context),
      ];
      const act = prove(world, await evidenceOf(world, { context, first, second }), OUTSIDER);
      await reverts(act, world.committees, "WorkerDepositsInvalidSigner", [WORKER.address, ZeroAddress]);
    });
    it("refuses two signatures of two workers", async () => {
      const world = await load(atStake);
      const two = WORKERS[1] as HDNodeWallet;
      const act = prove(world, await evidenceOf(world, { second: await signed(world, OTHER, two) }));
      await reverts(act, world.committees, "WorkerDepositsInvalidSigner", [two.address, WORKER.address]);
    });
  });

  for (const [which, verdict] of [
    ["first", VERDICT],
    ["second", OTHER],
  ] as const) {
    shouldCheckSignature(`reportEquivocation, its ${which}`, async () => {
      const world = await load(atStake);
      const evidence = await evidenceOf(world);
      const contract = world.queryContract;
      const statement = statementHash({ chainId, contract, context: world.asked.context, verdict });
      return {
        contract: world.committees,
        domain: opalineDomain(chainId, contract),
        types: ANSWER,
        message: { statement },
        signer: WORKER,
        submit: async (signature) => prove(world, { ...evidence, [which]: { verdict, signature } }),
        invalid: (recovered) => ["WorkerDepositsInvalidSigner", [recovered, WORKER.address]],
      };
    });
  }

  describe("hostile workers", () => {
    async function hostile<World extends Contracts>(conduct: number, fixture: () => Promise<World>) {
      const world = await fixture();
      const withdrawal = world.committees.interface.encodeFunctionData("withdrawDeposit");
      const address = await world.committees.getAddress();
      const payee = await deployMock<HostilePayee>("HostilePayee", address, withdrawal, conduct);
      const account = await payee.getAddress();
      const admission = { ...(await admissionOf(OUTSIDER, "Operator 9")), tlsFingerprint: hexlify(id("hostile")) };
      await world.workers.admit(account, admission);
      const call = (method: "deposit" | "announceWithdrawal", ...args: [] | [bigint]): string =>
        world.committees.interface.encodeFunctionData(method as "announceWithdrawal", args as [bigint]);
      await payee.perform(call("deposit"), { value: 700n });
      await payee.perform(call("announceWithdrawal", 600n));
      await networkHelpers.time.increase(UNBONDING);
      return { ...world, payee, account };
    }
    for (const [what, conduct, error] of [
      ["re-enters", CONDUCT.REENTER, /ReentrancyGuardReentrantCall/],
      ["reverts", CONDUCT.REVERT, /HostilePayeeRefuses/],
      ["burns all gas", CONDUCT.BURN_GAS, /FailedCall|out of gas|revert/i],
    ] as const) {
      it(`that ${what} when paid keeps its deposit and nobody else's from being paid`, async () => {
        const world = await hostile(conduct, deposited);
        await assert.rejects(world.payee.withdraw({ gasLimit: 700_000 }), error);
        assert.deepEqual(await depositOf(world, world.account), { amount: 700n, announced: 600n, bound: 0n });
        await world.committees.connect(WORKER).announceWithdrawal(5_000n);
        await networkHelpers.time.increase(UNBONDING);
        await world.committees.connect(WORKER).withdrawDeposit();
        await world.payee.setConduct(CONDUCT.ACCEPT);
        await world.payee.withdraw();
        assert.equal(await balance(world.committees), 100n);
      });
    }
    it("report nobody while they are paid, and may afterwards", async () => {
      const world = await hostile(CONDUCT.ACCEPT, atStake);
      const evidence = await evidenceOf(world);
      const { interface: abi } = world.committees;
      const commitment = equivocationCommitment(world.account, evidence);
      await world.payee.perform(abi.encodeFunctionData("announceEquivocation", [commitment]));
      const told = abi.encodeFunctionData("reportEquivocation", [evidenceStruct(evidence)]);
      await world.payee.prepare(told, 0n);
      await reverts(world.payee.withdraw({ gasLimit: 3_000_000 }), world.committees, "ReentrancyGuardReentrantCall");
      assert.equal((await depositOf(world)).amount, 5_000n);
      await world.payee.perform(told);
      assert.equal((await depositOf(world)).amount, 0n);
      assert.equal(await world.credits.credit(Capacity.ACCOUNT, world.account), 250n);
    });
  });
});
