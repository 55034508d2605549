/** Arithmetic on every pair of edge values, as stored and as computed, against bigint arithmetic. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { bigintModel, type BigintModel, type Residues } from "./bigintModel.ts";
import { edgeValues } from "./edgePairs.ts";

/** What every pair of values gives; pair (i, j) is at i·values.length + j. */
interface Pairs {
  readonly values: Residues;
  readonly left: Residues;
  readonly right: Residues;
  readonly sums: Residues;
  readonly differences: Residues;
  readonly products: Residues;
}

/** Computed once for all implementations of a field in a test file. */
const computed = new Map<bigint, Pairs>();

export function edgeSuite(name: string, field: Field): void {
  const model = bigintModel(field);
  const { r, mod, of, assertCanonical, assertElements } = model;

  describe(`${name} on edge values`, () => {
    const { values, left, right, sums, differences, products } = pairsOf(r, model);
    const count = values.length;
    /** The same elements given as integers in (−r, 0]. */
    const negative = (residues: Residues): FieldVector => of(residues.map((value) => (value === 0n ? 0n : value - r)));
    const rotated = (shift: number): bigint[] => [...values.slice(shift), ...values.slice(0, shift)];
    const at = (list: Residues, index: number): bigint => list[index % list.length] as bigint;

    it(`reads and writes ${count} values`, () => {
      assertCanonical(of(values), values);
      assertCanonical(negative(values), values);
    });

    it(`adds, subtracts and multiplies ${count * count} pairs`, () => {
      field.scope(() => {
        for (const a of [of(left), negative(left)]) {
          for (const b of [of(right), negative(right)]) {
            assertElements(field.add(a, b), sums, "sums");
            assertElements(field.sub(a, b), differences, "differences");
            assertElements(field.mul(a, b), products, "products");
          }
        }
        return undefined;
      });
    });

    it("computes with operands that are themselves sums, differences and products", () => {
      field.scope(() => {
        const [a, b] = [of(left), of(right)];
        const [s, d, p] = [field.add(a, b), field.sub(a, b), field.mul(a, b)];
        assertElements(field.mul(s, d), model.mul(sums, differences), "(a + b)(a - b)");
        assertElements(field.mul(s, s), model.mul(sums, sums), "(a + b)²");
        assertElements(field.mul(d, p), model.mul(differences, products), "(a - b)ab");
        assertElements(field.add(s, s), model.add(sums, sums), "(a + b) + (a + b)");
        assertElements(field.sub(d, s), model.sub(differences, sums), "(a - b) - (a + b)");
        assertElements(field.sub(d, p), model.sub(differences, products), "(a - b) - ab");
        assertElements(field.add(p, s), model.add(products, sums), "ab + (a + b)");
        for (const k of [(r + 1n) / 2n, 1n << 50n]) {
          assertElements(field.axpy(k, s, d), model.axpy(k, sums, differences), "k(a + b) + (a - b)");
          assertElements(
            field.linearCombination([k, -k, 1n], [s, d, p]),
            model.linearCombination([k, -k, 1n], [sums, differences, products]),
            "k(a + b) - k(a - b) + ab",
          );
        }
        assert.equal(field.innerProduct(s, d), model.innerProduct(sums, differences));
        assert.equal(field.innerProduct(p, s), model.innerProduct(products, sums));
        assert.equal(field.sum(d), model.sum(differences));
        return undefined;
      });
    });

    it("scales every value by every value, and adds a third", () => {
      const vector = of(values);
      const twice = of([...values, ...values]);
      for (let row = 0; row < count; row++) {
        field.scope(() => {
          const k = at(values, row);
          const expected = products.slice(row * count, (row + 1) * count);
          assertElements(field.scale(vector, k), expected, `multiples of ${k}`);
          assertElements(field.scale(vector, k - r), expected, `multiples of ${k} - r`);
          const added = field.axpy(k, vector, field.view(twice, row, row + count));
          assertElements(added, model.add(expected, rotated(row)), `${k} times each, plus another`);
          return undefined;
        });
      }
    });

    it("takes inner products of the values with every rotation of themselves", () => {
      const vector = of(values);
      const twice = of([...values, ...values]);
      for (let shift = 0; shift < count; shift++) {
        field.scope(() => {
          let expected = 0n;
          for (let row = 0; row < count; row++) expected += at(products, row * count + ((row + shift) % count));
          const other = field.view(twice, shift, shift + count);
          assert.equal(field.innerProduct(vector, other), mod(expected), `rotation by ${shift}`);
          return undefined;
        });
      }
    });

    it("takes the inner product of many copies of each value", () => {
      for (const value of values) {
        field.scope(() => {
          const copies = field.add(field.zeros(1_030), of(new Array<bigint>(1_030).fill(value)));
          assert.equal(field.innerProduct(copies, copies), mod(1_030n * value * value), `copies of ${value}`);
          assert.equal(field.sum(copies), mod(1_030n * value), `copies of ${value}`);
          return undefined;
        });
      }
    });

    it("combines rotations of the values with weights among them", () => {
      for (const terms of [1, 2, 11, 12, 13, 16, 17, 40]) {
        for (let first = 0; first < count; first += 16) {
          field.scope(() => {
            const weights = Array.from({ length: terms }, (_, term) => at(values, first + term * 3));
            const columns = Array.from({ length: terms }, (_, term) => rotated((first * 5 + term) % count));
            const expected = model.linearCombination(weights, columns);
            assertElements(field.linearCombination(weights, columns.map(of)), expected, `${terms} terms`);
            return undefined;
          });
        }
      }
    });

    it("inverts every value", () => {
      const units = values.filter((value) => value !== 0n);
      const inverses = field.invertEach(of(units));
      assertElements(
        field.mul(inverses, of(units)),
        units.map(() => 1n),
      );
    });
  });
}

function pairsOf(r: bigint, model: BigintModel): Pairs {
  let pairs = computed.get(r);
  if (pairs === undefined) {
    const values = edgeValues(r);
    const left = values.flatMap((value) => new Array<bigint>(values.length).fill(value));
    const right = values.flatMap(() => values);
    const [sums, differences, products] = [model.add(left, right), model.sub(left, right), model.mul(left, right)];
    pairs = { values, left, right, sums, differences, products };
    computed.set(r, pairs);
  }
  return pairs;
}
