/** The second client as the other tests rely on it: a chain that survives its process, and a process that survives nobody. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { spawn } from "node:child_process";
import { callRpc } from "../../support/ethereumjs/engineApi.ts";
import { EthereumjsNode } from "../../support/ethereumjs/node.ts";
import { until } from "../../support/network.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const NODE = new URL("../../support/ethereumjs/node.ts", import.meta.url).href;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("EthereumJS as a process", () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it("makes blocks by itself, stops in order, and goes on from its data directory", async () => {
    const node = await EthereumjsNode.start({ folder: `${folder.path}/a`, funded: {}, blockEveryMs: 200 });
    const height = async (): Promise<number> => Number(await callRpc(node.url, "eth_blockNumber", []));
    const block = (number: number): Promise<unknown> =>
      callRpc(node.url, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
    try {
      await until("three blocks", 60_000, async () => ((await height()) >= 3 ? true : undefined));
      const third = await block(3);
      await node.stop();
      await assert.rejects(block(3));
      await node.restart();
      assert.deepEqual(await block(3), third);
      const before = await height();
      assert.ok(before >= 3);
      await node.mine(1);
      assert.ok((await height()) > before);
    } finally {
      await node.kill();
    }
  });

  it("ends with the process that started it, also when that is killed", async () => {
    const program = `
      const { EthereumjsNode } = await import(${JSON.stringify(NODE)});
      const node = await EthereumjsNode.start({ folder: ${JSON.stringify(`${folder.path}/b`)}, funded: {} });
      process.stdout.write(String(node.child.pid));`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const pid = Number(await new Promise((resolve) => parent.stdout.setEncoding("utf8").once("data", resolve)));
      assert.ok(isAlive(pid));
      parent.kill("SIGKILL");
      await until("the client's end", 30_000, () => (isAlive(pid) ? undefined : true));
    } finally {
      parent.kill("SIGKILL");
    }
  });
});
