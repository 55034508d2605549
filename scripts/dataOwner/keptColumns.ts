/**
 * The columns of an active version, from the owner's files and what it keeps: exactly those the chain has the root of, or
 * none. The root decides, not the files' bytes: a table exported again, in another order or with other quotes, holds the same
 * columns, and an owner may have no other. Their hash only tells whether files or folder are to blame.
 */
import type { DatasetSegment } from "#chain";
import { type EncodeAgainErrorDetail, type EncodedSegment, encodeAgain, readTable } from "#encoding";
import { CodedError, isCoded } from "#errors";
import type { StudySchema } from "#schema";
import { type OwnFiles, ownFilesHash } from "./ownFiles.ts";
import { keptRows, keptSegment, readContribution } from "./preparedContribution.ts";

export type KeptColumnsErrorDetail =
  /** The private folder has not what the version was committed with. */
  | { readonly code: "RESHARE_NOT_KEPT"; readonly version: number }
  | {
      readonly code: "RESHARE_OTHER_DATA";
      readonly version: number;
      /** Patients of the version that the file has not. */
      readonly missing: number;
      /** Patients of the file that the version has not. */
      readonly unknown: number;
      /** Fields in which the same patients have other values. */
      readonly fields: readonly string[];
    };

export interface KeptVersion {
  readonly version: number;
  /** Its `contributionFolder`. */
  readonly folder: string;
  readonly onChain: DatasetSegment;
}

/**
 * O(rows x columns). Errors count patients and name fields of the schema, never a patient or a value.
 *
 * @throws CodedError RESHARE_NOT_KEPT | RESHARE_OTHER_DATA | CONTRIBUTION_DAMAGED, CSV_INVALID | EVENT_FILE_*
 */
export function encodeKeptColumns(
  schema: StudySchema,
  kept: KeptVersion,
  files: OwnFiles,
  log: (line: string) => void,
): EncodedSegment {
  const { version, folder, onChain } = kept;
  const contribution = readContribution(folder);
  if (contribution?.columnsRoot !== onChain.columnsRoot) throw notKept(version);
  const isSameFile = contribution.csvHash === ownFilesHash(files);
  if (!isSameFile) log(`not the very file that version ${version} was contributed from: what is in it is compared`);
  const table = readTable(files.csv, schema, files.fileName, files.eventFiles);
  const { segment, commitments } = encoded();
  if (commitments.columnsRoot === onChain.columnsRoot) return segment;
  const { leaves } = keptRows(folder);
  const differing = segment.specs.filter((_, index) => leaves[index]?.[2] !== commitments.leaves[index]?.[2]);
  const fields = [...new Set(differing.flatMap(({ field }) => schema.fields[field]?.name ?? []))];
  if (isSameFile || fields.length === 0) throw notKept(version);
  throw otherData({ version, missing: 0, unknown: 0, fields });

  function encoded(): ReturnType<typeof encodeAgain> {
    try {
      return encodeAgain(table, schema, keptSegment(folder));
    } catch (error) {
      const detail = isCoded(error) ? (error.detail as EncodeAgainErrorDetail) : undefined;
      if (detail?.code === "ENCODE_OTHER_SALTS" || (detail?.code === "ENCODE_OTHER_SUBJECTS" && isSameFile)) {
        throw notKept(version, error);
      }
      if (detail?.code !== "ENCODE_OTHER_SUBJECTS") throw error;
      const { missing, unknown } = detail;
      throw otherData({ version, missing, unknown, fields: [] });
    }
  }
}

function notKept(version: number, cause?: unknown): CodedError<KeptColumnsErrorDetail> {
  return new CodedError(
    { code: "RESHARE_NOT_KEPT", version },
    `--directory has not the salts and slots that version ${version} was activated with: give the private folder it was ` +
      "contributed from, or restore that from a backup; nothing was sent",
    cause === undefined ? {} : { cause },
  );
}

type OtherData = Omit<Extract<KeptColumnsErrorDetail, { readonly code: "RESHARE_OTHER_DATA" }>, "code">;

function otherData(detail: OtherData): CodedError<KeptColumnsErrorDetail> {
  const { version, missing, unknown, fields } = detail;
  const what =
    fields.length === 0
      ? `--csv does not have the patients of version ${version}: ${missing} of them are missing, and ${unknown} others are in it`
      : `--csv has the patients of version ${version}, but other values than were activated in: ${fields.join(", ")}`;
  return new CodedError(
    { code: "RESHARE_OTHER_DATA", ...detail },
    `${what}. A version is shared anew as it is: give the file, and each --events file, that version ${version} was ` +
      "contributed from, or another --version; nothing was sent",
  );
}
