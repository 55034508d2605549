import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { FieldVector } from "../../../workers/field/field.ts";
import { correctableParties, correctErrors } from "../../../workers/sharing/correctErrors.ts";
import { partiesOf, subsets } from "../../../workers/sharing/parties.ts";
import type { PartyIndex } from "../../../workers/sharing/parties.ts";
import { checkCodeword, reconstruct } from "../../../workers/sharing/shamir.ts";
import { budget } from "../../budget.ts";
import { fc } from "../../support/fastCheck.ts";
import { assertCode, assertRefused } from "../../support/refusals.ts";
import { committees, sizeName, supportedSizes } from "./committees.ts";
import { fields } from "./fields.ts";
import { evaluate, polynomialWithZeros, seededPolynomials, valuesAt } from "./polynomials.ts";
import { watchField } from "./watchedField.ts";

/** Elements of a vector: enough for each of up to 4 liars to be wrong in an element of its own. */
const LENGTH = 4;

/** In which elements a liar is wrong. */
const patterns: Readonly<Record<string, (position: number, element: number) => boolean>> = {
  "one element each": (position, element) => element === position % LENGTH,
  "every element": () => true,
};

for (const [name, field] of fields) {
  const r = field.modulus;
  /** By position among the liars and element. */
  const offsets: Readonly<Record<string, (position: number, element: number) => bigint>> = {
    "1": () => 1n,
    random: (position, element) => field.reduce(5n ** BigInt(200 + LENGTH * position + element)),
    "r - 1": () => r - 1n,
  };

  for (const size of committees) {
    for (const degree of [size.t, 2 * size.t]) {
      describe(`correction at degree ${degree}, ${sizeName(size)}, ${name}`, () => {
        const { n } = size;
        const parties = partiesOf(n);
        const distance = n - degree;
        const polynomials = seededPolynomials(field, degree, LENGTH, `correct ${n} ${degree}`);
        const secrets = polynomials.map(([secret]) => secret as bigint);
        const shares = parties.map((party) => valuesAt(field, polynomials, party));
        /** Every set of `count` liars with every kind of error. */
        const forEachLie = (count: number, test: (word: FieldVector[], liars: PartyIndex[]) => void): void => {
          for (const liars of subsets(parties, count)) {
            for (const isWrong of Object.values(patterns)) {
              for (const offset of Object.values(offsets)) {
                const wrong = shares.map((share, index) => {
                  const position = liars.indexOf(parties[index] as PartyIndex);
                  if (position < 0) return share;
                  const errors = Array.from({ length: LENGTH }, (_, element) =>
                    isWrong(position, element) ? offset(position, element) : 0n,
                  );
                  return field.add(share, field.fromIntegers(errors));
                });
                test(wrong, liars);
              }
            }
          }
        };

        for (let maxWrong = 0; 2 * maxWrong < distance; maxWrong++) {
          it(`corrects and names every set of up to ${maxWrong} wrong parties`, () => {
            for (let count = 0; count <= maxWrong; count++) {
              forEachLie(count, (word, liars) => {
                const { secret, wrongPoints } = correctErrors(field, degree, maxWrong, parties, word);
                assert.deepEqual(field.toResidues(secret), secrets);
                assert.deepEqual(wrongPoints, liars);
              });
            }
          });

          if (distance - 1 - maxWrong === maxWrong) continue; // one more may reach another codeword
          it(`refuses more, up to ${distance - 1 - maxWrong}, when it may correct ${maxWrong}`, () => {
            for (let count = maxWrong + 1; count < distance - maxWrong; count++) {
              forEachLie(count, (word) => {
                const detail = { code: "SHARING_UNCORRECTABLE", degree, points: parties, maxWrong };
                assertRefused(() => correctErrors(field, degree, maxWrong, parties, word), detail);
              });
            }
          });
        }

        if (distance === 1) return; // every word is a codeword
        it(`detects every set of up to ${distance - 1} wrong parties without correcting`, () => {
          checkCodeword(field, degree, parties, shares);
          for (let count = 1; count < distance; count++) {
            forEachLie(count, (word) => {
              assertCode(() => checkCodeword(field, degree, parties, word), "SHARING_INCONSISTENT");
            });
          }
        });
      });
    }
  }

  describe(`correction, ${name}`, () => {
    it("works with parties absent, in any order, and liars of any kind", () => {
      const scenario = fc
        .constantFrom(...supportedSizes)
        .chain((size) => fc.record({ size: fc.constant(size), double: fc.boolean() }))
        .chain(({ size, double }) => {
          const degree = double ? 2 * size.t : size.t;
          return fc.record({
            degree: fc.constant(degree),
            points: fc.shuffledSubarray(partiesOf(size.n), { minLength: degree + 1 }),
            seed: fc.string(),
            errors: fc.array(fc.array(fc.bigInt({ min: 0n, max: r - 1n }), { minLength: LENGTH, maxLength: LENGTH }), {
              maxLength: 2,
            }),
          });
        });
      const property = fc.property(scenario, ({ degree, points, seed, errors }) => {
        const maxWrong = Math.floor((points.length - degree - 1) / 2);
        const polynomials = seededPolynomials(field, degree, LENGTH, seed);
        const lies = errors.slice(0, maxWrong);
        const word = points.map((point, position) => {
          const share = valuesAt(field, polynomials, point);
          const lie = lies[position];
          return lie === undefined ? share : field.add(share, field.fromIntegers(lie));
        });
        const liars = points.filter((_, position) => lies[position]?.some((error) => error !== 0n));
        const { secret, wrongPoints } = correctErrors(field, degree, maxWrong, points, word);
        assert.deepEqual(field.toResidues(secret), field.toResidues(valuesAt(field, polynomials, 0)));
        assert.deepEqual(wrongPoints, [...liars].sort());
      });
      fc.assert(property, { numRuns: budget.propertyRuns });
    });

    it("names wrong parties in ascending order, however the shares are ordered", () => {
      const points = partiesOf(7).reverse();
      const zeros = points.map(() => field.zeros(1));
      const word = [...zeros.slice(0, 5), field.fromIntegers([1n]), field.fromIntegers([-1n])];
      assert.deepEqual(correctErrors(field, 2, 2, points, word).wrongPoints, [1, 2]);
    });

    it("lets two of (5, 2) have any honest party corrected to a secret of their choice, which is why it may correct none", () => {
      const parties = partiesOf(5);
      const polynomials = seededPolynomials(field, 2, 1, "steered");
      const shares = parties.map((party) => valuesAt(field, polynomials, party));
      const [secret] = field.toResidues(valuesAt(field, polynomials, 0)) as [bigint];
      const chosen = field.reduce(secret + 1_000_000n);
      for (const liars of subsets(parties, 2)) {
        for (const victim of parties.filter((party) => !liars.includes(party))) {
          // A difference of two codewords that is 0 at the two parties left, and chosen − secret at 0.
          const untouched = parties.filter((party) => party !== victim && !liars.includes(party));
          const k = (chosen - secret) * field.invert(evaluate(polynomialWithZeros(untouched, 1n), 0, r));
          const difference = polynomialWithZeros(untouched, field.reduce(k));
          const word = shares.map((share, index) =>
            liars.includes(parties[index] as PartyIndex)
              ? field.add(share, valuesAt(field, [difference], index + 1))
              : share,
          );
          assertCode(() => reconstruct(field, 2, parties, word), "SHARING_INCONSISTENT");
          const steered = correctErrors(field, 2, 1, parties, word);
          assert.deepEqual(field.toResidues(steered.secret), [chosen]);
          assert.deepEqual(steered.wrongPoints, [victim]);
          const maxWrong = correctableParties({ shares: 5, degree: 2, liars: 2 });
          assertCode(() => correctErrors(field, 2, maxWrong, parties, word), "SHARING_UNCORRECTABLE");
        }
      }
    });

    it("checks no more than checkCodeword when nothing is wrong", () => {
      for (const { n, t } of committees) {
        const parties = partiesOf(n);
        const made = [checkCodeword, correctErrors].map((check) => {
          const watched = watchField(field);
          const polynomials = seededPolynomials(field, t, 1, "fast");
          const shares = parties.map((party) => valuesAt(watched.field, polynomials, party));
          const before = watched.made();
          if (check === checkCodeword) checkCodeword(watched.field, t, parties, shares);
          else correctErrors(watched.field, t, Math.floor((n - t - 1) / 2), parties, shares);
          return watched.made() - before;
        });
        assert.equal(made[1], (made[0] as number) + 1, "and then combines the secret");
      }
    });

    it("keeps the secret and nothing else, nothing when it throws", () => {
      const parties = partiesOf(7);
      const watched = watchField(field);
      const shares = parties.map((party) =>
        valuesAt(watched.field, seededPolynomials(field, 2, 3, "temporaries"), party),
      );
      const wrong = [watched.field.zeros(3), watched.field.zeros(3), ...shares.slice(2)];
      const before = watched.live();
      assert.deepEqual(correctErrors(watched.field, 2, 2, parties, wrong).wrongPoints, [1, 2]);
      assert.equal(watched.live(), before + 1);
      assertCode(() => correctErrors(watched.field, 2, 1, parties, wrong), "SHARING_UNCORRECTABLE");
      assert.equal(watched.live(), before + 1);
    });

    it("refuses, as a bug, to correct more than half the least distance", () => {
      for (const { n, t } of committees) {
        const parties = partiesOf(n);
        const shares = parties.map(() => field.zeros(1));
        for (const degree of [t, 2 * t]) {
          const capacity = Math.floor((n - degree - 1) / 2);
          assert.deepEqual(correctErrors(field, degree, capacity, parties, shares).wrongPoints, []);
          for (const maxWrong of [capacity + 1, -1, 0.5, Number.NaN]) {
            assert.throws(() => correctErrors(field, degree, maxWrong, parties, shares), { code: "ERR_ASSERTION" });
          }
        }
      }
    });
  });
}
