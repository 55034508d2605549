/** Public facts of versions among committees: as the chain told last. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EventPlace, SegmentFact } from "../../../workers/store/segmentFactStore.ts";
import { bytes32, hasCode, storeFolder } from "./storeFixture.ts";

const DATASET = bytes32("dataset");
const STUDY = bytes32("study");
const PLACE: EventPlace = { block: 12, logIndex: 3 };

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
    for (const each of facts.toReversed()) store.segmentFacts.upsert(each, PLACE);
    const other = fact(1n, 1n, { datasetId: bytes32("other") });
    store.segmentFacts.upsert(other, PLACE);
    store.close();
    const { segmentFacts } = folder.open();
    assert.deepEqual(segmentFacts.ofDataset(DATASET.toUpperCase().replace("X", "x")), facts);
    assert.deepEqual(segmentFacts.ofDataset(other.datasetId), [other]);
    assert.deepEqual(segmentFacts.ofDataset(bytes32("?")), []);
  });

  it("takes the last word of a version that was shared anew, in lower case", (test) => {
    const { segmentFacts } = storeFolder(test).open();
    const anew = fact(2n, 1n, { sharesRoot: bytes32("anew"), ingestProofHash: bytes32("another"), rowCount: 1n });
    for (const each of [fact(1n, 1n), fact(2n, 1n), fact(2n, 1n)]) segmentFacts.upsert(each, PLACE);
    segmentFacts.upsert({ ...anew, sharesRoot: anew.sharesRoot.toUpperCase().replace("X", "x") }, PLACE);
    assert.deepEqual(segmentFacts.ofDataset(DATASET), [fact(1n, 1n), anew]);
  });

  it("takes no older event's word, in whatever order events are seen, and knows an event that comes again", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const places = [
      { block: 12, logIndex: 3 },
      { block: 12, logIndex: 4 },
      { block: 13, logIndex: 0 },
    ];
    const takes = places.map((place, i) => [fact(2n, 1n, { sharesRoot: bytes32(`take ${i}`) }), place] as const);
    for (const [taken, place] of takes) assert.equal(store.segmentFacts.upsert(taken, place), true);
    store.close();
    const { segmentFacts } = folder.open();
    const again = takes.map(([taken, place]) => segmentFacts.upsert({ ...taken, rowCount: 99n }, place));
    assert.deepEqual(again, [false, false, true]);
    assert.equal(
      segmentFacts.upsert({ ...takes[2]![0], rowCount: 98n }, PLACE),
      true,
      "the same shares, from an older event",
    );
    assert.deepEqual(segmentFacts.ofDataset(DATASET), [{ ...takes[2]![0], rowCount: 99n }]);
  });

  it("is rolled back with the transaction in which the chain's events are handled", (test) => {
    const store = storeFolder(test).open();
    store.segmentFacts.upsert(fact(1n, 1n), PLACE);
    const failing = (): void =>
      store.transaction(() => {
        store.segmentFacts.upsert(fact(1n, 1n, { rowCount: 99n }), PLACE);
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
      assert.throws(() => segmentFacts.upsert(fact(1n, 1n, change), PLACE), hasCode("STORE_INVALID", { field }));
    }
    for (const place of [
      { block: -1, logIndex: 0 },
      { block: 0, logIndex: -1 },
    ]) {
      assert.throws(() => segmentFacts.upsert(fact(1n, 1n), place), hasCode("STORE_INVALID"));
    }
    assert.deepEqual(segmentFacts.ofDataset(DATASET), []);
  });

  it("tells of a study which of its datasets were given to any committee", (test) => {
    const { segmentFacts } = storeFolder(test).open();
    const second = bytes32("second");
    segmentFacts.upsert(fact(1n, 1n), PLACE);
    segmentFacts.upsert(fact(2n, 1n), PLACE);
    segmentFacts.upsert(fact(1n, 1n, { datasetId: second }), PLACE);
    segmentFacts.upsert(fact(1n, 1n, { datasetId: bytes32("elsewhere"), studyId: bytes32("another study") }), PLACE);
    assert.deepEqual(segmentFacts.datasetsOf(STUDY), [DATASET, second].sort());
    assert.deepEqual(segmentFacts.datasetsOf(bytes32("?")), []);
  });
});
