import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readStoreKey } from "../../../workers/node/storeKey.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

describe("readStoreKey", () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const path = join(folder.path, "store.key");
  const write = (text: string): void => writeFileSync(path, text, { mode: 0o600 });

  it("reads 64 hex digits on one line", () => {
    for (const end of ["\n", "\r\n", ""]) {
      write(`${"0a".repeat(31)}ff${end}`);
      assert.deepEqual([...readStoreKey(path)], [...Array<number>(31).fill(10), 255]);
    }
  });

  it("refuses anything else, and does not quote it", () => {
    for (const text of [
      "",
      "ab".repeat(31),
      "ab".repeat(33),
      "AB".repeat(32),
      `0x${"ab".repeat(32)}`,
      "zz".repeat(32),
    ]) {
      write(text);
      assert.throws(
        () => readStoreKey(path),
        (error: Error & { detail: unknown }) => {
          assert.deepEqual(error.detail, { code: "NODE_BAD_STORE_KEY", path });
          return text === "" || !error.message.includes(text);
        },
      );
    }
  });

  it("refuses a file that others may read, or that is not there", () => {
    write("ab".repeat(32));
    chmodSync(path, 0o640);
    assert.throws(() => readStoreKey(path), { code: "KEYSTORE_PERMISSIONS" });
    assert.throws(() => readStoreKey(`${path}.absent`), { code: "KEYSTORE_MISSING" });
  });
});
