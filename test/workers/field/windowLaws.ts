/** Views, concatenation and gathering: which elements a vector shows. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field } from "../../../workers/field/field.ts";
import { fc } from "../../support/fastCheck.ts";
import { arbitrariesOf } from "./arbitraries.ts";
import { assertBytes, bigintModel } from "./bigintModel.ts";

export function windowLaws(field: Field): void {
  const model = bigintModel(field);
  const { edges, of, assertCanonical, assertElements, assertEqual } = model;
  const { vectors, forAll } = arbitrariesOf(field);

  describe("windows", () => {
    it("views [from, to), and views of views, like array slices", () => {
      const cuts = fc.array(fc.nat(), { minLength: 4, maxLength: 4 });
      forAll(fc.tuple(vectors(1), cuts), ([[values = []], cuts]) => {
        const [from, to] = window(values.length, cuts[0] as number, cuts[1] as number);
        const outer = field.view(of(values), from, to);
        assertCanonical(outer, values.slice(from, to));
        const [innerFrom, innerTo] = window(to - from, cuts[2] as number, cuts[3] as number);
        assertCanonical(field.view(outer, innerFrom, innerTo), values.slice(from, to).slice(innerFrom, innerTo));
      });
    });

    it("shows every window of a short vector", () => {
      const values = model.seeded(13, "windows");
      const whole = of(values);
      for (let from = 0; from <= values.length; from++) {
        for (let to = from; to <= values.length; to++) {
          const shown = values.slice(from, to);
          const view = field.view(whole, from, to);
          assertCanonical(view, shown, `window [${from}, ${to})`);
          assert.equal(field.sum(view), model.sum(shown));
          assert.equal(field.innerProduct(view, view), model.innerProduct(shown, shown));
          assertCanonical(field.add(view, view), model.add(shown, shown));
          assertCanonical(field.concat([view, whole, view]), [...shown, ...values, ...shown]);
        }
      }
    });

    it("computes on views as on copies, overlapping ones too", () => {
      const values = [...edges, ...edges];
      const whole = of(values);
      const [low, high] = [field.view(whole, 0, 6), field.view(whole, 3, 9)];
      const [lowCopy, highCopy] = [of(values.slice(0, 6)), of(values.slice(3, 9))];
      assertEqual(field.add(low, high), field.add(lowCopy, highCopy));
      assertEqual(field.mul(high, high), field.mul(highCopy, highCopy));
      assertEqual(field.axpy(3n, low, high), field.axpy(3n, lowCopy, highCopy));
      assert.equal(field.innerProduct(low, high), field.innerProduct(lowCopy, highCopy));
      assert.equal(field.sum(high), field.sum(highCopy));
      assertBytes(field.toWords(high), field.toWords(highCopy), "view");
      assertEqual(field.gather(high, [5, 0]), field.gather(highCopy, [5, 0]));
      assertElements(whole, values);
    });

    it("refuses windows that leave the vector, as a bug", () => {
      for (const [from, to] of [
        [-1, 2],
        [0, 4],
        [2, 1],
        [0.5, 1],
        [0, Number.NaN],
      ] as const) {
        assert.throws(() => field.view(field.zeros(3), from, to), { code: "ERR_ASSERTION" });
      }
      assert.throws(() => field.view(field.view(field.zeros(3), 0, 1), 0, 2), { code: "ERR_ASSERTION" });
    });

    it("concatenates in order: of nothing, of empty vectors, of one vector twice", () => {
      forAll(fc.array(vectors(1), { maxLength: 5 }), (parts) => {
        const values = parts.map(([part = []]) => part);
        assertCanonical(field.concat(values.map(of)), values.flat());
      });
      const twice = of(edges);
      assertElements(field.concat([twice, field.zeros(0), twice]), [...edges, ...edges]);
      assert.equal(field.concat([]).length, 0);
    });

    it("gathers in any order, repeatedly", () => {
      forAll(fc.tuple(vectors(1), fc.array(fc.nat())), ([[values = []], picks]) => {
        fc.pre(values.length > 0);
        const indices = picks.map((pick) => pick % values.length);
        const expected = indices.map((index) => values[index] as bigint);
        assertCanonical(field.gather(of(values), indices), expected);
        assertCanonical(field.gather(of(values), Uint32Array.from(indices)), expected);
      });
      for (const index of [-1, 3, 0.5, Number.NaN]) {
        assert.throws(() => field.gather(field.zeros(3), [index]), { code: "ERR_ASSERTION" });
      }
      assert.throws(() => field.gather(field.view(field.zeros(5), 1, 3), [2]), { code: "ERR_ASSERTION" });
      assert.throws(() => field.gather(field.zeros(0), [0]), { code: "ERR_ASSERTION" });
    });
  });
}

/** Ordered bounds within 0..length from two arbitrary naturals. */
function window(length: number, first: number, second: number): [number, number] {
  const [a, b] = [first % (length + 1), second % (length + 1)];
  return [Math.min(a, b), Math.max(a, b)];
}
