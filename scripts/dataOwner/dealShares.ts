/** From columns to what one committee is sent: a share file for each worker, and the proof that they belong together. */
import type { Committee } from "#chain";
import { type EncodedSegment, proveDealing, shareSegment } from "#encoding";
import { bn254Fr } from "#field";
import { encodeDealingProof, shareFileHash, sharesRoot } from "#messages";
import type { OpenStudy } from "../study.ts";
import type { DealtShares } from "./preparedFolder.ts";

/**
 * Q: how many values proofs may open of one column over its life (docs/architecture.md). Fewer would end a dataset's
 * proofs sooner; more costs proof domains of at least 2(N + Q). Seeds are stored, not blinders.
 */
const BLINDERS_PER_COLUMN = 1_024;

export interface Dealing {
  readonly chainId: bigint;
  readonly open: OpenStudy;
  readonly datasetId: string;
  readonly version: number;
  readonly committee: Committee;
  readonly segment: EncodedSegment;
  readonly columnsRoot: string;
}

/** With fresh randomness: files of two dealings of the same columns tell no t workers of either more than those of one. */
export function dealShares(
  { chainId, open, datasetId, version, committee, segment, columnsRoot }: Dealing,
  randomBytes: (length: number) => Uint8Array,
): { readonly dealt: DealtShares; readonly files: readonly Uint8Array[] } {
  const { studyId, study, schema } = open;
  const { epoch, workers, threshold } = committee;
  const facts = {
    studyId,
    datasetId,
    version: BigInt(version),
    schemaHash: schema.hash,
    committeeEpoch: epoch,
    log2N: study.log2N,
    blinders: BLINDERS_PER_COLUMN,
  };
  const files = shareSegment(bn254Fr, segment, facts, { n: workers.length, t: threshold }, randomBytes);
  const fileHashes = files.map(shareFileHash);
  const root = sharesRoot(fileHashes);
  const dealing = { chainId, datasetId, version: facts.version, sharesRoot: root };
  const dealt = {
    studyId,
    datasetId,
    version,
    schemaHash: schema.hash,
    committeeEpoch: epoch.toString(),
    rowCount: segment.rowCount,
    columnsRoot,
    sharesRoot: root,
    fileHashes,
    ingestProof: encodeDealingProof(proveDealing(bn254Fr, files, dealing)),
  };
  return { dealt, files };
}
