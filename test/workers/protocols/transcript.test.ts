import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { compareTranscripts, Transcript } from "../../../workers/protocols/transcript.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { committees, sizeName } from "../sharing/committees.ts";
import { assertRejected, flipBit, onFrames } from "./tampering.ts";
import { World } from "./world.ts";

describe("Transcript", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const hashOf = (...entries: readonly [string, string][]): string => {
    const transcript = new Transcript();
    for (const [step, words] of entries) transcript.absorb(step, bytes(words));
    return Buffer.from(transcript.hash).toString("hex");
  };

  it("tells structures apart, bigints and their order included", () => {
    const structures = [{ a: [1n, 2n] }, { a: [2n, 1n] }, { a: [1n, 2n], b: undefined }, { b: [1n, 2n] }, [], {}];
    const hashes = structures.map((structure) => {
      const transcript = new Transcript();
      transcript.absorbStructure("structure", structure);
      return Buffer.from(transcript.hash).toString("hex");
    });
    assert.equal(new Set(hashes).size, structures.length - 1, "what is undefined is not there");
    assert.equal(hashes[0], hashes[2]);
  });

  it("is the same for the same values in the same order", () => {
    assert.equal(hashOf(["a", "1"], ["b", "2"]), hashOf(["a", "1"], ["b", "2"]));
  });

  it("differs by value, step, order, number, and by where one part ends", () => {
    const all = [
      hashOf(),
      hashOf(["", ""]),
      hashOf(["a", "1"]),
      hashOf(["a", "2"]),
      hashOf(["b", "1"]),
      hashOf(["a1", ""]),
      hashOf(["", "a1"]),
      hashOf(["a", "1"], ["a", "1"]),
      hashOf(["a", "1"], ["b", "2"]),
      hashOf(["b", "2"], ["a", "1"]),
      hashOf(["a", "1b"], ["", "2"]),
    ];
    assert.equal(new Set(all).size, all.length);
  });
});

for (const size of committees) {
  const { t } = size;
  const parties = partiesOf(size.n).slice(size.n - 2 * t - 1);

  describe(`compareTranscripts, ${sizeName(size)}`, () => {
    const seen = (words: number): Transcript => {
      const transcript = new Transcript();
      transcript.absorb("before", Uint8Array.of(words));
      return transcript;
    };

    it("passes equal ones, in 1 round of 32 bytes to each peer", async () => {
      const world = new World(size, "equal");
      const { traces } = await world.runAll(parties, (session) => compareTranscripts(session, seen(1), "ready"));
      for (const trace of traces) assert.deepEqual(trace, [{ step: "ready", bytesSent: 32 * 2 * t }]);
    });

    it("names, at every participant, those that differ from it", async () => {
      const others = parties.slice(0, t);
      const most = parties.slice(t);
      const { outcomes } = await new World(size, "other").run(parties, (session) =>
        compareTranscripts(session, seen(others.includes(session.network.self) ? 2 : 1), "ready"),
      );
      for (const [position, outcome] of outcomes.entries()) {
        const { detail } = assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
        const named = others.includes(parties[position] as PartyIndex) ? most : others;
        assert.deepEqual(detail, { code: "PROTOCOL_TRANSCRIPT_MISMATCH", step: "ready", parties: named });
      }
    });

    it("notices any changed bit, from any participant", async () => {
      for (const [position, liar] of parties.entries()) {
        const [byte, to] = [position === 0 ? 0 : 31, parties[(position + 1) % parties.length] as PartyIndex];
        const tamper = onFrames({ step: "ready", from: liar, to }, (payload) => flipBit(payload, byte));
        const { outcomes } = await new World(size, "bit").run(
          parties,
          (session) => compareTranscripts(session, seen(1), "ready"),
          { tamper },
        );
        for (const [index, outcome] of outcomes.entries()) {
          if (parties[index] === to) assertRejected(outcome, "PROTOCOL_TRANSCRIPT_MISMATCH");
          else assert.equal(outcome.status, "fulfilled");
        }
      }
    });

    it("sends another hash in every step: one that was seen is no answer to a later one", async () => {
      const { frames } = await new World(size, "steps").runAll(parties, async (session) => {
        await compareTranscripts(session, seen(1), "first/ready");
        await compareTranscripts(session, seen(1), "second/ready");
      });
      const hashes = frames.filter(({ step }) => step.endsWith("ready")).map(({ payload }) => payload.toString());
      assert.equal(new Set(hashes).size, 2);
    });
  });
}
