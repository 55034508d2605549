/** The local half of an input check: whether this worker's own file belongs to what the owner published. */
import { CodedError } from "../errors.ts";
import { verifyDealing } from "../encoding/dealing.ts";
import type { Field, FieldVector } from "../field/field.ts";
import { decodeDealingProof } from "../messages/dealingProof.ts";
import type { ShareStore } from "../store/shareStore.ts";
import type { ConfirmedCheck } from "./checkModules.ts";

export interface DealingModules {
  readonly field: Field;
  readonly chainId: bigint;
  readonly shares: Pick<ShareStore, "loadHeader" | "loadSeeds" | "loadRows">;
}

/** The file has another number of rows than the segment on chain. */
export interface WrongRowsDetail {
  readonly code: "DEALING_WRONG_ROWS";
  readonly rows: number;
  readonly expected: string;
}

/**
 * O(words of the file), column by column.
 *
 * @throws CodedError DEALING_*: the owner's fault; STORE_*: not the owner's
 */
export function checkDealing({ activation, committee }: ConfirmedCheck, modules: DealingModules): void {
  const { datasetId, version, committeeEpoch: epoch, segment, ingestProof } = activation;
  const { chainId, shares } = modules;
  const header = shares.loadHeader(datasetId, epoch, version);
  if (BigInt(header.rowCount) !== segment.rowCount) {
    const detail = { code: "DEALING_WRONG_ROWS", rows: header.rowCount, expected: String(segment.rowCount) } as const;
    throw new CodedError<WrongRowsDetail>(
      detail,
      `the file has ${header.rowCount} rows, the chain ${segment.rowCount}`,
    );
  }
  const proof = decodeDealingProof(ingestProof, { n: committee.workers.length, t: committee.threshold });
  const field = modules.field.group();
  try {
    const columns = loadColumns(field, header.columns, (id) =>
      shares.loadRows(datasetId, epoch, version, id, 0, header.rowCount),
    );
    const file = { header, seeds: shares.loadSeeds(datasetId, epoch, version), columns };
    verifyDealing(field, file, proof, { chainId, datasetId, version, sharesRoot: segment.sharesRoot });
  } finally {
    field.releaseAll();
  }
}

function* loadColumns(field: Field, ids: readonly string[], load: (id: string) => Uint8Array): Generator<FieldVector> {
  for (const id of ids) yield field.fromWords(load(id));
}
