/** Which segments a request fixed, whichever committee it was asked of. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { id } from "ethers";
import { datasetRoot } from "../../../workers/messages/datasetRoot.ts";
import { RequestedSegments } from "../../../workers/node/requestedSegments.ts";
import { storeFolder } from "../store/storeFixture.ts";

const DATASET = id("dataset");
const STUDY = id("study");

function segmentOf(version: bigint, epoch: bigint) {
  const [columnsRoot, sharesRoot] = [id(`columns ${version}`), id(`shares ${version} ${epoch}`)];
  return { rowCount: 10n * version, columnsRoot, sharesRoot };
}
const PLACE = { block: 1, logIndex: 0 };
const segmentsOf = (epoch: bigint, count: number) =>
  Array.from({ length: count }, (_, index) => segmentOf(BigInt(index + 1), epoch));
const rootOf = (epoch: bigint, count: number): string => datasetRoot(DATASET, BigInt(count), segmentsOf(epoch, count));
const rows = (found: readonly { rowCount: bigint }[] | undefined): bigint[] | undefined =>
  found?.map(({ rowCount }) => rowCount);

describe("RequestedSegments", () => {
  it("finds the root of every version among every committee, of whichever the chain knows today", async (test) => {
    const { segmentFacts } = storeFolder(test).open();
    for (const [epoch, versions] of [
      [1n, 2n],
      [2n, 3n],
    ] as const) {
      for (let version = 1n; version <= versions; version += 1n) {
        const fact = { datasetId: DATASET, studyId: STUDY, epoch, version, ingestProofHash: id("proof") };
        segmentFacts.upsert({ ...fact, ...segmentOf(version, epoch) }, PLACE);
      }
    }
    let asked = 0;
    const segments = () => Promise.resolve((asked += 1) > 0 ? segmentsOf(2n, 3) : []);
    const requested = new RequestedSegments({ segments }, segmentFacts);
    assert.deepEqual(rows(await requested.ofRoot(DATASET, rootOf(1n, 1))), [10n]);
    assert.deepEqual(rows(await requested.ofRoot(DATASET, rootOf(1n, 2))), [10n, 20n]);
    assert.deepEqual(rows(await requested.ofRoot(DATASET.toUpperCase().replace("0X", "0x"), rootOf(2n, 3))), [
      10n,
      20n,
      30n,
    ]);
    assert.equal(asked, 0);
    assert.equal(await requested.ofRoot(DATASET, id("no version's")), undefined);
    assert.equal(await requested.ofRoot(id("another dataset"), rootOf(1n, 1)), undefined);
  });

  it("never takes a version of one committee for the next of another", async (test) => {
    const { segmentFacts } = storeFolder(test).open();
    const facts = [segmentOf(1n, 1n), segmentOf(2n, 2n)];
    for (const [index, segment] of facts.entries()) {
      const place = { datasetId: DATASET, studyId: STUDY, epoch: BigInt(index + 1), version: BigInt(index + 1) };
      segmentFacts.upsert({ ...place, ingestProofHash: id("proof"), ...segment }, PLACE);
    }
    const requested = new RequestedSegments({ segments: () => Promise.resolve([]) }, segmentFacts);
    assert.equal(await requested.ofRoot(DATASET, datasetRoot(DATASET, 2n, facts)), undefined);
  });

  it("asks the chain where the store is older than its facts, and passes its failure on", async (test) => {
    const { segmentFacts } = storeFolder(test).open();
    const fact = { datasetId: DATASET, studyId: STUDY, epoch: 1n, version: 2n, ingestProofHash: id("proof") };
    segmentFacts.upsert({ ...fact, ...segmentOf(2n, 1n) }, PLACE);
    let away = true;
    const segments = () => (away ? Promise.reject(new Error("away")) : Promise.resolve(segmentsOf(1n, 2)));
    const requested = new RequestedSegments({ segments }, segmentFacts);
    await assert.rejects(requested.ofRoot(DATASET, rootOf(1n, 2)), /away/);
    away = false;
    assert.deepEqual(rows(await requested.ofRoot(DATASET, rootOf(1n, 2))), [10n, 20n]);
  });
});
