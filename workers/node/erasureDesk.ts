/**
 * Erasing shares that are over, and the receipts for it: of datasets that were retired, of a committee that was followed once
 * nothing asked of it can be answered any more, of a proposal that was withdrawn. Retired data go as a whole, whatever of them is
 * found here. Of each of this worker's holdings, in this order:
 *
 *   rows, tombstone, key file, caches -> the attempts that had begun before are over, and with them what they held in memory
 *   -> signed, kept for whoever would post it -> posted, until the confirmed chain shows it
 *
 * All of it is repeatable: a worker that dies anywhere in between goes on when it starts again, and one whose store comes
 * from an older backup begins anew when it sees the event again.
 */
import type { DatasetRegistry } from "../chain/datasetRegistry.ts";
import type { Mined } from "../chain/transactions.ts";
import { CodedError } from "../errors.ts";
import { ERASURE } from "../messages/signedStructs.ts";
import { type TypedDataSigner, opalineDomain, signTypedData } from "../messages/typedData.ts";
import type { StoredErasure } from "../store/erasureStore.ts";
import type { Store } from "../store/openStore.ts";
import type { AttemptCounts } from "./attemptCounts.ts";
import { DuePosts, type PostingEnvironment } from "./duePosts.ts";
import { handledBlock } from "./following.ts";
import { errorFields } from "./log.ts";

export interface ErasureModules extends PostingEnvironment {
  readonly store: Pick<Store, "retirements" | "erasures" | "shares" | "cursors">;
  readonly chainId: bigint;
  /** This worker's name. */
  readonly self: () => string;
  readonly signer: TypedDataSigner;
  readonly datasets: Pick<DatasetRegistry, "address" | "erasures" | "versionsOf" | "confirmErasure">;
  readonly counts: Pick<AttemptCounts, "whenOver">;
}

type Holding = Pick<StoredErasure, "datasetId" | "epoch">;

export class ErasureDesk {
  readonly #modules: ErasureModules;
  readonly #posts: DuePosts<StoredErasure>;
  /** By dataset of which something was erased since the start: whether the attempts of that time are over. */
  readonly #areOver = new Map<string, () => boolean>();

  constructor(modules: ErasureModules) {
    this.#modules = modules;
    this.#posts = new DuePosts<StoredErasure>({
      log: modules.log,
      now: modules.now,
      inTurn: modules.inTurn,
      events: { sent: "erasure-receipt-posted", delayed: "erasure-receipt-delayed" },
      due: () => modules.store.erasures.all().filter((erasure) => this.#isDue(erasure)),
      keyOf: nameOf,
      fieldsOf: ({ datasetId, epoch }) => ({ datasetId, epoch }),
      post: (erasure) => this.#post(erasure),
    });
  }

  /** After the follower has moved. What cannot be erased, or posted, now is tried again. */
  onBlock(): void {
    this.#eraseAll();
    this.#posts.onBlock();
  }

  stop(): void {
    this.#posts.stop();
  }

  #eraseAll(): void {
    const { store, log } = this.#modules;
    try {
      const handled = handledBlock(store) ?? 0;
      const over: Holding[] = store.erasures.all().filter(({ afterBlock }) => handled > afterBlock);
      // What came while its retirement was on the way here: no erasure was noted, and no receipt is due.
      const retired = store.shares.holdings().filter(({ datasetId }) => this.#isRetired(datasetId));
      const all = new Map([...over, ...retired].map((holding) => [nameOf(holding), holding]));
      for (const holding of all.values()) if (!this.#isErased(holding)) this.#erase(holding);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log("warn", "erasures-delayed", errorFields(error));
    }
  }

  /** One that fails does not hold the others up. */
  #erase({ datasetId, epoch }: Holding): void {
    const { store, log, counts } = this.#modules;
    try {
      if (this.#isRetired(datasetId)) store.shares.eraseDataset(datasetId);
      else store.shares.eraseHolding(datasetId, epoch);
      this.#areOver.set(datasetId, counts.whenOver());
      log("info", "dataset-erased", { datasetId, epoch });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log("alarm", "dataset-not-erased", { datasetId, epoch, ...errorFields(error) });
    }
  }

  #isDue(erasure: StoredErasure): boolean {
    return !erasure.confirmed && this.#isErased(erasure) && this.#areOver.get(erasure.datasetId)?.() !== false;
  }

  #isErased({ datasetId, epoch }: Holding): boolean {
    const { shares } = this.#modules.store;
    return shares.isErased(datasetId) || (!this.#isRetired(datasetId) && shares.isHoldingErased(datasetId, epoch));
  }

  #isRetired(datasetId: string): boolean {
    return this.#modules.store.retirements.get(datasetId) !== undefined;
  }

  async #post({ datasetId, epoch, point }: StoredErasure): Promise<Mined | undefined> {
    const { store, datasets, signer, chainId, self } = this.#modules;
    const version = await datasets.versionsOf(datasetId, epoch);
    const message = { datasetId, epoch, worker: self(), version };
    const signature = await signTypedData(signer, opalineDomain(chainId, datasets.address), ERASURE, message);
    if (store.erasures.get(datasetId, epoch)?.receipt?.signature !== signature) {
      store.erasures.signed(datasetId, epoch, { version, signature });
    }
    const { due, confirmed } = await datasets.erasures(datasetId, epoch);
    return !due || confirmed.includes(point) ? undefined : datasets.confirmErasure(datasetId, epoch, point, signature);
  }
}

function nameOf({ datasetId, epoch }: Holding): string {
  return `${datasetId}/${epoch}`;
}
