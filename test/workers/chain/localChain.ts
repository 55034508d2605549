/** A real JSON-RPC server in this process, and a nine-byte contract that emits one event per call. */
import { network } from "hardhat";
import { HDNodeWallet, type JsonRpcProvider, toBeHex } from "ethers";
import { openProvider } from "../../../workers/chain/provider.ts";
import { receiptOf } from "../../../workers/chain/transactions.ts";

export const CHAIN_ID = 31337n;
const RICH = HDNodeWallet.fromPhrase("test test test test test test test test test test test junk");
/** Holds ether on every chain of these tests. */
export const RICH_ACCOUNT = RICH.address;

/** Emits LOG1 with the call's first word as its topic: CALLDATALOAD(0) as topic, no data. */
const EMITTER = "0x68600035600060" + "00a1006000526009" + "6017f3";

export interface LocalChain {
  readonly url: string;
  readonly chainId: bigint;
  readonly provider: JsonRpcProvider;
  readonly wallet: HDNodeWallet;
  deploy(creationCode: string): Promise<string>;
  deployEmitter(): Promise<string>;
  /** One block with one event whose topic is `value`. */
  emit(emitter: string, value: number): Promise<void>;
  mine(blocks: number): Promise<void>;
  /** The chain from a block on is replaced by a longer branch without transactions: only where the client itself can. */
  readonly replaceFrom?: (block: number) => Promise<void>;
  close(): Promise<void>;
}

/** What differs from node to node. */
export type NodeParts = Pick<LocalChain, "url" | "chainId" | "mine" | "replaceFrom" | "close">;

export async function startLocalChain(): Promise<LocalChain> {
  const server = await network.createServer("default", "127.0.0.1", 0);
  const { address, port } = await server.listen();
  const url = `http://${address}:${port}`;
  return localChain({
    url,
    chainId: CHAIN_ID,
    mine: (blocks) => mineAtOnce(url, CHAIN_ID, blocks),
    close: () => server.close(),
  });
}

/** Hardhat's own method; anvil has it, too. */
export async function mineAtOnce(url: string, chainId: bigint, blocks: number): Promise<void> {
  const provider = openProvider(url, chainId);
  try {
    await provider.send("hardhat_mine", [`0x${blocks.toString(16)}`]);
  } finally {
    provider.destroy();
  }
}

export function localChain({ url, chainId, mine, replaceFrom, close }: NodeParts): LocalChain {
  const provider = openProvider(url, chainId);
  const wallet = RICH.connect(provider);
  const deploy = async (data: string): Promise<string> => {
    const receipt = await receiptOf(await wallet.sendTransaction({ data }));
    return receipt.contractAddress!.toLowerCase();
  };
  return {
    ...{ url, chainId, provider, wallet, mine, deploy },
    ...(replaceFrom === undefined ? {} : { replaceFrom }),
    deployEmitter: () => deploy(EMITTER),
    async emit(emitter, value) {
      await receiptOf(await wallet.sendTransaction({ to: emitter, data: toBeHex(value, 32), gasLimit: 100_000n }));
    },
    async close() {
      provider.destroy();
      await close();
    },
  };
}
