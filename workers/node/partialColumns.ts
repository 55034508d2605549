/**
 * The columns of a gate's circuit as vectors over its universe of rows: this worker's shares among one committee, zero outside
 * their parts.
 */
import type { PartialColumn } from "../disclosure/setVectors.ts";
import type { Universe } from "../disclosure/universe.ts";
import type { Field, FieldVector } from "../field/field.ts";
import type { ColumnPiece, CommitteeColumns } from "./columnCache.ts";

/** Where columns of one committee, and pieces of them one after the other, are kept. */
export type PartialColumnCache = Pick<CommitteeColumns, "column" | "joined">;

type Rows = Pick<Universe, "segments" | "parts">;

interface Segment {
  /** Its rows among its dataset's. */
  readonly from: number;
  readonly to: number;
  /** All its parts, as bits of the universe. */
  readonly parts: bigint;
}

/** One dataset's rows of the universe. */
interface Dataset {
  readonly datasetId: string;
  /** The newest. */
  readonly version: bigint;
  readonly segments: readonly Segment[];
  readonly parts: bigint;
  /** Its rows are gone: every column is zero. */
  readonly isErased: boolean;
}

/**
 * In the order of `columns`. O(columns × rows) at most; a column that covers datasets' newest versions whole, and of the
 * universe little else, costs nothing when it is kept. Rows that are not wanted are zero by a product with a public 0/1 vector,
 * or were never read: the sharing of 0 whose shares are all 0. So are those that were erased.
 *
 * @param universe datasets one after the other, versions 1..v of each ascending
 * @throws CodedError STORE_* | FIELD_*
 */
export function loadPartialColumns(
  field: Field,
  columns: readonly PartialColumn[],
  universe: Rows,
  cache: PartialColumnCache,
): FieldVector[] {
  const datasets = datasetsIn(universe);
  const masks = new RowMasks(field, universe);
  const loaded = columns.map(({ columnId, parts: wanted }) => {
    masks.make(datasets, wanted);
    return field.scope(() => {
      const read = (): FieldVector[] =>
        datasets.flatMap((dataset) => loadPart(field, dataset, columnId, wanted, { cache, masks }));
      const pieces = wholePieces(datasets, wanted);
      if (pieces !== undefined) return cache.joined(field, pieces, columnId, read);
      const vectors = read();
      return vectors.length === 1 ? (vectors[0] as FieldVector) : field.concat(vectors);
    });
  });
  masks.release();
  return loaded;
}

/** Datasets of the universe which an attempt must be able to read: not those that were erased. */
export function datasetIdsOf(universe: Rows): string[] {
  const there = datasetsIn(universe).filter(({ isErased }) => !isErased);
  return there.map(({ datasetId }) => datasetId.toLowerCase());
}

function datasetsIn({ segments, parts }: Rows): Dataset[] {
  const bitsOf = segments.map(() => 0n);
  for (const [part, { segment }] of parts.entries()) bitsOf[segment]! |= 1n << BigInt(part);
  const datasets: (Omit<Dataset, "version" | "parts"> & { version: bigint; segments: Segment[]; parts: bigint })[] = [];
  for (const [index, { datasetId, version, rowCount, isErased = false }] of segments.entries()) {
    const last = datasets.at(-1);
    const dataset = last?.datasetId === datasetId ? last : { datasetId, version, segments: [], parts: 0n, isErased };
    if (dataset !== last) datasets.push(dataset);
    const from = dataset.segments.at(-1)?.to ?? 0;
    dataset.segments.push({ from, to: from + Number(rowCount), parts: bitsOf[index]! });
    dataset.version = version;
    dataset.parts |= bitsOf[index]!;
  }
  return datasets;
}

/** Of several datasets, each of which is wanted whole or not at all; undefined where that is not so. */
function wholePieces(datasets: readonly Dataset[], wanted: bigint): ColumnPiece[] | undefined {
  if (datasets.length < 2) return undefined;
  const pieces = datasets.map(({ datasetId, version, segments, parts, isErased }): ColumnPiece | undefined => {
    const rowCount = segments.at(-1)?.to ?? 0;
    if (isErased || (wanted & parts) === 0n) return { rowCount, of: "zeros" };
    return (wanted & parts) === parts ? { rowCount, of: { datasetId, version } } : undefined;
  });
  const areWhole = pieces.every((piece) => piece !== undefined);
  return areWhole && pieces.some(({ of }) => of !== "zeros") ? pieces : undefined;
}

function loadPart(
  field: Field,
  { datasetId, version, segments, parts, isErased }: Dataset,
  columnId: string,
  wanted: bigint,
  { cache, masks }: { readonly cache: PartialColumnCache; readonly masks: RowMasks },
): FieldVector[] {
  if (isErased || (wanted & parts) === 0n) return [field.zeros(segments.at(-1)?.to ?? 0)];
  const whole = cache.column(field, datasetId, version, columnId);
  if ((wanted & parts) === parts) return [whole];
  return segments.map((segment) => {
    const used = wanted & segment.parts;
    if (used === 0n) return field.zeros(segment.to - segment.from);
    const rows = field.view(whole, segment.from, segment.to);
    return used === segment.parts ? rows : field.mul(rows, masks.of(used));
  });
}

/** For some parts of one segment, a vector over its rows: 1 where the row is in one of them, 0 elsewhere. */
class RowMasks {
  readonly #field: Field;
  readonly #universe: Rows;
  readonly #made = new Map<bigint, FieldVector>();

  constructor(field: Field, universe: Rows) {
    this.#field = field;
    this.#universe = universe;
  }

  /** Every mask that a column of these parts needs. */
  make(datasets: readonly Dataset[], wanted: bigint): void {
    for (const segment of datasets.flatMap(({ segments, isErased }) => (isErased ? [] : segments))) {
      const used = wanted & segment.parts;
      if (used !== 0n && used !== segment.parts && !this.#made.has(used)) {
        this.#made.set(used, this.#vector(used, segment.to - segment.from));
      }
    }
  }

  /** Of parts for which it was made. */
  of(used: bigint): FieldVector {
    return this.#made.get(used)!;
  }

  release(): void {
    this.#field.release(...this.#made.values());
  }

  #vector(used: bigint, length: number): FieldVector {
    const isUsed = new Uint8Array(length);
    for (const [index, { rows }] of this.#universe.parts.entries()) {
      if ((used >> BigInt(index)) & 1n) for (const row of rows!) isUsed[row] = 1;
    }
    return this.#field.scope(() => this.#field.gather(this.#field.fromIntegers([0n, 1n]), isUsed));
  }
}
