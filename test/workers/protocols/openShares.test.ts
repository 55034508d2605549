import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import type { FieldVector } from "../../../workers/field/field.ts";
import { drawChallenge } from "../../../workers/protocols/drawChallenge.ts";
import { openShares } from "../../../workers/protocols/openShares.ts";
import { Transcript } from "../../../workers/protocols/transcript.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { budget } from "../../budget.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { addTo, assertRejected } from "./tampering.ts";
import type { Tamper } from "./tampering.ts";
import { World } from "./world.ts";

const secrets = [5n, 0n, 2n ** 200n];

for (const size of committees) {
  const { t } = size;
  const choices = subsets(partiesOf(size.n), 2 * t + 1);

  describe(`openShares, ${sizeName(size)}`, () => {
    const open = (world: World, participants: readonly PartyIndex[], tamper?: Tamper) => {
      const shares = world.share([secrets]);
      const transcripts = new Map(participants.map((party) => [party, new Transcript()]));
      const result = world.run(
        participants,
        (session) => {
          const { self } = session.network;
          return openShares(session, shares[self - 1]?.[0] as FieldVector, transcripts.get(self) as Transcript, "open");
        },
        tamper === undefined ? {} : { tamper },
      );
      return { result, transcripts };
    };

    it("opens to everyone in 1 round of 2t elements a secret, and absorbs what it opened", async () => {
      const expected = new Transcript();
      const world = new World(size, "honest");
      expected.absorb("open", world.field.toWords(world.field.fromIntegers(secrets)));
      for (const participants of choices) {
        const { result, transcripts } = open(new World(size, "honest"), participants);
        const { outcomes, traces } = await result;
        for (const outcome of outcomes) assert.deepEqual(outcome, { status: "fulfilled", value: secrets });
        for (const trace of traces) assert.deepEqual(trace, [{ step: "open", bytesSent: 32 * 2 * t * secrets.length }]);
        for (const transcript of transcripts.values()) assert.deepEqual(transcript.hash, expected.hash);
      }
    });

    it("refuses wrong shares of any t, of any size and at any element, and names all: it cannot know whose", async () => {
      for (const [index, participants] of (budget.deep ? choices : choices.slice(0, 2)).entries()) {
        for (const liars of subsets(participants, t)) {
          const world = new World(size, "liars");
          const tamper: Tamper = ({ from, payload }) =>
            payload.length === 32 * secrets.length && liars.includes(from)
              ? addTo(world.field, payload, index % 2 === 0 ? 1n : -(3n ** 140n) * BigInt(from), [
                  from % secrets.length,
                ])
              : payload;
          const onlyOpening: Tamper = (frame) => (frame.step === "open" ? tamper(frame) : frame.payload);
          const { outcomes } = await open(world, participants, onlyOpening).result;
          for (const [position, outcome] of outcomes.entries()) {
            const own = participants[position] as PartyIndex;
            if (liars.length === 1 && liars[0] === own) assert.equal(outcome.status, "fulfilled", "it hears no lie");
            if (liars.includes(own)) continue;
            const error = assertRejected(outcome, "PROTOCOL_INCONSISTENT_OPENING");
            assert.deepEqual(error.detail, {
              code: "PROTOCOL_INCONSISTENT_OPENING",
              step: "open",
              parties: participants,
            });
            assert(isCoded(error.cause, "SHARING_INCONSISTENT"));
          }
        }
      }
    });
  });

  describe(`drawChallenge, ${sizeName(size)}`, () => {
    const participants = choices.at(-1) as PartyIndex[];

    it("gives all one challenge, in 2 rounds, another one for each step and each attempt", async () => {
      const seen = new Set<bigint>();
      for (const attempt of [1n, 2n, 2n]) {
        const { values, traces } = await new World(size, `challenge ${seen.size}`).runAll(
          participants,
          async (session) => {
            const transcript = new Transcript();
            return [await drawChallenge(session, transcript, "one"), await drawChallenge(session, transcript, "two")];
          },
          { attempt },
        );
        for (const value of values) assert.deepEqual(value, values[0]);
        for (const value of values[0] ?? []) seen.add(value);
        const steps = ["one/ready", "one", "two/ready", "two"];
        for (const trace of traces)
          assert.deepEqual(
            trace,
            steps.map((step) => ({ step, bytesSent: 32 * 2 * t })),
          );
      }
      assert.equal(seen.size, 6);
    });

    it("sends no share to anyone before the transcripts of all were equal", async () => {
      const { outcomes, frames } = await new World(size, "apart").run(participants, (session) => {
        const transcript = new Transcript();
        if (session.network.self === participants[0]) transcript.absorb("other", new Uint8Array(1));
        return drawChallenge(session, transcript, "coin");
      });
      for (const outcome of outcomes) assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
      assert(frames.every(({ step }) => step !== "coin"));
    });

    it("is absorbed: a later comparison covers it", async () => {
      const { values } = await new World(size, "absorbed").runAll(participants, async (session) => {
        const transcript = new Transcript();
        const challenge = await drawChallenge(session, transcript, "coin");
        const expected = new Transcript();
        expected.absorb("coin", session.field.toWords(session.field.fromIntegers([challenge])));
        return [transcript.hash, expected.hash] as const;
      });
      for (const [hash, expected] of values) assert.deepEqual(hash, expected);
    });

    it("refuses a step name twice within the same keys, as a bug: the coin would be known", async () => {
      const { outcomes } = await new World(size, "twice").run(participants, async (session) => {
        await drawChallenge(session, new Transcript(), "coin");
        return drawChallenge(session, new Transcript(), "coin");
      });
      for (const outcome of outcomes) {
        assert(outcome.status === "rejected" && outcome.reason instanceof assert.AssertionError);
      }
    });
  });
}
