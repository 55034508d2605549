/** Owners' stricter terms, vetoes, and the budget of openings. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroHash, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { policyHash } from "../../workers/chain/studyRegistry.ts";
import { load, mineUntilNextIs } from "./support/chain.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  OWNERS,
  POLICY,
  PURPOSE,
  QUERIER,
  acceptAgreement,
  answer,
  ask,
  registerStudy,
  vetQuery,
  wordsOf,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const OWNER = OWNERS[0] as HDNodeWallet;
const NONE = { k: 0, openingsBudget: 0, closed: false, purposes: [] as string[] };

describe("OwnerTerms", () => {
  async function smallBudget() {
    return acceptAgreement(4, 1, { ...POLICY, openingsBudget: 2 });
  }
  const openWith = async (terms: Partial<typeof NONE>) => {
    const world = await load(acceptAgreement);
    await world.datasets.connect(OWNER).setTerms(world.studyId, { ...NONE, ...terms });
    const datasetId = await world.datasets.datasetIdOf(world.studyId, OWNER.address);
    return { world, datasetId };
  };

  describe("setTerms", () => {
    it("keeps the terms, also before there are data; told and recorded with both hashes", async () => {
      const { datasets, studyId, trail } = await load(registerStudy);
      const datasetId = await datasets.datasetIdOf(studyId, OWNER.address);
      const terms = { k: 20, openingsBudget: 7, closed: true, purposes: [PURPOSE, id("DUO:0000042")] };
      await datasets.connect(OWNER).setTerms(studyId, terms);
      const found = await datasets.termsOf(datasetId);
      assert.deepEqual(
        [found.k, found.openingsBudget, found.closed, [...found.purposes]],
        [20n, 7n, true, terms.purposes],
      );
      assert.equal(await datasets.ownerOf(datasetId), "0x0000000000000000000000000000000000000000");
      const type = "tuple(uint16 k,uint32 openingsBudget,bool closed,bytes32[] purposes)";
      const hashOf = (value: unknown): string => keccak256(AbiCoder.defaultAbiCoder().encode([type], [value]));
      const { act, subject, actor, oldHash, newHash } = (await trail.queryFilter(trail.filters.Recorded())).at(
        -1,
      )!.args;
      const expected = [id("TermsSet"), datasetId, OWNER.address, hashOf(NONE), hashOf(terms)];
      assert.deepEqual([act, subject, actor, oldHash, newHash], expected);
      await datasets.connect(OWNER).setTerms(studyId, NONE);
      assert.deepEqual([...(await datasets.termsOf(datasetId)).purposes], []);
    });
    it("refuses k of 1 to 4 and above 1,000, 17 purposes, and whoever is no active owner", async () => {
      const { datasets, owners, studyId } = await load(registerStudy);
      const set = (by: HDNodeWallet, terms: Partial<typeof NONE>) =>
        datasets.connect(by).setTerms(studyId, { ...NONE, ...terms });
      for (const k of [1, 4, 1_001]) await reverts(set(OWNER, { k }), datasets, "DatasetRegistryInvalidTerms", ["k"]);
      await set(OWNER, { k: 5 });
      await set(OWNER, { k: 1_000 });
      const many = Array<string>(17).fill(PURPOSE);
      await reverts(set(OWNER, { purposes: many }), datasets, "DatasetRegistryInvalidTerms", ["purposes"]);
      await set(OWNER, { purposes: many.slice(1) });
      await reverts(set(OUTSIDER, {}), datasets, "DatasetRegistryInactiveOwner", [OUTSIDER.address]);
      await owners.revoke(OWNER.address, "");
      await reverts(set(OWNER, {}), datasets, "DatasetRegistryInactiveOwner", [OWNER.address]);
    });
  });

  describe("a request", () => {
    it("takes the study's k where owners are not stricter, and says so", async () => {
      const { world } = await openWith({ k: 5 });
      const { context } = await ask(world);
      assert.equal(context.policyHash, policyHash(POLICY));
      const [event] = await world.query.queryFilter(world.query.filters.QueryRequested(context.requestId));
      assert.equal(event!.args.k, 11n);
    });
    it("takes the strictest owner's k; only its hash of the policy is signed", async () => {
      const { world } = await openWith({ k: 30 });
      await world.datasets.connect(OWNERS[1] as HDNodeWallet).setTerms(world.studyId, { ...NONE, k: 40 });
      const { context } = await ask(world);
      assert.equal(context.policyHash, policyHash({ ...POLICY, k: 40 }));
      const [event] = await world.query.queryFilter(world.query.filters.QueryRequested(context.requestId));
      assert.equal(event!.args.k, 40n);
    });
    it("takes the strictest owner's k wherever its dataset stands in the request", async () => {
      const { world } = await openWith({});
      for (const order of [
        [20, 30, 40],
        [30, 40, 20],
        [40, 20, 30],
      ]) {
        for (const [i, owner] of OWNERS.entries()) {
          await world.datasets.connect(owner).setTerms(world.studyId, { ...NONE, k: order[i] ?? 0 });
        }
        const { context } = await ask(world);
        assert.equal(context.policyHash, policyHash({ ...POLICY, k: 40 }), order.join());
      }
    });
    it("does not take the k of an owner whose data it is not about", async () => {
      const { world, datasetId } = await openWith({ k: 30 });
      const { context } = await ask({ ...world, datasetIds: world.datasetIds.filter((each) => each !== datasetId) });
      assert.equal(context.policyHash, policyHash(POLICY));
    });
    it("over data that their owner closed is refused; over the others' it is not", async () => {
      const { world, datasetId } = await openWith({ closed: true });
      await reverts(ask(world), world.query, "DatasetRegistryClosed", [datasetId]);
      await ask({ ...world, datasetIds: world.datasetIds.filter((each) => each !== datasetId) });
    });
    it("needs the owner's purposes besides the study's", async () => {
      const purpose = id("DUO:0000042");
      const { world, datasetId } = await openWith({ purposes: [PURPOSE, purpose] });
      await reverts(ask(world), world.query, "DatasetRegistryMissingPurpose", [datasetId, purpose]);
      const held = await openWith({ purposes: [PURPOSE] });
      await ask(held.world);
    });
    it("uses up one opening of each dataset it names, whatever becomes of it", async () => {
      const world = await load(smallBudget);
      const used = () =>
        Promise.all(world.datasetIds.map(async (each) => (await world.datasets.dataset(each)).openingsUsed));
      assert.deepEqual(await used(), [0n, 0n, 0n]);
      const asked = await ask(world);
      await answer({ ...world, asked });
      assert.deepEqual(await used(), [1n, 1n, 1n]);
      const [first, ...others] = world.datasetIds;
      const second = await ask({ ...world, datasetIds: [first!] });
      await mineUntilNextIs(second.deadlineBlock + 1n);
      await world.query.expire(...wordsOf({ asked: second }));
      assert.deepEqual(await used(), [2n, 1n, 1n]);
      await reverts(ask(world), world.query, "DatasetRegistryBudgetSpent", [first, 2]);
      assert.deepEqual(await used(), [2n, 1n, 1n]);
      await ask({ ...world, datasetIds: others });
      assert.deepEqual(await used(), [2n, 2n, 2n]);
    });
    it("obeys an owner's smaller budget, and the study's against a larger one", async () => {
      const { world, datasetId } = await openWith({ openingsBudget: 1 });
      await ask(world);
      await reverts(ask(world), world.query, "DatasetRegistryBudgetSpent", [datasetId, 1]);
      const large = await load(smallBudget);
      await large.datasets.connect(OWNER).setTerms(large.studyId, { ...NONE, openingsBudget: 1_000 });
      for (let i = 0; i < 2; i++) await ask(large);
      await reverts(ask(large), large.query, "DatasetRegistryBudgetSpent", [large.datasetIds[0], 2]);
    });
    it("made before the terms changed is answered under its own", async () => {
      const world = await load(acceptAgreement);
      const asked = await ask(world);
      await world.datasets.connect(OWNER).setTerms(world.studyId, { ...NONE, k: 40, closed: true });
      await world.datasets.connect(OWNER).veto(world.studyId, world.queryHash, "");
      await answer({ ...world, asked });
      assert.equal((await world.query.requestOf(asked.context.requestId)).state, 2n);
    });
  });

  describe("veto", () => {
    it("takes one owner's data out of one query's reach, until it is lifted", async () => {
      const world = await load(acceptAgreement);
      const datasets = world.datasets.connect(OWNER);
      const datasetId = await datasets.datasetIdOf(world.studyId, OWNER.address);
      await datasets.veto(world.studyId, world.queryHash, "our ethics board said no");
      assert.equal(await datasets.isVetoed(world.queryHash, datasetId), true);
      const args = [datasetId, world.queryHash];
      await reverts(ask(world), world.query, "DatasetRegistryVetoed", args);
      await ask({ ...world, datasetIds: world.datasetIds.filter((each) => each !== datasetId) });
      await datasets.liftVeto(world.studyId, world.queryHash);
      assert.equal(await datasets.isVetoed(world.queryHash, datasetId), false);
      await ask(world);
    });
    it("is told and recorded with its reason, and so is its end", async () => {
      const world = await load(vetQuery);
      const datasets = world.datasets.connect(OWNER);
      const datasetId = await datasets.datasetIdOf(world.studyId, OWNER.address);
      await datasets.veto(world.studyId, world.queryHash, "why");
      await datasets.liftVeto(world.studyId, world.queryHash);
      const [vetoed] = await datasets.queryFilter(datasets.filters.QueryVetoed(world.queryHash));
      assert.deepEqual(
        [vetoed!.args.datasetId, vetoed!.args.owner, vetoed!.args.reason],
        [datasetId, OWNER.address, "why"],
      );
      const found = (await world.trail.queryFilter(world.trail.filters.Recorded())).slice(-2).map(({ args }) => {
        const { act, subject, actor, organisation, oldHash, newHash, reason } = args;
        return [act, subject, actor, organisation, oldHash, newHash, reason];
      });
      const by = [world.queryHash, OWNER.address, id("Hospital 1")];
      assert.deepEqual(found, [
        [id("QueryVetoed"), ...by, ZeroHash, datasetId, "why"],
        [id("VetoLifted"), ...by, datasetId, ZeroHash, ""],
      ]);
    });
    it("twice, or lifted without one, is refused; and so is whoever is no active owner", async () => {
      const { datasets, studyId, queryHash } = await load(vetQuery);
      const own = datasets.connect(OWNER);
      const datasetId = await own.datasetIdOf(studyId, OWNER.address);
      await reverts(own.liftVeto(studyId, queryHash), datasets, "DatasetRegistryNotVetoed", [datasetId, queryHash]);
      await own.veto(studyId, queryHash, "");
      await reverts(own.veto(studyId, queryHash, ""), datasets, "DatasetRegistryVetoed", [datasetId, queryHash]);
      const stranger = datasets.connect(OUTSIDER);
      const args = [OUTSIDER.address];
      await reverts(stranger.veto(studyId, queryHash, ""), datasets, "DatasetRegistryInactiveOwner", args);
      await reverts(stranger.liftVeto(studyId, queryHash), datasets, "DatasetRegistryInactiveOwner", args);
    });
    it("and closure stay open to an owner whose credential has ended, and nothing that lets anyone in", async () => {
      const world = await load(acceptAgreement);
      const { datasets, studyId, queryHash } = world;
      const own = datasets.connect(OWNER);
      const datasetId = await own.datasetIdOf(studyId, OWNER.address);
      await world.owners.revoke(OWNER.address, "left the consortium");
      const inactive = [OWNER.address];
      await own.veto(studyId, queryHash, "we left");
      await reverts(own.liftVeto(studyId, queryHash), datasets, "DatasetRegistryInactiveOwner", inactive);
      await own.setTerms(studyId, { ...NONE, closed: true });
      await reverts(own.setTerms(studyId, NONE), datasets, "DatasetRegistryInactiveOwner", inactive);
      await reverts(ask(world), world.query, "DatasetRegistryVetoed", [datasetId, queryHash]);
    });
    it("of one owner does not end with another's", async () => {
      const world = await load(acceptAgreement);
      const other = OWNERS[1] as HDNodeWallet;
      for (const owner of [OWNER, other]) await world.datasets.connect(owner).veto(world.studyId, world.queryHash, "");
      await world.datasets.connect(other).liftVeto(world.studyId, world.queryHash);
      const datasetId = await world.datasets.datasetIdOf(world.studyId, OWNER.address);
      await reverts(ask(world), world.query, "DatasetRegistryVetoed", [datasetId, world.queryHash]);
    });
  });

  it("opens data for query contracts only", async () => {
    const { datasets, studyId, queryHash, datasetIds } = await load(acceptAgreement);
    for (const caller of [CONSORTIUM, QUERIER, OWNER]) {
      const act = datasets.connect(caller).open(studyId, queryHash, datasetIds, QUERIER.address, 100, 0);
      await reverts(act, datasets, "DatasetRegistryNotQueryContract", [queryHash, caller.address]);
    }
  });
  it("lets a query contract in once, and only a contract", async () => {
    const { datasets, access, query, queryHash } = await load(vetQuery);
    await access.grantRole(1, CONSORTIUM.address, 0);
    const address = await query.getAddress();
    const again = datasets.addQueryContract(queryHash, await datasets.getAddress());
    await reverts(again, datasets, "DatasetRegistryAlreadyQueryContract", [queryHash, address]);
    const act = datasets.addQueryContract(id("another query"), OUTSIDER.address);
    await reverts(act, datasets, "DeployedNotContract", [OUTSIDER.address]);
  });
});
