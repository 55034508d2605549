/** Linear combinations of any number of terms, with weights of every size and sign. */
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { fc } from "../../support/fastCheck.ts";
import { arbitrariesOf } from "./arbitraries.ts";
import { bigintModel, type Residues } from "./bigintModel.ts";

/** More terms than several blocks hold, and every remainder of a block. */
const MAX_TERMS = 40;
const MANY_TERMS = [63, 64, 65, 127, 128, 129, 300];
/** An element alone, and pairs with one left over. */
const LENGTHS = [1, 5];

interface Columns {
  readonly residues: readonly Residues[];
  readonly vectors: readonly FieldVector[];
}

export function combinationLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, of, assertCanonical, assertElements } = model;
  const { element, integer, vectors, forAll } = arbitrariesOf(field);

  const full = (count: number): bigint[] => model.seeded(count, "weights");
  const small = (count: number): bigint[] => Array.from({ length: count }, (_, term) => BigInt(term * term + 1));
  const powerOfTwo = (exponent: bigint, below = 0n) => {
    return (count: number): bigint[] => new Array<bigint>(count).fill((1n << exponent) - below);
  };
  const constant = (weight: bigint) => {
    return (count: number): bigint[] => new Array<bigint>(count).fill(weight);
  };
  const negated = (weights: (count: number) => bigint[]) => {
    return (count: number): bigint[] => weights(count).map((weight) => -weight);
  };
  const alternating = (even: (count: number) => bigint[], odd: (count: number) => bigint[]) => {
    return (count: number): bigint[] =>
      even(count).map((weight, term) => (term % 2 === 0 ? weight : (odd(count)[term] as bigint)));
  };
  /** One weight that is unlike the others, last: it decides which kind of combination is computed. */
  const lastIs = (weights: (count: number) => bigint[], last: bigint) => {
    return (count: number): bigint[] => weights(count).with(count - 1, last);
  };
  /** Weights on either side of what an f64 or a limb holds exactly. */
  const widths = [15n, 23n, 24n, 27n, 28n, 29n, 31n, 32n, 48n, 49n, 50n, 51n, 52n, 53n, 63n, 64n].flatMap(
    (exponent) => [
      [`2^${exponent}`, powerOfTwo(exponent)] as const,
      [`2^${exponent} - 1`, powerOfTwo(exponent, 1n)] as const,
      [`1 - 2^${exponent}`, negated(powerOfTwo(exponent, 1n))] as const,
      [`±2^${exponent}`, alternating(powerOfTwo(exponent), negated(powerOfTwo(exponent)))] as const,
      [`1, but 2^${exponent} at last`, lastIs(constant(1n), 1n << exponent)] as const,
    ],
  );
  /** numerator/denominator in the field: what interpolation between few points weighs with. */
  const fraction = (numerator: bigint, denominator: bigint): bigint =>
    field.reduce(numerator * field.invert(field.reduce(denominator) === 0n ? 1n : denominator));
  const fractions = (denominators: readonly bigint[], scale = 1n) => {
    return (count: number): bigint[] =>
      Array.from({ length: count }, (_, term) =>
        fraction(
          (term % 2 === 0 ? 1n : -1n) * scale * BigInt(term + 1),
          denominators[term % denominators.length] as bigint,
        ),
      );
  };
  const kinds = [
    ["fractions over 7!", fractions([2n, 3n, 6n, 720n, 5_040n])],
    ["fractions over 7!, numerators up to 2^28 and more", fractions([5_040n], 1n << 23n)],
    ["fractions over other numbers", fractions([11n, 5_041n, 13n])],
    ["fractions over 7! but the last", lastIs(fractions([2n, 5n, 7n]), r - 3n)],
    ["small", small],
    ["small negative", negated(small)],
    ["small of either sign", alternating(small, negated(small))],
    ["full", full],
    ["full negative", negated(full)],
    ["full and small", alternating(full, small)],
    ["small, but full at last", lastIs(small, r - 3n)],
    ["full, but zero at last", lastIs(full, 0n)],
    ["full, but one at last", lastIs(full, 1n)],
    ["full, but one first", (count: number) => full(count).with(0, 1n)],
    ["full and ones", alternating(full, constant(1n))],
    ["full, beyond r", (count: number) => full(count).map((weight, term) => weight + r * BigInt(term - 7))],
    ["zero", constant(0n)],
    ["one", constant(1n)],
    ["minus one", constant(-1n)],
    ["r - 1", constant(r - 1n)],
    ["r", constant(r)],
    ["(r - 1) / 2", constant((r - 1n) / 2n)],
    ["(r + 1) / 2", constant((r + 1n) / 2n)],
    ["1 - r", constant(1n - r)],
    ...widths,
  ] as const;

  describe("linear combinations", () => {
    it("combines short vectors with weights of either sign and size", () => {
      const weight = fc.oneof(element, integer);
      forAll(fc.tuple(vectors(3), fc.tuple(weight, weight, weight)), ([columns, weights]) =>
        assertCanonical(field.linearCombination(weights, columns.map(of)), model.linearCombination(weights, columns)),
      );
    });

    for (const [kind, weightsOf] of kinds) {
      it(`combines 1 to ${MAX_TERMS} vectors with weights ${kind}`, () => {
        const columns = columnsOf(MAX_TERMS);
        for (let terms = 1; terms <= MAX_TERMS; terms++) assertCombines(weightsOf(terms), columns);
      });
    }

    it("combines more terms than any block holds", () => {
      const columns = columnsOf(Math.max(...MANY_TERMS));
      for (const terms of MANY_TERMS) {
        for (const weightsOf of [small, full, constant(r - 1n), constant((r + 1n) / 2n), negated(small)]) {
          assertCombines(weightsOf(terms), columns);
        }
      }
    });

    it("counts every term, in its place", () => {
      for (let terms = 1; terms <= MAX_TERMS; terms++) {
        const columns = Array.from({ length: terms }, (_, term) => of([BigInt(term + 1) % r, 1n, 0n]));
        for (let term = 0; term < terms; term++) {
          for (const weight of [1n, -1n, r - 2n, (r + 1n) / 2n]) {
            const weights = columns.map((_, index) => (index === term ? weight : 0n));
            const expected = model.scale([BigInt(term + 1), 1n, 0n], weight);
            assertElements(field.linearCombination(weights, columns), expected, `term ${term} of ${terms}`);
          }
        }
      }
    });

    it("combines one vector with itself, and windows that overlap", () => {
      const values = model.seeded(60, "overlap");
      const whole = of(values);
      for (const terms of [2, 12, 13, 16, 17, 40]) {
        const starts = Array.from({ length: terms }, (_, term) => term % 20);
        for (const weights of [full(terms), small(terms)]) {
          assertCanonical(
            field.linearCombination(
              weights,
              starts.map((start) => field.view(whole, start, start + 33)),
            ),
            model.linearCombination(
              weights,
              starts.map((start) => values.slice(start, start + 33)),
            ),
          );
          assertCanonical(
            field.linearCombination(
              weights,
              starts.map(() => whole),
            ),
            model.scale(values, model.sum(weights)),
          );
        }
      }
      assertElements(whole, values);
    });

    /** Columns of seeded, of the largest, and of the middle elements, in every length. */
    function columnsOf(terms: number): Columns[] {
      return LENGTHS.flatMap((length) => {
        const seeded = Array.from({ length: terms }, (_, term) => model.seeded(length, `column ${term}`));
        const largest = seeded.map((column) => column.map(() => r - 1n));
        const halves = seeded.map((column, term) => column.map(() => (term % 2 === 0 ? r - 1n : r + 1n) / 2n));
        return [seeded, largest, halves].map((residues) => ({ residues, vectors: residues.map(of) }));
      });
    }

    function assertCombines(weights: Residues, columns: readonly Columns[]): void {
      field.scope(() => {
        for (const { residues, vectors } of columns) {
          const actual = field.linearCombination(weights, vectors.slice(0, weights.length));
          const expected = model.linearCombination(weights, residues.slice(0, weights.length));
          assertCanonical(actual, expected, `${weights.length} terms of ${actual.length}`);
        }
        return undefined;
      });
    }
  });
}
