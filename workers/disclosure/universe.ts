/**
 * The rows that a request and its history are about: whole segments, and the parts into which consent masks divide them. Bit i
 * of a set stands for part i.
 *
 * Erased segments keep their parts and their public numbers of rows, so that a set with them differs from one without; but no
 * worker has their columns, which count as zero. What is measured of a set is then a lower bound, by as many rows as it had there.
 */
import { createHash } from "node:crypto";

import type { SegmentRef } from "./historySets.ts";
import { digestOf, splitSegment } from "./rowParts.ts";
import type { RowSet } from "./rowSet.ts";
import { allOf } from "./rowSet.ts";
import type { NamingFacts } from "./setNames.ts";
import { conditionName } from "./setNames.ts";

/** Rows of one segment that each request either uses or leaves out, all of them. */
export interface RowPart {
  /** Position among the universe's segments. */
  readonly segment: number;
  /** Positions in the segment, ascending, at least one; undefined: all of its rows. */
  readonly rows: Uint32Array | undefined;
  readonly rowCount: number;
}

/** A segment in the universe. */
interface Place {
  /** All its parts, as bits. */
  readonly bits: bigint;
  /** By digest of a list of rows that some request leaves out: those parts, as bits. */
  readonly excluded: ReadonlyMap<string, bigint>;
}

export class Universe {
  /**
   * Datasets by id, the versions of each ascending: one order whatever the request, so that what was kept is found again.
   * Vectors have a row for each of their rows, used or not.
   */
  readonly segments: readonly SegmentRef[];
  readonly parts: readonly RowPart[];
  readonly #places: ReadonlyMap<string, Place>;
  readonly #names: string;
  readonly #rowNames = new Map<bigint, string>();
  /** By list: its parts. */
  readonly #asked: readonly bigint[];

  constructor(lists: readonly (readonly SegmentRef[])[]) {
    const byDataset = new Map<string, Map<bigint, SegmentRef[]>>();
    for (const segment of lists.flat()) {
      const id = segment.datasetId.toLowerCase();
      const versions = byDataset.get(id) ?? new Map<bigint, SegmentRef[]>();
      const same = versions.get(segment.version) ?? [];
      byDataset.set(id, versions.set(segment.version, [...same, segment]));
    }
    const ascending = (a: SegmentRef[], b: SegmentRef[]): number => (a[0]!.version < b[0]!.version ? -1 : 1);
    const datasets = [...byDataset].sort(([a], [b]) => (a < b ? -1 : 1));
    const asked = datasets.flatMap(([, versions]) => [...versions.values()].sort(ascending));
    this.segments = asked.map(withoutMask);
    const parts: RowPart[] = [];
    this.#places = new Map(asked.map((same, segment) => [nameOf(same[0]!), addParts(parts, segment, same)]));
    this.parts = parts;
    this.#names = this.segments.map(fullNameOf).join(",");
    this.#asked = lists.map((list) => this.bits(list));
  }

  bits(segments: readonly SegmentRef[]): bigint {
    return segments.reduce((bits, segment) => {
      const { bits: all, excluded } = this.#places.get(nameOf(segment))!;
      const without = segment.excluded === undefined ? 0n : excluded.get(digestOf(segment.excluded))!;
      return bits | (all & ~without);
    }, 0n);
  }

  /** Of the dataset among these that consent has divided most: its parts, but for one of each of its segments. */
  masksOf(segments: readonly SegmentRef[]): number {
    const asked = new Set(segments.map(({ datasetId }) => datasetId.toLowerCase()));
    const divided = new Map([...asked].map((id) => [id, 0]));
    const seen = new Set<number>();
    for (const { segment } of this.parts) {
      const id = this.segments[segment]!.datasetId.toLowerCase();
      if (seen.has(segment) && divided.has(id)) divided.set(id, divided.get(id)! + 1);
      seen.add(segment);
    }
    return Math.max(0, ...divided.values());
  }

  rows(bits: bigint): number {
    return this.parts.reduce((rows, { rowCount }, part) => (isIn(bits, part) ? rows + rowCount : rows), 0);
  }

  /** Whether some of these rows are gone: a number measured of them may be too small, and 0 says nothing. */
  isErased(bits: bigint): boolean {
    return this.parts.some(({ segment }, part) => isIn(bits, part) && this.segments[segment]!.isErased === true);
  }

