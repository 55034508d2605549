/** Shares of one dataset among two committees: never mixed, each with a key of its own, each erased by itself. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import type { ShareFile } from "../../../workers/messages/shareFile.ts";
import { CHUNK_ROWS } from "../../../workers/store/columnChunks.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { MAX_PENDING_FILES } from "../../../workers/store/versionFiles.ts";
import { type StoreFolder, bytes32, hasCode, sampleFile, storeFolder } from "./storeFixture.ts";

const [DATASET, OTHER, AGE] = [bytes32("dataset"), bytes32("other"), bytes32("age")];
const EPOCHS = [1n, 2n] as const;

interface Named {
  readonly file: ShareFile;
  readonly fileHash: string;
}

function named(epoch: bigint, version = 1n, name = `${epoch} ${version}`, datasetId = DATASET): Named {
  return { file: sampleFile({ datasetId, epoch, version, rowCount: 10 + Number(epoch) }), fileHash: bytes32(name) };
}

function activate({ shares }: Pick<Store, "shares">, { file, fileHash }: Named, replaces = false): boolean {
  const { datasetId, version, committeeEpoch: epoch } = file.header;
  return shares.activateSegment({ datasetId, epoch, version, fileHash, replaces });
}

/** Active among both committees. */
function putBoth(store: Store): readonly [Named, Named] {
  const both = [named(1n), named(2n)] as const;
  for (const each of both) {
    store.shares.putSegment(each.file, each.fileHash);
    assert.equal(activate(store, each), true);
  }
  return both;
}

const keyFile = ({ keyDir }: StoreFolder, epoch: bigint, datasetId = DATASET): string =>
  join(keyDir, `${datasetId.slice(2)}-${epoch}.key`);
