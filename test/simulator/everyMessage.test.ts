/**
 * A fault at every message of a participant, from the first to the last. Each turn is a network of its own on the same seed, so
 * up to its fault it is the same run: nothing is kept from an earlier turn, and the n-th message is the same in all of them. The
 * last turn is the one whose fault comes after all messages; of every one before it the fault must have happened.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestState } from "../../workers/chain/querySmartContract.ts";
import { FrameKind } from "../../workers/messages/frame.ts";
import { budget } from "../budget.ts";
import { sizeName } from "../workers/sharing/committees.ts";
import type { CommitteeSize } from "./foundedChain.ts";
import type { Lie } from "./adversary.ts";
import { BLOCK_MS, Simulation } from "./simulation.ts";
import { verify } from "./verify.ts";

interface Question {
  readonly query: number;
  readonly parameters: readonly bigint[];
  readonly isSealed?: boolean;
}

/** Product columns, and sums over them. */
const SUMS: Question = { query: 1, parameters: [0n, 18n, 90n] };
/** Two agreements of keys: lines of values are merged first. */
const QUANTILE: Question = { query: 5, parameters: [0n] };

interface Fault {
  readonly by: number;
  /** What is counted of its frames. */
  isCounted(kind: number): boolean;
  /** To happen at the message after so many others. */
  arm(simulation: Simulation, after: number): void;
  hasHappened(simulation: Simulation): boolean;
}

const DEATH: Fault = {
  by: 1,
  isCounted: () => true,
  arm: (simulation, after) => simulation.worker(1).crashAfterFrames(after),
  hasHappened: (simulation) => !simulation.worker(1).isRunning,
};

function lying(lie: (after: number) => Lie): Fault {
  return {
    by: 2,
    isCounted: (kind) => kind === FrameKind.ROUND,
    arm: ({ adversary }, after) => {
      adversary.corrupt(2);
      adversary.plan(2, lie(after));
    },
    hasHappened: ({ adversary }) => adversary.lies > 0,
  };
}

const LIE = lying((after) => ({ kind: "alter", alteration: "add one", after }));
const SWAP = lying((after) => ({ kind: "swap", numbered: "anew", after }));
const LATE = lying((after) => ({ kind: "swap", numbered: "as sent", after }));

/** One request, and its fault. @returns whether that happened, how many messages there were, and what was signed */
function turn(size: CommitteeSize, { query, parameters, isSealed }: Question, fault: Fault, after: number) {
  return Simulation.with({ ...size, seed: `every message ${size.n}` }, async (simulation) => {
    await simulation.begin();
    const { time, observer } = simulation;
    const before = observer.traffic.length;
    fault.arm(simulation, after);
    simulation.ask(query, parameters, simulation.datasetIds(), isSealed);
    const isOver = (): boolean => fault.hasHappened(simulation) || states(simulation).includes(RequestState.ANSWERED);
    assert.ok(await time.until(isOver, time.nowMs + 30 * BLOCK_MS), `nothing happens, message ${after}`);
    await simulation.pass(8 * BLOCK_MS);
    const happened = fault.hasHappened(simulation);
    simulation.heal();
    assert.ok(await simulation.settle(), `not settled, message ${after}`);
    assert.deepEqual(states(simulation), [RequestState.ANSWERED], `not answered once all are well, message ${after}`);
    verify(simulation);
    assert.deepEqual(observer.violations, [], `message ${after}`);
    const sent = observer.traffic.slice(before).filter(({ from, kind }) => from === fault.by && fault.isCounted(kind));
    const attempts = new Set(observer.signed.map(({ attempt }) => attempt));
    return { happened, messages: sent.length, attempts };
  });
}

function states(simulation: Simulation): number[] {
  return simulation.requests().map(([, { state }]) => state);
}

/** What `sweep` asserts of every turn. */
const OUTCOME = "nothing opens that must not, and the request is answered all the same";
/** A request is no fewer, at any size: below that the sweep would leave something out. */
const LEAST_MESSAGES = 60;

async function sweep(
  size: CommitteeSize,
  question: Question,
  fault: Fault,
  stride = budget.messageStride,
): Promise<void> {
  for (let after = 0; ; after += stride) {
    const { happened, messages } = await turn(size, question, fault, after);
    if (happened) continue;
    assert.ok(messages <= after, `there are ${messages} messages, and no fault at that after ${after}`);
    assert.ok(messages >= LEAST_MESSAGES, `only ${messages} messages`);
    return;
  }
}

describe("a participant", () => {
  for (const [size, question] of [
    [{ n: 3, t: 1 }, SUMS],
    [
      { n: 5, t: 2 },
      { ...SUMS, isSealed: true },
    ],
  ] as const) {
    it(`that dies after any of its messages: ${OUTCOME}, ${sizeName(size)}`, () => sweep(size, question, DEATH));
  }

  it("whose fault does not happen is noticed", async () => {
    const never = { ...DEATH, arm: () => undefined };
    await assert.rejects(sweep({ n: 3, t: 1 }, SUMS, never), /no fault at that after 0/);
  });

  it(`that lies in any of its messages: ${OUTCOME}`, () => sweep({ n: 4, t: 1 }, SUMS, LIE));

  it(`that lies where lines of values are merged: ${OUTCOME}`, () =>
    sweep({ n: 3, t: 1 }, QUANTILE, LIE, 4 * budget.messageStride));

  it(`that sends any of its messages in place of the one before: ${OUTCOME}`, () => sweep({ n: 4, t: 1 }, SUMS, SWAP));

  it("whose messages overtake each other costs nothing where they are numbered as they were sent, else the attempt", async () => {
    for (const [fault, attempt] of [
      [LATE, 1n],
      [SWAP, 2n],
    ] as const) {
      const { happened, attempts } = await turn({ n: 3, t: 1 }, SUMS, fault, 20);
      assert.deepEqual([happened, attempts], [true, new Set([attempt])]);
    }
  });
});
