/** Which vectors all participants kept: the same from the same attempt at all of them, or computed again. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { bn254Fr as field } from "../../../workers/field/bn254Fr.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import { agreeKept, TAG_BYTES } from "../../../workers/protocols/agreeKept.ts";
import { openThroughGate } from "../../../workers/protocols/gate.ts";
import { NOTHING_KNOWN } from "../../../workers/protocols/gateTask.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { loopbackNetworks } from "../../../workers/protocols/loopback.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { workedDecision, workedGate } from "./gateCase.ts";
import { isOpening } from "./lieTrial.ts";
import { assertRejected, onFrames } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { noHooks } from "./ungatedPlan.ts";
import { World } from "./world.ts";

const tag = (attempt: number): Uint8Array => new Uint8Array(TAG_BYTES).fill(attempt);

async function agree(
  tags: readonly (readonly number[])[],
  tamper?: (frame: LoopbackFrame) => Uint8Array | null,
): Promise<{ kept: number[][]; frames: LoopbackFrame[] }> {
  const frames: LoopbackFrame[] = [];
  const networks = loopbackNetworks(partiesOf(tags.length), {
    intercept: (frame) => {
      frames.push(frame);
      return tamper === undefined ? frame.payload : tamper(frame);
    },
  });
  const kept = await Promise.all(networks.map((network, index) => agreeKept(network, tags[index]!.map(tag), "kept")));
  return { kept: kept.map((indices) => [...indices]), frames };
}

describe("agreeKept", () => {
  it("takes what all kept from one attempt, and nothing else", async () => {
    const { kept } = await agree([
      [1, 2, 0, 4, 5],
      [1, 2, 0, 4, 9],
      [1, 0, 0, 4, 5],
    ]);
    assert.deepEqual(kept, [
      [0, 3],
      [0, 3],
      [0, 3],
    ]);
  });

  it("asks nobody when nothing is needed", async () => {
    const { kept, frames } = await agree([[], [], []]);
    assert.deepEqual(kept, [[], [], []]);
    assert.equal(frames.length, 0);
  });

  it("lets a liar take away what others have, but not give what they have not", async () => {
    const lie = (value: number) => (frame: LoopbackFrame) =>
      Number(frame.from) === 1 ? Buffer.concat([tag(value), tag(value)]) : frame.payload;
    const tags = [
      [7, 7],
      [7, 0],
      [7, 0],
    ];
    assert.deepEqual((await agree(tags, lie(9))).kept.slice(1), [[], []]);
    assert.deepEqual((await agree(tags, lie(7))).kept.slice(1), [[0], [0]]);
  });
});

for (const size of committees) {
  const participants = partiesOf(size.n).slice(size.n - 2 * size.t - 1);

  describe(`a lie about what was kept, ${sizeName(size)}`, () => {
    it("gives nobody more than all honest participants kept, nor less than that but by telling", async () => {
      const tags = fc.array(fc.constantFrom(0, 1, 1, 1, 2), { minLength: 4, maxLength: 4 });
      const each = fc.array(tags, { minLength: participants.length, maxLength: participants.length });
      const liars = fc.constantFrom(...liarsAmong(participants, size.t));
      const property = fc.asyncProperty(each, each, liars, async (own, told, lying) => {
        const positions = lying.map((liar) => participants.indexOf(liar));
        const isLiar = (position: number): boolean => positions.includes(position);
        // Liars tell each receiver something of its own.
        const { kept } = await agree(own, ({ from, to, payload }) =>
          isLiar(from - 1) ? Buffer.concat(told[to - 1]!.map(tag)) : payload,
        );
        const honest = own.filter((_, position) => !isLiar(position));
        for (const [position, indices] of kept.entries()) {
          if (isLiar(position)) continue;
          const expected = [0, 1, 2, 3].filter((index) => {
            const value = own[position]![index]!;
            return value !== 0 && honest.every((theirs) => theirs[index] === value) && told[position]![index] === value;
          });
          assert.deepEqual(indices, expected);
        }
      });
      await fc.assert(property, { numRuns: budget.protocolRuns });
    });

    it("takes away what was kept: it is computed again, and the answer is the same", async () => {
      const first = await keepFirst(size, participants);
      for (const liars of liarsAmong(participants, size.t)) {
        for (const other of [0, 2]) {
          const { outcomes, frames } = await again(first, liars, { tagOfLiars: other });
          for (const outcome of outcomes) assert.deepEqual(outcome, { status: "fulfilled", value: workedDecision });
          assert.ok(frames.some(({ step }) => step.startsWith("products/")));
        }
      }
    });

    it("told to one alone stops everyone before anything is computed", async () => {
      const first = await keepFirst(size, participants);
      for (const liars of liarsAmong(participants, size.t)) {
        const honest = participants.filter((party) => !liars.includes(party));
        for (const to of budget.deep ? honest : [honest[0]!]) {
          const lie = Buffer.concat(first.indices.map(() => tag(2)));
          const tampers = liars.map((from) => onFrames({ step: "kept", from, to }, () => lie));
          const tamper: Tamper = (frame) => tampers[liars.indexOf(frame.from)]?.(frame) ?? frame.payload;
          const { outcomes, frames } = await again(first, liars, { tamper });
          for (const party of honest) {
            assertRejected(outcomes[participants.indexOf(party)], "PROTOCOL_TRANSCRIPT_MISMATCH");
          }
          assert.ok(frames.every(({ step }) => /^keys\/|^kept$|^inputs\/ready$/.test(step)));
        }
      }
    });

    it("that claims what the liar has not is noticed before anything opens", async () => {
      const first = await keepFirst(size, participants);
      for (const liars of liarsAmong(participants, size.t)) {
        const { outcomes, frames } = await again(first, liars, { haveLost: true });
        for (const party of participants.filter((each) => !liars.includes(each))) {
          const outcome = outcomes[participants.indexOf(party)];
          assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING", "PROTOCOL_PRODUCTS_WRONG");
        }
        assert.ok(!frames.some(({ step }) => step !== "kept" && isOpening(step)));
      }
    });
  });
}

/** Each participant alone, and t together: deep, any t. */
function liarsAmong(participants: readonly PartyIndex[], t: number): PartyIndex[][] {
  const together = t === 1 ? [] : subsets(participants, t);
  return [...participants.map((party) => [party]), ...(budget.deep ? together : together.slice(-1))];
}

