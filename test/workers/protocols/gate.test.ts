import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import type { GatePlan, SizeTest } from "../../../workers/messages/gatePlan.ts";
import type { GateResult } from "../../../workers/protocols/gate.ts";
import { openThroughGate } from "../../../workers/protocols/gate.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { sizeName } from "../sharing/committees.ts";
import {
  atLeast,
  closeNothing,
  decideClear,
  gateCase,
  oppositeGates,
  randomGateCase,
  workedDecision,
  workedGate,
} from "./gateCase.ts";
import type { GateCase } from "./gateCase.ts";
import { gateProgram, runGate, settleGate } from "./gateRuns.ts";
import { noHooks } from "./ungatedPlan.ts";
import { World } from "./world.ts";

const WORD = 32;
const smallest = { n: 3, t: 1 };
const parties = partiesOf(3);

for (const size of [smallest, { n: 4, t: 1 }, { n: 5, t: 2 }]) {
  const participants = partiesOf(2 * size.t + 1);

  describe(`openThroughGate, ${sizeName(size)}`, () => {
    it("decides and opens as over plain numbers", async () => {
      const choices = subsets(partiesOf(size.n), 2 * size.t + 1);
      const property = fc.asyncProperty(
        randomGateCase,
        fc.constantFrom(...choices),
        fc.string(),
        async (example, chosen, seed) => {
          const { values } = await runGate(new World(size, seed), chosen, example);
          const expected = await decideClear(example);
          for (const result of values) assert.deepEqual(result, expected);
        },
      );
      await fc.assert(property, {
        numRuns: budget.protocolRuns,
        examples: [[workedGate(), choices.at(-1) as PartyIndex[], "worked"]],
      });
    });

    it("takes its steps in order, one opening for each decision", async () => {
      assert.deepEqual(await decideClear(workedGate()), workedDecision);
      const { values, traces } = await runGate(new World(size, "steps"), participants, workedGate());
      for (const result of values) assert.deepEqual(result, workedDecision);
      for (const trace of traces) {
        assert.deepEqual(rounds(trace.map(({ step }) => step)), [
          "inputs/ready",
          "products/1 ×2",
          "sums ×2",
          "gate/pairs ×2",
          "gate/tree/1 ×2",
          "gate/bits ×2",
          "verify ×11",
          "tests/ready",
          "cohort",
          "zeros",
          "groups",
          ...[1, 2].flatMap((turn) => [
            `lines/${turn}/pairs ×2`,
            `lines/${turn}/bits ×2`,
            `lines/${turn}/verify ×7`,
            `lines/${turn}/ready`,
            `lines/${turn}/open`,
          ]),
          "outputs/ready",
          "outputs",
        ]);
        const bits = { cohort: 1, zeros: 1, groups: 5, "lines/1/open": 1, "lines/2/open": 1, outputs: 2 };
        for (const [step, elements] of Object.entries(bits)) {
          const sent = trace.find((entry) => entry.step === step)?.bytesSent;
          assert.equal(sent, 2 * size.t * WORD * elements, step);
        }
      }
    });

    it("sends the same frames, in order and size, for opposite secrets with the same public outcome", async () => {
      const logs = await Promise.all(
        oppositeGates().map(async (each) => {
          const { values, frames } = await runGate(new World(size, "traffic"), participants, each);
          assert.deepEqual(hiddenOf(values[0]), [0, 1, 2]);
          return frames.map(({ step, from, to, payload }) => `${step} ${from}->${to} ${payload.length}`);
        }),
      );
      assert.deepEqual(logs[0], logs[1]);
      assert(logs[0]?.some((frame) => frame.startsWith("lines/1/open")));
    });
  });
}

describe("the gate refuses", () => {
  const rules = { groups: [{ outputs: [0], tests: [atLeast(3, 1)] }], close: closeNothing };

  it("a cohort of 1 … k − 1 or 0, and nothing else is ever sent; not one of k", async () => {
    for (const size of [0, 1, 2, 3]) {
      const example = gateCase(
        { measures: [77n], sizes: [size, 40] },
        { ...rules, cohort: [atLeast(3, 1), atLeast(3, 0)], zeros: [atLeast(3, 0)] },
      );
      const stages: string[] = [];
      const hooks = { aboutToOpen: ({ stage }: { readonly stage: string }) => void stages.push(stage) };
      const { outcomes, frames } = await settleGate(new World(smallest, "cohort"), parties, example, {}, () => hooks);
      for (const outcome of outcomes) {
        assert(outcome.status === "fulfilled");
        assert.equal(outcome.value.refused, size < 3, `size ${size}`);
      }
      if (size >= 3) continue;
      assert.equal(frames.at(-1)?.step, "cohort");
      const after = frames.filter(({ step }) => ["zeros", "groups", "outputs/ready", "outputs"].includes(step));
      assert.deepEqual(after, []);
      const opened = frames.filter(({ step }) => step === "cohort");
      for (const { payload } of opened) assert.equal(payload.length, WORD, "one bit");
      assert.deepEqual(stages, ["tests", "tests", "tests"], "nobody is about to open outputs");
    }
  });

  it("in the same words whichever test of the cohort fails", async () => {
    const logs = [];
    for (const sizes of [
      [1, 40, 40],
      [40, 2, 40],
      [40, 40, 0],
      [0, 1, 2],
    ]) {
      const cohort = [0, 1, 2].map((size) => atLeast(3, size));
      const example = gateCase({ measures: [77n], sizes }, { ...rules, cohort, zeros: [] });
      const { values, frames } = await runGate(new World(smallest, "which"), parties, example);
      for (const result of values) assert.deepEqual(result, { refused: true });
      logs.push(frames.map(({ step, from, to, payload }) => `${step} ${from}->${to} ${payload.length}`));
    }
    for (const log of logs) assert.deepEqual(log, logs[0]);
  });
});

