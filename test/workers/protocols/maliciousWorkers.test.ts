/**
 * Up to t lying workers, at every step of a run: each honest participant ends with the right outputs or with an error,
 * never with wrong ones, and nothing opens after a lie in a product. Which steps there are is read off an honest run.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import type { Circuit } from "../../../workers/messages/circuit.ts";

import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import type { ProtocolSession } from "../../../workers/protocols/session.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { reconstruct } from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { enumerate, hasEffect, spread, tamperWith } from "./alterations.ts";
import type { Alteration } from "./alterations.ts";
import { evaluateClear } from "./clearCircuit.ts";
import type { CircuitCase } from "./clearCircuit.ts";
import { addTo, assertRejected, flipBit, onFrames, sentOutputs } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { openAll } from "./ungatedPlan.ts";
import { form, repeatRows, workedCase, workedOutputs } from "./workedCircuit.ts";
import { World } from "./world.ts";

const WORD = 32;
/** How long a round waits for a party that never answers; must outlast the computing of one round. */
const SILENCE_MS = 250;

for (const size of committees) {
  const choices = subsets(partiesOf(size.n), 2 * size.t + 1);

  describe(`a lie at any step, ${sizeName(size)}`, () => {
    it("makes every honest participant reject, or changes nothing", async () => {
      const isThorough = ["3 1", "4 1", "5 2"].includes(`${size.n} ${size.t}`);
      const most = isThorough ? Math.ceil(budget.alteredRuns / size.t) : budget.fewAlteredRuns;
      await checkAlterations(size, choices, workedCase, most);
    });

    it("does so with two levels of compression", async () => {
      await checkAlterations(size, choices, repeatRows(workedCase, 3), budget.fewAlteredRuns);
    });
  });
}

