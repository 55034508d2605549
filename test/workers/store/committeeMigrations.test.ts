/** A store of the time when a study had one committee for ever: what it had is that committee's. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, describe, it } from "node:test";
import { CHUNK_ROWS } from "../../../workers/store/columnChunks.ts";
import { MIGRATIONS } from "../../../workers/store/migrations.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import type { SegmentFact } from "../../../workers/store/segmentFactStore.ts";
import { OldShares } from "./oldShares.ts";
import { type StoreFolder, bytes32, hasCode, sampleFile, storeFolder, writeOldStore } from "./storeFixture.ts";

const BEFORE = MIGRATIONS.findIndex((step) => step.includes("CREATE TABLE holding"));
const [DATASET, AWAY, GONE, BARE] = ["dataset", "away", "gone", "bare"].map(bytes32) as [
  string,
  string,
  string,
  string,
];
const [STUDY, AGE, ARM] = [bytes32("study"), bytes32("age"), bytes32("arm")];
const FILES = {
  first: sampleFile({ datasetId: DATASET, epoch: 3n, rowCount: CHUNK_ROWS + 3 }),
  second: sampleFile({ datasetId: DATASET, epoch: 3n, version: 2n }),
  stray: sampleFile({ datasetId: DATASET, epoch: 4n, version: 2n, rowCount: CHUNK_ROWS + 1 }),
};
const SIGNATURE = `0x${"ab".repeat(65)}`;

const blob = (hex: string): string => `x'${hex.slice(2)}'`;
const activationOf = (epoch: number): string => JSON.stringify({ committeeEpoch: String(epoch) });

/** Of `DATASET`, an active version, a pending one and a file that was never of any use; others without shares. */
function oldStore(test: TestContext): StoreFolder {
  const folder = storeFolder(test);
  const check = (name: string, dataset: string, version: number, state: string, activation: string): string =>
    `(${blob(bytes32(name))}, ${blob(dataset)}, ${version}, '${state}', ${state === "rejected" ? "'malformed'" : "NULL"}, 4, '${activation}')`;
  writeOldStore(
    folder,
    BEFORE,
    `INSERT INTO dataset VALUES (20, ${blob(AWAY)}, 0), (21, ${blob(GONE)}, 1), (22, ${blob(BARE)}, 0);
     INSERT INTO activation VALUES (20, 1, ${blob(bytes32("away 1"))}), (20, 2, ${blob(bytes32("away 2"))}),
       (21, 1, ${blob(bytes32("gone 1"))}), (22, 1, ${blob(bytes32("bare 1"))});
     INSERT INTO input_check VALUES
       ${check("check 1", DATASET, 1, "checked", activationOf(3))},
       ${check("check 2", AWAY, 1, "rejected", activationOf(2))},
       ${check("check 3", AWAY, 2, "unchecked", activationOf(2))},
       ${check("check 4", GONE, 1, "checked", activationOf(5))},
       ${check("check 5", BARE, 1, "checked", "no json")};
     INSERT INTO retirement VALUES
       (${blob(GONE)}, ${blob(STUDY)}, 2, 17, 1, 3, '${SIGNATURE}'),
       (${blob(AWAY)}, ${blob(STUDY)}, 1, 18, 0, NULL, NULL),
       (${blob(bytes32("never here"))}, ${blob(STUDY)}, 1, 19, 0, NULL, NULL);
     INSERT INTO cursor VALUES ('31337', 90, ${blob(bytes32("block"))}, 1);
     INSERT INTO request VALUES (${blob(bytes32("request"))}, x'${"ab".repeat(20)}', 12, 'refused', 2, '{}');
     INSERT INTO disclosure VALUES (${blob(bytes32("request"))}, ${blob(STUDY)}, NULL, NULL, NULL);
     INSERT INTO opening VALUES (${blob(bytes32("request"))}, 1, 'outputs', 0), (${blob(bytes32("request"))}, 2, 'tests', 1)`,
  );
  const shares = new OldShares(folder);
  shares.put(DATASET, [
    { file: FILES.first, fileHash: bytes32("first"), isActive: true },
    { file: FILES.second, fileHash: bytes32("second"), isActive: false },
    { file: FILES.stray, fileHash: bytes32("stray"), isActive: false },
  ]);
  shares.close();
  return folder;
}

