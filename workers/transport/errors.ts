/**
 * What the transport can refuse or lose. TRANSPORT_* concern sockets and peers, NETWORK_* one session of a protocol,
 * UPLOAD_* one share file on its way in. Details name peers and counts, never payload bytes.
 */
import { CodedError } from "../errors.ts";
import type { NetworkErrorDetail } from "../protocols/network.ts";

export type TransportErrorDetail =
  | { readonly code: "TRANSPORT_BAD_ENDPOINT"; readonly endpoint: string }
  | { readonly code: "TRANSPORT_BAD_ADDRESS"; readonly address: string }
  | { readonly code: "TRANSPORT_NO_CERTIFICATE"; readonly peer: string }
  | {
      readonly code: "TRANSPORT_WRONG_FINGERPRINT";
      readonly peer: string;
      readonly seen: string;
      readonly pinned: string;
    }
  | { readonly code: "TRANSPORT_CERTIFICATE_EXPIRED"; readonly peer: string; readonly validTo: string }
  | { readonly code: "TRANSPORT_CERTIFICATE_NOT_YET_VALID"; readonly peer: string; readonly validFrom: string }
  | { readonly code: "TRANSPORT_UNKNOWN_PEER"; readonly peer: string }
  | { readonly code: "TRANSPORT_NOT_CONNECTED"; readonly peer: string }
  | {
      readonly code: "TRANSPORT_QUEUE_FULL";
      readonly peer: string;
      readonly queuedBytes: number;
      readonly maximum: number;
    }
  | { readonly code: "TRANSPORT_TIMEOUT"; readonly peer: string; readonly phase: "connect" | "hello" }
  | { readonly code: "TRANSPORT_UNREACHABLE"; readonly peer: string }
  | {
      readonly code: "TRANSPORT_HELLO_MISMATCH";
      readonly peer: string;
      readonly field: "protocolVersion" | "chainId" | "sender" | "receiver" | "frame";
      readonly ours: string;
      readonly theirs: string;
    }
  | { readonly code: "TRANSPORT_FLOODED"; readonly peer: string; readonly limit: string }
  | { readonly code: "TRANSPORT_BAD_FRAME"; readonly peer: string; readonly reason: string }
  | { readonly code: "TRANSPORT_PEER_SILENT"; readonly peer: string }
  | { readonly code: "TRANSPORT_CLOSED"; readonly peer: string; readonly reason: string }
  | { readonly code: "TRANSPORT_STOPPED" }
  | { readonly code: "TRANSPORT_LISTEN_FAILED"; readonly host: string; readonly port: number };

export type UploadErrorDetail =
  | { readonly code: "UPLOAD_NO_CERTIFICATE" }
  | { readonly code: "UPLOAD_BAD_CERTIFICATE"; readonly cause: string }
  | { readonly code: "UPLOAD_BAD_HEADER"; readonly field: string }
  | { readonly code: "UPLOAD_LENGTH_REQUIRED" }
  | { readonly code: "UPLOAD_TOO_LARGE"; readonly bytes: string; readonly maximum: number }
  | { readonly code: "UPLOAD_WRONG_LENGTH"; readonly bytes: string; readonly expected: string }
  | { readonly code: "UPLOAD_WRONG_HASH"; readonly seen: string; readonly expected: string }
  | { readonly code: "UPLOAD_UNKNOWN_CERTIFICATE"; readonly fingerprint: string }
  | { readonly code: "UPLOAD_BUSY"; readonly limit: string; readonly maximum: number }
  /** Earlier uploads of this owner failed. */
  | { readonly code: "UPLOAD_BACKED_OFF"; readonly waitMs: number }
  | {
      readonly code: "UPLOAD_TOO_SLOW";
      readonly received: number;
      readonly minimum: number;
      readonly intervalMs: number;
    }
  | { readonly code: "UPLOAD_INTERRUPTED"; readonly received: number; readonly expected: number }
  /** Only from uploadClient: the worker answered with an error of its own, or with something unreadable. */
  | { readonly code: "UPLOAD_REFUSED"; readonly status: number; readonly reason: string; readonly retryable: boolean };

export function transportError(detail: TransportErrorDetail, message: string, cause?: unknown): CodedError {
  return new CodedError(detail, message, cause === undefined ? undefined : { cause });
}

export function networkError(detail: NetworkErrorDetail, message: string, cause?: unknown): CodedError {
  return new CodedError(detail, message, cause === undefined ? undefined : { cause });
}

export function uploadError(detail: UploadErrorDetail, message: string, cause?: unknown): CodedError {
  return new CodedError(detail, message, cause === undefined ? undefined : { cause });
}
