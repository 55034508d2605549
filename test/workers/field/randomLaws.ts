/** Which elements `random` draws from a given byte stream, and how many bytes that takes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field, RandomBytes } from "../../../workers/field/field.ts";
import { assertUniform } from "./chiSquare.ts";
import { bigintModel, wordHex, wordsOf } from "./bigintModel.ts";
import { scriptedBytes, seededBytes } from "./seededBytes.ts";

/** Draws are asked for in passes of at most 2,048 words. */
const PASS_WORDS = 2_048;
const LENGTHS = [0, 1, 2, 3, 100, 101, 1_500, 1_551, 2_047, 2_048, 2_049, 4_095, 4_096, 4_097, 5_000, 8_193];

export function randomLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, mod, assertCanonical, assertElements } = model;
  const mask = (1n << BigInt(r.toString(2).length)) - 1n;
  const aboveMask = ((1n << 256n) - 1n) ^ mask;

  describe("random", () => {
    it("masks draws to the modulus' bits and rejects those that are not below it", () => {
      const draws = [r, mask, r - 1n, aboveMask | r, aboveMask | 5n, aboveMask, 1n].filter((draw) => draw >= 0n);
      const script = Buffer.from(draws.map(wordHex).join(""), "hex");
      const accepted = draws.map((draw) => draw & mask).filter((draw) => draw < r);
      assertElements(field.random(accepted.length, scriptedBytes(script, "law")), accepted);
      assert.deepEqual(accepted, [r - 1n, mod(5n), 0n, 1n]);
    });

    it("tells r from the words next to it, limb by limb and in every place", () => {
      const bits = Array.from({ length: mask.toString(2).length }, (_, bit) => 1n << BigInt(bit));
      const near = bits
        .flatMap((bit) => [r, r - bit, r + bit, r ^ bit, r - bit + 1n, r + bit - 1n, r - 1n, bit, mask ^ bit])
        .filter((draw) => draw >= 0n && draw <= mask);
      // Shifting the script by one word moves every draw to the other half of a pair.
      for (const script of [near, [0n, ...near], [r, ...near], near.toReversed()]) {
        const accepted = script.filter((draw) => draw < r);
        assertCanonical(field.random(accepted.length, scriptedBytes(wordsOf(script), "near")), accepted);
      }
    });

    it("asks again for as long as draws are rejected", () => {
      const [all, none] = [new Array<bigint>(PASS_WORDS).fill(3n % r), new Array<bigint>(PASS_WORDS).fill(r)];
      for (const [script, length] of [
        [[...none, ...none, ...all], 5],
        [[...none, 7n % r, ...none, 8n % r], 2],
        [[...all, ...all], PASS_WORDS * 2],
        [[...all.slice(1), r, 9n % r], PASS_WORDS],
        [[r, ...all.slice(1), 9n % r], PASS_WORDS],
        [[...all, r, r, r, 9n % r], PASS_WORDS + 1],
      ] as const) {
        const expected = acceptedWords(r, length, scriptedBytes(wordsOf(script), "again"));
        assertElements(field.random(length, scriptedBytes(wordsOf(script), "again")), expected);
      }
    });

    it("depends on the byte stream only: workers with equal keys draw equal elements", () => {
      const reference = acceptedWords(r, Math.max(...LENGTHS), seededBytes("stream"));
      for (const length of LENGTHS) {
        field.scope(() => {
          assertCanonical(field.random(length, seededBytes("stream")), reference.slice(0, length), `${length} draws`);
          return undefined;
        });
      }
    });

    it("takes no byte after the last element, so that draws in a row stay in step", () => {
      for (const length of LENGTHS) {
        const [ours, theirs] = [meter(seededBytes(`step ${length}`)), meter(seededBytes(`step ${length}`))];
        for (const part of [length, 3, length]) {
          field.scope(() => {
            assertElements(field.random(part, ours.randomBytes), acceptedWords(r, part, theirs.randomBytes));
            return undefined;
          });
          assert.equal(ours.taken(), theirs.taken(), `bytes taken for ${part} draws`);
        }
        assert(ours.largest() <= PASS_WORDS * 32, "more bytes at once than a pass has");
      }
    });

    it("is uniform", () => {
      const bins = r < 64n ? r : 64n;
      const counts = new Array<number>(Number(bins)).fill(0);
      const samples = 20_000;
      for (const value of field.toResidues(field.random(samples, seededBytes("uniform")))) {
        const bin = Number((value * bins) / r);
        counts[bin] = (counts[bin] as number) + 1;
      }
      // A bin of a small field holds ceil or floor of r/bins residues; only compare bins of equal size.
      if (r < 64n || r > 1n << 40n) assertUniform(counts, `${samples} draws below r in ${bins} intervals`);
    });

    it("refuses a source that returns another length, as a bug", () => {
      for (const bytes of [0, 32, 63, 65, 96]) {
        assert.throws(() => field.random(2, () => new Uint8Array(bytes)), { code: "ERR_ASSERTION" });
      }
      const failure = new Error("no entropy");
      assert.throws(
        () =>
          field.random(2, () => {
            throw failure;
          }),
        failure,
      );
    });

    it("leaves the source's buffer alone and keeps nothing of it", () => {
      const buffer = Buffer.from(wordsOf([1n, 2n, 3n, 4n]));
      const vector = field.random(4, () => buffer);
      assertElements(vector, [1n, 2n, 3n, 4n]);
      assert.deepEqual(buffer, wordsOf([1n, 2n, 3n, 4n]));
      buffer.fill(0);
      assertElements(vector, [1n, 2n, 3n, 4n]);
    });
  });
}

/** The definition: the first `count` 32-byte words that are, after masking, below r. */
function acceptedWords(r: bigint, count: number, randomBytes: RandomBytes): bigint[] {
  const mask = (1n << BigInt(r.toString(2).length)) - 1n;
  const accepted: bigint[] = [];
  while (accepted.length < count) {
    const draw = BigInt(`0x${Buffer.from(randomBytes(32)).toString("hex")}`) & mask;
    if (draw < r) accepted.push(draw);
  }
  return accepted;
}

/** Counts what is taken from a source. */
function meter(source: RandomBytes): { randomBytes: RandomBytes; taken: () => number; largest: () => number } {
  let [taken, largest] = [0, 0];
  return {
    randomBytes: (length) => {
      taken += length;
      largest = Math.max(largest, length);
      return source(length);
    },
    taken: () => taken,
    largest: () => largest,
  };
}
