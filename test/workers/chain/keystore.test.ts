import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { Wallet } from "ethers";
import { openKeystore, readPassword, readPrivateFile, writeKeystore } from "../../../workers/chain/keystore.ts";
import type { CodedError } from "../../../workers/errors.ts";

/** 2^10: these keys protect nothing. */
const CHEAP = { scryptN: 1_024 };
const PASSWORD = "correct horse";

describe("keystore", () => {
  let folder: string;
  let path: string;
  const wallet = new Wallet(`0x${"5a".repeat(32)}`);
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "opaline-keystore-"));
    path = join(folder, "keystore.json");
    assert.equal(await writeKeystore(path, wallet.privateKey, PASSWORD, CHEAP), wallet.address);
  });
  after(() => rmSync(folder, { recursive: true }));

  function file(name: string, text: string, mode = 0o600): string {
    const written = join(folder, name);
    writeFileSync(written, text);
    chmodSync(written, mode);
    return written;
  }

  it("opens what it wrote, and holds no key in clear", async () => {
    assert.equal((await openKeystore(path, PASSWORD)).privateKey, wallet.privateKey);
    assert.ok(!readFileSync(path, "utf8").toLowerCase().includes("5a5a5a5a"));
  });

  it("refuses a wrong password and an altered file, without quoting either", async () => {
    const altered = JSON.parse(readFileSync(path, "utf8")) as { Crypto: { ciphertext: string } };
    altered.Crypto.ciphertext = altered.Crypto.ciphertext.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    const alteredPath = file("altered.json", JSON.stringify(altered));
    for (const [where, password] of [
      [path, "wrong horse"],
      [alteredPath, PASSWORD],
    ] as const) {
      await assert.rejects(openKeystore(where, password), (error: CodedError) => {
        assert.deepEqual(error.detail, { code: "KEYSTORE_WRONG_PASSWORD", path: where });
        assert.ok(!inspect(error, { depth: 9 }).includes("horse"));
        return true;
      });
    }
  });

  it("refuses files that others may read, missing files and files that are no keystore", async () => {
    const open = file("open", "secret\n", 0o640);
    assert.throws(() => readPassword(open), { detail: { code: "KEYSTORE_PERMISSIONS", path: open, mode: "0640" } });
    assert.throws(() => readPrivateFile(join(folder, "absent")), { code: "KEYSTORE_MISSING" });
    assert.throws(() => readPassword(file("empty", "\n")), { code: "KEYSTORE_EMPTY_PASSWORD" });
    await assert.rejects(openKeystore(file("text", "hello"), PASSWORD), { code: "KEYSTORE_INVALID" });
    assert.equal(readPassword(file("password", " two words \r\n")), " two words ");
  });

  it("never overwrites a key", async () => {
    const before = readFileSync(path, "utf8");
    await assert.rejects(writeKeystore(path, wallet.privateKey, PASSWORD, CHEAP), { code: "KEYSTORE_EXISTS" });
    assert.equal(readFileSync(path, "utf8"), before);
  });
});
