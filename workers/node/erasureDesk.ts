/**
 * Erasing what was retired, and the receipts for it. Of each dataset whose retirement is confirmed, in this order:
 *
 *   rows, tombstone, key file, caches (`eraseDataset`) -> the attempts that had begun before are over, and with them
 *   what they held in memory -> signed, kept for whoever would post it -> posted, until the confirmed chain shows it
 *
 * All of it is repeatable: a worker that dies anywhere in between goes on when it starts again, and one whose store comes
 * from an older backup begins anew when it sees the retirement again.
 */
import type { DatasetRegistry } from "../chain/datasetRegistry.ts";
import type { Mined } from "../chain/transactions.ts";
import { CodedError } from "../errors.ts";
import { ERASURE, type TypedDataSigner, opalineDomain, signTypedData } from "../messages/typedData.ts";
import type { Store } from "../store/openStore.ts";
import type { StoredRetirement } from "../store/retirementStore.ts";
import type { AttemptCounts } from "./attemptCounts.ts";
import { DuePosts, type PostingEnvironment } from "./duePosts.ts";
import { errorFields } from "./log.ts";

export interface ErasureModules extends PostingEnvironment {
  readonly store: Pick<Store, "retirements" | "shares">;
  readonly chainId: bigint;
  /** This worker's name. */
  readonly self: () => string;
  readonly signer: TypedDataSigner;
  readonly datasets: Pick<DatasetRegistry, "address" | "holders" | "versionsOf" | "erasures" | "confirmErasure">;
  readonly counts: Pick<AttemptCounts, "whenOver">;
}

export class ErasureDesk {
  readonly #modules: ErasureModules;
  readonly #posts: DuePosts<StoredRetirement>;
  /** By dataset erased since the start: whether the attempts of that time are over. */
  readonly #areOver = new Map<string, () => boolean>();

  constructor(modules: ErasureModules) {
    this.#modules = modules;
    this.#posts = new DuePosts({
      log: modules.log,
      now: modules.now,
      inTurn: modules.inTurn,
      events: { sent: "erasure-receipt-posted", delayed: "erasure-receipt-delayed" },
      due: () => modules.store.retirements.all().filter((retirement) => this.#isDue(retirement)),
      keyOf: ({ datasetId }) => datasetId,
      fieldsOf: ({ datasetId }) => ({ datasetId }),
      post: (retirement) => this.#post(retirement),
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
      for (const { datasetId } of store.retirements.all())
        if (!store.shares.isErased(datasetId)) this.#erase(datasetId);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log("warn", "erasures-delayed", errorFields(error));
    }
  }

  /** One that fails does not hold the others up. */
  #erase(datasetId: string): void {
    const { store, log, counts } = this.#modules;
    try {
      store.shares.eraseDataset(datasetId);
      this.#areOver.set(datasetId, counts.whenOver());
      log("info", "dataset-erased", { datasetId });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log("alarm", "dataset-not-erased", { datasetId, ...errorFields(error) });
    }
  }

  #isDue({ datasetId, confirmed }: StoredRetirement): boolean {
    const { shares } = this.#modules.store;
    return !confirmed && shares.isErased(datasetId) && this.#areOver.get(datasetId)?.() !== false;
  }

  async #post({ datasetId, point }: StoredRetirement): Promise<Mined | undefined> {
    const { store, datasets, signer, chainId, self } = this.#modules;
    const epoch = (await datasets.holders(datasetId)).at(-1) ?? 0n;
    const version = await datasets.versionsOf(datasetId, epoch);
    const message = { datasetId, epoch, worker: self(), version };
    const signature = await signTypedData(signer, opalineDomain(chainId, datasets.address), ERASURE, message);
    if (store.retirements.get(datasetId)?.receipt?.signature !== signature) {
      store.retirements.signed(datasetId, { version, signature });
    }
    const { confirmed } = await datasets.erasures(datasetId, epoch);
    return confirmed.includes(point) ? undefined : datasets.confirmErasure(datasetId, epoch, point, signature);
  }
}
