/**
 * Follows the chain's events over plain HTTP, exactly once, in order, from a stored cursor.
 *
 * Invariants
 *  1. An event's effects and the cursor past it are committed together (`FollowerStore.commit`): after a kill at any
 *     moment an event is either wholly handled or not at all.
 *  2. Only blocks at least `confirmations` below the newest are handled: a reorg no deeper than that has no effect.
 *  3. Every poll first asks whether the cursor's block is still canonical. If it is not, acted-upon events were undone:
 *     the follower throws CHAIN_REORG and never handles another event. It does not guess.
 *  4. A node that fails, stalls, lags or limits its answers only delays: nothing is lost, nothing is handled twice.
 *
 *   polling --node fails--> waiting (backoff) --> polling
 *   polling --cursor's block replaced--> stopped, CHAIN_REORG
 *   waiting --node answers for another chain--> stopped, CHAIN_WRONG_ID
 *
 * Contracts that appear while following (clones) are followed from the block in which they appear: when a page
 * announces new ones, the page is read again with them.
 */
import { CodedError, isCoded } from "../errors.ts";
import type { ChainErrorDetail } from "./errors.ts";
import { type ChainLog, PageSize, blockHash, latestBlock, nextPage } from "./logs.ts";
import { type JsonRpc, checkChainId } from "./provider.ts";

/** Everything up to and including log `logIndex` of block `block` has been handled. */
export interface ChainCursor {
  readonly block: number;
  readonly blockHash: string;
  /** `WHOLE_BLOCK` when no log of the block remains. */
  readonly logIndex: number;
}

export const WHOLE_BLOCK = 0xffff_ffff;
/** Logs handled in one store transaction: bounds memory and the time a transaction stays open. */
const LOGS_PER_COMMIT = 500;
const FIRST_BACKOFF_MS = 200;
const MOST_BACKOFF_MS = 15_000;

export interface FollowerStore {
  /** Undefined before the first commit. */
  cursor(): ChainCursor | undefined;
  /** Applies the logs' effects and stores the cursor, both or neither. */
  commit(logs: readonly ChainLog[], cursor: ChainCursor): void;
}

export interface FollowerModules {
  readonly rpc: JsonRpc;
  readonly store: FollowerStore;
  /** Contracts to follow from the start. */
  readonly addresses: readonly string[];
  /** The address of a contract that this log announces, to be followed as well. */
  discover(log: ChainLog): string | undefined;
  /** Asked before the logs of a page are committed: reads what their effects need. A failure is an outage. */
  prepare(logs: readonly ChainLog[]): Promise<void>;
  /** After each poll that brought the follower up to `confirmed`; `newest` is the chain's head. */
  onProgress(confirmed: number, newest: number): void;
  /** A failure that will be retried. */
  onOutage(error: unknown, retryMs: number): void;
  /** Resolves after `ms`, or at once when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface FollowerOptions {
  readonly chainId: bigint;
  /** The first block that can hold an event. */
  readonly startBlock: number;
  /** Blocks that must lie on top of a block before it is handled; 0 handles the newest at once. */
  readonly confirmations: number;
  readonly pollMs: number;
  readonly pageBlocks?: number;
}

export interface FollowerStatus {
  /** Newest block seen; undefined before the first answer. */
  readonly newest: number | undefined;
  readonly cursor: ChainCursor | undefined;
  /** Newest − cursor − confirmations: blocks that could be handled but are not yet. */
  readonly lag: number | undefined;
  readonly reachable: boolean;
  readonly stoppedBy: string | undefined;
}

export class ChainFollower {
  readonly #modules: FollowerModules;
  readonly #options: FollowerOptions;
  readonly #addresses: Set<string>;
  readonly #page: PageSize;
  #newest: number | undefined;
  #reachable = false;
  #checkedChain = false;
  #stoppedBy: CodedError | undefined;
  #rediscovered = false;

  constructor(modules: FollowerModules, options: FollowerOptions) {
    this.#modules = modules;
    this.#options = options;
    this.#addresses = new Set(modules.addresses.map((address) => address.toLowerCase()));
    this.#page = new PageSize(options.pageBlocks);
  }

