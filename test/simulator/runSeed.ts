/** One seed from start to end: operations, healing, a last question that must be answered, and the checks. */
import { RequestState } from "../../workers/chain/querySmartContract.ts";
import { endChange } from "./committeeChange.ts";
import type { CommitteeSize } from "./foundedChain.ts";
import { operate } from "./operations.ts";
import { DEADLINE_BLOCKS, Simulation } from "./simulation.ts";
import { verify } from "./verify.ts";

const [LEAST_PAUSE_MS, MOST_PAUSE_MS] = [20, 2_500];

export interface SeedReport {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly traceHash: string;
  /** Requests by how they ended. */
  readonly ends: Readonly<Record<string, number>>;
  readonly lies: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly operations: readonly string[];
}

export interface SeedOptions extends CommitteeSize {
  readonly seed: number;
  readonly operations: number;
}

export function runSeed({ seed, operations: count, n, t }: SeedOptions): Promise<SeedReport> {
  return Simulation.with({ seed: `seed ${seed}, n ${n}, t ${t}`, n, t }, async (simulation) => {
    const { time, observer, adversary } = simulation;
    const choices = simulation.choices.stream("operations");
    const operations: string[] = [];
    await simulation.begin();
    for (let i = 0; i < count; i++) {
      const did = operate(simulation, choices);
      operations.push(`${(time.nowMs / 1_000).toFixed(3)} s: ${did}`);
      observer.note(did);
      await simulation.pass(choices.whole(LEAST_PAUSE_MS, MOST_PAUSE_MS));
    }
    await endWell(simulation);
    const ends = verify(simulation);
    const { violations } = observer;
    const [traceHash, lies] = [observer.traceHash(), adversary.lies];
    return { seed, violations, traceHash, ends, lies, events: time.events, virtualMs: time.nowMs, operations };
  });
}

/** With everybody up and honest, whatever is open ends, and new questions are answered: before a change of the committee, and after. */
async function endWell(simulation: Simulation): Promise<void> {
  const { chain, observer, revoked } = simulation;
  simulation.heal();
  const healed = chain.newest.number;
  await simulation.pass(MOST_PAUSE_MS);
  const askAll = (): void =>
    simulation.queries.forEach(({ draw }, query) => simulation.ask(query, draw(simulation.choices)));
  askAll();
  const end = await endChange(simulation);
  if (end === "completed") askAll();
  if (end === "stuck") observer.violated(`the change of the committee does not come to its end`);
  const isSettled = await simulation.settle();
  if (!isSettled) observer.violated(`still open: ${simulation.openRequests().join(", ")}, or something is owed`);
  if (revoked.size > 0) return;
  const deadline = BigInt(healed) + DEADLINE_BLOCKS;
  for (const [requestId, { state, deadlineBlock }] of simulation.requests()) {
    const isNew = deadlineBlock > deadline;
    if (isNew && state === RequestState.EXPIRED)
      observer.violated(`request ${requestId}, made after all healed, expired`);
  }
}
