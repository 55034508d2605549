import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import type { CodedError } from "../../../workers/errors.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import type { Circuit } from "../../../workers/messages/circuit.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { reconstruct } from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { circuitCase, evaluateClear, levelSizes } from "./clearCircuit.ts";
import type { CircuitCase } from "./clearCircuit.ts";
import { assertRejected, onFrames } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { openAll } from "./ungatedPlan.ts";
import { form, repeatRows, workedCase, workedOutputs } from "./workedCircuit.ts";
import { World } from "./world.ts";

const WORD = 32;
/** How long a round waits for a party that never answers; must outlast the computing of one round. */
const SILENCE_MS = 250;

const fixed = workedCase;
const { circuit, columns } = fixed;
const worked = workedOutputs;

for (const size of committees) {
  const everyChoice = subsets(partiesOf(size.n), 2 * size.t + 1);

  describe(`a circuit without tests, ${sizeName(size)}`, () => {
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
        for (const [position, party] of participants.entries()) {
          for (const { step, bytesSent } of expected[position] ?? []) {
            const sent = frames.filter((frame) => frame.from === party && frame.step === step);
            assert.equal(sum(sent.map(({ payload }) => payload.length)), bytesSent);
            const receivers = step.endsWith("/return") ? size.t : 2 * size.t;
            assert.equal(new Set(sent.map(({ to }) => to)).size, receivers);
            assert.equal(sent.length, receivers, "one frame per receiver");
          }
        }
        const rounds = expected[0]?.length as number;
        const returns = expected[0]?.filter(({ step }) => step.endsWith("/return")).length as number;
        const perParty = (2 + rounds) * 2 * size.t - returns * size.t; // the keys take 2 rounds
        assert.equal(frames.length, participants.length * perParty, "nothing else is sent");
      });
      const long: CircuitCase = repeatRows(fixed, 6); // 180 elements to verify: two levels of compression
      await fc.assert(property, {
        numRuns: Math.ceil(budget.protocolRuns / 4),
        examples: [[long, everyChoice[0] as PartyIndex[]]],
      });
    });

    it("sends the same frames, in order and size, for opposite secrets", async () => {
      const participants = everyChoice[0] as PartyIndex[];
      for (const [times, compressions] of [
        [1, 1],
        [6, 2],
      ] as const) {
        const example = repeatRows(fixed, times);
        const opposite = { ...example, columns: example.columns.map((column) => column.map(oppositeOf)) };
        const runs = await Promise.all(
          [example, opposite].map((each) => evaluate(new World(size, "traffic"), participants, each)),
        );
        const [left, right] = runs.map(({ frames }) =>
          frames.map(({ step, from, to, payload }) => `${step} ${from}->${to} ${payload.length}`),
        );
        assert.deepEqual(left, right);
        const last = left?.findLast((frame) => frame.includes("/compress/"));
        assert.match(last ?? "", new RegExp(`^verify/compress/${compressions}/`));
      }
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
      const reductions = ["products/1", "products/2", "sums", "verify/compress/1", "verify/last"];
      const openings = ["verify/weights", "verify/compress/1/challenge", "verify/last/challenge", "verify/last/open"];
      const steps = [...reductions.flatMap((step) => [`${step}/collect`, `${step}/return`]), ...openings, "outputs"];
      for (const step of steps) {
        const [liar, victim] = [participants[0] as PartyIndex, participants[1] as PartyIndex];
        const world = new World(size, "not canonical");
        const tamper = onFrames({ step, from: liar, to: victim }, (payload) => {
          payload.fill(0xff, 0, WORD);
          return payload;
        });
        // 10 rows and 9 inner products: every block of every reduction has an element
        const once = repeatRows(fixed, 2);
        const example = { ...once, circuit: { ...circuit, outputs: [1, 2, 3].flatMap(() => circuit.outputs) } };
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
          const tamper = onFrames({ step, from: liar, to: victim }, change);
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
      const opening = ["verify/weights/ready", "verify/last/open", "outputs/ready", "outputs"];
      const steps = ["keys/contributions", "keys/hashes", "products/1/collect", "products/2/return", ...opening];
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

describe("a circuit without tests", () => {
  const size = { n: 4, t: 1 };
  const participants = partiesOf(3);

  it("opens zeros for no rows, through every round", async () => {
    const example = { ...fixed, rows: 0, columns: [[], [], []] };
    const { values, traces } = await evaluate(new World(size, "no rows"), participants, example);
    for (const outputs of values) assert.deepEqual(outputs, [0n, 0n, 0n, 0n, 0n]);
    for (const trace of traces) assert.equal(trace.length, 1 + 2 * 2 + 2 + (2 + 5) + 3);
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
        return openAll(session, circuit, wrong(own)[variant] as FieldVector[], "data");
      });
      for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_WRONG_COLUMNS");
      assert(frames.every(({ step }) => step.startsWith("keys/")));
    }
  });

  it("stops before the first product when one participant means other data, another circuit or another size", async () => {
    const world = new World(size, "other task");
    const [own, longer] = [world.share(columns), world.share(repeatRows(fixed, 2).columns)];
    const heavier = { ...circuit, outputs: circuit.outputs.map((output) => ({ ...output, left: form([0, 2n]) })) };
    const odd = participants[1] as PartyIndex;
    for (const variant of ["data", "circuit", "rows"]) {
      const { outcomes, frames } = await world.run(participants, (session) => {
        const { self } = session.network;
        const differs = self === odd;
        return openAll(
          session,
          differs && variant === "circuit" ? heavier : circuit,
          (differs && variant === "rows" ? longer : own)[self - 1] as FieldVector[],
          differs && variant === "data" ? "version 2" : "version 1",
        );
      });
      for (const [position, outcome] of outcomes.entries()) {
        const { detail } = assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
        const parties = participants[position] === odd ? participants.filter((party) => party !== odd) : [odd];
        assert.deepEqual(detail, { code: "PROTOCOL_TRANSCRIPT_MISMATCH", step: "inputs/ready", parties });
      }
      assert(frames.every(({ step }) => step.startsWith("keys/") || step === "inputs/ready"));
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
      await openAll(session, circuit, own, "data");
      return openAll({ ...session, keys: { ...session.keys } }, circuit, own, "data");
    });
    for (const outcome of outcomes) assertAssertion(outcome, /already used/);
  });

  it("refuses keys that were agreed among others, for another party or another degree", async () => {
    const world = new World({ n: 5, t: 1 }, "foreign keys");
    const others = [1, 2, 4] as PartyIndex[];
    const foreign = await world.runAll(others, (session) => Promise.resolve(session.keys));
    const { outcomes } = await world.run(participants, (session) => {
      const keys = foreign.values[0] as ProtocolSession["keys"];
      return openAll({ ...session, keys }, circuit, [], "data");
    });
    for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_WRONG_PARTICIPANTS");
    const changed = await world.run(participants, (session) => {
      const keys = { ...session.keys, self: ((session.keys.self % 3) + 1) as PartyIndex };
      return openAll({ ...session, keys }, circuit, [], "data");
    });
    for (const outcome of changed.outcomes) assertRejected(outcome, "PROTOCOL_WRONG_PARTICIPANTS");
  });

  it("never repeats a mask: other attempts on the same data send other bytes everywhere", async () => {
    const world = new World(size, "attempts");
    const shares = world.share(columns);
    const seen = new Set<string>();
    let words = 0;
    // Σ c opens without a mask: its polynomial is a sum of the dealer's, fixed by the output and any t of its shares.
    const sumOfColumn = 2;
    for (const attempt of [1n, 2n, 2n]) {
      const run = await world.runAll(
        participants,
        (session) => {
          return openAll(session, circuit, shares[session.network.self - 1] as FieldVector[], "data");
        },
        { attempt },
      );
      for (const { step, from, to, payload } of run.frames) {
        if (!/collect$|weights$|challenge$|open$|outputs$/.test(step)) continue;
        // all but a collector's blocks goes to both peers alike: count each sender's once
        if (!step.endsWith("collect") && to !== participants.find((party) => party !== from)) continue;
        for (const [index, word] of wordsOf(payload).entries()) {
          if (step === "outputs" && index === sumOfColumn) continue;
          seen.add(word);
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
  readonly tamper?: Tamper;
  readonly timeoutMs?: number;
}

function programFor(world: World, example: CircuitCase): (session: ProtocolSession) => Promise<readonly bigint[]> {
  const shares = world.share(example.columns);
  return (session) => openAll(session, example.circuit, shares[session.network.self - 1] as FieldVector[], "data");
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

/** The docstrings' formulas, for the participant at `position`: round by round, bytes to all peers together. */
function documentedCost(
  { circuit: { products, outputs, columns: ids }, rows }: CircuitCase,
  position: number,
  t: number,
) {
  const round = (step: string, elements: number) => ({ step, bytesSent: elements * WORD });
  const toAll = (step: string, elements: number) => round(step, 2 * t * elements);
  const reduction = (step: string, elements: number) => {
    const cut = (index: number): number => Math.floor((elements * index) / (2 * t + 1));
    const block = cut(position + 1) - cut(position);
    return [round(`${step}/collect`, elements - block), round(`${step}/return`, t * block)];
  };
  const challenge = (step: string) => [toAll(`${step}/ready`, 1), toAll(step, 1)]; // a hash is as long as an element
  const inner = outputs.filter(({ right }) => right !== undefined);
  const rightFactors = new Set(inner.map(({ right }) => JSON.stringify([right?.columns, right?.products], asText)));
  const widths = levelSizes({ columns: ids, products, outputs });
  const toVerify = rows * (sum(widths) + rightFactors.size);
  const levels = compressions(toVerify);
  const left = lengthAfter(toVerify, levels);
  const verification = [
    ...challenge("verify/weights"),
    ...integers(1, levels).flatMap((level) => [
      ...reduction(`verify/compress/${level}`, 14),
      ...challenge(`verify/compress/${level}/challenge`),
    ]),
    ...reduction("verify/last", 2 * Math.max(1, left)),
    ...challenge("verify/last/challenge"),
    toAll("verify/last/open", 3),
  ];
  return [
    toAll("inputs/ready", 1),
    ...widths.flatMap((width, level) => reduction(`products/${level + 1}`, width * rows)),
    ...(inner.length > 0 ? reduction("sums", inner.length) : []),
    ...(widths.length + inner.length > 0 ? verification : []),
    toAll("tests/ready", 1),
    toAll("outputs/ready", 1),
    toAll("outputs", outputs.length),
  ];
}

/** The least L with elements/8^L <= 8. */
function compressions(elements: number): number {
  let levels = 0;
  while (elements > 8 * 8 ** levels) levels++;
  return levels;
}

/** Each level leaves one of 8 blocks, all of one even length. */
function lengthAfter(elements: number, levels: number): number {
  return integers(1, levels).reduce((length) => 2 * Math.ceil(length / 16), elements);
}

function asText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function oppositeOf(value: bigint): bigint {
  return value === 0n ? 1n : 0n;
}

function integers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

function assertAssertion(outcome: PromiseSettledResult<unknown>, message: RegExp): void {
  assert(outcome.status === "rejected");
  assert(outcome.reason instanceof assert.AssertionError, String(outcome.reason));
  assert.match(outcome.reason.message, message);
}

function wordsOf(payload: Uint8Array): string[] {
  return Array.from({ length: payload.length / WORD }, (_, index) =>
    Buffer.from(payload.subarray(index * WORD, (index + 1) * WORD)).toString("hex"),
  );
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

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
