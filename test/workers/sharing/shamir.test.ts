import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { createBigintField } from "../../../workers/field/bigintField.ts";
import { BN254_FR_MODULUS } from "../../../workers/field/bn254.ts";
import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { correctErrors } from "../../../workers/sharing/correctErrors.ts";
import { MAX_PARTIES, partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { CommitteeSize, PartyIndex } from "../../../workers/sharing/parties.ts";
import {
  checkCodeword,
  evaluateAt,
  lagrangeAtZero,
  reconstruct,
  shareVector,
} from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertCode, assertRefused } from "../../support/refusals.ts";
import { assertUniform } from "../field/chiSquare.ts";
import { scriptedBytes, seededBytes } from "../field/seededBytes.ts";
import { committees, sizeName } from "./committees.ts";
import { fields } from "./fields.ts";
import { evaluate, pick, seededPolynomials, valuesAt } from "./polynomials.ts";
import { watchField } from "./watchedField.ts";

const r = BN254_FR_MODULUS;
const element = fc.oneof(
  fc.constantFrom(0n, 1n, r - 1n, (r - 1n) / 2n, (r + 1n) / 2n),
  fc.bigInt({ min: 0n, max: r - 1n }),
);
const secretVector = fc.array(element, { maxLength: 8 });

/** Everything that reads shares. */
const readers: Readonly<Record<string, (...input: Parameters<typeof checkCodeword>) => unknown>> = {
  reconstruct,
  evaluateAt: (field, degree, points, shares) => evaluateAt(field, degree, points, shares, 7),
  checkCodeword,
  correctErrors: (field, degree, points, shares) => correctErrors(field, degree, 0, points, shares),
};

