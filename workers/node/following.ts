/** Connects the follower to this worker's store: an event's effects and the cursor past it in one transaction. */
import { ChainFollower, WHOLE_BLOCK } from "../chain/follower.ts";
import type { ChainLog } from "../chain/logs.ts";
import type { Store } from "../store/openStore.ts";
import type { Timers } from "../transport/timers.ts";
import { type ChainEffects, discoverQueryContract } from "./chainEffects.ts";
import { errorFields } from "./log.ts";
import { waitUnlessAborted } from "./waiting.ts";
import { type WorkerChain, chainNode } from "./workerChain.ts";
import type { WorkerModules } from "./workerModules.ts";

const CURSOR = "chain";
const FOLLOWED = ["QueryCatalogue", "CommitteeRegistry", "CommitteeChanges", "WorkerRegistry", "DatasetRegistry"];

export interface FollowingParts {
  readonly modules: Pick<WorkerModules, "configuration" | "log">;
  readonly chain: Pick<WorkerChain, "deployment" | "rpc">;
  readonly store: Store;
  readonly effects: ChainEffects;
  readonly timers: Timers;
  /** After the transaction that holds these events. */
  readonly onCommitted: (logs: readonly ChainLog[]) => void;
  /** @param newest the chain's head */
  readonly onProgress: (newest: number) => void;
}

/** The effects of every event up to and including this block are stored; undefined before the first. */
export function handledBlock({ cursors }: Pick<Store, "cursors">): number | undefined {
  const cursor = cursors.read(CURSOR);
  if (cursor === undefined) return undefined;
  return cursor.logIndex === WHOLE_BLOCK ? cursor.block : cursor.block - 1;
}

export function createFollower(parts: FollowingParts): ChainFollower {
  const { modules, chain, store, effects, timers, onCommitted, onProgress } = parts;
  const { configuration, log } = modules;
  const { deployment, rpc } = chain;
  return new ChainFollower(
    {
      rpc,
      store: {
        cursor: () => store.cursors.read(CURSOR),
        commit: (logs, cursor) => {
          store.transaction(() => {
            effects.apply(logs);
            store.cursors.write(CURSOR, cursor);
          });
          if (logs.length > 0) onCommitted(logs);
        },
      },
      addresses: FOLLOWED.map((name) => deployment.address(name)),
      discover: (entry) => discoverQueryContract(deployment, entry),
      prepare: (logs) => effects.prepare(logs),
      onProgress: (_confirmed, newest) => onProgress(newest),
      onOutage: (error, retryMs) =>
        log("warn", "chain-outage", { ...chainNode(configuration), retryMs, ...errorFields(error) }),
      wait: (ms, signal) => waitUnlessAborted(timers, ms, signal),
    },
    {
      chainId: configuration.chainId,
      startBlock: deployment.block,
      confirmations: configuration.confirmations,
      pollMs: configuration.pollMs,
    },
  );
}
