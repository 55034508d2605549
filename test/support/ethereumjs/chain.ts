/** EthereumJS as the chain of a local network. */
import { HDNodeWallet, parseEther } from "ethers";
import type { LocalChain } from "../../../scripts/demo/chain.ts";
import { openProvider } from "../../../workers/chain/provider.ts";
import { ETHEREUMJS_CHAIN_ID, EthereumjsNode } from "./node.ts";

export interface EthereumjsChain extends LocalChain {
  readonly node: EthereumjsNode;
}

const RICH = HDNodeWallet.fromPhrase("test test test test test test test test test test test junk");
const EACH = parseEther("1000");

/** @param folder removed by the caller, after `stop` */
export async function startEthereumjsChain(folder: string): Promise<EthereumjsChain> {
  // A block every second, as the demonstration's chain has it: confirmations come also when nobody sends anything.
  const node = await EthereumjsNode.start({
    folder,
    funded: { [RICH.address]: parseEther("1000000") },
    blockEveryMs: 1_000,
  });
  return {
    node,
    url: node.url,
    chainId: ETHEREUMJS_CHAIN_ID,
    child: () => node.child,
    fund: (accounts) => transferTo(node.url, accounts),
    // Its folder goes with it; an orderly end would take 8 s.
    stop: () => node.kill(),
  };
}

/** All at once: their nonces follow each other, so the last one's receipt is everyone's. */
async function transferTo(url: string, accounts: readonly string[]): Promise<void> {
  const provider = openProvider(url, ETHEREUMJS_CHAIN_ID);
  try {
    const wallet = RICH.connect(provider);
    let nonce = await provider.getTransactionCount(RICH.address);
    const sent = [];
    for (const to of accounts)
      sent.push(await wallet.sendTransaction({ to, value: EACH, gasLimit: 21_000n, nonce: nonce++ }));
    await sent.at(-1)?.wait();
  } finally {
    provider.destroy();
  }
}
