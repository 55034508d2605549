import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { isCoded } from "../../../workers/errors.ts";
import type { CodedError } from "../../../workers/errors.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import type { Circuit } from "../../../workers/messages/circuit.ts";
import { evaluateCircuit } from "../../../workers/protocols/evaluateCircuit.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { reconstruct } from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { circuitCase, evaluateClear, levelSizes } from "./clearCircuit.ts";
import type { CircuitCase } from "./clearCircuit.ts";
import { World } from "./world.ts";

const WORD = 32;
/** How long a round waits for a party that never answers; must outlast the computing of one round. */
const SILENCE_MS = 250;

/** Two product levels: a·b and c·c, then (a·b)·(c·c). Opens Σ a·b, Σ (a·b)·(b + c), Σ c, Σ (a·b)·(c·c) and Σ 0·a. */
const circuit: Circuit = {
  columns: ["0x0a", "0x0b", "0x0c"],
  products: [
    { left: form([0, 1n]), right: form([1, 1n]) },
    { left: form([2, 1n]), right: form([2, 1n]) },
    { left: { columns: [], products: [[0, 1n]] }, right: { columns: [], products: [[1, 1n]] } },
  ],
  outputs: [
    { left: form([0, 1n]), right: form([1, 1n]) },
    { left: { columns: [], products: [[0, 1n]] }, right: form([1, 1n], [2, 1n]) },
    { left: form([2, 1n]), right: undefined },
    { left: { columns: [], products: [[2, 1n]] }, right: undefined },
    { left: form(), right: form([0, 1n]) },
  ],
};
const columns = [
  [1n, 0n, 1n, 1n, 0n],
  [3n, 5n, 0n, 7n, 11n],
  [2n, 2n, 9n, 1n, 0n],
];
/** By hand. */
const worked = [10n, 71n, 14n, 19n, 0n];
const fixed: CircuitCase = { circuit, columns, rows: 5 };

