/**
 * When two vectors are equal. An implementation may represent one element in several ways, so that equality is a
 * computation of its own: it must see every single difference and none that is only of representation.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { bigintModel } from "./bigintModel.ts";

const LENGTHS = [1, 2, 3, 4, 5, 8, 9, 63, 64, 65];
const COPIES = [2, 3, 7, 8, 64, 100];

export function equalityLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, mod, of, assertCanonical, assertEqual } = model;
  const limbs = [0n, 29n, 51n, 58n, 64n, 87n, 102n, 116n, 128n, 145n, 153n, 174n, 192n, 203n, 204n, 232n, 253n];
  /** Differences that live in one limb, or that a sloppy reduction could take for zero. */
  const differences = [1n, -1n, (r - 1n) / 2n, (r + 1n) / 2n, ...limbs.map((bit) => 1n << bit)].filter(
    (difference) => mod(difference) !== 0n,
  );

  function assertDiffer(left: FieldVector, right: FieldVector, what: string): void {
    assert.equal(field.equal(left, right), false, what);
    assert.equal(field.equal(right, left), false, what);
  }

  describe("equality", () => {
    it("sees one differing element in any place, in windows too", () => {
      for (const length of LENGTHS) {
        const values = model.seeded(length, `equal ${length}`);
        const vector = of(values);
        for (let index = 0; index < length; index++) {
          const changed = values.with(index, mod((values[index] as bigint) + 1n));
          assertDiffer(vector, of(changed), `element ${index} of ${length}`);
          for (const offset of [1, 2, 3]) {
            const around = of([...changed.slice(0, offset).map(() => 7n % r), ...changed, 1n]);
            const from = around.length - length - 1;
            const view = field.view(around, from, from + length);
            assertDiffer(vector, view, `element ${index} of ${length}, seen at ${from}`);
            assert(field.equal(view, of(changed)));
          }
        }
      }
    });

    it("sees differences of every size", () => {
      const values = model.seeded(6, "differences");
      for (const difference of differences) {
        for (let index = 0; index < values.length; index++) {
          const changed = values.with(index, mod((values[index] as bigint) + difference));
          assertDiffer(of(values), of(changed), `difference ${difference} at ${index}`);
          const computed = field.add(of(values), of(values.map((_, at) => (at === index ? mod(difference) : 0n))));
          assertDiffer(of(values), computed, `computed difference ${difference} at ${index}`);
        }
      }
    });

    it("sees differences that cancel out", () => {
      const values = model.seeded(8, "cancel");
      for (let first = 0; first < values.length; first++) {
        for (let second = 0; second < values.length; second++) {
          if (first === second) continue;
          const moved = values
            .with(first, mod((values[first] as bigint) + 1n))
            .with(second, mod((values[second] as bigint) - 1n));
          assertDiffer(of(values), of(moved), `+1 at ${first}, -1 at ${second}`);
        }
      }
      assertDiffer(of([1n, 2n]), of([2n, 1n]), "exchanged");
    });

    it("does not look beyond a window", () => {
      const values = model.seeded(9, "beyond");
      const other = values.map((value, index) => (index >= 3 && index < 8 ? value : mod(value + 1n)));
      assert(field.equal(field.view(of(values), 3, 8), field.view(of(other), 3, 8)));
      assert(field.equal(field.view(of([5n % r, 1n]), 0, 1), field.view(of([5n % r, 2n]), 0, 1)));
      assert(field.equal(field.zeros(0), field.view(of(values), 4, 4)));
      assertDiffer(field.zeros(0), field.zeros(1), "lengths");
    });

    it("takes elements for equal whatever they were computed from", () => {
      for (const length of [1, 2, 7, 64, 65]) {
        const [x, y] = [model.seeded(length, `left ${length}`), model.seeded(length, `right ${length}`)];
        const [a, b, zero, one] = [of(x), of(y), field.zeros(length), of(x.map(() => 1n))];
        for (const again of [
          field.sub(field.add(a, b), b),
          field.add(field.sub(a, b), b),
          field.sub(b, field.sub(b, a)),
          field.mul(a, one),
          field.scale(a, 1n),
          field.scale(a, r + 1n),
          field.scale(field.scale(a, -1n), -1n),
          field.axpy(0n, b, a),
          field.axpy(r - 1n, b, field.add(a, b)),
          field.linearCombination([r - 1n, 2n], [a, a]),
          field.sub(zero, field.sub(zero, a)),
          field.fromWords(field.toWords(field.add(a, zero))),
          field.concat([field.add(a, zero)]),
          of(x.map((value) => (value === 0n ? 0n : value - r))),
        ]) {
          assertEqual(again, a);
          assertCanonical(again, x);
          assertDiffer(field.add(again, one), a, "plus one");
        }
      }
    });

    it("knows one zero only", () => {
      const x = [...model.edges, ...model.seeded(12, "zeros")];
      const [a, zero] = [of(x), field.zeros(x.length)];
      const negated = of(x.map((value) => mod(-value)));
      for (const nothing of [
        field.sub(zero, zero),
        field.sub(a, a),
        field.add(a, negated),
        field.add(negated, a),
        field.scale(a, r),
        field.scale(a, 0n),
        field.mul(a, zero),
        field.axpy(-1n, a, a),
        field.axpy(1n, a, negated),
        field.linearCombination([1n, r - 2n, 1n], [a, a, a]),
        field.linearCombination([1n, 1n, -1n, -1n], [a, negated, negated, a]),
      ]) {
        assertEqual(nothing, zero);
        assertCanonical(
          nothing,
          x.map(() => 0n),
        );
        assert.equal(field.sum(nothing), 0n);
        assert.equal(field.innerProduct(nothing, a), 0n);
      }
    });

    it("takes a sum of copies for a multiple, and r copies for zero", () => {
      const x = [...model.edges, ...model.seeded(6, "copies")];
      for (const copies of r < 100n ? [...COPIES, Number(r)] : COPIES) {
        let total = field.zeros(x.length);
        for (let copy = 0; copy < copies; copy++) total = field.add(total, of(x));
        assertEqual(total, field.scale(of(x), BigInt(copies)));
        let rest = total;
        for (let copy = 0; copy < copies; copy++) rest = field.sub(rest, of(x));
        assertEqual(rest, field.zeros(x.length));
      }
      // r copies by doubling: the additions of square-and-multiply.
      let [copies, double] = [field.zeros(x.length), of(x)];
      for (let rest = r; rest > 0n; rest >>= 1n) {
        if (rest & 1n) copies = field.add(copies, double);
        double = field.add(double, double);
      }
      assertEqual(copies, field.zeros(x.length));
    });
  });
}
