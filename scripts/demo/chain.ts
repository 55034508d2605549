/** Starts and stops the local chain process. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CodedError } from "#errors";
import { endChild } from "./childProcess.ts";

export interface LocalChain {
  readonly url: string;
  readonly child: ChildProcess;
  readonly stop: () => Promise<void>;
}

/** Chain id of the network "node" in hardhat.config.ts. */
export const LOCAL_CHAIN_ID = 31337n;

const PACKAGE_ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NODE_PROGRAM = fileURLToPath(new URL("./chainNode.ts", import.meta.url));

/** Compiling is not its business: the contracts must be built. @throws CodedError CHAIN_NODE_FAILED */
export async function startChain(): Promise<LocalChain> {
  const child = fork(NODE_PROGRAM, [], {
    cwd: PACKAGE_ROOT,
    execPath: process.execPath,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (complaint = (complaint + text).slice(-2_000)));
  const url = await new Promise<string>((resolve, reject) => {
    child.once("message", (message: { url: string }) => resolve(message.url));
    child.once("error", reject);
    child.once("exit", (code) => {
      reject(new CodedError({ code: "CHAIN_NODE_FAILED" }, `the local chain ended with ${code}: ${complaint.trim()}`));
    });
  });
  return {
    url,
    child,
    stop: async () => {
      await endChild(child);
    },
  };
}