for (const [[name, field], size] of fields.flatMap((each) => committees.map((size) => [each, size] as const))) {
  const { n, t } = size;
  const parties = partiesOf(n);

  describe(`Shamir sharing, ${sizeName(size)}, ${name}`, () => {
    it("reconstructs from any t + 1 shares, and from more", () => {
      const property = fc.property(secretVector, fc.string(), (secrets, seed) => {
        const shares = shareVector(field, field.fromIntegers(secrets), size, seededBytes(seed));
        for (let count = t + 1; count <= n; count++) {
          for (const points of subsets(parties, count)) {
            assert.deepEqual(field.toResidues(reconstruct(field, t, points, pick(shares, points))), secrets);
          }
        }
      });
      fc.assert(property, { numRuns: Math.ceil(budget.propertyRuns / 5) });
    });

    it("is linear: sums of shares share the sum, products share the product at degree 2t", () => {
      const pairs = fc.array(fc.tuple(element, element), { maxLength: 8 });
      const property = fc.property(pairs, fc.string(), (values, seed) => {
        const randomBytes = seededBytes(seed);
        const x = shareVector(field, field.fromIntegers(values.map(([left]) => left)), size, randomBytes);
        const y = shareVector(field, field.fromIntegers(values.map(([, right]) => right)), size, randomBytes);
        const sums = x.map((share, index) => field.add(share, y[index] as FieldVector));
        const products = x.map((share, index) => field.mul(share, y[index] as FieldVector));
        const expectedSums = values.map(([left, right]) => field.reduce(left + right));
        const expectedProducts = values.map(([left, right]) => field.reduce(left * right));
        assert.deepEqual(field.toResidues(reconstruct(field, t, parties, sums)), expectedSums);
        assert.deepEqual(field.toResidues(reconstruct(field, 2 * t, parties, products)), expectedProducts);
      });
      fc.assert(property, { numRuns: Math.ceil(budget.propertyRuns / 5) });
    });

    it("detects a changed share at every position, whenever there is one more than degree + 1", () => {
      const shares = shareVector(field, field.fromIntegers([3n, 0n, -5n]), size, seededBytes("extra"));
      for (let count = t + 2; count <= n; count++) {
        for (const points of subsets(parties, count)) {
          for (const liar of points) {
            for (const error of [1n, r - 1n, 123456789n]) {
              const wrong = [...shares];
              wrong[liar - 1] = field.add(shares[liar - 1] as FieldVector, field.fromIntegers([0n, error, 0n]));
              const detail = { code: "SHARING_INCONSISTENT", degree: t, points };
              assertRefused(() => reconstruct(field, t, points, pick(wrong, points)), detail);
            }
          }
        }
      }
    });

    it("gives unrelated shares of the same secret", () => {
      const randomBytes = seededBytes("again");
      const secret = field.fromIntegers([7n]);
      const [first, second] = [
        shareVector(field, secret, size, randomBytes),
        shareVector(field, secret, size, randomBytes),
      ];
      for (const party of parties) {
        assert(!field.equal(first[party - 1] as FieldVector, second[party - 1] as FieldVector));
      }
    });

    it("gives every t parties shares that look uniform, whatever the secret", () => {
      for (const secret of [0n, 1n, r - 1n]) {
        const samples = 4_000;
        const secrets = field.fromIntegers(new Array<bigint>(samples).fill(secret));
        const shares = shareVector(field, secrets, size, seededBytes(`uniform ${secret}`));
        for (const coalition of subsets(parties, t)) {
          assertUniform(jointBins(field, pick(shares, coalition), 4), `shares of parties ${coalition.join(", ")}`);
        }
      }
    });

    it("evaluates at every point as the polynomials do, from any t + 1 shares and from more", () => {
      const property = fc.property(fc.integer({ min: 1, max: 6 }), fc.string(), (length, seed) => {
        for (const degree of [t, 2 * t]) {
          const polynomials = seededPolynomials(field, degree, length, seed);
          const shares = parties.map((party) => valuesAt(field, polynomials, party));
          for (let x = 0; x <= MAX_PARTIES; x++) {
            const expected = polynomials.map((polynomial) => evaluate(polynomial, x, r));
            for (const points of subsets(parties, degree + 1)) {
              assert.deepEqual(field.toResidues(evaluateAt(field, degree, points, pick(shares, points), x)), expected);
            }
            assert.deepEqual(field.toResidues(evaluateAt(field, degree, parties, shares, x)), expected);
          }
          const secret = reconstruct(field, degree, parties, shares);
          assert(field.equal(evaluateAt(field, degree, parties, shares, 0), secret));
        }
      });
      fc.assert(property, { numRuns: Math.ceil(budget.propertyRuns / 40) });
    });

    it("takes any t + 1 shares for a codeword, as there is nothing to check, and no wrong t + 2", () => {
      const shares = parties.map((party) => field.fromIntegers([BigInt(party) ** 7n, 1n]));
      for (const points of subsets(parties, t + 1)) {
        assert.equal(checkCodeword(field, t, points, pick(shares, points)), undefined);
      }
      for (const points of subsets(parties, t + 2)) {
        // The divided difference of X^7 at t + 2 points is a positive integer below r: not on degree t.
        assertCode(() => checkCodeword(field, t, points, pick(shares, points)), "SHARING_INCONSISTENT");
      }
    });

    it("keeps what it returns and nothing else, nothing when it throws", () => {
      const watched = watchField(field);
      const secret = watched.field.fromIntegers([1n, 2n]);
      const shares = shareVector(watched.field, secret, size, seededBytes("temporaries"));
      assert.equal(watched.live(), 1 + n);
      reconstruct(watched.field, t, parties, shares);
      evaluateAt(watched.field, t, parties, shares, 5);
      assert.equal(watched.live(), 3 + n);
      checkCodeword(watched.field, t, parties, shares);
      assertCode(() => checkCodeword(watched.field, t, parties, [secret, ...shares.slice(1)]), "SHARING_INCONSISTENT");
      let draws = 0;
      const failing = (length: number): Uint8Array => {
        assert(draws++ < t - 1, "no entropy for the last coefficient");
        return new Uint8Array(length);
      };
      assert.throws(() => shareVector(watched.field, secret, size, failing), { code: "ERR_ASSERTION" });
      assert.equal(watched.live(), 3 + n);
    });

    for (const [reader, read] of Object.entries(readers)) {
      it(`${reader} refuses too few shares, unequal lengths and missing shares`, () => {
        const shares = shareVector(field, field.fromIntegers([1n, 2n]), size, seededBytes("refuse"));
        const few = parties.slice(0, t);
        assertCode(() => read(field, t, few, pick(shares, few)), "SHARING_TOO_FEW");
        assertCode(() => read(field, t, [], []), "SHARING_TOO_FEW");
        const enough = parties.slice(0, t + 1);
        read(field, t, enough, pick(shares, enough));
        for (const length of [0, 1, 3]) {
          assertCode(
            () => read(field, t, enough, [field.zeros(length), ...pick(shares, enough).slice(1)]),
            "SHARING_LENGTH",
          );
          assertCode(() => read(field, t, parties, [...shares.slice(0, n - 1), field.zeros(length)]), "SHARING_LENGTH");
        }
        assertCode(() => read(field, t, enough, pick(shares, few)), "SHARING_LENGTH");
        assertCode(() => read(field, t, enough, shares.slice(0, t + 2)), "SHARING_LENGTH");
      });

      it(`${reader} refuses index 0, an index above the maximum, a duplicate and a non-integer`, () => {
        const shares = shareVector(field, field.fromIntegers([1n]), size, seededBytes("index"));
        const known = parties.slice(0, t);
        read(field, t, [...known, parties[t] as PartyIndex], shares.slice(0, t + 1));
        for (const foreign of [0, 8, 1.5, -1, known[0] as number, Number.NaN]) {
          const points = [...known, foreign as PartyIndex];
          assertCode(() => read(field, t, points, shares.slice(0, t + 1)), "PARTY_INDEX");
          assertCode(() => read(field, t, points.reverse(), shares.slice(0, t + 1)), "PARTY_INDEX");
          assertCode(() => lagrangeAtZero(field, points), "PARTY_INDEX");
        }
      });

      it(`${reader} refuses, as a bug, a degree that is none`, () => {
        const shares = shareVector(field, field.zeros(1), size, seededBytes("degree"));
        for (const degree of [-1, 0.5, Number.NaN]) {
          assert.throws(() => read(field, degree, parties, shares), { code: "ERR_ASSERTION" });
        }
      });
    }

    it("refuses to evaluate at what is neither 0 nor a party", () => {
      const shares = shareVector(field, field.zeros(1), size, seededBytes("x"));
      for (const x of [-1, 8, 0.5, Number.NaN, Infinity]) {
        assertCode(() => evaluateAt(field, t, parties, shares, x), "PARTY_INDEX");
      }
    });
  });
}