describe("the gate hides", () => {
  it("sets of size 0 unless zeros may be shown", async () => {
    for (const [zeroSize, isShown] of [
      [0, false],
      [2, false],
      [3, true],
    ] as const) {
      const [hidden, shown] = [hiddenOf(await resultOf(workedGate({ zeroSize }))), [0, 1, 2, 3, 4]];
      assert.deepEqual(hidden, isShown ? shown : [...shown, 5, 6]);
    }
    const withoutTest = { ...workedGate(), plan: { ...workedGate().plan, zeros: [] } };
    const { values, frames } = await runGate(new World(smallest, "zeros"), parties, withoutTest);
    assert.deepEqual(values[0], workedDecision);
    assert(frames.every(({ step }) => step !== "zeros"));
  });

  it("by each rule for zero, at k − 1, k and 0", async () => {
    const sizes = [2, 3, 0];
    for (const zero of ["fails", "passes", "ifShown"] as const) {
      for (const zeroSize of [2, 3]) {
        const groups = sizes.map((_, index) => ({ outputs: [index], tests: [atLeast(3, index, zero)] }));
        const rules = { cohort: [], zeros: [atLeast(3, 3)], groups, close: closeNothing };
        const result = await resultOf(gateCase({ measures: [1n, 2n, 3n], sizes: [...sizes, zeroSize] }, rules));
        const isZeroHidden = zero === "fails" || (zero === "ifShown" && zeroSize < 3);
        assert.deepEqual(hiddenOf(result), isZeroHidden ? [0, 2] : [0], `zero ${zero}, decided by ${zeroSize}`);
      }
    }
  });

  it("without ever sending a share of what it hides, or of a size", async () => {
    const example = workedGate();
    const untested = example.plan.groups.map(({ outputs }) => ({ outputs, tests: [] }));
    const open = { ...example.plan, cohort: [], zeros: [], groups: untested, close: closeNothing };
    // Plain sums of columns, whose shares are known beforehand: measures 1 and 4, sizes 0, 3 and 6.
    const plain = [1, 4, 7, 10, 13];
    for (const [plan, travelling] of [
      [example.plan, []],
      [open, [1, 4]],
    ] as const) {
      const world = new World(smallest, "hidden shares");
      const shares = world.share(example.columns);
      const { frames } = await world.runAll(parties, (session) =>
        openThroughGate(session, plan, shares[session.network.self - 1] as FieldVector[], "data", noHooks),
      );
      const outputs = frames.filter(({ step }) => step === "outputs");
      for (const { payload } of outputs) assert.equal(payload.length, WORD * (travelling.length === 0 ? 2 : 7));
      const words = new Set(frames.flatMap(wordsOf));
      for (const own of shares) {
        const seen = plain.filter((position) => words.has(field.sum(own[position + 1] as FieldVector)));
        assert.deepEqual(seen, travelling);
      }
    }
  });

  it("everything, if need be: an answer without outputs", async () => {
    const groups = [{ outputs: [0], tests: [atLeast(3, 0)] }];
    const example = gateCase({ measures: [9n], sizes: [1] }, { cohort: [], zeros: [], groups, close: closeNothing });
    assert.deepEqual(await resultOf(example), { refused: false, hidden: [0], outputs: [0n] });
  });

  it("groups for public reasons alone, without a bit", async () => {
    const groups = [0, 1].map((cell) => ({ outputs: [cell], tests: [] }));
    const close: GatePlan["close"] = (hidden) => ({ hidden: new Set([...hidden, 1]), lines: [] });
    const stages: string[] = [];
    const hooks = { aboutToOpen: ({ stage }: { readonly stage: string }) => void stages.push(stage) };
    const example = gateCase({ measures: [4n, 5n], sizes: [] }, { cohort: [], zeros: [], groups, close });
    const { outcomes, frames } = await settleGate(new World(smallest, "public"), parties, example, {}, () => hooks);
    for (const outcome of outcomes) {
      assert.deepEqual(outcome, { status: "fulfilled", value: { refused: false, hidden: [1], outputs: [4n, 0n] } });
    }
    const all = ["tests", "outputs"].flatMap((stage) => [stage, stage, stage]);
    assert.deepEqual(stages, all, "all have recorded that something may open before any records outputs");
    assert(frames.every(({ step }) => !/^(lines|gate)/.test(step)));
  });

  it("a line's sacrifice once, and tests a line once, also when it comes back", async () => {
    const test: SizeTest = { terms: [[0, 1]], constant: 0, last: 2, zero: "ifShown" };
    const passing = { ...test, terms: [[1, 1]] as const };
    const close: GatePlan["close"] = (hidden) => ({
      hidden,
      // The first fails for 0, then for 1, which is known by then; the last has no consequence left.
      lines: [
        { tests: [passing], sacrifice: [2] },
        { tests: [test], sacrifice: [hidden.has(0) ? 1 : 0] },
        { tests: [{ ...test, last: 1 }], sacrifice: [3] },
      ],
    });
    const groups = [0, 1, 2, 3].map((cell) => ({ outputs: [cell], tests: cell === 3 ? [atLeast(3, 0)] : [] }));
    const rules = { cohort: [], zeros: [], groups, close };
    const example = gateCase({ measures: [1n, 2n, 3n, 4n], sizes: [2, 3] }, rules);
    const { values, traces } = await runGate(new World(smallest, "lines"), parties, example);
    assert.deepEqual(hiddenOf(values[0]), [0, 1, 3]);
    const opened = traces[0]?.filter(({ step }) => /^lines.*open$/.test(step) && !step.includes("verify"));
    assert.deepEqual(opened, [{ step: "lines/1/open", bytesSent: 2 * 2 * WORD }]);
  });
});

