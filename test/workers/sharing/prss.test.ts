import assert from "node:assert/strict";
import { createCipheriv, hkdfSync } from "node:crypto";
import { describe, it } from "node:test";

import { isCoded } from "../../../workers/errors.ts";
import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { expandBlinders, expandShared, expandZero, subsetName, subsetsHeldBy } from "../../../workers/sharing/prss.ts";
import type { ReplicatedKeys } from "../../../workers/sharing/prss.ts";
import { reconstruct } from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import { assertUniform } from "../field/chiSquare.ts";
import { committees, sizeName } from "./committees.ts";
import { dealKeys } from "./dealtKeys.ts";
import { fields, referenceField } from "./fields.ts";

const LENGTH = 20;
/** Joint histograms have at most 4^3 bins, and the test wants 10 a bin. */
const SAMPLES = budget.deep ? 20_000 : 1_000;

for (const [[name, field], size] of fields.flatMap((each) => committees.map((size) => [each, size] as const))) {
  const { n, t } = size;
  for (const parties of subsets(partiesOf(n), 2 * t + 1)) {
    describe(`PRSS and PRZS among ${subsetName(parties)} of ${sizeName(size)}, ${name}`, () => {
      const keySets = dealKeys(parties, t, "prss");
      const shared = keySets.map((keys) => expandShared(field, keys, "a", LENGTH));
      const zeros = keySets.map((keys) => expandZero(field, keys, "a", LENGTH));

      it("shares random elements at degree t, not below", () => {
        const secret = reconstruct(field, t, parties, shared);
        for (const points of subsets(parties, t + 1)) {
          assert(field.equal(reconstruct(field, t, points, pick(parties, shared, points)), secret));
        }
        assertInconsistent(field, t - 1, parties, shared);
        assert(field.toResidues(secret).every((value) => value !== 0n));
      });

      it("is the sum of the subsets' streams, each times the product of the parties outside", () => {
        const streams = subsets(parties, t + 1).map((subset) => {
          const holder = keySets[parties.indexOf(subset[0] as PartyIndex)] as ReplicatedKeys;
          return drawnElements(field, holder.keys.get(subsetName(subset)) as Uint8Array, "Opaline.PRSS.v1|shared|a");
        });
        const expected = field.linearCombination(
          subsets(parties, t + 1).map((subset) =>
            parties.reduce((product, i) => (subset.includes(i) ? product : product * BigInt(i)), 1n),
          ),
          streams,
        );
        assert(field.equal(reconstruct(field, t, parties, shared), expected));
      });

      it("shares zeros at degree 2t, not below", () => {
        assert(field.equal(reconstruct(field, 2 * t, parties, zeros), field.zeros(LENGTH)));
        assertInconsistent(field, 2 * t - 1, parties, zeros);
        for (const share of zeros) assert(field.toResidues(share).every((value) => value !== 0n));
      });

      it("makes zeros of t pieces of one stream a key, as the formula of the file header says", () => {
        for (const [position, self] of parties.entries()) {
          const expected = subsetsHeldBy(self, parties, t).flatMap((subset) => {
            const key = (keySets[position] as ReplicatedKeys).keys.get(subsetName(subset)) as Uint8Array;
            const outside = parties.filter((party) => !subset.includes(party)).map(BigInt);
            const weight = outside.reduce((product, i) => product * (i - BigInt(self)), 1n);
            return Array.from({ length: t }, (_, piece) =>
              field.scale(
                drawnElements(field, key, "Opaline.PRSS.v1|zero|a", piece),
                field.reduce(weight * BigInt(self) ** BigInt(piece + 1)),
              ),
            );
          });
          const total = expected.reduce((sum, term) => field.add(sum, term));
          assert(field.equal(zeros[position] as FieldVector, total));
        }
      });

      it("gives every party a different stream per label, purpose and key set, and the same one twice", () => {
        for (const [position, keys] of keySets.entries()) {
          const other = dealKeys(parties, t, "other")[position] as ReplicatedKeys;
          const expansions = [
            expandShared(field, keys, "a", LENGTH),
            expandShared(field, keys, "b", LENGTH),
            expandZero(field, keys, "a", LENGTH),
            expandZero(field, keys, "b", LENGTH),
            expandBlinders(field, keys, "a", LENGTH),
            expandBlinders(field, keys, "b", LENGTH),
            expandShared(field, other, "a", LENGTH),
          ];
          const elements = expansions.flatMap((expansion) => field.toResidues(expansion));
          assert.equal(new Set(elements).size, elements.length, "no element occurs twice");
          assert(field.equal(expandShared(field, keys, "a", LENGTH), shared[position] as FieldVector));
          assert.equal(expandShared(field, keys, "a", 0).length, 0);
          assert.equal(expandZero(field, keys, "a", 0).length, 0);
        }
      });
    });
  }

  describe(`blinders, ${sizeName(size)}, ${name}`, () => {
    it("expands a column's blinders among all n workers at degree t", () => {
      const workers = partiesOf(n);
      const shares = dealKeys(workers, t, "blinders").map((seeds) => expandBlinders(field, seeds, "0xc0", LENGTH));
      const blinders = reconstruct(field, t, workers, shares);
      assertInconsistent(field, t - 1, workers, shares);
      const longer = dealKeys(workers, t, "blinders").map((seeds) => expandBlinders(field, seeds, "0xc0", 2 * LENGTH));
      const prefix = field.view(reconstruct(field, t, workers, longer), 0, LENGTH);
      assert(field.equal(prefix, blinders), "fewer blinders are the first of more");
    });
  });
}

