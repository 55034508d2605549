/** What several processes' clocks say together: one run, and several of them. */
import type { Timed } from "./jobs.ts";

/** Of one workload; times in seconds. */
export interface Measured {
  /** The fastest run: the figure to trust on a machine that does other things too. */
  readonly seconds: number;
  readonly medianSeconds: number;
  /** Of all processes together, in the run that took least: what the machine's other work hardly changes. */
  readonly cpuSeconds: number;
  readonly rounds: number;
  /** By all processes together. */
  readonly sentBytes: number;
}

/** From the first process's beginning to the last one's end. */
export function elapsed(runs: readonly Timed[]): number {
  const begun = runs.reduce((first, run) => (run.begun < first ? run.begun : first), runs[0]!.begun);
  const ended = runs.reduce((last, run) => (run.ended > last ? run.ended : last), runs[0]!.ended);
  return Number(ended - begun) / 1e9;
}

/** Runs `once` so many times; run 0 comes before them and is not counted: compilers optimise, memory is mapped. */
export async function repeat(times: number, once: (run: number) => Promise<readonly Timed[]>): Promise<Measured> {
  let last = await once(0);
  const seconds: number[] = [];
  let cpuSeconds = Infinity;
  for (let run = 1; run <= times; run++) {
    last = await once(run);
    seconds.push(elapsed(last));
    cpuSeconds = Math.min(
      cpuSeconds,
      last.reduce((sum, each) => sum + each.cpuSeconds, 0),
    );
  }
  seconds.sort((a, b) => a - b);
  const rounds = Math.max(...last.map((run) => run.rounds));
  const sentBytes = last.reduce((sum, run) => sum + run.sentBytes, 0);
  return { seconds: seconds[0]!, medianSeconds: seconds[seconds.length >> 1]!, cpuSeconds, rounds, sentBytes };
}