const states = ({ shares }: Store): string[] =>
  shares.segments(DATASET).map(({ epoch, version, state }) => `${epoch} ${version} ${state}`);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("shares among two committees", () => {
  it("are read by their epoch alone, each under a key of its own", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const both = putBoth(store);
    for (const { file } of both) {
      const { committeeEpoch: epoch, rowCount, columns } = file.header;
      assert.equal(hex(store.shares.loadColumn(DATASET, epoch, 1n, AGE)), hex(file.columns[0]!));
      assert.equal(hex(store.shares.loadRows(DATASET, epoch, 1n, AGE, 2, 9)), hex(file.columns[0]!.slice(64, 288)));
      assert.throws(() => store.shares.loadRows(DATASET, epoch, 1n, AGE, 0, rowCount + 1), /rows of the segment/);
      assert.deepEqual(store.shares.loadSeeds(DATASET, epoch, 1n).map(hex), file.seeds.map(hex));
      assert.deepEqual(store.shares.loadHeader(DATASET, epoch, 1n), file.header);
      assert.equal(columns.length, 2);
    }
    assert.notEqual(store.shares.keyStamp(DATASET, 1n), store.shares.keyStamp(DATASET, 2n));
    assert.equal(store.shares.hasVersion(DATASET, 3n, 1n), false);
    const missing = hasCode("STORE_SEGMENT_MISSING", { epoch: 3n, version: 1n, activated: false });
    assert.throws(() => store.shares.loadColumn(DATASET, 3n, 1n, AGE), missing);
    assert.throws(() => store.shares.keyStamp(DATASET, 3n), hasCode("STORE_KEY_MISSING", { epoch: 3n }));
  });

  it("are never put together: a version that one committee lacks is not another's", (test) => {
    const store = storeFolder(test).open();
    putBoth(store);
    const second = named(2n, 2n);
    store.shares.putSegment(second.file, second.fileHash);
    activate(store, second);
    assert.equal(store.shares.loadColumn(DATASET, 2n, 2n, AGE).length, 2 * 12 * 32);
    assert.throws(() => store.shares.loadColumn(DATASET, 1n, 2n, AGE), hasCode("STORE_SEGMENT_MISSING", { epoch: 1n }));
    assert.deepEqual(states(store), ["1 1 active", "2 1 active", "2 2 active"]);
  });

  it("do not decrypt under the key of the other committee", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    putBoth(store);
    store.close();
    copyFileSync(keyFile(folder, 1n), keyFile(folder, 2n));
    const { shares } = folder.open();
    const unreadable = hasCode("STORE_KEY_UNREADABLE", { datasetId: DATASET, epoch: 2n });
    assert.throws(() => shares.loadColumn(DATASET, 2n, 1n, AGE), unreadable);
    assert.equal(shares.loadColumn(DATASET, 1n, 1n, AGE).length, 11 * 32);
  });

  it("lose columns by themselves", (test) => {
    const { shares } = storeFolder(test).open();
    putBoth({ shares } as Store);
    shares.eraseColumns(DATASET, 1n, 1n, [AGE]);
    assert.throws(() => shares.loadColumn(DATASET, 1n, 1n, AGE), hasCode("STORE_COLUMN_MISSING", { epoch: 1n }));
    assert.equal(shares.loadColumn(DATASET, 2n, 1n, AGE).length, 12 * 32);
  });

  it("are listed by epoch and version, also where only the chain or an erasure tells of them", (test) => {
    const store = storeFolder(test).open();
    for (const version of [2n, 1n]) {
      for (const epoch of [2n, 1n]) {
        const { file, fileHash } = named(epoch, version);
        store.shares.putSegment(file, fileHash);
      }
    }
    assert.equal(activate(store, named(3n)), false);
    store.shares.eraseHolding(OTHER, 7n);
    assert.deepEqual(states(store), ["1 1 pending", "1 2 pending", "2 1 pending", "2 2 pending", "3 1 missing"]);
    const expected = EPOCHS.map((epoch) => ({ datasetId: DATASET, epoch, erased: false }));
    assert.deepEqual(
      store.shares.holdings().filter(({ datasetId }) => datasetId === DATASET),
      [...expected, { datasetId: DATASET, epoch: 3n, erased: false }],
    );
    assert.deepEqual(
      store.shares.holdings().filter(({ datasetId }) => datasetId === OTHER),
      [{ datasetId: OTHER, epoch: 7n, erased: true }],
    );
  });
});

describe("the datasets of a study", () => {
  it("are those of which a share file was ever here, and no other's", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const { file, fileHash } = named(1n);
    store.shares.putSegment(file, fileHash);
    const studyId = bytes32("another study");
    store.shares.putSegment(sampleFile({ datasetId: bytes32("elsewhere"), studyId }), bytes32("file elsewhere"));
    store.shares.eraseHolding(OTHER, 7n);
    activate(store, named(1n, 1n, "only on the chain", bytes32("only on the chain")));
    const unstored = (): unknown =>
      store.transaction(() => {
        store.shares.putSegment(sampleFile({ datasetId: bytes32("failed") }), bytes32("failed"));
        throw new Error("disk");
      });
    assert.throws(unstored, /disk/);
    store.shares.eraseHolding(DATASET, 1n);
    store.close();
    const { shares } = folder.open();
    assert.deepEqual(shares.datasetsOf(bytes32("study")), [DATASET]);
    assert.deepEqual(shares.datasetsOf(studyId.toUpperCase().replace("X", "x")), [bytes32("elsewhere")]);
    assert.deepEqual(shares.datasetsOf(bytes32("no study")), []);
  });
});

