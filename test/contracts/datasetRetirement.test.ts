/** Retirement of datasets, and the workers' receipts for what they erased. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroHash, id, toBeHex } from "ethers";
import type { HDNodeWallet } from "ethers";
import { ERASURE } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, load, networkHelpers } from "./support/chain.ts";
import {
  type ActiveWorld,
  CONSORTIUM,
  OUTSIDER,
  OWNERS,
  RELAYER,
  WORKERS,
  acceptAgreement,
  answer,
  ask,
  registerStudy,
  signedSegment,
} from "./support/consortium.ts";
import { NEW_KEY, replace } from "./support/keyRotation.ts";
import { reverts } from "./support/reverts.ts";
import { shouldCheckSignature } from "./support/signedAct.behavior.ts";

const OWNER = OWNERS[0] as HDNodeWallet;
const OTHER_OWNER = OWNERS[1] as HDNodeWallet;
/** Of the only committee that there is here. */
const EPOCH = 1n;
const NO_TERMS = { k: 0, openingsBudget: 0, closed: false, purposes: [] };

type World = ActiveWorld & { datasetIds: string[] };

async function datasetOf({ datasets, studyId }: World, owner = OWNER): Promise<string> {
  return datasets.datasetIdOf(studyId, owner.address);
}

async function receiptOf(world: World, index: number, change: { by?: HDNodeWallet; version?: bigint } = {}) {
  const worker = world.committee[index - 1] as HDNodeWallet;
  const domain = opalineDomain(chainId, await world.datasets.getAddress());
  const place = { datasetId: await datasetOf(world), epoch: EPOCH, worker: worker.address };
  const message = { ...place, version: change.version ?? 1n };
  return (change.by ?? worker).signTypedData(domain, ERASURE, message);
}

async function confirm(world: World, index: number, signature?: string) {
  const datasetId = await datasetOf(world);
  const given = signature ?? (await receiptOf(world, index));
  return world.datasets.connect(RELAYER).confirmErasure(datasetId, EPOCH, index, given);
}

async function lastRecord({ trail }: World) {
  const { act, subject, actor, organisation, oldHash, newHash, reason } = (
    await trail.queryFilter(trail.filters.Recorded())
  ).at(-1)!.args;
  return [act, subject, actor, organisation, oldHash, newHash, reason];
}