  /** Each owner's share of these parts: an owner has one dataset in a study. */
  owners(bits: bigint): bigint[] {
    const owned = new Map<string, bigint>();
    for (const [part, { segment }] of this.parts.entries()) {
      if (!isIn(bits, part)) continue;
      const id = this.segments[segment]!.datasetId.toLowerCase();
      owned.set(id, (owned.get(id) ?? 0n) | (1n << BigInt(part)));
    }
    return [...owned.values()];
  }

  /** All rows of each part: their number is on chain. */
  partSets(): RowSet[] {
    return this.parts.map((_, part) => ({ parts: 1n << BigInt(part), conditions: [] }));
  }

  /**
   * All rows of some of these parts, where they are at least k: of each part, of each version that consent has divided, and what
   * any request was about, all of it and by owner. Their numbers are on chain; the other unions of parts are not looked at, of which
   * there are 2^parts.
   */
  knownTotals(bits: bigint, k: number): RowSet[] {
    const asked = this.#asked.flatMap((each) => [each, ...this.owners(each)]);
    const versions = this.segments.map((_, at) => bits & this.#partsOf(at));
    const totals = new Set([...this.partSets().map(({ parts }) => parts), ...versions, ...asked]);
    return [...totals]
      .filter((total) => (total & ~bits) === 0n && total !== bits && this.rows(total) >= k)
      .map((parts) => ({ parts, conditions: [] }));
  }

  /** All parts of a segment. */
  #partsOf(at: number): bigint {
    return this.parts.reduce((bits, { segment }, part) => (segment === at ? bits | (1n << BigInt(part)) : bits), 0n);
  }

  /** Of a set's rows or their number: the same for the same rows in the same order, with the same conditions, in every request. */
  nameOf(what: "rows" | "number", set: RowSet, facts: NamingFacts): string {
    return createHash("sha256")
      .update([what, facts.schemaHash, this.#names, this.#rowsOf(set.parts), conditionName(set, facts)].join("|"))
      .digest("hex");
  }

  /** Which rows, in words that do not depend on the parts: by segment all, none, or a digest of those left out. */
  #rowsOf(bits: bigint): string {
    let name = this.#rowNames.get(bits);
    if (name === undefined) {
      const unused = this.segments.map((): RowPart[] => []);
      for (const [index, part] of this.parts.entries()) if (!isIn(bits, index)) unused[part.segment]!.push(part);
      name = unused.map((parts, segment) => rowsName(parts, Number(this.segments[segment]!.rowCount))).join(",");
      this.#rowNames.set(bits, name);
    }
    return name;
  }
}

/** @param unused parts of one segment */
function rowsName(unused: readonly RowPart[], rowCount: number): string {
  const count = unused.reduce((sum, part) => sum + part.rowCount, 0);
  if (count === 0) return "all";
  if (count === rowCount) return "none";
  const rows = new Uint32Array(count);
  let filled = 0;
  for (const part of unused) {
    rows.set(part.rows!, filled);
    filled += part.rowCount;
  }
  return digestOf(rows.sort());
}

/** Which parts one segment has, by what the requests leave out of it. */
function addParts(parts: RowPart[], segment: number, same: readonly SegmentRef[]): Place {
  const lists = new Map(
    same.flatMap(({ excluded }) => (excluded === undefined ? [] : [[digestOf(excluded), excluded]])),
  );
  const rowCount = Number(same[0]!.rowCount);
  const first = BigInt(parts.length);
  if (lists.size === 0) {
    parts.push({ segment, rows: undefined, rowCount });
    return { bits: 1n << first, excluded: new Map() };
  }
  const split = splitSegment(rowCount, [...lists.values()]);
  for (const rows of split.parts) {
    parts.push({ segment, rows: split.parts.length === 1 ? undefined : rows, rowCount: rows.length });
  }
  const excluded = new Map([...lists.keys()].map((digest, list) => [digest, split.excluded[list]! << first]));
  return { bits: allOf(split.parts.length) << first, excluded };
}

function isIn(bits: bigint, part: number): boolean {
  return ((bits >> BigInt(part)) & 1n) === 1n;
}

function nameOf({ datasetId, version }: SegmentRef): string {
  return `${datasetId.toLowerCase()}@${version}`;
}

/** Vectors over erased rows are others than those that were kept before. */
function fullNameOf(segment: SegmentRef): string {
  return `${nameOf(segment)}:${segment.rowCount}${segment.isErased === true ? ":erased" : ""}`;
}

/** @param same one segment, as several requests use it */
function withoutMask(same: readonly SegmentRef[]): SegmentRef {
  const { datasetId, version, rowCount } = same[0]!;
  const bare = { datasetId, version, rowCount };
  return same.some(({ isErased }) => isErased) ? { ...bare, isErased: true } : bare;
}
