/**
 * What is prepared on the owner's disk for one committee, before anything is sent: a folder that appears by one rename,
 * complete, so that an interrupted command goes on with the same shares.
 *
 *   shares/<j>.share   worker j's share file (secret, erased once the chain has what was sent)
 *   receipts/<j>       worker j's signed receipt
 *
 * Files are 0600 in 0700 folders. Beside it may stand `<folder>.draft` or `<folder>.discarded`, of an interrupted command:
 * both are removed when the folder is written or discarded.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { CodedError } from "#errors";
import { makePrivateFolder, writePrivateFile } from "../privateFiles.ts";

export interface ContributionErrorDetail {
  readonly code: "CONTRIBUTION_DAMAGED";
  readonly path: string;
}

/** One dealing of a version's columns to one committee, as the chain will be told of it. Public. */
export interface DealtShares {
  readonly studyId: string;
  readonly datasetId: string;
  readonly version: number;
  readonly schemaHash: string;
  readonly committeeEpoch: string;
  readonly rowCount: number;
  readonly columnsRoot: string;
  readonly sharesRoot: string;
  /** By Shamir point, from 1. */
  readonly fileHashes: readonly string[];
  /** Lets each worker check that its file belongs to the others'. */
  readonly ingestProof: string;
}

/** Writes the share files and what `write` adds next to the folder, then renames all of it into place. */
export function writePrepared(folder: string, shareFiles: readonly Uint8Array[], write: (draft: string) => void): void {
  const draft = `${folder}.draft`;
  removeLeftovers(folder);
  makePrivateFolder(dirname(folder));
  for (const path of [draft, join(draft, "shares"), join(draft, "receipts")]) mkdirSync(path, { mode: 0o700 });
  shareFiles.forEach((file, index) => writePrivateFile(shareFilePath(draft, index + 1), file));
  write(draft);
  renameSync(draft, folder);
}

/** Gone at once: an interruption leaves no folder of which half is there. */
export function discardPrepared(folder: string): void {
  removeLeftovers(folder);
  if (existsSync(folder)) renameSync(folder, `${folder}.discarded`);
  removeLeftovers(folder);
}

function removeLeftovers(folder: string): void {
  for (const path of [`${folder}.draft`, `${folder}.discarded`]) rmSync(path, { recursive: true, force: true });
}

export function shareFilePath(folder: string, party: number): string {
  return join(folder, "shares", `${party}.share`);
}

/** From here on only the workers hold shares. */
export function eraseShares(folder: string): void {
  rmSync(join(folder, "shares"), { recursive: true, force: true });
}

export function readReceipt(folder: string, party: number): string | undefined {
  const path = join(folder, "receipts", String(party));
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

export function keepReceipt(folder: string, party: number, receipt: string): void {
  writePrivateFile(join(folder, "receipts", String(party)), `${receipt}\n`);
}

/** Without the parser's error: it would quote what it read, and that may be subject ids. @throws CodedError CONTRIBUTION_DAMAGED */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch {
    throw damaged(path);
  }
}

export function damaged(path: string): CodedError<ContributionErrorDetail> {
  return new CodedError(
    { code: "CONTRIBUTION_DAMAGED", path },
    `${path} is missing, unreadable or not the JSON that was written: restore the private folder from a backup`,
  );
}