// What parties see is the same over every field (`prssStreams.test.ts`), so its distribution is tested over one.
for (const t of [1, 2, 3]) {
  const field = referenceField;
  describe(`privacy of PRSS and PRZS among ${2 * t + 1}`, () => {
    const parties = partiesOf(2 * t + 1);
    for (const coalition of subsets(parties, t)) {
      const outsiders = parties.filter((party) => !coalition.includes(party));

      it(`the key that ${subsetName(coalition)} do not hold moves nothing they hold, and everything they do not`, () => {
        const before = dealKeys(parties, t, "view");
        const after = dealKeys(parties, t, "view", { [subsetName(outsiders)]: "moved" });
        for (const [position, party] of parties.entries()) {
          const [old, fresh] = [before[position] as ReplicatedKeys, after[position] as ReplicatedKeys];
          for (const expand of [expandShared, expandZero]) {
            const [left, right] = [expand(field, old, "x", LENGTH), expand(field, fresh, "x", LENGTH)];
            const unchanged = field.toResidues(field.sub(left, right)).filter((value) => value === 0n).length;
            assert.equal(unchanged, coalition.includes(party) ? LENGTH : 0);
          }
        }
      });

      it(`given all that ${subsetName(coalition)} hold, t zero shares of the others are still independent`, () => {
        // What the one unknown key contributes to t shares of t elements, as a matrix: of full rank, as t independent pieces of its stream make it.
        const before = dealKeys(parties, t, "rank");
        const after = dealKeys(parties, t, "rank", { [subsetName(outsiders)]: "moved" });
        const matrix = outsiders.slice(0, t).map((party) => {
          const [left, right] = [before, after].map((keySets) => {
            return expandZero(field, keySets[parties.indexOf(party)] as ReplicatedKeys, "r", t);
          });
          return field.toResidues(field.sub(left as FieldVector, right as FieldVector));
        });
        assert.notEqual(field.reduce(determinant(matrix)), 0n);
      });

      it(`what ${subsetName(coalition)} do not hold looks uniform: the secret, and t others' zero shares jointly`, () => {
        const keySets = dealKeys(parties, t, `uniform ${subsetName(coalition)}`);
        const keysOf = (party: PartyIndex): ReplicatedKeys => keySets[parties.indexOf(party)] as ReplicatedKeys;
        const shares = outsiders.map((party) => expandShared(field, keysOf(party), "u", SAMPLES));
        assertUniform(jointBins(field, [reconstruct(field, t, outsiders, shares)], 64), "PRSS secrets");
        const zeros = outsiders.slice(0, t).map((party) => expandZero(field, keysOf(party), "u", SAMPLES));
        assertUniform(jointBins(field, zeros, 4), "PRZS shares");
      });
    }
  });
}

