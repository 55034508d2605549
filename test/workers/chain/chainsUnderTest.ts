/**
 * The clients that the chain layer is held to. The same suites run on each: Hardhat's in this process, EthereumJS as a second,
 * independent implementation, and anvil, which shares its EVM with Hardhat but not its JSON-RPC, where its package is there.
 */
import { EthereumjsNode, ETHEREUMJS_CHAIN_ID } from "../../support/ethereumjs/node.ts";
import { ANVIL_CHAIN_ID, anvilProgram, startAnvil } from "../../support/anvilNode.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { type LocalChain, RICH_ACCOUNT, localChain, mineAtOnce, startLocalChain } from "./localChain.ts";

export interface ChainUnderTest {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly absent: string | false;
  readonly start: () => Promise<LocalChain>;
  /** Can be taken back to a snapshot (`evm_snapshot`, `evm_revert`): no part of Ethereum's JSON-RPC. */
  readonly hasSnapshots: boolean;
  /** A process, and a block takes it a tenth of a second. */
  readonly isSlow: boolean;
}

const ETHER = 10n ** 18n;

async function startEthereumjs(): Promise<LocalChain> {
  const folder = temporaryFolder();
  const node = await EthereumjsNode.start({ folder: folder.path, funded: { [RICH_ACCOUNT]: 1_000_000n * ETHER } });
  return localChain({
    url: node.url,
    chainId: ETHEREUMJS_CHAIN_ID,
    mine: (blocks) => node.mine(blocks),
    replaceFrom: (block) => node.replaceFrom(block),
    close: async () => {
      await node.kill();
      folder.remove();
    },
  });
}

async function startAnvilChain(): Promise<LocalChain> {
  const { url, close } = await startAnvil();
  return localChain({ url, chainId: ANVIL_CHAIN_ID, mine: (blocks) => mineAtOnce(url, ANVIL_CHAIN_ID, blocks), close });
}

export const CHAINS: readonly ChainUnderTest[] = [
  { name: "Hardhat", absent: false, start: startLocalChain, hasSnapshots: true, isSlow: false },
  { name: "EthereumJS", absent: false, start: startEthereumjs, hasSnapshots: false, isSlow: true },
  {
    name: "anvil",
    absent: anvilProgram() === undefined && "skipped: @foundry-rs/anvil-linux-amd64 is not installed",
    start: startAnvilChain,
    hasSnapshots: true,
    isSlow: false,
  },
];
