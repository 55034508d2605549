/**
 * Helper threads that share a kernel's memory. Long vectors are cut between the calling thread and those helpers that
 * are up and idle; short ones never are. The caller works too and waits, so a call looks like any other one.
 */
import { Worker } from "node:worker_threads";

import { CodedError } from "../../errors.ts";
import type { FieldError } from "../fieldError.ts";
import type { KernelName } from "./kernelCalls.ts";
import type { KernelMemory } from "./kernelMemory.ts";
import { CONTROL_BYTES, CONTROL_WORDS, STATE, waitWhile } from "./threadControl.ts";
import type { HelperStart } from "./threadControl.ts";

/** 2^12 pairs take some 50 µs and more, a handover 5 to 10 µs. */
export const LEAST_PAIRS_PER_THREAD = 4_096;
/** No kernel call takes a second. A stopped process wakes to one early timeout, so several in a row must pass. */
const TIMEOUT_MS = 1_000;
const HELPER = new URL("./helperThread.ts", import.meta.url);
const MAX_TIMEOUTS = 30;

/** The arguments of `kernel` for pairs [from, from + pairs) of a longer call. */
export type SliceCall = (from: number, pairs: number) => readonly number[];

interface Helper {
  readonly worker: Worker;
  readonly words: Int32Array;
}

export class KernelThreads {
  readonly #memory: KernelMemory;
  readonly #names: readonly string[];
  readonly #helpers: Helper[];
  readonly #helper: URL;
  readonly #timeoutMs: number;
  /** A helper failed or did not come back: nothing is computed any more. */
  #isLost = false;

  /**
   * @param threads the calling one included
   * @param helper what a helper runs
   * @param timeoutMs MAX_TIMEOUTS times this is how long a helper may take
   */
  constructor(memory: KernelMemory, threads: number, helper = HELPER, timeoutMs = TIMEOUT_MS) {
    this.#helper = helper;
    this.#timeoutMs = timeoutMs;
    this.#memory = memory;
    this.#names = Object.keys(memory.call);
    this.#helpers = Array.from({ length: threads - 1 }, () => this.#start());
  }

  /** Helpers that have started. */
  get up(): number {
    return this.#helpers.filter(({ words }) => Atomics.load(words, 0) !== STATE.STARTING).length;
  }

  /**
   * Runs a kernel over `pairs` pairs, in slices that begin at multiples of `granularity`.
   * @throws CodedError FIELD_THREAD_LOST when a helper does not come back
   */
  run(kernel: KernelName, pairs: number, granularity: number, slice: SliceCall): void {
    this.checkAlive();
    const idle = this.#idleHelpers(pairs);
    const units = Math.ceil(pairs / granularity);
    const share = Math.ceil(units / (idle.length + 1)) * granularity;
    idle.forEach((helper, index) => {
      const from = Math.min(pairs, (index + 1) * share);
      this.#post(helper, kernel, slice(from, Math.min(pairs, from + share) - from));
    });
    try {
      (this.#memory.call[kernel] as (...addresses: number[]) => number)(...slice(0, Math.min(pairs, share)));
    } finally {
      // Whatever happens here, nobody may still write when the operands and the result are given back.
      if (idle.map((helper) => this.#isBackInTime(helper)).includes(false)) this.#isLost = true;
    }
    this.checkAlive();
  }

  /** @throws CodedError FIELD_THREAD_LOST once a helper has failed: it may still write, or never answer */
  checkAlive(): void {
    if (!this.#isLost) return;
    throw new CodedError<FieldError>({ code: "FIELD_THREAD_LOST" }, "a helper thread of the field does not answer");
  }

  async stop(): Promise<void> {
    for (const { words } of this.#helpers) {
      Atomics.store(words, 0, STATE.STOPPED);
      Atomics.notify(words, 0);
    }
    await Promise.all(this.#helpers.splice(0).map(({ worker }) => worker.terminate()));
  }

  #idleHelpers(pairs: number): Helper[] {
    const useful = Math.floor(pairs / LEAST_PAIRS_PER_THREAD) - 1;
    if (useful <= 0) return [];
    return this.#helpers.filter(({ words }) => Atomics.load(words, 0) === STATE.IDLE).slice(0, useful);
  }

  #start(): Helper {
    const control = this.#memory.arena.allocate(CONTROL_BYTES);
    const { memory, module } = this.#memory;
    const words = new Int32Array(memory.buffer, control, CONTROL_WORDS);
    words.fill(0);
    const workerData: HelperStart = { module, memory, control };
    const worker = new Worker(this.#helper, { workerData });
    worker.unref(); // a helper does not keep the process alive
    const helper = { worker, words };
    worker.once("error", () => (this.#isLost = true));
    worker.once("exit", () => (this.#isLost ||= this.#helpers.includes(helper))); // else it was stopped
    return helper;
  }

  #isBackInTime({ words }: Helper): boolean {
    for (let timeouts = 0; timeouts < MAX_TIMEOUTS; timeouts++) {
      if (waitWhile(words, 0, STATE.BUSY, this.#timeoutMs)) return true;
    }
    return false;
  }

  #post({ words }: Helper, kernel: KernelName, parameters: readonly number[]): void {
    words[1] = this.#names.indexOf(kernel);
    words.set(parameters, 2);
    Atomics.store(words, 0, STATE.BUSY);
    Atomics.notify(words, 0);
  }
}
