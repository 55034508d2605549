/** The connection to a chain's node: standard JSON-RPC over HTTP, nothing pushed, nothing cached. */
import { FetchRequest, JsonRpcProvider, type TransactionRequest } from "ethers";
import { CodedError } from "../errors.ts";
import { type ChainErrorDetail, chainError } from "./errors.ts";

/** A node that has not answered after this long is treated as away; ethers would wait five minutes. */
const REQUEST_TIMEOUT_MS = 15_000;
/** How often ethers looks for a receipt; its default of 4 s would dominate a local answer's time. */
const RECEIPT_POLL_MS = 50;

/** The two calls that following a chain needs; `JsonRpcProvider` is one. */
export interface JsonRpc {
  send(method: string, params: unknown[]): Promise<unknown>;
}

/**
 * What a node may add to the gas it estimates. EthereumJS names the gas that was paid for, not the gas that was needed: up to a
 * fifth was given back at the end (EIP-3529), and every call inside had to leave 1/64 behind. 5/4 · (64/63)⁴ < 4/3. What is
 * not used is not paid; on every client it also covers what changes between the estimate and the block.
 */
const GAS_MARGIN = { times: 4n, over: 3n };

/** Ethers' provider, for nodes of any make. */
class ChainProvider extends JsonRpcProvider {
  /** Refuses what would revert: EthereumJS estimates that, too, where others say why it is refused. */
  override async estimateGas(transaction: TransactionRequest): Promise<bigint> {
    await this.call(transaction);
    return ((await super.estimateGas(transaction)) * GAS_MARGIN.times) / GAS_MARGIN.over;
  }
}

/** Of a node's URL, what may be said: host and port. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}

/** No network access yet: every call may fail and be tried again. */
export function openProvider(url: string, chainId: bigint): JsonRpcProvider {
  const request = new FetchRequest(url);
  request.timeout = REQUEST_TIMEOUT_MS;
  return new ChainProvider(request, chainId, {
    staticNetwork: true, // the chain id is configured; do not ask before each call
    batchMaxCount: 1, // some nodes limit batches
    cacheTimeout: -1, // never answer from memory
    pollingInterval: RECEIPT_POLL_MS,
  });
}

/**
 * @throws CodedError CHAIN_WRONG_ID naming both chains
 * @throws CodedError CHAIN_UNREACHABLE
 */
export async function checkChainId(rpc: JsonRpc, expected: bigint): Promise<void> {
  let actual: bigint;
  try {
    actual = BigInt((await rpc.send("eth_chainId", [])) as string);
  } catch (error) {
    throw chainError(error, [], "eth_chainId");
  }
  if (actual === expected) return;
  throw new CodedError<ChainErrorDetail>(
    { code: "CHAIN_WRONG_ID", expected: String(expected), actual: String(actual) },
    `The chain's node answers for chain ${actual}, but the configuration says chain ${expected}. Nothing was sent.`,
  );
}

/** Opens a provider and makes sure that it is the right chain's. */
export async function connectProvider(url: string, chainId: bigint): Promise<JsonRpcProvider> {
  const provider = openProvider(url, chainId);
  try {
    await checkChainId(provider, chainId);
  } catch (error) {
    provider.destroy();
    throw error;
  }
  return provider;
}

/**
 * Seconds since 1970 by the newest block: deadlines use this clock, never the machine's.
 *
 * @throws CodedError CHAIN_UNREACHABLE
 */
export function chainTime(rpc: JsonRpc): Promise<bigint> {
  return timeOf(rpc, "latest");
}

/**
 * The same of a block that is mined; a node that has not seen it is as good as away.
 *
 * @throws CodedError CHAIN_UNREACHABLE
 */
export function blockTime(rpc: JsonRpc, block: bigint): Promise<bigint> {
  return timeOf(rpc, `0x${block.toString(16)}`);
}

async function timeOf(rpc: JsonRpc, block: string): Promise<bigint> {
  const method = "eth_getBlockByNumber";
  let found: { readonly timestamp: string } | null;
  try {
    found = (await rpc.send(method, [block, false])) as typeof found;
  } catch (error) {
    throw chainError(error, [], method);
  }
  if (found !== null) return BigInt(found.timestamp);
  throw new CodedError<ChainErrorDetail>(
    { code: "CHAIN_UNREACHABLE", method },
    `The chain's node has no block ${block} yet; try again`,
  );
}