describe("a store of one committee for ever", () => {
  it("has its shares, readable under the key they had, as those of their epoch", (test) => {
    const folder = oldStore(test);
    const { shares } = folder.open();
    assert.deepEqual(hex(shares.loadColumn(DATASET, 3n, 1n, AGE)), hex(FILES.first.columns[0]!));
    assert.deepEqual(shares.loadSeeds(DATASET, 3n, 1n).map(hex), FILES.first.seeds.map(hex));
    assert.deepEqual(shares.loadHeader(DATASET, 3n, 1n), FILES.first.header);
    assert.deepEqual(
      shares.segments(DATASET).map(({ epoch, version, state }) => `${epoch} ${version} ${state}`),
      ["3 1 active", "3 2 pending"],
    );
    assert.deepEqual(readdirSync(folder.keyDir), [`${DATASET.slice(2)}.key`]);
  });

  it("goes on under that key, and makes another for another committee", (test) => {
    const folder = oldStore(test);
    const { shares } = folder.open();
    shares.activateSegment({ datasetId: DATASET, epoch: 3n, version: 2n, fileHash: bytes32("second") });
    const anew = sampleFile({ datasetId: DATASET, epoch: 4n });
    shares.putSegment(anew, bytes32("anew"));
    shares.activateSegment({ datasetId: DATASET, epoch: 4n, version: 1n, fileHash: bytes32("anew") });
    assert.deepEqual(readdirSync(folder.keyDir).sort(), [`${DATASET.slice(2)}-4.key`, `${DATASET.slice(2)}.key`]);
    const both = Buffer.concat([FILES.first, FILES.second].map(({ columns }) => columns[1]!));
    assert.equal(hex(shares.loadColumn(DATASET, 3n, 2n, ARM)), hex(both));
    shares.eraseHolding(DATASET, 3n);
    assert.deepEqual(readdirSync(folder.keyDir), [`${DATASET.slice(2)}-4.key`]);
    assert.equal(hex(shares.loadColumn(DATASET, 4n, 1n, ARM)), hex(anew.columns[1]!));
  });

  it("keeps no file of another epoch, which no key of its own ever sealed", (test) => {
    const folder = oldStore(test);
    const store = folder.open();
    assert.equal(store.shares.putSegment(FILES.stray, bytes32("stray")), "stored", "it may be sent again");
    store.shares.eraseHolding(DATASET, 4n);
    store.close();
    const file = new DatabaseSync(folder.path);
    // The first file's two chunks and the second's one, of each of two columns.
    assert.equal(file.prepare("SELECT COUNT(*) AS chunks FROM chunk").get()?.["chunks"], 6);
    assert.equal(file.prepare("SELECT COUNT(*) AS columns FROM stored_column").get()?.["columns"], 4);
    file.close();
  });

  it("takes the epoch from the activation where no file tells it, or else 0", (test) => {
    const { shares } = oldStore(test).open();
    const expected = [
      { datasetId: DATASET, epoch: 3n, erased: false },
      { datasetId: AWAY, epoch: 2n, erased: false },
      { datasetId: GONE, epoch: 5n, erased: true },
      { datasetId: BARE, epoch: 0n, erased: false },
    ];
    assert.deepEqual(
      shares.holdings(),
      expected.sort((a, b) => (a.datasetId < b.datasetId ? -1 : 1)),
    );
    const missing = hasCode("STORE_SEGMENT_MISSING", { epoch: 2n, version: 1n, activated: true });
    assert.throws(() => shares.loadColumn(AWAY, 2n, 1n, AGE), missing);
    const late = sampleFile({ datasetId: AWAY, epoch: 2n });
    assert.throws(() => shares.putSegment(late, bytes32("other")), hasCode("STORE_SEGMENT_CONFLICT"));
    shares.putSegment(late, bytes32("away 1"));
    assert.equal(shares.hasVersion(AWAY, 2n, 1n), true);
    assert.equal(shares.isErased(GONE), true);
    const back = sampleFile({ datasetId: GONE, epoch: 6n });
    assert.throws(() => shares.putSegment(back, bytes32("back")), hasCode("STORE_DATASET_ERASED"));
  });

  it("knows its checks by epoch; those that had not ended come anew", (test) => {
    const { inputChecks } = oldStore(test).open();
    const states = inputChecks
      .all()
      .map(({ checkId, epoch, state, lastAttempt }) => [checkId, epoch, state, lastAttempt]);
    assert.equal(states.length, 4);
    for (const [name, epoch, state] of [
      ["check 1", 3n, "checked"],
      ["check 2", 2n, "rejected"],
      ["check 4", 5n, "checked"],
      ["check 5", 0n, "checked"],
    ] as const) {
      assert.ok(
        states.some((found) => String(found) === String([bytes32(name), epoch, state, 4n])),
        name,
      );
    }
    assert.equal(inputChecks.ofVersion(DATASET, 3n, 1n)?.state, "checked");
    assert.equal(inputChecks.ofVersion(DATASET, 4n, 1n), undefined);
  });

  it("owes the receipts that it owed, for the committee it sat in", (test) => {
    const { erasures, retirements } = oldStore(test).open();
    const of = (datasetId: string, epoch: bigint, point: number, afterBlock: number): object => ({
      ...{ datasetId, studyId: STUDY, epoch, point, afterBlock },
      ...{ confirmed: false, receipt: undefined },
    });
    const receipt = { version: 3n, signature: SIGNATURE };
    assert.deepEqual(erasures.get(GONE, 5n), { ...of(GONE, 5n, 2, 17), confirmed: true, receipt });
    assert.deepEqual(erasures.get(AWAY, 2n), of(AWAY, 2n, 1, 18));
    assert.deepEqual(erasures.get(bytes32("never here"), 0n), of(bytes32("never here"), 0n, 1, 19));
    assert.equal(erasures.all().length, 3);
    assert.deepEqual(retirements.get(GONE), { datasetId: GONE, studyId: STUDY, block: 17 });
    assert.equal(retirements.all().length, 3);
  });

  it("follows the chain again for what it never wrote down, and keeps what may have been opened", (test) => {
    const { cursors, segmentFacts, requests, disclosures } = oldStore(test).open();
    assert.equal(cursors.read("31337"), undefined);
    assert.deepEqual(segmentFacts.ofDataset(DATASET), []);
    const id = bytes32("request");
    assert.equal(requests.get(id)?.endedAttempt, undefined);
    requests.settle(id, "refused", 2n);
    assert.equal(requests.get(id)?.endedAttempt, 2n);
    assert.equal(disclosures.closeAttempt(id, 1n), false);
    assert.deepEqual(disclosures.entries(STUDY), [{ requestId: id, status: "mayBeOpen" }]);
  });

  it("knows whose data its files are of", (test) => {
    const { shares } = oldStore(test).open();
    assert.deepEqual(shares.datasetsOf(STUDY), [DATASET]);
    assert.deepEqual(shares.datasetsOf(bytes32("another study")), []);
  });

  it("is wholly as before when it cannot be changed", (test) => {
    const folder = oldStore(test);
    assert.throws(() => folder.open({ maxBytes: 1 << 16 }), hasCode("STORE_FULL"));
    const file = new DatabaseSync(folder.path);
    assert.equal(file.prepare("PRAGMA user_version").get()?.["user_version"], BEFORE);
    file.close();
    assert.equal(folder.open().shares.hasVersion(DATASET, 3n, 1n), true);
  });
});

