/** The hash of what a proposed committee would serve over, alike in TypeScript and Solidity. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HDNodeWallet } from "ethers";
import { keccak256 } from "ethers";
import { committeeContent } from "../../workers/messages/committeeContent.ts";
import { load } from "./support/chain.ts";
import { NEXT_EPOCH, reshare, resharedWorld, resharing } from "./support/committeeChange.ts";
import { OWNERS, activate } from "./support/consortium.ts";

const OWNER = OWNERS[0] as HDNodeWallet;

async function contentHere(world: Awaited<ReturnType<typeof resharedWorld>>, left = OWNERS, versions = 1) {
  const datasets = await Promise.all(
    left.map(async (owner) => {
      const count = owner === OWNER ? versions : 1;
      const all = await Promise.all(
        Array.from({ length: count }, (_, index) => resharing(world, owner, BigInt(index + 1))),
      );
      const shared = all.map(({ sharesRoot, proof }) => ({ sharesRoot, ingestProofHash: keccak256(proof) }));
      return { datasetId: all[0]!.datasetId, versions: shared };
    }),
  );
  return committeeContent(world.studyId, NEXT_EPOCH, datasets);
}

describe("committeeContent", () => {
  it("is the contract's, of one version, of several, and without what was retired", async () => {
    const world = await load(resharedWorld);
    const there = async () => (await world.changes.contentOf(world.studyId)).content;
    assert.equal(await contentHere(world), await there());
    await activate(world, OWNER, 2n);
    await reshare(world, OWNER, 2n);
    assert.equal(await contentHere(world, OWNERS, 2), await there());
    await world.datasets.connect(OWNER).retire(world.studyId, "");
    assert.equal(await contentHere(world, OWNERS.slice(1)), await there());
  });
});