for (const size of committees) {
  const everyChoice = subsets(partiesOf(size.n), 2 * size.t + 1);

  describe(`evaluateCircuit, ${sizeName(size)}`, () => {
    it("equals the clear text for every choice of 2t + 1 participants", async () => {
      for (const participants of everyChoice) {
        const { values } = await evaluate(new World(size, "every choice"), participants, fixed);
        for (const outputs of values) assert.deepEqual(outputs, worked);
      }
    });

    it("equals the clear text on random circuits", async () => {
      const property = fc.asyncProperty(
        circuitCase,
        fc.constantFrom(...everyChoice),
        fc.string(),
        async (example, participants, seed) => {
          const { values } = await evaluate(new World(size, seed), participants, example);
          const expected = evaluateClear(example);
          for (const outputs of values) assert.deepEqual(outputs, expected);
        },
      );
      await fc.assert(property, { numRuns: budget.protocolRuns });
    });

    it("takes the documented rounds and bytes", async () => {
      const property = fc.asyncProperty(circuitCase, fc.constantFrom(...everyChoice), async (example, participants) => {
        const { frames, traces } = await evaluate(new World(size, "cost"), participants, example);
        const expected = participants.map((_, position) => documentedCost(example, position, size.t));
        assert.deepEqual(traces, expected);
        const peers = participants.length - 1;
        const rounds = 2 + 2 * levelSizes(example.circuit).length + 1;
        assert.equal(frames.length, rounds * participants.length * peers, "one frame per peer and round");
        for (const [position, party] of participants.entries()) {
          for (const { step, bytesSent } of expected[position] ?? []) {
            const sent = frames.filter((frame) => frame.from === party && frame.step === step);
            assert.equal(sum(sent.map(({ payload }) => payload.length)), bytesSent);
          }
        }
      });
      await fc.assert(property, { numRuns: Math.ceil(budget.protocolRuns / 4) });
    });

    it("sends the same frames, in order and size, for opposite secrets", async () => {
      const opposite = { ...fixed, columns: columns.map((column) => column.map((value) => (value === 0n ? 1n : 0n))) };
      const participants = everyChoice[0] as PartyIndex[];
      const runs = await Promise.all(
        [fixed, opposite].map((example) => evaluate(new World(size, "traffic"), participants, example)),
      );
      const [left, right] = runs.map(({ frames }) =>
        frames.map(({ step, from, to, payload }) => `${step} ${from}->${to} ${payload.length}`),
      );
      assert.deepEqual(left, right);
    });

    it("takes exactly 2t + 1 participants", async () => {
      for (const count of [2 * size.t, 2 * size.t + 2].filter((each) => each <= size.n)) {
        const participants = partiesOf(count);
        const { outcomes, frames } = await new World(size, "count").run(participants, () => Promise.resolve());
        assert.equal(frames.length, 0, "nothing was sent");
        for (const outcome of outcomes) {
          assertRejected(outcome, "PROTOCOL_WRONG_PARTICIPANTS");
        }
      }
    });

    it("names the participant whose payload is not canonical, without a share in the message", async () => {
      const participants = everyChoice.at(-1) as PartyIndex[];
      const steps = ["products/1/collect", "products/1/return", "products/2/collect", "products/2/return", "outputs"];
      for (const step of steps) {
        const [liar, victim] = [participants[0] as PartyIndex, participants[1] as PartyIndex];
        const world = new World(size, "not canonical");
        const tamper = onFrame(step, liar, victim, (payload) => {
          payload.fill(0xff, 0, WORD);
          return payload;
        });
        // 7 rows: every block has an element
        const example = { ...fixed, rows: 7, columns: columns.map((column) => [...column, 1n, 1n]) };
        const { outcomes, frames } = await evaluateSettled(world, participants, example, { tamper });
        const failed = outcomes[participants.indexOf(victim)];
        assert(failed !== undefined);
        const error = assertRejected(failed, "PROTOCOL_BAD_PAYLOAD");
        assert.deepEqual(error.detail, { code: "PROTOCOL_BAD_PAYLOAD", peer: liar, step });
        assert(isCoded(error.cause, "FIELD_NOT_CANONICAL"));
        assertNoShare(error, frames);
        for (const outcome of outcomes) if (outcome.status === "fulfilled") assert.equal(step, "outputs");
      }
    });

    it("names the participant whose payload has another length", async () => {
      const participants = everyChoice[0] as PartyIndex[];
      const [liar, victim] = [participants.at(-1) as PartyIndex, participants[0] as PartyIndex];
      const changes: ((payload: Uint8Array) => Uint8Array)[] = [
        (payload) => payload.subarray(1),
        (payload) => payload.subarray(WORD),
        (payload) => Buffer.concat([payload, new Uint8Array(WORD)]),
        () => new Uint8Array(0),
      ];
      for (const change of changes) {
        for (const step of ["products/1/collect", "outputs"]) {
          const example = { ...fixed, rows: 7, columns: columns.map((column) => [...column, 1n, 1n]) };
          const tamper = onFrame(step, liar, victim, change);
          const { outcomes, frames } = await evaluateSettled(new World(size, "length"), participants, example, {
            tamper,
          });
          const error = assertRejected(outcomes[participants.indexOf(victim)], "NETWORK_WRONG_LENGTH");
          assert.equal((error.detail as unknown as { peer: PartyIndex }).peer, liar);
          assertNoShare(error, frames);
        }
      }
    });

    it("names the participant that falls silent, at every round; nobody waits for ever", async () => {
      const participants = everyChoice[0] as PartyIndex[];
      const silent = participants[1] as PartyIndex;
      const steps = ["keys/contributions", "keys/hashes", "products/1/collect", "products/2/return", "outputs"];
      for (const step of steps) {
        let fallen = false;
        const tamper = (frame: LoopbackFrame): Uint8Array | null => {
          if (frame.from === silent && frame.step === step) fallen = true;
          return fallen && frame.from === silent ? null : frame.payload;
        };
        const world = new World(size, "silence");
        const { outcomes } = await evaluateSettled(world, participants, fixed, { tamper, timeoutMs: SILENCE_MS });
        const others = outcomes.filter((_, position) => participants[position] !== silent);
        const timedOut = others.filter((each) => each.status === "rejected" && isCoded(each.reason, "NETWORK_TIMEOUT"));
        assert(timedOut.length > 0);
        for (const outcome of timedOut) {
          const { detail } = assertRejected(outcome, "NETWORK_TIMEOUT");
          assert.deepEqual(detail, {
            code: "NETWORK_TIMEOUT",
            peer: silent,
            missing: [silent],
            step,
            timeoutMs: SILENCE_MS,
          });
        }
        for (const outcome of others) {
          assert(outcome.status === "rejected" && isCoded(outcome.reason));
          assert(["NETWORK_TIMEOUT", "NETWORK_ABORTED"].includes(outcome.reason.code), outcome.reason.code);
        }
      }
    });
  });
}

