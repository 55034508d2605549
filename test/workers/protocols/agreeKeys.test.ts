import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import { agreeKeys, CONTRIBUTIONS_STEP, HASHES_STEP } from "../../../workers/protocols/agreeKeys.ts";
import type { AttemptContext } from "../../../workers/protocols/agreeKeys.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { subsetName, subsetsHeldBy } from "../../../workers/sharing/prss.ts";
import type { ReplicatedKeys } from "../../../workers/sharing/prss.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { seededBytes } from "../field/seededBytes.ts";
import { World } from "./world.ts";

for (const size of committees) {
  const { n, t } = size;
  const world = new World(size, "agree keys");
  const participants = partiesOf(n).slice(n - 2 * t - 1);

  describe(`agreeKeys, ${sizeName(size)}`, () => {
    it("gives every subset of t + 1 one key, known to its members only, for every choice of participants", async () => {
      for (const chosen of subsets(partiesOf(n), 2 * t + 1)) {
        const { values } = await world.runAll(chosen, ({ keys }) => Promise.resolve(keys));
        const seen = new Map<string, string>();
        for (const [position, keys] of values.entries()) {
          const self = chosen[position] as PartyIndex;
          assert.equal(keys.self, self);
          assert.deepEqual(keys.parties, chosen);
          assert.equal(keys.t, t);
          assert.deepEqual([...keys.keys.keys()], subsetsHeldBy(self, chosen, t).map(subsetName));
          for (const [name, key] of keys.keys) {
            assert.equal(key.length, 32);
            assert.equal(seen.get(name) ?? hex(key), hex(key), `members of ${name} agree`);
            seen.set(name, hex(key));
          }
        }
        assert.equal(seen.size, subsets(chosen, t + 1).length);
        assert.equal(new Set(seen.values()).size, seen.size, "all keys differ");
      }
    });

    it("takes 2 rounds and the documented bytes, and sends no key and no contribution to an outsider", async () => {
      const { values, frames } = await world.runAll(participants, ({ keys }) => Promise.resolve(keys));
      const peers = participants.length - 1;
      assert.equal(frames.length, 2 * participants.length * peers);
      for (const { step, payload } of frames) {
        assert([CONTRIBUTIONS_STEP, HASHES_STEP].includes(step));
        const words = step === CONTRIBUTIONS_STEP ? choose(2 * t - 1, t - 1) : choose(2 * t, t);
        assert.equal(payload.length, 32 * words);
      }
      const keys = new Set(values.flatMap((each) => [...each.keys.values()].map(hex)));
      const sent = frames.flatMap(({ payload }) => wordsOf(payload));
      assert(sent.every((word) => !keys.has(word)));
      for (const { step, to, payload, from } of frames.filter((frame) => frame.step === CONTRIBUTIONS_STEP)) {
        const copies = frames.filter((frame) => frame.step === step && frame.from === from && frame.to !== to);
        const names = subsetsHeldBy(from, participants, t).filter((subset) => subset.includes(to));
        wordsOf(payload).forEach((contribution, position) => {
          const receivers = copies
            .filter((copy) => wordsOf(copy.payload).includes(contribution))
            .map((copy) => copy.to);
          assert.deepEqual([from, to, ...receivers].sort(), [...(names[position] as PartyIndex[])].sort());
        });
      }
    });

    it("agrees new keys in every attempt, also when one is repeated", async () => {
      const seen = new Set<string>();
      for (const attempt of [1n, 2n, 2n]) {
        const { values } = await world.runAll(participants, ({ keys }) => Promise.resolve(keys), { attempt });
        for (const key of new Map(values.flatMap(({ keys }) => [...keys])).values()) seen.add(hex(key));
      }
      assert.equal(seen.size, 3 * choose(2 * t + 1, t + 1));
    });

    it("detects different contributions to two peers at every participant, before any use, and names the members", async () => {
      const [liar, victim] = [participants[0] as PartyIndex, participants[1] as PartyIndex];
      const affected = subsetsHeldBy(liar, participants, t).find((subset) => subset.includes(victim)) as PartyIndex[];
      const flip = onStep(CONTRIBUTIONS_STEP, liar, victim, (payload) => flipBit(payload, 0));
      const { outcomes, frames } = await world.run(participants, ({ keys }) => Promise.resolve(keys), { tamper: flip });
      for (const outcome of outcomes) {
        assert(outcome.status === "rejected");
        const error: unknown = outcome.reason;
        assert(isCoded(error, "PROTOCOL_KEY_MISMATCH"), String(error));
        assert.deepEqual(error.detail, {
          code: "PROTOCOL_KEY_MISMATCH",
          subset: subsetName(affected),
          parties: affected,
          groups: [affected.filter((party) => party !== victim), [victim]],
        });
        for (const party of affected) assert.match(error.message, new RegExp(`\\b${party}\\b`));
      }
      assert(frames.every(({ step }) => step.startsWith("keys/")));
    });

    it("detects every single changed contribution", async () => {
      const words = choose(2 * t - 1, t - 1);
      for (let word = 0; word < words; word++) {
        const [liar, victim] = [participants.at(-1) as PartyIndex, participants[0] as PartyIndex];
        const flip = onStep(CONTRIBUTIONS_STEP, liar, victim, (payload) => flipBit(payload, 32 * word + 31));
        const { outcomes } = await world.run(participants, ({ keys }) => Promise.resolve(keys), { tamper: flip });
        for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_KEY_MISMATCH");
      }
    });

    it("detects a false hash of any subset, the receiver's own or not", async () => {
      const [liar, receiver] = [participants[0] as PartyIndex, participants.at(-1) as PartyIndex];
      for (const [position, subset] of subsetsHeldBy(liar, participants, t).entries()) {
        const flip = onStep(HASHES_STEP, liar, receiver, (payload) => flipBit(payload, 32 * position));
        const { outcomes } = await world.run(participants, ({ keys }) => Promise.resolve(keys), { tamper: flip });
        const error = assertRejected(outcomes.at(-1), "PROTOCOL_KEY_MISMATCH");
        assert.equal((error.detail as unknown as { subset: string }).subset, subsetName(subset));
      }
    });

    it("names the peer whose frame has another length", async () => {
      const [liar, victim] = [participants[0] as PartyIndex, participants[1] as PartyIndex];
      for (const step of [CONTRIBUTIONS_STEP, HASHES_STEP]) {
        const cut = onStep(step, liar, victim, (payload) => payload.subarray(1));
        const { outcomes } = await world.run(participants, ({ keys }) => Promise.resolve(keys), { tamper: cut });
        const error = assertRejected(outcomes[1], "NETWORK_WRONG_LENGTH");
        assert.equal((error.detail as unknown as { peer: PartyIndex }).peer, liar);
      }
    });
  });
}

