/**
 * Sums and inner products reduce rarely, so what they add up grows: of every length in turn, and of long vectors whose
 * elements are as large as they get, in either representation of the upper half.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { budget } from "../../budget.ts";
import { bigintModel, type Residues } from "./bigintModel.ts";

/** Beyond two blocks of inner product terms. */
const EVERY_LENGTH = 2_100;

export function longSumLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, mod, of } = model;
  const constant = (value: bigint, length: number): bigint[] => new Array<bigint>(length).fill(value);
  const alternating = (length: number): bigint[] =>
    Array.from({ length }, (_, index) => (index % 2 === 0 ? 1n : r - 1n));
  const patterns = (length: number): Residues[] => [
    constant(r - 1n, length),
    constant((r - 1n) / 2n, length),
    constant((r + 1n) / 2n, length),
    alternating(length),
    model.seeded(length, "long"),
  ];

  describe("long sums", () => {
    it(`adds up every number of terms to ${EVERY_LENGTH}, from either end`, () => {
      for (const values of [model.seeded(EVERY_LENGTH, "terms"), constant((r + 1n) / 2n, EVERY_LENGTH)]) {
        const vector = of(values);
        let [sum, product, tailSum] = [0n, 0n, 0n];
        for (let length = 1; length <= EVERY_LENGTH; length++) {
          const value = values[length - 1] as bigint;
          [sum, product] = [mod(sum + value), mod(product + value * value)];
          tailSum = mod(tailSum + (values[EVERY_LENGTH - length] as bigint));
          field.scope(() => {
            const head = field.view(vector, 0, length);
            assert.equal(field.sum(head), sum, `sum of ${length}`);
            assert.equal(field.innerProduct(head, head), product, `inner product of ${length}`);
            assert.equal(field.sum(field.view(vector, EVERY_LENGTH - length, EVERY_LENGTH)), tailSum);
            return undefined;
          });
        }
      }
    });

    it("counts every term, in its place", () => {
      const length = 1_040;
      const places = of(Array.from({ length }, (_, index) => BigInt(index + 1) % r));
      const padding = field.zeros(length);
      for (let index = 0; index < length; index++) {
        field.scope(() => {
          const one = field.concat([field.view(padding, 0, index), of([1n]), field.view(padding, index + 1, length)]);
          assert.equal(field.innerProduct(one, places), mod(BigInt(index + 1)), `term ${index}`);
          assert.equal(field.sum(one), 1n, `term ${index}`);
          return undefined;
        });
      }
    });

    for (const length of [budget.longSum, budget.longSum + 1]) {
      it(`stays exact over ${length} of the largest elements`, () => {
        field.scope(() => {
          const columns = patterns(length);
          const vectors = columns.map(of);
          columns.forEach((x, left) => {
            const a = vectors[left] as FieldVector;
            assert.equal(field.sum(a), model.sum(x), `sum of pattern ${left}`);
            assert.equal(field.sum(field.view(a, 1, length)), model.sum(x.slice(1)), `sum of pattern ${left} from 1`);
            columns.slice(left).forEach((y, further) => {
              const b = vectors[left + further] as FieldVector;
              const expected = model.innerProduct(x, y);
              assert.equal(field.innerProduct(a, b), expected, `inner product of patterns ${left}, ${left + further}`);
            });
          });
          return undefined;
        });
      });
    }

    it("stays exact over sums and differences that were never written out", () => {
      field.scope(() => {
        const [x, y] = [model.seeded(10_001, "left"), model.seeded(10_001, "right")];
        const [total, difference] = [field.add(of(x), of(y)), field.sub(of(x), of(y))];
        const [s, d] = [model.add(x, y), model.sub(x, y)];
        assert.equal(field.innerProduct(total, difference), model.innerProduct(s, d));
        assert.equal(field.innerProduct(total, total), model.innerProduct(s, s));
        assert.equal(field.innerProduct(difference, difference), model.innerProduct(d, d));
        assert.equal(field.sum(total), model.sum(s));
        assert.equal(field.sum(difference), model.sum(d));
        return undefined;
      });
    });
  });
}