interface FirstAttempt {
  readonly world: World;
  readonly participants: readonly PartyIndex[];
  readonly shares: readonly FieldVector[][];
  /** Of the product columns, and what each participant kept of them. */
  readonly indices: readonly number[];
  readonly kept: ReadonlyMap<PartyIndex, ReadonlyMap<number, FieldVector>>;
}

const example = workedGate();

async function keepFirst(size: CommitteeSize, participants: readonly PartyIndex[]): Promise<FirstAttempt> {
  const world = new World(size, "kept");
  const shares = world.share(example.columns);
  const kept = new Map<PartyIndex, ReadonlyMap<number, FieldVector>>();
  await world.runAll(participants, (session) => {
    const { self } = session.network;
    const keep = (products: ReadonlyMap<number, FieldVector>): void => void kept.set(self, products);
    return openThroughGate(session, example.plan, shares[self - 1]!, "data", { ...noHooks, keep });
  });
  return { world, participants, shares, indices: [...kept.get(participants[0]!)!.keys()], kept };
}

/** A second attempt with what all say they kept. The liars' own programs believe the tags that they tell. */
function again(
  { world, participants, shares, indices, kept }: FirstAttempt,
  liars: readonly PartyIndex[],
  { tagOfLiars = 1, haveLost = false, tamper }: { tagOfLiars?: number; haveLost?: boolean; tamper?: Tamper },
) {
  const options = tamper === undefined ? { attempt: 2n } : { attempt: 2n, tamper };
  return world.run(
    participants,
    async (session) => {
      const { self } = session.network;
      const isLiar = liars.includes(self);
      const tags = indices.map(() => tag(isLiar ? tagOfLiars : 1));
      const agreed = await agreeKept(session.network, tags, "kept");
      const products = new Map(
        [...agreed].map((position) => {
          const own = kept.get(self)!.get(indices[position]!)!;
          const held = isLiar && haveLost ? field.zeros(own.length) : own;
          return [indices[position]!, { shares: held, origin: Buffer.from(tags[position]!).toString("hex") }] as const;
        }),
      );
      const hooks = { ...noHooks, known: { ...NOTHING_KNOWN, products } };
      return openThroughGate(session, example.plan, shares[self - 1]!, "data", hooks);
    },
    options,
  );
}
