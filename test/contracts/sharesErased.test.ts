/** What becomes of shares when committees follow one another: who was given some, when they are due for erasure, who confirmed. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id, toBeHex } from "ethers";
import type { HDNodeWallet } from "ethers";
import { ERASURE } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, load, mineUntilNextIs } from "./support/chain.ts";
import {
  type ChangeWorld,
  NEXT,
  NEXT_EPOCH,
  addressesOf,
  approve,
  confirmedWorld,
  proposed,
  reshare,
  resharedWorld,
} from "./support/committeeChange.ts";
import { OWNERS, RELAYER, activate } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const OWNER = OWNERS[0] as HDNodeWallet;
const OTHER = OWNERS[1] as HDNodeWallet;
const FIRST_EPOCH = 1n;
const GAS = { gasLimit: 1_000_000 };

interface Receipt {
  readonly epoch: bigint;
  readonly index: number;
  /** What is signed, where it is not the right one. */
  readonly said?: { readonly epoch?: bigint; readonly version?: bigint };
}

const workersOf = ({ committee }: ChangeWorld, epoch: bigint) => (epoch === FIRST_EPOCH ? committee : NEXT);
const idOf = ({ datasets, studyId }: ChangeWorld, owner = OWNER) => datasets.datasetIdOf(studyId, owner.address);

/** By the worker at that point, relayed by anyone. */
async function confirm(world: ChangeWorld, { epoch, index, said }: Receipt, overrides = {}) {
  const { datasets } = world;
  const datasetId = await idOf(world);
  const worker = workersOf(world, epoch)[index - 1] as HDNodeWallet;
  const version = await datasets.versionsOf(datasetId, epoch);
  const message = { datasetId, epoch, worker: worker.address, version, ...said };
  const signature = await worker.signTypedData(opalineDomain(chainId, await datasets.getAddress()), ERASURE, message);
  return datasets.connect(RELAYER).confirmErasure(datasetId, epoch, index, signature, overrides);
}

async function confirmAll(world: ChangeWorld, epoch: bigint) {
  for (const index of workersOf(world, epoch).keys()) await confirm(world, { epoch, index: index + 1 });
}

/** How often each of the two was told: all of an epoch's shares of the owner's data are erased; all there ever were are. */
async function told(world: ChangeWorld, epoch: bigint) {
  const { datasets } = world;
  const datasetId = await idOf(world);
  const shares = await datasets.queryFilter(datasets.filters.SharesErased(datasetId, epoch));
  return [shares.length, (await datasets.queryFilter(datasets.filters.DatasetErased(datasetId))).length];
}

/** The second committee serves, the first may still answer. */
async function followed() {
  const world = await confirmedWorld();
  await world.changes.complete(world.studyId);
  return { ...world, until: await world.committees.boundUntil(world.studyId, FIRST_EPOCH) };
}

/** The first may not any more. */
async function over() {
  const world = await followed();
  await mineUntilNextIs(world.until + 1n);
  return world;
}

async function withdrawn() {
  const world = await resharedWorld();
  await world.committees.withdrawProposal(world.studyId, "");
  return world;
}

