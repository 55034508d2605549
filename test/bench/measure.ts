/**
 * Timing for machines that are not idle: everything compared is timed in the same run, in turns, so that a noisy moment
 * hits all alike, and the minimum is the figure to trust; the median says how noisy it was.
 */
import { setImmediate } from "node:timers/promises";

export interface Competitor {
  /** What one call of `run` computes: times are given per element. */
  readonly elements: number;
  readonly run: () => void;
}

export interface Plan {
  /** Each competitor runs for so long before anything is timed: compilers optimise, memory is mapped. */
  readonly warmUpMs: number;
  readonly rounds: number;
  /** Every competitor has so many turns in each round. */
  readonly turnsPerRound: number;
  /**
   * Calls are repeated within a turn for so long, each timed on its own. Longer turns let a short call find its vectors
   * in the caches as the call before left them, instead of as another competitor did.
   */
  readonly turnMs: number;
}

/** Nanoseconds per element. */
export interface Timing {
  readonly minNs: number;
  readonly medianNs: number;
}

export type Timings<Name extends string> = Readonly<Record<Name, Timing>>;

/** @param beforeRound what cannot take turns within this process, such as another program's timing of itself */
export async function measure<Name extends string>(
  competitors: Readonly<Record<Name, Competitor>>,
  plan: Plan,
  beforeRound: () => Promise<void> = async () => {},
): Promise<Timings<Name>> {
  const entrants = (Object.entries(competitors) as [Name, Competitor][]).map(([name, competitor]) => ({
    name,
    competitor,
    samplesNs: [] as number[],
  }));
  for (const { competitor } of entrants) {
    await setImmediate(); // lets finalizers and messages of helper threads through
    takeTurn(competitor, plan.warmUpMs);
  }
  for (let round = 0; round < plan.rounds; round++) {
    await beforeRound();
    for (let turn = 0; turn < plan.turnsPerRound; turn++) {
      for (const { competitor, samplesNs } of entrants) {
        await setImmediate();
        samplesNs.push(...takeTurn(competitor, plan.turnMs));
      }
    }
  }
  const timings = entrants.map(({ name, samplesNs }) => [name, timingOf(samplesNs)] as const);
  return Object.fromEntries(timings) as Record<Name, Timing>;
}

/** At least one call, and further ones until `durationMs` have passed: nanoseconds per element of each. */
function takeTurn({ elements, run }: Competitor, durationMs: number): number[] {
  const samplesNs: number[] = [];
  const deadline = performance.now() + durationMs;
  let started: number;
  let ended: number;
  do {
    started = performance.now();
    run();
    ended = performance.now();
    samplesNs.push(((ended - started) * 1e6) / elements);
  } while (ended < deadline);
  return samplesNs;
}

function timingOf(samplesNs: readonly number[]): Timing {
  const sorted = samplesNs.toSorted((left, right) => left - right);
  return { minNs: sorted[0] as number, medianNs: sorted[sorted.length >> 1] as number }; // one call at the least
}