describe("evaluateCircuit", () => {
  const size = { n: 4, t: 1 };
  const participants = partiesOf(3);

  it("opens zeros for no rows, through every round", async () => {
    const example = { ...fixed, rows: 0, columns: [[], [], []] };
    const { values, traces } = await evaluate(new World(size, "no rows"), participants, example);
    for (const outputs of values) assert.deepEqual(outputs, [0n, 0n, 0n, 0n, 0n]);
    for (const trace of traces) assert.equal(trace.length, 5);
  });

  it("evaluates circuits without products, columns or outputs", async () => {
    const world = new World(size, "degenerate");
    const sumOnly: Circuit = { columns: ["0x0a"], products: [], outputs: [{ left: form([0, 2n]), right: undefined }] };
    const summed = await evaluate(world, participants, { circuit: sumOnly, columns: [[4n, 5n]], rows: 2 });
    for (const outputs of summed.values) assert.deepEqual(outputs, [18n]);
    const constant: Circuit = { columns: [], products: [], outputs: [{ left: form(), right: undefined }] };
    for (const outputs of (await evaluate(world, participants, { circuit: constant, columns: [], rows: 0 })).values) {
      assert.deepEqual(outputs, [0n]);
    }
    const silent: Circuit = { columns: ["0x0a"], products: [], outputs: [] };
    for (const outputs of (await evaluate(world, participants, { circuit: silent, columns: [[1n]], rows: 1 })).values) {
      assert.deepEqual(outputs, []);
    }
  });

  it("refuses columns that are not the circuit's before anything is sent", async () => {
    const world = new World(size, "columns");
    const shares = world.share([[1n], [2n], [3n]]);
    const wrong = (own: readonly FieldVector[]): FieldVector[][] => [
      own.slice(1),
      [...own, world.field.zeros(1)],
      [world.field.zeros(2), ...own.slice(1)],
    ];
    for (const variant of [0, 1, 2]) {
      const { outcomes, frames } = await world.run(participants, (session) => {
        const own = shares[session.network.self - 1] as FieldVector[];
        return evaluateCircuit(session, circuit, wrong(own)[variant] as FieldVector[]);
      });
      for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_WRONG_COLUMNS");
      assert(frames.every(({ step }) => step.startsWith("keys/")));
    }
  });

  it("refuses a circuit whose product uses itself or a later one, as a bug", async () => {
    const loop: Circuit = {
      columns: ["0x0a"],
      products: [{ left: form([0, 1n]), right: { columns: [], products: [[0, 1n]] } }],
      outputs: [],
    };
    const { outcomes } = await evaluateSettled(new World(size, "loop"), participants, {
      circuit: loop,
      columns: [[1n]],
      rows: 1,
    });
    for (const outcome of outcomes) assertAssertion(outcome, /not before it/);
  });

  it("refuses a second circuit under the same keys: its masks would repeat", async () => {
    const world = new World(size, "reuse");
    const shares = world.share(columns);
    const { outcomes } = await world.run(participants, async (session) => {
      const own = shares[session.network.self - 1] as FieldVector[];
      await evaluateCircuit(session, circuit, own);
      return evaluateCircuit({ ...session, keys: { ...session.keys } }, circuit, own);
    });
    for (const outcome of outcomes) assertAssertion(outcome, /already used/);
  });

  it("refuses keys that were agreed among others, for another party or another degree", async () => {
    const world = new World({ n: 5, t: 1 }, "foreign keys");
    const others = [1, 2, 4] as PartyIndex[];
    const foreign = await world.runAll(others, (session) => Promise.resolve(session.keys));
    const { outcomes } = await world.run(participants, (session) => {
      const keys = foreign.values[0] as ProtocolSession["keys"];
      return evaluateCircuit({ ...session, keys }, circuit, []);
    });
    for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_WRONG_PARTICIPANTS");
    const changed = await world.run(participants, (session) => {
      const keys = { ...session.keys, self: ((session.keys.self % 3) + 1) as PartyIndex };
      return evaluateCircuit({ ...session, keys }, circuit, []);
    });
    for (const outcome of changed.outcomes) assertRejected(outcome, "PROTOCOL_WRONG_PARTICIPANTS");
  });

  it("never repeats a mask: other attempts on the same data send other bytes everywhere", async () => {
    const world = new World(size, "attempts");
    const shares = world.share(columns);
    const seen = new Set<string>();
    let words = 0;
    for (const attempt of [1n, 2n, 2n]) {
      const run = await world.runAll(
        participants,
        (session) => {
          return evaluateCircuit(session, circuit, shares[session.network.self - 1] as FieldVector[]);
        },
        { attempt },
      );
      for (const frame of run.frames.filter(({ step }) => step.endsWith("collect") || step === "outputs")) {
        // outputs go to both peers alike: count each sender's once
        if (frame.step === "outputs" && frame.to !== participants.find((party) => party !== frame.from)) continue;
        for (let from = 0; from < frame.payload.length; from += WORD) {
          seen.add(Buffer.from(frame.payload.subarray(from, from + WORD)).toString("hex"));
          words++;
        }
      }
    }
    assert.equal(seen.size, words);
  });
});

/**
 * Why exactly 2t + 1: shown with the arithmetic of one more participant, which the protocol refuses to run.
 */