  /**
   * Follows until the signal aborts.
   *
   * Coded failures of the store (a full disk) are retried as those of the node are.
   *
   * @throws CodedError CHAIN_REORG | CHAIN_WRONG_ID, and anything that is not a CodedError: a bug
   */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let pauseMs = this.#options.pollMs;
      try {
        await this.poll();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (!isCoded(error) || isFinal(error)) throw error;
        pauseMs = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10));
        failures += 1;
        this.#modules.onOutage(error, pauseMs);
      }
      await this.#modules.wait(pauseMs, signal);
    }
  }

  /**
   * One round: checks the cursor, then handles every confirmed block past it.
   *
   * @throws CodedError CHAIN_UNREACHABLE (try again) | CHAIN_REORG | CHAIN_WRONG_ID (both final)
   */
  async poll(): Promise<void> {
    if (this.#stoppedBy !== undefined) throw this.#stoppedBy;
    try {
      await this.#pollOnce();
      this.#reachable = true;
    } catch (error) {
      this.#reachable = false;
      // The node may come back as another one: ask for its chain id again before the next effect.
      this.#checkedChain = false;
      if (isFinal(error)) this.#stoppedBy = error;
      throw error;
    }
  }

  status(): FollowerStatus {
    const cursor = this.#modules.store.cursor();
    const lag =
      this.#newest === undefined
        ? undefined
        : Math.max(0, this.#newest - this.#options.confirmations - (cursor?.block ?? this.#options.startBlock));
    return { newest: this.#newest, cursor, lag, reachable: this.#reachable, stoppedBy: this.#stoppedBy?.code };
  }

  async #pollOnce(): Promise<void> {
    const { rpc, store } = this.#modules;
    if (!this.#checkedChain) {
      await checkChainId(rpc, this.#options.chainId);
      this.#checkedChain = true;
    }
    const newest = await latestBlock(rpc);
    await this.#checkCanonical(store.cursor());
    await this.#rediscover(store.cursor());
    const confirmed = newest - this.#options.confirmations;
    for (let from = this.#nextBlock(store.cursor()); from <= confirmed;) from = await this.#handlePage(from, confirmed);
    this.#newest = newest;
    this.#modules.onProgress(Math.min(confirmed, store.cursor()?.block ?? confirmed), newest);
  }

  /** Contracts announced before the cursor: a follower that starts again must follow them, too. Once per run. */
  async #rediscover(cursor: ChainCursor | undefined): Promise<void> {
    if (this.#rediscovered) return;
    for (let from = this.#options.startBlock; cursor !== undefined && from <= cursor.block;) {
      from = (await this.#readPage(from, cursor.block)).to + 1;
    }
    this.#rediscovered = true;
  }

  #nextBlock(cursor: ChainCursor | undefined): number {
    if (cursor === undefined) return this.#options.startBlock;
    return cursor.logIndex === WHOLE_BLOCK ? cursor.block + 1 : cursor.block;
  }

  /** Invariant 3. A node that has not reached the cursor's block lags behind another one: that is an outage. */
  async #checkCanonical(cursor: ChainCursor | undefined): Promise<void> {
    if (cursor === undefined) return;
    const canonical = await blockHash(this.#modules.rpc, cursor.block);
    if (canonical === cursor.blockHash) return;
    if (canonical === undefined) {
      throw new CodedError<ChainErrorDetail>(
        { code: "CHAIN_UNREACHABLE", method: "eth_getBlockByNumber" },
        `The chain's node has not reached block ${cursor.block}, which was already handled; waiting for it`,
      );
    }
    throw new CodedError<ChainErrorDetail>(
      { code: "CHAIN_REORG", block: cursor.block, stored: cursor.blockHash, canonical },
      `Block ${cursor.block} was handled as ${cursor.blockHash} but is now ${canonical}: the chain reorganised deeper ` +
        `than ${this.#options.confirmations} confirmations. Stopped; an operator must decide.`,
    );
  }

  /** @returns the block to go on from */
  async #handlePage(from: number, confirmed: number): Promise<number> {
    const { rpc, store } = this.#modules;
    const before = store.cursor();
    const page = await this.#readPage(from, confirmed);
    const hash = await blockHash(rpc, page.to);
    // Read after the logs: had the chain changed under the page, one of these two checks would see it.
    await this.#checkCanonical(before);
    const inLast = page.logs.findLast((log) => log.blockNumber === page.to);
    if (hash === undefined || (inLast !== undefined && inLast.blockHash !== hash)) {
      throw new CodedError<ChainErrorDetail>(
        { code: "CHAIN_UNREACHABLE", method: "eth_getLogs" },
        `The chain's node changed its mind about block ${page.to} while it was read; reading again`,
      );
    }
    const logs = page.logs.filter((log) => isPast(before, log));
    await this.#modules.prepare(logs);
    this.#commitPage(logs, { block: page.to, blockHash: hash, logIndex: WHOLE_BLOCK });
    return page.to + 1;
  }

  #commitPage(logs: readonly ChainLog[], end: ChainCursor): void {
    let rest = logs;
    while (rest.length > LOGS_PER_COMMIT) {
      const part = rest.slice(0, LOGS_PER_COMMIT);
      const last = part[part.length - 1]!;
      const cursor = { block: last.blockNumber, blockHash: last.blockHash, logIndex: last.logIndex };
      this.#modules.store.commit(part, cursor);
      rest = rest.slice(LOGS_PER_COMMIT);
    }
    this.#modules.store.commit(rest, end);
  }

  /** Reads a page again until it announces no contract that is not followed yet. */
  async #readPage(from: number, confirmed: number): Promise<{ logs: ChainLog[]; to: number }> {
    let last = confirmed;
    for (;;) {
      const page = await nextPage(this.#modules.rpc, { addresses: [...this.#addresses] }, from, last, this.#page);
      const followed = this.#addresses.size;
      for (const log of page.logs) {
        const found = this.#modules.discover(log);
        if (found !== undefined) this.#addresses.add(found.toLowerCase());
      }
      if (this.#addresses.size === followed) return page;
      last = page.to;
    }
  }
}

/** What no retry can mend. */
function isFinal(error: unknown): error is CodedError {
  return isCoded(error, "CHAIN_REORG") || isCoded(error, "CHAIN_WRONG_ID");
}

function isPast(cursor: ChainCursor | undefined, log: ChainLog): boolean {
  if (cursor === undefined || log.blockNumber > cursor.block) return true;
  return log.blockNumber === cursor.block && log.logIndex > cursor.logIndex;
}