describe("a version that is shared again", () => {
  it("waits beside the active file until the chain names it, and then takes its place", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const [first, again] = [named(2n), named(2n, 1n, "again")];
    store.shares.putSegment(first.file, first.fileHash);
    activate(store, first);
    assert.throws(() => store.shares.putSegment(again.file, again.fileHash), hasCode("STORE_SEGMENT_CONFLICT"));
    assert.equal(store.shares.putSegment(again.file, again.fileHash, { replaces: true }), "stored");
    assert.equal(store.shares.putSegment(again.file, again.fileHash), "held");
    assert.deepEqual(states(store).sort(), ["2 1 active", "2 1 pending"]);
    assert.equal(hex(store.shares.loadColumn(DATASET, 2n, 1n, AGE)), hex(first.file.columns[0]!));
    assert.throws(() => activate(store, again), hasCode("STORE_SEGMENT_CONFLICT", { epoch: 2n, version: 1n }));
    assert.equal(activate(store, again, true), true);
    assert.deepEqual(states(store), ["2 1 active"]);
    assert.equal(hex(store.shares.loadColumn(DATASET, 2n, 1n, AGE)), hex(again.file.columns[0]!));
    store.close();
    const file = new DatabaseSync(folder.path);
    assert.equal(
      file.prepare("SELECT COUNT(*) AS chunks FROM chunk").get()?.["chunks"],
      2,
      "the first file's are gone",
    );
    file.close();
  });

  it("is missing until its file comes, though another was there", (test) => {
    const store = storeFolder(test).open();
    const [first, again] = [named(2n), named(2n, 1n, "again")];
    store.shares.putSegment(first.file, first.fileHash);
    activate(store, first);
    assert.equal(activate(store, again, true), false);
    assert.deepEqual(states(store), ["2 1 missing"]);
    assert.throws(() => store.shares.putSegment(first.file, first.fileHash), hasCode("STORE_SEGMENT_CONFLICT"));
    store.shares.putSegment(again.file, again.fileHash);
    assert.equal(hex(store.shares.loadColumn(DATASET, 2n, 1n, AGE)), hex(again.file.columns[0]!));
  });

  it("keeps what came after the file that the chain names, which it may name next, until the last word", (test) => {
    const store = storeFolder(test).open();
    const all = ["first", "second", "third"].map((name) => named(2n, 1n, name));
    for (const { file, fileHash } of all) store.shares.putSegment(file, fileHash, { replaces: true });
    const [, second, third] = all as [Named, Named, Named];
    assert.equal(activate(store, second, true), true);
    assert.deepEqual(states(store).sort(), ["2 1 active", "2 1 pending"], "the first one is gone");
    assert.equal(activate(store, third, true), true);
    assert.deepEqual(states(store), ["2 1 active"]);
    store.shares.putSegment(second.file, second.fileHash, { replaces: true });
    assert.equal(activate(store, named(2n, 1n, "not here"), true), false);
    assert.deepEqual(states(store).sort(), ["2 1 missing", "2 1 pending"], "what was named before is gone");
    assert.equal(activate(store, second, true), true);
    store.shares.putSegment(third.file, third.fileHash, { replaces: true });
    assert.equal(activate(store, second), true);
    assert.deepEqual(states(store), ["2 1 active"], "the last word");
  });

  it("may be so only a few times before the chain names one", (test) => {
    const { shares } = storeFolder(test).open();
    for (let count = 0; count < MAX_PENDING_FILES; count++) {
      const { file, fileHash } = named(2n, 1n, `file ${count}`);
      shares.putSegment(file, fileHash, { replaces: true });
    }
    const full = hasCode("STORE_TOO_MANY_PENDING", { epoch: 2n });
    assert.throws(() => shares.putSegment(named(2n).file, bytes32("more"), { replaces: true }), full);
    assert.equal(shares.putSegment(named(1n).file, bytes32("of another committee")), "stored");
  });

  it("leaves what another committee has alone", (test) => {
    const store = storeFolder(test).open();
    const [first] = putBoth(store);
    const again = named(2n, 1n, "again");
    store.shares.putSegment(again.file, again.fileHash, { replaces: true });
    activate(store, again, true);
    assert.equal(hex(store.shares.loadColumn(DATASET, 1n, 1n, AGE)), hex(first.file.columns[0]!));
  });
});

