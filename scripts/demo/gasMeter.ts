/** Gas used on a chain that nobody else uses: the sum over its blocks, whoever sent the transactions. */
import { type JsonRpc, latestBlock } from "#chain";

export class GasMeter {
  readonly #rpc: JsonRpc;
  #next: number;

  /** @param next first block to count */
  constructor(rpc: JsonRpc, next: number) {
    this.#rpc = rpc;
    this.#next = next;
  }

  /** Gas since the last call. */
  async take(): Promise<bigint> {
    const last = await latestBlock(this.#rpc);
    let gas = 0n;
    for (; this.#next <= last; this.#next++) {
      const block = (await this.#rpc.send("eth_getBlockByNumber", [`0x${this.#next.toString(16)}`, false])) as {
        readonly gasUsed: string;
      };
      gas += BigInt(block.gasUsed);
    }
    return gas;
  }
}
