/** Public facts of versions among committees: as the chain told last. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SegmentFact } from "../../../workers/store/segmentFactStore.ts";
import { bytes32, hasCode, storeFolder } from "./storeFixture.ts";

const DATASET = bytes32("dataset");
const STUDY = bytes32("study");

function fact(epoch: bigint, version: bigint, change: Partial<SegmentFact> = {}): SegmentFact {
  const name = (what: string): string => bytes32(`${what} ${epoch} ${version}`);
  return {
    ...{ datasetId: DATASET, studyId: STUDY, epoch, version, rowCount: 10n * version, columnsRoot: name("columns") },
    ...{ sharesRoot: name("shares"), ingestProofHash: name("proof"), ...change },
  };
}

describe("SegmentFactStore", () => {
  it("tells of a dataset's versions by epoch, durably, and of no other's", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const facts = [fact(1n, 1n), fact(1n, 2n), fact(1n, 10n), fact(2n, 1n), fact(12n, 1n)];
    for (const each of facts.toReversed()) store.segmentFacts.upsert(each);
    const other = fact(1n, 1n, { datasetId: bytes32("other") });
    store.segmentFacts.upsert(other);
    store.close();
    const { segmentFacts } = folder.open();
    assert.deepEqual(segmentFacts.ofDataset(DATASET.toUpperCase().replace("X", "x")), facts);
    assert.deepEqual(segmentFacts.ofDataset(other.datasetId), [other]);
    assert.deepEqual(segmentFacts.ofDataset(bytes32("?")), []);
  });

  it("takes the last word of a version that was shared anew, in lower case", (test) => {
    const { segmentFacts } = storeFolder(test).open();
    const anew = fact(2n, 1n, { sharesRoot: bytes32("anew"), ingestProofHash: bytes32("another"), rowCount: 1n });
    for (const each of [fact(1n, 1n), fact(2n, 1n), fact(2n, 1n)]) segmentFacts.upsert(each);
    segmentFacts.upsert({ ...anew, sharesRoot: anew.sharesRoot.toUpperCase().replace("X", "x") });
    assert.deepEqual(segmentFacts.ofDataset(DATASET), [fact(1n, 1n), anew]);
  });

  it("is rolled back with the transaction in which the chain's events are handled", (test) => {
    const store = storeFolder(test).open();
    store.segmentFacts.upsert(fact(1n, 1n));
    const failing = (): void =>
      store.transaction(() => {
        store.segmentFacts.upsert(fact(1n, 1n, { rowCount: 99n }));
        throw new Error("disk");
      });
    assert.throws(failing, /disk/);
    assert.deepEqual(store.segmentFacts.ofDataset(DATASET), [fact(1n, 1n)]);
  });

  it("refuses what is malformed, with the field", (test) => {
    const { segmentFacts } = storeFolder(test).open();
    for (const change of [
      { datasetId: "0x12" },
      { epoch: -1n },
      { version: 1n << 63n },
      { rowCount: -1n },
      { columnsRoot: "0x" },
      { sharesRoot: "0xzz" },
      { ingestProofHash: "" },
    ] satisfies Partial<SegmentFact>[]) {
      const [field] = Object.keys(change);
      assert.throws(() => segmentFacts.upsert(fact(1n, 1n, change)), hasCode("STORE_INVALID", { field }));
    }
    assert.deepEqual(segmentFacts.ofDataset(DATASET), []);
  });

  it("tells of a study which of its datasets were given to any committee", (test) => {
    const { segmentFacts } = storeFolder(test).open();
    const second = bytes32("second");
    segmentFacts.upsert(fact(1n, 1n));
    segmentFacts.upsert(fact(2n, 1n));
    segmentFacts.upsert(fact(1n, 1n, { datasetId: second }));
    segmentFacts.upsert(fact(1n, 1n, { datasetId: bytes32("elsewhere"), studyId: bytes32("another study") }));
    assert.deepEqual(segmentFacts.datasetsOf(STUDY), [DATASET, second].sort());
    assert.deepEqual(segmentFacts.datasetsOf(bytes32("?")), []);
  });
});
