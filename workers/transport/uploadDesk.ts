/**
 * Receives share files. Order of checks, cheapest and least trusting first: certificate, head, size, authority (a
 * callback that asks the registry), and only then the body, into one buffer of the announced size; then its hash; then
 * the store, whose receipt is the answer. Nothing is kept of an upload that fails at any of them.
 */
import { keccak256 } from "ethers";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isCoded } from "../errors.ts";
import { answerJson } from "./answerJson.ts";
import { uploadError } from "./errors.ts";
import type { Upload } from "../messages/typedData.ts";
import { decodeUploadHeader, UPLOAD_HEADER, type SignedUpload } from "./upload.ts";

export interface UploadRequest extends SignedUpload {
  /** Of the certificate that the sender proved to hold. */
  readonly fingerprint: string;
}

/** What the node decides; both may throw a CodedError, which the owner is told as code and message. */
export interface UploadGate {
  /** Before the body: is the signer an active owner with this certificate, the nonce unused, the deadline ahead? */
  authorizeUpload(request: UploadRequest): Promise<void>;
  /** Stores the file, uses up the nonce in the same transaction, and signs. @returns the receipt's signature */
  receiveUpload(request: UploadRequest, file: Uint8Array): Promise<string>;
}

interface DeskLimits {
  readonly maxUploadBytes: number;
  readonly maxUploads: number;
}

const STATUS: Readonly<Record<string, number>> = {
  UPLOAD_NO_CERTIFICATE: 403,
  UPLOAD_BAD_CERTIFICATE: 403,
  UPLOAD_LENGTH_REQUIRED: 411,
  UPLOAD_TOO_LARGE: 413,
  UPLOAD_BUSY: 503,
  STORE_FULL: 507,
};

export class UploadDesk {
  readonly #gate: UploadGate;
  readonly #limits: DeskLimits;
  #open = 0;

  constructor(gate: UploadGate, limits: DeskLimits) {
    this.#gate = gate;
    this.#limits = limits;
  }

  /** Never rejects: every failure becomes an answer. `certificateOf` throws unless a valid certificate was shown. */
  async receive(request: IncomingMessage, response: ServerResponse, certificateOf: () => string): Promise<void> {
    const counted = this.#open < this.#limits.maxUploads;
    if (counted) this.#open += 1;
    try {
      if (!counted) throw busy(this.#limits.maxUploads);
      const receipt = await this.#accept(request, response, certificateOf);
      answerJson(response, 200, { receipt });
    } catch (error) {
      refuse(response, error);
    } finally {
      if (counted) this.#open -= 1;
    }
  }

  async #accept(request: IncomingMessage, response: ServerResponse, certificateOf: () => string): Promise<string> {
    const fingerprint = shownCertificate(certificateOf);
    const header = request.headers[UPLOAD_HEADER];
    const signed = decodeUploadHeader(Array.isArray(header) ? undefined : header);
    const length = checkLength(request.headers["content-length"], signed.upload, this.#limits.maxUploadBytes);
    const upload: UploadRequest = { ...signed, fingerprint };
    await this.#gate.authorizeUpload(upload);
    if (request.headers.expect !== undefined) response.writeContinue();
    const file = await readBody(request, length);
    const seen = keccak256(file);
    if (seen !== upload.upload.fileHash) {
      const detail = { code: "UPLOAD_WRONG_HASH", seen, expected: upload.upload.fileHash } as const;
      throw uploadError(detail, `the body hashes to ${seen}, the owner signed ${upload.upload.fileHash}`);
    }
    return this.#gate.receiveUpload(upload, file);
  }
}

function shownCertificate(certificateOf: () => string): string {
  try {
    return certificateOf();
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

/** Node's parser delivers exactly Content-Length bytes or an error; the cap is kept here all the same. */
async function readBody(request: IncomingMessage, length: number): Promise<Uint8Array> {
  const body = Buffer.alloc(length);
  let received = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (received + chunk.length > length) break;
      body.set(chunk, received);
      received += chunk.length;
    }
  } catch (cause) {
    throw interrupted(received, length, cause);
  }
  if (received !== length) throw interrupted(received, length);
  return body;
}

function interrupted(received: number, expected: number, cause?: unknown): Error {
  const detail = { code: "UPLOAD_INTERRUPTED", received, expected } as const;
  return uploadError(detail, `the body ended at ${received} of ${expected} bytes`, cause);
}

function busy(maximum: number): Error {
  return uploadError({ code: "UPLOAD_BUSY", maximum }, `${maximum} uploads are under way; try again`);
}

/** A CodedError is the owner's to read; anything else is ours, and says nothing. */
function refuse(response: ServerResponse, error: unknown): void {
  if (!isCoded(error)) return answerJson(response, 500, { code: "UPLOAD_FAILED", message: "internal error" });
  const status =
    STATUS[error.code] ?? (error.code.startsWith("UPLOAD_") || error.code.startsWith("SHARE_FILE_") ? 422 : 400);
  answerJson(response, status, { code: error.code, message: error.message });
}
