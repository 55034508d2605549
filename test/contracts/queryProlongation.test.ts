/** How long vettings hold, what of them counts, and how a query that lapsed takes requests again. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id, toBeHex } from "ethers";
import type { HDNodeWallet } from "ethers";
import { account, load, networkHelpers, now } from "./support/chain.ts";
import {
  OUTSIDER,
  PARAMETERS,
  POLICY,
  PRICE,
  QUERIER,
  type QueryWorld,
  VETTERS,
  YEAR,
  acceptAgreement,
  admissionOf,
  publishQuery,
  vet,
  vetQuery,
  openRequest,
  answer,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const [ETHICS_A, ETHICS_A2, ETHICS_B] = VETTERS as [HDNodeWallet, HDNodeWallet, HDNodeWallet];
const ETHICS_C = OUTSIDER;
const STATE = { PUBLISHED: 1n, ACTIVE: 2n, REVOKED: 3n, SUPERSEDED: 4n };
const MAX_VALIDITY = 1_096n * 86_400n;
const DAY = 86_400n;

/** With members admitted for long, and a vetter of a third organisation. */
async function longPublished() {
  const world = await publishQuery();
  const { vetters, queriers } = world;
  await vetters.admit(ETHICS_C.address, await admissionOf(ETHICS_C, "Ethics C"));
  for (const [registry, wallet, organisation] of [
    [vetters, ETHICS_A, "Ethics A"],
    [vetters, ETHICS_A2, "Ethics A"],
    [vetters, ETHICS_B, "Ethics B"],
    [vetters, ETHICS_C, "Ethics C"],
    [queriers, QUERIER, "University"],
  ] as const) {
    const admission = await admissionOf(wallet, organisation);
    await registry.admit(wallet.address, { ...admission, expiry: admission.expiry + 10n * YEAR });
  }
  return { ...world, start: await now() };
}

const activeUntil = async ({ catalogue, queryHash }: QueryWorld): Promise<bigint> =>
  (await catalogue.query(queryHash)).activeUntil;

