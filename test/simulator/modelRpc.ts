/** The model chain's answers to JSON-RPC, as far as workers ask. A node may see less of the chain than there is. */
import { Transaction, getAddress } from "ethers";
import type { CallOutcome, ModelCall } from "./modelContracts.ts";
import type { Block, MinedLog, ModelChain } from "./modelChain.ts";

/** A JSON-RPC error with revert data. */
export class RpcRevert extends Error {
  readonly data: string;

  constructor(data: string) {
    super("execution reverted");
    this.data = data;
  }
}

const GAS = 500_000;
const GWEI = 1_000_000_000;
const NO_BLOOM = `0x${"00".repeat(256)}`;
const NO_ADDRESS = `0x${"00".repeat(20)}`;

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

interface RawCall {
  readonly from?: string;
  readonly to: string;
  readonly data?: string;
  readonly input?: string;
  readonly value?: string;
}

interface RawFilter {
  readonly address: string | readonly string[];
  readonly topics?: readonly (string | readonly string[] | null)[];
  readonly fromBlock: string;
  readonly toBlock: string;
}

function callOf({ from, to, data, input, value }: RawCall): ModelCall {
  return {
    from: getAddress(from ?? NO_ADDRESS),
    to: getAddress(to),
    data: data ?? input ?? "0x",
    value: BigInt(value ?? 0),
  };
}

function valueOf(outcome: CallOutcome): string {
  if (outcome.ok) return outcome.result;
  throw new RpcRevert(outcome.data);
}

function matches(log: MinedLog, { address, topics = [] }: RawFilter): boolean {
  const addresses = [address].flat().map((each) => each.toLowerCase());
  if (!addresses.includes(log.address.toLowerCase())) return false;
  return topics.every((wanted, i) => wanted === null || [wanted].flat().includes(log.topics[i]!));
}

function rawLog(log: MinedLog): object {
  const { blockNumber, logIndex, ...rest } = log;
  return { ...rest, blockNumber: hex(blockNumber), logIndex: hex(logIndex), transactionIndex: "0x0", removed: false };
}

function rawBlock(block: Block): object {
  const { hash, parentHash } = block;
  const fixed = { difficulty: "0x0", gasLimit: hex(30_000_000), gasUsed: "0x0", miner: NO_ADDRESS, extraData: "0x" };
  const place = { number: hex(block.number), timestamp: hex(block.timestamp), baseFeePerGas: hex(GWEI) };
  const transactions = block.mined.map(({ transaction }) => transaction.hash);
  return { hash, parentHash, ...place, ...fixed, nonce: "0x0000000000000000", transactions };
}

export class ModelRpc {
  readonly #chain: ModelChain;
  readonly #chainId: bigint;

  constructor(chain: ModelChain, chainId: bigint) {
    this.#chain = chain;
    this.#chainId = chainId;
  }

  /**
   * @param lag newest blocks that this node has not seen
   * @throws RpcRevert
   */
  answer(method: string, params: readonly unknown[], lag: number): unknown {
    const head = this.#chain.block(Math.max(0, this.#chain.newest.number - lag))!;
    switch (method) {
      case "eth_chainId":
        return hex(this.#chainId);
      case "eth_blockNumber":
        return hex(head.number);
      case "eth_getBlockByNumber":
        return this.#block(String(params[0]), head);
      case "eth_getLogs":
        return this.#logs(params[0] as RawFilter, head);
      case "eth_call":
        return valueOf(this.#chain.read(callOf(params[0] as RawCall), head));
      case "eth_estimateGas":
        return valueOf(this.#chain.try(callOf(params[0] as RawCall), head)) && hex(GAS);
      case "eth_gasPrice":
      case "eth_maxPriorityFeePerGas":
        return hex(GWEI);
      case "eth_getTransactionCount":
        return hex(this.#chain.nonceOf(String(params[0]), params[1] === "pending", head.number));
      case "eth_sendRawTransaction":
        return this.#submit(String(params[0]));
      case "eth_getTransactionReceipt":
        return this.#receipt(String(params[0]), head);
      case "eth_getTransactionByHash":
        return null;
      default:
        throw new Error(`the model chain does not answer ${method}`);
    }
  }

  #block(tag: string, head: Block): object | null {
    const number = tag === "latest" ? head.number : Number(tag);
    const block = number > head.number ? undefined : this.#chain.block(number);
    return block === undefined ? null : rawBlock(block);
  }

  #logs(filter: RawFilter, head: Block): object[] {
    const found: object[] = [];
    const last = Math.min(Number(filter.toBlock), head.number);
    for (let number = Number(filter.fromBlock); number <= last; number++) {
      for (const log of this.#chain.block(number)!.logs) if (matches(log, filter)) found.push(rawLog(log));
    }
    return found;
  }

  #submit(raw: string): string {
    const { hash, from, to, data, value, nonce } = Transaction.from(raw);
    this.#chain.submit({ hash: hash!, from: from!, to: to!, data, value, nonce });
    return hash!;
  }

  #receipt(hash: string, head: Block): object | null {
    const found = this.#chain.find(hash);
    if (found === undefined || found.block.number > head.number) return null;
    const { block, index } = found;
    const { transaction, outcome } = block.mined[index]!;
    const logs = block.logs.filter(({ transactionHash }) => transactionHash === hash).map(rawLog);
    return {
      ...{ transactionHash: hash, transactionIndex: hex(index), blockHash: block.hash, blockNumber: hex(block.number) },
      ...{ from: transaction.from, to: transaction.to, contractAddress: null, logs, logsBloom: NO_BLOOM, type: "0x2" },
      ...{ status: outcome.ok ? "0x1" : "0x0", gasUsed: hex(GAS), cumulativeGasUsed: hex(GAS) },
      effectiveGasPrice: hex(GWEI),
    };
  }
}