describe("an attack by name", () => {
  const parties = partiesOf(3);
  const smallest = { n: 3, t: 1 };

  for (const size of [
    { n: 4, t: 1 },
    { n: 5, t: 1 },
    { n: 6, t: 2 },
    { n: 7, t: 2 },
  ]) {
    it(`a collector tells one receiver another value, ${sizeName(size)}: nothing opens`, async () => {
      for (const participants of subsets(partiesOf(size.n), 2 * size.t + 1)) {
        const [liar, , victim] = [participants[0], participants[1], participants[size.t]] as [
          PartyIndex,
          0,
          PartyIndex,
        ];
        const tamper = onFrames({ step: "products/2/return", from: liar, to: victim }, (payload) =>
          addTo(field, payload, 1n),
        );
        const { outcomes, frames } = await run(size, participants, workedCase, { tamper });
        for (const outcome of outcomes.slice(1)) assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING");
        assert(!sentOutputs(frames, participants));
      }
    });
  }

  it("an error in a product and its opposite in any one element of the verification: nothing opens", async () => {
    for (const liar of parties) {
      // An element that this liar does not collect, and that has weight alpha^0 or alpha^4: the opposite fits c exactly
      // for the first.
      const [step, collector] = ["products/1/collect", liar === 1 ? parties[1] : parties[0]] as [string, PartyIndex];
      for (const round of ["collect", "return"]) {
        for (const later of ["verify/compress/1", "verify/last"]) {
          const receivers = parties.filter((party) => party !== liar);
          let lengths: number[] = [];
          for (let element = 0; element === 0 || element < Math.max(...lengths); element++) {
            const seen = new Map<PartyIndex, number>();
            for (const receiver of receivers) {
              const tamper: Tamper = (frame) => {
                if (frame.from !== liar) return frame.payload;
                if (frame.step === step && frame.to === collector) return addTo(field, frame.payload, 5n, [0]);
                if (frame.step !== `${later}/${round}`) return frame.payload;
                seen.set(frame.to, frame.payload.length / WORD);
                return frame.to === receiver ? addTo(field, frame.payload, -5n, [element]) : frame.payload;
              };
              const { outcomes, frames } = await run(smallest, parties, workedCase, { tamper });
              assertAllReject(outcomes, parties, [liar]);
              assert(!sentOutputs(frames, receivers));
            }
            lengths = [...seen.values()];
          }
        }
      }
    }
  });

  it("the same by a liar who knew the challenge beforehand would pass: the challenge is what stops it", async () => {
    const [liar, delta] = [3 as PartyIndex, 5n];
    const rehearsal = await run(smallest, parties, workedCase, {});
    const [alpha, zeta] = ["verify/weights", "verify/compress/1/challenge"].map((step) =>
      openedIn(rehearsal.frames, step, parties, 1),
    ) as [bigint, bigint];
    // The first product has the weight after those of the three sums. Its error comes back in c, the coefficient at X^7;
    // the one at X^8 makes up for it at zeta.
    const opposite = field.reduce(-delta * alpha ** 3n * field.invert(zeta));
    const tamper = (step: string, to: PartyIndex, element: number, offset: bigint): Tamper =>
      onFrames({ step, from: liar, to }, (payload) => addTo(field, payload, offset, [element]));
    const first = tamper("products/1/collect", parties[0] as PartyIndex, 0, delta);
    // Elements 4 … 8 of 14 are party 2's block: the coefficients at X^4, X^5, X^6, X^8, X^9.
    const second = tamper("verify/compress/1/collect", parties[1] as PartyIndex, 3, opposite);
    const both: Tamper = (frame) => second({ ...frame, payload: first(frame) as Uint8Array });
    const deceived = await run(smallest, parties, workedCase, { tamper: both });
    const [one, two] = deceived.outcomes;
    assert(one?.status === "fulfilled" && two?.status === "fulfilled");
    assert.notDeepEqual(one.value, workedOutputs);
    assert.deepEqual(one.value, two.value);
    const again = await run(smallest, parties, workedCase, { tamper: both, attempt: 2n }); // fresh keys
    assertAllReject(again.outcomes, parties, [liar], "PROTOCOL_PRODUCTS_WRONG");
  });

  it("an error in an output's inner product, of a circuit without row products: nothing opens", async () => {
    const inner: Circuit = {
      columns: ["0x0a", "0x0b"],
      products: [],
      outputs: [1n, 2n, 3n].map((weight) => ({ left: form([0, weight]), right: form([1, 1n]) })),
    };
    for (const rows of [5, 20]) {
      const column = Array.from({ length: rows }, (_, row) => BigInt(row));
      const example = { circuit: inner, columns: [column, column], rows };
      for (const liar of parties) {
        for (const step of ["sums/collect", "sums/return"]) {
          for (const to of [undefined, parties[liar % 3] as PartyIndex]) {
            const tamper = onFrames({ step, from: liar, ...(to === undefined ? {} : { to }) }, (payload) =>
              addTo(field, payload, 1n),
            );
            const { outcomes, frames } = await run(smallest, parties, example, { tamper });
            const code = step === "sums/collect" ? "PROTOCOL_PRODUCTS_WRONG" : "PROTOCOL_INCONSISTENT_OPENING";
            assertAllReject(outcomes, parties, [liar], code);
            assert(!sentOutputs(frames, parties));
          }
        }
      }
    }
  });

  for (const size of committees) {
    const participants = partiesOf(size.n).slice(0, 2 * size.t + 1);
    const liars = participants.slice(-size.t);
    const liar = liars.at(-1) as PartyIndex;

    it(`${size.t} wrong shares of the outputs, equal or another for each, ${sizeName(size)}: all honest notice`, async () => {
      const lies: ((to: PartyIndex) => bigint)[] = [() => 1n, (to) => BigInt(to), (to) => -(7n ** BigInt(to * 20))];
      for (const lie of lies) {
        const tamper: Tamper = ({ step, from, to, payload }) =>
          step === "outputs" && liars.includes(from) ? addTo(field, payload, lie(to), [0]) : payload;
        const { outcomes } = await run(size, participants, workedCase, { tamper });
        for (const outcome of outcomes.slice(0, -size.t)) {
          const { detail } = assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING");
          assert.deepEqual(detail, {
            code: "PROTOCOL_INCONSISTENT_OPENING",
            step: "outputs",
            parties: participants,
          });
        }
      }
    });

    it(`a wrong share of a challenge, ${sizeName(size)}: all honest notice`, async () => {
      for (const step of ["verify/weights", "verify/compress/1/challenge", "verify/last/challenge"]) {
        const tamper = onFrames({ step, from: liar }, (payload) => addTo(field, payload, 1n));
        const { outcomes, frames } = await run(size, participants, workedCase, { tamper });
        assertAllReject(outcomes, participants, [liar], "PROTOCOL_INCONSISTENT_OPENING");
        assert(!sentOutputs(frames, participants));
      }
    });

    it(`a false transcript, ${sizeName(size)}: it is named, and what it was to precede is not sent`, async () => {
      const challenges = ["verify/weights", "verify/compress/1/challenge", "verify/last/challenge"];
      for (const step of ["inputs", ...challenges, "outputs"]) {
        const tamper = onFrames({ step: `${step}/ready`, from: liar }, (payload) => flipBit(payload, 31));
        const { outcomes, frames } = await run(size, participants, workedCase, { tamper });
        for (const outcome of outcomes.slice(0, -1)) {
          const { detail } = assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
          assert.deepEqual(detail, {
            code: "PROTOCOL_TRANSCRIPT_MISMATCH",
            step: `${step}/ready`,
            parties: [liar],
          });
        }
        const next = step === "inputs" ? "products/1/collect" : step;
        assert(frames.every((frame) => frame.step !== next || frame.from === liar));
      }
    });

    it(`the last share of the outputs withheld, ${sizeName(size)}: the others stop without outputs`, async () => {
      const tamper = onFrames({ step: "outputs", from: liar }, () => null);
      const { outcomes } = await run(size, participants, workedCase, { tamper, timeoutMs: SILENCE_MS });
      assertAllReject(outcomes, participants, [liar], "NETWORK_TIMEOUT", "NETWORK_ABORTED");
    });

    it(`one replicated key changed after agreement, ${sizeName(size)}: reject or right`, async () => {
      const world = new World(size, "other key");
      const shares = world.share(workedCase.columns);
      const held = subsets(participants, size.t + 1).filter((subset) => subset.includes(liar)).length;
      for (let changed = 0; changed < (budget.deep ? held : Math.min(held, 3)); changed++) {
        const { outcomes, frames } = await world.run(participants, (session) => {
          const own = session.network.self === liar ? withOtherKey(session, changed) : session;
          return openAll(own, workedCase.circuit, shares[session.network.self - 1] as FieldVector[], "data");
        });
        assertNoneWrong(outcomes, participants, [liar], workedOutputs);
        assert(!sentOutputs(frames, participants), "its shares of the first challenge are wrong already");
      }
    });
  }
});

