import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { CHUNK_ROWS } from "../../../workers/store/columnChunks.ts";
import { MAX_PENDING_FILES } from "../../../workers/store/versionFiles.ts";
import type { Store } from "../../../workers/store/openStore.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { bytes32, hasCode, sampleFile, sampleWords, storeFolder, type StoreFolder } from "./storeFixture.ts";

const [DATASET, AGE, ARM] = [bytes32("dataset"), bytes32("age"), bytes32("arm")];
const HASH = bytes32("file");

function putActive(store: Store, file = sampleFile(), hash = HASH): ReturnType<typeof sampleFile> {
  store.shares.putSegment(file, hash);
  const { datasetId, version, committeeEpoch: epoch } = file.header;
  store.shares.activateSegment({ datasetId, epoch, version, fileHash: hash });
  return file;
}

/** Edits the closed file behind the store's back. */
function tamper(folder: StoreFolder, edit: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(folder.path);
  edit(database);
  database.close();
}

describe("ShareStore", () => {
  describe("putSegment", () => {
    it("returns every column and seed as given, across chunk borders", (test) => {
      const store = storeFolder(test).open();
      for (const [index, rowCount] of [1, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 3 * CHUNK_ROWS].entries()) {
        const datasetId = bytes32(`dataset ${index}`);
        const file = putActive(store, sampleFile({ datasetId, rowCount }));
        assert.deepEqual(Buffer.from(store.shares.loadColumn(datasetId, 1n, 1n, AGE)), Buffer.from(file.columns[0]!));
        assert.deepEqual(Buffer.from(store.shares.loadColumn(datasetId, 1n, 1n, ARM)), Buffer.from(file.columns[1]!));
        assert.deepEqual(store.shares.loadSeeds(datasetId, 1n, 1n).map(hex), file.seeds.map(hex));
        assert.deepEqual(store.shares.loadHeader(datasetId, 1n, 1n), file.header);
      }
    });

    it("keeps what it stored through a restart", (test) => {
      const folder = storeFolder(test);
      const first = folder.open();
      const file = putActive(first);
      first.close();
      assert.deepEqual(hex(folder.open().shares.loadColumn(DATASET, 1n, 1n, AGE)), hex(file.columns[0]!));
    });

    it("is idempotent for the same file, and holds several pending files of one version, up to a limit", (test) => {
      const store = storeFolder(test).open();
      const files = Array.from({ length: MAX_PENDING_FILES }, () => sampleFile());
      files.forEach((file, i) => assert.equal(store.shares.putSegment(file, bytes32(`file ${i}`)), "stored"));
      assert.equal(store.shares.putSegment(files[0]!, bytes32("file 0")), "held");
      assert.throws(
        () => store.shares.putSegment(sampleFile(), bytes32("one more")),
        hasCode("STORE_TOO_MANY_PENDING"),
      );
      assert.equal(
        store.shares.activateSegment({ datasetId: DATASET, epoch: 1n, version: 1n, fileHash: bytes32("file 3") }),
        true,
      );
      assert.equal(hex(store.shares.loadColumn(DATASET, 1n, 1n, AGE)), hex(files[3]!.columns[0]!));
      assert.deepEqual(
        store.shares.segments(DATASET).map(({ state, fileHash }) => [state, fileHash]),
        [["active", bytes32("file 3")]],
      );
      assert.throws(() => store.shares.putSegment(sampleFile(), HASH), hasCode("STORE_SEGMENT_CONFLICT"));
    });

    it("writes no word, seed or key in clear", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      const file = putActive(store);
      store.close();
      const stored = readFileSync(folder.path);
      const secrets = [...file.columns.map((words) => words.subarray(0, 16)), ...file.seeds];
      for (const secret of secrets) assert.equal(stored.indexOf(secret), -1);
    });

    it("surfaces a full disk as STORE_FULL, keeps nothing of that file, and goes on when there is room", (test) => {
      const folder = storeFolder(test);
      const small = folder.open({ maxBytes: 2 << 20 });
      const kept = putActive(small);
      const big = sampleFile({
        version: 2n,
        rowCount: 4 * CHUNK_ROWS,
        columns: Array.from({ length: 30 }, (_, i) => bytes32(`c${i}`)),
      });
      assert.throws(() => small.shares.putSegment(big, bytes32("big")), hasCode("STORE_FULL"));
      assert.equal(small.shares.segments(DATASET).length, 1);
      assert.equal(hex(small.shares.loadColumn(DATASET, 1n, 1n, AGE)), hex(kept.columns[0]!));
      small.close();
      assert.equal(folder.open().shares.putSegment(big, bytes32("big")), "stored");
    });
  });

  describe("activateSegment", () => {
    it("before the file has come, leaves the version missing and accepts that file only", (test) => {
      const store = storeFolder(test).open();
      assert.equal(store.shares.activateSegment({ datasetId: DATASET, epoch: 1n, version: 1n, fileHash: HASH }), false);
      assert.equal(store.shares.hasVersion(DATASET, 1n, 1n), false);
      assert.deepEqual(
        store.shares.segments(DATASET).map(({ state }) => state),
        ["missing"],
      );
      const missing = hasCode("STORE_SEGMENT_MISSING", { datasetId: DATASET, version: 1n, activated: true });
      assert.throws(() => store.shares.loadColumn(DATASET, 1n, 1n, AGE), missing);
      assert.throws(() => store.shares.putSegment(sampleFile(), bytes32("other")), hasCode("STORE_SEGMENT_CONFLICT"));
      store.shares.putSegment(sampleFile(), HASH);
      assert.equal(store.shares.hasVersion(DATASET, 1n, 1n), true);
    });

    it("refuses a second file for a version", (test) => {
      const store = storeFolder(test).open();
      putActive(store);
      assert.throws(
        () => store.shares.activateSegment({ datasetId: DATASET, epoch: 1n, version: 1n, fileHash: bytes32("x") }),
        hasCode("STORE_SEGMENT_CONFLICT"),
      );
      assert.equal(store.shares.activateSegment({ datasetId: DATASET, epoch: 1n, version: 1n, fileHash: HASH }), true);
    });
  });

  describe("loadColumn", () => {
    it("concatenates versions in order, up to the one asked for", (test) => {
      const store = storeFolder(test).open();
      const files = [3, CHUNK_ROWS + 5, 2].map((rowCount, i) => sampleFile({ version: BigInt(i + 1), rowCount }));
      files.toReversed().forEach((file) => putActive(store, file, bytes32(`file ${file.header.version}`)));
      for (const upTo of [1, 2, 3]) {
        const expected = Buffer.concat(files.slice(0, upTo).map((file) => file.columns[1]!));
        assert.equal(hex(store.shares.loadColumn(DATASET, 1n, BigInt(upTo), ARM)), hex(expected));
      }
    });

    it("refuses a pending version, a gap, an unknown dataset and an unknown column", (test) => {
      const store = storeFolder(test).open();
      store.shares.putSegment(sampleFile(), HASH);
      const missing = (fields: object) => hasCode("STORE_SEGMENT_MISSING", { activated: false, ...fields });
      assert.throws(() => store.shares.loadColumn(DATASET, 1n, 1n, AGE), missing({ version: 1n }));
      putActive(store, sampleFile({ version: 3n }), bytes32("third"));
      store.shares.activateSegment({ datasetId: DATASET, epoch: 1n, version: 1n, fileHash: HASH });
      assert.throws(() => store.shares.loadColumn(DATASET, 1n, 3n, AGE), missing({ version: 2n }));
      assert.throws(() => store.shares.loadColumn(bytes32("?"), 1n, 1n, AGE), missing({ datasetId: bytes32("?") }));
      const unknown = hasCode("STORE_COLUMN_MISSING", { columnId: bytes32("?"), version: 1n });
      assert.throws(() => store.shares.loadColumn(DATASET, 1n, 1n, bytes32("?")), unknown);
    });
  });

  describe("a ciphertext in the wrong place, or altered", () => {
    const place = { datasetId: DATASET, version: 1n };

    it("does not decrypt under another wrapping key, or another dataset's key", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      putActive(store);
      const other = bytes32("other dataset");
      putActive(store, sampleFile({ datasetId: other }), bytes32("other file"));
      store.close();
      const stranger = folder.open({ wrappingKey: Buffer.alloc(32, 8) });
      assert.throws(
        () => stranger.shares.loadColumn(DATASET, 1n, 1n, AGE),
        hasCode("STORE_KEY_UNREADABLE", { datasetId: DATASET }),
      );
      stranger.close();
      copyFileSync(join(folder.keyDir, `${other.slice(2)}-1.key`), join(folder.keyDir, `${DATASET.slice(2)}-1.key`));
      assert.throws(() => folder.open().shares.loadColumn(DATASET, 1n, 1n, AGE), hasCode("STORE_KEY_UNREADABLE"));
    });

    it("is found out when the worker starts, if no key opens: another worker's secret, not one damaged file", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      store.shares.checkKeys();
      putActive(store);
      const other = bytes32("other dataset");
      putActive(store, sampleFile({ datasetId: other }), bytes32("other file"));
      store.shares.checkKeys();
      store.close();
      const stranger = folder.open({ wrappingKey: Buffer.alloc(32, 8) });
      assert.throws(() => stranger.shares.checkKeys(), hasCode("STORE_WRONG_KEY", { holdings: 2 }));
      stranger.shares.eraseDataset(other);
      assert.throws(() => stranger.shares.checkKeys(), hasCode("STORE_WRONG_KEY", { holdings: 1 }));
      stranger.close();
      writeFileSync(join(folder.keyDir, `${DATASET.slice(2)}-1.key`), "damaged", { mode: 0o600 });
      const again = folder.open();
      assert.throws(() => again.shares.checkKeys(), hasCode("STORE_WRONG_KEY", { holdings: 1 }));
      const third = bytes32("third dataset");
      putActive(again, sampleFile({ datasetId: third }), bytes32("third file"));
      again.shares.checkKeys();
    });

    it("does not decrypt as another chunk of its column, another column's chunk, or the seeds", (test) => {
      const folder = storeFolder(test);
      const swaps = [
        "UPDATE chunk SET ciphertext = (SELECT ciphertext FROM chunk WHERE id = first + 1) WHERE id = first",
        "UPDATE chunk SET ciphertext = (SELECT ciphertext FROM chunk WHERE id = first + 1048576) WHERE id = first",
        "UPDATE segment SET seeds = (SELECT ciphertext FROM chunk WHERE id = first)",
        "UPDATE chunk SET ciphertext = (SELECT seeds FROM segment) WHERE id = first",
      ];
      for (const [index, swap] of swaps.entries()) {
        const folderOfSwap = index === 0 ? folder : storeFolder(test);
        const store = folderOfSwap.open();
        putActive(store, sampleFile({ rowCount: 3 * CHUNK_ROWS }));
        store.close();
        tamper(folderOfSwap, (database) => {
          const first = database.prepare("SELECT MIN(id) AS id FROM chunk").get()!["id"] as number;
          database.exec(swap.replaceAll("first", String(first)));
        });
        const { shares } = folderOfSwap.open();
        const load = swap.includes("segment SET seeds")
          ? () => shares.loadSeeds(DATASET, 1n, 1n)
          : () => shares.loadColumn(DATASET, 1n, 1n, AGE);
        assert.throws(load, hasCode("STORE_DECRYPT_FAILED", place));
      }
    });

    it("does not decrypt when its row claims another version, file, column or row count", (test) => {
      const edits = [
        "UPDATE segment SET row_count = row_count - 1024",
        "UPDATE segment SET version = 2; UPDATE activation SET version = 2",
        "UPDATE segment SET file_hash = zeroblob(32); UPDATE activation SET file_hash = zeroblob(32)",
        `UPDATE stored_column SET column_id = zeroblob(32) WHERE id = 1`,
      ];
      for (const edit of edits) {
        const folder = storeFolder(test);
        const store = folder.open();
        putActive(store, sampleFile({ rowCount: 2 * CHUNK_ROWS }));
        store.close();
        tamper(folder, (database) => database.exec(edit));
        const { shares } = folder.open();
        const column = edit.includes("column_id") ? `0x${"0".repeat(64)}` : AGE;
        if (edit.includes("version = 2"))
          assert.throws(() => shares.loadSeeds(DATASET, 1n, 2n), hasCode("STORE_DECRYPT_FAILED"));
        else assert.throws(() => shares.loadColumn(DATASET, 1n, 1n, column), hasCode("STORE_DECRYPT_FAILED"), edit);
      }
    });

    it("is noticed for every flipped byte, and for a cut or deleted chunk, and other datasets stay readable", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      putActive(store, sampleFile({ rowCount: 40, columns: [AGE] }));
      const other = putActive(store, sampleFile({ datasetId: bytes32("other") }), bytes32("other file"));
      store.close();
      const length = 40 * 32 + 28;
      const flip = (offset: number, bit: number): void => {
        tamper(folder, (database) => {
          const row = database.prepare("SELECT id, ciphertext FROM chunk ORDER BY id LIMIT 1").get()!;
          const bytes = row["ciphertext"] as Uint8Array;
          bytes[offset]! ^= 1 << bit;
          database.prepare("UPDATE chunk SET ciphertext = ? WHERE id = ?").run(bytes, row["id"] as number);
        });
      };
      const failed = hasCode("STORE_DECRYPT_FAILED", { ...place, columnId: AGE, chunk: 0 });
      fc.assert(
        fc.property(fc.nat(length - 1), fc.nat(7), (offset, bit) => {
          flip(offset, bit);
          const broken = folder.open();
          assert.throws(() => broken.shares.loadColumn(DATASET, 1n, 1n, AGE), failed);
          assert.equal(hex(broken.shares.loadColumn(bytes32("other"), 1n, 1n, AGE)), hex(other.columns[0]!));
          broken.close();
          flip(offset, bit);
        }),
        { numRuns: budget.flippedBytes },
      );
      tamper(folder, (database) =>
        database.exec("UPDATE chunk SET ciphertext = substr(ciphertext, 1, 20) WHERE id = (SELECT MIN(id) FROM chunk)"),
      );
      const cut = folder.open();
      assert.throws(() => cut.shares.loadColumn(DATASET, 1n, 1n, AGE), failed);
      cut.close();
      tamper(folder, (database) => database.exec("DELETE FROM chunk WHERE id = (SELECT MIN(id) FROM chunk)"));
      assert.throws(() => folder.open().shares.loadColumn(DATASET, 1n, 1n, AGE), hasCode("STORE_CHUNK_MISSING", place));
    });
  });

  describe("rows of one version", () => {
    const rowCount = 2 * CHUNK_ROWS + 7;
    const [first, second] = [sampleFile({ rowCount: 3 }), sampleFile({ version: 2n, rowCount })];
    const [id, words] = [second.header.columns[0]!, second.columns[0]!];
    const dataset = second.header.datasetId;

    it("are any part of its own column, across chunks", (test) => {
      const store = storeFolder(test).open();
      for (const file of [first, second]) putActive(store, file);
      const edges = [0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 2 * CHUNK_ROWS, rowCount];
      for (const from of edges) {
        for (const to of edges.filter((edge) => edge >= from)) {
          const expected = words.subarray(from * 32, to * 32);
          assert.deepEqual(Buffer.from(store.shares.loadRows(dataset, 1n, 2n, id, from, to)), Buffer.from(expected));
        }
      }
      assert.throws(() => store.shares.loadRows(dataset, 1n, 2n, id, 0, rowCount + 1), /rows of the segment/);
      assert.throws(() => store.shares.loadRows(dataset, 1n, 3n, id, 0, 1), hasCode("STORE_SEGMENT_MISSING"));
    });

    it("are gone when their column is erased, and no other", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      for (const file of [first, second]) putActive(store, file);
      const other = second.header.columns[1]!;
      store.shares.eraseColumns(dataset, 1n, 2n, [id, bytes32("no such column")]);
      store.shares.eraseColumns(dataset, 1n, 2n, [id]);
      assert.throws(() => store.shares.loadRows(dataset, 1n, 2n, id, 0, 1), hasCode("STORE_COLUMN_MISSING"));
      assert.equal(store.shares.loadRows(dataset, 1n, 1n, id, 0, 3).length, 96);
      assert.deepEqual(Buffer.from(store.shares.loadRows(dataset, 1n, 2n, other, 0, rowCount)), Buffer.from(second.columns[1]!)); // prettier-ignore
      store.close();
      const file = new DatabaseSync(folder.path);
      assert.equal(file.prepare("SELECT COUNT(*) AS chunks FROM chunk").get()?.["chunks"], 1 + 1 + 3);
      file.close();
    });
  });

  describe("eraseDataset", () => {
    it("removes rows and key for good, and leaves others", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      putActive(store);
      putActive(store, sampleFile({ datasetId: bytes32("other") }), bytes32("other file"));
      store.shares.eraseDataset(DATASET);
      assert.equal(existsSync(join(folder.keyDir, `${DATASET.slice(2)}-1.key`)), false);
      assert.throws(() => store.shares.loadColumn(DATASET, 1n, 1n, AGE), hasCode("STORE_SEGMENT_MISSING"));
      assert.throws(() => store.shares.putSegment(sampleFile(), bytes32("again")), hasCode("STORE_DATASET_ERASED"));
      assert.equal(store.shares.loadColumn(bytes32("other"), 1n, 1n, AGE).length, 320);
    });

    it("makes a backup of the database unreadable", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      putActive(store);
      store.close();
      copyFileSync(folder.path, `${folder.path}.backup`);
      const again = folder.open();
      again.shares.eraseDataset(DATASET);
      again.close();
      copyFileSync(`${folder.path}.backup`, folder.path);
      assert.throws(
        () => folder.open().shares.loadColumn(DATASET, 1n, 1n, AGE),
        hasCode("STORE_KEY_MISSING", { datasetId: DATASET }),
      );
    });

    it("finishes an erasure that a crash cut short", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      putActive(store);
      store.close();
      tamper(folder, (database) => database.exec("UPDATE dataset SET erased = 1"));
      folder.open();
      assert.deepEqual(readdirSync(folder.keyDir), []);
    });
  });

  describe("key files", () => {
    it("are made 0600, and refused when others may read them", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      putActive(store);
      store.close();
      const path = join(folder.keyDir, `${DATASET.slice(2)}-1.key`);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      for (const mode of [0o640, 0o604, 0o660]) {
        chmodSync(path, mode);
        const opened = folder.open();
        assert.throws(
          () => opened.shares.loadColumn(DATASET, 1n, 1n, AGE),
          hasCode("STORE_PERMISSIONS", { mode: mode.toString(8) }),
        );
        opened.close();
      }
    });

    it("are no longer used once they are deleted, though they were read before", (test) => {
      const folder = storeFolder(test);
      const { shares } = folder.open();
      putActive({ shares } as Store);
      shares.loadColumn(DATASET, 1n, 1n, AGE);
      const stamp = shares.keyStamp(DATASET, 1n);
      assert.equal(shares.keyStamp(DATASET, 1n), stamp);
      rmSync(join(folder.keyDir, `${DATASET.slice(2)}-1.key`));
      assert.throws(
        () => shares.loadColumn(DATASET, 1n, 1n, AGE),
        hasCode("STORE_KEY_MISSING", { datasetId: DATASET }),
      );
      assert.throws(() => shares.keyStamp(DATASET, 1n), hasCode("STORE_KEY_MISSING"));
    });

    it("are never made anew for a dataset that has shares", (test) => {
      const folder = storeFolder(test);
      const store = folder.open();
      putActive(store);
      store.close();
      copyFileSync(folder.path, `${folder.path}.copy`);
      const erased = folder.open();
      erased.shares.eraseDataset(DATASET);
      erased.close();
      copyFileSync(`${folder.path}.copy`, folder.path);
      const next = sampleFile({ version: 2n });
      assert.throws(() => folder.open().shares.putSegment(next, bytes32("next")), hasCode("STORE_KEY_MISSING"));
    });
  });

  it("lists what it holds", (test) => {
    const store = storeFolder(test).open();
    putActive(store, sampleFile({ rowCount: 5 }));
    store.shares.putSegment(sampleFile({ version: 2n, rowCount: 6, epoch: 2n }), bytes32("second"));
    assert.deepEqual(store.shares.datasets(), [
      {
        datasetId: DATASET,
        erased: false,
        segments: [
          { version: 1n, state: "active", fileHash: HASH, epoch: 1n, rowCount: 5 },
          { version: 2n, state: "pending", fileHash: bytes32("second"), epoch: 2n, rowCount: 6 },
        ],
      },
    ]);
  });
});

describe("sampleWords", () => {
  it("makes canonical words", () => {
    assert.ok(sampleWords(50).every((byte, i) => i % 32 !== 0 || byte < 16));
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
