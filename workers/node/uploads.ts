/**
 * Whether a data owner may leave a share file here, and the receipt for it. Everything is asked of the chain at the
 * moment of the upload: an owner revoked a block ago uploads nothing.
 *
 *  before the body   without the chain: this worker is meant, the signature is well-formed, the nonce is new; then:
 *                    the signer is the current key of an active data owner whose registered certificate is the
 *                    connection's; the deadline lies ahead by the chain's clock; the dataset is that owner's in that study and
 *                    not retired; this worker sits in the study's current committee, or in the proposed one
 *  after the body    the file decodes; its header says exactly what the chain says; the dataset is still not retired, nor was
 *                    its retirement, or the committee's end, followed by the time the file is stored; the version is the next
 *                    one, or for the proposed committee one that is active
 *
 * The same file again, under the same signature, is answered with the same receipt: an owner whose connection broke
 * repeats the upload. A receipt is signed only after the file is durable.
 */
import type { DatasetRegistry } from "../chain/datasetRegistry.ts";
import type { MemberRegistry } from "../chain/memberRegistries.ts";
import type { JsonRpc } from "../chain/provider.ts";
import { chainTime } from "../chain/provider.ts";
import type { StudyRegistry } from "../chain/studyRegistry.ts";
import { CodedError } from "../errors.ts";
import { type ShareFile, type ShareFileHeader, decodeShareFile } from "../messages/shareFile.ts";
import { RECEIPT, UPLOAD } from "../messages/signedStructs.ts";
import { type TypedDataSigner, opalineDomain, signTypedData, signerOf } from "../messages/typedData.ts";
import { parseSchema } from "../schema/parseSchema.ts";
import { sharedColumnIds } from "../schema/rangeWitness.ts";
import type { Store } from "../store/openStore.ts";
import type { UploadGate, UploadRequest } from "../transport/uploadDesk.ts";
import type { Committees, StandingSeat } from "./committees.ts";
import { type Log, errorFields } from "./log.ts";

export type UploadRefusalDetail =
  | { readonly code: "UPLOAD_WRONG_WORKER"; readonly worker: string; readonly own: string }
  | { readonly code: "UPLOAD_EXPIRED"; readonly deadline: string; readonly chainTime: string }
  | { readonly code: "UPLOAD_BAD_SIGNATURE" }
  | { readonly code: "UPLOAD_NOT_OWNER"; readonly account: string }
  | { readonly code: "UPLOAD_WRONG_CERTIFICATE"; readonly account: string; readonly fingerprint: string }
  | { readonly code: "UPLOAD_WRONG_DATASET"; readonly datasetId: string; readonly expected: string }
  /** For good. */
  | { readonly code: "UPLOAD_DATASET_RETIRED"; readonly datasetId: string }
  | { readonly code: "UPLOAD_NOT_ON_COMMITTEE"; readonly studyId: string }
  /** For good, of this epoch. */
  | { readonly code: "UPLOAD_COMMITTEE_ENDED"; readonly studyId: string; readonly epoch: string }
  | { readonly code: "UPLOAD_NONCE_USED"; readonly account: string; readonly nonce: string }
  | { readonly code: "UPLOAD_HEADER_MISMATCH"; readonly field: string }
  /** expected: the only version that is taken; or, for a proposed committee, the newest of those that are. */
  | { readonly code: "UPLOAD_WRONG_VERSION"; readonly version: string; readonly expected: string };

export interface UploadModules {
  readonly chainId: bigint;
  /** This worker's name. */
  readonly self: string;
  readonly rpc: JsonRpc;
  readonly owners: Pick<MemberRegistry, "activeMemberOf" | "accountOf">;
  readonly studies: Pick<StudyRegistry, "study" | "schemaText">;
  readonly datasets: Pick<DatasetRegistry, "address" | "datasetIdOf" | "version" | "isRetired">;
  readonly committees: Pick<Committees, "takingSeats">;
  readonly store: Pick<Store, "shares" | "uploadNonces" | "retirements" | "endedCommittees" | "transaction">;
  readonly signer: TypedDataSigner;
  readonly log: Log;
}

function refuse(detail: UploadRefusalDetail, message: string): never {
  throw new CodedError(detail, message);
}

function notOnCommittee(studyId: string): never {
  const message = `This worker is not on study ${studyId}'s committee, nor on a proposed one`;
  refuse({ code: "UPLOAD_NOT_ON_COMMITTEE", studyId }, message);
}

function retired(datasetId: string): never {
  const message = `Dataset ${datasetId} is retired, for good: nothing of it is taken any more`;
  refuse({ code: "UPLOAD_DATASET_RETIRED", datasetId }, message);
}