describe("the gate asks one bit of a line with several tests", () => {
  it("and hides all of its sacrifice that is shown when any of them fails", async () => {
    for (const [sizes, hidden] of [
      [[3, 3], [3]],
      [
        [2, 3],
        [0, 1, 3],
      ],
      [
        [3, 2],
        [0, 1, 3],
      ],
    ] as const) {
      const tests = [atLeast(3, 0), atLeast(3, 1)];
      const close: GatePlan["close"] = (given) => ({ hidden: given, lines: [{ tests, sacrifice: [0, 1, 3] }] });
      const groups = [0, 1, 2, 3].map((cell) => ({ outputs: [cell], tests: cell === 3 ? [atLeast(4, 0)] : [] }));
      const example = gateCase({ measures: [1n, 2n, 3n, 4n], sizes }, { cohort: [], zeros: [], groups, close });
      const { values, traces } = await runGate(new World(smallest, "several"), parties, example);
      assert.deepEqual(hiddenOf(values[0]), hidden);
      const opened = traces[0]?.filter(({ step }) => /^lines.*open$/.test(step) && !step.includes("verify"));
      assert.deepEqual(opened, [{ step: "lines/1/open", bytesSent: 2 * WORD }]);
    }
  });

  it("and hides nothing for a line of groups of which one before it hides any", async () => {
    for (const [groups, hidden] of [
      [
        [1, 2],
        [0, 1],
      ],
      [[2], [0, 1, 2]],
    ] as const) {
      const close: GatePlan["close"] = (given) => ({
        hidden: given,
        // Once the first has hidden its own, the second is about others, which pass.
        lines: [
          { tests: [atLeast(3, 0)], sacrifice: [1] },
          { tests: [atLeast(given.has(1) ? 1 : 4, 1)], sacrifice: [2], groups },
        ],
      });
      const tested = [0, 1, 2].map((cell) => ({ outputs: [cell], tests: cell === 0 ? [atLeast(3, 0)] : [] }));
      const rules = { cohort: [], zeros: [], groups: tested, close };
      const example = gateCase({ measures: [1n, 2n, 3n], sizes: [2, 2] }, rules);
      const { values } = await runGate(new World(smallest, "about others"), parties, example);
      assert.deepEqual(hiddenOf(values[0]), hidden);
    }
  });
});

