/** A pause that ends early when the worker stops. */
import type { Timers } from "../transport/timers.ts";

/** Resolves after `ms`, or at once when the signal aborts. */
export function waitUnlessAborted(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = timers.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}
