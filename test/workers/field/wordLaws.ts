/** Elements from integers and from words, and back: canonical, exact at the boundary, without shared memory. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field } from "../../../workers/field/field.ts";
import { assertRefused } from "../../support/refusals.ts";
import { arbitrariesOf } from "./arbitraries.ts";
import { assertBytes, bigintModel, wordsOf } from "./bigintModel.ts";

const WORD_BITS = 256n;
/** Around what a single pass over words may hold. */
const CHUNK_EDGES = [2_047, 2_048, 2_049, 4_095, 4_096, 4_097, 8_191, 8_192, 8_193];

export function wordLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, edges, of, assertElements } = model;
  const { vectors, forAll } = arbitrariesOf(field);
  const fits = (value: bigint): boolean => value >= 0n && value < 1n << WORD_BITS;
  const bits = Array.from({ length: Number(WORD_BITS) }, (_, bit) => 1n << BigInt(bit));
  /** Words that differ from r in few places: a comparison by limbs has to get every limb right. */
  const near = bits.flatMap((bit) => [r + bit, r - bit, r ^ bit, r + bit - 1n, r - bit + 1n, (1n << WORD_BITS) - bit]);

  describe("integers", () => {
    it("takes either sign below the modulus, from arrays and typed arrays", () => {
      assertElements(of([-1n, 1n - r, r - 1n, 0n]), [r - 1n, 1n, r - 1n, 0n]);
      const largest = r > 1n << 64n ? (1n << 63n) - 1n : (r - 1n) / 2n;
      const typed = BigInt64Array.of(-1n, 0n, largest, -largest);
      assertElements(field.fromIntegers(typed), [r - 1n, 0n, largest, r - largest]);
      const magnitudes = [...bits, ...bits.map((bit) => bit - 1n), ...near].filter((value) => value > 0n && value < r);
      assertElements(of(magnitudes), magnitudes);
      assertElements(
        of(magnitudes.map((value) => -value)),
        magnitudes.map((value) => r - value),
      );
    });

    it("refuses integers that would need reduction, as a bug", () => {
      for (const value of [r, -r, r + 1n, r * 2n, -r * r, 1n << WORD_BITS, r + (1n << WORD_BITS)]) {
        assert.throws(() => of([0n, value]), { code: "ERR_ASSERTION" });
        assert.throws(() => of([value]), { code: "ERR_ASSERTION" });
      }
    });
  });

  describe("words", () => {
    it("writes 32 bytes big-endian and reads them back", () => {
      forAll(vectors(1), ([values = []]) => {
        const words = field.toWords(of(values));
        assertBytes(words, wordsOf(values), "words");
        assertElements(field.fromWords(words), values);
      });
    });

    it("reads and writes every power of two and its neighbours", () => {
      const values = [...bits, ...bits.map((bit) => bit - 1n), ...near].filter((value) => value >= 0n && value < r);
      assertElements(field.fromWords(wordsOf(values)), values);
      assertBytes(field.toWords(of(values)), wordsOf(values), "words");
    });

    it("reads from the middle of a buffer at any alignment, and keeps no reference to it", () => {
      for (const lead of [0, 1, 3, 4, 7, 8, 16]) {
        const buffer = Buffer.concat([Buffer.alloc(lead, 0xff), wordsOf(edges), Buffer.of(0xff)]);
        const vector = field.fromWords(buffer.subarray(lead, -1));
        buffer.fill(0xff);
        assertElements(vector, edges);
      }
    });

    it("hands out bytes that do not lead back into the vector", () => {
      const vector = of(edges);
      field.toWords(vector).fill(0xff);
      field.toResidues(vector).fill(7n);
      assertElements(vector, edges);
    });

    it("writes into what it is given, at any alignment and no further, and refuses other lengths", () => {
      const vector = of(edges);
      const length = wordsOf(edges).length;
      for (const lead of [0, 1, 8, 16, 31]) {
        const buffer = new Uint8Array(lead + length + 5).fill(0xaa);
        const words = buffer.subarray(lead, lead + length);
        assert.equal(field.toWords(vector, words), words);
        assertBytes(words, wordsOf(edges), "words");
        assert(buffer.every((byte, index) => (index >= lead && index < lead + length) || byte === 0xaa));
      }
      for (const other of [0, length - 1, length + 32])
        assert.throws(() => field.toWords(vector, new Uint8Array(other)), { code: "ERR_ASSERTION" });
      assertBytes(field.toWords(of([]), new Uint8Array(0)), new Uint8Array(0), "none");
    });

    it("hands out bytes that stay when vectors come and go", () => {
      const words = field.toWords(of(edges));
      for (let round = 0; round < 50; round++) {
        const other = of(edges.toReversed());
        field.toWords(other);
        field.release(other);
      }
      assertBytes(words, wordsOf(edges), "words handed out before");
    });

    it("refuses words that are not below r, with the index of the first", () => {
      for (const value of [r, r + 1n, 2n * r, (1n << WORD_BITS) - 1n, 1n << (WORD_BITS - 1n)].filter(fits)) {
        for (const index of [0, 1, 4]) {
          const values = [...edges, ...edges];
          values[index] = value;
          values[7] = value;
          assertNotCanonical(wordsOf(values), index);
        }
      }
    });

    it("tells r from the words next to it, limb by limb and in every place", () => {
      for (const [position, value] of near.filter(fits).entries()) {
        const index = position % 5;
        const words = wordsOf(edges.with(index, value));
        if (value < r) assertElements(field.fromWords(words), edges.with(index, value));
        else assertNotCanonical(words, index);
      }
      for (let length = 1; length <= 20; length++) {
        const values = model.seeded(length, `refused ${length}`);
        for (let index = 0; index < length; index++) assertNotCanonical(wordsOf(values.with(index, r)), index);
      }
    });

    it("refuses the first bad word of a long run, wherever a pass over it may end", () => {
      const longest = model.seeded(8_200, "long words");
      for (const index of [0, 1, 5_000, 8_198, 8_199, ...CHUNK_EDGES]) {
        assertNotCanonical(wordsOf(longest.with(index, r)), index);
        assertNotCanonical(wordsOf(longest.with(index, r + 1n).with(8_199, r)), index);
        assertNotCanonical(wordsOf(longest.slice(0, index + 1).with(index, r)), index);
      }
    });

    it("refuses bytes that are not whole words", () => {
      for (const bytes of [1, 31, 33, 63]) {
        assertRefused(() => field.fromWords(new Uint8Array(bytes)), { code: "FIELD_LENGTH", bytes });
      }
      assert.equal(field.fromWords(new Uint8Array(0)).length, 0);
    });

    function assertNotCanonical(words: Uint8Array, index: number): void {
      const message = `field element ${index} is not below the modulus`;
      assertRefused(() => field.fromWords(words), { code: "FIELD_NOT_CANONICAL", index }, message);
    }
  });
}
