/** The ways in which an attempt ends before its protocol does, each naming the party it is due to. */
import type { CodedError } from "../errors.ts";
import type { PartyIndex } from "../sharing/parties.ts";
import { networkError } from "./errors.ts";

/** What an ABORT may carry: one byte for the party blamed (0: nobody), then the code in these characters. */
const ABORT_CODE = /^[A-Z0-9_]{0,64}$/;

export function encodeAbort(error: CodedError): Uint8Array {
  const blamed = (error.detail as { peer?: number }).peer ?? 0;
  return Buffer.concat([Buffer.from([blamed]), Buffer.from(error.code, "latin1")]);
}

/** @param payload of an ABORT frame, as a member chose it */
export function abortedBy(party: PartyIndex, payload: Uint8Array, parties: readonly PartyIndex[]): CodedError {
  const code = Buffer.from(payload.subarray(1)).toString("latin1");
  const reason = ABORT_CODE.test(code) ? `peer gave up: ${code}` : "peer gave up";
  const blamed = payload[0] ?? 0;
  const blame = parties.includes(blamed as PartyIndex) ? `, naming party ${blamed}` : "";
  const detail = { code: "NETWORK_ABORTED", peer: party, reason: reason + blame } as const;
  return networkError(detail, `party ${party} ended the attempt: ${reason}${blame}`);
}

export function givenUp(self: PartyIndex, code: string): CodedError {
  const detail = { code: "NETWORK_ABORTED", peer: self, reason: code } as const;
  return networkError(detail, `party ${self}, this worker, gave the attempt up: ${code}`);
}

export function lost(party: PartyIndex, reason: string, cause?: unknown): CodedError {
  const detail = { code: "NETWORK_ABORTED", peer: party, reason } as const;
  return networkError(detail, `party ${party} is gone: ${reason}`, cause);
}

export function misbehaved(party: PartyIndex, reason: string): CodedError {
  const detail = { code: "NETWORK_ABORTED", peer: party, reason } as const;
  return networkError(detail, `party ${party} broke the session's rules: ${reason}`);
}

/** It may be ahead because another keeps this party waiting. */
export function aheadBy(party: PartyIndex, limit: string): CodedError {
  const detail = { code: "NETWORK_ABORTED", peer: party, reason: limit } as const;
  return networkError(detail, `party ${party} is ahead by more than may be held: ${limit}`);
}

/** @param step what this party is at @param tag and its tag @param seenTag what the peer's payload is of */
export function wrongStep(peer: PartyIndex, step: string, tag: number, seenTag: number): CodedError {
  const [seen, expected] = [seenTag, tag].map((value) => value.toString(16).padStart(8, "0")) as [string, string];
  const detail = { code: "NETWORK_WRONG_STEP", peer, step, seen } as const;
  return networkError(detail, `party ${peer} is at step ${seen}, this party at ${step} (${expected})`);
}

export function wrongLength(peer: PartyIndex, step: string, bytes: number, expected: number): CodedError {
  const detail = { code: "NETWORK_WRONG_LENGTH", peer, step, bytes, expected } as const;
  return networkError(detail, `party ${peer} sent ${bytes} bytes in ${step}, ${expected} were due`);
}

/** @param missing who was waited for, ascending; the first is named as the peer, this worker when there is none */
export function timedOut(
  self: PartyIndex,
  missing: readonly PartyIndex[],
  step: string,
  timeoutMs: number,
): CodedError {
  const detail = { code: "NETWORK_TIMEOUT", peer: missing[0] ?? self, missing, step, timeoutMs } as const;
  return networkError(detail, `no frame from party ${missing.join(", ")} in ${step} within ${timeoutMs} ms`);
}
