/**
 * Publishing this worker's mask keys of sealed answers, once the chain shows the answer: each worker by itself, so that
 * nobody can withhold another's. What is due is what the store says, so a restart goes on where it was; it stops being due
 * when the confirmed chain shows it.
 */
import type { KeyCopiesPublished } from "../chain/querySmartContract.ts";
import type { Mined } from "../chain/transactions.ts";
import { CodedError } from "../errors.ts";
import type { Store } from "../store/openStore.ts";
import type { DueCopies } from "../store/keyCopyStore.ts";
import { requestFromJson } from "./chainEffects.ts";
import { type Log, errorFields } from "./log.ts";
import type { RequestContext } from "../messages/statement.ts";

/** Between tries while the node is away or the account cannot pay; doubled up to the most. */
const RETRY_MS = 1_000;
const MOST_RETRY_MS = 60_000;
/** How long a transaction has to be confirmed before another is sent, which costs gas again: 50 blocks of 12 s. */
const CONFIRMATION_MS = 600_000;

export interface KeyPublishingModules {
  readonly store: Pick<Store, "requests" | "keyCopies">;
  readonly log: Log;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Transactions of one account go one after the other, so that their nonces have no gaps. */
  readonly inTurn: <Value>(send: () => Promise<Value>) => Promise<Value>;
  publish(contract: string, context: RequestContext, copies: Omit<KeyCopiesPublished, "requestId">): Promise<Mined>;
}

interface Turn {
  readonly notBefore: number;
  readonly failures: number;
}

export class KeyPublishing {
  readonly #modules: KeyPublishingModules;
  /** By request: when to try again. */
  readonly #turns = new Map<string, Turn>();
  readonly #underWay = new Set<string>();
  #stopped = false;

  constructor(modules: KeyPublishingModules) {
    this.#modules = modules;
  }

  /** After the follower has moved. Sends what is due; a store that cannot be read puts it off. */
  onBlock(): void {
    try {
      const due = this.#modules.store.keyCopies.due();
      const open = new Set(due.map(({ requestId }) => requestId));
      for (const requestId of this.#turns.keys()) if (!open.has(requestId)) this.#turns.delete(requestId);
      for (const copies of due) if (this.#isTurn(copies.requestId)) void this.#publish(copies);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#modules.log("warn", "key-copies-delayed", errorFields(error));
    }
  }

  /** A transaction already sent stays sent. */
  stop(): void {
    this.#stopped = true;
  }

  #isTurn(requestId: string): boolean {
    const turn = this.#turns.get(requestId);
    const isEarly = turn !== undefined && this.#modules.now() < turn.notBefore;
    return !this.#stopped && !isEarly && !this.#underWay.has(requestId);
  }

  async #publish({ requestId, attempt, ...copies }: DueCopies): Promise<void> {
    const { store, log, inTurn, publish, now } = this.#modules;
    this.#underWay.add(requestId);
    const failures = this.#turns.get(requestId)?.failures ?? 0;
    try {
      const stored = store.requests.get(requestId)!;
      const { context } = requestFromJson(stored.event);
      const mined = await inTurn(async () =>
        this.#stopped ? undefined : publish(stored.queryContract, context, copies),
      );
      if (mined === undefined) return;
      this.#turns.set(requestId, { notBefore: now() + CONFIRMATION_MS, failures: 0 });
      log("info", "key-copies-published", { requestId, attempt, transaction: mined.hash, gasUsed: mined.gasUsed });
    } catch (error) {
      const waitMs = Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** Math.min(failures, 6));
      this.#turns.set(requestId, { notBefore: now() + waitMs, failures: failures + 1 });
      if (!this.#stopped) log("warn", "key-copies-delayed", { requestId, attempt, ...errorFields(error) });
    } finally {
      this.#underWay.delete(requestId);
    }
  }
}