function ended(studyId: string, epoch: bigint): never {
  const message = `Committee ${epoch} of study ${studyId} was followed or withdrawn: nothing is taken for it any more`;
  refuse({ code: "UPLOAD_COMMITTEE_ENDED", studyId, epoch: String(epoch) }, message);
}

export class Uploads implements UploadGate {
  readonly #modules: UploadModules;

  constructor(modules: UploadModules) {
    this.#modules = modules;
  }

  /** One call, as anyone may cause it. Whether the owner is active is `authorizeUpload`'s to ask. */
  ownerOf(fingerprint: string): Promise<string | undefined> {
    return this.#modules.owners.accountOf(fingerprint);
  }

  async authorizeUpload(request: UploadRequest): Promise<void> {
    try {
      await this.#authorize(request);
    } catch (error) {
      this.#modules.log("warn", "upload-refused", { datasetId: request.upload.datasetId, ...errorFields(error) });
      throw error;
    }
  }

  async receiveUpload(request: UploadRequest, file: Uint8Array): Promise<string> {
    const { datasetId, fileHash } = request.upload;
    const { log, self, signer, chainId, datasets } = this.#modules;
    try {
      const decoded = decodeShareFile(file);
      const { standing } = await this.#checkHeader(request, decoded.header);
      const stored = this.#store(request, decoded, standing === "proposed");
      const { version, rowCount } = decoded.header;
      log("info", "upload-received", { datasetId, version, rows: rowCount, fileHash, stored });
      const domain = opalineDomain(chainId, datasets.address);
      return await signTypedData(signer, domain, RECEIPT, { datasetId, worker: self, fileHash });
    } catch (error) {
      log("warn", "upload-refused", { datasetId, ...errorFields(error) });
      throw error;
    }
  }

