import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import type { LoopbackFrame } from "../../../workers/protocols/loopback.ts";
import { multiplyVectors } from "../../../workers/protocols/multiply.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { reconstruct } from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertUniform } from "../field/chiSquare.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { addTo, onFrames } from "./tampering.ts";
import { World } from "./world.ts";

for (const size of committees) {
  const { n, t } = size;
  const choices = subsets(partiesOf(n), 2 * t + 1);

  describe(`multiplyVectors, ${sizeName(size)}`, () => {
    it("returns shares of degree t of the products, pair by pair, whatever their lengths", async () => {
      const value = fc.bigInt({ min: -(1n << 70n), max: 1n << 70n });
      const pair = fc.array(fc.tuple(value, value), { maxLength: 6 });
      const property = fc.asyncProperty(
        fc.array(pair, { maxLength: 4 }),
        fc.constantFrom(...choices),
        fc.string(),
        async (pairs, participants, seed) => {
          const world = new World(size, seed);
          const { field } = world;
          const lefts = world.share(pairs.map((rows) => rows.map(([left]) => left)));
          const rights = world.share(pairs.map((rows) => rows.map(([, right]) => right)));
          const { values } = await world.runAll(participants, (session) => {
            const position = session.network.self - 1;
            const own = pairs.map((_, index) => ({
              left: lefts[position]?.[index] as FieldVector,
              right: rights[position]?.[index] as FieldVector,
            }));
            return multiplyVectors(session, own, "product");
          });
          for (const [index, rows] of pairs.entries()) {
            const shares = values.map((products) => products[index] as FieldVector);
            const product = reconstruct(field, t, participants, shares); // checks t extra points
            assert.deepEqual(
              field.toResidues(product),
              rows.map(([left, right]) => field.reduce(left * right)),
            );
          }
        },
      );
      await fc.assert(property, { numRuns: budget.protocolRuns });
    });

    it("sends each element to one collector, and what it opened to the t that follow the collector", async () => {
      const rows = 9;
      const world = new World(size, "pattern");
      const shares = world.share([new Array<bigint>(rows).fill(3n)]);
      for (const participants of choices) {
        const { frames, traces } = await world.runAll(participants, (session) => {
          const column = shares[session.network.self - 1]?.[0] as FieldVector;
          return multiplyVectors(session, [{ left: column, right: column }], "product");
        });
        const m = participants.length;
        for (const [position, party] of participants.entries()) {
          const block = Math.floor((rows * (position + 1)) / m) - Math.floor((rows * position) / m);
          const own = frames.filter(({ from }) => from === party);
          const [collected, returned] = ["collect", "return"].map((round) =>
            own.filter(({ step }) => step === `product/${round}`),
          ) as [LoopbackFrame[], LoopbackFrame[]];
          assert.deepEqual(
            collected.map(({ to }) => to),
            participants.filter((peer) => peer !== party),
          );
          assert.deepEqual(
            returned.map(({ to }) => to),
            Array.from({ length: t }, (_, offset) => participants[(position + 1 + offset) % m]),
          );
          for (const { payload } of returned) assert.equal(payload.length, 32 * block);
          assert.deepEqual(traces[position], [
            { step: "product/collect", bytesSent: 32 * (rows - block) },
            { step: "product/return", bytesSent: 32 * t * block },
          ]);
        }
      }
    });

    it("sends words that look uniform, whatever the factors", async () => {
      const rows = 1200;
      for (const secret of [0n, 1n]) {
        const world = new World(size, `uniform ${secret}`);
        const shares = world.share([new Array<bigint>(rows).fill(secret)]);
        const participants = choices[0] as (typeof choices)[number];
        const { frames } = await world.runAll(participants, (session) => {
          const column = shares[session.network.self - 1]?.[0] as FieldVector;
          return multiplyVectors(session, [{ left: column, right: column }], "product");
        });
        // What one peer sends to all collectors, and the blocks of e that one peer gets from its t collectors.
        const [first, second] = [participants[0], participants[1]];
        const returned = frames.filter(({ step, to }) => step === "product/return" && to === first);
        const collected = frames.filter(({ step, from }) => step === "product/collect" && from === second);
        assert.deepEqual([returned.length, collected.length], [t, 2 * t]);
        for (const group of [returned, collected]) {
          const counts = new Array<number>(16).fill(0);
          for (const { payload } of group) {
            for (const element of world.field.toResidues(world.field.fromWords(payload))) {
              const bin = Number((element * 16n) / world.field.modulus);
              counts[bin] = (counts[bin] as number) + 1;
            }
          }
          assertUniform(counts, `${group[0]?.step} for secret ${secret}`);
        }
      }
    });
  });
}

describe("multiplyVectors", () => {
  const world = new World({ n: 3, t: 1 }, "labels");
  const shares = world.share([[1n, 2n]]);

  it("refuses a step name twice within the same keys, as a bug, before anything is sent", async () => {
    const { outcomes, frames } = await world.run(partiesOf(3), async (session) => {
      const column = shares[session.network.self - 1]?.[0] as FieldVector;
      await multiplyVectors(session, [{ left: column, right: column }], "twice");
      return multiplyVectors(session, [{ left: column, right: column }], "twice");
    });
    for (const outcome of outcomes) {
      assert(outcome.status === "rejected" && outcome.reason instanceof assert.AssertionError);
      assert.match(outcome.reason.message, /twice was already used/);
    }
    assert.equal(frames.filter(({ step }) => step === "twice/collect").length, 6, "two peers of three");
    assert.equal(frames.filter(({ step }) => step === "twice/return").length, 3, "one receiver of each");
  });

  it("refuses factors of unequal length, as a bug", async () => {
    const { outcomes } = await world.run(partiesOf(3), (session) => {
      const column = shares[session.network.self - 1]?.[0] as FieldVector;
      return multiplyVectors(session, [{ left: column, right: world.field.zeros(1) }], "unequal");
    });
    for (const outcome of outcomes) assert(outcome.status === "rejected" && !isCoded(outcome.reason));
  });

  it("is unverified, as it says: an error added by one worker shifts a product and nobody notices", async () => {
    const { field } = world;
    const altered: LoopbackFrame[] = [];
    const tampered = await world.runAll(
      partiesOf(3),
      (session) => {
        const column = shares[session.network.self - 1]?.[0] as FieldVector;
        return multiplyVectors(session, [{ left: column, right: column }], "product");
      },
      {
        tamper: onFrames({ step: "product/return", from: 3 as PartyIndex }, (payload, frame) => {
          altered.push(frame);
          return addTo(field, payload, 5n);
        }),
      },
    );
    assert.deepEqual(
      altered.map(({ to }) => to),
      [1],
      "one frame is enough",
    );
    const [first, second] = tampered.values.map((products) => products[0] as FieldVector);
    assert(first !== undefined && second !== undefined);
    const seen = reconstruct(field, 1, partiesOf(2), [first, second]); // the honest ones' shares
    assert.deepEqual(field.toResidues(seen), [1n, 4n + 5n]);
  });
});
