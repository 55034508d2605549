/**
 * Putting what a quorum decided on the chain, once. Any member may; to spend gas once, they act by rank: the delegate
 * (rank 0, it rotates) at once, each next one a takeover time later if the request is still open. Another's transaction
 * that came first is success. Money cannot be lost by a race: a second `answer` or `expire` reverts before it is sent.
 *
 *   waiting for our turn --turn--> asking requestOf --open--> sending --refused--> given up
 *                                       ^                        |
 *                                       +- away, no gas, stopped +
 *                                       +-- mined, or not open --+
 *
 * It goes on looking, at long intervals, until the confirmed event stops it: a block that held the answer may still be
 * replaced by one that does not.
 */
import type { ChainErrorDetail } from "../chain/errors.ts";
import { RequestState } from "../chain/querySmartContract.ts";
import type { Mined } from "../chain/transactions.ts";
import { type CodedError, isCoded } from "../errors.ts";
import type { Timers } from "../transport/timers.ts";
import { type Log, errorFields } from "./log.ts";

/** Between tries while the node is away or the account cannot pay. */
const RETRY_MS = 1_000;
const MOST_RETRY_MS = 60_000;

export interface PostingModules {
  readonly timers: Timers;
  readonly log: Log;
  /** Transactions of one account go one after the other, so that their nonces have no gaps. */
  readonly inTurn: <Value>(send: () => Promise<Value>) => Promise<Value>;
  stateOf(): Promise<RequestState>;
  send(): Promise<Mined>;
  /** The chain refused, though the request is open: what was to be posted is not acceptable. */
  onRefused(error: unknown): void;
}

export interface PostingOptions {
  readonly requestId: string;
  readonly act: "answer" | "expire";
  /** 0 posts first. */
  readonly rank: number;
  /** How long each rank waits for the one before. */
  readonly takeoverMs: number;
}

export class Posting {
  readonly #modules: PostingModules;
  readonly #options: PostingOptions;
  #cancel: () => void = () => undefined;
  #stopped = false;
  #failures = 0;

  constructor(modules: PostingModules, options: PostingOptions) {
    this.#modules = modules;
    this.#options = options;
  }

  start(): void {
    this.#after(this.#options.rank * this.#options.takeoverMs);
  }

  /** The request has ended, or the worker stops. A transaction already sent stays sent. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #after(ms: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#modules.timers.after(ms, () => void this.#try());
  }

  async #try(): Promise<void> {
    const { log, inTurn, onRefused } = this.#modules;
    const { requestId, act, rank } = this.#options;
    try {
      const mined = await inTurn(() => this.#sendIfOpen());
      this.#after(MOST_RETRY_MS);
      if (mined === undefined) return;
      log("info", "request-posted", { requestId, act, rank, transaction: mined.hash, gasUsed: mined.gasUsed });
    } catch (error) {
      if (this.#stopped) return;
      if (isCoded(error, "CHAIN_REVERTED") && !isStopped(error)) {
        if (await this.#endedMeanwhile()) return this.#after(MOST_RETRY_MS);
        log("warn", "posting-refused", { requestId, act, rank, ...errorFields(error) });
        return onRefused(error);
      }
      log("warn", "posting-delayed", { requestId, act, rank, ...errorFields(error) });
      this.#after(Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** Math.min(this.#failures++, 6)));
    }
  }

  async #sendIfOpen(): Promise<Mined | undefined> {
    if (this.#stopped || (await this.#modules.stateOf()) !== RequestState.REQUESTED) return undefined;
    return this.#modules.send();
  }

  /** Two members may post in one block; the later one's revert is no failure. */
  async #endedMeanwhile(): Promise<boolean> {
    try {
      return (await this.#modules.stateOf()) !== RequestState.REQUESTED;
    } catch {
      return false;
    }
  }
}

/** The consortium has stopped answers for now: this one is as good as before when they are taken again. */
function isStopped(error: CodedError): boolean {
  const detail = error.detail as ChainErrorDetail;
  return detail.code === "CHAIN_REVERTED" && detail.error === "QuerySmartContractStopped";
}

/** Runs calls one after another; a failure does not stop the next. */
export function oneAfterAnother(): <Value>(send: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (send) => {
    const next = last.then(send, send);
    last = next.catch(() => undefined);
    return next;
  };
}
