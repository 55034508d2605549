/** Segments that the chain made active among a committee and whose files are here: what shares are read from. */
import type { SegmentRow } from "./columnChunks.ts";
import { storeError, versionText } from "./errors.ts";
import { hexToBytes, storedInteger } from "./hex.ts";
import type { ShareStatements } from "./shareStatements.ts";

export class ActiveSegments {
  readonly #sql: Pick<ShareStatements, "activeSegment" | "activation" | "dataset">;

  constructor(sql: ShareStatements) {
    this.#sql = sql;
  }

  find(datasetId: string, epoch: bigint, version: bigint): SegmentRow | undefined {
    const bytes = hexToBytes(datasetId, 32, "datasetId");
    const row = this.#sql.activeSegment.get(bytes, storedInteger(epoch, "epoch"), storedInteger(version, "version"));
    if (row === undefined) return undefined;
    return {
      id: row["id"] as bigint,
      datasetId: bytes,
      version,
      fileHash: row["file_hash"] as Uint8Array,
      epoch: row["epoch"] as bigint,
      rowCount: row["row_count"] as bigint,
    };
  }

  /** @throws CodedError STORE_SEGMENT_MISSING */
  require(datasetId: string, epoch: bigint, version: bigint): SegmentRow {
    const segment = this.find(datasetId, epoch, version);
    if (segment !== undefined) return segment;
    const dataset = this.#sql.dataset.get(hexToBytes(datasetId, 32, "datasetId"))?.["id"] as bigint | undefined;
    const activated = dataset !== undefined && this.#sql.activation.get(dataset, epoch, version) !== undefined;
    const why = activated ? "its file is not here" : "it is not activated";
    const place = { datasetId, epoch, version };
    throw storeError({ code: "STORE_SEGMENT_MISSING", ...place, activated }, `${versionText(place)}: ${why}`);
  }

  /** Of versions 1..upToVersion, ascending. @throws CodedError STORE_SEGMENT_MISSING */
  upTo(datasetId: string, epoch: bigint, upToVersion: bigint): SegmentRow[] {
    const segments: SegmentRow[] = [];
    for (let version = 1n; version <= upToVersion; version += 1n) {
      segments.push(this.require(datasetId, epoch, version));
    }
    return segments;
  }
}
