/**
 * A table that was committed before, encoded once more for another committee: every row in the slot it has, every column
 * under its salt, so that the root on chain stays. Nothing is drawn here; what the new committee gets is shared afresh.
 */
import { CodedError } from "../errors.ts";
import type { StudySchema } from "../schema/studySchema.ts";
import type { ColumnCommitments, KeptSalts } from "./commitColumns.ts";
import { commitWithSalts } from "./commitColumns.ts";
import type { EncodedSegment } from "./encodeTable.ts";
import { encodeInSlots } from "./encodeTable.ts";
import type { Table } from "./readTable.ts";

/** What an owner keeps of a segment. Secret. */
export interface KeptSegment {
  readonly subjectsBySlot: readonly string[];
  readonly salts: KeptSalts;
}

export type EncodeAgainErrorDetail =
  /** missing: subjects that have a slot and no row; unknown: rows whose subject has none. */
  | { readonly code: "ENCODE_OTHER_SUBJECTS"; readonly missing: number; readonly unknown: number }
  /** What is kept is not of a segment of this schema. */
  | { readonly code: "ENCODE_OTHER_SALTS" };

/**
 * The same columns, witnesses and commitments as the first time if, and only if, every subject has the values it had then;
 * the order of rows does not matter. Whether they are the same, the caller sees from `columnsRoot`.
 *
 * @throws CodedError ENCODE_OTHER_SUBJECTS | ENCODE_OTHER_SALTS
 */
export function encodeAgain(
  table: Table,
  schema: StudySchema,
  { subjectsBySlot, salts }: KeptSegment,
): { readonly segment: EncodedSegment; readonly commitments: ColumnCommitments } {
  const segment = encodeInSlots(table, schema, findSlots(table.subjects, subjectsBySlot));
  if (salts.columns.length !== segment.columns.length || salts.handles.length !== subjectsBySlot.length) {
    throw new CodedError<EncodeAgainErrorDetail>(
      { code: "ENCODE_OTHER_SALTS" },
      "the salts that are kept are not one for each column of the schema and each subject",
    );
  }
  return { segment, commitments: commitWithSalts(segment, salts) };
}

/** Element i is the slot of row i. */
function findSlots(subjects: readonly string[], subjectsBySlot: readonly string[]): Uint32Array {
  const slots = new Map(subjectsBySlot.map((subject, slot) => [subject, slot]));
  const given = new Set(subjects);
  const missing = subjectsBySlot.filter((subject) => !given.has(subject)).length;
  const unknown = subjects.filter((subject) => !slots.has(subject)).length;
  // Without either, a subject that stands twice would still make the rows too many.
  if (missing === 0 && unknown === 0 && subjects.length === slots.size) {
    return Uint32Array.from(subjects, (subject) => slots.get(subject)!);
  }
  throw new CodedError<EncodeAgainErrorDetail>(
    { code: "ENCODE_OTHER_SUBJECTS", missing, unknown },
    `${missing} subjects of the segment have no row in this table, and ${unknown} rows are of others`,
  );
}