describe("a store that knew resharings without their places on the chain", () => {
  const WITHOUT = MIGRATIONS.findIndex((step) => step.includes("ALTER TABLE segment_fact ADD COLUMN block"));
  const fact = (take: string): SegmentFact => ({
    ...{ datasetId: DATASET, studyId: STUDY, epoch: 2n, version: 1n, rowCount: 10n, columnsRoot: bytes32("columns") },
    ...{ sharesRoot: bytes32(take), ingestProofHash: bytes32(`proof ${take}`) },
  });
  const storeWith = (test: TestContext, cursor: string): Store => {
    const folder = storeFolder(test);
    const { datasetId, studyId, columnsRoot, sharesRoot, ingestProofHash } = fact("second");
    const hashes = [columnsRoot, sharesRoot, ingestProofHash].map(blob).join();
    writeOldStore(
      folder,
      WITHOUT,
      `INSERT INTO segment_fact VALUES (${blob(datasetId)}, ${blob(studyId)}, 2, 1, 10, ${hashes}); ${cursor}`,
    );
    return folder.open();
  };

  it("takes for older whatever it had handled, and for newer what it had not", (test) => {
    const { segmentFacts } = storeWith(test, `INSERT INTO cursor VALUES ('chain', 90, ${blob(bytes32("block"))}, 3)`);
    assert.equal(segmentFacts.upsert(fact("first"), { block: 90, logIndex: 2 }), false);
    assert.equal(segmentFacts.upsert(fact("second"), { block: 90, logIndex: 3 }), true);
    assert.equal(
      segmentFacts.upsert(fact("first"), { block: 80, logIndex: 0 }),
      false,
      "also after the second came again",
    );
    assert.deepEqual(segmentFacts.ofDataset(DATASET), [fact("second")]);
    assert.equal(segmentFacts.upsert(fact("third"), { block: 90, logIndex: 4 }), true);
    assert.deepEqual(segmentFacts.ofDataset(DATASET), [fact("third")]);
  });

  it("takes everything that comes where it had handled nothing", (test) => {
    const { segmentFacts } = storeWith(test, "");
    assert.equal(segmentFacts.upsert(fact("first"), { block: 1, logIndex: 0 }), true);
    assert.deepEqual(segmentFacts.ofDataset(DATASET), [fact("first")]);
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
