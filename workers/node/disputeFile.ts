/**
 * What a quorum signed and the chain contradicts, as a file in the data folder where an operator takes it from:
 * `disputes/dispute-REQUESTID.json`, for `opaline auditor dispute --evidence`. One for each request, and only its owner reads it.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { disputeToJson } from "../messages/dispute.ts";
import type { SignedVerdict } from "../messages/signedVerdict.ts";

const FOLDER = "disputes";

/** @returns the file, whole or, when it throws a system's error, not there */
export function writeDisputeFile(dataDir: string, requestId: string, signed: SignedVerdict): string {
  const folder = join(dataDir, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `dispute-${requestId}.json`);
  writeFileSync(`${file}.part`, `${disputeToJson(signed)}\n`, { mode: 0o600 });
  renameSync(`${file}.part`, file);
  return file;
}
