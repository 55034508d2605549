/** Foundry's anvil, where somebody has installed its package (`npm install --no-save @foundry-rs/anvil-linux-amd64`). */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endChild, endWithThisProcess } from "../../scripts/demo/childProcess.ts";
import { freePorts } from "../../scripts/demo/freePorts.ts";
import { callRpc } from "./ethereumjs/engineApi.ts";

export const ANVIL_CHAIN_ID = 7_338n;

const START_TIMEOUT_MS = 30_000;
const LOOK_MS = 20;

/** Undefined when the package is not installed. */
export function anvilProgram(): string | undefined {
  try {
    return fileURLToPath(new URL("./bin/anvil", import.meta.resolve("@foundry-rs/anvil-linux-amd64/package.json")));
  } catch {
    return undefined;
  }
}

/** A block for each transaction, and no others. */
export async function startAnvil(): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const [port] = (await freePorts(1, randomBytes)) as [number];
  const words = ["--port", String(port), "--chain-id", String(ANVIL_CHAIN_ID), "--hardfork", "cancun", "--silent"];
  const child = spawn(anvilProgram()!, words, { stdio: "ignore" });
  const forget = endWithThisProcess(() => [child]);
  const url = `http://127.0.0.1:${port}`;
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += LOOK_MS) {
    const answers = await callRpc(url, "eth_chainId", []).then(
      () => true,
      () => false,
    );
    if (answers) break;
    await sleep(LOOK_MS);
  }
  return {
    url,
    close: async () => {
      await endChild(child);
      forget();
    },
  };
}
