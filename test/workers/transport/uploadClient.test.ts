/** What a malicious worker can make an owner's terminal show. */
import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import type { CodedError } from "../../../workers/errors.ts";
import { uploadShareFile } from "../../../workers/transport/uploadClient.ts";
import { identityOf, now } from "./meshFixture.ts";

/** The error an owner gets when the worker answers with this. */
async function errorAfter(test: TestContext, status: number, answer: string): Promise<CodedError<never>> {
  const [worker, owner] = [await identityOf("worker 1"), await identityOf("owner")];
  const tls = { key: worker.keyPem, cert: worker.certificatePem, requestCert: true, rejectUnauthorized: false };
  const server = createServer(tls).on("checkContinue", (_request, response) => {
    response.writeHead(status, { connection: "close" });
    response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.after(() => server.close());
  const id = `0x${"11".repeat(32)}`;
  const ids = { studyId: id, datasetId: id, worker: `0x${"77".repeat(20)}`, fileHash: id };
  return uploadShareFile({
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    workerFingerprint: worker.fingerprint,
    identity: owner,
    upload: { ...ids, bytes: 3n, nonce: 1n, deadline: 1n },
    signature: `0x${"cd".repeat(65)}`,
    file: Uint8Array.of(1, 2, 3),
    now,
    timeoutMs: 10_000,
  }).then(
    () => assert.fail("no error"),
    (error: unknown) => error as CodedError<never>,
  );
}

async function reasonAfter(test: TestContext, body: object): Promise<string> {
  const error = await errorAfter(test, 422, JSON.stringify(body));
  assert.equal(error.code, "UPLOAD_REFUSED");
  return (error.detail as { reason: string }).reason;
}

describe("a worker's refusal, as its owner reads it", () => {
  it("keeps code and message when they are plain", async (test) => {
    const body = { code: "UPLOAD_BAD_HEADER", message: "Größe is missing, 数" };
    assert.equal(await reasonAfter(test, body), "UPLOAD_BAD_HEADER: Größe is missing, 数");
  });

  it("loses whatever a terminal would act upon", async (test) => {
    const message = "a\u001b[2Jb\r\nc\u202ed\u2066e\u200bf\u2028g\u009bh\u0000i\ud800j\ue000k\u00adl";
    assert.equal(await reasonAfter(test, { code: "A", message }), "A: a[2Jbcdefghijkl");
  });

  it("is cut, between characters", async (test) => {
    assert.equal(await reasonAfter(test, { code: "A", message: "😀".repeat(400) }), `A: ${"😀".repeat(300)}`);
  });

  it("has no code but one of ours in form", async (test) => {
    for (const code of ["\u001b[31mUPLOAD", "upload", "", "A".repeat(65), 7, { toString: "x" }, undefined]) {
      assert.equal(await reasonAfter(test, { code, message: "m" }), "no valid code: m");
    }
    assert.equal(await reasonAfter(test, { code: "A", message: { a: 1 } }), "A");
  });

  it("quotes nothing of an answer that is no JSON, causes included", async (test) => {
    for (let error: unknown = await errorAfter(test, 200, "\u001b[2Jevil"); error !== undefined;) {
      const { message } = error as Error;
      assert.ok(!message.includes("evil") && !message.includes("\u001b"), "quotes nothing");
      error = (error as Error).cause;
    }
  });
});
