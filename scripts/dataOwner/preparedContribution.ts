/**
 * A contribution on the owner's disk: prepared once, as a whole, before anything is sent, so that an interrupted one is
 * resumed with the same shares and never mixed with another.
 *
 * `<private>/datasets/<dataset id>/v<version>/`
 *   contribution.json  what the chain will be told, and what happened so far
 *   salts.json         column and handle salts, in schema and slot order (secret, kept: they open the commitments)
 *   slots.json         subject ids in slot order (secret, kept: a row's slot is permanent)
 *   leaves.json        commitments to columns and handles, whose Merkle root is on chain (public, kept: participants' slips)
 *   shares/<j>.share   worker j's share file (secret, erased once the dataset is active)
 *   receipts/<j>       worker j's signed receipt
 *
 * Invariants: the folder appears by one rename, complete; files are 0600 in 0700 folders; shares are erased only after
 * the activation is seen on chain.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { hexlify } from "ethers";
import type { DatasetSegment } from "#chain";
import type { ColumnCommitments, ColumnLeaf, EncodedSegment } from "#encoding";
import { CodedError } from "#errors";
import { makePrivateFolder, writePrivateFile } from "../privateFiles.ts";

export interface ContributionErrorDetail {
  readonly code: "CONTRIBUTION_DAMAGED";
  readonly path: string;
}

export interface Contribution {
  readonly studyId: string;
  readonly datasetId: string;
  readonly version: number;
  readonly schemaHash: string;
  readonly committeeEpoch: string;
  /** `ownFilesHash` of the CSV file and the files of events: tells a resumed contribution from another one. Stays on this disk. */
  readonly csvHash: string;
  readonly rowCount: number;
  readonly columnsRoot: string;
  readonly sharesRoot: string;
  /** By Shamir point, from 1. */
  readonly fileHashes: readonly string[];
  /** Lets each worker check that its file belongs to the others'. Public. */
  readonly ingestProof: string;
  /** The transaction that activated it. */
  readonly activated?: string;
}

/** Where one version of a dataset is prepared. */
export function contributionFolder(privateFolder: string, datasetId: string, version: number): string {
  return join(privateFolder, "datasets", datasetId, `v${version}`);
}

export function readContribution(folder: string): Contribution | undefined {
  const path = join(folder, "contribution.json");
  return existsSync(path) ? (readJson(path) as Contribution) : undefined;
}

/** Writes everything next to the folder, then renames it into place. */
export function writeContribution(
  folder: string,
  contribution: Contribution,
  segment: EncodedSegment,
  commitments: ColumnCommitments,
  shareFiles: readonly Uint8Array[],
): void {
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  makePrivateFolder(dirname(folder));
  for (const path of [draft, join(draft, "shares"), join(draft, "receipts")]) mkdirSync(path, { mode: 0o700 });
  const salts = { columns: commitments.salts.map(hex), handles: commitments.handles.salts.map(hex) };
  writePrivateFile(join(draft, "salts.json"), JSON.stringify(salts));
  writePrivateFile(join(draft, "slots.json"), JSON.stringify(segment.subjectsBySlot));
  writePrivateFile(join(draft, "leaves.json"), JSON.stringify(commitments.leaves));
  shareFiles.forEach((file, index) => writePrivateFile(shareFilePath(draft, index + 1), file));
  writePrivateFile(join(draft, "contribution.json"), JSON.stringify(contribution, undefined, 2));
  renameSync(draft, folder);
}

export function shareFilePath(folder: string, party: number): string {
  return join(folder, "shares", `${party}.share`);
}

export function readReceipt(folder: string, party: number): string | undefined {
  const path = join(folder, "receipts", String(party));
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

export function keepReceipt(folder: string, party: number, receipt: string): void {
  writePrivateFile(join(folder, "receipts", String(party)), `${receipt}\n`);
}

/** Notes the activation, then erases the share files: from here on only the workers hold shares. */
export function markActivated(folder: string, transaction: string): Contribution {
  const contribution = { ...readContribution(folder)!, activated: transaction };
  writePrivateFile(join(folder, "contribution.json"), JSON.stringify(contribution, undefined, 2));
  rmSync(join(folder, "shares"), { recursive: true, force: true });
  return contribution;
}

/** Forgets a contribution that was never activated. */
export function discardContribution(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Subject ids of every version already prepared or active, with the version. */
export function knownSubjects(privateFolder: string, datasetId: string): Map<string, number> {
  const folder = join(privateFolder, "datasets", datasetId);
  const known = new Map<string, number>();
  if (!existsSync(folder)) return known;
  for (const name of readdirSync(folder)) {
    const version = /^v([0-9]+)$/.exec(name)?.[1];
    if (version === undefined) continue;
    const path = join(folder, name, "slots.json");
    const subjects = readJson(path);
    if (!isTexts(subjects)) throw damaged(path);
    for (const subject of subjects) known.set(subject, Number(version));
  }
  return known;
}

/** What is kept of one version for its participants. */
export interface KeptRows {
  /** Secret. */
  readonly subjects: readonly string[];
  /** 32 bytes per slot, 0x-hex. Secret. */
  readonly salts: readonly string[];
  /** Public. */
  readonly leaves: readonly ColumnLeaf[];
}

/** @throws CodedError CONTRIBUTION_DAMAGED */
export function keptRows(folder: string): KeptRows {
  const [slots, salts, leaves] = ["slots.json", "salts.json", "leaves.json"].map((name) => join(folder, name));
  const subjects = readJson(slots!);
  if (!isTexts(subjects)) throw damaged(slots!);
  const { handles } = readJson(salts!) as { readonly handles: unknown };
  if (!isTexts(handles) || handles.length !== subjects.length) throw damaged(salts!);
  const found = readJson(leaves!);
  if (!Array.isArray(found) || found.length === 0) throw damaged(leaves!);
  return { subjects, salts: handles, leaves: found as ColumnLeaf[] };
}

export function segmentOf(contribution: Contribution): DatasetSegment {
  const { rowCount, columnsRoot, sharesRoot } = contribution;
  return { rowCount: BigInt(rowCount), columnsRoot, sharesRoot };
}

/** Without the parser's error: it would quote what it read, and that may be subject ids. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch {
    throw damaged(path);
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function damaged(path: string): CodedError<ContributionErrorDetail> {
  return new CodedError(
    { code: "CONTRIBUTION_DAMAGED", path },
    `${path} is missing, unreadable or not the JSON that was written: restore the private folder from a backup`,
  );
}

function hex(bytes: Uint8Array): string {
  return hexlify(bytes);
}
