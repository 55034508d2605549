/** Who shall follow a committee, what binds the deposits of both, and until when. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id } from "ethers";
import type { HDNodeWallet } from "ethers";
import { blockNumber, load, mineUntilNextIs } from "./support/chain.ts";
import { NEXT, NEXT_EPOCH, addressesOf, confirmedWorld, hashOfCommittee, proposed } from "./support/committeeChange.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  OWNERS,
  POLICY,
  RELAYER,
  WORKERS,
  activate,
  activateDatasets,
  registerStudy,
  signAgreement,
  studyIdOf,
  NO_RULES,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const LEAST = 1_000n;
const STAKED = { ...POLICY, leastDeposit: LEAST };

/** Data under a committee of the first four workers; all seven have paid in for two committees. */
async function staked() {
  const contracts = await registerStudy();
  const { studies, committees, agreements } = contracts;
  for (const wallet of WORKERS) await committees.connect(wallet).deposit({ value: 2n * LEAST });
  await studies.register("Staked", '{"name":"trial"}', STAKED, 14, ZeroHash, NO_RULES);
  const studyId = studyIdOf(await studies.getAddress(), "Staked");
  await committees.appoint(studyId, addressesOf(WORKERS.slice(0, 4)), 1);
  await agreements.publish(studyId, id("document"), "EU", ["Hospital 1"]);
  const world = { ...contracts, studyId };
  await signAgreement(world, OWNERS[0] as HDNodeWallet);
  await activate(world, OWNERS[0] as HDNodeWallet);
  return world;
}
async function stakedProposal() {
  const world = await staked();
  await world.committees.propose(world.studyId, addressesOf(NEXT), 2);
  return world;
}
/** The change without what owners and workers do for it: the consortium takes the role of the contract of changes. */
async function installed() {
  const world = await stakedProposal();
  await world.access.grantRole(await world.access.CHANGES_ROLE(), CONSORTIUM.address, 0);
  await world.committees.install(world.studyId);
  return { ...world, until: (await blockNumber()) + POLICY.deadlineBlocks };
}
async function boundOf({ committees }: Awaited<ReturnType<typeof staked>>): Promise<bigint[]> {
  return Promise.all(WORKERS.map(async ({ address }) => (await committees.depositOf(address)).bound / LEAST));
}

