/** The chain of a local network: what it must offer, and the one that the demonstration starts, Hardhat's, as a process. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openProvider } from "#chain";
import { CodedError } from "#errors";
import { endChild } from "./childProcess.ts";

export interface LocalChain {
  readonly url: string;
  readonly chainId: bigint;
  /** Ends with this process, however that ends. */
  readonly child: () => ChildProcess | undefined;
  /** Gives each account ether to spend. */
  readonly fund: (accounts: readonly string[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export type StartChain = () => Promise<LocalChain>;

/** Chain id of the network "node" in hardhat.config.ts. */
export const LOCAL_CHAIN_ID = 31337n;

const PACKAGE_ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NODE_PROGRAM = fileURLToPath(new URL("./chainNode.ts", import.meta.url));

/** 1,000 ether: Hardhat's chain gives it for the asking. */
const FUNDS = `0x${(1_000n * 10n ** 18n).toString(16)}`;

/** Compiling is not its business: the contracts must be built. @throws CodedError CHAIN_NODE_FAILED */
export async function startHardhatChain(): Promise<LocalChain> {
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
    chainId: LOCAL_CHAIN_ID,
    child: () => child,
    fund: (accounts) => setBalances(url, accounts),
    stop: async () => {
      await endChild(child);
    },
  };
}

async function setBalances(url: string, accounts: readonly string[]): Promise<void> {
  const provider = openProvider(url, LOCAL_CHAIN_ID);
  try {
    for (const account of accounts) await provider.send("hardhat_setBalance", [account, FUNDS]);
  } finally {
    provider.destroy();
  }
}
