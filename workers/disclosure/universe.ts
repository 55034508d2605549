/** The rows that a request and its history are about, as one list of segments: bit i of a set stands for segment i. */
import { createHash } from "node:crypto";

import type { SegmentRef } from "./historySets.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf, keyOf } from "./rowSet.ts";

export class Universe {
  /** Datasets by id, the versions of each ascending: one order whatever the request, so that what was kept is found again. */
  readonly segments: readonly SegmentRef[];
  readonly #positions: ReadonlyMap<string, number>;
  #rows: string | undefined;
  /** By list: its segments. */
  readonly #asked: readonly bigint[];

  constructor(lists: readonly (readonly SegmentRef[])[]) {
    const byDataset = new Map<string, Map<bigint, SegmentRef>>();
    for (const segment of lists.flat()) {
      const id = segment.datasetId.toLowerCase();
      const versions = byDataset.get(id) ?? new Map<bigint, SegmentRef>();
      byDataset.set(id, versions.set(segment.version, segment));
    }
    const ascending = (a: SegmentRef, b: SegmentRef): number => (a.version < b.version ? -1 : 1);
    const datasets = [...byDataset].sort(([a], [b]) => (a < b ? -1 : 1));
    this.segments = datasets.flatMap(([, versions]) => [...versions.values()].sort(ascending));
    this.#positions = new Map(this.segments.map((segment, position) => [nameOf(segment), position]));
    this.#asked = lists.map((list) => this.bits(list));
  }

  bits(segments: readonly SegmentRef[]): bigint {
    return segments.reduce((bits, segment) => bits | (1n << BigInt(this.#positions.get(nameOf(segment))!)), 0n);
  }

  rows(bits: bigint): number {
    return this.#chosen(bits).reduce((rows, { rowCount }) => rows + Number(rowCount), 0);
  }

  /** Each owner's part of these segments: an owner has one dataset in a study. */
  owners(bits: bigint): bigint[] {
    const parts = new Map<string, bigint>();
    for (const segment of this.#chosen(bits)) {
      const id = segment.datasetId.toLowerCase();
      parts.set(id, (parts.get(id) ?? 0n) | this.bits([segment]));
    }
    return [...parts.values()];
  }

  /** All rows of each segment: their number is on chain. */
  parts(): RowSet[] {
    return this.segments.map((_, position) => ({ segments: 1n << BigInt(position), conditions: [] }));
  }

  /**
   * All rows of parts of these segments, where they are at least k: of each segment, and what any request was about, all of
   * it and by owner. Their numbers are on chain; the other unions of segments are not looked at, of which there are 2^segments.
   */
  partsOf(bits: bigint, k: number): RowSet[] {
    const asked = this.#asked.flatMap((part) => [part, ...this.owners(part)]);
    const parts = new Set([...this.parts().map(({ segments }) => segments), ...asked]);
    return [...parts]
      .filter((part) => (part & ~bits) === 0n && part !== bits && this.rows(part) >= k)
      .map((segments) => ({ segments, conditions: [] }));
  }

  /** Of a set's rows or their number: the same for the same rows in the same order, with the same conditions, in every request. */
  nameOf(what: "rows" | "number", set: RowSet, schemaHash: string): string {
    this.#rows ??= this.segments.map((segment) => `${nameOf(segment)}:${segment.rowCount}`).join(",");
    return createHash("sha256")
      .update([what, schemaHash, this.#rows, keyOf(set)].join("|"))
      .digest("hex");
  }

  #chosen(bits: bigint): SegmentRef[] {
    return this.segments.filter((_, position) => ((bits & allOf(this.segments.length)) >> BigInt(position)) & 1n);
  }
}

function nameOf({ datasetId, version }: SegmentRef): string {
  return `${datasetId.toLowerCase()}@${version}`;
}
