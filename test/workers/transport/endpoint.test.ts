import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { keccak256 } from "ethers";
import { Endpoint, type EndpointLimits } from "../../../workers/transport/endpoint.ts";
import { createTlsIdentity, fingerprintOf } from "../../../workers/transport/identity.ts";
import type { Upload } from "../../../workers/messages/signedStructs.ts";
import { decodeUploadHeader, encodeUploadHeader } from "../../../workers/transport/upload.ts";
import { uploadShareFile, type ShareFileUpload } from "../../../workers/transport/uploadClient.ts";
import type { UploadGate, UploadRequest } from "../../../workers/transport/uploadDesk.ts";
import type { Timers } from "../../../workers/transport/timers.ts";
import { CodedError } from "../../../workers/errors.ts";
import { bytes32, hasCode, storeFolder } from "../store/storeFixture.ts";
import { identityOf, makeIdentity, now } from "./meshFixture.ts";

const FILE = Buffer.alloc(200_000, 5);
const RECEIPT = `0x${"ab".repeat(65)}`;
const OWNER = `0x${"0c".repeat(20)}`;
const SECOND_OWNER = `0x${"0d".repeat(20)}`;

/** A gate that knows two owners and keeps nonces in a real store, as the node does. */
async function startDesk(
  test: TestContext,
  limits: Partial<EndpointLimits> = {},
  changes: Partial<UploadGate> = {},
  timers?: Timers,
) {
  const owner = await identityOf("owner");
  const { uploadNonces } = storeFolder(test).open();
  const stored: Uint8Array[] = [];
  const owners = new Map([
    [owner.fingerprint, OWNER],
    [(await identityOf("second owner")).fingerprint, SECOND_OWNER],
  ]);
  const gate: UploadGate = {
    ownerOf: (fingerprint) => Promise.resolve(owners.get(fingerprint)),
    authorizeUpload({ upload }: UploadRequest) {
      if (uploadNonces.isUsed(OWNER, upload.nonce)) throw new CodedError({ code: "STORE_NONCE_USED" }, "nonce used");
      return Promise.resolve();
    },
    receiveUpload({ upload }, file) {
      uploadNonces.use(OWNER, upload.nonce, upload.deadline);
      stored.push(file);
      return Promise.resolve(RECEIPT);
    },
    ...changes,
  };
  const identity = await identityOf("worker 1");
  const workerOf = () => Promise.resolve(undefined);
  const endpoint = new Endpoint({
    identity,
    host: "127.0.0.1",
    port: 0,
    now,
    workerOf,
    uploads: gate,
    limits,
    ...(timers && { timers }),
  });
  await endpoint.start();
  test.after(() => endpoint.stop());
  const base = {
    endpoint: `https://127.0.0.1:${endpoint.port}`,
    workerFingerprint: identity.fingerprint,
    identity: owner,
    upload: message(FILE),
    signature: `0x${"cd".repeat(65)}`,
    file: FILE,
    now,
    timeoutMs: 10_000,
  };
  const upload = (given: Partial<ShareFileUpload> = {}) => uploadShareFile({ ...base, ...given });
  return { endpoint, stored, upload };
}

function message(file: Uint8Array, changes: Partial<Upload> = {}): Upload {
  const ids = { studyId: bytes32("study"), datasetId: bytes32("dataset"), worker: `0x${"77".repeat(20)}` };
  const [fileHash, bytes] = [keccak256(file), BigInt(file.length)];
  return { ...ids, fileHash, bytes, nonce: 1n, deadline: 2_000_000_000n, ...changes };
}

const refused = (status: number, reason: string) => (error: unknown) =>
  hasCode("UPLOAD_REFUSED", { status })(error) && (error as Error).message.includes(reason);

