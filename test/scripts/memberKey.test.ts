import { after, describe, it } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createMemberKey } from "../../scripts/memberKey.ts";
import { makePrivateFolder } from "../../scripts/privateFiles.ts";
import { readTlsIdentity, writeTlsIdentity } from "../../scripts/tlsIdentity.ts";
import { testContext } from "../support/commandContext.ts";
import { temporaryFolder } from "../support/temporaryFolder.ts";

/** Cheap on purpose: what a keystore costs is not tested here. */
const SCRYPT_N = 1_024;

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("createMemberKey", () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const context = testContext(folder.path);

  it("writes a keystore that opens with its password file, both private", async () => {
    const key = await createMemberKey(join(folder.path, "a"), context, SCRYPT_N);
    const wallet = await context.unlock(key.keystore, key.passwordFile);
    assert.equal(wallet.address, key.account);
    assert.equal(wallet.signingKey.compressedPublicKey, key.encryptionKey);
    assert.equal(modeOf(key.keystore), 0o600);
    assert.equal(modeOf(key.passwordFile), 0o600);
    assert.equal(modeOf(join(folder.path, "a")), 0o700);
  });

  it("never replaces a key", async () => {
    const first = await createMemberKey(join(folder.path, "b"), context, SCRYPT_N);
    const before = readFileSync(first.keystore, "utf8");
    await assert.rejects(createMemberKey(join(folder.path, "b"), context, SCRYPT_N), {
      detail: { code: "KEYSTORE_EXISTS", path: first.keystore },
    });
    assert.equal(readFileSync(first.keystore, "utf8"), before);
  });

  it("refuses a password that does not fit, and one that others can read", async () => {
    const key = await createMemberKey(join(folder.path, "c"), context, SCRYPT_N);
    writeFileSync(key.passwordFile, "another\n");
    await assert.rejects(context.unlock(key.keystore, key.passwordFile), { code: "KEYSTORE_WRONG_PASSWORD" });
    const open = join(folder.path, "open-password");
    writeFileSync(open, "x\n", { mode: 0o644 });
    await assert.rejects(async () => context.unlock(key.keystore, open), { code: "KEYSTORE_PERMISSIONS" });
  });
});

describe("writeTlsIdentity", () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it("writes a private key and a certificate with the fingerprint it names", async () => {
    const { key, fingerprint } = await writeTlsIdentity(folder.path, "Hospital", [], testContext(folder.path));
    assert.equal(modeOf(key), 0o600);
    assert.equal(readTlsIdentity(folder.path).fingerprint, fingerprint);
    assert.match(fingerprint, /^0x[0-9a-f]{64}$/);
  });

  it("gives its files the names that .env.example has", async () => {
    makePrivateFolder(join(folder.path, "worker"));
    const made = await writeTlsIdentity(join(folder.path, "worker"), "Worker", [], testContext(folder.path));
    const example = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");
    for (const path of [made.key, made.certificate]) {
      assert.ok(example.split("\n").some((line) => line.startsWith("OPALINE_TLS_") && line.endsWith(basename(path))));
    }
  });

  it("is what makes the files: where one is not there, a hospital is told so", () => {
    const without = join(folder.path, "without");
    makePrivateFolder(without);
    const told = (name: string) => ({
      detail: { code: "KEYSTORE_MISSING", path: join(without, name) },
      message: /does not exist: `opaline data-owner init` made no certificate in this folder; give the --directory/,
    });
    assert.throws(() => readTlsIdentity(without), told("tls-key.pem"));
    writeFileSync(join(without, "tls-key.pem"), "", { mode: 0o600 });
    assert.throws(() => readTlsIdentity(without), told("tls-certificate.pem"));
  });
});
