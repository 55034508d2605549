/** Segments as the store tells of them, and their headers as it keeps them. */
import type { ShareFileHeader } from "../messages/shareFile.ts";
import { bytesToHex } from "./hex.ts";

export interface SegmentStatus {
  /** Of the committee whose shares they are. */
  readonly epoch: bigint;
  readonly version: bigint;
  /** pending: received, not activated. missing: activated, but this worker lacks the file. */
  readonly state: "pending" | "active" | "missing";
  /** keccak256 of the share file. */
  readonly fileHash: string;
  readonly rowCount: number | undefined;
}

export function statusOfRow(row: Record<string, unknown>): SegmentStatus {
  return {
    epoch: row["epoch"] as bigint,
    version: row["version"] as bigint,
    state: row["state"] as SegmentStatus["state"],
    fileHash: bytesToHex(row["file_hash"]),
    rowCount: row["row_count"] === null ? undefined : Number(row["row_count"]),
  };
}

/** JSON, integers beyond 2^53 as text. */
export function headerText(header: ShareFileHeader): string {
  return JSON.stringify(header, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

export function parseHeaderText(text: string): ShareFileHeader {
  const header = JSON.parse(text) as ShareFileHeader & { version: string; committeeEpoch: string };
  return { ...header, version: BigInt(header.version), committeeEpoch: BigInt(header.committeeEpoch) };
}