describe("replicated keys", () => {
  const field = referenceField;
  const parties = partiesOf(3);

  it("are refused for index 0, a party listed twice or above the maximum, and, as a bug, another's parties", () => {
    const keys = dealKeys(parties, 1, "index")[0] as ReplicatedKeys;
    for (const wrong of [
      [0, 1, 2],
      [1, 1, 2],
      [1, 2, 8],
    ]) {
      const foreign = { ...keys, parties: wrong as PartyIndex[] };
      for (const expand of [expandShared, expandZero, expandBlinders]) {
        assert.equal(expand(field, keys, "x", 1).length, 1);
        assert.throws(
          () => expand(field, foreign, "x", 1),
          (error) => isCoded(error, "PARTY_INDEX"),
        );
      }
    }
    const outsider = { ...keys, self: 4 as PartyIndex, keys: new Map<string, Uint8Array>() };
    assert.throws(() => expandShared(field, outsider, "x", 1), { message: "party 4 is not one of 1,2,3" });
  });

  it("are named by their members and listed in order", () => {
    assert.equal(subsetName(parties), "1,2,3");
    assert.deepEqual(subsetsHeldBy(parties[1] as PartyIndex, parties, 1), [
      [1, 2],
      [2, 3],
    ]);
  });

  it("are refused when one is missing, foreign or of another length, as a bug", () => {
    const keys = dealKeys(parties, 1, "broken")[0] as ReplicatedKeys;
    const key = keys.keys.get("1,2") as Uint8Array;
    for (const wrong of [
      new Map([["1,2", key]]),
      new Map([
        ["1,2", key],
        ["2,3", key],
      ]),
      new Map([
        ["1,2", key],
        ["1,3", key.subarray(1)],
      ]),
      new Map([...keys.keys, ["2,3", key]]),
    ]) {
      assert.throws(() => expandShared(field, { ...keys, keys: wrong }, "x", 1), { code: "ERR_ASSERTION" });
      assert.throws(() => expandZero(field, { ...keys, keys: wrong }, "x", 1), { code: "ERR_ASSERTION" });
    }
  });
});

function pick(
  parties: readonly PartyIndex[],
  shares: readonly FieldVector[],
  points: readonly PartyIndex[],
): FieldVector[] {
  return points.map((point) => shares[parties.indexOf(point)] as FieldVector);
}

function assertInconsistent(
  field: Field,
  degree: number,
  parties: readonly PartyIndex[],
  shares: readonly FieldVector[],
): void {
  assert.throws(
    () => reconstruct(field, degree, parties, shares),
    (error) => isCoded(error, "SHARING_INCONSISTENT"),
  );
}

/** Laplace expansion along the first row; at most 3 by 3 here. */
function determinant([first, ...rest]: bigint[][]): bigint {
  if (first === undefined) return 1n;
  return first.reduce((total, entry, column) => {
    const minor = rest.map((row) => row.filter((_, other) => other !== column));
    return total + (column % 2 === 0 ? entry : -entry) * determinant(minor);
  }, 0n);
}

/** The generator written out: HKDF, AES-256-CTR, 254-bit draws below r. */
function drawnElements(field: Field, key: Uint8Array, context: string, piece = 0): FieldVector {
  const streamKey = new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), context, 32));
  const stream = createCipheriv("aes-256-ctr", streamKey, Buffer.alloc(16)).update(Buffer.alloc(32 * 10 * LENGTH));
  const draws = Array.from({ length: 10 * LENGTH }, (_, index) =>
    BigInt(`0x${stream.subarray(32 * index, 32 * index + 32).toString("hex")}`),
  );
  const mask = (1n << 254n) - 1n;
  return field.fromIntegers(
    draws
      .map((draw) => draw & mask)
      .filter((draw) => draw < field.modulus)
      .slice(piece * LENGTH, (piece + 1) * LENGTH),
  );
}

function jointBins(field: Field, vectors: readonly FieldVector[], bins: number): number[] {
  const residues = vectors.map((vector) => field.toResidues(vector));
  const counts = new Array<number>(bins ** vectors.length).fill(0);
  for (let index = 0; index < SAMPLES; index++) {
    const bin = residues.reduce(
      (joint, each) => joint * bins + Number(((each[index] as bigint) * BigInt(bins)) / field.modulus),
      0,
    );
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}