describe("CommitteeRegistry: a committee that is to follow", () => {
  describe("propose", () => {
    it("gives the next epoch, tells and records it, and leaves the committee that serves", async () => {
      const world = await load(proposed);
      const { committees, studyId, trail } = world;
      assert.equal(await committees.currentEpoch(studyId), 1n);
      assert.equal(await committees.proposedEpoch(studyId), NEXT_EPOCH);
      const { epoch, threshold, demonstration, workers } = await committees.committee(studyId, NEXT_EPOCH);
      assert.deepEqual([epoch, threshold, demonstration, [...workers]], [2n, 2n, false, addressesOf(NEXT)]);
      const [event] = await committees.queryFilter(committees.filters.CommitteeProposed(studyId));
      assert.deepEqual([...event!.args.workers], addressesOf(NEXT));
      const { act, subject, actor, oldHash, newHash } = (await trail.queryFilter(trail.filters.Recorded())).at(
        -1,
      )!.args;
      const hashes = [await hashOfCommittee(world, 1n), await hashOfCommittee(world, NEXT_EPOCH)];
      const expected = [id("CommitteeProposed"), studyId, CONSORTIUM.address, ...hashes];
      assert.deepEqual([act, subject, actor, oldHash, newHash], expected);
    });
    it("refuses a study without data, which another committee can be appointed for", async () => {
      const { committees, studyId } = await load(registerStudy);
      const act = committees.propose(studyId, addressesOf(NEXT), 2);
      await reverts(act, committees, "CommitteeRegistryNoDatasets", [studyId]);
    });
    it("refuses a second proposal while one stands", async () => {
      const { committees, studyId } = await load(proposed);
      const act = committees.propose(studyId, addressesOf(WORKERS), 3);
      await reverts(act, committees, "CommitteeRegistryProposalPending", [studyId, NEXT_EPOCH]);
    });
    it("checks what an appointment checks", async () => {
      const { committees, workers, studyId } = await load(activateDatasets);
      const size = committees.propose(studyId, addressesOf(WORKERS.slice(0, 4)), 2);
      await reverts(size, committees, "CommitteeRegistryInvalidSize", [4, 2]);
      const [, ...others] = addressesOf(NEXT);
      const nobody = committees.propose(studyId, [OUTSIDER.address, ...others], 2);
      await reverts(nobody, committees, "CommitteeRegistryInactiveWorker", [OUTSIDER.address]);
      const twice = committees.propose(studyId, [others[0]!, ...others], 2);
      await reverts(twice, committees, "CommitteeRegistrySameOrganisation", [id("Operator 4")]);
      await workers.revoke(others[0]!, "");
      const revoked = committees.propose(studyId, addressesOf(NEXT), 2);
      await reverts(revoked, committees, "CommitteeRegistryInactiveWorker", [others[0]]);
    });
    it("binds the new workers' deposits besides the old ones'", async () => {
      const world = await load(staked);
      assert.deepEqual(await boundOf(world), [1n, 1n, 1n, 1n, 0n, 0n, 0n]);
      await world.committees.propose(world.studyId, addressesOf(NEXT), 2);
      assert.deepEqual(await boundOf(world), [1n, 1n, 2n, 2n, 1n, 1n, 1n]);
    });
    it("refuses a worker of both committees whose deposit is enough for one", async () => {
      const { committees, studyId } = await load(staked);
      const both = NEXT[0] as HDNodeWallet;
      await committees.connect(both).announceWithdrawal(LEAST);
      const act = committees.propose(studyId, addressesOf(NEXT), 2);
      await reverts(act, committees, "WorkerDepositsTooLow", [both.address, 0n, LEAST]);
    });
  });

  describe("withdrawProposal", () => {
    it("frees the deposits, tells and records why, and no epoch is given again", async () => {
      const world = await load(stakedProposal);
      const { committees, studyId, trail } = world;
      await committees.withdrawProposal(studyId, "A hospital said no.");
      assert.deepEqual(await boundOf(world), [1n, 1n, 1n, 1n, 0n, 0n, 0n]);
      assert.equal(await committees.proposedEpoch(studyId), 0n);
      const [event] = await committees.queryFilter(committees.filters.CommitteeProposalWithdrawn(studyId));
      assert.deepEqual([event!.args.epoch, event!.args.reason], [NEXT_EPOCH, "A hospital said no."]);
      const { act, reason } = (await trail.queryFilter(trail.filters.Recorded())).at(-1)!.args;
      assert.deepEqual([act, reason], [id("CommitteeProposalWithdrawn"), "A hospital said no."]);
      await committees.propose(studyId, addressesOf(NEXT), 2);
      assert.equal(await committees.proposedEpoch(studyId), 3n);
      assert.equal((await committees.committee(studyId, NEXT_EPOCH)).workers.length, 5);
    });
    it("refuses where nothing is proposed", async () => {
      const { committees, studyId } = await load(activateDatasets);
      const act = committees.withdrawProposal(studyId, "");
      await reverts(act, committees, "CommitteeRegistryNotProposed", [studyId]);
    });
  });

  describe("install", () => {
    it("makes the proposal the study's committee, told and recorded as an appointment", async () => {
      const world = await load(confirmedWorld);
      const { changes, committees, studyId, trail } = world;
      const hashes = [await hashOfCommittee(world, 1n), await hashOfCommittee(world, NEXT_EPOCH)];
      await changes.complete(studyId);
      const events = await committees.queryFilter(committees.filters.CommitteeAppointed(studyId));
      assert.deepEqual(
        events.map(({ args }) => args.epoch),
        [1n, NEXT_EPOCH],
      );
      const records = await trail.queryFilter(trail.filters.Recorded(undefined, studyId));
      const { oldHash, newHash } = records.filter(({ args }) => args.act === id("CommitteeAppointed")).at(-1)!.args;
      assert.deepEqual([oldHash, newHash], hashes);
      const act = committees.appoint(studyId, addressesOf(NEXT), 2);
      await reverts(act, committees, "CommitteeRegistryDatasetsExist", [studyId]);
    });
    it("is not for the consortium, and refuses where nothing is proposed", async () => {
      const { access, committees, studyId } = await load(activateDatasets);
      await reverts(committees.install(studyId), committees, "AccessManagedUnauthorized", [CONSORTIUM.address]);
      await access.grantRole(await access.CHANGES_ROLE(), CONSORTIUM.address, 0);
      await reverts(committees.install(studyId), committees, "CommitteeRegistryNotProposed", [studyId]);
    });
  });

  describe("isOver", () => {
    it("is false while a committee serves, or is proposed, and true for ever once it is withdrawn", async () => {
      const { committees, studyId } = await load(proposed);
      const found = async () => [await committees.isOver(studyId, 1n), await committees.isOver(studyId, NEXT_EPOCH)];
      assert.deepEqual(await found(), [false, false]);
      await committees.withdrawProposal(studyId, "");
      assert.deepEqual(await found(), [false, true]);
      await committees.propose(studyId, addressesOf(NEXT), 2);
      assert.deepEqual([...(await found()), await committees.isOver(studyId, 3n)], [false, true, false]);
    });
    it("of a committee that was followed is true after the last block in which it may answer, and released", async () => {
      const { committees, studyId, until } = await load(installed);
      assert.deepEqual(
        [await committees.isOver(studyId, 1n), await committees.isOver(studyId, NEXT_EPOCH)],
        [false, false],
      );
      const at = async (block: bigint) => {
        await mineUntilNextIs(block + 1n);
        return committees.isOver(studyId, 1n);
      };
      assert.deepEqual([await at(until - 1n), await at(until), await at(until + 1n)], [false, false, true]);
      await committees.releaseDeposits(studyId, 1n);
      assert.equal(await committees.isOver(studyId, 1n), true);
    });
    it("is true of one in whose place another was appointed, and refuses an epoch that there never was", async () => {
      const { committees, studyId } = await load(registerStudy);
      await committees.appoint(studyId, addressesOf(NEXT), 2);
      assert.deepEqual([await committees.isOver(studyId, 1n), await committees.isOver(studyId, 2n)], [true, false]);
      for (const epoch of [0n, 3n]) {
        await reverts(committees.isOver(studyId, epoch), committees, "CommitteeRegistryUnknown", [studyId, epoch]);
      }
    });
  });

  describe("releaseDeposits", () => {
    it("frees the old committee's after the last block in which it may answer, once", async () => {
      const world = await load(installed);
      const { committees, studyId, until, trail } = world;
      assert.equal(await committees.boundUntil(studyId, 1n), until);
      assert.deepEqual(await boundOf(world), [1n, 1n, 2n, 2n, 1n, 1n, 1n]);
      await mineUntilNextIs(until + 1n);
      await committees.connect(RELAYER).releaseDeposits(studyId, 1n);
      assert.deepEqual(await boundOf(world), [0n, 0n, 1n, 1n, 1n, 1n, 1n]);
      assert.equal(await committees.boundUntil(studyId, 1n), 0n);
      const [event] = await committees.queryFilter(committees.filters.CommitteeReleased(studyId));
      assert.equal(event!.args.epoch, 1n);
      const { act, subject } = (await trail.queryFilter(trail.filters.Recorded())).at(-1)!.args;
      assert.deepEqual([act, subject], [id("CommitteeReleased"), studyId]);
      const again = committees.releaseDeposits(studyId, 1n);
      await reverts(again, committees, "CommitteeRegistryNothingToRelease", [studyId, 1n]);
    });
    it("refuses in that block itself", async () => {
      const { committees, studyId, until } = await load(installed);
      await mineUntilNextIs(until);
      const act = committees.releaseDeposits(studyId, 1n, { gasLimit: 1_000_000 });
      await reverts(act, committees, "CommitteeRegistryRequestsOpen", [until, until]);
    });
    it("refuses for the committee that serves, and for one that is proposed", async () => {
      const { committees, studyId } = await load(stakedProposal);
      for (const epoch of [1n, NEXT_EPOCH]) {
        const act = committees.releaseDeposits(studyId, epoch);
        await reverts(act, committees, "CommitteeRegistryNothingToRelease", [studyId, epoch]);
      }
    });
  });
});
