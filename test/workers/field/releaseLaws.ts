/** Giving vectors back: what is released is refused everywhere, and nothing else is touched. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Field, FieldVector } from "../../../workers/field/field.ts";
import { bigintModel } from "./bigintModel.ts";

export function releaseLaws(field: Field): void {
  const model = bigintModel(field);
  const { edges, of, assertCanonical, assertElements } = model;

  describe("release", () => {
    const uses: readonly (readonly [string, (dead: FieldVector, live: FieldVector) => unknown])[] = [
      ["toResidues", (dead) => field.toResidues(dead)],
      ["toWords", (dead) => field.toWords(dead)],
      ["view", (dead) => field.view(dead, 0, dead.length)],
      ["concat", (dead) => field.concat([dead])],
      ["concat behind another", (dead, live) => field.concat([live, dead])],
      ["gather", (dead) => field.gather(dead, [0])],
      ["gather of nothing", (dead) => field.gather(dead, [])],
      ["add to", (dead, live) => field.add(dead, live)],
      ["add", (dead, live) => field.add(live, dead)],
      ["subtract from", (dead, live) => field.sub(dead, live)],
      ["subtract", (dead, live) => field.sub(live, dead)],
      ["multiply", (dead, live) => field.mul(dead, live)],
      ["multiply by", (dead, live) => field.mul(live, dead)],
      ["square", (dead) => field.mul(dead, dead)],
      ["scale", (dead) => field.scale(dead, 2n)],
      ["scale by zero", (dead) => field.scale(dead, 0n)],
      ["axpy's x", (dead, live) => field.axpy(2n, dead, live)],
      ["axpy's x times zero", (dead, live) => field.axpy(0n, dead, live)],
      ["axpy's y", (dead, live) => field.axpy(2n, live, dead)],
      ["first of a linear combination", (dead, live) => field.linearCombination([1n, 1n], [dead, live])],
      ["last of a linear combination", (dead, live) => field.linearCombination([1n, 0n], [live, dead])],
      ["outer coefficients, left", (dead, live) => field.outerCoefficients([live, dead], [live, live])],
      ["outer coefficients, right", (dead, live) => field.outerCoefficients([live, live], [live, dead])],
      ["inner product, left", (dead, live) => field.innerProduct(dead, live)],
      ["inner product, right", (dead, live) => field.innerProduct(live, dead)],
      ["sum", (dead) => field.sum(dead)],
      ["equal, left", (dead, live) => field.equal(dead, live)],
      ["equal, right", (dead, live) => field.equal(live, dead)],
      ["equal to itself", (dead) => field.equal(dead, dead)],
      ["invertEach", (dead) => field.invertEach(dead)],
      ["release", (dead) => field.release(dead)],
    ];

    for (const [use, call] of uses) {
      it(`refuses a released vector as a bug: ${use}`, () => {
        for (const length of [1, 2, 5]) {
          const values = model.seeded(length, use);
          const live = of(values);
          for (const dead of [of(values), field.view(live, 0, length), field.add(live, live)]) {
            field.release(dead);
            assert.throws(() => call(dead, live), { code: "ERR_ASSERTION" });
          }
          assertCanonical(live, values);
        }
      });
    }

    it("refuses empty vectors that were released, too", () => {
      for (const empty of [field.zeros(0), of([]), field.view(of(edges), 2, 2), field.concat([])]) {
        field.release(empty);
        assert.throws(() => field.release(empty), { code: "ERR_ASSERTION" });
        assert.throws(() => field.concat([empty]), { code: "ERR_ASSERTION" });
      }
    });

    it("takes none, one or many vectors, but none twice", () => {
      field.release();
      const [a, b, c] = [of(edges), of(edges), of(edges)];
      field.release(a);
      field.release(b, c);
      for (const dead of [a, b, c]) assert.throws(() => field.sum(dead), { code: "ERR_ASSERTION" });
      const twice = of(edges);
      assert.throws(() => field.release(twice, twice), { code: "ERR_ASSERTION" });
    });

    it("keeps the length readable", () => {
      const vector = of(edges);
      field.release(vector);
      assert.equal(vector.length, edges.length);
    });

    it("leaves views valid when their base goes, and the base when they go", () => {
      for (const length of [5, 64, 1_001, 10_001]) {
        field.scope(() => {
          const values = model.seeded(length, `base ${length}`);
          const base = of(values);
          const view = field.view(base, 1, length);
          const inner = field.view(view, 1, 3);
          const kept = field.view(base, 0, length);
          field.release(base);
          churn(length);
          assertElements(view, values.slice(1), "view of a released base");
          field.release(view);
          churn(length);
          assertElements(inner, values.slice(2, 4), "view of a released view");
          assertElements(kept, values, "whole view of a released base");
          field.release(inner);
          churn(length);
          assertElements(kept, values, "view after its sibling");
          assert.equal(field.sum(kept), model.sum(values));
          return undefined;
        });
        const values = model.seeded(length, `base ${length}`);
        const base = of(values);
        field.release(field.view(base, 0, 1), field.view(base, 0, length), field.view(base, length, length));
        churn(length);
        assertElements(base, values, "base after its views");
        field.release(base);
      }
    });

    it("leaves results valid when their operands go", () => {
      const [x, y] = [model.seeded(9, "x"), model.seeded(9, "y")];
      const [a, b] = [of(x), of(y)];
      const results = [
        [field.add(a, b), model.add(x, y)],
        [field.add(a, field.zeros(9)), x],
        [field.scale(a, 1n), x],
        [field.scale(a, 0n), x.map(() => 0n)],
        [field.axpy(0n, a, b), y],
        [field.axpy(1n, a, field.zeros(9)), x],
        [field.linearCombination([1n], [a]), x],
        [field.linearCombination([0n, 1n], [a, b]), y],
        [field.concat([a]), x],
        [field.concat([a, b]), [...x, ...y]],
        [field.gather(a, [0, 1, 2]), x.slice(0, 3)],
        [field.view(a, 0, 9), x],
      ] as const;
      field.release(a, b);
      churn(9);
      for (const [vector, expected] of results) assertElements(vector, expected, "result of released operands");
      for (const [vector] of results) field.release(vector);
    });

    it("hands out zeros from memory that was in use", () => {
      for (const length of [1, 2, 3, 64, 65, 1_025, 8_193]) {
        churn(length);
        field.scope(() => {
          const zeros = new Array<bigint>(length).fill(0n);
          assertCanonical(field.zeros(length), zeros);
          assert(field.equal(field.zeros(length), of(zeros)));
          return undefined;
        });
      }
    });
  });

  /** Writes over whatever memory is free. */
  function churn(length: number): void {
    for (const size of [length, length, 1, 2, 2 * length + 1]) {
      const full = of(new Array<bigint>(size).fill(field.modulus - 2n));
      const more = field.add(full, full);
      field.release(full, more);
    }
  }
}