describe("attack: a collector that sends unequal values", () => {
  it("would read a share from the redundancy of 2t + 2 answers; 2t + 1 answers have none", () => {
    const world = new World({ n: 4, t: 1 }, "unequal collector");
    const { field } = world;
    const [x = [], y = []] = [world.share([[17n]]), world.share([[23n]])];
    const parties = partiesOf(4);
    const delta = 1n;
    const victim = 4 as PartyIndex;
    // The collector of an earlier product gave the victim e + delta and the others e, so the victim's share is off by it.
    const answers = parties.map((party) => {
      const share = x[party - 1]?.[0] as FieldVector;
      const shifted = party === victim ? field.add(share, field.fromIntegers([delta])) : share;
      return field.mul(shifted, y[party - 1]?.[0] as FieldVector); // any degree-2t mask cancels below
    });
    // Parity of 2t + 2 points of a degree-2t polynomial: 1, -3, 3, -1 at 1..4.
    const parity = field.linearCombination([1n, -3n, 3n, -1n], answers);
    const read = field.scale(parity, -1n); // weight -1 of the victim, divided out
    assert(field.equal(read, y[victim - 1]?.[0] as FieldVector), "the victim's share of y");
    // Any 2t + 1 of them are consistent with some degree-2t polynomial, so nothing can be read.
    reconstruct(field, 2, parties.slice(1), answers.slice(1));
  });
});

interface Tampering {
  readonly tamper?: (frame: LoopbackFrame) => Uint8Array | null;
  readonly timeoutMs?: number;
}

function programFor(world: World, example: CircuitCase): (session: ProtocolSession) => Promise<bigint[]> {
  const shares = world.share(example.columns);
  return (session) => evaluateCircuit(session, example.circuit, shares[session.network.self - 1] as FieldVector[]);
}

function evaluate(world: World, participants: readonly PartyIndex[], example: CircuitCase) {
  return world.runAll(participants, programFor(world, example));
}

function evaluateSettled(
  world: World,
  participants: readonly PartyIndex[],
  example: CircuitCase,
  options: Tampering = {},
) {
  return world.run(participants, programFor(world, example), options);
}

/** The docstrings' formulas, for the participant at `position`. */
function documentedCost(
  { circuit: { products, outputs, columns: ids }, rows }: CircuitCase,
  position: number,
  t: number,
) {
  const m = 2 * t + 1;
  const levels = levelSizes({ columns: ids, products, outputs });
  const perLevel = levels.flatMap((width, level) => {
    const total = width * rows;
    const block = Math.floor((total * (position + 1)) / m) - Math.floor((total * position) / m);
    return [
      { step: `products/${level + 1}/collect`, bytesSent: (total - block) * WORD },
      { step: `products/${level + 1}/return`, bytesSent: 2 * t * block * WORD },
    ];
  });
  return [...perLevel, { step: "outputs", bytesSent: 2 * t * outputs.length * WORD }];
}

function onFrame(
  step: string,
  from: PartyIndex,
  to: PartyIndex,
  change: (payload: Uint8Array) => Uint8Array | null,
): (frame: LoopbackFrame) => Uint8Array | null {
  return (frame) => {
    const hit = frame.step === step && frame.from === from && frame.to === to;
    return hit ? change(new Uint8Array(frame.payload)) : frame.payload;
  };
}

function assertRejected(outcome: PromiseSettledResult<unknown> | undefined, code: string): CodedError {
  assert(outcome?.status === "rejected", `expected ${code}, but it succeeded`);
  const error: unknown = outcome.reason;
  assert(isCoded(error, code), `expected ${code}, got ${String(error)}`);
  return error;
}

function assertAssertion(outcome: PromiseSettledResult<unknown>, message: RegExp): void {
  assert(outcome.status === "rejected");
  assert(outcome.reason instanceof assert.AssertionError, String(outcome.reason));
  assert.match(outcome.reason.message, message);
}

/** No word that travelled occurs in the error, its detail or its cause. */
function assertNoShare(error: CodedError, frames: readonly LoopbackFrame[]): void {
  const text = `${error.message} ${JSON.stringify(error.detail)} ${String(error.cause)}`.toLowerCase();
  for (const { payload } of frames) {
    for (let from = 0; from + WORD <= payload.length; from += WORD) {
      const hex = Buffer.from(payload.subarray(from, from + WORD)).toString("hex");
      assert(!text.includes(hex.slice(0, 16)) && !text.includes(BigInt(`0x${hex}`).toString()), "a share in an error");
    }
  }
}

function form(...terms: [number, bigint][]): { columns: [number, bigint][]; products: [] } {
  return { columns: terms, products: [] };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
