/**
 * The simulation's clock and the one queue of everything that will happen. It moves only when told to; of two events at
 * one moment the earlier scheduled runs first. Between two events every promise that waits for no event settles, as
 * between two of Node's: SQLite, hashes and signatures are synchronous, so one turn of Node's own loop is enough.
 */
import type { Timers } from "../../workers/transport/timers.ts";

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** What Node's own timers are while a simulation runs: libraries (ethers) call them by their global names. */
const GLOBAL_TIMERS = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;

export class VirtualTime implements Timers {
  nowMs = 0;
  events = 0;
  /** A binary heap: no entry is earlier than its parent at (i − 1) >> 1. */
  readonly #heap: Scheduled[] = [];
  #order = 0;

  after(ms: number, run: () => void): () => void {
    const entry = { atMs: this.nowMs + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    this.#push(entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Runs events in order until `done` or the virtual deadline. @returns whether `done` came true */
  async until(done: () => boolean, deadlineMs: number): Promise<boolean> {
    await settle();
    while (!done()) {
      const next = this.#pop();
      if (next === undefined) return false;
      if (next.atMs > deadlineMs) {
        this.#push(next);
        this.nowMs = deadlineMs;
        return false;
      }
      this.nowMs = next.atMs;
      this.events += 1;
      next.run();
      await settle();
    }
    return true;
  }

  /** Runs `work` with Node's timers replaced by this clock. */
  async instead<Value>(work: () => Promise<Value>): Promise<Value> {
    const real = GLOBAL_TIMERS.map((name) => [name, globalThis[name]] as const);
    const cancels = new Map<number, () => void>();
    let last = 0;
    const start = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): number => {
      const timer = ++last;
      cancels.set(
        timer,
        this.after(ms, () => run(...args)),
      );
      return timer;
    };
    const stop = (timer: number): void => cancels.get(timer)?.();
    const refuse = (): never => {
      throw new Error("nothing in a worker repeats by itself");
    };
    Object.assign(globalThis, { setTimeout: start, clearTimeout: stop, setInterval: refuse, clearInterval: stop });
    try {
      return await work();
    } finally {
      Object.assign(globalThis, Object.fromEntries(real));
    }
  }

  #push(entry: Scheduled): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0 && isEarlier(entry, heap[(at - 1) >> 1]!)) {
      heap[at] = heap[(at - 1) >> 1]!;
      at = (at - 1) >> 1;
    }
    heap[at] = entry;
  }

  /** The earliest that was not cancelled. */
  #pop(): Scheduled | undefined {
    for (;;) {
      const first = this.#heap[0];
      const last = this.#heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (first !== last) this.#sink(last);
      if (!first.cancelled) return first;
    }
  }

  /** Puts `entry` at the root and restores the order. */
  #sink(entry: Scheduled): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isEarlier(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isEarlier(heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}

function isEarlier(a: Scheduled, b: Scheduled): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Lets every promise that waits for no event settle: Node empties its queue of them before the next immediate. */
export function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
