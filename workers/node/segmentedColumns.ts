/** The columns of a gate's circuit as vectors over its universe of rows: this worker's shares, zero outside their segments. */
import type { SegmentRef } from "../disclosure/historySets.ts";
import type { SegmentedColumn } from "../disclosure/setVectors.ts";
import type { Field, FieldVector } from "../field/field.ts";
import type { ColumnCache } from "./columnCache.ts";

/** One dataset's part of the universe. */
interface Part {
  readonly datasetId: string;
  readonly version: bigint;
  readonly segments: readonly { readonly index: number; readonly from: number; readonly to: number }[];
}

/**
 * In the order of `columns`. O(columns × rows) at most; a column that covers one dataset's newest version costs nothing when
 * it is kept.
 *
 * @param universe datasets one after the other, versions 1..v of each ascending
 * @throws CodedError STORE_* | FIELD_*
 */
export function loadSegmentedColumns(
  field: Field,
  columns: readonly SegmentedColumn[],
  universe: readonly SegmentRef[],
  cache: Pick<ColumnCache, "column">,
): FieldVector[] {
  const parts = partsOf(universe);
  return columns.map(({ columnId, segments }) =>
    field.scope(() => {
      const pieces = parts.flatMap((part) => loadPart(field, part, columnId, segments, cache));
      return pieces.length === 1 ? (pieces[0] as FieldVector) : field.concat(pieces);
    }),
  );
}

/** Datasets of the universe, which an attempt must be able to read. */
export function datasetsOf(universe: readonly SegmentRef[]): string[] {
  return partsOf(universe).map(({ datasetId }) => datasetId.toLowerCase());
}

function partsOf(universe: readonly SegmentRef[]): Part[] {
  const parts: { datasetId: string; version: bigint; segments: { index: number; from: number; to: number }[] }[] = [];
  for (const [index, { datasetId, version, rowCount }] of universe.entries()) {
    const last = parts.at(-1);
    const part = last?.datasetId === datasetId ? last : { datasetId, version, segments: [] };
    if (part !== last) parts.push(part);
    const from = part.segments.at(-1)?.to ?? 0;
    part.segments.push({ index, from, to: from + Number(rowCount) });
    part.version = version;
  }
  return parts;
}

function loadPart(
  field: Field,
  { datasetId, version, segments }: Part,
  columnId: string,
  wanted: bigint,
  cache: Pick<ColumnCache, "column">,
): FieldVector[] {
  const isWanted = ({ index }: { index: number }): boolean => ((wanted >> BigInt(index)) & 1n) === 1n;
  const rows = segments.at(-1)?.to ?? 0;
  if (!segments.some(isWanted)) return [field.zeros(rows)];
  const whole = cache.column(field, datasetId, version, columnId);
  if (segments.every(isWanted)) return [whole];
  return segments.map((segment) =>
    isWanted(segment) ? field.view(whole, segment.from, segment.to) : field.zeros(segment.to - segment.from),
  );
}
