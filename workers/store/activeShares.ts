/** What is read of the segments that are active: columns, rows of them, headers and seeds, opened with their holding's key. */
import type { ShareFileHeader } from "../messages/shareFile.ts";
import type { ActiveSegments } from "./activeSegments.ts";
import { seedsContext, unseal } from "./chunkCipher.ts";
import { type ColumnChunks, WORD_BYTES } from "./columnChunks.ts";
import { undecryptable } from "./errors.ts";
import { parseHeaderText } from "./segmentRows.ts";
import type { ShareStatements } from "./shareStatements.ts";

const SEED_BYTES = 32;

export interface ActiveSharesModules {
  readonly sql: Pick<ShareStatements, "header" | "seeds">;
  readonly active: ActiveSegments;
  readonly chunks: ColumnChunks;
  /** @throws CodedError STORE_KEY_MISSING, STORE_KEY_UNREADABLE */
  keyOf(datasetId: string, epoch: bigint): Uint8Array;
}

export class ActiveShares {
  readonly #modules: ActiveSharesModules;

  constructor(modules: ActiveSharesModules) {
    this.#modules = modules;
  }

  /** Of versions 1..upToVersion, concatenated. */
  column(datasetId: string, epoch: bigint, upToVersion: bigint, columnId: string): Uint8Array {
    const { active, chunks, keyOf } = this.#modules;
    const segments = active.upTo(datasetId, epoch, upToVersion);
    const key = keyOf(datasetId, epoch);
    const words = new Uint8Array(segments.reduce((sum, { rowCount }) => sum + Number(rowCount), 0) * WORD_BYTES);
    let offset = 0;
    for (const segment of segments) {
      const rows = Number(segment.rowCount);
      const part = words.subarray(offset, offset + rows * WORD_BYTES);
      chunks.loadInto(part, segment, key, columnId, 0, rows);
      offset += part.length;
    }
    return words;
  }

  /** [from, to) of one version alone. */
  rows(datasetId: string, epoch: bigint, version: bigint, columnId: string, from: number, to: number): Uint8Array {
    const { active, chunks, keyOf } = this.#modules;
    const segment = active.require(datasetId, epoch, version);
    const words = new Uint8Array((to - from) * WORD_BYTES);
    chunks.loadInto(words, segment, keyOf(datasetId, epoch), columnId, from, to);
    return words;
  }

  header(datasetId: string, epoch: bigint, version: bigint): ShareFileHeader {
    const { sql, active } = this.#modules;
    const row = sql.header.get(active.require(datasetId, epoch, version).id);
    return parseHeaderText(row?.["header"] as string);
  }

  /** In the order of the header's seedSubsets. */
  seeds(datasetId: string, epoch: bigint, version: bigint): Uint8Array[] {
    const { sql, active, keyOf } = this.#modules;
    const segment = active.require(datasetId, epoch, version);
    const sealed = sql.seeds.get(segment.id)?.["seeds"] as Uint8Array;
    const plain = unseal(keyOf(datasetId, epoch), seedsContext(segment), sealed);
    if (plain === undefined) throw undecryptable({ datasetId, epoch, version });
    return Array.from({ length: plain.length / SEED_BYTES }, (_, i) =>
      plain.slice(i * SEED_BYTES, (i + 1) * SEED_BYTES),
    );
  }
}
