/** The owner's side of `/upload`: one share file to one worker, whose certificate is pinned before a byte is sent. */
import { request, type RequestOptions } from "node:https";
import type { ClientRequest, IncomingMessage } from "node:http";
import { connectPinned } from "./connectPinned.ts";
import { uploadError } from "./errors.ts";
import type { TlsIdentity } from "./identity.ts";
import type { Upload } from "../messages/signedStructs.ts";
import { encodeUploadHeader, UPLOAD_HEADER } from "./upload.ts";

export interface ShareFileUpload {
  /** The worker's https://host:port and certificate, from the registry. */
  readonly endpoint: string;
  readonly workerFingerprint: string;
  /** The owner's own certificate, registered too. */
  readonly identity: TlsIdentity;
  readonly upload: Upload;
  /** EIP-712 signature of `upload`, 0x-hex. */
  readonly signature: string;
  readonly file: Uint8Array;
  readonly now: () => number;
  /** Longest wait for the connection, and then for any byte to move. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** An answer is a receipt or a short error. */
const MAX_ANSWER_BYTES = 64 << 10;
const RECEIPT = /^0x[0-9a-fA-F]{130}$/;
/** Statuses after which the same upload may be sent again. */
const RETRYABLE = new Set([408, 429, 500, 502, 503, 504, 507]);

/**
 * @returns the worker's EIP-712 Receipt signature; the caller checks whose it is
 * @throws CodedError UPLOAD_REFUSED (status, the worker's code and message), TRANSPORT_* while connecting
 */
export async function uploadShareFile(options: ShareFileUpload): Promise<{ receipt: string }> {
  const { endpoint, workerFingerprint: fingerprint, upload, timeoutMs } = options;
  const socket = await connectPinned({ ...options, endpoint, fingerprint, peer: upload.worker });
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error("no answer in time")));
  try {
    const answer = await send(
      {
        createConnection: () => socket,
        host: new URL(endpoint).hostname,
        method: "POST",
        path: "/upload",
        headers: {
          [UPLOAD_HEADER]: encodeUploadHeader(options),
          "content-type": "application/octet-stream",
          "content-length": options.file.length,
          // The worker decides on the head alone; a refused file is never sent.
          expect: "100-continue",
        },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      options.file,
    );
    return readReceipt(answer);
  } finally {
    socket.destroy();
  }
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

function send(options: RequestOptions, file: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown): void => reject(refused(0, reason, true, cause));
    const outgoing: ClientRequest = request(options);
    outgoing.on("continue", () => outgoing.end(file));
    outgoing.on("error", (cause) => fail(cause.message, cause));
    outgoing.on("response", (response) => {
      readAnswer(response).then(resolve, (cause: unknown) => fail("unreadable answer", cause));
    });
    outgoing.flushHeaders();
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error("answer too long");
    chunks.push(chunk);
  }
  const body = parseJson(Buffer.concat(chunks).toString("utf8"));
  if (typeof body !== "object" || body === null) throw new Error("answer is no object");
  return { status: response.statusCode ?? 0, body: body as Record<string, unknown> };
}

function readReceipt({ status, body }: Answer): { receipt: string } {
  const receipt = body["receipt"];
  if (status === 200 && typeof receipt === "string" && RECEIPT.test(receipt)) return { receipt };
  const reason = status === 200 ? "no receipt in the answer" : reasonOf(body);
  throw refused(status, reason, RETRYABLE.has(status));
}

/** JSON.parse quotes the text in its error: the worker's words, which must not reach a message or its cause. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("answer is no JSON");
  }
}

const CODE = /^[A-Z_]{1,64}$/;
/** Control, format (direction marks too), surrogate, private and unassigned characters; line and paragraph ends. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** Longer than any message of ours; short enough to leave the owner's terminal readable. */
const MAX_MESSAGE_CHARACTERS = 300;

/** The worker may be an adversary, and this is shown to a person: nothing that a terminal would act upon. */
function reasonOf({ code, message }: Record<string, unknown>): string {
  const shownCode = typeof code === "string" && CODE.test(code) ? code : "no valid code";
  if (typeof message !== "string") return shownCode;
  const shown = [...message.replace(UNPRINTABLE, "")].slice(0, MAX_MESSAGE_CHARACTERS).join("");
  return `${shownCode}: ${shown}`;
}

function refused(status: number, reason: string, retryable: boolean, cause?: unknown): Error {
  return uploadError(
    { code: "UPLOAD_REFUSED", status, reason, retryable },
    `the worker refused the file: ${reason}`,
    cause,
  );
}