describe("DatasetRetirement", () => {
  async function retired() {
    const world = await acceptAgreement();
    await world.datasets.connect(OWNER).retire(world.studyId, "The study has ended.");
    return world;
  }

  describe("retire", () => {
    it("takes one owner's data out of every request's reach, and tells and records why", async () => {
      const world = await load(acceptAgreement);
      const { datasets, studyId } = world;
      const datasetId = await datasetOf(world);
      await datasets.connect(OWNER).retire(studyId, "The study has ended.");
      const [event] = await datasets.queryFilter(datasets.filters.DatasetRetired(datasetId, studyId));
      assert.deepEqual([event!.args.owner, event!.args.reason], [OWNER.address, "The study has ended."]);
      const root = await datasets.datasetRoot(datasetId);
      const by = [OWNER.address, id("Hospital 1"), ZeroHash];
      assert.deepEqual(await lastRecord(world), [id("DatasetRetired"), datasetId, ...by, root, "The study has ended."]);
      await reverts(ask(world), world.query, "DatasetRegistryRetired", [datasetId]);
      await ask({ ...world, datasetIds: world.datasetIds.filter((each) => each !== datasetId) });
    });
    it("leaves what is known of the data: root, segments, owner, number; and shows them closed", async () => {
      const world = await load(acceptAgreement);
      const { datasets, studyId } = world;
      const datasetId = await datasetOf(world);
      const read = async () => [
        await datasets.datasetRoot(datasetId),
        await datasets.segments(datasetId),
        await datasets.ownerOf(datasetId),
        await datasets.version(datasetId),
        await datasets.count(studyId),
        await datasets.dataset(datasetId),
      ];
      const before = await read();
      await datasets.connect(OWNER).retire(studyId, "");
      assert.equal(String(await read()), String(before));
      assert.equal((await datasets.termsOf(datasetId)).closed, true);
    });
    it("refuses every later act on the data, a second retirement first", async () => {
      const world = await load(retired);
      const { datasets, studyId, queryHash } = world;
      const own = datasets.connect(OWNER);
      const { segment, fileHashes, receipts, ingestProof } = await signedSegment(world, OWNER, 2n);
      const gone = [await datasetOf(world)];
      for (const act of [
        () => own.retire(studyId, ""),
        () => datasets.retireFor(gone[0]!, ""),
        () => own.setTerms(studyId, NO_TERMS),
        () => own.setTerms(studyId, { ...NO_TERMS, closed: true }),
        () => own.veto(studyId, queryHash, ""),
        () => own.liftVeto(studyId, queryHash),
        () => own.activate(studyId, 2n, segment, fileHashes, receipts, ingestProof),
      ]) {
        await reverts(act(), datasets, "DatasetRegistryRetired", gone);
      }
    });
    it("is open to an owner whose credential has expired, by its current key alone", async () => {
      const world = await load(acceptAgreement);
      const { datasets, owners, studyId } = world;
      await replace(owners, OWNER.address, NEW_KEY);
      await networkHelpers.time.increaseTo((await owners.member(OWNER.address)).expiry + 1n);
      assert.equal(await owners.isActive(OWNER.address), false);
      const old = datasets.connect(OWNER).retire(studyId, "");
      await reverts(old, datasets, "DatasetRegistryInactiveOwner", [OWNER.address]);
      await datasets.connect(NEW_KEY).retire(studyId, "we left");
      const [event] = await datasets.queryFilter(datasets.filters.DatasetRetired());
      assert.equal(event!.args.owner, OWNER.address);
    });
    it("refuses a revoked owner, whose key may be a thief's: the consortium retires for it", async () => {
      const world = await load(acceptAgreement);
      const { datasets, owners, studyId } = world;
      await owners.revoke(OWNER.address, "its key was stolen");
      const act = datasets.connect(OWNER).retire(studyId, "");
      await reverts(act, datasets, "DatasetRegistryInactiveOwner", [OWNER.address]);
      await datasets.retireFor(await datasetOf(world), "it left");
      assert.equal(await datasets.isRetired(await datasetOf(world)), true);
    });
    it("refuses whoever is no owner, and an owner without data in the study", async () => {
      const world = await load(registerStudy);
      const { datasets, studyId } = world;
      for (const caller of [OUTSIDER, CONSORTIUM, WORKERS[0] as HDNodeWallet]) {
        const act = datasets.connect(caller).retire(studyId, "");
        await reverts(act, datasets, "DatasetRegistryInactiveOwner", [caller.address]);
      }
      const datasetId = await datasets.datasetIdOf(studyId, OWNER.address);
      await reverts(datasets.connect(OWNER).retire(studyId, ""), datasets, "DatasetRegistryUnknown", [datasetId]);
    });
    it("leaves open requests to be answered or refused, and answers given", async () => {
      const world = await load(acceptAgreement);
      const asked = await ask(world);
      await world.datasets.connect(OWNER).retire(world.studyId, "");
      await answer({ ...world, asked });
      assert.equal((await world.query.requestOf(asked.context.requestId)).state, 2n);
    });
    it("and receipts are not stopped by the emergency stop", async () => {
      const world = await load(acceptAgreement);
      await world.emergencyStop.stop("");
      await world.datasets.connect(OWNER).retire(world.studyId, "");
      await confirm(world, 1);
    });
  });

  describe("retireFor", () => {
    it("does the same for the consortium, in its own name", async () => {
      const world = await load(acceptAgreement);
      const { datasets } = world;
      const datasetId = await datasetOf(world);
      await datasets.retireFor(datasetId, "The hospital has closed.");
      const root = await datasets.datasetRoot(datasetId);
      const by = [CONSORTIUM.address, ZeroHash, ZeroHash];
      assert.deepEqual(await lastRecord(world), [
        id("DatasetRetired"),
        datasetId,
        ...by,
        root,
        "The hospital has closed.",
      ]);
      const [event] = await datasets.queryFilter(datasets.filters.DatasetRetired(datasetId, world.studyId));
      assert.deepEqual([event!.args.owner, event!.args.reason], [OWNER.address, "The hospital has closed."]);
      await reverts(ask(world), world.query, "DatasetRegistryRetired", [datasetId]);
    });
    it("refuses an unknown dataset", async () => {
      const { datasets } = await load(acceptAgreement);
      await reverts(datasets.retireFor(ZeroHash, ""), datasets, "DatasetRegistryUnknown", [ZeroHash]);
    });
  });

  describe("confirmErasure", () => {
    it("counts each worker's receipt once, and says when all are there", async () => {
      const world = await load(retired);
      const { datasets, committee } = world;
      const datasetId = await datasetOf(world);
      for (const [index, confirmed] of [
        [3, 0b0100],
        [1, 0b0101],
        [4, 0b1101],
        [2, 0b1111],
      ] as const) {
        assert.equal((await datasets.queryFilter(datasets.filters.DatasetErased(datasetId))).length, 0);
        const before = (await datasets.erasures(datasetId, EPOCH)).confirmed;
        await confirm(world, index);
        const worker = committee[index - 1]!.address;
        const [event] = await datasets.queryFilter(datasets.filters.ErasureConfirmed(datasetId, EPOCH, worker));
        assert.deepEqual([event!.args.index, event!.args.version], [BigInt(index), 1n]);
        const words = [before, BigInt(confirmed)].map((bits) => toBeHex((EPOCH << 8n) | bits, 32));
        assert.deepEqual(await lastRecord(world), [id("ErasureConfirmed"), datasetId, worker, ZeroHash, ...words, ""]);
        const found = await datasets.erasures(datasetId, EPOCH);
        assert.deepEqual([...found], [true, BigInt(confirmed), BigInt(0b1111 & ~confirmed)]);
      }
      assert.equal((await datasets.queryFilter(datasets.filters.SharesErased(datasetId, EPOCH))).length, 1);
      assert.equal((await datasets.queryFilter(datasets.filters.DatasetErased(datasetId))).length, 1);
    });
    it("refuses data that nobody retired, another owner's and unknown ones", async () => {
      const world = await load(retired);
      for (const [datasetId, error] of [
        [await datasetOf(world, OTHER_OWNER), "DatasetRegistryErasureNotDue"],
        [ZeroHash, "DatasetRegistryNoShares"],
      ] as const) {
        const act = world.datasets.confirmErasure(datasetId, EPOCH, 1, await receiptOf(world, 1));
        await reverts(act, world.datasets, error, [datasetId, EPOCH]);
        assert.deepEqual([...(await world.datasets.erasures(datasetId, EPOCH))], [false, 0n, 0n]);
        assert.equal(await world.datasets.isRetired(datasetId), false);
      }
    });
    it("refuses points that no worker has", async () => {
      const world = await load(retired);
      const datasetId = await datasetOf(world);
      for (const index of [0, 5, 255]) {
        const act = world.datasets.confirmErasure(datasetId, EPOCH, index, await receiptOf(world, 1));
        await reverts(act, world.datasets, "DatasetRegistryNoSuchWorker", [datasetId, EPOCH, index]);
      }
    });
    it("refuses a worker's receipt twice", async () => {
      const world = await load(retired);
      await confirm(world, 2);
      const twice = [await datasetOf(world), EPOCH, world.committee[1]!.address];
      await reverts(confirm(world, 2), world.datasets, "DatasetRegistryErasureAlreadyConfirmed", twice);
    });
    it("refuses one worker's receipt at another's point", async () => {
      const world = await load(retired);
      await assert.rejects(confirm(world, 2, await receiptOf(world, 1)), /DatasetRegistryInvalidErasure\(/);
    });
    it("takes the newest version's receipt only", async () => {
      const world = await load(acceptAgreement);
      const { datasets, studyId } = world;
      const { segment, fileHashes, receipts, ingestProof } = await signedSegment(world, OWNER, 2n);
      await datasets.connect(OWNER).activate(studyId, 2n, segment, fileHashes, receipts, ingestProof);
      await datasets.connect(OWNER).retire(studyId, "");
      await assert.rejects(confirm(world, 1), /DatasetRegistryInvalidErasure\(/);
      await confirm(world, 1, await receiptOf(world, 1, { version: 2n }));
      const [event] = await datasets.queryFilter(datasets.filters.ErasureConfirmed());
      assert.equal(event!.args.version, 2n);
    });
    it("takes a revoked worker's receipt, by its current key alone", async () => {
      const world = await load(retired);
      const worker = world.committee[0]!;
      await replace(world.workers, worker.address, NEW_KEY);
      await world.workers.revoke(worker.address, "");
      await assert.rejects(confirm(world, 1), /DatasetRegistryInvalidErasure\(/);
      await confirm(world, 1, await receiptOf(world, 1, { by: NEW_KEY }));
      assert.equal((await world.datasets.erasures(await datasetOf(world), EPOCH)).confirmed, 1n);
    });
    it("of one dataset says nothing of another's", async () => {
      const world = await load(retired);
      await confirm(world, 1);
      await world.datasets.connect(OTHER_OWNER).retire(world.studyId, "");
      const other = await datasetOf(world, OTHER_OWNER);
      assert.deepEqual([...(await world.datasets.erasures(other, EPOCH))], [true, 0n, 0b1111n]);
      const act = world.datasets.confirmErasure(other, EPOCH, 1, await receiptOf(world, 1));
      await assert.rejects(act, /DatasetRegistryInvalidErasure\(/);
    });
  });

  shouldCheckSignature("Erasure", async () => {
    const world = await load(retired);
    const signer = world.committee[1]!;
    return {
      contract: world.datasets,
      domain: opalineDomain(chainId, await world.datasets.getAddress()),
      types: ERASURE,
      message: { datasetId: await datasetOf(world), epoch: EPOCH, worker: signer.address, version: 1n },
      signer,
      submit: (signature) => confirm(world, 2, signature),
      invalid: (recovered) => ["DatasetRegistryInvalidErasure", [recovered, signer.address]],
    };
  });
});