/** Runs the alterations, or as many of them as `most` with every step alike, over changing choices of participants. */
async function checkAlterations(
  size: CommitteeSize,
  choices: readonly PartyIndex[][],
  example: CircuitCase,
  most: number,
): Promise<void> {
  const participants = choices[0] as PartyIndex[];
  const { outcomes, frames } = await run(size, participants, example, {});
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    participants.map(() => "fulfilled"),
  );
  assertEveryKind(frames);
  const all = enumerate(frames, participants, size.t);
  assert(all.every((cases) => cases.length > 0));
  const seed = `alterations, ${sizeName(size)}, ${example.rows} rows`;
  for (const [number, alteration] of spread(all, seed).slice(0, most).entries()) {
    await checkAlteration(
      size,
      choices[number % choices.length] as PartyIndex[],
      example,
      alteration,
      `${seed}, ${number}`,
    );
  }
}

function assertEveryKind(frames: readonly LoopbackFrame[]): void {
  const words = new Set(frames.flatMap(({ step }) => step.split("/")));
  const kinds = [
    "keys",
    "inputs",
    "products",
    "sums",
    "collect",
    "return",
    "weights",
    "compress",
    "challenge",
    "last",
    "open",
  ];
  for (const kind of [...kinds, "outputs", "ready"]) assert(words.has(kind), `no step of kind ${kind} in the trace`);
}

