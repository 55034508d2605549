/** How a study that has data gets another committee. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AbiCoder, ZeroHash, id, keccak256 } from "ethers";
import type { HDNodeWallet } from "ethers";
import { COMMITTEE_APPROVAL, ERASURE } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { chainId, load } from "./support/chain.ts";
import {
  type ChangeWorld,
  NEXT,
  NEXT_EPOCH,
  addressesOf,
  approvalOf,
  approve,
  hashOfCommittee,
  confirm,
  confirmedWithRequest,
  confirmedWorld,
  proposed,
  reshare,
  resharedWorld,
  resharing,
} from "./support/committeeChange.ts";
import {
  CONSORTIUM,
  OUTSIDER,
  OWNERS,
  RELAYER,
  WORKERS,
  activate,
  answer,
  ask,
  registerStudy,
} from "./support/consortium.ts";
import { NEW_KEY, rotate } from "./support/keyRotation.ts";
import { reverts } from "./support/reverts.ts";
import { shouldCancelNonce, shouldCheckSignature, shouldKeepDeadline } from "./support/signedAct.behavior.ts";

const OWNER = OWNERS[0] as HDNodeWallet;
const OTHER = OWNERS[1] as HDNodeWallet;
const FIRST_OF_NEXT = NEXT[0] as HDNodeWallet;

async function lastRecord({ trail }: Pick<ChangeWorld, "trail">) {
  return (await trail.queryFilter(trail.filters.Recorded())).at(-1)!.args;
}
async function idOf({ datasets, studyId }: ChangeWorld, owner: HDNodeWallet): Promise<string> {
  return datasets.datasetIdOf(studyId, owner.address);
}
async function approved() {
  const world = await proposed();
  await approve(world, OWNER);
  return world;
}

describe("CommitteeChanges", () => {
  describe("approve", () => {
    it("is relayed by anyone, told with name and meaning, and recorded under the owner's name", async () => {
      const world = await load(proposed);
      const { changes, studyId } = world;
      assert.equal(await changes.isApproved(studyId, NEXT_EPOCH, OWNER.address), false);
      const { name, meaning } = await approvalOf(world, OWNER);
      await approve(world, OWNER);
      assert.equal(await changes.isApproved(studyId, NEXT_EPOCH, OWNER.address), true);
      assert.equal(await changes.isApproved(studyId, NEXT_EPOCH, OTHER.address), false);
      const [event] = await changes.queryFilter(changes.filters.CommitteeApproved());
      assert.deepEqual([event!.args.newEpoch, event!.args.name, event!.args.meaning], [NEXT_EPOCH, name, meaning]);
      const { act, subject, actor, organisation } = await lastRecord(world);
      const expected = [id("CommitteeApproved"), studyId, OWNER.address, id("Hospital 1")];
      assert.deepEqual([act, subject, actor, organisation], expected);
    });
    it("twice is refused", async () => {
      const world = await load(approved);
      const args = [world.studyId, OWNER.address];
      await reverts(approve(world, OWNER), world.changes, "CommitteeChangesAlreadyApproved", args);
    });
    it("of another epoch, another committee, or after another one than serves is refused", async () => {
      const world = await load(proposed);
      const { changes, studyId } = world;
      const next = approve(world, OWNER, { newEpoch: 3n });
      await reverts(next, changes, "CommitteeChangesNotProposed", [studyId, 3n]);
      const other = approve(world, OWNER, { oldEpoch: 2n });
      await reverts(other, changes, "CommitteeChangesWrongEpoch", [2n, 1n]);
      const expected = await hashOfCommittee(world, NEXT_EPOCH);
      const hash = approve(world, OWNER, { committeeHash: id("other") });
      await reverts(hash, changes, "CommitteeChangesWrongCommittee", [id("other"), expected]);
    });
    it("where nothing is proposed, or no longer, is refused", async () => {
      const world = await load(proposed);
      const { changes, committees, studyId } = world;
      const unknown = approve(world, OWNER, { studyId: ZeroHash });
      await reverts(unknown, changes, "CommitteeChangesNotProposed", [ZeroHash, 0n]);
      const given = await approvalOf(world, OWNER);
      await committees.withdrawProposal(studyId, "");
      await reverts(changes.approve(given, "0x"), changes, "CommitteeChangesNotProposed", [studyId, 0n]);
    });
    it("of a proposal that was withdrawn does not count for the next one of the same workers", async () => {
      const world = await load(approved);
      await world.committees.withdrawProposal(world.studyId, "");
      await world.committees.propose(world.studyId, addressesOf(NEXT), 2);
      assert.equal(await world.changes.isApproved(world.studyId, 3n, OWNER.address), false);
      const act = reshare(world, OWNER);
      await reverts(act, world.changes, "CommitteeChangesNotApproved", [world.studyId, OWNER.address]);
    });
    it("by or for somebody who is no active owner is refused", async () => {
      const world = await load(proposed);
      const stranger = approve(world, OWNER, { owner: OUTSIDER.address });
      await reverts(stranger, world.changes, "CommitteeChangesNotOwner", [OUTSIDER.address]);
      await world.owners.revoke(OWNER.address, "");
      await reverts(approve(world, OWNER), world.changes, "CommitteeChangesNotOwner", [OWNER.address]);
    });
    it("of an owner without data in the study, or with retired data, is refused", async () => {
      const world = await load(oneOwner);
      const absent = await idOf(world, OTHER);
      await reverts(approve(world, OTHER), world.changes, "CommitteeChangesNotAffected", [absent]);
      await world.datasets.connect(OWNER).retire(world.studyId, "");
      const retired = await idOf(world, OWNER);
      await reverts(approve(world, OWNER), world.changes, "CommitteeChangesNotAffected", [retired]);
    });
  });

  /** Only the first owner has data. */
  async function oneOwner() {
    const world = await registerStudy();
    await activate(world, OWNER);
    await world.committees.propose(world.studyId, addressesOf(NEXT), 2);
    return { ...world, datasetIds: [await idOf({ ...world, datasetIds: [] }, OWNER)] };
  }

  describe("reshare", () => {
    it("keeps the version's new shares root, tells files and proof, and changes nothing yet", async () => {
      const world = await load(approved);
      const { changes, datasets } = world;
      const { datasetId, fileHashes, sharesRoot, proof } = await resharing(world, OWNER);
      const [root, [segment]] = [await datasets.datasetRoot(datasetId), await datasets.segments(datasetId)];
      await reshare(world, OWNER);
      assert.equal(await changes.reshared(datasetId, NEXT_EPOCH), 1n);
      const [event] = await changes.queryFilter(changes.filters.DatasetReshared(datasetId));
      assert.deepEqual([...event!.args.fileHashes], fileHashes);
      assert.deepEqual([event!.args.version, event!.args.newEpoch, event!.args.ingestProof], [1n, NEXT_EPOCH, proof]);
      const { act, subject, actor, oldHash, newHash } = await lastRecord(world);
      const expected = [id("DatasetReshared"), datasetId, OWNER.address, segment!.sharesRoot, sharesRoot];
      assert.deepEqual([act, subject, actor, oldHash, newHash], expected);
      assert.equal(await datasets.datasetRoot(datasetId), root);
    });
    it("goes version by version, and again for one that was shared wrongly", async () => {
      const world = await load(approved);
      const { changes } = world;
      await activate(world, OWNER, 2n);
      await reverts(reshare(world, OWNER, 2n), changes, "CommitteeChangesWrongVersion", [2n, 1n]);
      await reverts(reshare(world, OWNER, 0n), changes, "CommitteeChangesWrongVersion", [0n, 1n]);
      await reshare(world, OWNER, 1n);
      await reshare(world, OWNER, 2n);
      await reverts(reshare(world, OWNER, 3n), changes, "CommitteeChangesWrongVersion", [3n, 3n]);
      const first = (await resharing(world, OWNER, 1n)).sharesRoot;
      await reshare(world, OWNER, 1n, "second");
      assert.equal(await changes.reshared(await idOf(world, OWNER), NEXT_EPOCH), 2n);
      const { oldHash, newHash } = await lastRecord(world);
      assert.deepEqual([oldHash, newHash], [first, (await resharing(world, OWNER, 1n, "second")).sharesRoot]);
    });
    it("takes the same files once for an epoch: not again, nor for another version, nor after others", async () => {
      const world = await load(approved);
      const { changes, committees, datasets, studyId } = world;
      await activate(world, OWNER, 2n);
      await reshare(world, OWNER);
      const { fileHashes, receipts, proof, sharesRoot } = await resharing(world, OWNER);
      const send = (version: bigint, ingestProof = proof) =>
        changes.connect(OWNER).reshare(studyId, version, fileHashes, receipts, ingestProof);
      for (const version of [1n, 2n]) {
        await reverts(send(version), datasets, "DatasetRegistrySegmentReused", [sharesRoot]);
      }
      await reverts(send(1n, id("another proof")), datasets, "DatasetRegistrySegmentReused", [sharesRoot]);
      await reshare(world, OWNER, 1n, "second");
      for (const version of [1n, 2n]) {
        await reverts(send(version), datasets, "DatasetRegistrySegmentReused", [sharesRoot]);
      }
      await committees.withdrawProposal(studyId, "");
      await committees.propose(studyId, addressesOf(NEXT), 2);
      await approve(world, OWNER);
      await send(1n);
    });
    it("keeps what was confirmed of files that others replaced from counting again", async () => {
      const world = await load(confirmedWorld);
      const { changes, studyId } = world;
      const { sharesRoot } = await resharing(world, OWNER);
      await reshare(world, OWNER, 1n, "second");
      const complete = () => changes.connect(OUTSIDER).complete(studyId);
      await reverts(complete(), changes, "CommitteeChangesNotConfirmed", [studyId, 1n]);
      await reverts(reshare(world, OWNER), world.datasets, "DatasetRegistrySegmentReused", [sharesRoot]);
      await reverts(complete(), changes, "CommitteeChangesNotConfirmed", [studyId, 1n]);
    });
    it("needs the owner's approval, and its key", async () => {
      const world = await load(approved);
      const { changes, owners, studyId } = world;
      await reverts(reshare(world, OTHER), changes, "CommitteeChangesNotApproved", [studyId, OTHER.address]);
      await reverts(reshare(world, OUTSIDER), changes, "CommitteeChangesNotOwner", [OUTSIDER.address]);
      await owners.revoke(OWNER.address, "");
      await reverts(reshare(world, OWNER), changes, "CommitteeChangesNotOwner", [OWNER.address]);
    });
    it("is refused where nothing is proposed, without a proof, and of retired data", async () => {
      const world = await load(approved);
      const { changes, committees, datasets, studyId } = world;
      const { fileHashes, receipts } = await resharing(world, OWNER);
      const empty = changes.connect(OWNER).reshare(studyId, 1n, fileHashes, receipts, "0x");
      await reverts(empty, changes, "CommitteeChangesEmptyProof", []);
      await datasets.connect(OWNER).retire(studyId, "");
      const retired = [await idOf(world, OWNER)];
      await reverts(reshare(world, OWNER), changes, "CommitteeChangesNotAffected", retired);
      await committees.withdrawProposal(studyId, "");
      await reverts(reshare(world, OWNER), changes, "CommitteeChangesNotProposed", [studyId, 0n]);
    });
    it("needs a receipt of each proposed worker, active, over its file", async () => {
      const world = await load(approved);
      const { changes, datasets, studyId } = world;
      const { fileHashes, receipts, proof } = await resharing(world, OWNER);
      const send = (files: string[], signed: string[]) =>
        changes.connect(OWNER).reshare(studyId, 1n, files, signed, proof);
      await reverts(send(fileHashes.slice(1), receipts), datasets, "DatasetRegistryReceiptCount", [4n, 5n]);
      await reverts(send(fileHashes, receipts.slice(1)), datasets, "DatasetRegistryReceiptCount", [4n, 5n]);
      const swapped = [receipts[1]!, receipts[0]!, ...receipts.slice(2)];
      await assert.rejects(send(fileHashes, swapped), /DatasetRegistryInvalidReceipt/);
      await world.workers.revoke(FIRST_OF_NEXT.address, "");
      await reverts(send(fileHashes, receipts), datasets, "DatasetRegistryInactiveWorker", [FIRST_OF_NEXT.address]);
    });
  });

  describe("contentOf", () => {
    it("is the hash of what the proposed committee would serve over", async () => {
      const world = await load(resharedWorld);
      const { changes, studyId } = world;
      const abi = AbiCoder.defaultAbiCoder();
      let content = keccak256(abi.encode(["bytes32", "uint64"], [studyId, NEXT_EPOCH]));
      for (const owner of OWNERS) {
        const { datasetId, sharesRoot, proof } = await resharing(world, owner);
        const types = ["bytes32", "bytes32", "tuple(bytes32,bytes32)[]"];
        content = keccak256(abi.encode(types, [content, datasetId, [[sharesRoot, keccak256(proof)]]]));
      }
      assert.deepEqual([...(await changes.contentOf(studyId))], [NEXT_EPOCH, content]);
    });
    it("says what is missing: a proposal, an approval, a version", async () => {
      const world = await load(proposed);
      const { changes, studyId } = world;
      await reverts(changes.contentOf(ZeroHash), changes, "CommitteeChangesNotProposed", [ZeroHash, 0n]);
      const unsigned = [studyId, OWNER.address];
      await reverts(changes.contentOf(studyId), changes, "CommitteeChangesNotApproved", unsigned);
      await approve(world, OWNER);
      const missing = [await idOf(world, OWNER), 0n, 1n];
      await reverts(changes.contentOf(studyId), changes, "CommitteeChangesNotReshared", missing);
    });
    it("leaves retired data out", async () => {
      const world = await load(proposed);
      const { changes, datasets, studyId } = world;
      for (const owner of OWNERS) await datasets.connect(owner).retire(studyId, "");
      const nothing = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint64"], [studyId, NEXT_EPOCH]));
      assert.equal((await changes.contentOf(studyId))[1], nothing);
    });
  });

  describe("confirm", () => {
    it("keeps, tells and records what the worker confirmed", async () => {
      const world = await load(resharedWorld);
      const { changes, studyId } = world;
      const [, content] = await changes.contentOf(studyId);
      await confirm(world, 1);
      assert.equal(await changes.confirmed(studyId, NEXT_EPOCH, 1), content);
      assert.equal(await changes.confirmed(studyId, NEXT_EPOCH, 2), ZeroHash);
      const [event] = await changes.queryFilter(changes.filters.CommitteeChangeConfirmed());
      const { newEpoch, worker, index } = event!.args;
      assert.deepEqual([newEpoch, worker, index], [NEXT_EPOCH, FIRST_OF_NEXT.address, 1n]);
      const { act, subject, actor, newHash } = await lastRecord(world);
      const expected = [id("CommitteeChangeConfirmed"), studyId, FIRST_OF_NEXT.address, content];
      assert.deepEqual([act, subject, actor, newHash], expected);
    });
    it("is for the worker's key at its own point only", async () => {
      const world = await load(resharedWorld);
      const { changes, workers, studyId } = world;
      const [, content] = await changes.contentOf(studyId);
      const as = (wallet: HDNodeWallet, index: number) => changes.connect(wallet).confirm(studyId, index, content);
      const name = "CommitteeChangesNotWorker";
      await reverts(as(OUTSIDER, 1), changes, name, [OUTSIDER.address, 1]);
      await reverts(as(FIRST_OF_NEXT, 2), changes, name, [FIRST_OF_NEXT.address, 2]);
      await reverts(as(FIRST_OF_NEXT, 0), changes, name, [FIRST_OF_NEXT.address, 0]);
      await reverts(as(FIRST_OF_NEXT, 6), changes, name, [FIRST_OF_NEXT.address, 6]);
      const outgoing = WORKERS[0] as HDNodeWallet;
      await reverts(as(outgoing, 1), changes, name, [outgoing.address, 1]);
      await rotate(workers, FIRST_OF_NEXT, NEW_KEY);
      await reverts(as(FIRST_OF_NEXT, 1), changes, name, [FIRST_OF_NEXT.address, 1]);
      await workers.revoke(NEXT[1]!.address, "");
      await reverts(as(NEXT[1] as HDNodeWallet, 2), changes, name, [NEXT[1]!.address, 2]);
    });
    it("of something else, or of the same twice, is refused", async () => {
      const world = await load(resharedWorld);
      const { changes, studyId } = world;
      const [, content] = await changes.contentOf(studyId);
      const other = changes.connect(FIRST_OF_NEXT).confirm(studyId, 1, id("other"));
      await reverts(other, changes, "CommitteeChangesOtherContent", [id("other"), content]);
      await confirm(world, 1);
      const args = [studyId, FIRST_OF_NEXT.address];
      await reverts(confirm(world, 1), changes, "CommitteeChangesAlreadyConfirmed", args);
      await reshare(world, OWNER, 1n, "second");
      await confirm(world, 1);
    });
    it("is refused while an owner's data are missing", async () => {
      const world = await load(approved);
      const missing = [await idOf(world, OWNER), 0n, 1n];
      const act = world.changes.connect(FIRST_OF_NEXT).confirm(world.studyId, 1, ZeroHash);
      await reverts(act, world.changes, "CommitteeChangesNotReshared", missing);
    });
  });

  describe("complete", () => {
    it("makes committee and shares the study's at once; columns, rows, versions and openings stay", async () => {
      const world = await load(confirmedWorld);
      const { changes, committees, datasets, studyId } = world;
      const before = await Promise.all(OWNERS.map(async (owner) => datasets.dataset(await idOf(world, owner))));
      const roots = [...(await datasets.datasetRoots(studyId, world.datasetIds))];
      assert.equal((await datasets.standingOf(studyId)).committeeEpoch, 1n);
      await changes.connect(RELAYER).complete(studyId);
      assert.equal(await committees.currentEpoch(studyId), NEXT_EPOCH);
      assert.equal((await datasets.standingOf(studyId)).committeeEpoch, NEXT_EPOCH);
      assert.equal(await committees.proposedEpoch(studyId), 0n);
      for (const [i, owner] of OWNERS.entries()) {
        const { datasetId, sharesRoot, proof } = await resharing(world, owner);
        const [old, entry] = [before[i]!, await datasets.dataset(datasetId)];
        const [segment] = await datasets.segments(datasetId);
        assert.deepEqual([entry.sharesRoot, segment!.sharesRoot], [sharesRoot, sharesRoot]);
        assert.equal(entry.ingestProofHash, keccak256(proof));
        for (const field of ["studyId", "schemaHash", "rowCount", "log2N", "columnsRoot", "openingsUsed"] as const) {
          assert.equal(entry[field], old[field], field);
        }
        assert.equal(segment!.columnsRoot, old.columnsRoot);
        assert.equal(await datasets.version(datasetId), 1n);
        const tuple = "tuple(uint64 rowCount,bytes32 columnsRoot,bytes32 sharesRoot)[]";
        const { rowCount, columnsRoot } = segment!;
        const words = [datasetId, 1n, [{ rowCount, columnsRoot, sharesRoot }]];
        const root = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint64", tuple], words));
        assert.equal(await datasets.datasetRoot(datasetId), root);
        const [now, earlier] = await datasets.contributions([root, roots[world.datasetIds.indexOf(datasetId)]!]);
        assert.deepEqual([now!.owner, now!.rowCount], [owner.address, 100n]);
        assert.deepEqual([earlier!.owner, earlier!.rowCount], [owner.address, 100n]);
        const [event] = await datasets.queryFilter(datasets.filters.SharesReplaced(datasetId));
        assert.deepEqual([event!.args.version, ...event!.args.sharesRoots], [1n, sharesRoot]);
      }
      const { act, newHash } = await lastRecord(world);
      assert.equal(act, id("SharesReplaced"));
      assert.equal(newHash, await datasets.datasetRoot(await idOf(world, OWNERS[2] as HDNodeWallet)));
    });
    it("replaces the shares of every version, and keeps the newest one's proof", async () => {
      const world = await load(proposed);
      const { changes, datasets, studyId } = world;
      await activate(world, OWNER, 2n);
      for (const owner of OWNERS) await approve(world, owner);
      for (const owner of OWNERS) await reshare(world, owner);
      await reshare(world, OWNER, 2n);
      for (const index of [1, 2, 3, 4, 5]) await confirm(world, index);
      await changes.complete(studyId);
      const [first, second] = [await resharing(world, OWNER, 1n), await resharing(world, OWNER, 2n)];
      const found = (await datasets.segments(first.datasetId)).map(({ sharesRoot }) => sharesRoot);
      assert.deepEqual(found, [first.sharesRoot, second.sharesRoot]);
      const { sharesRoot, ingestProofHash, rowCount } = await datasets.dataset(first.datasetId);
      assert.deepEqual([sharesRoot, ingestProofHash, rowCount], [second.sharesRoot, keccak256(second.proof), 200n]);
    });
    for (const missing of [1, 2, 3, 4, 5]) {
      it(`is refused without the confirmation of worker ${missing}`, async () => {
        const world = await load(resharedWorld);
        for (const index of [1, 2, 3, 4, 5].filter((each) => each !== missing)) await confirm(world, index);
        const args = [world.studyId, missing];
        await reverts(world.changes.complete(world.studyId), world.changes, "CommitteeChangesNotConfirmed", args);
      });
    }
    it("is refused while one owner has not agreed, and possible once its dataset is retired", async () => {
      const world = await load(proposed);
      const { changes, committees, datasets, studyId } = world;
      for (const owner of OWNERS.slice(1)) await approve(world, owner);
      for (const owner of OWNERS.slice(1)) await reshare(world, owner);
      const args = [studyId, OWNER.address];
      await reverts(changes.complete(studyId), changes, "CommitteeChangesNotApproved", args);
      await datasets.connect(OWNER).retire(studyId, "We do not trust these workers.");
      for (const index of [1, 2, 3, 4, 5]) await confirm(world, index);
      const datasetId = await idOf(world, OWNER);
      const root = await datasets.datasetRoot(datasetId);
      await changes.complete(studyId);
      assert.equal(await committees.currentEpoch(studyId), NEXT_EPOCH);
      assert.equal(await datasets.datasetRoot(datasetId), root);
    });
    it("is refused when data were added or shared anew after the workers confirmed", async () => {
      const world = await load(confirmedWorld);
      const { changes, studyId } = world;
      await activate(world, OWNER, 2n);
      const args = [await idOf(world, OWNER), 1n, 2n];
      await reverts(changes.complete(studyId), changes, "CommitteeChangesNotReshared", args);
      await reshare(world, OWNER, 2n);
      await reverts(changes.complete(studyId), changes, "CommitteeChangesNotConfirmed", [studyId, 1]);
      for (const index of [1, 2, 3, 4, 5]) await confirm(world, index);
      await reshare(world, OTHER, 1n, "second");
      await reverts(changes.complete(studyId), changes, "CommitteeChangesNotConfirmed", [studyId, 1]);
    });
    it("is refused when a worker was revoked after it confirmed", async () => {
      const world = await load(confirmedWorld);
      await world.workers.revoke(NEXT[4]!.address, "");
      const act = world.changes.complete(world.studyId);
      await reverts(act, world.committees, "CommitteeRegistryInactiveWorker", [NEXT[4]!.address]);
    });
    it("is refused twice, and where nothing is proposed", async () => {
      const world = await load(confirmedWorld);
      const { changes, studyId } = world;
      await changes.complete(studyId);
      await reverts(changes.complete(studyId), changes, "CommitteeChangesNotProposed", [studyId, 0n]);
    });
    it("leaves an open request to the old committee, and gives later ones to the new", async () => {
      const world = await load(confirmedWithRequest);
      await world.changes.complete(world.studyId);
      const asked = await ask(world);
      assert.deepEqual([world.asked.context.committeeEpoch, asked.context.committeeEpoch], [1n, NEXT_EPOCH]);
      assert.notDeepEqual(asked.context.datasetRoots, world.asked.context.datasetRoots);
      const old = { ...world, committee: [...NEXT] };
      await assert.rejects(answer(old), /QuerySmartContractInvalidSigner/);
      await answer(world);
      await assert.rejects(answer({ ...world, asked }, [1, 2, 3]), /QuerySmartContractInvalidSigner/);
      await answer({ ...world, asked, committee: [...NEXT] }, [1, 2, 3]);
    });
    it("lets the new committee take later versions", async () => {
      const world = await load(confirmedWorld);
      await world.changes.complete(world.studyId);
      await activate({ ...world, committee: [...NEXT] }, OWNER, 2n);
      assert.equal(await world.datasets.version(await idOf(world, OWNER)), 2n);
    });
    it("leaves the erasure of data that were retired before to the committee that held them", async () => {
      const world = await load(proposed);
      const { changes, datasets, studyId } = world;
      const datasetId = await idOf(world, OWNER);
      await datasets.connect(OWNER).retire(studyId, "");
      for (const owner of OWNERS.slice(1)) await approve(world, owner);
      for (const owner of OWNERS.slice(1)) await reshare(world, owner);
      for (const index of [1, 2, 3, 4, 5]) await confirm(world, index);
      await changes.complete(studyId);
      const erasures = async () => [...(await datasets.erasures(datasetId, 1n))];
      assert.deepEqual(await erasures(), [true, 0n, 15n]);
      assert.deepEqual([...(await datasets.holders(datasetId))], [1n]);
      const domain = opalineDomain(chainId, await datasets.getAddress());
      const erase = async (worker: HDNodeWallet) => {
        const message = { datasetId, epoch: 1n, worker: worker.address, version: 1n };
        return datasets.confirmErasure(datasetId, 1n, 1, await worker.signTypedData(domain, ERASURE, message));
      };
      await assert.rejects(erase(FIRST_OF_NEXT), /DatasetRegistryInvalidErasure/);
      await erase(WORKERS[0] as HDNodeWallet);
      assert.deepEqual(await erasures(), [true, 1n, 14n]);
    });
  });

  it("checks how many versions its caller replaces", async () => {
    const { access, datasets, datasetIds } = await load(proposed);
    await access.grantRole(await access.CHANGES_ROLE(), CONSORTIUM.address, 0);
    const act = datasets.replaceShares(datasetIds[0]!, [], ZeroHash);
    await reverts(act, datasets, "DatasetRegistryWrongVersion", [0n, 1n]);
  });

  async function approval(deadline?: bigint) {
    const world = await load(proposed);
    const { changes } = world;
    const given = await approvalOf(world, OWNER);
    const message = deadline === undefined ? given : { ...given, deadline };
    return {
      contract: changes,
      domain: opalineDomain(chainId, await changes.getAddress()),
      types: COMMITTEE_APPROVAL,
      message,
      signer: OWNER,
      submit: (signature: string) => changes.connect(RELAYER).approve(message, signature),
      invalid: (recovered: string) =>
        ["CommitteeChangesInvalidSignature", [recovered, OWNER.address]] as readonly [string, readonly unknown[]],
      expired: "CommitteeChangesSignatureExpired",
    };
  }
  shouldCheckSignature("CommitteeApproval", approval);
  shouldKeepDeadline("CommitteeApproval", approval);
  shouldCancelNonce("CommitteeApproval", async () => {
    const world = await load(proposed);
    const { changes } = world;
    return {
      ...(await approval()),
      trail: world.trail,
      nonceOf: (account) => changes.nonces(account),
      cancelNonce: (by) => changes.connect(by).cancelNonce(),
      cancelled: async (account) => {
        const events = await changes.queryFilter(changes.filters.NonceCancelled(account));
        return events.map(({ args }) => args.nonce);
      },
      subject: `0x${OWNER.address.slice(2).toLowerCase().padStart(64, "0")}`,
      organisation: "Hospital 1",
      stranger: ["CommitteeChangesNotOwner", world.owners],
    };
  });
});
