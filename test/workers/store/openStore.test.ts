import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { deriveWrappingKey } from "../../../workers/store/holdingKeys.ts";
import { budget } from "../../budget.ts";
import { MIGRATIONS } from "../../../workers/store/migrations.ts";
import { bytes32, hasCode, sampleFile, storeFolder } from "./storeFixture.ts";

describe("openStore", () => {
  it("makes a file that only its owner may read, and refuses one that others may", (test) => {
    const folder = storeFolder(test);
    folder.open().close();
    assert.equal(statSync(folder.path).mode & 0o777, 0o600);
    chmodSync(folder.path, 0o644);
    assert.throws(() => folder.open(), hasCode("STORE_PERMISSIONS", { path: folder.path, mode: "644" }));
  });

  it("refuses a key folder in which others may write", (test) => {
    const folder = storeFolder(test);
    folder.open().close();
    chmodSync(folder.keyDir, 0o777);
    assert.throws(() => folder.open(), hasCode("STORE_PERMISSIONS", { path: folder.keyDir }));
  });

  it("refuses a file that a newer worker wrote, with both versions", (test) => {
    const folder = storeFolder(test);
    folder.open().close();
    edit(folder.path, "PRAGMA user_version = 99");
    assert.throws(() => folder.open(), hasCode("STORE_NEWER_FILE", { found: 99, supported: MIGRATIONS.length }));
  });

  it("refuses another program's database, and a file that is none", (test) => {
    const foreign = storeFolder(test);
    edit(foreign.path, "CREATE TABLE notes (text)");
    chmodSync(foreign.path, 0o600);
    assert.throws(() => foreign.open(), hasCode("STORE_FOREIGN_FILE"));
    const garbage = storeFolder(test);
    writeFileSync(garbage.path, "no database at all, but long enough to be looked at".repeat(40), { mode: 0o600 });
    assert.throws(() => garbage.open(), hasCode("STORE_CORRUPT"));
  });

  it("is open in one place at a time", (test) => {
    const folder = storeFolder(test);
    const first = folder.open();
    assert.throws(() => folder.open(), hasCode("STORE_LOCKED", { path: folder.path }));
    first.close();
    folder.open();
  });

  it("derives wrapping keys that differ by secret", () => {
    const [a, b] = [deriveWrappingKey(Buffer.alloc(32, 1)), deriveWrappingKey(Buffer.alloc(32, 2))];
    assert.equal(a.length, 32);
    assert.notDeepEqual(a, b);
    assert.deepEqual(a, deriveWrappingKey(Buffer.alloc(32, 1)));
  });
});

describe("transaction", () => {
  const cursor = { block: 7, blockHash: bytes32("block"), logIndex: 3 };

  it("stores effects and cursor together, or neither", (test) => {
    const folder = storeFolder(test);
    const store = folder.open();
    const request = { requestId: bytes32("request"), queryContract: `0x${"ab".repeat(20)}`, block: 7, event: "{}" };
    const failing = (): void =>
      store.transaction(() => {
        store.requests.insert(request);
        store.cursors.write("31337", cursor);
        throw new Error("handler failed");
      });
    assert.throws(failing, /handler failed/);
    assert.equal(store.requests.get(request.requestId), undefined);
    assert.equal(store.cursors.read("31337"), undefined);
    store.transaction(() => {
      store.requests.insert(request);
      store.cursors.write("31337", cursor);
    });
    store.close();
    const again = folder.open();
    assert.deepEqual(again.cursors.read("31337"), cursor);
    assert.equal(again.requests.pending().length, 1);
  });

  it("is never nested, and a step that failed inside leaves no trace", (test) => {
    const store = storeFolder(test).open();
    assert.throws(() => store.transaction(() => store.transaction(() => 1)), hasCode("STORE_NESTED_TRANSACTION"));
    store.transaction(() => {
      const broken = sampleFile();
      const cut = { ...broken, columns: [broken.columns[0]!, new Uint8Array(32)] };
      assert.throws(() => store.shares.putSegment(cut, bytes32("file")));
      store.cursors.write("31337", cursor);
    });
    assert.deepEqual(store.shares.segments(bytes32("dataset")), []);
    assert.deepEqual(store.cursors.read("31337"), cursor);
  });

  it("refuses work that does not end with the call", (test) => {
    const store = storeFolder(test).open();
    assert.throws(() => store.transaction(() => Promise.resolve()), /synchronous/);
  });
});

describe("kill -9", () => {
  it("loses nothing that was acknowledged and keeps nothing half-written", async (test) => {
    const folder = storeFolder(test);
    folder.open().close();
    let acknowledged = 0;
    for (let cycle = 0; cycle < budget.killCycles; cycle += 1) {
      acknowledged = await writeUntilKilled(folder, acknowledged, 3 + 5 * cycle);
      const store = folder.open();
      const held = store.shares.segments(bytes32("dataset")).length;
      assert.ok(held === acknowledged || held === acknowledged + 1, `${held} held, ${acknowledged} acknowledged`);
      assert.equal(store.cursors.read("31337")?.block, held, "cursor and segments move together");
      const rows = store.shares.loadColumn(bytes32("dataset"), 1n, BigInt(held), bytes32("age"));
      assert.equal(rows.length, held * 1500 * 32);
      assert.equal(store.requests.get(bytes32("request"))!.lastAttempt >= BigInt(held), true);
      acknowledged = held;
      store.close();
    }
  });
});

/** Lets a child add versions after `from` and kills it once it has acknowledged `count` more. */
async function writeUntilKilled(
  folder: { path: string; keyDir: string },
  from: number,
  count: number,
): Promise<number> {
  const child = fork(new URL("storeWriter.ts", import.meta.url), [folder.path, folder.keyDir, String(from)]);
  let acknowledged = from;
  child.on("message", (version: number) => {
    acknowledged = version;
    if (version >= from + count) child.kill("SIGKILL");
  });
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGKILL");
  return acknowledged;
}

function edit(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
