/** The door `#encoding`. */
export {
  columnCommitment,
  commitColumns,
  handleOf,
  HANDLES_ID,
  HANDLES_KIND,
  proveLeaf,
  verifyLeaf,
} from "./commitColumns.ts";
export type { ColumnCommitments, ColumnLeaf, Handles } from "./commitColumns.ts";
export { MAX_PROBLEMS } from "./csvReport.ts";
export type { CsvErrorDetail, CsvProblem, CsvProblemCode } from "./csvReport.ts";
export type { EventFileErrorDetail } from "./deriveFields.ts";
export { proveDealing } from "./dealing.ts";
export { encodeAgain } from "./encodeAgain.ts";
export type { EncodeAgainErrorDetail, KeptSegment } from "./encodeAgain.ts";
export { encodeTable } from "./encodeTable.ts";
export type { EncodedSegment } from "./encodeTable.ts";
export type { EventCounts, EventFile } from "./readEvents.ts";
export { readTable } from "./readTable.ts";
export type { Table, TableAndEvents } from "./readTable.ts";
export { shareSegment } from "./shareSegment.ts";
export type { SegmentFacts } from "./shareSegment.ts";
export { summarizeTable } from "./summarizeTable.ts";
export type { FieldSummary, TableSummary } from "./summarizeTable.ts";
