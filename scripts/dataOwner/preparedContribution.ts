/**
 * A contribution on the owner's disk: prepared once, as a whole, before anything is sent, so that an interrupted one is
 * resumed with the same shares and never mixed with another.
 *
 * `<private>/datasets/<dataset id>/v<version>/`
 *   contribution.json  what the chain will be told, and what happened so far
 *   salts.json         column and handle salts, in schema and slot order (secret, kept: they open the commitments)
 *   slots.json         subject ids in slot order (secret, kept: a row's slot is permanent)
 *   leaves.json        commitments to columns and handles, whose Merkle root is on chain (public, kept: participants' slips)
 *   shares/, receipts/ for the committee it was contributed to (`preparedFolder.ts`)
 *   epoch-<epoch>/     the same columns shared anew for a proposed committee (`preparedResharing.ts`)
 *
 * Invariant: shares are erased only after the activation is seen on chain.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { getBytes, hexlify, isHexString } from "ethers";
import type { DatasetSegment } from "#chain";
import type { ColumnCommitments, ColumnLeaf, EncodedSegment, KeptSegment } from "#encoding";
import { writePrivateFile } from "../privateFiles.ts";
import { type DealtShares, damaged, eraseShares, readJson, writePrepared } from "./preparedFolder.ts";

export interface Contribution extends DealtShares {
  /** `ownFilesHash` of the CSV file and the files of events: tells a resumed contribution from another one. Stays on this disk. */
  readonly csvHash: string;
  /** The transaction that activated it. */
  readonly activated?: string;
}

const SALT_BYTES = 32;

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
  const salts = { columns: commitments.salts.map(hex), handles: commitments.handles.salts.map(hex) };
  writePrepared(folder, shareFiles, (draft) => {
    writePrivateFile(join(draft, "salts.json"), JSON.stringify(salts));
    writePrivateFile(join(draft, "slots.json"), JSON.stringify(segment.subjectsBySlot));
    writePrivateFile(join(draft, "leaves.json"), JSON.stringify(commitments.leaves));
    writePrivateFile(join(draft, "contribution.json"), JSON.stringify(contribution, undefined, 2));
  });
}

/** Notes the activation, then erases the share files: from here on only the workers hold shares. */
export function markActivated(folder: string, transaction: string): Contribution {
  const contribution = { ...readContribution(folder)!, activated: transaction };
  writePrivateFile(join(folder, "contribution.json"), JSON.stringify(contribution, undefined, 2));
  eraseShares(folder);
  return contribution;
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

/**
 * What the version's columns are encoded and committed with, once more.
 *
 * @throws CodedError CONTRIBUTION_DAMAGED
 */
export function keptSegment(folder: string): KeptSegment {
  const { subjects, salts: handles } = keptRows(folder);
  const path = join(folder, "salts.json");
  const { columns } = readJson(path) as { readonly columns: unknown };
  if (!isTexts(columns) || ![...columns, ...handles].every((salt) => isHexString(salt, SALT_BYTES)))
    throw damaged(path);
  return { subjectsBySlot: subjects, salts: { columns: columns.map(bytes), handles: handles.map(bytes) } };
}

export function segmentOf(contribution: Contribution): DatasetSegment {
  const { rowCount, columnsRoot, sharesRoot } = contribution;
  return { rowCount: BigInt(rowCount), columnsRoot, sharesRoot };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function hex(salt: Uint8Array): string {
  return hexlify(salt);
}

function bytes(salt: string): Uint8Array {
  return getBytes(salt);
}
