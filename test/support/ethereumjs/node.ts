/**
 * A second, independent Ethereum client: EthereumJS, whose EVM shares no code with Hardhat's, as a process with a data
 * directory. This process plays its consensus layer: a block whenever a transaction is pending, and more on demand.
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endChild, endWithThisProcess, exited } from "../../../scripts/demo/childProcess.ts";
import { freePorts } from "../../../scripts/demo/freePorts.ts";
import { EngineApi, type Head, callRpc } from "./engineApi.ts";
import { genesis } from "./genesis.ts";

/** Not Hardhat's 31337: a chain id that is assumed anywhere shows. */
export const ETHEREUMJS_CHAIN_ID = 7_337n;

const PROGRAM = fileURLToPath(import.meta.resolve("@ethereumjs/client"));
const PRELOAD = new URL("./preload.ts", import.meta.url).href;
/** It loads some two hundred modules; on a busy machine that takes seconds. */
const START_TIMEOUT_MS = 120_000;
/** It waits 8 s for its synchroniser before it ends. */
const END_GRACE_MS = 30_000;
/** Between looks for pending transactions; each costs the client some milliseconds. */
const LOOK_MS = 40;

export interface EthereumjsOptions {
  /** Its own, for genesis, secret, log and data. */
  readonly folder: string;
  /** Account to wei. */
  readonly funded: Readonly<Record<string, bigint>>;
  /** A block at least this often, also without transactions; by default only when there are some. */
  readonly blockEveryMs?: number;
}

export class EthereumjsNode {
  readonly url: string;
  readonly #engineUrl: string;
  readonly #options: EthereumjsOptions;
  readonly #secret: Uint8Array;
  #child: ChildProcess | undefined;
  #complaint = "";
  #engine!: EngineApi;
  #head!: Head;
  #ending = new AbortController();
  /** Blocks are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #producing: Promise<void> = Promise.resolve();
  #forget: () => void = () => undefined;

  /** A new chain. The client runs, and makes blocks, once this resolves. */
  static async start(options: EthereumjsOptions): Promise<EthereumjsNode> {
    const ports = (await freePorts(2, randomBytes)) as [number, number];
    const node = new EthereumjsNode(options, ports);
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const chain = genesis(ETHEREUMJS_CHAIN_ID, options.funded);
    writeFileSync(join(options.folder, "genesis.json"), JSON.stringify(chain));
    writeFileSync(join(options.folder, "secret"), Buffer.from(node.#secret).toString("hex"), { mode: 0o600 });
    await node.restart();
    return node;
  }

  private constructor(options: EthereumjsOptions, [port, enginePort]: readonly [number, number]) {
    this.#options = options;
    this.#secret = randomBytes(32);
    this.url = `http://127.0.0.1:${port}`;
    this.#engineUrl = `http://127.0.0.1:${enginePort}`;
  }

  get child(): ChildProcess | undefined {
    return this.#child;
  }

  /** Starts the client on what its data directory holds. */
  async restart(): Promise<void> {
    this.#spawn();
    await this.#untilReady();
    this.#head = await this.#readHead("latest");
    this.#engine = new EngineApi(this.#engineUrl, this.#secret, (await this.#readHead("0x0")).hash);
    this.#ending = new AbortController();
    this.#producing = this.#produce(this.#ending.signal);
    this.#producing.catch(() => undefined); // `stop` and `kill` report it
  }

  /** Blocks with whatever is pending, also nothing. */
  async mine(count = 1): Promise<void> {
    for (let mined = 0; mined < count; mined++) await this.#next(true);
  }

  /** The chain from `block` on is replaced by as many blocks, and one more, without transactions. */
  async replaceFrom(block: number): Promise<void> {
    const depth = this.#head.number - block + 1;
    await this.#inTurn(async () => {
      this.#head = await this.#readHead(`0x${(block - 1).toString(16)}`);
      for (let made = 0; made <= depth; made++)
        this.#head = await this.#engine.adopt(await this.#engine.build(this.#head));
    });
  }

