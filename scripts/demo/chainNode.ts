/**
 * A local chain as a process of its own: Hardhat's JSON-RPC node of the network "node" in `hardhat.config.ts` (a block
 * for every transaction and one every second). Started by `chain.ts` with an IPC channel, over which it says where it
 * listens, and with which it ends: no parent, no chain.
 */
import { network } from "hardhat";

const server = await network.createServer("node", "127.0.0.1", 0);
const { address, port } = await server.listen();

let closing = false;
function close(): void {
  if (closing) return;
  closing = true;
  void server.close().finally(() => process.exit(0));
}
process.once("disconnect", close);
process.once("SIGTERM", close);
// Ctrl-C reaches the whole process group: the parent decides when the chain ends, after the workers.
process.on("SIGINT", () => undefined);
process.send?.({ url: `http://${address}:${port}` });
