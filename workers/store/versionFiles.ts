/**
 * The files of one version among one committee: several may await activation, as an owner whose activation fails shares anew;
 * one is the file that the chain names, and which of the others then go. Rows of segments are the caller's to add and delete.
 */
import { storeError, versionText } from "./errors.ts";
import { bytesToHex, storedInteger } from "./hex.ts";
import type { Holding } from "./holdings.ts";
import type { ShareStatements } from "./shareStatements.ts";

/** An owner whose activation fails may share anew; eight files of one version say that something else is wrong. */
export const MAX_PENDING_FILES = 8;

type StoredRow = Readonly<Record<string, unknown>>;

/** What is left of a version's files once the chain has named one. */
export interface Naming {
  /** Whether the named one is here. */
  readonly isHere: boolean;
  /** Rows of the segments that nothing can name any more. */
  readonly over: readonly bigint[];
}

export class VersionFiles {
  readonly #sql: Pick<ShareStatements, "activate" | "activation" | "files" | "segment">;

  constructor(sql: ShareStatements) {
    this.#sql = sql;
  }

  /** Whether this very file is here. */
  has({ dataset, epoch }: Holding, version: bigint, hash: Uint8Array): boolean {
    return this.#sql.segment.get(dataset, epoch, version, hash) !== undefined;
  }

  /**
   * Refuses a file beside the one that was named, unless it replaces that, and one too many.
   * @throws CodedError STORE_SEGMENT_CONFLICT, STORE_TOO_MANY_PENDING
   */
  refuseConflict({ dataset, datasetId, epoch }: Holding, version: bigint, hash: Uint8Array, replaces: boolean): void {
    const activated = this.#sql.activation.get(dataset, epoch, version)?.["file_hash"];
    const place = { datasetId, epoch, version };
    if (activated !== undefined && !isSame(activated, hash) && !replaces) throw conflict(place);
    if (this.#sql.files.all(dataset, epoch, version).length < MAX_PENDING_FILES) return;
    const detail = { code: "STORE_TOO_MANY_PENDING", ...place, maximum: MAX_PENDING_FILES } as const;
    throw storeError(detail, `${versionText(place)}: ${MAX_PENDING_FILES} files await activation`);
  }

  /** @throws CodedError STORE_SEGMENT_CONFLICT when another file was named before, and this one does not replace it */
  name({ dataset, datasetId, epoch }: Holding, version: bigint, hash: Uint8Array, replaces: boolean): Naming {
    const known = this.#sql.activation.get(dataset, epoch, storedInteger(version, "version"));
    if (known !== undefined && !isSame(known["file_hash"], hash) && !replaces) {
      throw conflict({ datasetId, epoch, version });
    }
    this.#sql.activate.run(dataset, epoch, version, hash);
    const files = this.#sql.files.all(dataset, epoch, version);
    const own = files.find((row) => isSame(row["file_hash"], hash));
    const over = files.filter((row) => row !== own && !(replaces && isAfter(row, own, known)));
    return { isHere: own !== undefined, over: over.map((row) => row["id"] as bigint) };
  }
}

function isSame(stored: unknown, hash: Uint8Array): boolean {
  return bytesToHex(stored) === bytesToHex(hash);
}

/** Whether a file may still be named: it came after the one that is; or, where that one is not here, it was not named before. */
function isAfter(row: StoredRow, own: StoredRow | undefined, known: StoredRow | undefined): boolean {
  if (own !== undefined) return (row["id"] as bigint) > (own["id"] as bigint);
  return known === undefined || bytesToHex(row["file_hash"]) !== bytesToHex(known["file_hash"]);
}

function conflict(place: { readonly datasetId: string; readonly epoch: bigint; readonly version: bigint }): Error {
  const message = `${versionText(place)} is activated with another file`;
  return storeError({ code: "STORE_SEGMENT_CONFLICT", ...place }, message);
}
