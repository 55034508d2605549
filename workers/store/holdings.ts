/**
 * Which datasets' shares are here, and of which committees: a holding is what this worker has of one dataset as a member of
 * one committee. Each has a key of its own and ends by itself; a worker that sits in two committees holds two.
 *
 * Invariants
 * 1. A tombstone, of a holding or of a whole dataset, stays: nothing is taken under it again.
 * 2. A tombstone is durable before the key goes. A crash between the two is finished when the store opens.
 */
import type { HoldingKeys, KeyOwner } from "./holdingKeys.ts";
import { keyName } from "./holdingKeys.ts";
import { storeError } from "./errors.ts";
import { bytesToHex, hexToBytes, storedInteger } from "./hex.ts";
import type { ShareStatements } from "./shareStatements.ts";

export interface Holding extends KeyOwner {
  /** Its dataset's row. */
  readonly dataset: bigint;
  readonly isErased: boolean;
  readonly isDatasetErased: boolean;
}

export interface HoldingStatus {
  readonly datasetId: string;
  readonly epoch: bigint;
  /** By itself or with its dataset. */
  readonly erased: boolean;
}

export class Holdings {
  readonly #sql: ShareStatements;
  readonly #keys: HoldingKeys;

  constructor(sql: ShareStatements, keys: HoldingKeys) {
    this.#sql = sql;
    this.#keys = keys;
  }

  /** Its row, made if there is none. */
  take(datasetId: string, epoch: bigint): Holding {
    const dataset = this.datasetRow(datasetId);
    this.#sql.insertHolding.run(dataset, storedInteger(epoch, "epoch"), keyName(datasetId, epoch));
    return this.find(datasetId, epoch)!;
  }

  find(datasetId: string, epoch: bigint): Holding | undefined {
    const bytes = hexToBytes(datasetId, 32, "datasetId");
    const row = this.#sql.holding.get(bytes, storedInteger(epoch, "epoch"));
    return row === undefined ? undefined : holdingOf(row);
  }

  all(): Holding[] {
    return this.#sql.holdings.all().map(holdingOf);
  }

  of(datasetId: string): Holding[] {
    return this.#sql.holdingsOf.all(hexToBytes(datasetId, 32, "datasetId")).map(holdingOf);
  }

  /** Whose key it would be; of no holding: one that is not there. */
  keyOwner(datasetId: string, epoch: bigint): KeyOwner {
    const known = this.find(datasetId, epoch);
    return known ?? { datasetId: datasetId.toLowerCase(), epoch, keyName: keyName(datasetId, epoch) };
  }

  /** The dataset's row, made if there is none. */
  datasetRow(datasetId: string): bigint {
    const bytes = hexToBytes(datasetId, 32, "datasetId");
    this.#sql.insertDataset.run(bytes);
    return this.#sql.dataset.get(bytes)?.["id"] as bigint;
  }

  /** @throws CodedError STORE_DATASET_ERASED, STORE_HOLDING_ERASED */
  refuseErased({ datasetId, epoch, isErased, isDatasetErased }: Holding): void {
    if (isDatasetErased) {
      throw storeError({ code: "STORE_DATASET_ERASED", datasetId }, `dataset ${datasetId} was erased here`);
    }
    if (isErased) {
      const detail = { code: "STORE_HOLDING_ERASED", datasetId, epoch } as const;
      throw storeError(detail, `the shares of dataset ${datasetId} of epoch ${epoch} were erased here`);
    }
  }

  /** Of the whole dataset, and so of every holding of it. */
  isDatasetErased(datasetId: string): boolean {
    const row = this.#sql.erased.get(hexToBytes(datasetId, 32, "datasetId"));
    return row?.["erased"] === 1n && this.of(datasetId).every((holding) => !this.#keys.has(holding));
  }

  /** By itself or with its dataset: rows and key are gone. */
  isErased(datasetId: string, epoch: bigint): boolean {
    const holding = this.find(datasetId, epoch);
    return holding === undefined ? this.isDatasetErased(datasetId) : isTombstone(holding) && !this.#keys.has(holding);
  }

  /** What a crash left of erasures. @throws CodedError STORE_KEY_NOT_ERASED */
  finishErasures(): void {
    for (const row of this.#sql.datasets.all()) {
      const datasetId = bytesToHex(row["dataset_id"]);
      if (row["erased"] === 1n && this.#keys.hasAny(datasetId)) this.#keys.eraseAll(datasetId);
    }
    for (const holding of this.all()) if (holding.isErased && this.#keys.has(holding)) this.#keys.erase(holding);
  }
}

export function isTombstone({ isErased, isDatasetErased }: Holding): boolean {
  return isErased || isDatasetErased;
}

function holdingOf(row: Record<string, unknown>): Holding {
  return {
    dataset: row["dataset"] as bigint,
    datasetId: bytesToHex(row["dataset_id"]),
    epoch: row["epoch"] as bigint,
    keyName: row["key_name"] as string,
    isErased: row["erased"] === 1n,
    isDatasetErased: row["dataset_erased"] === 1n,
  };
}
