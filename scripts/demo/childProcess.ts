/** Child processes that are always ended: asked first, killed when they do not answer. */
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** Long enough for a worker in the middle of a query to write its state. */
const GRACE_MS = 10_000;

/** Resolves when the process is gone; its exit code, or the signal that ended it. */
export function exited(child: ChildProcess): Promise<number | string> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  if (child.signalCode !== null) return Promise.resolve(child.signalCode);
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal ?? 1)));
}

/** Asks with a signal, and sends SIGKILL after the grace time. */
export async function endChild(
  child: ChildProcess,
  graceMs: number = GRACE_MS,
  ask: NodeJS.Signals = "SIGTERM",
): Promise<number | string> {
  const gone = exited(child);
  child.kill(ask);
  const patience = new AbortController();
  const killing = sleep(graceMs, undefined, { signal: patience.signal, ref: false }).then(
    () => child.kill("SIGKILL"),
    () => undefined,
  );
  const result = await gone;
  patience.abort();
  await killing;
  return result;
}

/**
 * Kills the children at once when this process exits in any way that still runs code (an error, `process.exit`), so that
 * nothing is left running. Returns the function that takes this back.
 */
export function endWithThisProcess(children: () => readonly ChildProcess[]): () => void {
  const kill = (): void => {
    for (const child of children()) child.kill("SIGKILL");
  };
  process.once("exit", kill);
  return () => process.off("exit", kill);
}
