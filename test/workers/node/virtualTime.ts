/** A clock that moves only when told to. Promises settle between two events, as they do between two of Node's. */
import type { Timers } from "../../../workers/transport/timers.ts";

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualTime implements Timers {
  nowMs = 0;
  #queue: Scheduled[] = [];
  #order = 0;

  after(ms: number, run: () => void): () => void {
    const entry = { atMs: this.nowMs + ms, order: this.#order++, run };
    this.#queue.push(entry);
    return () => {
      this.#queue = this.#queue.filter((other) => other !== entry);
    };
  }

  /** Runs events in order until `done` or the virtual deadline. @returns whether `done` came true */
  async until(done: () => boolean, deadlineMs: number): Promise<boolean> {
    await settle();
    while (!done()) {
      const next = this.#queue.sort((a, b) => a.atMs - b.atMs || a.order - b.order).shift();
      if (next === undefined || next.atMs > deadlineMs) return false;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      await settle();
    }
    return true;
  }
}

/** Lets every promise that waits for no timer settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
