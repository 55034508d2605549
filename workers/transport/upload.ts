/**
 * The head of an upload as it travels: header `x-opaline-upload` = base64 of JSON {"upload", "signature"}, integers as
 * decimal text. Strict both ways. The body is the share file and nothing else.
 */
import type { Upload } from "../messages/signedStructs.ts";
import { uploadError } from "./errors.ts";

export const UPLOAD_HEADER = "x-opaline-upload";

export interface SignedUpload {
  readonly upload: Upload;
  /** 0x-hex, 65 bytes. */
  readonly signature: string;
}

const BYTES32 = /^0x[0-9a-f]{64}$/;
const ADDRESS = /^0x[0-9a-f]{40}$/;
const SIGNATURE = /^0x[0-9a-f]{130}$/;
const DECIMAL = /^(0|[1-9][0-9]{0,77})$/;
const MAX_U256 = (1n << 256n) - 1n;

export function encodeUploadHeader({ upload, signature }: SignedUpload): string {
  const text = {
    studyId: upload.studyId.toLowerCase(),
    datasetId: upload.datasetId.toLowerCase(),
    worker: upload.worker.toLowerCase(),
    fileHash: upload.fileHash.toLowerCase(),
    bytes: String(upload.bytes),
    nonce: String(upload.nonce),
    deadline: String(upload.deadline),
  };
  return Buffer.from(JSON.stringify({ upload: text, signature: signature.toLowerCase() })).toString("base64");
}

/** @throws CodedError UPLOAD_BAD_HEADER, naming the field */
export function decodeUploadHeader(header: string | undefined): SignedUpload {
  const root = asRecord(parseJson(header), "header", ["upload", "signature"]);
  const fields = ["studyId", "datasetId", "worker", "fileHash", "bytes", "nonce", "deadline"];
  const upload = asRecord(root["upload"], "upload", fields);
  return {
    upload: {
      studyId: text(upload, "studyId", BYTES32),
      datasetId: text(upload, "datasetId", BYTES32),
      worker: text(upload, "worker", ADDRESS),
      fileHash: text(upload, "fileHash", BYTES32),
      bytes: integer(upload, "bytes"),
      nonce: integer(upload, "nonce"),
      deadline: integer(upload, "deadline"),
    },
    signature: text(root, "signature", SIGNATURE),
  };
}

function parseJson(header: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(header ?? "", "base64").toString("utf8"));
  } catch (cause) {
    throw uploadError({ code: "UPLOAD_BAD_HEADER", field: "header" }, `${UPLOAD_HEADER} is not base64 of JSON`, cause);
  }
}

function asRecord(value: unknown, field: string, keys: readonly string[]): Record<string, unknown> {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isRecord || Object.keys(value).length !== keys.length || !keys.every((key) => Object.hasOwn(value, key))) {
    throw badField(field);
  }
  return value as Record<string, unknown>;
}

function text(record: Record<string, unknown>, field: string, pattern: RegExp): string {
  const value = record[field];
  if (typeof value !== "string" || !pattern.test(value)) throw badField(field);
  return value;
}

function integer(record: Record<string, unknown>, field: string): bigint {
  const value = BigInt(text(record, field, DECIMAL));
  if (value > MAX_U256) throw badField(field);
  return value;
}

function badField(field: string): Error {
  return uploadError({ code: "UPLOAD_BAD_HEADER", field }, `${UPLOAD_HEADER}: ${field} is missing or malformed`);
}