describe("/upload", () => {
  it("gives the whole file to the gate and its receipt to the owner", async (test) => {
    const { upload, stored } = await startDesk(test);
    assert.deepEqual(await upload(), { receipt: RECEIPT });
    assert.deepEqual(stored, [FILE]);
  });

  it("refuses a replayed nonce", async (test) => {
    const { upload, stored } = await startDesk(test);
    await upload();
    await assert.rejects(upload(), refused(400, "STORE_NONCE_USED"));
    assert.equal(stored.length, 1);
  });

  it("refuses an owner that the registry does not know, and an expired certificate", async (test) => {
    const { upload, stored } = await startDesk(test);
    await assert.rejects(
      upload({ identity: await makeIdentity("stranger") }),
      refused(403, "UPLOAD_UNKNOWN_CERTIFICATE"),
    );
    const old = await makeIdentity("owner", () => now() - 864_000_000, 5);
    await assert.rejects(upload({ identity: old }), refused(403, "UPLOAD_BAD_CERTIFICATE"));
    assert.equal(stored.length, 0);
  });

  it("refuses a client without certificate", async (test) => {
    const { endpoint } = await startDesk(test);
    assert.match(await rawRequest(endpoint.port, head(FILE.length)), /403 .*UPLOAD_NO_CERTIFICATE/s);
  });

  it("refuses a file that is too large, or not the one signed for", async (test) => {
    const { upload, stored } = await startDesk(test, { maxUploadBytes: 150_000 });
    await assert.rejects(upload(), refused(413, "UPLOAD_TOO_LARGE"));
    const small = FILE.subarray(0, 1000);
    await assert.rejects(
      upload({ file: small, upload: message(small, { bytes: 999n }) }),
      refused(422, "UPLOAD_WRONG_LENGTH"),
    );
    await assert.rejects(
      upload({ file: Buffer.alloc(1000, 6), upload: message(small) }),
      refused(422, "UPLOAD_WRONG_HASH"),
    );
    await assert.rejects(
      upload({ file: small, upload: message(small, { bytes: 2n ** 200n }) }),
      refused(413, "UPLOAD_TOO_LARGE"),
    );
    assert.equal(stored.length, 0);
  });

  it("reads no body before the gate agrees", async (test) => {
    let readable = true;
    const { upload } = await startDesk(
      test,
      {},
      {
        authorizeUpload: () => Promise.reject(new CodedError({ code: "UPLOAD_EXPIRED" }, "too late")),
        receiveUpload: () => ((readable = false), Promise.resolve(RECEIPT)),
      },
    );
    await assert.rejects(upload(), refused(422, "UPLOAD_EXPIRED"));
    assert.equal(readable, true);
  });

  it("takes a bounded number at once, one of each owner", async (test) => {
    const [started, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const receiveUpload = async (): Promise<string> => {
      started.resolve();
      await release.promise;
      return RECEIPT;
    };
    const { upload } = await startDesk(test, { maxUploads: 1 }, { receiveUpload });
    const first = upload();
    await started.promise;
    for (const name of ["owner", "second owner"]) {
      await assert.rejects(
        upload({ identity: await identityOf(name) }),
        (error) => refused(503, "UPLOAD_BUSY")(error) && hasCode("UPLOAD_REFUSED", { retryable: true })(error),
      );
    }
    release.resolve();
    await first;
    await upload();
  });

  it("gives a slot to authorised uploads only", async (test) => {
    const [started, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const second = await identityOf("second owner");
    const { upload } = await startDesk(
      test,
      { maxUploads: 1 },
      {
        async authorizeUpload({ fingerprint }) {
          if (fingerprint !== second.fingerprint) return;
          started.resolve();
          await release.promise;
        },
      },
    );
    const pending = upload({ identity: second, upload: message(FILE, { nonce: 2n }) });
    await started.promise;
    await upload();
    release.resolve();
    await pending;
  });

  it("looks few strangers up at once, takes no slot for them, and owners seen lately pass them", async (test) => {
    const [owner, release] = [await identityOf("owner"), Promise.withResolvers<void>()];
    const asked: string[] = [];
    const two = Promise.withResolvers<void>();
    const { upload } = await startDesk(
      test,
      { maxUploads: 1, maxLookUps: 2 },
      {
        async ownerOf(fingerprint) {
          asked.push(fingerprint);
          if (fingerprint === owner.fingerprint) return OWNER;
          if (asked.length === 3) two.resolve();
          await release.promise;
          return undefined;
        },
      },
    );
    await upload();
    const strangers = await Promise.all([1, 2, 3].map((i) => identityOf(`stranger ${i}`)));
    const waiting = strangers.slice(0, 2).map((identity) => upload({ identity }).catch((error: unknown) => error));
    await two.promise;
    await assert.rejects(upload({ identity: strangers[2]! }), refused(503, "UPLOAD_BUSY"));
    await upload({ upload: message(FILE, { nonce: 2n }) });
    release.resolve();
    for (const error of await Promise.all(waiting)) assert.ok(refused(403, "UPLOAD_UNKNOWN_CERTIFICATE")(error));
    assert.equal(asked.length, 3);
  });

  it("makes an owner wait after an upload that failed", async (test) => {
    const { upload } = await startDesk(test);
    await assert.rejects(upload({ file: Buffer.alloc(FILE.length, 6) }), refused(422, "UPLOAD_WRONG_HASH"));
    await assert.rejects(
      upload(),
      (error) => refused(429, "UPLOAD_BACKED_OFF")(error) && hasCode("UPLOAD_REFUSED", { retryable: true })(error),
    );
    await upload({ identity: await identityOf("second owner") });
  });

  it("tells nothing of an error that is not the owner's", async (test) => {
    const { upload } = await startDesk(test, {}, { receiveUpload: () => Promise.reject(new Error("secret 123")) });
    await assert.rejects(
      upload(),
      (error) => refused(500, "UPLOAD_FAILED")(error) && !(error as Error).message.includes("secret"),
    );
  });

  it("answers nothing else", async (test) => {
    const { endpoint } = await startDesk(test);
    for (const request of ["GET /upload", "POST /", "GET /peer"]) {
      assert.match(await rawRequest(endpoint.port, `${request} HTTP/1.1\r\nHost: x\r\n\r\n`), /404/);
    }
  });
});

describe("uploadShareFile", () => {
  it("sends nothing to a worker with another certificate", async (test) => {
    const { upload, stored } = await startDesk(test);
    const workerFingerprint = (await identityOf("worker 2")).fingerprint;
    await assert.rejects(
      upload({ workerFingerprint }),
      hasCode("TRANSPORT_WRONG_FINGERPRINT", { pinned: workerFingerprint }),
    );
    assert.equal(stored.length, 0);
  });

  it("rejects when nobody answers, and when cancelled", async (test) => {
    const { upload } = await startDesk(test, {}, { authorizeUpload: () => new Promise(() => {}) });
    await assert.rejects(upload({ timeoutMs: 100 }), hasCode("UPLOAD_REFUSED", { status: 0, retryable: true }));
    await assert.rejects(upload({ endpoint: "https://127.0.0.1:1" }), hasCode("TRANSPORT_UNREACHABLE"));
    await assert.rejects(upload({ signal: AbortSignal.abort() }), hasCode("TRANSPORT_STOPPED"));
  });
});

describe("sockets that stop half-way are dropped", () => {
  const limits = { headersTimeoutMs: 100 };

  it("before TLS", async (test) => {
    const { endpoint } = await startDesk(test, limits);
    const sockets = Array.from({ length: 20 }, () => connectTcp(endpoint.port, "127.0.0.1").on("error", () => {}));
    await Promise.all(sockets.map((socket) => once(socket, "close")));
  });

  for (const [what, bytes] of [
    ["after TLS, silent", ""],
    ["in the middle of a header", "POST /upload HTTP/1.1\r\nHost: x\r\nx-slow: "],
  ] as const) {
    it(what, async (test) => {
      const { endpoint } = await startDesk(test, limits);
      const socket = connectTls({ port: endpoint.port, host: "127.0.0.1", rejectUnauthorized: false }).on(
        "error",
        () => {},
      );
      await once(socket, "secureConnect");
      socket.write(bytes);
      socket.resume();
      await once(socket, "close");
    });
  }

  it("in the middle of a body", async (test) => {
    const { endpoint, stored } = await startDesk(test, { headersTimeoutMs: 100, uploadTimeoutMs: 200 });
    const answer = await rawRequest(endpoint.port, head(FILE.length), await identityOf("owner"));
    assert.doesNotMatch(answer, /200 OK/);
    assert.equal(stored.length, 0);
  });

  it("in the middle of a body, for being too slow", async (test) => {
    const interval = Promise.withResolvers<() => void>();
    const timers = { after: (_ms: number, run: () => void) => (interval.resolve(run), () => {}) };
    const { endpoint, upload, stored } = await startDesk(test, { maxUploads: 1, minOwnerBackoffMs: 0 }, {}, timers);
    const pending = rawRequest(endpoint.port, head(FILE.length), await identityOf("owner"));
    (await interval.promise)();
    const answer = await pending;
    assert.match(answer, /408 .*UPLOAD_TOO_SLOW/s);
    assert.equal(stored.length, 0);
    await upload();
  });
});

describe("the upload header", () => {
  const signed = { upload: message(FILE), signature: `0x${"cd".repeat(65)}` };

  it("decodes to what was encoded", () => {
    assert.deepEqual(decodeUploadHeader(encodeUploadHeader(signed)), signed);
  });

  it("is refused, naming the field, when anything is missing, added or malformed", () => {
    const valid = JSON.parse(Buffer.from(encodeUploadHeader(signed), "base64").toString()) as {
      upload: Record<string, unknown>;
    };
    const cases: [unknown, string][] = [
      [{ ...valid, extra: 1 }, "header"],
      [{ upload: valid.upload }, "header"],
      [{ ...valid, signature: "0x12" }, "signature"],
      [{ ...valid, upload: { ...valid.upload, nonce: 1 } }, "nonce"],
      [{ ...valid, upload: { ...valid.upload, nonce: "01" } }, "nonce"],
      [{ ...valid, upload: { ...valid.upload, bytes: String(2n ** 256n) } }, "bytes"],
      [{ ...valid, upload: { ...valid.upload, worker: "0xZZ" } }, "worker"],
      [{ ...valid, upload: { ...valid.upload, fileHash: undefined } }, "upload"],
      [{ ...valid, upload: [] }, "upload"],
      [null, "header"],
    ];
    for (const [value, field] of cases) {
      const header = Buffer.from(JSON.stringify(value)).toString("base64");
      assert.throws(() => decodeUploadHeader(header), hasCode("UPLOAD_BAD_HEADER", { field }), field);
    }
    for (const header of [undefined, "", "%%%"])
      assert.throws(() => decodeUploadHeader(header), hasCode("UPLOAD_BAD_HEADER"));
  });
});

describe("identity", () => {
  it("is a P-256 certificate with the hosts named and the fingerprint of its DER", async () => {
    const randomBytes = (length: number) => new Uint8Array(length).fill(255);
    const identity = await createTlsIdentity({
      commonName: "a, b+c",
      hosts: ["127.0.0.1", "worker.example"],
      randomBytes,
      now,
    });
    assert.match(identity.fingerprint, /^0x[0-9a-f]{64}$/);
    const der = Buffer.from(identity.certificatePem.replace(/-----.*-----|\s/g, ""), "base64");
    assert.equal(fingerprintOf(der), identity.fingerprint);
  });
});

function head(bytes: number): string {
  const signed = { upload: message(FILE), signature: `0x${"cd".repeat(65)}` };
  return `POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\nx-opaline-upload: ${encodeUploadHeader(signed)}\r\n\r\n`;
}

/** What the server says to these bytes until it closes. */
async function rawRequest(
  port: number,
  bytes: string,
  own?: { keyPem: string; certificatePem: string },
): Promise<string> {
  const certificate = own === undefined ? {} : { key: own.keyPem, cert: own.certificatePem };
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...certificate }).on(
    "error",
    () => {},
  );
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(bytes);
  await once(socket, "close");
  return answer;
}
