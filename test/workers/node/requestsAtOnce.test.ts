/**
 * Several requests of one study at once, in any order of what their participants do: of two that open outputs one is tested against
 * the other; and where nobody lies or is late, nothing is recorded by some that others must refuse.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { id } from "ethers";
import { isCoded } from "../../../workers/errors.ts";
import type { Openings } from "../../../workers/node/disclosureHistory.ts";
import type { ConfirmedRequest } from "../../../workers/node/requestModules.ts";
import type { History } from "../../../workers/protocols/agreeHistory.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { memoryParent } from "../../support/memoryParent.ts";
import { BLOCK, STUDY_K, type Worker, answered, follow, request, workerIn } from "./historyWorld.ts";

const REQUESTS = 3;
const MOST_STEPS = 600;

/** Below some number. */
type Choose = (below: number) => number;

/** What one participant has come to. */
interface Part {
  readonly worker: Worker;
  readonly history: History;
  openings: Openings | undefined;
  stage: "agreed" | "planned" | "tests" | "outputs" | "ended";
}

interface Asked {
  readonly about: ConfirmedRequest;
  attempt: bigint;
  parts: Part[];
  /** What its answer was tested against. */
  answeredWith: History | undefined;
}

class Study {
  readonly asked: readonly Asked[];
  readonly #workers: readonly Worker[];
  readonly #participants: number;
  readonly #choose: Choose;
  readonly #stops: boolean;
  /** In the order of their blocks. */
  readonly #posted: ConfirmedRequest[] = [];
  /** How many of them each has followed. */
  readonly #followed: number[];
  /** Whether some participant refused what another had recorded. */
  isTorn = false;

  /** @param stops attempts are given up at any time */
  constructor(workers: readonly Worker[], t: number, name: string, stops: boolean, choose: Choose) {
    this.#workers = workers;
    this.#participants = 2 * t + 1;
    this.#stops = stops;
    this.#choose = choose;
    this.asked = Array.from({ length: REQUESTS }, (_, at) => {
      const context = { studyId: id(name) };
      const about = request(workers, `${name} ${at}`, { block: BLOCK + at, context });
      return { about, attempt: 0n, parts: [], answeredWith: undefined };
    });
    this.#followed = workers.map(() => 0);
  }

  get isOver(): boolean {
    return this.asked.every(({ answeredWith }) => answeredWith !== undefined);
  }

