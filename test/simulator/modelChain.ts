/**
 * A chain in memory: blocks with the state after each, transactions that wait to be mined, and reorganisations. Mining is
 * the caller's: nothing happens by itself.
 *
 * A reorganisation drops the newest blocks; their transactions wait again, in any order, and what they did may come out
 * differently: a request made in another block has another id.
 */
import { id } from "ethers";
import type { CallOutcome, EmittedLog, ModelCall, ModelContracts } from "./modelContracts.ts";
import { type ModelState, emptyState } from "./modelState.ts";

export interface ModelTransaction extends ModelCall {
  readonly hash: string;
  /** As its sender counts them. */
  readonly nonce: number;
}

export interface MinedTransaction {
  readonly transaction: ModelTransaction;
  readonly outcome: CallOutcome;
}

export interface MinedLog extends EmittedLog {
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly logIndex: number;
}

export interface Block {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly timestamp: bigint;
  readonly mined: readonly MinedTransaction[];
  readonly logs: readonly MinedLog[];
  /** After the block's transactions. */
  readonly state: ModelState;
}

/** Seconds since 1970 of block 0. */
export const GENESIS_TIME = 1_800_000_000n;

export class ModelChain {
  readonly contracts: ModelContracts;
  /** By number. */
  #blocks: Block[];
  #waiting: ModelTransaction[] = [];
  /** All workers ask the same of a block. */
  readonly #reads = new WeakMap<Block, Map<string, CallOutcome>>();
  /** Makes the hashes of blocks that replace others different. */
  #fork = 0;

  constructor(contracts: ModelContracts) {
    this.contracts = contracts;
    const hash = id("model block 0");
    const genesis = { number: 0, hash, parentHash: id("nothing"), timestamp: GENESIS_TIME, mined: [], logs: [] };
    this.#blocks = [{ ...genesis, state: emptyState() }];
  }

  get newest(): Block {
    return this.#blocks.at(-1)!;
  }

  block(number: number): Block | undefined {
    return this.#blocks[number];
  }

  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  /** Not mined yet. */
  get waiting(): readonly ModelTransaction[] {
    return this.#waiting;
  }

  /** The same chain so far, with a future of its own: what is mined never changes. */
  copy(): ModelChain {
    const copy = new ModelChain(this.contracts);
    copy.#blocks = [...this.#blocks];
    copy.#waiting = [...this.#waiting];
    return copy;
  }

  /** A transaction whose signature is taken for granted. @returns its hash */
  send({ from, to, data, value }: ModelCall): string {
    const nonce = this.nonceOf(from, true);
    const hash = id(`model transaction ${nonce} of ${from}`);
    this.submit({ hash, from, to, data, value, nonce });
    return hash;
  }

  submit(transaction: ModelTransaction): void {
    if (this.#waiting.some(({ hash }) => hash === transaction.hash)) return;
    this.#waiting.push(transaction);
  }

  /** Transactions of an account that are mined or wait: its next nonce. */
  nonceOf(account: string, includeWaiting: boolean, atMost = this.newest.number): number {
    const isFrom = ({ from }: ModelTransaction): boolean => from.toLowerCase() === account.toLowerCase();
    let count = includeWaiting ? this.#waiting.filter(isFrom).length : 0;
    for (const block of this.#blocks.slice(0, atMost + 1)) {
      count += block.mined.filter(({ transaction }) => isFrom(transaction)).length;
    }
    return count;
  }

  find(hash: string): { readonly block: Block; readonly index: number } | undefined {
    for (let number = this.newest.number; number > 0; number--) {
      const block = this.#blocks[number]!;
      const index = block.mined.findIndex(({ transaction }) => transaction.hash === hash);
      if (index >= 0) return { block, index };
    }
    return undefined;
  }

  /** What a call would do in the next block; nothing is kept. */
  try(call: ModelCall, at: Block = this.newest): CallOutcome {
    return this.contracts.call(structuredClone(at.state), call, BigInt(at.number + 1), at.timestamp + 1n);
  }

  /** A call that changes nothing, on the state after a block; as a node answers `eth_call`. The sender plays no part. */
  read(call: ModelCall, at: Block = this.newest): CallOutcome {
    const known = this.#reads.get(at) ?? new Map<string, CallOutcome>();
    this.#reads.set(at, known);
    const name = `${call.to} ${call.data}`;
    const outcome = known.get(name) ?? this.contracts.call(at.state, call, BigInt(at.number), at.timestamp);
    known.set(name, outcome);
    return outcome;
  }

  /** One block with everything that waits. */
  mine(seconds = 1n): Block {
    const { number: before, hash: parentHash, timestamp: earlier, state: parent } = this.newest;
    const number = before + 1;
    const timestamp = earlier + seconds;
    const hash = id(`model block ${number} of fork ${this.#fork} on ${parentHash}`);
    let state = parent;
    const mined: MinedTransaction[] = [];
    const logs: MinedLog[] = [];
    for (const transaction of this.#waiting) {
      const next = structuredClone(state);
      const outcome = this.contracts.call(next, transaction, BigInt(number), timestamp);
      mined.push({ transaction, outcome });
      if (!outcome.ok) continue;
      state = next;
      for (const log of outcome.logs) {
        const place = { blockNumber: number, blockHash: hash, transactionHash: transaction.hash };
        logs.push({ ...log, ...place, logIndex: logs.length });
      }
    }
    this.#waiting = [];
    const block = { number, hash, parentHash, timestamp, mined, logs, state };
    this.#blocks.push(block);
    return block;
  }

  /** The nodes forget what they have not mined. @returns how many transactions */
  loseWaiting(): number {
    const lost = this.#waiting.length;
    this.#waiting = [];
    return lost;
  }

  /** Drops the newest blocks; `reorder` says in which order what they held waits again. */
  reorganise(depth: number, reorder: (transactions: ModelTransaction[]) => ModelTransaction[]): void {
    const dropped = this.#blocks.splice(this.#blocks.length - depth);
    const transactions = dropped.flatMap(({ mined }) => mined.map(({ transaction }) => transaction));
    this.#waiting = [...reorder(transactions), ...this.#waiting];
    this.#fork += 1;
  }
}
