/**
 * Deals a segment to the committee: every column Shamir-shared with degree t, one file per worker. The dealer (the
 * hospital) is trusted with its own rows; any t files together are independent of them.
 */
import type { Field, RandomBytes } from "../field/field.ts";
import type { ShareFileHeader } from "../messages/shareFileHeader.ts";
import { SEED_BYTES, seedSubsetsOf } from "../messages/shareFileHeader.ts";
import { encodeShareFile } from "../messages/shareFile.ts";
import type { CommitteeSize } from "../sharing/parties.ts";
import { checkCommitteeSize, partiesOf, subsets } from "../sharing/parties.ts";
import { subsetName } from "../sharing/prss.ts";
import { shareVector } from "../sharing/shamir.ts";
import type { EncodedSegment } from "./encodeTable.ts";

/** What the chain knows of the segment being dealt. */
export type SegmentFacts = Pick<
  ShareFileHeader,
  "studyId" | "datasetId" | "version" | "schemaHash" | "committeeEpoch" | "log2N" | "blinders"
>;

/**
 * One share file per worker; element j − 1 is worker j's, to be sent to it alone.
 *
 * Blinders (`facts.blinders` per column, degree-t shared) are not stored: each (n − t)-subset of the committee gets one
 * fresh seed, written into its members' files, and all expand the same sharing from the seeds. [CDI05]
 *
 * @throws CodedError PARTY_* for an impossible committee, SHARE_FILE_HEADER_INVALID for impossible facts
 */
export function shareSegment(
  field: Field,
  segment: EncodedSegment,
  facts: SegmentFacts,
  size: CommitteeSize,
  randomBytes: RandomBytes,
): Uint8Array[] {
  checkCommitteeSize(size);
  const { studyId, datasetId, version, schemaHash, committeeEpoch, log2N, blinders } = facts;
  const parties = partiesOf(size.n);
  const seeds = new Map(subsets(parties, size.n - size.t).map((s) => [subsetName(s), randomBytes(SEED_BYTES)]));
  const wordsOf = dealColumns(field, segment, size, randomBytes);
  return parties.map((party) => {
    const seedSubsets = seedSubsetsOf(party, size);
    const header: ShareFileHeader = {
      format: 1,
      studyId,
      datasetId,
      version,
      schemaHash,
      committeeEpoch,
      n: size.n,
      t: size.t,
      party,
      rowCount: segment.rowCount,
      log2N,
      blinders,
      columns: [...segment.specs, ...segment.witnessSpecs].map(({ id }) => id),
      seedSubsets,
    };
    const ownSeeds = seedSubsets.map((name) => seeds.get(name) as Uint8Array);
    return encodeShareFile(header, ownSeeds, wordsOf[party - 1] as Uint8Array[]);
  });
}

/** Words of every column's shares, witnesses last: [party − 1][column]. */
function dealColumns(
  field: Field,
  segment: EncodedSegment,
  size: CommitteeSize,
  randomBytes: RandomBytes,
): Uint8Array[][] {
  const wordsOf: Uint8Array[][] = Array.from({ length: size.n }, () => []);
  for (const column of [...segment.columns, ...segment.witnesses]) {
    const secrets = field.fromIntegers(column);
    const shares = shareVector(field, secrets, size, randomBytes);
    shares.forEach((share, index) => (wordsOf[index] as Uint8Array[]).push(field.toWords(share)));
    field.release(secrets, ...shares);
  }
  return wordsOf;
}