describe("DatasetRetirement, by committee", () => {
  describe("holders", () => {
    it("are those that were given shares, each once, with the number of versions", async () => {
      const world = await load(proposed);
      const { datasets } = world;
      const [datasetId, other] = [await idOf(world), await idOf(world, OTHER)];
      const found = async () => [
        [...(await datasets.holders(datasetId))],
        await datasets.versionsOf(datasetId, FIRST_EPOCH),
        await datasets.versionsOf(datasetId, NEXT_EPOCH),
      ];
      assert.deepEqual(await found(), [[1n], 1n, 0n]);
      await approve(world, OWNER);
      await reshare(world, OWNER);
      assert.deepEqual(await found(), [[1n, 2n], 1n, 1n]);
      await activate(world, OWNER, 2n);
      assert.deepEqual(await found(), [[1n, 2n], 2n, 1n]);
      await reshare(world, OWNER, 2n);
      await reshare(world, OWNER, 1n, "second");
      assert.deepEqual(await found(), [[1n, 2n], 2n, 2n]);
      assert.deepEqual([...(await datasets.holders(other))], [1n]);
      assert.deepEqual([...(await datasets.holders(ZeroHash))], []);
    });
  });

  describe("confirmErasure", () => {
    it("of a committee that was followed waits for the last block in which it may answer", async () => {
      const world = await load(followed);
      const { datasets, until } = world;
      const datasetId = await idOf(world);
      await mineUntilNextIs(until);
      const early = confirm(world, { epoch: FIRST_EPOCH, index: 1 }, GAS);
      await reverts(early, datasets, "DatasetRegistryErasureNotDue", [datasetId, FIRST_EPOCH]);
      await confirm(world, { epoch: FIRST_EPOCH, index: 1 }, GAS);
      assert.deepEqual([...(await datasets.erasures(datasetId, FIRST_EPOCH))], [true, 1n, 14n]);
    });
    it("of it tells when all have, which says nothing of the committee that serves, nor of other data", async () => {
      const world = await load(over);
      const { datasets, trail } = world;
      const datasetId = await idOf(world);
      await confirmAll(world, FIRST_EPOCH);
      assert.deepEqual(await told(world, FIRST_EPOCH), [1, 0]);
      assert.deepEqual([...(await datasets.erasures(datasetId, FIRST_EPOCH))], [true, 15n, 0n]);
      assert.deepEqual([...(await datasets.erasures(datasetId, NEXT_EPOCH))], [false, 0n, 0n]);
      assert.deepEqual([...(await datasets.erasures(await idOf(world, OTHER), FIRST_EPOCH))], [true, 0n, 15n]);
      const serving = confirm(world, { epoch: NEXT_EPOCH, index: 1 });
      await reverts(serving, datasets, "DatasetRegistryErasureNotDue", [datasetId, NEXT_EPOCH]);
      const records = (await trail.queryFilter(trail.filters.Recorded(undefined, datasetId))).map(({ args }) => args);
      const words = [0x101, 0x103, 0x107, 0x10f].map((word) => toBeHex(word, 32));
      assert.deepEqual(
        records.filter(({ act }) => act === id("ErasureConfirmed")).map(({ newHash }) => newHash),
        words,
      );
    });
    it("of it stays due when its deposits were released", async () => {
      const world = await load(over);
      await world.committees.releaseDeposits(world.studyId, FIRST_EPOCH);
      await confirm(world, { epoch: FIRST_EPOCH, index: 4 });
      const found = await world.datasets.erasures(await idOf(world), FIRST_EPOCH);
      assert.deepEqual([...found], [true, 8n, 7n]);
    });
    it("of a proposed committee waits for its withdrawal, and of the serving one does not come", async () => {
      const world = await load(resharedWorld);
      const { committees, datasets, studyId } = world;
      const datasetId = await idOf(world);
      for (const epoch of [FIRST_EPOCH, NEXT_EPOCH]) {
        const act = confirm(world, { epoch, index: 1 });
        await reverts(act, datasets, "DatasetRegistryErasureNotDue", [datasetId, epoch]);
      }
      await committees.withdrawProposal(studyId, "");
      await confirmAll(world, NEXT_EPOCH);
      assert.deepEqual(await told(world, NEXT_EPOCH), [1, 0]);
      const act = confirm(world, { epoch: FIRST_EPOCH, index: 1 });
      await reverts(act, datasets, "DatasetRegistryErasureNotDue", [datasetId, FIRST_EPOCH]);
    });
    it("of a withdrawn one stays due when another is proposed, and installed", async () => {
      const world = await load(withdrawn);
      await world.committees.propose(world.studyId, addressesOf(NEXT), 2);
      await confirm(world, { epoch: NEXT_EPOCH, index: 1 });
      assert.equal((await world.datasets.erasures(await idOf(world), NEXT_EPOCH)).due, true);
    });
    it("refuses committees that were given nothing", async () => {
      const world = await load(proposed);
      const { committees, datasets, studyId } = world;
      const datasetId = await idOf(world);
      await committees.withdrawProposal(studyId, "");
      await datasets.connect(OWNER).retire(studyId, "");
      for (const epoch of [0n, NEXT_EPOCH, 3n]) {
        const act = confirm(world, { epoch, index: 1 });
        await reverts(act, datasets, "DatasetRegistryNoShares", [datasetId, epoch]);
        assert.deepEqual([...(await datasets.erasures(datasetId, epoch))], [false, 0n, 0n]);
      }
    });
    it("takes no receipt for one committee as one for another, of a worker of both", async () => {
      const world = await load(resharedWorld);
      const { datasets, studyId } = world;
      await datasets.connect(OWNER).retire(studyId, "");
      const act = confirm(world, { epoch: NEXT_EPOCH, index: 1, said: { epoch: FIRST_EPOCH } });
      await assert.rejects(act, /DatasetRegistryInvalidErasure\(/);
      await confirm(world, { epoch: NEXT_EPOCH, index: 1 });
      await confirm(world, { epoch: FIRST_EPOCH, index: 3 });
    });
    it("takes the number of versions that the committee was given, whatever is added later", async () => {
      const world = await load(followed);
      await activate({ ...world, committee: [...NEXT] }, OWNER, 2n);
      await world.datasets.connect(OWNER).retire(world.studyId, "");
      const act = confirm(world, { epoch: FIRST_EPOCH, index: 1, said: { version: 2n } });
      await assert.rejects(act, /DatasetRegistryInvalidErasure\(/);
      await confirm(world, { epoch: FIRST_EPOCH, index: 1, said: { version: 1n } });
      await confirm(world, { epoch: NEXT_EPOCH, index: 1, said: { version: 2n } });
    });
    it("of data retired while a proposal has shares is for both committees, and told once both have", async () => {
      const world = await load(resharedWorld);
      const { changes, datasets, studyId } = world;
      await datasets.connect(OWNER).retire(studyId, "");
      const gone = [await idOf(world)];
      await reverts(reshare(world, OWNER, 1n, "second"), changes, "CommitteeChangesNotAffected", gone);
      await confirmAll(world, NEXT_EPOCH);
      assert.deepEqual(await told(world, NEXT_EPOCH), [1, 0]);
      await confirmAll(world, FIRST_EPOCH);
      assert.deepEqual(await told(world, FIRST_EPOCH), [1, 1]);
    });
    it("tells that all is erased when what a committee had was erased before the retirement", async () => {
      const world = await load(over);
      await confirmAll(world, FIRST_EPOCH);
      await world.datasets.connect(OWNER).retire(world.studyId, "");
      assert.deepEqual(await told(world, NEXT_EPOCH), [0, 0]);
      await confirmAll(world, NEXT_EPOCH);
      assert.deepEqual(await told(world, NEXT_EPOCH), [1, 1]);
    });
  });
});
