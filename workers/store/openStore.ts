/**
 * A worker's whole memory: one SQLite file, and one key file per holding beside it. Everything in the file is public or
 * sealed. `transaction` spans all parts, so that an effect and the cursor past it are stored together.
 */
import type { RandomBytes } from "../field/field.ts";
import { CursorStore } from "./cursorStore.ts";
import { Database } from "./database.ts";
import { HoldingKeys } from "./holdingKeys.ts";
import { DisclosureStore } from "./disclosureStore.ts";
import { EndedCommitteeStore } from "./endedCommitteeStore.ts";
import { EquivocationStore } from "./equivocationStore.ts";
import { ErasureStore } from "./erasureStore.ts";
import { InputCheckStore } from "./inputCheckStore.ts";
import { KeyCopyStore } from "./keyCopyStore.ts";
import { OwnerStore } from "./ownerStore.ts";
import { RequestStore } from "./requestStore.ts";
import { RetirementStore } from "./retirementStore.ts";
import { SegmentFactStore } from "./segmentFactStore.ts";
import { ShareStore } from "./shareStore.ts";
import { UploadNonceStore } from "./uploadNonceStore.ts";

export interface StoreOptions {
  /** Folder of the holdings' keys: on another backup schedule than the file, or none. Made with mode 0700. */
  readonly keyDir: string;
  /** 32 bytes, from `deriveWrappingKey`. */
  readonly wrappingKey: Uint8Array;
  readonly randomBytes: RandomBytes;
  /** Refuse to let the file grow beyond this (STORE_FULL). Default: until the disk is full. */
  readonly maxBytes?: number;
}

export interface Store {
  readonly owner: OwnerStore;
  readonly shares: ShareStore;
  readonly cursors: CursorStore;
  readonly requests: RequestStore;
  readonly disclosures: DisclosureStore;
  readonly keyCopies: KeyCopyStore;
  readonly equivocations: EquivocationStore;
  readonly inputChecks: InputCheckStore;
  readonly retirements: RetirementStore;
  readonly erasures: ErasureStore;
  readonly endedCommittees: EndedCommitteeStore;
  readonly segmentFacts: SegmentFactStore;
  readonly uploadNonces: UploadNonceStore;
  /**
   * All of `work`, which is synchronous, or none of it; durable when this returns.
   * @throws CodedError STORE_NESTED_TRANSACTION, STORE_FULL, and whatever `work` throws
   */
  transaction<Result>(work: () => Result): Result;
  close(): void;
}

/**
 * @param path of the SQLite file, made if absent, mode 0600
 * @throws CodedError STORE_LOCKED (another process has it), STORE_NEWER_FILE, STORE_FOREIGN_FILE, STORE_CORRUPT,
 *   STORE_PERMISSIONS
 */
export function openStore(path: string, options: StoreOptions): Store {
  const { keyDir, wrappingKey, randomBytes, maxBytes } = options;
  const keys = new HoldingKeys(keyDir, wrappingKey, randomBytes);
  const database = new Database(path, maxBytes);
  try {
    const requests = new RequestStore(database);
    return {
      owner: new OwnerStore(database),
      shares: new ShareStore({ database, keys, randomBytes }),
      cursors: new CursorStore(database),
      requests,
      disclosures: new DisclosureStore(database, requests),
      keyCopies: new KeyCopyStore(database, requests),
      equivocations: new EquivocationStore(database),
      inputChecks: new InputCheckStore(database),
      retirements: new RetirementStore(database),
      erasures: new ErasureStore(database),
      endedCommittees: new EndedCommitteeStore(database),
      segmentFacts: new SegmentFactStore(database),
      uploadNonces: new UploadNonceStore(database),
      transaction: (work) => database.transaction(work),
      close() {
        database.close();
        keys.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
