/**
 * Receives share files. Order of checks, cheapest and least trusting first: certificate, head and size, which cost
 * nothing but this thread; whose certificate it is (one look-up, few at a time); that owner's turn; authority (a
 * callback that asks the registries); a slot; and only then the body, hashed as it comes. Last the store, whose receipt
 * is the answer. Nothing is kept of an upload that fails at any of them.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isCoded } from "../errors.ts";
import { answerJson } from "./answerJson.ts";
import { uploadError } from "./errors.ts";
import type { Upload } from "../messages/signedStructs.ts";
import { receiveBody, type RateLimits } from "./receiveBody.ts";
import type { Timers } from "./timers.ts";
import { UploadAdmission, type AdmissionLimits } from "./uploadAdmission.ts";
import { decodeUploadHeader, UPLOAD_HEADER, type SignedUpload } from "./upload.ts";

export interface UploadRequest extends SignedUpload {
  /** Of the certificate that the sender proved to hold. */
  readonly fingerprint: string;
}

/** What the node decides; each may throw a CodedError, which the owner is told as code and message. */
export interface UploadGate {
  /** Anyone can make this worker ask: it should cost one call. @returns the account, active or not, in any case */
  ownerOf(fingerprint: string): Promise<string | undefined>;
  /** Before the body: is the signer an active owner with this certificate, the nonce unused, the deadline ahead? */
  authorizeUpload(request: UploadRequest): Promise<void>;
  /** Stores the file, uses up the nonce in the same transaction, and signs. @returns the receipt's signature */
  receiveUpload(request: UploadRequest, file: Uint8Array): Promise<string>;
}

export interface DeskLimits extends AdmissionLimits, RateLimits {
  readonly maxUploadBytes: number;
}

export interface DeskModules {
  readonly gate: UploadGate;
  readonly limits: DeskLimits;
  readonly timers: Timers;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What the connection tells of the sender, and is told. */
export interface UploadConnection {
  /** Throws unless a valid certificate was shown. */
  certificate(): string;
  /** This certificate's upload is authorised: the socket is no stranger's. */
  authorised(fingerprint: string): void;
}

const STATUS: Readonly<Record<string, number>> = {
  UPLOAD_NO_CERTIFICATE: 403,
  UPLOAD_BAD_CERTIFICATE: 403,
  UPLOAD_UNKNOWN_CERTIFICATE: 403,
  UPLOAD_TOO_SLOW: 408,
  UPLOAD_LENGTH_REQUIRED: 411,
  UPLOAD_TOO_LARGE: 413,
  UPLOAD_BACKED_OFF: 429,
  UPLOAD_BUSY: 503,
  STORE_FULL: 507,
};

export class UploadDesk {
  readonly #modules: DeskModules;
  readonly #admission: UploadAdmission;

  constructor(modules: DeskModules) {
    const { gate, limits, now } = modules;
    this.#modules = modules;
    this.#admission = new UploadAdmission({ ownerOf: (fingerprint) => gate.ownerOf(fingerprint), now }, limits);
  }

  /** Never rejects: every failure becomes an answer. */
  async receive(request: IncomingMessage, response: ServerResponse, connection: UploadConnection): Promise<void> {
    try {
      const receipt = await this.#accept(request, response, connection);
      answerJson(response, 200, { receipt });
    } catch (error) {
      refuse(response, error);
    }
  }

  async #accept(request: IncomingMessage, response: ServerResponse, connection: UploadConnection): Promise<string> {
    const { gate, limits } = this.#modules;
    const fingerprint = shownCertificate(connection);
    const header = request.headers[UPLOAD_HEADER];
    const signed = decodeUploadHeader(Array.isArray(header) ? undefined : header);
    const length = checkLength(request.headers["content-length"], signed.upload, limits.maxUploadBytes);
    const upload: UploadRequest = { ...signed, fingerprint };
    const owner = await this.#admission.identify(fingerprint);
    return this.#admission.asOwner(owner, async () => {
      await gate.authorizeUpload(upload);
      const run = async (): Promise<string> => {
        connection.authorised(fingerprint);
        if (request.headers.expect !== undefined) response.writeContinue();
        return gate.receiveUpload(upload, await this.#readFile(request, length, signed.upload));
      };
      return this.#admission.inSlot(owner, run, isOwnersFault);
    });
  }

  async #readFile(request: IncomingMessage, length: number, { fileHash }: Upload): Promise<Uint8Array> {
    const { limits, timers } = this.#modules;
    const { minRateBytes, rateIntervalMs } = limits;
    const { file, hash } = await receiveBody(request, { length, timers, minRateBytes, rateIntervalMs });
    if (hash !== fileHash) {
      const detail = { code: "UPLOAD_WRONG_HASH", seen: hash, expected: fileHash } as const;
      throw uploadError(detail, `the body hashes to ${hash}, the owner signed ${fileHash}`);
    }
    return file;
  }
}

/** Not the store's, the chain's or this worker's own. */
function isOwnersFault(error: unknown): boolean {
  return isCoded(error) && /^(UPLOAD|SHARE_FILE)_/.test(error.code);
}

function shownCertificate(connection: UploadConnection): string {
  try {
    return connection.certificate();
  } catch (error) {
    if (isCoded(error, "TRANSPORT_NO_CERTIFICATE")) {
      throw uploadError({ code: "UPLOAD_NO_CERTIFICATE" }, "a client certificate is required", error);
    }
    const cause = isCoded(error) ? error.code : "unreadable";
    throw uploadError({ code: "UPLOAD_BAD_CERTIFICATE", cause }, `certificate refused: ${cause}`, error);
  }
}

function checkLength(announced: string | undefined, upload: Upload, maximum: number): number {
  if (announced === undefined) throw uploadError({ code: "UPLOAD_LENGTH_REQUIRED" }, "Content-Length is required");
  if (upload.bytes > BigInt(maximum)) {
    const detail = { code: "UPLOAD_TOO_LARGE", bytes: String(upload.bytes), maximum } as const;
    throw uploadError(detail, `a share file of ${upload.bytes} bytes; this worker takes ${maximum}`);
  }
  if (announced !== String(upload.bytes)) {
    const detail = { code: "UPLOAD_WRONG_LENGTH", bytes: announced, expected: String(upload.bytes) } as const;
    throw uploadError(detail, `Content-Length ${announced}, the owner signed ${upload.bytes} bytes`);
  }
  return Number(upload.bytes);
}

/** A CodedError is the owner's to read; anything else is ours, and says nothing. */
function refuse(response: ServerResponse, error: unknown): void {
  if (!isCoded(error)) return answerJson(response, 500, { code: "UPLOAD_FAILED", message: "internal error" });
  const status =
    STATUS[error.code] ?? (error.code.startsWith("UPLOAD_") || error.code.startsWith("SHARE_FILE_") ? 422 : 400);
  answerJson(response, status, { code: error.code, message: error.message });
}