  async step(): Promise<void> {
    if (this.#choose(3) === 0) return this.#follow(this.#choose(this.#workers.length));
    const one = this.asked[this.#choose(REQUESTS)]!;
    if (one.answeredWith !== undefined) return;
    if (one.parts.every(({ stage }) => stage === "ended")) return await this.#begin(one);
    if (this.#stops && this.#choose((isHalfRecorded(one) ? 1 : 4) * this.#participants) === 0) return this.#stop(one);
    const going = one.parts.filter((part) => this.#mayGoOn(one, part));
    if (going.length > 0) this.#goOn(one, going[this.#choose(going.length)]!);
    if (one.parts.every(({ stage }) => stage === "outputs")) this.#answer(one);
  }

  /** The next attempt of some participants: they agree, and look what the others asked. */
  async #begin(one: Asked): Promise<void> {
    const { about } = one;
    one.attempt += 1n;
    const chosen = [...this.#workers];
    while (chosen.length > this.#participants) chosen.splice(this.#choose(chosen.length), 1);
    // The first was taken with the request.
    if (one.attempt > 1n) for (const { store } of this.#workers) takeAttempt(store, about, one.attempt);
    const networks = loopbackNetworks(partiesOf(chosen.length));
    const outcomes = await Promise.allSettled(
      chosen.map(async ({ history }, at) => {
        try {
          const agreed = await history.agree(about, networks[at]!);
          await history.resolve(about, agreed, STUDY_K);
          return agreed;
        } catch (error) {
          networks[at]!.close();
          throw error;
        }
      }),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected" && !isCoded(outcome.reason)) throw outcome.reason;
    const isAgreed = outcomes.every(({ status }) => status === "fulfilled");
    one.parts = chosen.map((worker, at): Part => {
      const outcome = outcomes[at]!;
      const history = outcome.status === "fulfilled" ? outcome.value : { requestIds: [], block: 0, followed: 0 };
      return { worker, history, openings: undefined, stage: "agreed" };
    });
    if (!isAgreed) this.#stop(one);
  }

  /** Tests are recorded when all have planned, outputs when all have recorded tests: they wait for each other's messages. */
  #mayGoOn({ parts }: Asked, { stage }: Part): boolean {
    const all = (...stages: readonly Part["stage"][]): boolean => parts.every((part) => stages.includes(part.stage));
    if (stage === "planned") return all("planned", "tests");
    if (stage === "tests") return all("tests", "outputs");
    return stage === "agreed";
  }

  #goOn(one: Asked, part: Part): void {
    try {
      if (part.stage === "agreed") {
        part.openings = part.worker.history.openings(one.about, one.attempt, part.history);
        part.stage = "planned";
        return;
      }
      const stage = part.stage === "planned" ? "tests" : "outputs";
      part.openings!.aboutToOpen(stage === "tests" ? { stage } : { stage, hidden: [] });
      part.stage = stage;
    } catch (error) {
      if (!isCoded(error)) throw error;
      if (part.stage !== "agreed") this.isTorn = true;
      this.#stop(one);
    }
  }

  #stop(one: Asked): void {
    for (const part of one.parts) {
      if (part.stage !== "ended") part.worker.history.end(one.about);
      part.stage = "ended";
    }
  }

  #answer(one: Asked): void {
    this.#stop(one);
    const [first, ...others] = one.parts.map(({ history }) => history);
    for (const other of others) assert.deepEqual(other.requestIds, first!.requestIds);
    one.answeredWith = first;
    this.#posted.push(one.about);
  }

  #follow(at: number): void {
    const about = this.#posted[this.#followed[at]!];
    if (about === undefined) return;
    this.#followed[at]! += 1;
    const worker = this.#workers[at]!;
    const block = BLOCK + REQUESTS + this.#followed[at]!;
    answered(worker, about, block);
    worker.store.requests.settle(about.event.requestId, "answered");
    follow(worker.store, block);
  }
}

/** What others cannot know of is what matters most. */
function isHalfRecorded({ parts }: Asked): boolean {
  const stages = new Set(parts.map(({ stage }) => stage));
  return stages.has("planned") && stages.has("tests");
}

/** Whoever has seen the answer takes part in nothing more of it. */
function takeAttempt({ requests }: Worker["store"], { event: { requestId } }: ConfirmedRequest, attempt: bigint): void {
  if (requests.get(requestId)?.state === "pending") requests.takeAttempt(requestId, attempt);
}

/** Numbers that follow from a seed, so that a case is told by it. */
function chooseFrom(seed: number): Choose {
  let at = 0;
  return (below) => {
    const digest = createHash("sha256")
      .update(`${seed} ${(at += 1)}`)
      .digest();
    return digest.readUInt32BE() % below;
  };
}

/** At n = 3t + 1 two sets of participants have the fewest in common that will do. */
describe("requests of one study at once", () => {
  for (const [n, t] of [
    [3, 1],
    [4, 1],
    [7, 2],
  ] as const) {
    it(`are each answered, none torn between participants, where nobody is late, n = ${n}, t = ${t}`, async (test) => {
      await run(test, n, t, false, (study) => {
        assert.ok(study.isOver, "all are answered");
        assert.ok(!study.isTorn, "recorded by some, and refused by others");
      });
    });

    it(`are tested one against the other, wherever their attempts are stopped, n = ${n}, t = ${t}`, async (test) => {
      await run(test, n, t, true, () => undefined);
    });
  }

  async function run(
    test: TestContext,
    n: number,
    t: number,
    stops: boolean,
    check: (study: Study) => void,
  ): Promise<void> {
    const workers = Array.from({ length: n }, () => workerIn(test, memoryParent()));
    let [runs, answers] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.nat()), async (seed) => {
        const choose = chooseFrom(seed);
        const study = new Study(workers, t, `${stops} ${(runs += 1)}`, stops, choose);
        for (let step = 0; step < MOST_STEPS && !study.isOver; step += 1) await study.step();
        check(study);
        const opened = study.asked.flatMap(({ about, answeredWith }) =>
          answeredWith === undefined ? [] : [{ id: about.event.requestId.toLowerCase(), ...answeredWith }],
        );
        answers += opened.length;
        for (const [at, one] of opened.entries())
          for (const other of opened.slice(at + 1))
            assert.ok(
              one.requestIds.includes(other.id) || other.requestIds.includes(one.id),
              "neither knows the other",
            );
      }),
      { numRuns: (n === 4 ? 2 : 0.5) * budget.protocolRuns },
    );
    assert.ok(answers > runs, `${answers} answers in ${runs} runs`);
  }
});
