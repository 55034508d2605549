/**
 * One worker as an operating-system process: `workers/main.ts`, started in the folder that `opaline worker init` made,
 * by the Node that runs this program. Its log goes to `worker.log` there.
 */
import { type ChildProcess, fork } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CodedError, isCoded } from "#errors";
import { askWorker } from "../worker/status.ts";
import { endChild, exited } from "./childProcess.ts";

const WORKER_PROGRAM = fileURLToPath(new URL("../../workers/main.ts", import.meta.url));
const LIFETIME = new URL("./childLifetime.ts", import.meta.url).href;

/** A keystore of full cost opens in about a second on one core; four at once on a slow machine take some. */
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

export type WorkerStatus = Readonly<Record<string, unknown>>;

export class WorkerService {
  readonly folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  /** @param environment configuration that overrides the folder's `.env` */
  constructor(folder: string, environment: Readonly<Record<string, string>> = {}) {
    this.folder = folder;
    this.#environment = environment;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get child(): ChildProcess | undefined {
    return this.#child;
  }

  start(): void {
    const log = openSync(join(this.folder, "worker.log"), "a", 0o600);
    try {
      this.#child = fork(WORKER_PROGRAM, [], {
        cwd: this.folder,
        execPath: process.execPath,
        execArgv: ["--import", LIFETIME],
        env: { PATH: process.env["PATH"], ...this.#environment },
        stdio: ["ignore", log, log, "ipc"],
      });
    } finally {
      closeSync(log);
    }
  }

  /** @throws CodedError WORKER_UNREACHABLE */
  async status(signal: AbortSignal): Promise<WorkerStatus> {
    const socket = join(this.folder, "store", "control.sock");
    return (await askWorker(socket, "status", signal)) as WorkerStatus;
  }

  /** Waits until the worker's status passes. @throws CodedError WORKER_START_FAILED with the end of its log */
  async until(
    passes: (status: WorkerStatus) => boolean,
    signal: AbortSignal,
    timeoutMs = START_TIMEOUT_MS,
  ): Promise<void> {
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += POLL_MS) {
      if (!this.running) throw this.#failed(`ended with ${this.#child?.exitCode ?? this.#child?.signalCode}`);
      try {
        if (passes(await this.status(signal))) return;
      } catch (error) {
        if (!isCoded(error, "WORKER_UNREACHABLE")) throw error;
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    throw this.#failed(`is not where it should be after ${timeoutMs} ms`);
  }

  /** Waits for the process to end by itself. */
  async ended(): Promise<number | string> {
    return this.#child === undefined ? 0 : exited(this.#child);
  }

  /** SIGTERM, then the exit code. */
  async stop(): Promise<number | string> {
    return this.#child === undefined ? 0 : endChild(this.#child);
  }

  /** SIGKILL: what a power cut looks like. */
  async kill(): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.kill("SIGKILL");
    await exited(this.#child);
  }

  /** Empty before it is started. */
  log(): string {
    const path = join(this.folder, "worker.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  #failed(what: string): CodedError {
    const tail = this.log().slice(-1_500).trim();
    return new CodedError(
      { code: "WORKER_START_FAILED", folder: this.folder },
      `the worker in ${this.folder} ${what}: ${tail}`,
    );
  }
}