async function checkAlteration(
  size: CommitteeSize,
  participants: readonly PartyIndex[],
  example: CircuitCase,
  alteration: Alteration,
  seed: string,
): Promise<void> {
  const liars = alteration.liars.map((position) => participants[position] as PartyIndex);
  const honest = participants.filter((party) => !liars.includes(party));
  const altered: LoopbackFrame[] = [];
  const tamper = tamperWith(alteration, liars, honest, seed, altered);
  const { outcomes, frames } = await run(size, participants, example, { tamper }, seed);
  const context = `participants ${participants.join()}, liars ${liars.join()}, ${JSON.stringify(alteration)}, seed ${seed}`;
  assertNoneWrong(outcomes, participants, liars, evaluateClear(example), context);
  assert(altered.length > 0, `nothing was altered: ${context}`);
  const rejecting = honest.filter((party) => outcomes[participants.indexOf(party)]?.status === "rejected");
  const { step, target } = alteration;
  if (step === "outputs") {
    const deceived = honest.filter((party) => altered.some(({ to }) => to === party));
    assert.deepEqual(rejecting, deceived, context);
  } else if (!hasEffect(altered, step, participants)) {
    assert.deepEqual(rejecting, [], `rejected for no reason: ${context}`);
  } else {
    assert.deepEqual(rejecting, honest, `accepted: ${context}`);
    // Who was told a false hash just before the outputs stops, but the others have sent theirs.
    const mayBeSent = step === "outputs/ready" && target === "one receiver";
    assert(mayBeSent || !sentOutputs(frames, honest), `outputs were sent: ${context}`);
    const isNoticed = outcomes.some(({ status, reason }: { status: string; reason?: unknown }) => {
      return status === "rejected" && isCoded(reason) && reason.code.startsWith("PROTOCOL_");
    });
    assert(isNoticed, `all only waited: ${context}`);
  }
}

interface Lies {
  readonly tamper?: Tamper;
  readonly timeoutMs?: number;
  readonly attempt?: bigint;
}

function run(
  size: CommitteeSize,
  participants: readonly PartyIndex[],
  { circuit, columns }: CircuitCase,
  lies: Lies,
  seed = "malicious",
) {
  const world = new World(size, seed);
  const shares = world.share(columns);
  const program = (session: ProtocolSession): Promise<readonly bigint[]> =>
    openAll(session, circuit, shares[session.network.self - 1] as FieldVector[], "data");
  return world.run(participants, program, lies);
}

/** Every honest participant has the expected outputs or a coded error. */
function assertNoneWrong(
  outcomes: readonly PromiseSettledResult<readonly bigint[]>[],
  participants: readonly PartyIndex[],
  liars: readonly PartyIndex[],
  expected: readonly bigint[],
  context = "",
): void {
  for (const [position, outcome] of outcomes.entries()) {
    if (liars.includes(participants[position] as PartyIndex)) continue;
    if (outcome.status === "fulfilled") assert.deepEqual(outcome.value, expected, `wrong outputs: ${context}`);
    else assert(isCoded(outcome.reason), `${String(outcome.reason)}: ${context}`);
  }
}

/** Every honest participant has a coded error; at least one of them, of one of the codes. */
function assertAllReject(
  outcomes: readonly PromiseSettledResult<unknown>[],
  participants: readonly PartyIndex[],
  liars: readonly PartyIndex[],
  ...codes: readonly string[]
): void {
  const honest = outcomes.filter((_, position) => !liars.includes(participants[position] as PartyIndex));
  const found = honest.map((outcome) => assertRejected(outcome).code);
  if (codes.length > 0)
    assert(
      found.some((code) => codes.includes(code)),
      found.join(),
    );
  for (const code of found) assert([...codes, "NETWORK_ABORTED"].includes(code) || codes.length === 0, code);
}

/** What the participants opened in a step, from any two of their frames' senders on. */
function openedIn(
  frames: readonly LoopbackFrame[],
  step: string,
  participants: readonly PartyIndex[],
  t: number,
): bigint {
  const shares = participants.map((party) => {
    const frame = frames.find((each) => each.step === step && each.from === party);
    return field.fromWords(frame?.payload as Uint8Array);
  });
  return field.toResidues(reconstruct(field, t, participants, shares))[0] as bigint;
}

function withOtherKey(session: ProtocolSession, index: number): ProtocolSession {
  const changed = [...session.keys.keys].map(([name, key], position): [string, Uint8Array] => [
    name,
    position === index ? flipBit(key, 0) : key,
  ]);
  return { ...session, keys: { ...session.keys, keys: new Map(changed) } };
}
