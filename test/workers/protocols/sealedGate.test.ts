/** Sealed answers: what opens, what recipients read with all keys, and what nobody reads with one missing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { FieldVector } from "../../../workers/field/field.ts";
import { maskKeyHash, sealedHash } from "../../../workers/messages/sealedAnswer.ts";
import { MASK_KEYS_STEP } from "../../../workers/protocols/agreeMaskKeys.ts";
import type { GateResult } from "../../../workers/protocols/gate.ts";
import { openThroughGate } from "../../../workers/protocols/gate.ts";
import { maskKeyNames } from "../../../workers/sharing/maskKeys.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { answerMask } from "../../../workers/sharing/prss.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { sizeName } from "../sharing/committees.ts";
import { decideClear, oppositeGates, randomGateCase, workedDecision, workedGate } from "./gateCase.ts";
import { settleSealed, unseal } from "./gateRuns.ts";
import { assertRejected } from "./tampering.ts";
import { noHooks } from "./ungatedPlan.ts";
import { World } from "./world.ts";

const WORD = 32;
const smallest = { n: 3, t: 1 };

type Shown = GateResult & { readonly refused: false };

for (const size of [smallest, { n: 4, t: 1 }, { n: 5, t: 2 }]) {
  const participants = partiesOf(2 * size.t + 1);

  describe(`a sealed answer, ${sizeName(size)}`, () => {
    it("says to whoever holds all keys what a public one says", async () => {
      const choices = subsets(partiesOf(size.n), 2 * size.t + 1);
      const property = fc.asyncProperty(
        randomGateCase,
        fc.constantFrom(...choices),
        fc.string(),
        async (example, chosen, seed) => {
          const world = new World(size, seed);
          const { outcomes, stored } = await settleSealed(world, chosen, example);
          const expected = await decideClear(example);
          for (const outcome of outcomes) {
            assert(outcome.status === "fulfilled");
            assert.deepEqual(unseal(world, outcome.value, stored, chosen), expected);
          }
          if (expected.refused) assert.equal(stored.size, 0, "no key of a refusal");
        },
      );
      await fc.assert(property, {
        numRuns: Math.ceil(budget.protocolRuns / 4),
        examples: [[workedGate(), choices.at(-1) as PartyIndex[], "worked"]],
      });
    });

    it("can be read with the keys of any t + 1 participants, and differs everywhere while one key is missing", async () => {
      const world = new World(size, "some keys");
      const { outcomes, stored } = await settleSealed(world, participants, workedGate());
      const [first] = outcomes;
      assert(first?.status === "fulfilled");
      const result = first.value as Shown;
      for (const outcome of outcomes) assert.deepEqual(outcome, { status: "fulfilled", value: result });
      for (const givers of subsets(participants, size.t + 1))
        assert.deepEqual(unseal(world, result, stored, givers), workedDecision);
      for (const givers of subsets(participants, size.t))
        assert.throws(() => unseal(world, result, stored, givers), /every key has a giver/);
      const all = [...stored.values()].flatMap(({ own }) => own);
      const { field } = world;
      const clear = (workedDecision as Shown).outputs;
      result.maskKeyHashes!.forEach((missing) => {
        const keys = result
          .maskKeyHashes!.filter((hash) => hash !== missing)
          .map((hash) => all.find((key) => maskKeyHash(key) === hash)!);
        const mask = answerMask(field, keys, clear.length);
        const read = field.toResidues(field.sub(field.fromIntegers(result.outputs), mask));
        read.forEach((value, output) => assert.notEqual(value, clear[output]));
      });
    });

    it("opens words that tell hidden measures from shown ones to nobody: none is zero, none comes twice", async () => {
      const world = new World(size, "words");
      const seen = new Set<bigint>();
      for (const attempt of [1n, 2n]) {
        const { outcomes } = await settleSealed(world, participants, workedGate(), { attempt });
        assert(outcomes[0]?.status === "fulfilled");
        const { outputs, hidden } = outcomes[0].value as Shown;
        assert.deepEqual(hidden, (workedDecision as Shown).hidden);
        for (const output of outputs) seen.add(output);
      }
      assert.equal(seen.size, 2 * (workedDecision as Shown).outputs.length);
      assert(!seen.has(0n) && [...seen].every((word) => word > 1n << 128n));
    });

    it("sends the same frames, in order and size, for opposite secrets of which the same is shown", async () => {
      const logs = await Promise.all(
        oppositeGates().map(async (example) => {
          const { outcomes, frames } = await settleSealed(new World(size, "traffic"), participants, example);
          for (const outcome of outcomes) {
            assert(outcome.status === "fulfilled");
            assert.deepEqual((outcome.value as Shown).hidden, [0, 1, 2]);
          }
          return frames.map(({ step, from, to, payload }) => `${step} ${from}->${to} ${payload.length}`);
        }),
      );
      assert.deepEqual(logs[0], logs[1]);
      for (const step of [MASK_KEYS_STEP, "lines/1/open", "outputs"])
        assert(logs[0]?.some((frame) => frame.startsWith(`${step} `)));
    });

    it("costs one round more, and a word for hidden measures, too", async () => {
      const { traces } = await settleSealed(new World(size, "steps"), participants, workedGate());
      const held = maskKeyNames(participants, size.t).filter((name) => name.split(",").includes("1")).length;
      for (const trace of traces) {
        assert.deepEqual(trace.slice(-3), [
          { step: MASK_KEYS_STEP, bytesSent: 2 * size.t * held * WORD },
          { step: "outputs/ready", bytesSent: 2 * size.t * WORD },
          { step: "outputs", bytesSent: 2 * size.t * 7 * WORD },
        ]);
      }
    });
  });
}

describe("sealing", () => {
  const participants = partiesOf(3);

  it("is agreed on: one participant that would open in public stops everyone before anything is computed", async () => {
    const world = new World(smallest, "class");
    const { plan, columns } = workedGate();
    const shares = world.share(columns);
    const { outcomes, frames } = await world.run(participants, (session) => {
      const { self } = session.network;
      const hooks = self === 2 ? noHooks : { ...noHooks, seal: () => undefined };
      return openThroughGate(session, plan, shares[self - 1] as FieldVector[], "data", hooks);
    });
    for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
    assert(frames.every(({ step }) => step.startsWith("keys/") || step === "inputs/ready"));
  });

  it("comes before the record of outputs, and stops them where the keys' copies cannot be kept", async () => {
    for (const broken of participants) {
      const events: string[] = [];
      const failure = new Error("the disk is full");
      const world = new World(smallest, "full disk");
      const { plan, columns } = workedGate();
      const shares = world.share(columns);
      const { outcomes, frames } = await world.run(participants, (session) => {
        const { self } = session.network;
        return openThroughGate(session, plan, shares[self - 1] as FieldVector[], "data", {
          aboutToOpen: ({ stage }) => void events.push(`${stage} ${self}`),
          seal: () => {
            if (self === broken) throw failure;
            events.push(`seal ${self}`);
          },
        });
      });
      for (const [index, outcome] of outcomes.entries()) {
        if (participants[index] !== broken) assertRejected(outcome, "NETWORK_ABORTED");
        else assert.deepEqual(outcome, { status: "rejected", reason: failure });
      }
      assert(!events.includes(`outputs ${broken}`));
      for (const party of participants.filter((each) => each !== broken))
        assert(events.indexOf(`seal ${party}`) < events.indexOf(`outputs ${party}`));
      assert(frames.every(({ step }) => step !== "outputs"));
    }
  });

  it("binds the keys in order: another order is another hash", () => {
    const hashes = ["11", "22", "33"].map((byte) => `0x${byte.repeat(32)}`);
    assert.notEqual(sealedHash(hashes), sealedHash(hashes.toReversed()));
    assert.equal(sealedHash(hashes), "0xb33141e287cdbb973ab6ab9cbd034a9f5772a7a2abd29f3b67efbbb90c107c7f");
  });
});