describe("a plan that is none is a bug", () => {
  it("and is refused before anything is sent", async () => {
    const { plan } = workedGate();
    const first = plan.groups[0]!;
    const rest = plan.groups.slice(1);
    const wrong: [RegExp, Partial<GatePlan>][] = [
      [/more measures than outputs/, { measures: plan.circuit.outputs.length + 1 }],
      [/exactly one group/, { groups: rest }],
      [/exactly one group/, { groups: [...plan.groups, first] }],
      [/cannot depend on it/, { zeros: [atLeast(3, 1, "ifShown")] }],
      [/cannot depend on it/, { cohort: [atLeast(3, 1, "ifShown")] }],
      [/no size 8/, { cohort: [atLeast(3, 8)] }],
      [/no size -1/, { groups: [{ ...first, tests: [atLeast(3, -1)] }, ...rest] }],
      [/whole numbers/, { cohort: [{ ...atLeast(3, 0), last: 1.5 }] }],
      [/whole numbers/, { cohort: [{ ...atLeast(3, 0), last: -1 }] }],
      [/whole numbers/, { cohort: [{ ...atLeast(3, 0), constant: 2 ** 60 }] }],
      [
        /each size once/,
        {
          cohort: [
            {
              ...atLeast(3, 0),
              terms: [
                [0, 1],
                [0, 1],
              ],
            },
          ],
        },
      ],
    ];
    for (const [message, change] of wrong) {
      const frames = await assertBug({ ...workedGate(), plan: { ...plan, ...change } }, message);
      assert(frames.every(({ step }) => step.startsWith("keys/")));
    }
  });

  it("also when closing shows a group again, names a group or a size that there is not", async () => {
    const { plan } = workedGate();
    const line = { tests: [atLeast(3, 0)], sacrifice: [5] };
    const closures: [RegExp, GatePlan["close"]][] = [
      [/shows group 0 again/, () => ({ hidden: new Set([1]), lines: [] })],
      [/no group 6/, (hidden) => ({ hidden: new Set([...hidden, 6]), lines: [] })],
      [/no group 8/, (hidden) => ({ hidden, lines: [{ ...line, groups: [8] }] })],
      [/no group 7/, (hidden) => ({ hidden, lines: [{ ...line, sacrifice: [5, 7] }] })],
      [/no size 9/, (hidden) => ({ hidden, lines: [{ ...line, tests: [...line.tests, atLeast(3, 9)] }] })],
    ];
    for (const [message, close] of closures) {
      const frames = await assertBug({ ...workedGate(), plan: { ...plan, close } }, message);
      assert(frames.every(({ step }) => !step.startsWith("outputs")));
    }
  });

  it("a second plan under the same keys is refused: its masks would repeat", async () => {
    const world = new World(smallest, "reuse");
    const program = gateProgram(world, workedGate());
    const { outcomes } = await world.run(parties, async (session) => {
      await program(session);
      return program({ ...session, keys: { ...session.keys } });
    });
    for (const outcome of outcomes) {
      assert(outcome.status === "rejected" && outcome.reason instanceof assert.AssertionError);
      assert.match(outcome.reason.message, /already used/);
    }
  });
});

describe("masks", () => {
  it("never repeat: other attempts on the same data send other words everywhere", async () => {
    const world = new World(smallest, "attempts");
    const program = gateProgram(world, workedGate());
    const seen = new Set<bigint>();
    let words = 0;
    for (const attempt of [1n, 2n, 2n]) {
      const { frames } = await world.runAll(parties, program, { attempt });
      for (const frame of frames) {
        // What goes to both peers alike counts once; measure 5 is an unmasked sum, whose polynomial the dealer made.
        const isMasked = !/^(keys|.*ready$|.*return$|outputs$)/.test(frame.step);
        const isFirst = frame.step.endsWith("collect") || frame.to === parties.find((party) => party !== frame.from);
        if (!isMasked || !isFirst) continue;
        for (const word of wordsOf(frame)) {
          seen.add(word);
          words++;
        }
      }
    }
    assert.equal(seen.size, words);
  });
});

async function resultOf(example: GateCase): Promise<GateResult | undefined> {
  const { values } = await runGate(new World(smallest, "result"), parties, example);
  for (const result of values) assert.deepEqual(result, await decideClear(example));
  return values[0];
}

async function assertBug(example: GateCase, message: RegExp): Promise<readonly LoopbackFrame[]> {
  const { outcomes, frames } = await settleGate(new World(smallest, "bug"), parties, example);
  for (const outcome of outcomes) {
    assert(outcome.status === "rejected" && outcome.reason instanceof assert.AssertionError, String(message));
    assert.match(outcome.reason.message, message);
  }
  return frames;
}

function hiddenOf(result: GateResult | undefined): readonly number[] {
  assert(result?.refused === false);
  return result.hidden;
}

function wordsOf({ payload }: LoopbackFrame): bigint[] {
  return Array.from({ length: payload.length / WORD }, (_, index) =>
    BigInt(`0x${Buffer.from(payload.subarray(index * WORD, (index + 1) * WORD)).toString("hex")}`),
  );
}

/** Rounds of one step, or of one verification, together. */
function rounds(steps: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const step of steps) {
    const name = step.replace(/\/(collect|return)$/, "").replace(/(^|\/)verify\/.*/, "$1verify");
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`));
}
