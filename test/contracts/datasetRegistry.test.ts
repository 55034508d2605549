import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroAddress, ZeroHash, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { datasetRoot } from "../../workers/messages/datasetRoot.ts";
import { RECEIPT } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, load } from "./support/chain.ts";
import {
  CONSORTIUM,
  OWNERS,
  SCHEMA,
  SCHEMA_HASH,
  type StudyWorld,
  NO_RULES,
  POLICY,
  WORKERS,
  activate,
  activateDatasets,
  registerStudy,
  signedSegment,
  studyIdOf,
  DOCUMENT_HASH,
  PARTIES,
  signAgreement,
} from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";
import { shouldCheckSignature } from "./support/signedAct.behavior.ts";

const OWNER = OWNERS[0] as HDNodeWallet;

describe("DatasetRegistry", () => {
  type Segment = Awaited<ReturnType<typeof signedSegment>>;

  async function ready(rowCount?: bigint) {
    const world = await load(registerStudy);
    return { world, segment: await signedSegment(world, OWNER, 1n, rowCount) };
  }
  const send = (world: StudyWorld, signed: Segment, owner = OWNER) => {
    const { version, segment, fileHashes, receipts, ingestProof } = signed;
    return world.datasets.connect(owner).activate(world.studyId, version, segment, fileHashes, receipts, ingestProof);
  };

  describe("activate", () => {
    it("keeps the frozen record of version 1", async () => {
      const { world, segment } = await ready();
      await send(world, segment);
      const { datasets, studyId } = world;
      const words = [chainId, await datasets.getAddress(), studyId, OWNER.address];
      const types = ["uint256", "address", "bytes32", "address"];
      assert.equal(segment.datasetId, keccak256(AbiCoder.defaultAbiCoder().encode(types, words)));
      const { columnsRoot, sharesRoot } = segment.segment;
      const proofHash = keccak256(segment.ingestProof);
      const expected = [studyId, SCHEMA_HASH, 100n, 14n, 0n, columnsRoot, sharesRoot, proofHash, 0n];
      assert.deepEqual([...(await datasets.dataset(segment.datasetId))], expected);
      assert.equal(await datasets.ownerOf(segment.datasetId), OWNER.address);
      assert.equal(await datasets.version(segment.datasetId), 1n);
      assert.equal(await datasets.count(studyId), 1n);
      assert.deepEqual([...(await datasets.datasets(studyId, 0, 10))], [segment.datasetId]);
    });
    it("gives the root that the workers compute, at every version", async () => {
      const world = await load(registerStudy);
      const segments = [];
      for (const version of [1n, 2n, 3n]) {
        const signed = await signedSegment(world, OWNER, version, 10n * version);
        await send(world, signed);
        segments.push(signed.segment);
        const root = datasetRoot(signed.datasetId, version, segments);
        assert.equal(await world.datasets.datasetRoot(signed.datasetId), root);
        assert.deepEqual([...(await world.datasets.datasetRoots(world.studyId, [signed.datasetId]))], [root]);
      }
      const { datasetId } = await signedSegment(world, OWNER, 4n);
      assert.equal((await world.datasets.dataset(datasetId)).rowCount, 60n);
      assert.equal(await world.datasets.version(datasetId), 3n);
      assert.equal((await world.datasets.segments(datasetId)).length, 3);
      assert.equal(await world.datasets.count(world.studyId), 1n);
    });
    it("tells everything in the event and records the change of root", async () => {
      const { world, segment } = await ready();
      await send(world, segment);
      const { datasets, trail } = world;
      const [event] = await datasets.queryFilter(datasets.filters.DatasetActivated(segment.datasetId));
      assert.equal(event?.args.owner, OWNER.address);
      assert.equal(event?.args[3], 1n);
      assert.equal(event?.args.committeeEpoch, 1n);
      assert.deepEqual([...(event?.args.fileHashes ?? [])], segment.fileHashes);
      assert.equal(event?.args.ingestProof, segment.ingestProof);
      const [recorded] = await trail.queryFilter(trail.filters.Recorded(undefined, segment.datasetId));
      assert.equal(recorded?.args.act, id("DatasetActivated"));
      assert.equal(recorded?.args.organisation, id("Hospital 1"));
      assert.equal(recorded?.args.oldHash, ZeroHash);
      assert.equal(recorded?.args.newHash, await datasets.datasetRoot(segment.datasetId));
    });
    it("refuses an account that is no data owner, the consortium included", async () => {
      const { world, segment } = await ready();
      for (const caller of [CONSORTIUM, WORKERS[0] as HDNodeWallet]) {
        await reverts(send(world, segment, caller), world.datasets, "DatasetRegistryInactiveOwner", [caller.address]);
      }
    });
    it("refuses a revoked owner", async () => {
      const { world, segment } = await ready();
      await world.owners.revoke(OWNER.address, "");
      await reverts(send(world, segment), world.datasets, "DatasetRegistryInactiveOwner", [OWNER.address]);
    });
    it("keeps the hash of the newest version's dealing proof, and refuses to do without one", async () => {
      const { world, segment } = await ready();
      await reverts(send(world, { ...segment, ingestProof: "0x" }), world.datasets, "DatasetRegistryEmptyProof", []);
      await send(world, segment);
      const second = await signedSegment(world, OWNER, 2n);
      await send(world, second);
      const { ingestProofHash } = await world.datasets.dataset(segment.datasetId);
      assert.equal(ingestProofHash, keccak256(second.ingestProof));
    });
    it("refuses another owner's receipts", async () => {
      const { world, segment } = await ready();
      const thief = OWNERS[1] as HDNodeWallet;
      const datasetId = await world.datasets.datasetIdOf(world.studyId, thief.address);
      assert.notEqual(datasetId, segment.datasetId);
      await assert.rejects(send(world, segment, thief), /DatasetRegistryInvalidReceipt\(0/);
    });
    it("refuses a study without a committee, known or not", async () => {
      const { world, segment } = await ready();
      await world.studies.register("Bare", SCHEMA, POLICY, 14, ZeroHash, NO_RULES);
      const bare = { ...world, studyId: studyIdOf(await world.studies.getAddress(), "Bare") };
      await world.agreements.publish(bare.studyId, DOCUMENT_HASH, "EU", PARTIES);
      await signAgreement(bare, OWNERS[0] as HDNodeWallet);
      await reverts(send(bare, segment), world.datasets, "DatasetRegistryNoCommittee", [bare.studyId]);
    });
    it("refuses an owner who has not signed the study's agreement, or not its newest version", async () => {
      const { world, segment } = await ready();
      const owner = OWNERS[0]?.address;
      const unknown = send({ ...world, studyId: ZeroHash }, segment);
      await reverts(unknown, world.datasets, "DatasetRegistryAgreementNotSigned", [ZeroHash, owner]);
      await world.agreements.publish(world.studyId, id("version 2"), "EU", PARTIES);
      const refused = [world.studyId, owner];
      await reverts(send(world, segment), world.datasets, "DatasetRegistryAgreementNotSigned", refused);
      await signAgreement(world, OWNERS[0] as HDNodeWallet);
      await send(world, segment);
    });
    for (const version of [0n, 2n]) {
      it(`refuses version ${version} first`, async () => {
        const { world, segment } = await ready();
        const act = send(world, { ...segment, version });
        await reverts(act, world.datasets, "DatasetRegistryWrongVersion", [version, 1n]);
      });
    }
    it("refuses version 1 twice, and version 1's files as version 2", async () => {
      const { world, segment } = await ready();
      await send(world, segment);
      await reverts(send(world, segment), world.datasets, "DatasetRegistryWrongVersion", [1n, 2n]);
      const again = send(world, { ...segment, version: 2n });
      await reverts(again, world.datasets, "DatasetRegistrySegmentReused", [segment.segment.sharesRoot]);
    });
    it("refuses a segment without rows or columns", async () => {
      const { world, segment } = await ready();
      for (const change of [{ rowCount: 0n }, { columnsRoot: ZeroHash }]) {
        const act = send(world, { ...segment, segment: { ...segment.segment, ...change } });
        await reverts(act, world.datasets, "DatasetRegistryEmptySegment");
      }
    });
    it("refuses files other than the segment's", async () => {
      const { world, segment } = await ready();
      const fileHashes = [...segment.fileHashes].reverse();
      const computed = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32[]"], [fileHashes]));
      const act = send(world, { ...segment, fileHashes });
      await reverts(act, world.datasets, "DatasetRegistrySharesRootMismatch", [segment.segment.sharesRoot, computed]);
    });
    it("takes 2^log2N rows and refuses one more, over all versions", async () => {
      const { world, segment } = await ready(2n ** 14n - 1n);
      await send(world, segment);
      const two = await signedSegment(world, OWNER, 2n, 2n);
      await reverts(send(world, two), world.datasets, "DatasetRegistryTooManyRows", [2n ** 14n + 1n, 2n ** 14n]);
      await send(world, await signedSegment(world, OWNER, 2n, 1n));
    });
    it("refuses a row count that would overflow", async () => {
      const { world, segment } = await ready(2n ** 64n - 1n);
      await reverts(send(world, segment), world.datasets, "DatasetRegistryTooManyRows", [2n ** 64n - 1n, 2n ** 14n]);
    });
    it("refuses a receipt too few or too many, a file too few or too many", async () => {
      const { world, segment } = await ready();
      const receipts = [...segment.receipts, segment.receipts[0] ?? ""];
      for (const given of [segment.receipts.slice(1), receipts, []]) {
        const act = send(world, { ...segment, receipts: given });
        await reverts(act, world.datasets, "DatasetRegistryReceiptCount", [given.length, 4]);
      }
      for (const fileHashes of [segment.fileHashes.slice(1), [...segment.fileHashes, ZeroHash]]) {
        const sharesRoot = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32[]"], [fileHashes]));
        const act = send(world, { ...segment, fileHashes, segment: { ...segment.segment, sharesRoot } });
        await reverts(act, world.datasets, "DatasetRegistryReceiptCount", [fileHashes.length, 4]);
      }
    });
    it("refuses receipts out of order, and one worker's twice", async () => {
      const { world, segment } = await ready();
      const [first = "", second = "", third = "", fourth = ""] = segment.receipts;
      for (const receipts of [
        [second, first, third, fourth],
        [first, first, third, fourth],
      ]) {
        await assert.rejects(send(world, { ...segment, receipts }), /DatasetRegistryInvalidReceipt\((0|1),/);
      }
    });
    it("refuses the receipt of a worker revoked after signing", async () => {
      const { world, segment } = await ready();
      const worker = (WORKERS[2] as HDNodeWallet).address;
      await world.workers.revoke(worker, "");
      await reverts(send(world, segment), world.datasets, "DatasetRegistryInactiveWorker", [worker]);
    });
  });

  shouldCheckSignature("Receipt", async () => {
    const { world, segment } = await ready();
    const signer = WORKERS[1] as HDNodeWallet;
    return {
      contract: world.datasets,
      domain: opalineDomain(chainId, await world.datasets.getAddress()),
      types: RECEIPT,
      message: { datasetId: segment.datasetId, worker: signer.address, fileHash: segment.fileHashes[1] },
      signer,
      submit: (signature) => {
        const receipts = segment.receipts.with(1, signature);
        return send(world, { ...segment, receipts });
      },
      invalid: (recovered) => ["DatasetRegistryInvalidReceipt", [1, recovered, signer.address]],
    };
  });

  describe("datasetRoots", () => {
    it("is zero for datasets that are unknown or of another study", async () => {
      const { datasets, studyId, datasetIds } = await load(activateDatasets);
      const roots = await datasets.datasetRoots(studyId, [...datasetIds, ZeroHash]);
      assert.deepEqual(
        roots.map((root) => root !== ZeroHash),
        [true, true, true, false],
      );
      assert.deepEqual([...(await datasets.datasetRoots(id("other"), datasetIds))], [ZeroHash, ZeroHash, ZeroHash]);
    });
  });

  describe("dataset", () => {
    it("refuses an unknown dataset; the other views give zero", async () => {
      const { datasets } = await load(registerStudy);
      await reverts(datasets.dataset(ZeroHash), datasets, "DatasetRegistryUnknown", [ZeroHash]);
      assert.equal(await datasets.ownerOf(ZeroHash), ZeroAddress);
      assert.equal(await datasets.version(ZeroHash), 0n);
      assert.equal(await datasets.datasetRoot(ZeroHash), ZeroHash);
    });
  });

  describe("datasets", () => {
    it("gives pages in order of activation", async () => {
      const world = await load(registerStudy);
      const ids: string[] = [];
      for (const owner of OWNERS) ids.push(await activate(world, owner));
      assert.deepEqual([...(await world.datasets.datasets(world.studyId, 1, 100))], ids.slice(1));
      assert.deepEqual([...(await world.datasets.datasets(world.studyId, 3, 100))], []);
    });
  });
});
