/**
 * Coefficients of a product of polynomials whose coefficients are vectors: of every number of them, in windows, and at the
 * lengths and values where an implementation that sums before it multiplies may lose something.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { fc } from "../../support/fastCheck.ts";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { arbitrariesOf } from "./arbitraries.ts";
import { bigintModel, type Residues } from "./bigintModel.ts";

const MOST_VECTORS = 9;
const LENGTHS = [0, 1, 2, 3, 8, 511, 512, 513, 1_023, 1_024, 1_025, 2_051];

export function outerLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, mod, of } = model;
  const { vectors, forAll } = arbitrariesOf(field);

  /** Every pair of vectors by itself. */
  function expected(a: readonly Residues[], b: readonly Residues[]): bigint[] {
    const totals = new Array<bigint>(2 * a.length - 1).fill(0n);
    a.forEach((x, i) =>
      b.forEach((y, j) => (totals[i + j] = mod((totals[i + j] as bigint) + model.innerProduct(x, y)))),
    );
    return totals.toSpliced(a.length - 1, 1);
  }

  function assertCoefficients(a: readonly Residues[], b: readonly Residues[], what: string): void {
    field.scope(() => {
      assert.deepEqual(field.outerCoefficients(a.map(of), b.map(of)), expected(a, b), what);
      return undefined;
    });
  }

  const seeded = (count: number, length: number, seed: string): bigint[][] =>
    Array.from({ length: count }, (_, index) => model.seeded(length, `${seed} ${index} of ${length}`));

  describe("outer coefficients", () => {
    it("has those of short vectors, of any number", () => {
      forAll(
        fc.integer({ min: 1, max: MOST_VECTORS }).chain((count) => vectors(2 * count)),
        (columns) => {
          const half = columns.length / 2;
          assertCoefficients(columns.slice(0, half), columns.slice(half), `${half} vectors`);
        },
      );
    });

    for (const length of LENGTHS) {
      it(`has those of 1 to ${MOST_VECTORS} vectors of ${length}`, () => {
        for (const count of length < 100 ? [1, 2, 3, 4, 5, 8, MOST_VECTORS] : [2, 3, 4, 8]) {
          assertCoefficients(seeded(count, length, "a"), seeded(count, length, "b"), `${count} vectors of ${length}`);
        }
      });
    }

    it("stays exact where all elements are as large as they get", () => {
      const values = [r - 1n, (r - 1n) / 2n, (r + 1n) / 2n];
      for (const [first, second] of values.flatMap((x) => values.map((y) => [x, y] as const))) {
        const a = Array.from({ length: 4 }, (_, index) => new Array<bigint>(1_300).fill(index === 3 ? second : first));
        const b = Array.from({ length: 4 }, (_, index) => new Array<bigint>(1_300).fill(index === 0 ? first : second));
        assertCoefficients(a, b, `${first} and ${second}`);
      }
    });

    it("counts every pair of elements once, at its coefficient", () => {
      const [count, length] = [4, 7];
      for (let place = 0; place < count * length; place++) {
        const [i, at] = [Math.floor(place / length), place % length];
        const one = Array.from({ length: count }, (_, index) =>
          Array.from({ length }, (_, element) => (index === i && element === at ? 1n : 0n)),
        );
        assertCoefficients(one, seeded(count, length, "others"), `element ${at} of vector ${i}, left`);
        assertCoefficients(seeded(count, length, "others"), one, `element ${at} of vector ${i}, right`);
      }
    });

    it("reads windows at any place, and one vector on both sides, and leaves them as they are", () => {
      const values = model.seeded(1_200, "windows");
      field.scope(() => {
        const whole = of(values);
        for (const [step, length] of [
          [1, 5],
          [7, 1_030],
          [20, 1_031],
        ] as const) {
          const starts = [0, 1, 2, 3].map((index) => index * step);
          const shown = starts.map((start) => values.slice(start, start + length));
          const windows = (): FieldVector[] => starts.map((start) => field.view(whole, start, start + length));
          assert.deepEqual(field.outerCoefficients(windows(), windows()), expected(shown, shown));
          const same = starts.map(() => whole);
          assert.deepEqual(
            field.outerCoefficients(same, same),
            expected([values, values, values, values], [values, values, values, values]),
          );
        }
        model.assertElements(whole, values);
        return undefined;
      });
    });

    it("refuses none, other numbers of vectors, and other lengths", () => {
      field.scope(() => {
        const [two, three] = [of([1n, 2n]), of([1n, 2n, 3n])];
        for (const [a, b] of [
          [[], []],
          [[two], []],
          [[two], [two, two]],
          [[two, two], [two]],
          [
            [two, three],
            [two, two],
          ],
          [
            [two, two],
            [two, three],
          ],
          [[two], [three]],
        ]) {
          assert.throws(() => field.outerCoefficients(a!, b!), { code: "ERR_ASSERTION" });
        }
        return undefined;
      });
    });
  });
}
