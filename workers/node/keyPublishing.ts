/**
 * Publishing this worker's mask keys of sealed answers, once the chain shows the answer: each worker by itself, so that
 * nobody can withhold another's. They stop being due when the confirmed chain shows them.
 */
import type { KeyCopiesPublished } from "../chain/queryEvents.ts";
import type { Ended } from "../chain/querySmartContract.ts";
import type { Mined } from "../chain/transactions.ts";
import type { DueCopies } from "../store/keyCopyStore.ts";
import type { Store } from "../store/openStore.ts";
import { requestFromJson } from "./chainEffects.ts";
import { DuePosts, type PostingEnvironment } from "./duePosts.ts";

export interface KeyPublishingModules extends PostingEnvironment {
  readonly store: Pick<Store, "requests" | "keyCopies">;
  publish(contract: string, ended: Ended, copies: Omit<KeyCopiesPublished, "requestId">): Promise<Mined>;
}

export type KeyPublishing = DuePosts<DueCopies>;

export function keyPublishing({ store, publish, ...environment }: KeyPublishingModules): KeyPublishing {
  return new DuePosts({
    ...environment,
    events: { sent: "key-copies-published", delayed: "key-copies-delayed" },
    due: () => store.keyCopies.due(),
    keyOf: ({ requestId }) => requestId,
    fieldsOf: ({ requestId, attempt }) => ({ requestId, attempt }),
    async post({ requestId, outputsHash, index, maskKeyHashes, copies }) {
      const stored = store.requests.get(requestId)!;
      const { context, querier } = requestFromJson(stored.event);
      return publish(stored.queryContract, { context, querier, outputsHash }, { index, maskKeyHashes, copies });
    },
  });
}
