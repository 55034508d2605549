/** Ring laws of a `Field`, and every operation against bigint arithmetic on short vectors. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field } from "../../../workers/field/field.ts";
import { fc } from "../../support/fastCheck.ts";
import { arbitrariesOf } from "./arbitraries.ts";
import { bigintModel } from "./bigintModel.ts";

export function arithmeticLaws(field: Field): void {
  const model = bigintModel(field);
  const { r, edges, of, assertCanonical, assertElements, assertEqual } = model;
  const { element, integer, vectors, forAll } = arbitrariesOf(field);

  describe("arithmetic", () => {
    it("adds, subtracts and multiplies every pair of edges as integers modulo r", () => {
      const left = edges.flatMap((edge) => edges.map(() => edge));
      const right = edges.flatMap(() => edges);
      assertCanonical(field.add(of(left), of(right)), model.add(left, right));
      assertCanonical(field.sub(of(left), of(right)), model.sub(left, right));
      assertCanonical(field.mul(of(left), of(right)), model.mul(left, right));
      for (const k of [...edges, ...edges.map((edge) => -edge)]) {
        assertCanonical(field.scale(of(left), k), model.scale(left, k));
        assertCanonical(field.axpy(k, of(left), of(right)), model.axpy(k, left, right));
      }
    });

    it("agrees with bigint arithmetic", () => {
      forAll(fc.tuple(vectors(2), fc.oneof(element, integer)), ([[a = [], b = []], k]) => {
        assertCanonical(field.add(of(a), of(b)), model.add(a, b));
        assertCanonical(field.sub(of(a), of(b)), model.sub(a, b));
        assertCanonical(field.mul(of(a), of(b)), model.mul(a, b));
        assertCanonical(field.scale(of(a), k), model.scale(a, k));
        assertCanonical(field.axpy(k, of(a), of(b)), model.axpy(k, a, b));
      });
    });

    it("is a commutative ring", () => {
      forAll(vectors(3), ([x = [], y = [], z = []]) => {
        const [a, b, c] = [of(x), of(y), of(z)];
        const zero = field.zeros(x.length);
        const one = of(x.map(() => 1n));
        assertEqual(field.add(a, b), field.add(b, a));
        assertEqual(field.mul(a, b), field.mul(b, a));
        assertEqual(field.add(field.add(a, b), c), field.add(a, field.add(b, c)));
        assertEqual(field.mul(field.mul(a, b), c), field.mul(a, field.mul(b, c)));
        assertEqual(field.mul(a, field.add(b, c)), field.add(field.mul(a, b), field.mul(a, c)));
        assertEqual(field.add(a, zero), a);
        assertEqual(field.mul(a, one), a);
        assertEqual(field.mul(a, zero), zero);
        assertEqual(field.sub(a, a), zero);
        assertEqual(field.sub(a, b), field.add(a, field.scale(b, -1n)));
      });
    });

    it("takes k·x + y for the sum it is", () => {
      forAll(fc.tuple(vectors(2), fc.oneof(element, integer)), ([[x = [], y = []], k]) => {
        const [a, b] = [of(x), of(y)];
        assertEqual(field.axpy(k, a, b), field.add(field.scale(a, k), b));
        assertEqual(field.axpy(k, a, b), field.linearCombination([k, 1n], [a, b]));
        assertEqual(field.axpy(0n, a, b), b);
        assertEqual(field.axpy(1n, a, b), field.add(a, b));
        assertEqual(field.axpy(-1n, a, b), field.sub(b, a));
        assertEqual(field.axpy(k, a, a), field.scale(a, k + 1n));
      });
    });

    it("leaves its operands unchanged, also when both are the same vector", () => {
      forAll(fc.tuple(vectors(2), element), ([[x = [], y = []], k]) => {
        const [a, b] = [of(x), of(y)];
        for (const operation of [field.add, field.sub, field.mul] as const) {
          operation.call(field, a, b);
          operation.call(field, a, a);
        }
        field.scale(a, k);
        field.axpy(k, a, b);
        field.axpy(k, a, a);
        field.linearCombination([k, 1n, k], [a, b, a]);
        field.innerProduct(a, a);
        field.sum(a);
        field.equal(a, b);
        assertElements(a, x);
        assertElements(b, y);
        assertElements(field.mul(a, a), model.mul(x, x));
      });
    });

    it("sums and takes inner products, of nothing too", () => {
      forAll(vectors(2), ([a = [], b = []]) => {
        assert.equal(field.innerProduct(of(a), of(b)), model.innerProduct(a, b));
        assert.equal(field.sum(of(a)), model.sum(a));
      });
      assert.equal(field.sum(field.zeros(0)), 0n);
      assert.equal(field.innerProduct(field.zeros(0), field.zeros(0)), 0n);
    });

    it("refuses operands of unequal length, as a bug", () => {
      const [short, long] = [field.zeros(2), field.zeros(3)];
      for (const [left, right] of [
        [short, long],
        [long, short],
        [field.zeros(0), short],
        [field.zeros(1024), field.zeros(1025)],
      ] as const) {
        assert.throws(() => field.add(left, right), { code: "ERR_ASSERTION" });
        assert.throws(() => field.sub(left, right), { code: "ERR_ASSERTION" });
        assert.throws(() => field.mul(left, right), { code: "ERR_ASSERTION" });
        assert.throws(() => field.axpy(r - 2n, left, right), { code: "ERR_ASSERTION" });
        assert.throws(() => field.axpy(0n, left, right), { code: "ERR_ASSERTION" });
        assert.throws(() => field.innerProduct(left, right), { code: "ERR_ASSERTION" });
        assert.throws(() => field.linearCombination([1n, 1n], [left, right]), { code: "ERR_ASSERTION" });
        assert.equal(field.equal(left, right), false);
      }
      assert.throws(() => field.linearCombination([1n], [short, short]), { code: "ERR_ASSERTION" });
      assert.throws(() => field.linearCombination([1n, 1n], [short]), { code: "ERR_ASSERTION" });
      assert.throws(() => field.linearCombination([], []), { code: "ERR_ASSERTION" });
    });
  });
}
