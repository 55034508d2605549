/** A real JSON-RPC server in this process, and a nine-byte contract that emits one event per call. */
import { network } from "hardhat";
import { HDNodeWallet, type JsonRpcProvider, Mnemonic, toBeHex } from "ethers";
import { openProvider } from "../../../workers/chain/provider.ts";

export const CHAIN_ID = 31337n;
const MNEMONIC = "test test test test test test test test test test test junk";

/** Emits LOG1 with the call's first word as its topic: CALLDATALOAD(0) as topic, no data. */
const EMITTER = "0x68600035600060" + "00a1006000526009" + "6017f3";

export interface LocalChain {
  readonly url: string;
  readonly provider: JsonRpcProvider;
  readonly wallet: HDNodeWallet;
  deployEmitter(): Promise<string>;
  /** One block with one event whose topic is `value`. */
  emit(emitter: string, value: number): Promise<void>;
  mine(blocks: number): Promise<void>;
  close(): Promise<void>;
}

export async function startLocalChain(): Promise<LocalChain> {
  const server = await network.createServer("default", "127.0.0.1", 0);
  const { address, port } = await server.listen();
  const url = `http://${address}:${port}`;
  const provider = openProvider(url, CHAIN_ID);
  const wallet = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0/0").connect(provider);
  return {
    url,
    provider,
    wallet,
    async deployEmitter() {
      const receipt = await (await wallet.sendTransaction({ data: EMITTER })).wait();
      return receipt!.contractAddress!.toLowerCase();
    },
    async emit(emitter, value) {
      await (await wallet.sendTransaction({ to: emitter, data: toBeHex(value, 32), gasLimit: 100_000n })).wait();
    },
    async mine(blocks) {
      await provider.send("hardhat_mine", [`0x${blocks.toString(16)}`]);
    },
    async close() {
      provider.destroy();
      await server.close();
    },
  };
}