describe("QueryCatalogue", () => {
  describe("validity of an approval", () => {
    it("is a time from now to 1,096 days from now", async () => {
      const world = await load(longPublished);
      const name = "QueryCatalogueInvalidValidity";
      for (const [offset, isTaken] of [
        [-1n, false],
        [0n, true],
        [MAX_VALIDITY, true],
        [MAX_VALIDITY + 1n, false],
      ] as const) {
        const snapshot = await networkHelpers.takeSnapshot();
        const time = (await now()) + 10n;
        await networkHelpers.time.setNextBlockTimestamp(time);
        // Without an estimate, which would be made at another time.
        const act = vet(world, ETHICS_A, { validUntil: time + offset }, { gasLimit: 5_000_000 });
        if (isTaken) await act;
        else await reverts(act, world.catalogue, name, [time + offset, time + MAX_VALIDITY]);
        await snapshot.restore();
      }
    });
    it("is nothing that a rejection has", async () => {
      const world = await load(longPublished);
      const validUntil = (await now()) + YEAR;
      const act = vet(world, ETHICS_A, { approved: false, validUntil });
      await reverts(act, world.catalogue, "QueryCatalogueInvalidValidity", [validUntil, 0]);
    });
    it("is told with the vetting, and remembered", async () => {
      const world = await load(longPublished);
      const { catalogue, queryHash, start } = world;
      await vet(world, ETHICS_A, { validUntil: start + YEAR, comment: "As agreed." });
      const [event] = await catalogue.queryFilter(catalogue.filters.QueryVetted(queryHash));
      assert.deepEqual([event?.args.comment, event?.args.validUntil], ["As agreed.", start + YEAR]);
      assert.deepEqual([...(await catalogue.vettingOf(queryHash, ETHICS_A.address))], [1n, start + YEAR]);
      assert.deepEqual([...(await catalogue.vettingOf(queryHash, ETHICS_B.address))], [0n, 0n]);
    });
  });

  describe("activeUntil", () => {
    it("is when the first of the approvals that are needed ends", async () => {
      const world = await load(longPublished);
      const { start } = world;
      await vet(world, ETHICS_A, { validUntil: start + YEAR });
      assert.equal(await activeUntil(world), 0n);
      await vet(world, ETHICS_B, { validUntil: start + YEAR / 2n });
      assert.equal(await activeUntil(world), start + YEAR / 2n);
    });
    it("is told and recorded at the activation and at each prolongation, and only then", async () => {
      const world = await load(longPublished);
      const { catalogue, queryHash, trail, start } = world;
      const [first, second] = [start + YEAR / 2n, start + YEAR];
      await vet(world, ETHICS_A, { validUntil: second });
      await vet(world, ETHICS_B, { validUntil: first });
      await vet(world, ETHICS_A2, { validUntil: second + DAY });
      await vet(world, ETHICS_C, { validUntil: second });
      const told = await catalogue.queryFilter(catalogue.filters.QueryProlonged(queryHash));
      assert.deepEqual(
        told.map(({ args }) => args.activeUntil),
        [first, second],
      );
      const records = await trail.queryFilter(trail.filters.Recorded(undefined, queryHash));
      assert.deepEqual(
        records.filter(({ args }) => args.act === id("QueryProlonged")).map(({ args }) => [args.oldHash, args.newHash]),
        [
          [toBeHex(0n, 32), toBeHex(first, 32)],
          [toBeHex(first, 32), toBeHex(second, 32)],
        ],
      );
      const activated = await catalogue.queryFilter(catalogue.filters.QueryActivated(queryHash));
      assert.equal(activated.length, 1);
    });
    it("needs as many organisations as the policy asks, not only as many approvals", async () => {
      const world = await load(longPublished);
      const { start } = world;
      await vet(world, ETHICS_A, { validUntil: start + YEAR });
      await vet(world, ETHICS_A2, { validUntil: start + YEAR });
      await vet(world, ETHICS_B, { validUntil: start + DAY });
      assert.equal(await activeUntil(world), start + DAY);
    });
    it("needs as many approvals as the policy asks, not only as many organisations", async () => {
      async function strict() {
        const world = await publishQuery(4, 1, { ...POLICY, vettings: 3 });
        return { ...world, start: await now() };
      }
      const world = await load(strict);
      const { start } = world;
      await vet(world, ETHICS_A, { validUntil: start + 100n * DAY });
      await vet(world, ETHICS_B, { validUntil: start + 90n * DAY });
      await vet(world, ETHICS_A2, { validUntil: start + 80n * DAY });
      assert.equal(await activeUntil(world), start + 80n * DAY);
    });
    it("of any order of the same vettings is the same", async () => {
      const world = await load(longPublished);
      const { start } = world;
      const given = [
        [ETHICS_A, 30n],
        [ETHICS_A2, 40n],
        [ETHICS_B, 20n],
        [ETHICS_C, 10n],
      ] as const;
      for (const order of permutations(given)) {
        const snapshot = await networkHelpers.takeSnapshot();
        for (const [vetter, days] of order) await vet(world, vetter, { validUntil: start + days * DAY });
        assert.equal(await activeUntil(world), start + 20n * DAY, order.map(([, days]) => days).join());
        await snapshot.restore();
      }
    });
    it("is the last second that the query is active, and takes requests", async () => {
      const world = await load(acceptAgreement);
      const { query, catalogue, queryHash, queriers, datasetIds } = world;
      const end = await activeUntil(world);
      await queriers.admit(QUERIER.address, { ...(await admissionOf(QUERIER, "University")), expiry: end + YEAR });
      assert.equal(await world.datasets.servedUntil(queryHash), end);
      const ask = () => query.request(0, PARAMETERS, datasetIds, 0, [], { value: PRICE, gasLimit: 5_000_000 });
      await networkHelpers.time.setNextBlockTimestamp(end);
      await ask();
      assert.equal(await catalogue.isActive(queryHash), true);
      await networkHelpers.time.setNextBlockTimestamp(end + 1n);
      await reverts(ask(), query, "DatasetRegistryInactiveQuery", [queryHash]);
      assert.equal(await catalogue.isActive(queryHash), false);
      assert.equal((await catalogue.query(queryHash)).state, STATE.ACTIVE);
    });
    it("does not end requests that are open: they are answered", async () => {
      const world = await load(openRequest);
      const end = await activeUntil(world);
      for (const worker of world.committee) {
        const { organisationName } = await world.workers.member(worker.address);
        const admission = await admissionOf(worker, organisationName);
        await world.workers.admit(worker.address, { ...admission, expiry: end + YEAR });
      }
      await networkHelpers.time.increaseTo(end + 1n);
      await answer(world);
      assert.equal((await world.query.requestOf(world.asked.context.requestId)).state, 2n);
    });
  });

  describe("vetting again", () => {
    it("by the same vetters prolongs, lapsed or not, in the same contract", async () => {
      const world = await load(longPublished);
      const { catalogue, queryHash, start } = world;
      for (const vetter of [ETHICS_A, ETHICS_B]) await vet(world, vetter, { validUntil: start + 10n * DAY });
      const { queryContract } = await catalogue.query(queryHash);
      for (const vetter of [ETHICS_A, ETHICS_B]) await vet(world, vetter, { validUntil: start + 20n * DAY });
      assert.equal(await activeUntil(world), start + 20n * DAY);
      await networkHelpers.time.increaseTo(start + 30n * DAY);
      assert.equal(await catalogue.isActive(queryHash), false);
      await vet(world, ETHICS_A, { validUntil: start + 40n * DAY });
      assert.equal(await catalogue.isActive(queryHash), false, "one of two is not enough");
      await vet(world, ETHICS_B, { validUntil: start + 50n * DAY });
      assert.equal(await catalogue.isActive(queryHash), true);
      const query = await catalogue.query(queryHash);
      assert.deepEqual([query.activeUntil, query.queryContract], [start + 40n * DAY, queryContract]);
      assert.deepEqual([query.approvals, query.organisations], [2n, 2n]);
    });
    it("counts a vetter once, with the later approval", async () => {
      const world = await load(longPublished);
      const { start } = world;
      await vet(world, ETHICS_A, { validUntil: start + 10n * DAY });
      await vet(world, ETHICS_A, { validUntil: start + 20n * DAY });
      const { approvals, organisations, state } = await world.catalogue.query(world.queryHash);
      assert.deepEqual([approvals, organisations, state], [1n, 1n, STATE.PUBLISHED]);
    });
    it("for no longer than before is refused", async () => {
      const world = await load(longPublished);
      const { catalogue, queryHash, start } = world;
      await vet(world, ETHICS_A, { validUntil: start + 10n * DAY });
      const expected = [queryHash, ETHICS_A.address];
      for (const validUntil of [start + 10n * DAY, start + 9n * DAY]) {
        await reverts(vet(world, ETHICS_A, { validUntil }), catalogue, "QueryCatalogueAlreadyVetted", expected);
      }
      await vet(world, ETHICS_A, { validUntil: start + 10n * DAY + 1n });
    });
    it("does not count approvals that have expired", async () => {
      const world = await load(longPublished);
      const { catalogue, queryHash, start } = world;
      await vet(world, ETHICS_A, { validUntil: start + DAY });
      await networkHelpers.time.increaseTo(start + 2n * DAY);
      await vet(world, ETHICS_B, { validUntil: start + 20n * DAY });
      const query = await catalogue.query(queryHash);
      assert.deepEqual([query.approvals, query.organisations, query.state], [1n, 1n, STATE.PUBLISHED]);
      await vet(world, ETHICS_C, { validUntil: start + 30n * DAY });
      assert.equal(await activeUntil(world), start + 20n * DAY);
    });
    it("counts an approval in its last second, and not in the next", async () => {
      const world = await load(longPublished);
      const end = world.start + DAY;
      await vet(world, ETHICS_A, { validUntil: end });
      await networkHelpers.time.increaseTo(end - 1n);
      for (const [time, counted, state] of [
        [end, 2n, STATE.ACTIVE],
        [end + 1n, 1n, STATE.PUBLISHED],
      ] as const) {
        const snapshot = await networkHelpers.takeSnapshot();
        await networkHelpers.time.setNextBlockTimestamp(time);
        // Without an estimate, which would be made at another time.
        await vet(world, ETHICS_B, { validUntil: end + DAY }, { gasLimit: 5_000_000 });
        const { approvals, state: found } = await world.catalogue.query(world.queryHash);
        assert.deepEqual([approvals, found, await activeUntil(world)], [counted, state, counted === 2n ? end : 0n]);
        await snapshot.restore();
      }
    });
    it("never shortens what was activated, whoever was revoked or has rejected since", async () => {
      const world = await load(longPublished);
      const { catalogue, queryHash, vetters, start } = world;
      for (const vetter of [ETHICS_A, ETHICS_B]) await vet(world, vetter, { validUntil: start + 50n * DAY });
      await vetters.revoke(ETHICS_A.address, "left");
      await vet(world, ETHICS_B, { approved: false });
      assert.equal(await catalogue.isActive(queryHash), true);
      await vet(world, ETHICS_C, { validUntil: start + 10n * DAY });
      await vet(world, ETHICS_A2, { validUntil: start + 10n * DAY });
      const query = await catalogue.query(queryHash);
      assert.deepEqual([query.activeUntil, query.approvals], [start + 50n * DAY, 2n]);
    });
    it("counts without those who were revoked or have rejected since", async () => {
      const world = await load(longPublished);
      const { vetters, start } = world;
      for (const vetter of [ETHICS_A, ETHICS_B]) await vet(world, vetter, { validUntil: start + 50n * DAY });
      await vet(world, ETHICS_B, { approved: false });
      await vet(world, ETHICS_A2, { validUntil: start + 90n * DAY });
      assert.equal(await activeUntil(world), start + 50n * DAY, "two of one organisation");
      await vetters.revoke(ETHICS_A.address, "left");
      await vet(world, ETHICS_C, { validUntil: start + 80n * DAY });
      assert.equal(await activeUntil(world), start + 80n * DAY);
      assert.equal((await world.catalogue.query(world.queryHash)).approvals, 2n);
    });
    it("after a rejection is refused, also where an approval came before", async () => {
      const world = await load(vetQuery);
      const { catalogue, queryHash } = world;
      await vet(world, ETHICS_A, { approved: false });
      assert.deepEqual([...(await catalogue.vettingOf(queryHash, ETHICS_A.address))], [2n, 0n]);
      const validUntil = (await now()) + 2n * YEAR;
      for (const change of [{ validUntil }, { approved: false }]) {
        const expected = [queryHash, ETHICS_A.address];
        await reverts(vet(world, ETHICS_A, change), catalogue, "QueryCatalogueAlreadyVetted", expected);
      }
    });
    it("to reject never activates, though approvals that did not count count again", async () => {
      const world = await load(publishQuery);
      const { catalogue, queryHash, vetters } = world;
      const end = (await now()) + 2n * YEAR;
      const { expiry } = await vetters.member(ETHICS_A.address);
      for (const [vetter, organisation] of [
        [ETHICS_A2, "Ethics A"],
        [ETHICS_B, "Ethics B"],
      ] as const) {
        const admission = await admissionOf(vetter, organisation);
        await vetters.admit(vetter.address, { ...admission, expiry: end });
      }
      await vet(world, ETHICS_A, { validUntil: end });
      await networkHelpers.time.increaseTo(expiry + 1n);
      await vet(world, ETHICS_B, { validUntil: end });
      await vetters.admit(ETHICS_A.address, { ...(await admissionOf(ETHICS_A, "Ethics A")), expiry: end });
      await vet(world, ETHICS_A2, { approved: false });
      const { state, approvals } = await catalogue.query(queryHash);
      assert.deepEqual([state, approvals], [STATE.PUBLISHED, 2n]);
    });
    it("of very many vetters ends at 64 approvals that stand together, and can be paid until then", async () => {
      async function demanding() {
        return publishQuery(4, 1, { ...POLICY, vettings: 64 });
      }
      const world = await load(demanding);
      const { catalogue, queryHash, vetters } = world;
      const many = Array.from({ length: 65 }, (_, i) => account(100 + i));
      let gas = 0n;
      for (const [i, vetter] of many.entries()) {
        await vetters.admit(vetter.address, await admissionOf(vetter, `Board ${i}`));
        const act = vet(world, vetter, {}, { gasLimit: 15_000_000 });
        if (i === 64) await reverts(act, catalogue, "QueryCatalogueTooManyApprovals", [queryHash]);
        else gas = (await (await act).wait())?.gasUsed ?? 0n;
      }
      const { approvals, state } = await catalogue.query(queryHash);
      assert.deepEqual([approvals, state], [64n, STATE.ACTIVE]);
      assert.ok(gas < 4_000_000n, `${gas} gas`);
      await vet(world, many[0] as HDNodeWallet, { validUntil: (await now()) + 2n * YEAR }, { gasLimit: 15_000_000 });
    });
  });
});

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