  /** As an operator stops it. */
  async stop(): Promise<void> {
    await this.#end(() => endChild(this.#child!, END_GRACE_MS, "SIGINT"));
  }

  /** As a power cut does. */
  async kill(): Promise<void> {
    await this.#end(() => {
      this.#child!.kill("SIGKILL");
      return exited(this.#child!);
    });
  }

  async #end(end: () => Promise<unknown>): Promise<void> {
    if (this.#child === undefined) return;
    this.#ending.abort();
    const produced = await Promise.allSettled([this.#producing, this.#last]);
    await end();
    this.#child = undefined;
    this.#forget();
    for (const result of produced) if (result.status === "rejected") throw result.reason;
  }

  #spawn(): void {
    const { folder } = this.#options;
    const words = [
      ...["--gethGenesis", join(folder, "genesis.json"), "--dataDir", join(folder, "data"), "--isSingleNode"],
      // No peers: nothing is looked for, and the port is any that is free.
      ...["--port", "0", "--discV4=false", "--discDns=false"],
      ...["--rpc", "--rpcAddr", "127.0.0.1", "--rpcPort", new URL(this.url).port],
      ...["--rpcEngine", "--rpcEngineAddr", "127.0.0.1", "--rpcEnginePort", new URL(this.#engineUrl).port],
      ...["--jwtSecret", join(folder, "secret"), "--logLevel", "warn", "--logFile=false"],
    ];
    const child = fork(PROGRAM, words, {
      cwd: folder,
      execPath: process.execPath,
      execArgv: ["--import", PRELOAD],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#complaint = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream
        ?.setEncoding("utf8")
        .on("data", (text: string) => (this.#complaint = (this.#complaint + text).slice(-2_000)));
    }
    this.#child = child;
    this.#forget = endWithThisProcess(() => [child]);
  }

  async #untilReady(): Promise<void> {
    for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += LOOK_MS) {
      if (this.#child?.exitCode !== null) throw new Error(`the client ended: ${this.#complaint}`);
      try {
        await callRpc(this.url, "eth_chainId", []);
        // Refused for want of a token: it listens there, too.
        await callRpc(this.#engineUrl, "eth_chainId", []).catch((error: Error) => {
          if (!error.message.includes("HTTP 401")) throw error;
        });
        return;
      } catch {
        await sleep(LOOK_MS);
      }
    }
    throw new Error(`the client does not answer after ${START_TIMEOUT_MS} ms: ${this.#complaint}`);
  }

  async #produce(signal: AbortSignal): Promise<void> {
    const { blockEveryMs = Infinity } = this.#options;
    let lastMs = Date.now();
    while (!signal.aborted) {
      const due = Date.now() - lastMs >= blockEveryMs;
      if (due || (await this.#hasPending())) {
        if (await this.#next(due)) lastMs = Date.now();
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #hasPending(): Promise<boolean> {
    const { pending } = (await callRpc(this.url, "txpool_content", [])) as { readonly pending: object };
    return Object.keys(pending).length > 0;
  }

  /** @returns whether there is a new block */
  #next(evenEmpty: boolean): Promise<boolean> {
    return this.#inTurn(async () => {
      const payload = await this.#engine.build(this.#head);
      // Pending, but not yet possible: a nonce is missing.
      if (payload.transactions.length === 0 && !evenEmpty) return false;
      this.#head = await this.#engine.adopt(payload);
      return true;
    });
  }

  #inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const done = this.#last.then(act);
    this.#last = done;
    return done;
  }

  async #readHead(block: string): Promise<Head> {
    const found = (await callRpc(this.url, "eth_getBlockByNumber", [block, false])) as Record<string, string>;
    return { hash: found["hash"]!, number: Number(found["number"]), timestamp: Number(found["timestamp"]) };
  }
}