describe("agreeKeys", () => {
  const size = { n: 3, t: 1 };
  const world = new World(size, "context");
  const parties = partiesOf(3);

  /** Keys of party 1 when all randomness is the same and only the context differs. */
  async function keysUnder(context: AttemptContext): Promise<ReplicatedKeys> {
    const { outcomes } = await world.runNetworks(parties, (network) =>
      agreeKeys(network, context, seededBytes(`fixed ${network.self}`)),
    );
    const [first] = outcomes;
    assert(first?.status === "fulfilled");
    return first.value;
  }

  it("binds keys to chain, contract, request, attempt and epoch", async () => {
    const context = world.context();
    const variants: AttemptContext[] = [
      context,
      { ...context, chainId: context.chainId + 1n },
      { ...context, contract: `0x${"c1".repeat(20)}` },
      { ...context, requestId: `0x${"4f".repeat(32)}` },
      { ...context, attempt: context.attempt + 1n },
      { ...context, epoch: context.epoch + 1n },
      { ...context, attempt: 11n, epoch: 1n },
      { ...context, attempt: 1n, epoch: 11n },
    ];
    const seen = new Set<string>();
    for (const variant of variants) for (const key of (await keysUnder(variant)).keys.values()) seen.add(hex(key));
    assert.equal(seen.size, 2 * variants.length);
  });

  it("reads hex in either case", async () => {
    const context = world.context();
    const upper = { ...context, contract: `0x${"C0".repeat(20)}`, requestId: `0x${"4E".repeat(32)}` };
    assert.deepEqual((await keysUnder(upper)).keys, (await keysUnder(context)).keys);
  });

  it("notices when participants mean different attempts", async () => {
    const { outcomes } = await world.runNetworks(parties, (network) =>
      agreeKeys(network, world.context(network.self === 2 ? 2n : 1n), world.randomBytesOf(network.self)),
    );
    for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_KEY_MISMATCH");
  });

  it("refuses a malformed context before anything is sent", async () => {
    const context = world.context();
    for (const [field, malformed] of [
      ["contract", { ...context, contract: "0x1234" }],
      ["contract", { ...context, contract: `0x${"c0".repeat(20)}|` }],
      ["requestId", { ...context, requestId: "" }],
      ["chainId", { ...context, chainId: -1n }],
      ["attempt", { ...context, attempt: -1n }],
      ["epoch", { ...context, epoch: -1n }],
    ] as const) {
      const { outcomes, frames } = await world.runNetworks(parties, (network) =>
        agreeKeys(network, malformed, world.randomBytesOf(network.self)),
      );
      for (const outcome of outcomes) {
        assert.deepEqual(assertRejected(outcome, "PROTOCOL_BAD_CONTEXT").detail, {
          code: "PROTOCOL_BAD_CONTEXT",
          field,
        });
      }
      assert.equal(frames.length, 0);
    }
  });

  it("ends when the randomness source fails, with nothing sent by that party", async () => {
    const failure = new Error("no entropy");
    const { outcomes, frames } = await world.runNetworks(parties, (network) =>
      agreeKeys(network, world.context(), (length) => {
        if (network.self === 2) throw failure;
        return world.randomBytesOf(network.self)(length);
      }),
    );
    const [, failed] = outcomes;
    assert(failed?.status === "rejected" && failed.reason === failure);
    assert(frames.every(({ from }) => from !== 2));
    const error = assertRejected(outcomes[0], "NETWORK_ABORTED");
    assert.equal((error.detail as unknown as { peer: PartyIndex }).peer, 2);
  });
});

function assertRejected(outcome: PromiseSettledResult<unknown> | undefined, code: string) {
  assert(outcome?.status === "rejected", `expected ${code}, but it succeeded`);
  const error: unknown = outcome.reason;
  assert(isCoded(error, code), `expected ${code}, got ${String(error)}`);
  return error;
}

function onStep(
  step: string,
  from: PartyIndex,
  to: PartyIndex,
  change: (payload: Uint8Array) => Uint8Array,
): (frame: LoopbackFrame) => Uint8Array {
  return (frame) => {
    const hit = frame.step === step && frame.from === from && frame.to === to;
    return hit ? change(new Uint8Array(frame.payload)) : frame.payload;
  };
}

function flipBit(payload: Uint8Array, byte: number): Uint8Array {
  payload[byte] = (payload[byte] as number) ^ 1;
  return payload;
}

function wordsOf(payload: Uint8Array): string[] {
  return Array.from({ length: payload.length / 32 }, (_, word) => hex(payload.subarray(32 * word, 32 * word + 32)));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function choose(n: number, k: number): number {
  return k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
}
