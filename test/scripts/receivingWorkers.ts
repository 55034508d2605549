/**
 * Workers that take share files over TLS and sign for them, and do nothing else: what an owner's commands need of them. They
 * ask the chain nothing; which committee they would serve on is the test's to decide.
 */
import type { BaseWallet } from "ethers";
import { CodedError } from "../../workers/errors.ts";
import { type ShareFile, decodeShareFile } from "../../workers/messages/shareFile.ts";
import { RECEIPT } from "../../workers/messages/signedStructs.ts";
import { opalineDomain } from "../../workers/messages/typedData.ts";
import { Endpoint } from "../../workers/transport/endpoint.ts";
import type { UploadGate } from "../../workers/transport/uploadDesk.ts";
import { CHAIN_ID } from "../workers/chain/localChain.ts";
import { makeIdentity, now } from "../workers/transport/meshFixture.ts";
import type { Consortium } from "./consortium.ts";

export interface ReceivingWorker {
  readonly name: string;
  /** Every file it took, oldest first. */
  readonly files: { readonly fileHash: string; readonly file: ShareFile }[];
  /** away: answers as a worker whose disk or chain fails; refusing: as one that is not on the committee. */
  mood: "well" | "away" | "refusing";
  stop(): Promise<void>;
}

/** Admitted under this name; its organisation is named after it. */
export async function startReceivingWorker(consortium: Consortium, name: string): Promise<ReceivingWorker> {
  const identity = await makeIdentity(name);
  const worker: ReceivingWorker = { name, files: [], mood: "well", stop: () => endpoint.stop() };
  const uploads = gateOf(worker, consortium.wallet(name), consortium.deployment.address("DatasetRegistry"));
  const workerOf = (): Promise<undefined> => Promise.resolve(undefined);
  const endpoint = new Endpoint({ identity, host: "127.0.0.1", port: 0, now, workerOf, uploads });
  await endpoint.start();
  const reach = { endpoint: `https://127.0.0.1:${endpoint.port}`, tlsFingerprint: identity.fingerprint };
  await consortium.admit("worker", name, `Operator ${name}`, reach);
  return worker;
}

function gateOf(worker: ReceivingWorker, key: BaseWallet, registry: string): UploadGate {
  return {
    ownerOf: (fingerprint) => Promise.resolve(fingerprint),
    authorizeUpload: () => {
      if (worker.mood === "away") return Promise.reject(new Error("the disk is full"));
      if (worker.mood === "well") return Promise.resolve();
      return Promise.reject(new CodedError({ code: "UPLOAD_NOT_ON_COMMITTEE" }, "not on the committee"));
    },
    receiveUpload({ upload: { datasetId, fileHash } }, bytes) {
      worker.files.push({ fileHash, file: decodeShareFile(bytes) });
      const receipt = { datasetId, worker: key.address, fileHash };
      return key.signTypedData(opalineDomain(CHAIN_ID, registry), RECEIPT, receipt);
    },
  };
}