describe("eraseHolding", () => {
  it("removes one committee's rows and key for good, and no others", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const [, kept] = putBoth(store);
    const pending = named(1n, 2n);
    store.shares.putSegment(pending.file, pending.fileHash);
    const told: string[] = [];
    store.shares.onErased((datasetId, epoch) => told.push(`${datasetId} ${epoch}`));
    store.shares.eraseHolding(DATASET.toUpperCase().replace("X", "x"), 1n);
    assert.deepEqual(told, [`${DATASET} 1`]);
    assert.deepEqual([existsSync(keyFile(folder, 1n)), existsSync(keyFile(folder, 2n))], [false, true]);
    assert.deepEqual(EPOCHS.map((epoch) => store.shares.isHoldingErased(DATASET, epoch)), [true, false]); // prettier-ignore
    assert.equal(store.shares.isErased(DATASET), false, "the dataset is there");
    assert.throws(() => store.shares.loadColumn(DATASET, 1n, 1n, AGE), hasCode("STORE_SEGMENT_MISSING"));
    assert.throws(() => store.shares.keyStamp(DATASET, 1n), hasCode("STORE_KEY_MISSING"));
    const erased = hasCode("STORE_HOLDING_ERASED", { datasetId: DATASET, epoch: 1n });
    for (const replaces of [false, true]) {
      assert.throws(() => store.shares.putSegment(named(1n, 3n).file, bytes32("more"), { replaces }), erased);
    }
    assert.equal(activate(store, named(1n)), false, "seen again, as by a follower that begins anew");
    assert.equal(hex(store.shares.loadColumn(DATASET, 2n, 1n, AGE)), hex(kept.file.columns[0]!));
    assert.equal(store.shares.putSegment(named(2n, 2n).file, bytes32("goes on")), "stored");
    store.close();
    const { shares } = folder.open();
    assert.deepEqual(EPOCHS.map((epoch) => shares.isHoldingErased(DATASET, epoch)), [true, false]); // prettier-ignore
    assert.equal(hex(shares.loadColumn(DATASET, 2n, 1n, AGE)), hex(kept.file.columns[0]!));
  });

  it("is no harm again, and leaves a tombstone of what never was here", (test) => {
    const folder = storeFolder(test);
    const { shares } = folder.open();
    for (let turn = 0; turn < 2; turn++) shares.eraseHolding(DATASET, 4n);
    assert.equal(shares.isHoldingErased(DATASET, 4n), true);
    assert.deepEqual([shares.isHoldingErased(DATASET, 5n), shares.isErased(DATASET)], [false, false]);
    assert.throws(() => shares.putSegment(named(4n).file, bytes32("late")), hasCode("STORE_HOLDING_ERASED"));
    assert.deepEqual(readdirSync(folder.keyDir), []);
  });

  it("is not part of a transaction, which could not bring the key back", (test) => {
    const store = storeFolder(test).open();
    putBoth(store);
    const nested = (): void => store.transaction(() => store.shares.eraseHolding(DATASET, 1n));
    assert.throws(nested, hasCode("STORE_NESTED_TRANSACTION"));
    assert.deepEqual([store.shares.hasVersion(DATASET, 1n, 1n), store.shares.isHoldingErased(DATASET, 1n)], [true, false]); // prettier-ignore
  });

  it("is finished when a crash came between rows and key, of a holding or of all", (test) => {
    for (const [sql, left] of [
      ["UPDATE holding SET erased = 1 WHERE epoch = 1", [`${DATASET.slice(2)}-2.key`]],
      ["UPDATE dataset SET erased = 1", []],
    ] as const) {
      const folder = storeFolder(test);
      const store = folder.open();
      putBoth(store);
      store.close();
      const file = new DatabaseSync(folder.path);
      file.exec(sql);
      file.close();
      const { shares } = folder.open();
      assert.deepEqual(readdirSync(folder.keyDir), left);
      assert.equal(shares.isHoldingErased(DATASET, 1n), true);
    }
  });

  it("makes backups of the database unreadable, of that committee alone", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    putBoth(store);
    store.close();
    copyFileSync(folder.path, `${folder.path}.backup`);
    const again = folder.open();
    again.shares.eraseHolding(DATASET, 1n);
    again.close();
    copyFileSync(`${folder.path}.backup`, folder.path);
    const { shares } = folder.open();
    assert.equal(shares.isHoldingErased(DATASET, 1n), false);
    const gone = hasCode("STORE_KEY_MISSING", { datasetId: DATASET, epoch: 1n });
    assert.throws(() => shares.loadColumn(DATASET, 1n, 1n, AGE), gone);
    assert.throws(() => shares.putSegment(named(1n, 2n).file, bytes32("next")), gone);
    assert.equal(shares.loadColumn(DATASET, 2n, 1n, AGE).length, 12 * 32);
  });

  it("leaves nothing of it in what the worker tells of its datasets", (test) => {
    const { shares } = storeFolder(test).open();
    putBoth({ shares } as Store);
    shares.eraseHolding(DATASET, 1n);
    const [dataset] = shares.datasets();
    assert.equal(dataset?.erased, false);
    assert.deepEqual(
      dataset?.segments.map(({ epoch }) => epoch),
      [2n],
    );
  });
});

