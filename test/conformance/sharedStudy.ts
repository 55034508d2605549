/**
 * A study's rows as the workers hold them: every hospital reads its file, encodes it and deals shares of each column, and each
 * worker keeps its own. Dealt once, asked by all queries of the table.
 */
import { encodeTable } from "../../workers/encoding/encodeTable.ts";
import { readTable } from "../../workers/encoding/readTable.ts";
import type { EventFile } from "../../workers/encoding/readEvents.ts";
import { shareSegment } from "../../workers/encoding/shareSegment.ts";
import type { SegmentRef } from "../../workers/disclosure/historySets.ts";
import { bn254Fr } from "../../workers/field/bn254Fr.ts";
import type { FieldVector, RandomBytes } from "../../workers/field/field.ts";
import { decodeShareFile } from "../../workers/messages/shareFile.ts";
import type { StudySchema } from "../../workers/schema/studySchema.ts";
import type { PartyIndex } from "../../workers/sharing/parties.ts";
import { COMMITTEE, EPOCH } from "./committee.ts";

const STUDY_ID = `0x${"57".repeat(32)}`;
/** Not used here: nothing is proven. */
const BLINDERS = 2;

export class SharedStudy {
  readonly schema: StudySchema;
  /** One dataset per hospital, of one version. */
  readonly segments: readonly SegmentRef[];
  readonly #vectors: ReadonlyMap<string, FieldVector>;

  /**
   * @param files one CSV per hospital
   * @param events by hospital, a file for each event table
   * @throws CodedError CSV_INVALID | SHARE_FILE_*
   */
  constructor(
    schema: StudySchema,
    files: readonly Uint8Array[],
    randomBytes: RandomBytes,
    events: readonly (readonly EventFile[])[] = [],
  ) {
    this.schema = schema;
    const vectors = new Map<string, FieldVector>();
    this.segments = files.map((file, hospital) => {
      const datasetId = `0x${(hospital + 1).toString(16).padStart(64, "0")}`;
      const segment = encodeTable(
        readTable(file, schema, `hospital ${hospital + 1}`, events[hospital]),
        schema,
        randomBytes,
      );
      const log2N = Math.max(1, Math.ceil(Math.log2(segment.rowCount + BLINDERS)));
      const facts = { studyId: STUDY_ID, datasetId, version: 1n, schemaHash: schema.hash };
      const place = { committeeEpoch: EPOCH, log2N, blinders: BLINDERS };
      for (const bytes of shareSegment(bn254Fr, segment, { ...facts, ...place }, COMMITTEE, randomBytes)) {
        const { header, columns } = decodeShareFile(bytes);
        header.columns.slice(0, segment.specs.length).forEach((id, index) => {
          vectors.set(placeOf(header.party, datasetId, id), bn254Fr.fromWords(columns[index]!));
        });
      }
      return { datasetId, version: 1n, rowCount: BigInt(segment.rowCount) };
    });
    this.#vectors = vectors;
  }

  /** A worker's share of one dataset's column. */
  column(party: PartyIndex, datasetId: string, columnId: string): FieldVector {
    const vector = this.#vectors.get(placeOf(party, datasetId, columnId));
    if (vector === undefined) throw new Error(`no column ${columnId}`);
    return vector;
  }

  release(): void {
    bn254Fr.release(...this.#vectors.values());
  }
}

function placeOf(party: number, datasetId: string, columnId: string): string {
  return `${party}/${datasetId}/${columnId}`;
}
