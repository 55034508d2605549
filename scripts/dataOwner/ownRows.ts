/** Participants of one version as a hospital names them, and their rows. No subject id leaves this file but as a slot. */
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { getAddress, isAddress } from "ethers";
import { type DatasetSegment, datasetRegistry } from "#chain";
import { CodedError } from "#errors";
import type { SignerConnection } from "../connection.ts";
import { memberOfKey } from "../memberOfKey.ts";
import { requireStudy } from "../study.ts";
import { type KeptRows, contributionFolder, keptRows } from "./preparedContribution.ts";

export type ParticipantsErrorDetail =
  /** line: of the file, from 1; 0: the file itself. */
  | { readonly code: "PARTICIPANTS_INVALID"; readonly line: number }
  | { readonly code: "VERSION_NOT_ACTIVE"; readonly datasetId: string; readonly version: string };

export interface OwnVersion {
  readonly datasetId: string;
  readonly version: bigint;
  readonly segment: DatasetSegment;
  readonly kept: KeptRows;
}

/** One line of the hospital's list. */
export interface Named {
  readonly line: number;
  readonly slot: number;
  /** Checksummed; undefined where the list has no such column. */
  readonly address: string | undefined;
}

/** The signer's own dataset in the study. @throws CodedError VERSION_NOT_ACTIVE | CONTRIBUTION_DAMAGED */
export async function openOwnVersion(
  connection: SignerConnection,
  studyId: string,
  version: bigint,
  privateFolder: string,
): Promise<OwnVersion> {
  await requireStudy(connection, studyId);
  const registry = datasetRegistry(connection.deployment, connection.provider);
  const owner = await memberOfKey(connection, "dataOwner", connection.signer.address);
  const datasetId = await registry.datasetIdOf(studyId, owner);
  const segment = (await registry.segments(datasetId))[Number(version) - 1];
  if (segment === undefined) {
    throw new CodedError<ParticipantsErrorDetail>(
      { code: "VERSION_NOT_ACTIVE", datasetId, version: String(version) },
      `--version: your dataset has no active version ${version}; \`opaline data-owner datasets --study ${studyId}\``,
    );
  }
  const kept = keptRows(contributionFolder(privateFolder, datasetId, Number(version)));
  return { datasetId, version, segment, kept };
}

/**
 * @param columns `subject_id` first; the file has exactly these, named in its first line
 * @throws CodedError PARTICIPANTS_INVALID that names the line, and never what stands in it
 */
export function readParticipants(path: string, columns: readonly string[], { subjects }: KeptRows): Named[] {
  const [header = [], ...rows] = parseFile(path);
  if (header.join() !== columns.join()) throw invalid(1, `the columns ${columns.join(",")} were expected`);
  if (rows.length === 0) throw invalid(0, "no participants");
  const slots = new Map(subjects.map((subject, slot) => [subject, slot]));
  const seen = new Set<number>();
  return rows.map(([subject = "", address], index) => {
    const line = index + 2;
    const slot = slots.get(subject);
    if (slot === undefined) throw invalid(line, "this subject is not in that version; check --version");
    if (seen.has(slot)) throw invalid(line, "this subject stands in the file twice");
    seen.add(slot);
    if (address !== undefined && !isAddress(address)) throw invalid(line, "no address (0x and 40 hex digits)");
    return { line, slot, address: address === undefined ? undefined : getAddress(address) };
  });
}

/** Without the parser's error: it would quote what it read. */
function parseFile(path: string): string[][] {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
    return parse(text, { skip_empty_lines: true, trim: true });
  } catch {
    throw invalid(0, "it cannot be read as CSV in UTF-8");
  }
}

export function invalid(line: number, why: string): CodedError<ParticipantsErrorDetail> {
  const place = line === 0 ? "the file" : `line ${line}`;
  return new CodedError({ code: "PARTICIPANTS_INVALID", line }, `--participants: ${place}: ${why}; nothing was sent`);
}