  async #authorize({ upload, signature, fingerprint }: UploadRequest): Promise<void> {
    const { chainId, self, rpc, datasets, committees } = this.#modules;
    const { worker, deadline, studyId, datasetId, nonce } = upload;
    if (worker.toLowerCase() !== self.toLowerCase()) {
      refuse({ code: "UPLOAD_WRONG_WORKER", worker, own: self }, `The upload is for ${worker}, this worker is ${self}`);
    }
    const signer = signerOf(opalineDomain(chainId, datasets.address), UPLOAD, upload, signature);
    if (signer === undefined) refuse({ code: "UPLOAD_BAD_SIGNATURE" }, "The upload's signature is malformed");
    if (this.#isNonceSpent(signer, nonce, upload)) {
      const detail = { code: "UPLOAD_NONCE_USED", account: signer, nonce: String(nonce) } as const;
      refuse(detail, `${signer} has used upload nonce ${nonce} for another file`);
    }
    const owner = await this.#checkOwner(signer, fingerprint);
    const now = await chainTime(rpc);
    if (now > deadline) {
      const detail = { code: "UPLOAD_EXPIRED", deadline: String(deadline), chainTime: String(now) } as const;
      refuse(detail, `The upload had to arrive by ${deadline}; the chain's time is ${now}`);
    }
    const expected = await datasets.datasetIdOf(studyId, owner);
    if (expected.toLowerCase() !== datasetId) {
      const detail = { code: "UPLOAD_WRONG_DATASET", datasetId, expected } as const;
      refuse(detail, `Dataset ${datasetId} is not ${owner}'s in study ${studyId}; that is ${expected}`);
    }
    if (await datasets.isRetired(datasetId)) retired(datasetId);
    if ((await committees.takingSeats(studyId)).length === 0) notOnCommittee(studyId);
  }

  /**
   * A wrong signature recovers to some other account: that account is then no owner's key, or not this connection's.
   * @returns the owner whose key signed
   */
  async #checkOwner(account: string, fingerprint: string): Promise<string> {
    const { owners } = this.#modules;
    const owner = await owners.activeMemberOf(account);
    if (owner === undefined) {
      const message = `${account}, who signed the upload, is not the current key of an active data owner`;
      refuse({ code: "UPLOAD_NOT_OWNER", account }, message);
    }
    const registered = await owners.accountOf(fingerprint);
    if (registered?.toLowerCase() !== owner.toLowerCase()) {
      const detail = { code: "UPLOAD_WRONG_CERTIFICATE", account: owner, fingerprint } as const;
      refuse(detail, `Certificate ${fingerprint} is not the one registered for ${owner}`);
    }
    return owner;
  }

  #isNonceSpent(
    signer: string,
    nonce: bigint,
    { datasetId, fileHash }: { datasetId: string; fileHash: string },
  ): boolean {
    const { uploadNonces, shares } = this.#modules.store;
    if (!uploadNonces.isUsed(signer, nonce)) return false;
    return !shares.segments(datasetId).some((known) => known.fileHash === fileHash && known.state !== "missing");
  }

  /** @returns the seat that the file is for */
  async #checkHeader({ upload }: UploadRequest, header: ShareFileHeader): Promise<StandingSeat> {
    const { studyId, datasetId, fileHash } = upload;
    const { studies, committees, rpc } = this.#modules;
    const seats = await committees.takingSeats(studyId);
    const seat = seats.find(({ committee }) => committee.epoch === header.committeeEpoch) ?? seats[0];
    if (seat === undefined) notOnCommittee(studyId);
    const study = await studies.study(studyId);
    const schema = parseSchema(await studies.schemaText(rpc, studyId));
    const columns = sharedColumnIds(schema);
    const field = firstMismatch(header, {
      studyId,
      datasetId,
      schemaHash: schema.hash,
      log2N: study.log2N,
      seat,
      columns,
    });
    if (field !== undefined) {
      refuse({ code: "UPLOAD_HEADER_MISMATCH", field }, `The share file's ${field} is not what the chain says`);
    }
    await this.#checkVersion(datasetId, fileHash, header, seat);
    return seat;
  }

  async #checkVersion(
    datasetId: string,
    fileHash: string,
    { version, committeeEpoch }: ShareFileHeader,
    { standing }: StandingSeat,
  ): Promise<void> {
    const { datasets, store } = this.#modules;
    if (await datasets.isRetired(datasetId)) retired(datasetId);
    const isHeld = store.shares
      .segments(datasetId)
      .some((known) => known.fileHash === fileHash && known.version === version && known.epoch === committeeEpoch);
    if (isHeld) return;
    const active = await datasets.version(datasetId);
    const isProposed = standing === "proposed";
    if (isProposed ? version <= active : version === active + 1n) return;
    const expected = isProposed ? active : active + 1n;
    const why = isProposed
      ? `${active} versions of this dataset are active, and no other is shared among a proposed committee`
      : `the next version of this dataset is ${expected}`;
    const detail = { code: "UPLOAD_WRONG_VERSION", version: String(version), expected: String(expected) } as const;
    refuse(detail, `The share file is version ${version}; ${why}`);
  }

  /** File and nonce in one transaction: a replayed upload finds the nonce, a failed one has not spent it. */
  #store({ upload, signature }: UploadRequest, file: ShareFile, replaces: boolean): "stored" | "held" {
    const { store, chainId, datasets } = this.#modules;
    const signer = signerOf(opalineDomain(chainId, datasets.address), UPLOAD, upload, signature)!;
    const { datasetId } = upload;
    return store.transaction(() => {
      if (store.retirements.get(datasetId) !== undefined) retired(datasetId);
      const { studyId, committeeEpoch } = file.header;
      if (store.endedCommittees.has(studyId, committeeEpoch)) ended(studyId, committeeEpoch);
      const stored = store.shares.putSegment(file, upload.fileHash, { replaces });
      if (!store.uploadNonces.isUsed(signer, upload.nonce)) {
        store.uploadNonces.use(signer, upload.nonce, upload.deadline);
      } else if (stored === "stored") {
        const detail = { code: "UPLOAD_NONCE_USED", account: signer, nonce: String(upload.nonce) } as const;
        refuse(detail, `${signer} has used upload nonce ${upload.nonce} for another file`);
      }
      return stored;
    });
  }
}

interface HeaderFacts {
  readonly studyId: string;
  readonly datasetId: string;
  readonly schemaHash: string;
  readonly log2N: number;
  readonly seat: StandingSeat;
  readonly columns: readonly string[];
}

/** The first field of the header that differs from the chain's word. */
function firstMismatch(header: ShareFileHeader, facts: HeaderFacts): string | undefined {
  const { committee, self } = facts.seat;
  const matches: Readonly<Record<string, boolean>> = {
    studyId: header.studyId === facts.studyId.toLowerCase(),
    datasetId: header.datasetId === facts.datasetId.toLowerCase(),
    schemaHash: header.schemaHash === facts.schemaHash.toLowerCase(),
    committeeEpoch: header.committeeEpoch === committee.epoch,
    n: header.n === committee.workers.length,
    t: header.t === committee.threshold,
    party: header.party === self,
    log2N: header.log2N === facts.log2N,
    columns:
      header.columns.length === facts.columns.length &&
      header.columns.every((id, i) => id === facts.columns[i]?.toLowerCase()),
  };
  return Object.keys(matches).find((field) => matches[field] === false);
}