describe("Shamir sharing over a small field", () => {
  for (const size of committees) {
    it(`hides the secret perfectly: over all polynomials, t shares take every value equally often, ${sizeName(size)}`, () => {
      const small = createBigintField(11n);
      const coefficients = tuples(11, size.t);
      for (const secret of [0n, 1n, 10n]) {
        const shares = shareWithCoefficients(small, secret, size, coefficients);
        for (const coalition of subsets(partiesOf(size.n), size.t)) {
          const seen = new Set(coefficients.map((_, row) => coalition.map((party) => shares[party - 1]?.[row]).join()));
          assert.equal(seen.size, 11 ** size.t, `parties ${coalition.join(", ")} see every tuple exactly once`);
        }
      }
    });
  }
});

for (const [name, field] of fields) {
  describe(`Shamir sharing, ${name}`, () => {
    it("refuses to deal for an unsupported committee", () => {
      for (const size of [
        { n: 4, t: 2 },
        { n: 3, t: 0 },
        { n: 8, t: 3 },
      ]) {
        assertCode(() => shareVector(field, field.zeros(1), size, seededBytes("size")), "PARTY_COMMITTEE_SIZE");
      }
    });

    it("passes a failure of the randomness source on", () => {
      const failure = new Error("no entropy");
      const broken = (): never => {
        throw failure;
      };
      assert.throws(() => shareVector(field, field.zeros(1), { n: 3, t: 1 }, broken), failure);
    });

    it("weighs points 1, 2, 3 with 3, -3, 1", () => {
      assert.deepEqual(lagrangeAtZero(field, partiesOf(3)), [3n, r - 3n, 1n]);
    });
  });
}

/** Counts of elements by the joint interval of all shares, `bins` intervals each. */
function jointBins(of: Field, shares: readonly FieldVector[], bins: number): number[] {
  const residues = shares.map((share) => of.toResidues(share));
  const counts = new Array<number>(bins ** shares.length).fill(0);
  for (let index = 0; index < (residues[0]?.length ?? 0); index++) {
    const bin = residues.reduce(
      (joint, each) => joint * bins + Number(((each[index] as bigint) * BigInt(bins)) / of.modulus),
      0,
    );
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}

/** All `length`-tuples over 0..base − 1. */
function tuples(base: number, length: number): number[][] {
  if (length === 0) return [[]];
  return tuples(base, length - 1).flatMap((tuple) => Array.from({ length: base }, (_, digit) => [...tuple, digit]));
}

/** Shares of one secret, one row per coefficient tuple, by feeding the dealer these coefficients. */
function shareWithCoefficients(small: Field, secret: bigint, size: CommitteeSize, tuplesOf: number[][]): bigint[][] {
  const draws = Array.from({ length: size.t }, (_, k) => tuplesOf.map((tuple) => BigInt(tuple[k] as number))).flat();
  const script = Buffer.from(draws.map((draw) => draw.toString(16).padStart(64, "0")).join(""), "hex");
  const secrets = small.fromIntegers(tuplesOf.map(() => secret));
  const shares = shareVector(small, secrets, size, scriptedBytes(script, "unused"));
  return shares.map((share) => small.toResidues(share));
}
