/** What an owner pays the committee for keeping its rows, where the study's policy asks for it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZeroAddress, id } from "ethers";
import type { HDNodeWallet } from "ethers";
import { Capacity } from "../../workers/chain/credits.ts";
import { ethers, load } from "./support/chain.ts";
import { OWNERS, POLICY, activate, activateDatasets, registerStudy, signedSegment } from "./support/consortium.ts";
import { reverts } from "./support/reverts.ts";

const OWNER = OWNERS[0] as HDNodeWallet;
const FEE = 7n;

describe("DatasetRegistry", () => {
  async function charging() {
    return registerStudy(4, 1, { ...POLICY, storageFeePerRow: FEE });
  }
  type World = Awaited<ReturnType<typeof charging>>;
  async function send(world: World, rowCount: bigint, value: bigint) {
    const { version, segment, fileHashes, receipts, ingestProof } = await signedSegment(world, OWNER, 1n, rowCount);
    const registry = world.datasets.connect(OWNER);
    return registry.activate(world.studyId, version, segment, fileHashes, receipts, ingestProof, { value });
  }

  describe("storage fee", () => {
    it("is credited to the committee, the remainder to the first worker, and recorded", async () => {
      const world = await load(charging);
      await send(world, 11n, 77n);
      const credits = await Promise.all(
        world.committee.map(({ address }) => world.credits.credit(Capacity.WORKER, address)),
      );
      assert.deepEqual(credits, [20n, 19n, 19n, 19n]);
      const held = await Promise.all(
        [world.datasets, world.credits].map(async (each) => ethers.provider.getBalance(await each.getAddress())),
      );
      assert.deepEqual(held, [0n, 77n]);
      const datasetId = await world.datasets.datasetIdOf(world.studyId, OWNER.address);
      const [event] = await world.datasets.queryFilter(world.datasets.filters.StorageFeePaid(datasetId));
      assert.deepEqual([...(event?.args ?? [])], [datasetId, 1n, 1n, 77n]);
      const recorded = await world.trail.queryFilter(world.trail.filters.Recorded(undefined, datasetId));
      assert.deepEqual(
        recorded.map(({ args }) => args.act),
        [id("DatasetActivated"), id("StorageFeePaid")],
      );
    });
    it("is for the new rows only, at every version", async () => {
      const world = await load(charging);
      await activate(world, OWNER, 1n, 100n);
      await activate(world, OWNER, 2n, 10n);
      const paid = await world.datasets.queryFilter(world.datasets.filters.StorageFeePaid());
      assert.deepEqual(
        paid.map(({ args }) => args.amount),
        [700n, 70n],
      );
    });
    it("is paid exactly, or nothing is activated", async () => {
      const world = await load(charging);
      for (const value of [0n, 76n, 78n]) {
        await reverts(send(world, 11n, value), world.datasets, "DatasetRegistryWrongPayment", [value, 77n]);
      }
      assert.equal(await world.datasets.count(world.studyId), 0n);
    });
    it("is nothing unless the policy asks for it: money that comes all the same is refused", async () => {
      const world = await load(registerStudy);
      await reverts(send(world, 11n, 1n), world.datasets, "DatasetRegistryWrongPayment", [1n, 0n]);
      await send(world, 11n, 0n);
      assert.equal((await world.datasets.queryFilter(world.datasets.filters.StorageFeePaid())).length, 0);
    });
    it("does not overflow at the highest fee and the most rows", async () => {
      const most = 2n ** 64n - 1n;
      const world = await registerStudy(4, 1, { ...POLICY, storageFeePerRow: most });
      const act = send(world, 2n ** 14n, 0n);
      await reverts(act, world.datasets, "DatasetRegistryWrongPayment", [0n, most * 2n ** 14n]);
    });
  });

  describe("contributions", () => {
    it("tells owner and rows of every version there ever was, by its root", async () => {
      const world = await load(activateDatasets);
      const datasetId = await world.datasets.datasetIdOf(world.studyId, OWNER.address);
      const before = await world.datasets.datasetRoot(datasetId);
      await activate(world, OWNER, 2n, 23n);
      const after = await world.datasets.datasetRoot(datasetId);
      await world.owners.revoke(OWNER.address, "");
      const found = await world.datasets.contributions([after, id("no root"), before]);
      assert.deepEqual(
        found.map(({ owner, rowCount }) => [owner, rowCount]),
        [
          [OWNER.address, 123n],
          [ZeroAddress, 0n],
          [OWNER.address, 100n],
        ],
      );
      assert.deepEqual([...(await world.datasets.contributions([]))], []);
    });
  });
});
