/** How many wrong parties may be corrected, against every codeword and every lie over a small field. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import { createBigintField } from "../../../workers/field/bigintField.ts";
import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { correctableParties, correctErrors } from "../../../workers/sharing/correctErrors.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import { sizeName, supportedSizes } from "./committees.ts";

describe("how many parties may be corrected", () => {
  it("is as listed for every committee, all present", () => {
    const listed = supportedSizes.map(({ n, t }) => [
      n,
      t,
      ...[t, 2 * t].map((degree) => correctableParties({ shares: n, degree, liars: t })),
    ]);
    assert.deepEqual(listed, [
      // n, t, at degree t, at degree 2t
      [3, 1, 0, 0],
      [4, 1, 1, 0],
      [5, 1, 1, 1],
      [5, 2, 0, 0],
      [6, 1, 2, 1],
      [6, 2, 1, 0],
      [7, 1, 2, 2],
      [7, 2, 2, 0],
      [7, 3, 0, 0],
    ]);
  });

  it("is 0 where shares are too few to check, and refuses counts that are none", () => {
    for (let shares = 0; shares <= 3; shares++) assert.equal(correctableParties({ shares, degree: 2, liars: 1 }), 0);
    for (const wrong of [{ shares: -1 }, { degree: 1.5 }, { liars: Number.NaN }]) {
      assert.throws(() => correctableParties({ shares: 4, degree: 1, liars: 1, ...wrong }), { code: "ERR_ASSERTION" });
    }
  });

  it("is the most that stays short of every other codeword, by looking at all of them over GF(11)", () => {
    for (const { n, t } of supportedSizes) {
      for (const degree of [t, 2 * t]) {
        const leastWeight = leastWeightOf(n, degree, 11);
        // From 0, whose codeword is the true one, t liars go as far towards another codeword as they can.
        const closest = Math.max(0, leastWeight - t);
        let expected = 0;
        while (2 * (expected + 1) < leastWeight && expected + 1 < closest) expected++;
        assert.equal(correctableParties({ shares: n, degree, liars: t }), expected, `n = ${n}, degree ${degree}`);
      }
    }
  });

  // For t = 3 there are 35 · 11^3 lies; the codewords above cover it.
  for (const size of supportedSizes.filter(({ t }) => t <= 2)) {
    for (const degree of [size.t, 2 * size.t]) {
      it(`no lie of t parties over GF(11) steers it, some steers the next: degree ${degree}, ${sizeName(size)}`, () => {
        const { n, t } = size;
        const correctable = correctableParties({ shares: n, degree, liars: t });
        const capacity = Math.max(0, Math.floor((n - degree - 1) / 2));
        if (n - degree > t) assert.equal(steeringLies(size, degree, correctable), 0);
        else assert(steeringLies(size, degree, 0) > 0, "without redundancy even a codeword may be wrong");
        if (capacity > correctable) assert(steeringLies(size, degree, correctable + 1) > 0);
      });
    }
  }
});

/** The fewest points of 1..n where a non-zero polynomial of degree <= `degree` over GF(modulus) is not 0. */
function leastWeightOf(n: number, degree: number, modulus: number): number {
  let least = n;
  /** `values` at 1..n of the top coefficients so far; the top one is 1, as scaling does not change a weight. */
  const extend = (values: readonly number[], remaining: number): void => {
    if (remaining === 0) {
      least = Math.min(least, values.filter((value) => value !== 0).length);
      return;
    }
    const shifted = values.map((value, index) => value * (index + 1));
    for (let coefficient = 0; coefficient < modulus; coefficient++) {
      extend(
        shifted.map((value) => (value + coefficient) % modulus),
        remaining - 1,
      );
    }
  };
  const one = new Array<number>(n).fill(1);
  for (let top = 0; top <= degree; top++) extend(one, top);
  return least;
}

/** Of all lies of t parties about shares of 0 over GF(11), how many are corrected to another secret or other culprits. */
function steeringLies({ n, t }: CommitteeSize, degree: number, maxWrong: number): number {
  const small: Field = createBigintField(11n);
  const parties = partiesOf(n);
  const elements = Array.from({ length: 11 }, (_, value) => small.fromIntegers([BigInt(value)]));
  const honest = parties.map(() => elements[0] as FieldVector);
  let steered = 0;
  for (const liars of subsets(parties, t)) {
    for (let lie = 1; lie < 11 ** t; lie++) {
      const word = [...honest];
      for (const [position, liar] of liars.entries()) {
        word[liar - 1] = elements[Math.floor(lie / 11 ** position) % 11] as FieldVector;
      }
      if (isSteered(small, degree, maxWrong, parties, word)) steered++;
    }
  }
  return steered;
}

function isSteered(
  small: Field,
  degree: number,
  maxWrong: number,
  parties: readonly PartyIndex[],
  word: readonly FieldVector[],
): boolean {
  try {
    const { secret, wrongPoints } = correctErrors(small, degree, maxWrong, parties, word);
    const changed = parties.filter((_, index) => small.sum(word[index] as FieldVector) !== 0n);
    return small.sum(secret) !== 0n || wrongPoints.join() !== changed.join();
  } catch (error) {
    if (isCoded(error, "SHARING_UNCORRECTABLE")) return false;
    throw error;
  }
}
