/** In which order the node answers for an upload: a stranger must not make it ask the chain for more than a name. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Wallet, id, toBeHex } from "ethers";
import { UPLOAD } from "../../../workers/messages/signedStructs.ts";
import { opalineDomain, signTypedData } from "../../../workers/messages/typedData.ts";
import { Uploads, type UploadModules } from "../../../workers/node/uploads.ts";
import type { UploadRequest } from "../../../workers/transport/uploadDesk.ts";
import { hasCode } from "../store/storeFixture.ts";

const [OWNER, SELF] = [1, 2].map((key) => new Wallet(toBeHex(key, 32))) as [Wallet, Wallet];
const REGISTRY = `0x${"d1".repeat(20)}`;

/** Uploads over registries that note what they are asked; nonce 7 is used. */
function asked() {
  const calls: string[] = [];
  const say =
    <T>(name: string, answer: T) =>
    (): Promise<T> => (calls.push(name), Promise.resolve(answer));
  const modules = {
    chainId: 1n,
    self: SELF.address,
    rpc: { send: say("time", { timestamp: "0x5" }) },
    owners: { activeMemberOf: say("activeMemberOf", undefined), accountOf: say("accountOf", OWNER.address) },
    datasets: { address: REGISTRY, datasetIdOf: say("datasetIdOf", ""), version: say("version", 0n) },
    committees: { currentSeat: say("currentSeat", undefined) },
    store: { uploadNonces: { isUsed: (_: string, nonce: bigint) => nonce === 7n }, shares: { segments: () => [] } },
    log: () => {},
  };
  return { calls, uploads: new Uploads(modules as unknown as UploadModules) };
}

async function request(change: { worker?: string; nonce?: bigint; deadline?: bigint } = {}): Promise<UploadRequest> {
  const ids = { studyId: id("study"), datasetId: id("dataset"), fileHash: id("file") };
  const upload = { ...ids, worker: SELF.address.toLowerCase(), bytes: 1n, nonce: 1n, deadline: 1n, ...change };
  const signature = await signTypedData(OWNER, opalineDomain(1n, REGISTRY), UPLOAD, upload);
  return { upload, signature, fingerprint: id("certificate") };
}

describe("authority of an upload", () => {
  it("is the chain's business only when this worker can say nothing against it", async () => {
    const malformed = { ...(await request()), signature: `0x${"00".repeat(65)}` };
    for (const [code, given] of [
      ["UPLOAD_WRONG_WORKER", await request({ worker: REGISTRY })],
      ["UPLOAD_BAD_SIGNATURE", malformed],
      ["UPLOAD_NONCE_USED", await request({ nonce: 7n })],
    ] as const) {
      const { calls, uploads } = asked();
      await assert.rejects(uploads.authorizeUpload(given), hasCode(code));
      assert.deepEqual(calls, [], code);
    }
  });

  it("asks for the signer's identity before anything else, and one call tells whose a certificate is", async () => {
    const { calls, uploads } = asked();
    await assert.rejects(uploads.authorizeUpload(await request()), hasCode("UPLOAD_NOT_OWNER"));
    assert.deepEqual(calls, ["activeMemberOf"]);
    calls.length = 0;
    assert.equal(await uploads.ownerOf(id("certificate")), OWNER.address);
    assert.deepEqual(calls, ["accountOf"]);
  });
});
