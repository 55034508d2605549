/** What the store can refuse or lose. Details name datasets, versions, columns and chunks, never contents. */
import { CodedError } from "../errors.ts";

/** Where a ciphertext stands. `columnId` and `chunk` are absent for a segment's seeds. */
export interface CipherPlace {
  readonly datasetId: string;
  /** Of the committee whose shares they are. */
  readonly epoch: bigint;
  readonly version: bigint;
  readonly columnId?: string;
  readonly chunk?: number;
}

export type StoreErrorDetail =
  | { readonly code: "STORE_LOCKED"; readonly path: string }
  | { readonly code: "STORE_FOREIGN_FILE"; readonly path: string }
  | { readonly code: "STORE_NEWER_FILE"; readonly path: string; readonly found: number; readonly supported: number }
  | { readonly code: "STORE_PERMISSIONS"; readonly path: string; readonly mode: string }
  /** The disk, or the configured maximum; the transaction was rolled back. */
  | { readonly code: "STORE_FULL" }
  | { readonly code: "STORE_IO"; readonly errcode: number }
  | { readonly code: "STORE_CORRUPT"; readonly errcode: number }
  | { readonly code: "STORE_NESTED_TRANSACTION" }
  | { readonly code: "STORE_INVALID"; readonly field: string }
  | { readonly code: "STORE_KEY_MISSING"; readonly datasetId: string; readonly epoch: bigint }
  | { readonly code: "STORE_KEY_UNREADABLE"; readonly datasetId: string; readonly epoch: bigint }
  /** None of so many holdings' keys opens. */
  | { readonly code: "STORE_WRONG_KEY"; readonly holdings: number }
  /** Without an epoch where every key of the dataset was to go. */
  | { readonly code: "STORE_KEY_NOT_ERASED"; readonly datasetId: string; readonly epoch?: bigint }
  | { readonly code: "STORE_DATASET_ERASED"; readonly datasetId: string }
  /** The shares of one committee were; another's may be here. */
  | { readonly code: "STORE_HOLDING_ERASED"; readonly datasetId: string; readonly epoch: bigint }
  | {
      readonly code: "STORE_SEGMENT_MISSING";
      readonly datasetId: string;
      readonly epoch: bigint;
      readonly version: bigint;
      readonly activated: boolean;
    }
  | {
      readonly code: "STORE_SEGMENT_CONFLICT";
      readonly datasetId: string;
      readonly epoch: bigint;
      readonly version: bigint;
    }
  | {
      readonly code: "STORE_TOO_MANY_PENDING";
      readonly datasetId: string;
      readonly epoch: bigint;
      readonly version: bigint;
      readonly maximum: number;
    }
  | {
      readonly code: "STORE_COLUMN_MISSING";
      readonly datasetId: string;
      readonly epoch: bigint;
      readonly version: bigint;
      readonly columnId: string;
    }
  | ({ readonly code: "STORE_CHUNK_MISSING" } & CipherPlace)
  | ({ readonly code: "STORE_DECRYPT_FAILED" } & CipherPlace)
  | { readonly code: "STORE_REQUEST_UNKNOWN"; readonly requestId: string }
  | { readonly code: "STORE_REQUEST_CONFLICT"; readonly requestId: string }
  | {
      readonly code: "STORE_REQUEST_SETTLED";
      readonly requestId: string;
      readonly state: string;
      readonly wanted: string;
    }
  | {
      readonly code: "STORE_ATTEMPT_USED";
      readonly requestId: string;
      readonly attempt: bigint;
      readonly lastAttempt: bigint;
    }
  | { readonly code: "STORE_ATTEMPT_NOT_TAKEN"; readonly requestId: string; readonly attempt: bigint }
  | { readonly code: "STORE_SIGNED_OTHER"; readonly requestId: string; readonly attempt: bigint }
  | { readonly code: "STORE_RESULT_CHANGED"; readonly requestId: string; readonly attempt: bigint }
  /** The attempt ended in a refusal: nothing more of it may be opened. */
  | { readonly code: "STORE_ATTEMPT_CLOSED"; readonly requestId: string; readonly attempt: bigint }
  /** Answers of the study were opened, or may have been, that the attempt's history lacks; `missing` is one of them. */
  | {
      readonly code: "STORE_HISTORY_MOVED";
      readonly requestId: string;
      readonly attempt: bigint;
      readonly missing: string;
    }
  /** An earlier attempt was planned against another history, or against one that is not known any more. */
  | { readonly code: "STORE_HISTORY_CHANGED"; readonly requestId: string; readonly attempt: bigint }
  /** An earlier attempt was about to open other outputs of the request. */
  | { readonly code: "STORE_HIDDEN_CHANGED"; readonly requestId: string; readonly attempt: bigint }
  | { readonly code: "STORE_CHECK_UNKNOWN"; readonly checkId: string }
  | { readonly code: "STORE_CHECK_ENDED"; readonly checkId: string; readonly state: string }
  | { readonly code: "STORE_NONCE_USED"; readonly signer: string; readonly nonce: string };

export function storeError(detail: StoreErrorDetail, message: string, cause?: unknown): CodedError {
  return new CodedError(detail, message, cause === undefined ? undefined : { cause });
}

export function undecryptable(place: CipherPlace): Error {
  return storeError({ code: "STORE_DECRYPT_FAILED", ...place }, `${textOf(place)} does not decrypt`);
}

export function textOf({ columnId, chunk, ...place }: CipherPlace): string {
  const part = columnId === undefined ? "seeds" : `column ${columnId} chunk ${chunk}`;
  return `${versionText(place)} ${part}`;
}

export function versionText({ datasetId, epoch, version }: Omit<CipherPlace, "columnId" | "chunk">): string {
  return `dataset ${datasetId} version ${version} of epoch ${epoch}`;
}
