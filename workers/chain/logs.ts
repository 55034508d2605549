/**
 * Event logs by pages of blocks. Nodes limit how much one `eth_getLogs` may return and each says so differently, or cuts its
 * answer off and says nothing: a page that is answered with an error, or with as many logs as a limit may be, is halved and
 * asked again; a node that does not answer at all is left alone. What comes back is filtered once more, because a node may
 * look at the first topic only: EthereumJS does both.
 */
import { CodedError } from "../errors.ts";
import { type ChainErrorDetail, chainError, isConnectionError } from "./errors.ts";
import type { JsonRpc } from "./provider.ts";

/** Blocks per page at first; most public nodes allow at least this. */
export const DEFAULT_PAGE_BLOCKS = 1_000;
/** Addresses in one filter; more are asked for in turn. */
const MAX_ADDRESSES = 200;
/** The smallest limit of a node that cuts off in silence. */
const PERHAPS_CUT_OFF = 10_000;

export interface ChainLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly logIndex: number;
  readonly transactionHash: string;
}

export interface LogFilter {
  readonly addresses: readonly string[];
  /** As in JSON-RPC: per position one topic, several alternatives, or null for any. */
  readonly topics?: readonly (string | readonly string[] | null)[];
}

interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly logIndex: string;
  readonly transactionHash: string;
  readonly removed?: boolean;
}

function toHex(block: number): string {
  return `0x${block.toString(16)}`;
}

function parseLog(raw: RawLog): ChainLog {
  return {
    address: raw.address,
    topics: raw.topics,
    data: raw.data,
    blockNumber: Number(raw.blockNumber),
    blockHash: raw.blockHash,
    logIndex: Number(raw.logIndex),
    transactionHash: raw.transactionHash,
  };
}

/** As JSON-RPC defines a filter; hexadecimal digits in any case. */
function matcher({ addresses, topics = [] }: LogFilter): (log: RawLog) => boolean {
  const lowered = (words: readonly string[]): Set<string> => new Set(words.map((word) => word.toLowerCase()));
  const from = lowered(addresses);
  const wanted = topics.map((topic) => (topic === null ? undefined : lowered([topic].flat())));
  return (log) =>
    from.has(log.address.toLowerCase()) &&
    log.topics.length >= wanted.length &&
    wanted.every((any, position) => any === undefined || any.has(log.topics[position]!.toLowerCase()));
}

/** One page, in (block, log index) order. Errors are the node's own, and one for an answer that may have been cut off. */
export async function logsBetween(rpc: JsonRpc, filter: LogFilter, from: number, to: number): Promise<ChainLog[]> {
  const matches = matcher(filter);
  const found: ChainLog[] = [];
  for (let start = 0; start < filter.addresses.length; start += MAX_ADDRESSES) {
    const address = filter.addresses.slice(start, start + MAX_ADDRESSES);
    const raw = (await rpc.send("eth_getLogs", [
      { address, topics: filter.topics ?? [], fromBlock: toHex(from), toBlock: toHex(to) },
    ])) as RawLog[];
    if (raw.length >= PERHAPS_CUT_OFF && from < to) throw new Error(`${raw.length} logs: there may be more`);
    found.push(...raw.filter((log) => log.removed !== true && matches(log)).map(parseLog));
  }
  return found.sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
}

/** How many blocks to ask for next: halved by a refusal, doubled back by a success. */
export class PageSize {
  blocks: number;
  readonly #most: number;

  constructor(most: number = DEFAULT_PAGE_BLOCKS) {
    this.#most = most;
    this.blocks = most;
  }

  /** @returns false when the page cannot be any smaller */
  halve(): boolean {
    if (this.blocks === 1) return false;
    this.blocks = Math.max(1, this.blocks >> 1);
    return true;
  }

  grow(): void {
    this.blocks = Math.min(this.#most, this.blocks * 2);
  }
}

/**
 * The first page of [from, to] that the node will answer.
 *
 * @returns its logs and the last block it covers
 * @throws CodedError CHAIN_UNREACHABLE when the node is away or refuses even one block
 */
export async function nextPage(
  rpc: JsonRpc,
  filter: LogFilter,
  from: number,
  to: number,
  size: PageSize,
): Promise<{ logs: ChainLog[]; to: number }> {
  for (;;) {
    const last = Math.min(to, from + size.blocks - 1);
    try {
      const logs = await logsBetween(rpc, filter, from, last);
      size.grow();
      return { logs, to: last };
    } catch (error) {
      if (isConnectionError(error) || !size.halve()) throw chainError(error, [], "eth_getLogs");
    }
  }
}

/** Every log of [from, to]. */
export async function allLogs(rpc: JsonRpc, filter: LogFilter, from: number, to: number): Promise<ChainLog[]> {
  const size = new PageSize();
  const found: ChainLog[] = [];
  for (let next = from; next <= to;) {
    const page = await nextPage(rpc, filter, next, to, size);
    found.push(...page.logs);
    next = page.to + 1;
  }
  return found;
}

/** The number of the newest block. */
export async function latestBlock(rpc: JsonRpc): Promise<number> {
  try {
    return Number((await rpc.send("eth_blockNumber", [])) as string);
  } catch (error) {
    throw chainError(error, [], "eth_blockNumber");
  }
}

/** The hash of the canonical block of that number; undefined when the node has no such block (yet). */
export async function blockHash(rpc: JsonRpc, block: number): Promise<string | undefined> {
  try {
    const found = (await rpc.send("eth_getBlockByNumber", [toHex(block), false])) as { hash: string } | null;
    return found?.hash;
  } catch (error) {
    throw chainError(error, [], "eth_getBlockByNumber");
  }
}

/** The only log that a filter can match, e.g. the publication of one query. @throws CodedError CHAIN_EVENT_MISSING */
export async function onlyLog(
  rpc: JsonRpc,
  filter: LogFilter,
  from: number,
  event: string,
  id: string,
): Promise<ChainLog> {
  const [first] = await allLogs(rpc, filter, from, await latestBlock(rpc));
  if (first !== undefined) return first;
  throw new CodedError<ChainErrorDetail>(
    { code: "CHAIN_EVENT_MISSING", event, id },
    `The chain has no event ${event} for ${id}`,
  );
}
