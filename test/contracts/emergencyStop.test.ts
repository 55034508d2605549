/** One switch: what it stops, and what it must never stop. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import type { HDNodeWallet } from "ethers";
import { Capacity } from "../../workers/chain/credits.ts";
import { load, mineUntilNextIs, networkHelpers } from "./support/chain.ts";
import {
  CONSORTIUM,
  OTHER_QUERIER,
  OWNERS,
  PRICE,
  QUERIER,
  RELAYER,
  VERDICT,
  WORKERS,
  accept,
  answer,
  ask,
  deployContracts,
  openRequest,
  signVerdict,
  verdictOf,
  endedWordsOf,
  wordsOf,
} from "./support/consortium.ts";
import { atStake, evidenceOf, prove } from "./support/equivocations.ts";
import { reverts } from "./support/reverts.ts";

describe("EmergencyStop", () => {
  async function stopped() {
    const world = await openRequest();
    await world.emergencyStop.stop("a worker's key was stolen");
    return world;
  }

  it("is off after the deployment; on and off are events and acts, with their reasons", async () => {
    const { emergencyStop, trail } = await load(deployContracts);
    assert.equal(await emergencyStop.isStopped(), false);
    await emergencyStop.stop("why");
    assert.equal(await emergencyStop.isStopped(), true);
    await emergencyStop.resume("over");
    assert.equal(await emergencyStop.isStopped(), false);
    const [on] = await emergencyStop.queryFilter(emergencyStop.filters.Stopped());
    const [off] = await emergencyStop.queryFilter(emergencyStop.filters.Resumed());
    assert.deepEqual([...on!.args, ...off!.args], [CONSORTIUM.address, "why", CONSORTIUM.address, "over"]);
    const acts = (await trail.queryFilter(trail.filters.Recorded())).slice(-2);
    const found = acts.map(({ args }) => [args.act, args.actor, args.reason]);
    const actor = CONSORTIUM.address;
    assert.deepEqual(found, [
      [id("Stopped"), actor, "why"],
      [id("Resumed"), actor, "over"],
    ]);
  });
  it("cannot be stopped twice, nor resumed when it runs", async () => {
    const { emergencyStop } = await load(deployContracts);
    await reverts(emergencyStop.resume(""), emergencyStop, "EmergencyStopNotStopped");
    await emergencyStop.stop("");
    await reverts(emergencyStop.stop(""), emergencyStop, "EmergencyStopAlreadyStopped");
  });
  it("stops requests and answers, of every verdict", async () => {
    const world = await load(stopped);
    await reverts(ask(world), world.query, "QuerySmartContractStopped");
    await reverts(answer(world), world.query, "QuerySmartContractStopped");
    for (const outcome of [2, 3, 4] as const) {
      const verdict = { ...VERDICT, outcome, outputs: [] };
      await reverts(answer(world, [1, 2, 3], verdict), world.query, "QuerySmartContractStopped");
    }
  });
  it("stops them as they are recorded: nothing of them stays, in the trail or elsewhere", async () => {
    const world = await load(stopped);
    const length = await world.trail.length();
    const [dataset] = world.datasetIds;
    const { openingsUsed } = await world.datasets.dataset(dataset!);
    await reverts(ask(world), world.query, "QuerySmartContractStopped");
    await reverts(answer(world), world.query, "QuerySmartContractStopped");
    assert.equal((await world.query.requestOf(world.asked.context.requestId)).state, 1n);
    assert.equal((await world.datasets.dataset(dataset!)).openingsUsed, openingsUsed);
    assert.equal(await world.trail.length(), length);
  });
  it("is a bit beside the trail's length and head, which it does not move", async () => {
    const { trail, access } = await load(deployContracts);
    await access.grantRole(7, CONSORTIUM.address, 0);
    const [length, head] = [await trail.length(), await trail.head()];
    for (const on of [true, true, false, false]) {
      await trail.setStopped(on);
      assert.deepEqual([await trail.isStopped(), await trail.length(), await trail.head()], [on, length, head]);
    }
  });
  it("takes an open request's answer after it was resumed, and new requests", async () => {
    const world = await load(stopped);
    await world.emergencyStop.resume("the key was replaced");
    await answer(world);
    assert.equal((await world.query.requestOf(world.asked.context.requestId)).state, 2n);
    await ask(world);
  });
  it("never stops a refund: requests expire, payees withdraw", async () => {
    const world = await load(stopped);
    await mineUntilNextIs(world.asked.deadlineBlock + 1n);
    await world.query.expire(...wordsOf(world));
    assert.equal(await world.credits.credit(Capacity.QUERIER, QUERIER.address), PRICE);
    await world.credits.connect(QUERIER).withdraw(Capacity.QUERIER);
  });
  it("never stops deposits: they are added to, announced, pulled, and taken for what is proven", async () => {
    const world = await load(atStake);
    const committees = world.committees.connect(WORKERS[0] as HDNodeWallet);
    await world.emergencyStop.stop("");
    await committees.deposit({ value: 1_000n });
    await committees.announceWithdrawal(2_000n);
    await networkHelpers.time.increase(await committees.unbondingSeconds());
    await committees.withdrawDeposit();
    await prove(world, await evidenceOf(world));
    assert.equal((await committees.depositOf((WORKERS[0] as HDNodeWallet).address)).amount, 0n);
    await world.credits.connect(RELAYER).withdraw(Capacity.ACCOUNT);
  });
  it("never stops a dispute, nor what a settled price credits", async () => {
    const world = await load(openRequest);
    await answer(world);
    await world.emergencyStop.stop("");
    const verdict = { ...VERDICT, outputs: VERDICT.outputs.map((output) => output + 1n) };
    const signatures = await signVerdict(world, verdict, [1, 2, 3]);
    await world.query.dispute(...endedWordsOf(world, VERDICT), verdictOf(verdict), signatures);
    assert.equal(await world.query.isDisputed(world.asked.context.requestId), true);
    await world.query.settle(...endedWordsOf(world, VERDICT));
    await world.credits.connect(OWNERS[0] as HDNodeWallet).withdraw(Capacity.DATA_OWNER);
    await world.credits.connect(world.committee[0]).withdraw(Capacity.WORKER);
    await world.credits.connect(QUERIER).withdraw(Capacity.QUERIER);
  });
  it("stops neither settlement, nor agreements, nor revocations", async () => {
    const world = await load(openRequest);
    await answer(world);
    await world.emergencyStop.stop("");
    await world.query.settle(...endedWordsOf(world, VERDICT));
    await accept(world, OTHER_QUERIER);
    await world.queriers.revoke(QUERIER.address, "");
    await world.catalogue.revoke(world.queryHash, "");
    assert.ok((await world.credits.credit(Capacity.WORKER, world.committee[0]!.address)) > 0n);
    assert.equal(await world.query.hasAccepted(OTHER_QUERIER.address), true);
    assert.equal(await world.queriers.isActive(QUERIER.address), false);
    assert.equal(await world.catalogue.isActive(world.queryHash), false);
  });
});