describe("eraseDataset, among two committees", () => {
  it("removes all of both, and takes nothing of a third", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    putBoth(store);
    const other = named(1n, 1n, "other", OTHER);
    store.shares.putSegment(other.file, other.fileHash);
    const told: bigint[] = [];
    store.shares.onErased((_, epoch) => told.push(epoch));
    store.shares.eraseDataset(DATASET);
    assert.deepEqual(told, [...EPOCHS]);
    assert.deepEqual(readdirSync(folder.keyDir), [`${OTHER.slice(2)}-1.key`]);
    for (const epoch of [...EPOCHS, 3n]) assert.equal(store.shares.isHoldingErased(DATASET, epoch), true);
    const erased = hasCode("STORE_DATASET_ERASED", { datasetId: DATASET });
    assert.throws(() => store.shares.putSegment(named(3n).file, bytes32("third")), erased);
    assert.deepEqual(
      store.shares.holdings().map(({ datasetId, erased: isErased }) => [datasetId === DATASET, isErased]),
      DATASET < OTHER ? [[true, true], [true, true], [false, false]] : [[false, false], [true, true], [true, true]], // prettier-ignore
    );
    store.close();
    const file = new DatabaseSync(folder.path);
    assert.equal(file.prepare("SELECT COUNT(*) AS chunks FROM chunk").get()?.["chunks"], 2, "the other dataset's");
    file.close();
  });

  it("removes keys of committees that a database from an older backup does not know of", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const first = named(1n);
    store.shares.putSegment(first.file, first.fileHash);
    store.close();
    copyFileSync(folder.path, `${folder.path}.backup`);
    const later = folder.open();
    later.shares.putSegment(named(2n).file, bytes32("second"));
    later.close();
    copyFileSync(`${folder.path}.backup`, folder.path);
    const { shares } = folder.open();
    shares.eraseDataset(DATASET);
    assert.deepEqual(readdirSync(folder.keyDir), []);
  });
});

describe("a holding's ciphertexts", () => {
  it("do not decrypt when their rows claim another epoch", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const file = sampleFile({ datasetId: DATASET, rowCount: CHUNK_ROWS });
    store.shares.putSegment(file, bytes32("file"));
    activate(store, { file, fileHash: bytes32("file") });
    store.close();
    const database = new DatabaseSync(folder.path);
    database.exec("PRAGMA foreign_keys = OFF");
    for (const table of ["segment", "activation", "holding"]) database.exec(`UPDATE ${table} SET epoch = 9`);
    database.close();
    const { shares } = folder.open();
    assert.throws(() => shares.loadColumn(DATASET, 9n, 1n, AGE), hasCode("STORE_KEY_UNREADABLE", { epoch: 9n }));
  });
});
